"""Incidents from committed changes: opened after a hold-down, grown, shrunk and closed, each with its cost.

A dead parent is one incident with the devices behind it; a hold-down before the first of them is told removes the race
of child before parent. What no dead parent explains is grouped by what it shares. Our own outage is an incident of its
own, and while it lasts nobody else's failure is grouped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from monitor.domain.alert import Happening
from monitor.domain.facts import Axis, StateChange
from monitor.domain.grouping import EVERYTHING, LEAST_DEVICES, Group, groups
from monitor.domain.incident import Incident, IncidentKind, Member, Shared
from monitor.domain.state import Cause, Connectivity
from monitor.services.device_index import KINDS, DeviceIndex
from monitor.services.open_incidents import MOST, OpenIncident, OpenIncidents, Standing, Updates

FLAPS = 3
"""A device that falls so often within `FLAP_WINDOW_S` is ill by itself: it makes no group."""

FLAP_WINDOW_S = 1_800
_LEAVING = frozenset({Cause.OWN_OUTAGE, Cause.PARENT_BACK})
_REST = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take; all `_s` in seconds.

    Attributes:
        hold_down_s: how long a failure waits for that of its parent, and an incident without a device down for the
            next one.
        window_s: what fails within so long may have failed together.
        settle_s: how long after its cause is gone an incident lets go of devices that are still down.
    """

    hold_down_s: int = 90
    window_s: int = 300
    settle_s: int = 600


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A device that fell and is in no incident."""

    since: int
    seen_at: int
    seq: int


class IncidentTracker:
    """Keeps the open incidents (`incidents`) up with the committed changes.

    Args:
        index: what devices share.
        standing: gives the live counts.
        assessed_in: gives how many devices of a county ("": of the city) are assessed now.
        name_of: gives the name of an attribute's value (or a parent) as people know it.
        pace: how long things take.
    """

    def __init__(
        self,
        index: DeviceIndex,
        *,
        standing: Callable[[], Standing],
        assessed_in: Callable[[str], int],
        name_of: Callable[[Shared, str], str] = lambda shared, value: value,
        pace: Pace | None = None,
    ) -> None:
        self.index = index
        self.incidents = OpenIncidents(index, standing=standing, assessed_in=assessed_in, name_of=name_of)
        self._pace = pace or Pace()
        self._queue: deque[StateChange] = deque()
        self._fresh: dict[int, _Fresh] = {}
        self._dead: dict[str, int] = {}
        self._falls: dict[int, deque[int]] = {}
        self._cursor = 0
        self._stored_cursor = -1
        self._own_since: int | None = None
        self._costed_at = 0

    def restore(
        self,
        incidents: Sequence[Incident],
        members: Iterable[Member],
        *,
        number: int,
        cursor: int,
        dead: Iterable[tuple[str, int]] = (),
        changes: Iterable[StateChange] = (),
    ) -> None:
        """Take up what is stored, in place of what is known.

        Args:
            incidents: open incidents.
            members: their devices.
            number: the number of the newest incident.
            cursor: the seq up to which changes were taken in.
            dead: parents that are offline, each with its since.
            changes: those that came after the cursor.
        """
        noted = list(self._queue)
        for known in (self._queue, self._fresh, self._falls):
            known.clear()
        self._cursor = cursor
        self._dead = {device_id: since for device_id, since in dead if self.index.is_parent(device_id)}
        self.incidents.restore(incidents, members, number=number)
        self.note(changes)
        self.note(noted)  # what was committed after they were read

    def note(self, changes: Iterable[StateChange]) -> None:
        """Take note of committed changes; cheap, they are dealt with in the next step."""
        for change in changes:
            if change.axis is Axis.CONNECTIVITY and change.seq > self._cursor:
                if change.new != Connectivity.ONLINE or change.old != Connectivity.UNKNOWN or self._concerns(change):
                    self._queue.append(change)
                self._cursor = change.seq

    def own_network(self, *, down_since: int | None) -> None:
        """Say that our own network is down since an instant, or works (None)."""
        self._own_since = down_since

    def step(self, at: int, *, blind: bool = False) -> Updates:
        """Take in what was noted, let time pass, and give what changed.

        Args:
            at: now.
            blind: decisions over mass failures are held, or our own network is down: nothing is opened.
        """
        updates = Updates()
        self.incidents.pass_time(at)
        while self._queue:
            self._take(self._queue.popleft(), at, updates)
        self._mind_own_network(at, updates)
        self._fresh = {
            number: fresh
            for number, fresh in self._fresh.items()
            if blind or at - fresh.seen_at <= self._pace.window_s + self._pace.hold_down_s
        }
        if not blind:
            self._find_incidents(at, updates)
        for one in list(self.incidents.by_id.values()):
            self._let_go(one, at, updates)
        self._gather(at, updates)
        return updates

    def _concerns(self, change: StateChange) -> bool:
        number = self.index.number(change.device_id)
        return change.device_id in self._dead or self.incidents.holds(number) or number in self._fresh

    def _take(self, change: StateChange, at: int, updates: Updates) -> None:
        number = self.index.number(change.device_id)
        if number is None:
            return
        if change.new == Connectivity.OFFLINE or change.cause is Cause.OWN_PATH_DOWN:
            if change.new == Connectivity.OFFLINE and self.index.is_parent(change.device_id):
                self._dead[change.device_id] = change.at
            if not self.incidents.holds(number) and self.incidents.is_in_service(number):
                self._fresh[number] = _Fresh(change.at, at, change.seq)
                self._note_fall(number, at)
            return
        if change.new == Connectivity.ONLINE or change.cause in _LEAVING:
            self._dead.pop(change.device_id, None)
            self._fresh.pop(number, None)
            if self.incidents.holds(number):
                self.incidents.leave(number, min(change.at, at), at=at, updates=updates)
        elif change.new == Connectivity.UNKNOWN:
            self._dead.pop(change.device_id, None)
            self._fresh.pop(number, None)

    def _note_fall(self, number: int, at: int) -> None:
        falls = self._falls.setdefault(number, deque(maxlen=FLAPS))
        falls.append(at)

    def _flaps(self, number: int, at: int) -> bool:
        falls = self._falls.get(number)
        return falls is not None and len(falls) == FLAPS and at - falls[0] <= FLAP_WINDOW_S

    def _mind_own_network(self, at: int, updates: Updates) -> None:
        """Open the incident of our own outage; it is closed like the others."""
        if self._own_since is None:
            return
        own = self.incidents.find(IncidentKind.OWN_NETWORK, "")
        if own is None:
            kind, since = IncidentKind.OWN_NETWORK, self._own_since
            self.incidents.begin(kind, None, "", began_at=since, at=at, updates=updates, ours=True)
        else:
            own.empty_at = None

    def _find_incidents(self, at: int, updates: Updates) -> None:
        if not self._fresh:
            return
        due = any(at - fresh.seen_at >= self._pace.hold_down_s for fresh in self._fresh.values())
        alone = self._behind_dead_parents(at, updates)
        alone = self._joined(alone, at, updates)
        if due and len(alone) >= LEAST_DEVICES:
            self._group(alone, at, updates)

    def _behind_dead_parents(self, at: int, updates: Updates) -> list[int]:
        """Put what fell behind dead parents into their incidents, and give what did not."""
        if not self._dead:
            return list(self._fresh)
        alone: list[int] = []
        behind: dict[str, list[int]] = {}
        ours: set[str] = set()
        for number, fresh in self._fresh.items():
            if self.index.id(number) in self._dead and self.index.dead_root(number, self._is_dead) is None:
                continue  # it is the parent itself, which its incident is named after
            root = self.index.dead_root(number, self._is_dead)
            if root is None or not self._fell_with(root[0], fresh):
                alone.append(number)
                continue
            behind.setdefault(root[0], []).append(number)
            if root[1]:
                ours.add(root[0])
        for root_id, numbers in behind.items():
            self._behind(root_id, numbers, ours=root_id in ours, at=at, updates=updates)
        return alone

    def _is_dead(self, device_id: str) -> bool:
        return device_id in self._dead

    def _fell_with(self, root_id: str, fresh: _Fresh) -> bool:
        """Tell whether a device fell about when its parent did, or while the parent's incident lasts."""
        near_s = self._pace.window_s + self._pace.hold_down_s
        return (
            abs(fresh.since - self._dead[root_id]) <= near_s
            or self.incidents.find(IncidentKind.PARENT, root_id) is not None
        )

    def _behind(self, root_id: str, numbers: list[int], *, ours: bool, at: int, updates: Updates) -> None:
        existing = self.incidents.find(IncidentKind.PARENT, root_id)
        if existing is None:
            existing = self._taken_over(root_id)
            if existing is not None:
                self.incidents.become_parents(existing, root_id, ours=ours, at=at, updates=updates)
        if existing is not None:
            self._join(existing, numbers, at, updates)
            return
        first = min(self._fresh[number].seen_at for number in numbers)
        if at - first >= self._pace.hold_down_s:
            self._open(IncidentKind.PARENT, Shared.PARENT, root_id, numbers, at=at, updates=updates, ours=ours)

    def _taken_over(self, root_id: str) -> OpenIncident | None:
        """Give the open group whose devices lie behind a parent that is now known to be dead."""
        for one in self.incidents.by_id.values():
            if one.incident.kind is not IncidentKind.SHARED or not one.down:
                continue
            behind = 0
            for number in one.down:
                root = self.index.dead_root(number, self._is_dead)
                behind += root is not None and root[0] == root_id
            if behind >= MOST * len(one.down):
                return one
        return None

    def _joined(self, alone: list[int], at: int, updates: Updates) -> list[int]:
        """Let what fell lately join the open group whose attribute it shares, and give what joined none."""
        shared = [
            one
            for one in self.incidents.by_id.values()
            if one.incident.kind is IncidentKind.SHARED and at - one.grew_at <= self._pace.window_s
        ]
        if not shared:
            return alone
        left = []
        for number in alone:
            for one in shared:
                kind = one.incident.shared
                if kind is Shared.CITY or (kind is not None and self.index.value(kind, number) == one.incident.value):
                    self._join(one, [number], at, updates)
                    break
            else:
                left.append(number)
        return left

    def _group(self, alone: list[int], at: int, updates: Updates) -> None:
        steady = [number for number in alone if not self._flaps(number, at)]
        found = groups(steady, self.index.attributes, self.index.totals, devices=self.index.counted)
        for group in found:
            if at - min(self._fresh[number].seen_at for number in group.members) < self._pace.hold_down_s:
                continue
            shared, value = self._named(group)
            self._open(
                IncidentKind.SHARED,
                shared,
                value,
                list(group.members),
                at=at,
                updates=updates,
                log_p=max(group.log_p, -1e6),
            )

    def _named(self, group: Group) -> tuple[Shared, str]:
        if group.kind == EVERYTHING:
            return Shared.CITY, ""
        return KINDS[group.kind], self.index.value_of(group.kind, group.value)

    def _open(
        self,
        kind: IncidentKind,
        shared: Shared,
        value: str,
        numbers: list[int],
        *,
        at: int,
        updates: Updates,
        ours: bool = False,
        log_p: float = 0.0,
    ) -> None:
        began_at = min(self._fresh[number].since for number in numbers)
        one = self.incidents.begin(
            kind, shared, value, began_at=began_at, at=at, updates=updates, ours=ours, log_p=log_p
        )
        self._join(one, numbers, at, updates)

    def _join(self, one: OpenIncident, numbers: list[int], at: int, updates: Updates) -> None:
        """Let what fell join an incident; it is no longer alone."""
        fallen = {number: self._fresh.pop(number).since for number in numbers}
        self.incidents.join(one, fallen, at=at, updates=updates)

    def _let_go(self, one: OpenIncident, at: int, updates: Updates) -> None:
        """Close an incident that is over; what stays down long after its cause is gone is no part of it."""
        incident = one.incident
        if incident.kind is IncidentKind.OWN_NETWORK:
            if self._own_since is None:
                one.empty_at = at if one.empty_at is None else one.empty_at
                if at - one.empty_at >= self._pace.hold_down_s:
                    self.incidents.close(one, one.empty_at, at=at, updates=updates)
            return
        if not one.down:
            empty_at = at if one.empty_at is None else one.empty_at
            one.empty_at = empty_at
            if at - empty_at >= self._pace.hold_down_s:
                self.incidents.close(one, empty_at, at=at, updates=updates)
            return
        if incident.kind is IncidentKind.PARENT:
            is_gone = incident.value not in self._dead
        else:
            is_gone = len(one.down) <= _REST * incident.peak
        if not is_gone:
            one.settled_at = None
            return
        one.settled_at = at if one.settled_at is None else one.settled_at
        if at - max(one.settled_at, one.grew_at) >= self._pace.settle_s:
            rest = len(one.down)
            for number in list(one.down):
                self.incidents.leave(number, at, at=at, updates=updates)
            updates.happenings.append(Happening(incident.id, at, "let_go", note=str(rest)))
            self.incidents.close(one, at, at=at, updates=updates)

    def _gather(self, at: int, updates: Updates) -> None:
        """Give the incidents that changed, all of them now and then for their cost, and how far changes were taken."""
        if at - self._costed_at >= self._pace.window_s:
            self._costed_at = at
            self._falls = {n: falls for n, falls in self._falls.items() if at - falls[-1] <= FLAP_WINDOW_S}
            self.incidents.count_anew(at=at, updates=updates)
        updates.incidents += self.incidents.take_changed()
        # What waits for its hold-down is read again after a kill.
        cursor = min((fresh.seq for fresh in self._fresh.values()), default=self._cursor + 1) - 1
        if cursor > self._stored_cursor:
            self._stored_cursor = updates.cursor = cursor
