"""Why a rate is what it is: from the percentage to devices, intervals, causes and the looks that confirmed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import nlargest

from monitor.domain.compliance import ComplianceRow, Judged
from monitor.domain.device import Device
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Axis, Correction, Exemption, StateChange
from monitor.domain.indicator import Indicator
from monitor.domain.period import Period
from monitor.domain.period_counting import WIDTH, PeriodCounter
from monitor.domain.period_seconds import Buckets, period_seconds
from monitor.domain.spans import FROM_EVER
from monitor.domain.weeks import days_between
from monitor.ports import ReportFacts
from monitor.services.counted_region import INDICATORS, Basis, CountedRegion, count_region, judged_of
from monitor.services.incident_losses import IncidentInput
from monitor.services.report_material import ReportError

LISTED = 10
_LOST_STATES = {
    Indicator.ONLINE: ((Axis.CONNECTIVITY, "offline"),),
    Indicator.INTACT: ((Axis.CONNECTIVITY, "offline"), (Axis.CONDITION, "faulty")),
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch in which a device was offline or faulty.

    Attributes:
        state: offline or faulty.
        start: its first second, which may lie before the period.
        end: the second after its last, the period's end at most.
        cause: the cause's code, "" where it is not known.
        fault: the code of the fault that it began with, "" for none.
        looks: those that confirmed it, by their instants.
    """

    state: str
    start: int
    end: int
    cause: str
    fault: str
    looks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DeviceStory:
    """One device in a period: what it lost, when and why, day by day, and what was decided about it.

    Attributes:
        lost_s: seconds that it lost for the indicator.
        lost_share: their part of all that the region lost.
        seconds: by bucket.
        days: (first second, seconds by bucket) of every day.
        incident: the period's incident that it was down in, None for none.
    """

    device: Device
    name: str
    lost_s: int
    lost_share: Fraction
    seconds: Sequence[int]
    days: Sequence[tuple[int, Buckets]]
    intervals: Sequence[Interval]
    exemptions: Sequence[Exemption]
    corrections: Sequence[Correction]
    incident: IncidentInput | None


