"""Outages: when a device was offline in or into a period, and why, from the facts of the period."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.domain.facts import Axis
from monitor.domain.packed import AT_MASK, CAUSE_MASK, CAUSE_SHIFT, CONDITION_BIT, LOW_BITS, OFFLINE, STATE_MASK
from monitor.domain.period_counting import WIDTH, PeriodSums
from monitor.domain.period_facts import Pasts
from monitor.domain.spans import FROM_EVER
from monitor.domain.state import Cause, Connectivity
from monitor.domain.values import dataclass

_EXEMPT_OFFLINE, _OFFLINE = 1, 4


@dataclass(frozen=True, slots=True)
class Outage:
    """One stretch for which a device was offline.

    Attributes:
        index: of the device in the facts.
        since: its first second; None where it began before the facts that were read.
        until: the second after its last; None where it lasts beyond the period.
        cause: why it began; None like `since`.
    """

    index: int
    since: int | None
    until: int | None
    cause: Cause | None


def outages(pasts: Pasts, index: int, *, end: int) -> list[Outage]:
    """Give a device's outages that the period's facts know of, up to an instant, the last perhaps lasting."""
    facts = pasts.facts
    device, key = facts.devices[index], facts.keys[index]
    line = pasts.timeline(device.id, key, Axis.CONNECTIVITY)
    found = []
    for number, (since, state) in enumerate(zip(line.starts, line.states, strict=True)):
        if state == Connectivity.OFFLINE and since < end:
            following = line.starts[number + 1] if number + 1 < len(line.starts) else None
            until = following if following is not None and following < end else None
            known = since != FROM_EVER
            cause = _cause(pasts, index, since) if known else None
            found.append(Outage(index, since if known else None, until, cause))
    return found


def repaired(pasts: Pasts, sums: PeriodSums, *, start: int, end: int, at_least_s: int) -> Iterator[Outage]:
    """Give the outages of at least so long that ended with an answer in the period; their beginning may be unknown.

    Devices whose offline seconds in the period cannot make such an outage are not looked at.
    """
    facts = pasts.facts
    for index in sorted(_suspects(pasts, sums, at_least_s)):
        device, key = facts.devices[index], facts.keys[index]
        line = pasts.timeline(device.id, key, Axis.CONNECTIVITY)
        for outage in outages(pasts, index, end=end):
            if outage.until is None or outage.until < start or line.state_at(outage.until) != Connectivity.ONLINE:
                continue
            if outage.since is None or outage.until - outage.since >= at_least_s:
                yield outage


def _suspects(pasts: Pasts, sums: PeriodSums, at_least_s: int) -> set[int]:
    facts = pasts.facts
    changes = facts.changes
    found = {
        sums.entry_devices[number]
        for number in range(len(sums.entry_devices))
        if sums.entry_seconds[number * WIDTH + _OFFLINE] + sums.entry_seconds[number * WIDTH + _EXEMPT_OFFLINE]
        >= at_least_s
    }
    for index, key in enumerate(facts.keys):
        if changes.connectivity[key] == OFFLINE and changes.offsets[key] != changes.offsets[key + 1]:
            found.add(index)
    return found


def _cause(pasts: Pasts, index: int, since: int) -> Cause | None:
    changes = pasts.facts.changes
    for packed in reversed(changes.of(pasts.facts.keys[index])):
        at = changes.base + (packed >> LOW_BITS & AT_MASK)
        if at == since and not packed & CONDITION_BIT and packed & STATE_MASK == OFFLINE:
            return changes.causes[packed >> CAUSE_SHIFT & CAUSE_MASK]
    for correction in reversed(pasts.corrections.get(pasts.facts.devices[index].id, [])):
        if correction.start == since and correction.axis is Axis.CONNECTIVITY:
            return correction.cause
    return None
