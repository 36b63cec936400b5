"""The open incidents: the devices that each of them holds down, how they join and leave, and what it costs.

What becomes an incident is found by `incident_tracker`; here is kept what it has become.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

from monitor.domain.alert import Happening
from monitor.domain.facts import Party
from monitor.domain.incident import Incident, IncidentKind, Member, Shared
from monitor.services.device_index import DeviceIndex

MOST = Fraction(4, 5)
"""What holds for so many of an incident's devices is said of the incident."""


class Standing(Protocol):
    """What is asked of the live counts."""

    def is_assessed(self, device_id: str) -> bool:
        """Tell whether a device is in service and not exempt."""

    def is_exempt(self, device_id: str) -> bool:
        """Tell whether a device is in service and exempt."""


@dataclass(slots=True)
class Updates:
    """What changed since the last step, to be stored in one transaction with what is told of it."""

    incidents: list[Incident] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    cursor: int | None = None


@dataclass(slots=True)
class OpenIncident:
    """An open incident as it stands.

    Attributes:
        incident: what is stored and told of it.
        down: its devices that are down, by number with the instant since which they are.
        ever: all devices that it took along.
        assessed: how many of `down` are assessed.
        grew_at: when a device joined it last.
        empty_at: since when none of its devices is down, None while one is.
        settled_at: since when its cause is gone, None while it is not.
        changed: whether it is to be stored.
    """

    incident: Incident
    down: dict[int, int] = field(default_factory=dict)
    ever: set[int] = field(default_factory=set)
    assessed: int = 0
    grew_at: int = 0
    empty_at: int | None = None
    settled_at: int | None = None
    changed: bool = True