@dataclass(frozen=True, slots=True)
class Losses:
    """Where an indicator's lost seconds went: how many devices lost how many, and the stories of those asked for."""

    indicator: Indicator
    judged: Judged
    devices: int
    lost_s: int
    stories: Sequence[DeviceStory]


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why a region's rates are what they are.

    Attributes:
        revision: the published revision whose facts these are, "" for those known now.
        row: the region's own row.
        parts: the rows right below it.
        classes: its rows by class.
        losses: by indicator, those asked for.
        names: of the region and those right below it, by code, in Chinese.
    """

    period: Period
    end: int
    seq: int
    revision: str
    row: ComplianceRow
    parts: Sequence[ComplianceRow]
    classes: Sequence[ComplianceRow]
    losses: Sequence[Losses]
    names: Mapping[str, str]


async def explain_region(
    store: ReportFacts,
    period: Period,
    *,
    region: str | None,
    device_id: str | None,
    basis: Basis,
    indicators: Sequence[Indicator] = INDICATORS,
) -> Explanation:
    """Explain a region's rates by the devices that lost most, or by one device.

    Raises:
        ReportError: the period has not begun, or there is no such region or device.
        StoreError: the facts cannot be read.
    """
    counted = await count_region(store, period, region=region, basis=basis)
    counter = counted.counter
    found = {indicator: counted.losses(indicator) for indicator in indicators}
    chosen = {indicator: _chosen(counted, losses, device_id) for indicator, losses in found.items()}
    devices = counter.facts.devices
    ids = sorted({devices[index].id for indices in chosen.values() for index in indices})
    changes = await store.changes_of(ids, upto=counter.facts.upto)
    names = await store.names(ids)
    incident_of = {each: incident for incident in basis.incidents for each in incident.devices}

    def story(index: int, indicator: Indicator) -> DeviceStory:
        device = devices[index]
        lost, total = found[indicator].get(index, 0), sum(found[indicator].values())
        return DeviceStory(
            device=device,
            name=names.get(device.id, ""),
            lost_s=lost,
            lost_share=Fraction(lost, total) if total else Fraction(0),
            seconds=_seconds(counter, index),
            days=_days(counter, index),
            intervals=_intervals(counter, index, changes[device.id], indicator),
            exemptions=_exemptions(counter, index),
            corrections=_corrections(counter, device, indicator),
            incident=incident_of.get(device.id),
        )

    tree = counter.trees[-1][2]
    children = {each.code for each in tree.children(counted.code)}
    return Explanation(
        period=period,
        end=counter.end,
        seq=counter.facts.upto,
        revision=basis.revision,
        row=counted.row,
        parts=[each for each in counted.rows if each.key.is_region and each.key.region in children],
        classes=[each for each in counted.rows if each.key.region == counted.code and each.key.point_class is not None],
        losses=[
            Losses(
                indicator,
                judged_of(counted.row, indicator),
                devices=len(found[indicator]),
                lost_s=sum(found[indicator].values()),
                stories=[story(index, indicator) for index in chosen[indicator]],
            )
            for indicator in indicators
        ],
        names={code: tree[code].name for code in (counted.code, *sorted(children))},
    )


def _chosen(counted: CountedRegion, losses: Mapping[int, int], device_id: str | None) -> list[int]:
    if device_id is None:
        return nlargest(LISTED, losses, key=lambda index: (losses[index], -index))
    found = [index for index, each in enumerate(counted.counter.facts.devices) if each.id == device_id]
    if not found:
        raise ReportError(f"没有设备 {device_id} · there is no device {device_id}")
    return found


def _seconds(counter: PeriodCounter, index: int) -> Buckets:
    seconds = [0] * WIDTH
    for found in counter.of_device(index).values():
        seconds = [one + other for one, other in zip(seconds, found, strict=True)]
    return seconds


def _days(counter: PeriodCounter, index: int) -> list[tuple[int, Buckets]]:
    past, rules, days = counter.pasts.past(index), counter.service_rules(), []
    for start, end in days_between(counter.start, counter.end, counter.rules.zone):
        day = [0] * WIDTH
        for part, _ in period_seconds(past, rules=rules, exemptions=counter.book, start=start, end=end).values():
            day = [one + other for one, other in zip(day, part, strict=True)]
        days.append((start, day))
    return days


def _intervals(
    counter: PeriodCounter, index: int, changes: Sequence[StateChange], indicator: Indicator
) -> list[Interval]:
    """Give what cost the device seconds of the indicator in the period, the earliest first."""
    facts = counter.facts
    device, key = facts.devices[index], facts.keys[index]
    found = []
    for axis, state in _LOST_STATES[indicator]:
        mine = [change for change in changes if change.axis is axis]
        line = counter.pasts.timeline(device.id, key, axis)
        for number, (since, stood) in enumerate(zip(line.starts, line.states, strict=True)):
            until = line.starts[number + 1] if number + 1 < len(line.starts) else counter.end
            if stood != state or since >= counter.end or until <= counter.start:
                continue
            change = _beginning(mine, since, state, period_start=counter.start)
            decided = next(
                (
                    each
                    for each in reversed(counter.pasts.corrections.get(device.id, ()))
                    if each.axis is axis and each.start == since
                ),
                None,
            )
            cause = change.cause if change else decided.cause if decided else ""
            start = since if since != FROM_EVER else change.at if change else counter.start
            found.append(
                Interval(
                    state,
                    start,
                    min(until, counter.end),
                    str(cause),
                    change.fault if change else "",
                    change.looks if change else (),
                )
            )
    return sorted(found, key=lambda each: (each.start, each.state))


def _beginning(changes: Sequence[StateChange], since: int, state: str, *, period_start: int) -> StateChange | None:
    """Give the change that an interval began with, one from before the facts that were read included."""
    if since == FROM_EVER:
        before = [change for change in changes if change.at <= period_start]
        return before[-1] if before and before[-1].new == state else None
    return next((change for change in reversed(changes) if change.at == since and change.new == state), None)


def _exemptions(counter: PeriodCounter, index: int) -> list[Exemption]:
    tree = counter.trees[-1][2]
    versions = counter.pasts.past(index).versions
    return [
        each for each in counter.current if any(ExemptionBook([each]).covering(version, tree) for version in versions)
    ]


def _corrections(counter: PeriodCounter, device: Device, indicator: Indicator) -> list[Correction]:
    axes = {axis for axis, _ in _LOST_STATES[indicator]}
    return [
        each
        for each in counter.pasts.corrections.get(device.id, ())
        if each.axis in axes and each.start < counter.end and each.end > counter.start
    ]
