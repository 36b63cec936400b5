"""Which of the seconds that a device lost belong to which incident: only those in which it was down with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from monitor.domain.facts import Party
from monitor.domain.period_counting import WIDTH, PeriodCounter
from monitor.domain.period_seconds import Buckets, SlotKey, period_seconds
from monitor.domain.spans import Span, Spans, intersect, subtract

SlotNumber = tuple[int, SlotKey]
"""What seconds are counted under, and the number of the region tree that held (`PeriodSums.slots`)."""

_OFFLINE = 4


class IncidentInput(msgspec.Struct, frozen=True):
    """An incident of the period as it is written into a report's inputs.

    Attributes:
        zh: its name.
        en: the same in English.
        party: who is responsible.
        devices: the ids of the devices that were down with it.
        spans: for each of them from when until when; of a report made by an older program empty: all the period.
    """

    id: str
    zh: str
    en: str
    party: Party
    devices: tuple[str, ...]
    spans: tuple[Span, ...] = ()


class IncidentLosses:
    """Gives the seconds of devices within incidents; where two incidents overlap, the one that came first has them.

    Args:
        counter: of the period.
        incidents: of the period, the oldest first.
    """

    def __init__(self, counter: PeriodCounter, incidents: Sequence[IncidentInput]) -> None:
        self._counter = counter
        self._spans: dict[str, list[tuple[Span, IncidentInput]]] = {}
        self._found: dict[int, Mapping[SlotNumber, list[tuple[IncidentInput, Buckets]]]] = {}
        for incident in incidents:
            spans = incident.spans or ((counter.start, counter.end),) * len(incident.devices)
            for device_id, span in zip(incident.devices, spans, strict=True):
                self._spans.setdefault(device_id, []).append((span, incident))

    def of(self, index: int) -> Mapping[SlotNumber, list[tuple[IncidentInput, Buckets]]]:
        """Give by slot the seconds by bucket that a device spent in each incident."""
        mine = self._spans.get(self._counter.facts.devices[index].id)
        if mine is None:
            return {}
        found = self._found.get(index)
        if found is None:
            found = self._found[index] = self._counted(index, mine)
        return found

    def party(self, index: int, *, start: int, end: int) -> Party:
        """Give who is responsible for an outage of a device: by the first incident that it overlaps."""
        counter = self._counter
        for (since, until), incident in self._spans.get(counter.facts.devices[index].id, ()):
            if since < end and until > start:
                return incident.party
        return Party.UNDECIDED

    def main_party(self, index: int, *, offline_s: int) -> Party:
        """Give who is responsible for most of a device's offline seconds; what no incident explains is undecided."""
        shares = {Party.UNDECIDED: offline_s}
        for parts in self.of(index).values():
            for incident, seconds in parts:
                shares[Party.UNDECIDED] -= seconds[_OFFLINE]
                shares[incident.party] = shares.get(incident.party, 0) + seconds[_OFFLINE]
        return max(shares, key=lambda party: (shares[party], party is not Party.UNDECIDED))

    def _counted(
        self, index: int, mine: Sequence[tuple[Span, IncidentInput]]
    ) -> dict[SlotNumber, list[tuple[IncidentInput, Buckets]]]:
        counter = self._counter
        past = counter.pasts.past(index)
        free: Spans = ((counter.start, counter.end),)
        found: dict[SlotNumber, list[tuple[IncidentInput, Buckets]]] = {}
        for span, incident in mine:
            taken = intersect(free, (span,))
            free = subtract(free, taken)
            sums: dict[SlotNumber, Buckets] = {}
            for number, (since, until, _) in enumerate(counter.trees):
                rules = counter.service_rules(number)
                for start, end in intersect(taken, ((since, until),)):
                    parts = period_seconds(past, rules=rules, exemptions=counter.book, start=start, end=end)
                    for key, (seconds, _) in parts.items():
                        total = sums.setdefault((number, key), [0] * WIDTH)
                        sums[number, key] = [one + other for one, other in zip(total, seconds, strict=True)]
            for slot, seconds in sums.items():
                found.setdefault(slot, []).append((incident, seconds))
        return found
