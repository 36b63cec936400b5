"""Incidents from committed changes: opened after a hold-down, grown, shrunk and closed, each with its cost.

A dead parent is one incident with the devices behind it; a hold-down before the first of them is told removes the race
of child before parent. What no dead parent explains is grouped by what it shares. Our own outage is an incident of its
own, and while it lasts nobody else's failure is grouped.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

from monitor.domain.alert import Happening
from monitor.domain.facts import Axis, Party, StateChange
from monitor.domain.grouping import EVERYTHING, LEAST_DEVICES, Group, groups
from monitor.domain.incident import Incident, IncidentKind, Member, Shared
from monitor.domain.state import Cause, Connectivity
from monitor.services.device_index import KINDS, DeviceIndex

FLAPS = 3
"""A device that falls so often within `FLAP_WINDOW_S` is ill by itself: it makes no group."""

FLAP_WINDOW_S = 1_800
_LEAVING = frozenset({Cause.OWN_OUTAGE, Cause.PARENT_BACK})
_MOST = Fraction(4, 5)
_REST = Fraction(1, 10)


class Standing(Protocol):
    """What is asked of the live counts."""

    def is_assessed(self, device_id: str) -> bool:
        """Tell whether a device is in service and not exempt."""

    def is_exempt(self, device_id: str) -> bool:
        """Tell whether a device is in service and exempt."""


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


@dataclass(slots=True)
class Updates:
    """What changed since the last step, to be stored in one transaction with what is told of it."""

    incidents: list[Incident] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    cursor: int | None = None


@dataclass(slots=True)
class _Open:
    """An open incident: its devices that are down, by number with the instant since which they are."""

    incident: Incident
    down: dict[int, int] = field(default_factory=dict)
    ever: set[int] = field(default_factory=set)
    assessed: int = 0
    grew_at: int = 0
    empty_at: int | None = None
    settled_at: int | None = None
    changed: bool = True


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A device that fell and is in no incident."""

    since: int
    seen_at: int
    seq: int


