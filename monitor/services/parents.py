"""Parents that fall and rise: what becomes of the devices judged through them (RULES §2, Parents).

While a parent of theirs is confirmed offline, devices that are judged only through it are offline with it; while one of
ours is, everything reached through it is unknown unless it answers, and its silence says nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from monitor.domain.device import Parent, ParentRole
from monitor.domain.facts import Axis, StateChange, Step
from monitor.domain.observation import Evidence, Observation
from monitor.domain.parents import own_path_fell, parent_fell, parent_rose
from monitor.domain.state import Connectivity, DeviceState
from monitor.services.ingest import Ingest
from monitor.services.kin import Kin


class Parents:
    """Follows the committed changes of parents.

    Args:
        ingest: the states, and where what becomes of them goes.
        kin: who hangs on whom.
    """

    def __init__(self, ingest: Ingest, kin: Kin) -> None:
        self._ingest = ingest
        self._kin = kin
        self._judged_by: dict[str, tuple[Parent, ...]] = {}
        self._judged: dict[str, list[str]] = {}
        self._behind_ours: dict[str, frozenset[str]] = {}
        self._dead_ours: set[str] = set()
        self._unheard: frozenset[str] = frozenset()
        self.follow()
        ingest.on_commit(self._notice)

    def follow(self) -> None:
        """Take the family as it is now: through whom each device is judged, and what is reached through us."""
        judged: dict[str, list[str]] = defaultdict(list)
        ours: dict[str, set[str]] = defaultdict(set)
        self._judged_by = {}
        for device_id, parents in self._kin.parents.items():
            for parent in parents:
                if parent.ours:
                    ours[parent.device_id] |= {device_id, *self._kin.below(device_id)}
            if not self._kin.is_looked_at(device_id):
                self._judged_by[device_id] = judges = _judges(parents)
                for parent in judges:
                    judged[parent.device_id].append(device_id)
        self._judged = dict(judged)
        self._behind_ours = {parent_id: frozenset(found) for parent_id, found in ours.items()}

    def settle(self) -> None:
        """Bring every device in line with its parents, as after a start: a stop may have come between the two."""
        for parent_id in (*self._judged, *self._behind_ours):
            if (state := self._ingest.states.get(parent_id)) is not None:
                self._follow_parent(state)

    def _notice(self, _states: Sequence[DeviceState], changes: Sequence[StateChange]) -> None:
        for change in changes:
            parent_id = change.device_id
            if change.axis is not Axis.CONNECTIVITY:
                continue
            if parent_id in self._judged or parent_id in self._behind_ours:
                self._follow_parent(self._ingest.states[parent_id])

    def _follow_parent(self, parent: DeviceState) -> None:
        if parent.device_id in self._behind_ours:
            self._follow_ours(parent)
        for device_id in self._judged.get(parent.device_id, ()):
            state = self._ingest.states.get(device_id)
            if state is not None:
                self._put(state, self._step(state))

    def _step(self, state: DeviceState) -> Step:
        """Give what a device judged through others becomes: as long as one of them lives, it speaks for it."""
        states = self._ingest.states
        dead = []
        for parent in self._judged_by[state.device_id]:
            judge = states.get(parent.device_id)
            if judge is None or judge.connectivity is not Connectivity.OFFLINE:
                newest = max((states[each.device_id].connectivity_since for each in self._known(state)), default=0)
                return parent_rose(state, at=newest)
            dead.append((parent, judge))
        if any(parent.ours for parent, _ in dead):
            return state, ()
        last = max((judge for _, judge in dead), key=lambda judge: judge.connectivity_since)
        confirmed_at = last.last_evidence_at or last.connectivity_since
        return parent_fell(state, since=last.connectivity_since, confirmed_at=confirmed_at)

    def _known(self, state: DeviceState) -> list[Parent]:
        return [parent for parent in self._judged_by[state.device_id] if parent.device_id in self._ingest.states]

    def _follow_ours(self, parent: DeviceState) -> None:
        """Everything reached through a dead path of ours is unknown, and is not heard while it is silent."""
        if parent.connectivity is Connectivity.OFFLINE:
            self._dead_ours.add(parent.device_id)
            for device_id in self._behind_ours[parent.device_id]:
                state = self._ingest.states.get(device_id)
                if state is not None:
                    self._put(state, own_path_fell(state, since=parent.connectivity_since))
        else:
            self._dead_ours.discard(parent.device_id)
        self._unheard = frozenset().union(*(self._behind_ours[each] for each in self._dead_ours))
        self._ingest.sift_with(self._says_nothing if self._unheard else None)

    def _says_nothing(self, observation: Observation) -> bool:
        return observation.evidence is Evidence.SILENT and observation.device_id in self._unheard

    def _put(self, before: DeviceState, step: Step) -> None:
        state, changes = step
        if state is not before:
            self._ingest.amend(state, changes)


def _judges(parents: tuple[Parent, ...]) -> tuple[Parent, ...]:
    """Give the parents that a device which nobody looks at is judged through: its reporters, else its paths."""
    return tuple(parent for parent in parents if parent.role is ParentRole.REPORTER) or parents