class OpenIncidents:
    """The open incidents by id, and the one that each device is down in.

    Args:
        index: what devices share.
        standing: gives the live counts.
        assessed_in: gives how many devices of a county ("": of the city) are assessed now.
        name_of: gives the name of an attribute's value (or a parent) as people know it.
    """

    def __init__(
        self,
        index: DeviceIndex,
        *,
        standing: Callable[[], Standing],
        assessed_in: Callable[[str], int],
        name_of: Callable[[Shared, str], str],
    ) -> None:
        self.by_id: dict[str, OpenIncident] = {}
        self.number = 0
        self._index = index
        self._standing = standing
        self._assessed_in = assessed_in
        self._name_of = name_of
        self._member: dict[int, str] = {}

    def restore(self, incidents: Sequence[Incident], members: Iterable[Member], *, number: int) -> None:
        """Take up what is stored, in place of what is known; `number` is that of the newest incident."""
        self.number = number
        self._member.clear()
        self.by_id = {each.id: OpenIncident(each, grew_at=each.costed_at, changed=False) for each in incidents}
        for member in members:
            found = self._index.number(member.device_id)
            if found is None or member.incident not in self.by_id:
                continue
            one = self.by_id[member.incident]
            one.ever.add(found)
            if member.left_at is None:
                one.down[found] = member.joined_at
                self._member[found] = member.incident
        for one in self.by_id.values():
            one.assessed = self._count_assessed(one)

    def incident(self, incident_id: str) -> Incident | None:
        """Give an open incident as it stands."""
        one = self.by_id.get(incident_id)
        return None if one is None else one.incident

    def find(self, kind: IncidentKind, value: str) -> OpenIncident | None:
        """Give the open incident of a kind with that value of what is shared."""
        return next(
            (one for one in self.by_id.values() if one.incident.kind is kind and one.incident.value == value), None
        )

    def decide_party(self, incident_id: str, party: Party) -> None:
        """Take over who is responsible for an open incident, as a person said."""
        one = self.by_id.get(incident_id)
        if one is not None and one.incident.party is not party:
            one.incident = replace(one.incident, party=party)

    def down_in(self, incident_id: str) -> list[str]:
        """Give the ids of an open incident's devices that are down, the earliest first."""
        down = self.by_id[incident_id].down
        return [self._index.id(number) for number in sorted(down, key=down.__getitem__)]

    def ever_in(self, incident_id: str) -> list[str]:
        """Give the ids of all devices that an open incident took along."""
        return [self._index.id(number) for number in sorted(self.by_id[incident_id].ever)]

    def holds(self, number: int | None) -> bool:
        """Tell whether a device is down in an open incident."""
        return number in self._member

    def incident_of(self, device_id: str) -> str:
        """Give the id of the open incident in which a device is down, "" for none."""
        number = self._index.number(device_id)
        return "" if number is None else self._member.get(number, "")

    def counties_of(self, incident_id: str) -> Counter[str]:
        """Count an open incident's devices that are down by county."""
        return Counter(self._index.value(Shared.COUNTY, number) for number in self.by_id[incident_id].down)

    def is_exempt(self, incident_id: str) -> bool:
        """Tell whether nobody is to be told of an incident: its parent is exempt, or all that is down is."""
        one = self.by_id[incident_id]
        standing = self._standing()
        if one.incident.kind is IncidentKind.PARENT and standing.is_exempt(one.incident.value):
            return True
        return bool(one.down) and all(standing.is_exempt(self._index.id(number)) for number in one.down)

    def is_in_service(self, number: int) -> bool:
        """Tell whether a device is in service now, exempt or not."""
        standing, device_id = self._standing(), self._index.id(number)
        return standing.is_assessed(device_id) or standing.is_exempt(device_id)

    def begin(
        self,
        kind: IncidentKind,
        shared: Shared | None,
        value: str,
        *,
        began_at: int,
        at: int,
        updates: Updates,
        ours: bool,
        log_p: float = 0.0,
    ) -> OpenIncident:
        """Open an incident without a device yet; its name is found, and what is ours is the city's to mend."""
        self.number += 1
        incident = Incident(
            id=f"I{self.number}",
            kind=kind,
            shared=shared,
            value=value,
            name="" if shared is None else self._name_of(shared, value),
            began_at=began_at,
            opened_at=at,
            ours=ours,
            party=Party.CITY if ours else Party.UNDECIDED,
            costed_at=at,
            log_p=log_p,
        )
        one = self.by_id[incident.id] = OpenIncident(incident)
        updates.happenings.append(Happening(incident.id, at, "opened", note=kind.value))
        return one

    def become_parents(self, one: OpenIncident, root_id: str, *, ours: bool, at: int, updates: Updates) -> None:
        """Name a group after the dead parent that is now known to lie before its devices."""
        incident = one.incident
        one.incident = replace(
            incident,
            kind=IncidentKind.PARENT,
            shared=Shared.PARENT,
            value=root_id,
            name=self._name_of(Shared.PARENT, root_id),
            ours=ours,
            party=Party.CITY if ours and incident.party is Party.UNDECIDED else incident.party,
        )
        updates.happenings.append(Happening(incident.id, at, "parent_found", note=root_id))

    def join(self, one: OpenIncident, fallen: Mapping[int, int], *, at: int, updates: Updates) -> None:
        """Let devices join, by number with the instant at which each fell."""
        if not fallen:
            return
        standing = self._standing()
        cost_s = 0
        for number, since in fallen.items():
            one.down[number] = since
            one.ever.add(number)
            self._member[number] = one.incident.id
            device_id = self._index.id(number)
            if standing.is_assessed(device_id):
                cost_s += max(0, at - since)
                one.assessed += 1
            updates.members.append(Member(one.incident.id, device_id, since))
        one.grew_at = at
        one.empty_at = None
        incident = one.incident
        county = self._county(one.down)
        updates.happenings.append(Happening(incident.id, at, "grew", note=str(len(fallen))))
        assessed = self._assessed_in(county)
        points = Fraction(one.assessed, assessed) if assessed else Fraction(0)
        one.incident = replace(
            incident,
            county=county,
            devices=len(one.ever),
            down=len(one.down),
            peak=max(incident.peak, len(one.down)),
            cost_s=incident.cost_s + cost_s,
            points=max(incident.points, points),
        )
        one.changed = True

    def leave(self, number: int, left_at: int, *, at: int, updates: Updates) -> None:
        """Let a device leave the incident that it is down in; what it did not cost after `left_at` is given back."""
        one = self.by_id[self._member.pop(number)]
        joined_at = one.down.pop(number)
        left_at = max(left_at, joined_at)
        device_id = self._index.id(number)
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

    def close(self, one: OpenIncident, closed_at: int, *, at: int, updates: Updates) -> None:
        """Close an incident none of whose devices is down any more."""
        one.incident = replace(one.incident, closed_at=max(closed_at, one.incident.opened_at), down=0)
        updates.happenings.append(Happening(one.incident.id, at, "closed", note=str(one.incident.devices)))
        updates.incidents.append(one.incident)
        del self.by_id[one.incident.id]

    def pass_time(self, at: int) -> None:
        """Let every assessed second of a device that is down cost one."""
        for one in self.by_id.values():
            incident = one.incident
            cost_s = incident.cost_s + one.assessed * max(0, at - incident.costed_at)
            one.incident = replace(incident, cost_s=cost_s, costed_at=max(at, incident.costed_at))

    def count_anew(self, *, at: int, updates: Updates) -> None:
        """Find anew who is assessed; what is retired, or out of its hours, fails no longer. All are to be stored."""
        for one in self.by_id.values():
            for number in [each for each in one.down if not self.is_in_service(each)]:
                self.leave(number, at, at=at, updates=updates)
            one.assessed = self._count_assessed(one)
            one.changed = True

    def take_changed(self) -> list[Incident]:
        """Give the incidents that changed since the last time."""
        changed = [one for one in self.by_id.values() if one.changed]
        for one in changed:
            one.changed = False
        return [one.incident for one in changed]

    def _count_assessed(self, one: OpenIncident) -> int:
        standing = self._standing()
        return sum(standing.is_assessed(self._index.id(number)) for number in one.down)

    def _county(self, down: Iterable[int]) -> str:
        counties = Counter(self._index.value(Shared.COUNTY, number) for number in down)
        county, count = counties.most_common(1)[0]
        return county if count >= MOST * counties.total() else ""