class IncidentTracker:
    """Keeps the open incidents up with the committed changes.

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
        self.open: dict[str, _Open] = {}
        self._standing = standing
        self._assessed_in = assessed_in
        self._name_of = name_of
        self._pace = pace or Pace()
        self._queue: deque[StateChange] = deque()
        self._fresh: dict[int, _Fresh] = {}
        self._member: dict[int, str] = {}
        self._dead: dict[str, int] = {}
        self._falls: dict[int, deque[int]] = {}
        self._number = 0
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
        for known in (self._queue, self._fresh, self._member, self._falls):
            known.clear()
        self._number = number
        self._cursor = cursor
        self._dead = {device_id: since for device_id, since in dead if self.index.is_parent(device_id)}
        self.open = {each.id: _Open(each, grew_at=each.costed_at, changed=False) for each in incidents}
        for member in members:
            found = self.index.number(member.device_id)
            if found is None or member.incident not in self.open:
                continue
            one = self.open[member.incident]
            one.ever.add(found)
            if member.left_at is None:
                one.down[found] = member.joined_at
                self._member[found] = member.incident
        for one in self.open.values():
            one.assessed = self._count_assessed(one)
        self.note(changes)
        self.note(noted)  # what was committed after they were read

    @property
    def number(self) -> int:
        """The number of the newest incident."""
        return self._number

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

    def incident(self, incident_id: str) -> Incident | None:
        """Give an open incident as it stands."""
        one = self.open.get(incident_id)
        return None if one is None else one.incident

    def decide_party(self, incident_id: str, party: Party) -> None:
        """Take over who is responsible for an open incident, as a person said."""
        one = self.open.get(incident_id)
        if one is not None and one.incident.party is not party:
            one.incident = replace(one.incident, party=party)

    def down_in(self, incident_id: str) -> list[str]:
        """Give the ids of an open incident's devices that are down, the earliest first."""
        down = self.open[incident_id].down
        return [self.index.id(number) for number in sorted(down, key=down.__getitem__)]

    def ever_in(self, incident_id: str) -> list[str]:
        """Give the ids of all devices that an open incident took along."""
        return [self.index.id(number) for number in sorted(self.open[incident_id].ever)]

    def incident_of(self, device_id: str) -> str:
        """Give the id of the open incident in which a device is down, "" for none."""
        number = self.index.number(device_id)
        return "" if number is None else self._member.get(number, "")

    def counties_of(self, incident_id: str) -> Counter[str]:
        """Count an open incident's devices that are down by county."""
        return Counter(self.index.value(Shared.COUNTY, number) for number in self.open[incident_id].down)

    def is_exempt(self, incident_id: str) -> bool:
        """Tell whether nobody is to be told of an incident: its parent is exempt, or all that is down is."""
        one = self.open[incident_id]
        standing = self._standing()
        if one.incident.kind is IncidentKind.PARENT and standing.is_exempt(one.incident.value):
            return True
        return bool(one.down) and all(standing.is_exempt(self.index.id(number)) for number in one.down)

    def step(self, at: int, *, blind: bool = False) -> Updates:
        """Take in what was noted, let time pass, and give what changed.

        Args:
            at: now.
            blind: decisions over mass failures are held, or our own network is down: nothing is opened.
        """
        updates = Updates()
        for one in self.open.values():
            one.incident = _costed(one, at)
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
        for one in list(self.open.values()):
            self._let_go(one, at, updates)
        self._gather(at, updates)
        return updates

    def _concerns(self, change: StateChange) -> bool:
        number = self.index.number(change.device_id)
        return change.device_id in self._dead or number in self._member or number in self._fresh

    def _take(self, change: StateChange, at: int, updates: Updates) -> None:
        number = self.index.number(change.device_id)
        if number is None:
            return
        if change.new == Connectivity.OFFLINE or change.cause is Cause.OWN_PATH_DOWN:
            if change.new == Connectivity.OFFLINE and self.index.is_parent(change.device_id):
                self._dead[change.device_id] = change.at
            if number not in self._member and self._is_in_service(number):
                self._fresh[number] = _Fresh(change.at, at, change.seq)
                self._note_fall(number, at)
            return
        if change.new == Connectivity.ONLINE or change.cause in _LEAVING:
            self._dead.pop(change.device_id, None)
            self._fresh.pop(number, None)
            if number in self._member:
                self._leave(number, min(change.at, at), at, updates)
        elif change.new == Connectivity.UNKNOWN:
            self._dead.pop(change.device_id, None)
            self._fresh.pop(number, None)

    def _is_in_service(self, number: int) -> bool:
        standing, device_id = self._standing(), self.index.id(number)
        return standing.is_assessed(device_id) or standing.is_exempt(device_id)

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
        own = self._open_of(IncidentKind.OWN_NETWORK, "")
        if own is not None:
            own.empty_at = None
            return
        incident = Incident(
            id=self._next_id(),
            kind=IncidentKind.OWN_NETWORK,
            value="",
            name="",
            began_at=self._own_since,
            opened_at=at,
            ours=True,
            party=Party.CITY,
            costed_at=at,
        )
        self._opened(_Open(incident), at, updates)

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
            abs(fresh.since - self._dead[root_id]) <= near_s or self._open_of(IncidentKind.PARENT, root_id) is not None
        )

    def _behind(self, root_id: str, numbers: list[int], *, ours: bool, at: int, updates: Updates) -> None:
        existing = self._open_of(IncidentKind.PARENT, root_id)
        if existing is not None:
            self._join(existing, numbers, at, updates)
            return
        taken_over = self._taken_over(root_id)
        if taken_over is not None:
            incident = taken_over.incident
            name = self._name_of(Shared.PARENT, root_id)
            taken_over.incident = replace(
                incident,
                kind=IncidentKind.PARENT,
                shared=Shared.PARENT,
                value=root_id,
                name=name,
                ours=ours,
                party=Party.CITY if ours and incident.party is Party.UNDECIDED else incident.party,
            )
            updates.happenings.append(Happening(incident.id, at, "parent_found", note=root_id))
            self._join(taken_over, numbers, at, updates)
            return
        first = min(self._fresh[number].seen_at for number in numbers)
        if at - first < self._pace.hold_down_s:
            return
        self._open_new(
            IncidentKind.PARENT, Shared.PARENT, root_id, numbers, at=at, updates=updates, ours=ours, log_p=0.0
        )

    def _taken_over(self, root_id: str) -> _Open | None:
        """Give the open group whose devices lie behind a parent that is now known to be dead."""
        for one in self.open.values():
            if one.incident.kind is not IncidentKind.SHARED or not one.down:
                continue
            behind = 0
            for number in one.down:
                root = self.index.dead_root(number, self._is_dead)
                behind += root is not None and root[0] == root_id
            if behind >= _MOST * len(one.down):
                return one
        return None

    def _joined(self, alone: list[int], at: int, updates: Updates) -> list[int]:
        """Let what fell lately join the open group whose attribute it shares, and give what joined none."""
        shared = [
            one
            for one in self.open.values()
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
            self._open_new(
                IncidentKind.SHARED,
                shared,
                value,
                list(group.members),
                at=at,
                updates=updates,
                ours=False,
                log_p=max(group.log_p, -1e6),
            )

    def _named(self, group: Group) -> tuple[Shared, str]:
        if group.kind == EVERYTHING:
            return Shared.CITY, ""
        return KINDS[group.kind], self.index.value_of(group.kind, group.value)

    def _open_new(
        self,
        kind: IncidentKind,
        shared: Shared,
        value: str,
        numbers: list[int],
        *,
        at: int,
        updates: Updates,
        ours: bool,
        log_p: float,
    ) -> None:
        incident = Incident(
            id=self._next_id(),
            kind=kind,
            shared=shared,
            value=value,
            name=self._name_of(shared, value),
            began_at=min(self._fresh[number].since for number in numbers),
            opened_at=at,
            ours=ours,
            party=Party.CITY if ours else Party.UNDECIDED,
            costed_at=at,
            log_p=log_p,
        )
        one = _Open(incident)
        self._opened(one, at, updates)
        self._join(one, numbers, at, updates)

    def _opened(self, one: _Open, at: int, updates: Updates) -> None:
        self.open[one.incident.id] = one
        updates.happenings.append(Happening(one.incident.id, at, "opened", note=one.incident.kind.value))

    def _join(self, one: _Open, numbers: list[int], at: int, updates: Updates) -> None:
        standing = self._standing()
        cost_s = 0
        for number in numbers:
            fresh = self._fresh.pop(number)
            one.down[number] = fresh.since
            one.ever.add(number)
            self._member[number] = one.incident.id
            device_id = self.index.id(number)
            if standing.is_assessed(device_id):
                cost_s += max(0, at - fresh.since)
                one.assessed += 1
            updates.members.append(Member(one.incident.id, device_id, fresh.since))
        if not numbers:
            return
        one.grew_at = at
        one.empty_at = None
        incident = one.incident
        county = self._county(one.down)
        updates.happenings.append(Happening(incident.id, at, "grew", note=str(len(numbers))))
        peak = max(incident.peak, len(one.down))
        assessed = self._assessed_in(county)
        points = Fraction(one.assessed, assessed) if assessed else Fraction(0)
        one.incident = replace(
            incident,
            county=county,
            devices=len(one.ever),
            down=len(one.down),
            peak=peak,
            cost_s=incident.cost_s + cost_s,
            points=max(incident.points, points),
        )
        one.changed = True

    def _leave(self, number: int, left_at: int, at: int, updates: Updates) -> None:
        one = self.open[self._member.pop(number)]
        joined_at = one.down.pop(number)
        left_at = max(left_at, joined_at)
        device_id = self.index.id(number)
        updates.members.append(Member(one.incident.id, device_id, joined_at, left_at))
        cost_s = 0
        if self._standing().is_assessed(device_id):
            one.assessed = max(0, one.assessed - 1)
            cost_s = at - left_at
        incident = one.incident
        one.incident = replace(incident, down=len(one.down), cost_s=max(0, incident.cost_s - cost_s))
        one.changed = True
        if not one.down:
            one.empty_at = left_at

    def _let_go(self, one: _Open, at: int, updates: Updates) -> None:
        """Close an incident that is over; what stays down long after its cause is gone is no part of it."""
        incident = one.incident
        if incident.kind is IncidentKind.OWN_NETWORK:
            if self._own_since is None:
                one.empty_at = at if one.empty_at is None else one.empty_at
                if at - one.empty_at >= self._pace.hold_down_s:
                    self._close(one, one.empty_at, at, updates)
            return
        if not one.down:
            empty_at = at if one.empty_at is None else one.empty_at
            one.empty_at = empty_at
            if at - empty_at >= self._pace.hold_down_s:
                self._close(one, empty_at, at, updates)
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
                self._leave(number, at, at, updates)
            updates.happenings.append(Happening(incident.id, at, "let_go", note=str(rest)))
            self._close(one, at, at, updates)

    def _close(self, one: _Open, closed_at: int, at: int, updates: Updates) -> None:
        one.incident = replace(one.incident, closed_at=max(closed_at, one.incident.opened_at), down=0)
        updates.happenings.append(Happening(one.incident.id, at, "closed", note=str(one.incident.devices)))
        updates.incidents.append(one.incident)
        del self.open[one.incident.id]

    def _gather(self, at: int, updates: Updates) -> None:
        """Give the incidents that changed, all of them now and then for their cost, and how far changes were taken."""
        often = at - self._costed_at >= self._pace.window_s
        if often:
            self._costed_at = at
            self._falls = {n: falls for n, falls in self._falls.items() if at - falls[-1] <= FLAP_WINDOW_S}
        for one in self.open.values():
            if often:
                for number in [each for each in one.down if not self._is_in_service(each)]:
                    self._leave(number, at, at, updates)  # retired, or out of its hours: it fails no longer
                one.assessed = self._count_assessed(one)
            if one.changed or often:
                updates.incidents.append(one.incident)
                one.changed = False
        # What waits for its hold-down is read again after a kill.
        cursor = min((fresh.seq for fresh in self._fresh.values()), default=self._cursor + 1) - 1
        if cursor > self._stored_cursor:
            self._stored_cursor = updates.cursor = cursor

    def _count_assessed(self, one: _Open) -> int:
        standing = self._standing()
        return sum(standing.is_assessed(self.index.id(number)) for number in one.down)

    def _county(self, down: Iterable[int]) -> str:
        counties = Counter(self.index.value(Shared.COUNTY, number) for number in down)
        county, count = counties.most_common(1)[0]
        return county if count >= _MOST * counties.total() else ""

    def _open_of(self, kind: IncidentKind, value: str) -> _Open | None:
        return next(
            (one for one in self.open.values() if one.incident.kind is kind and one.incident.value == value), None
        )

    def _next_id(self) -> str:
        self._number += 1
        return f"I{self._number}"


def _costed(one: _Open, at: int) -> Incident:
    incident = one.incident
    cost_s = incident.cost_s + one.assessed * max(0, at - incident.costed_at)
    return replace(incident, cost_s=cost_s, costed_at=max(at, incident.costed_at))
