"""Gathering what a report is made of: one reading of the facts, everything counted, names for what is listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

from monitor.domain.assessment import DEFAULT_VALIDITY, Validity, Verdict
from monitor.domain.compliance import ComplianceRow, Judging, Method, RowCounter, compliance_rows, with_coverage
from monitor.domain.coverage import Coverage
from monitor.domain.device import Device
from monitor.domain.facts import Axis, Party
from monitor.domain.outages import Outage, outages, repaired
from monitor.domain.packed import OFFLINE
from monitor.domain.period import Period
from monitor.domain.period_counting import CountingRules, PeriodCounter, PeriodSums
from monitor.domain.period_coverage import PeriodCoverage
from monitor.domain.point import PointClass
from monitor.domain.ranking import SMALL_SAMPLE
from monitor.domain.region import RegionTree
from monitor.domain.target import Target
from monitor.ports import Beside, ReportFacts
from monitor.ports.reports import Result
from monitor.services.incident_losses import IncidentInput, IncidentLosses

HOUR_S = 3_600


class ReportError(Exception):
    """A report cannot be made as asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ReportRules:
    """The settings of reports.

    Attributes:
        counting: what decides over seconds.
        validity: how much must have been measured and judged.
        small_sample: a row of fewer devices is marked.
        repair_from_s: shorter outages are not listed as repairs.
        listed: how many devices and incidents are named under each row below its target.
    """

    counting: CountingRules
    validity: Validity = DEFAULT_VALIDITY
    small_sample: int = SMALL_SAMPLE
    repair_from_s: int = 4 * HOUR_S
    listed: int = 10


Entry = tuple[str, str, str, str, Sequence[int]]
"""What a device has under one scope: its id, region, class, kind, and seconds by bucket."""


@dataclass(slots=True)
class Previous:
    """What is needed of the period before.

    Attributes:
        name: its name.
        source: the revision that it was read from, "" where it was counted from the facts.
        sha256: of that revision's seconds by device, "" likewise.
        length: its seconds.
        entries: gives its entries, in the order of the devices' keys; read only where they are needed.
        below: by (region, class code or "", dimension:name or "") how many periods in a row the online rate was missed.
        online: likewise the online rate as numerator and denominator.
        intact: likewise the intact rate.
    """

    name: str
    source: str
    sha256: str
    length: int
    entries: Callable[[], Iterable[Entry]]
    below: dict[str, int] = field(default_factory=dict)
    online: dict[str, tuple[int, int]] = field(default_factory=dict)
    intact: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Material:
    """Everything that the sheets are written from."""

    period: Period
    end: int
    as_of: int
    root: str
    tree: RegionTree
    counter: PeriodCounter
    sums: PeriodSums
    rows: list[ComplianceRow]
    row_counter: RowCounter
    coverage: dict[tuple[str, PointClass], Coverage]
    offline: list[Outage]
    repairs: list[Outage]
    previous: Previous | None
    rules: ReportRules
    targets: Sequence[Target]
    method: Method
    incidents: IncidentLosses
    orders: Mapping[str, str]

    def device(self, index: int) -> Device:
        """Give a device as it was at the end of the period."""
        device = self.counter.facts.devices[index]
        if device.id in self.counter.pasts.changed:
            return self.counter.pasts.past(index).version_at(self.end - 1).device
        return device

    def party(self, index: int, *, start: int, end: int) -> Party:
        """Give who is responsible for what a device lost from one instant to another, as far as anybody decided.

        A person's correction of those seconds says it before an incident does.
        """
        decided = self._decided(index, start=start, end=end)
        return self.incidents.party(index, start=start, end=end) if decided is None else decided

    def party_alone(self, index: int) -> Party:
        """Give who is responsible for what a device lost in the period outside of incidents."""
        return self._decided(index, start=self.counter.start, end=self.end) or Party.UNDECIDED

    def main_party(self, index: int, *, offline_s: int) -> Party:
        """Give who is responsible for most of the offline seconds of a device in the period."""
        decided = self._decided(index, start=self.counter.start, end=self.end)
        return self.incidents.main_party(index, offline_s=offline_s) if decided is None else decided

    def _decided(self, index: int, *, start: int, end: int) -> Party | None:
        for correction in reversed(self.counter.pasts.corrections.get(self.counter.facts.devices[index].id, [])):
            overlaps = correction.start < end and correction.end > start
            if overlaps and correction.party is not Party.UNDECIDED:
                return correction.party
        return None


@contextmanager
def one_after_the_other(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Do the work when its result is asked for: what `ports.Beside` is where there is one core only."""
    yield work


async def gather(
    store: ReportFacts,
    period: Period,
    *,
    root: str | None,
    rules: ReportRules,
    targets: Sequence[Target],
    method: Method,
    as_of: int,
    upto: int | None,
    previous: Previous | None,
    incidents: Sequence[IncidentInput] = (),
    orders: Mapping[str, str] | None = None,
    beside: Beside = one_after_the_other,
    on_step: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Material:
    """Read and count; `look_up` completes it.

    Args:
        store: the facts.
        period: what the report is about.
        root: the code of the region whose rows are wanted; None for the whole city.
        rules: the settings.
        targets: all targets.
        method: what the rates are made of.
        as_of: the instant at which seconds end where the period is not over (RULES §0).
        upto: the seq K; None for the newest.
        previous: the period before, from its published revision; None counts it from the facts, where there are any.
        incidents: of the period, the oldest first.
        orders: by device the id of its work order.
        beside: how half of the counting is done on another core.
        on_step: told what is done: the step, and how much of how much.

    Raises:
        ReportError: the period has not begun, the inventory has no such region or is empty.
    """
    end = min(period.end, as_of)
    if end <= period.start:
        raise ReportError(f"{period.name} 尚未开始 · {period.name} has not begun yet")
    on_step("facts", 0, 1)
    first = period.start if previous is not None else period.before[1]
    facts = await store.read(start=first, upto=upto, as_of=as_of)
    on_step("facts", 1, 1)
    if not facts.regions:
        raise ReportError("清单为空，没有可考核的设备 · the inventory is empty: there is nothing to assess")
    counter = PeriodCounter(facts, start=period.start, end=end, rules=rules.counting)
    tree = counter.trees[-1][2]
    code = root if root is not None else tree.children(None)[0].code
    if code not in tree:
        raise ReportError(f"清单中没有区划 {code} · the inventory has no region {code}")
    if previous is None:
        earlier = PeriodCounter(
            facts, start=period.before[1], end=period.before[2], rules=rules.counting, pasts=counter.pasts
        )
        with beside(earlier.count) as counted_before:
            sums = _counted(counter, range(len(facts.devices)), on_step)
            before = counted_before()
        previous = _previous_of(earlier, before, period, rules, root=code, targets=targets, method=method)
    else:
        half = len(facts.devices) // 2
        with beside(lambda: counter.count(devices=range(half, len(facts.devices)))) as rest:
            sums = _counted(counter, range(half), on_step)
            sums.join(rest())
    judging = Judging(tree, targets, period.start, rules.validity, method, rules.small_sample)
    row_counter = RowCounter(sums, root=code, headline_kinds=rules.counting.headline_kinds)
    return Material(
        period=period,
        end=end,
        as_of=as_of,
        root=code,
        tree=tree,
        counter=counter,
        sums=sums,
        rows=compliance_rows(row_counter.rows(), judging),
        row_counter=row_counter,
        coverage={},
        offline=[],
        repairs=[],
        previous=previous,
        rules=rules,
        targets=targets,
        method=method,
        incidents=IncidentLosses(counter, incidents),
        orders=orders or {},
    )


async def look_up(
    store: ReportFacts, material: Material, *, on_step: Callable[[str, int, int], None] = lambda step, done, total: None
) -> None:
    """Complete the material with what takes more facts than the period's: coverage, and since when devices are offline.

    Raises:
        StoreError: the facts cannot be read.
    """
    on_step("outages", 0, 2)
    counter = material.counter
    coverage = PeriodCoverage(counter, material.sums)
    changes = await store.changes_of(coverage.needed, upto=counter.facts.upto)
    material.coverage = coverage.of(changes, tree=material.tree)
    material.rows = [with_coverage(row, material.coverage) for row in material.rows]
    on_step("outages", 1, 2)
    await _add_outages(store, material)
    on_step("outages", 2, 2)


def row_name(row: ComplianceRow) -> str:
    """Give the name of a row under which the next period finds it again."""
    key = row.key
    organisation = "" if key.organisation is None else ":".join(key.organisation)
    return "|".join((key.region, key.point_class or "", key.kind or "", organisation))


def _counted(counter: PeriodCounter, devices: range, on_step: Callable[[str, int, int], None]) -> PeriodSums:
    return counter.count(devices=devices, on_progress=lambda done: on_step("devices", done, len(devices)))


def _previous_of(
    counter: PeriodCounter,
    sums: PeriodSums,
    period: Period,
    rules: ReportRules,
    *,
    root: str,
    targets: Sequence[Target],
    method: Method,
) -> Previous | None:
    """Take what was counted of the period before; None where the facts know nothing of it."""
    name, start, end = period.before
    devices = counter.facts.devices
    if not any(any(seconds[4:]) for seconds in sums.seconds):
        return None

    def entries() -> Iterator[Entry]:
        for number, index in enumerate(sums.entry_devices):
            region, point_class, kind, _ = sums.slots[sums.entry_slots[number]][1]
            yield devices[index].id, region, point_class.value, kind.value, sums.entry(number)

    previous = Previous(name, "", "", end - start, entries)
    judging = Judging(counter.trees[-1][2], targets, start, rules.validity, method, rules.small_sample)
    row_counter = RowCounter(sums, root=root, headline_kinds=rules.counting.headline_kinds)
    for row in compliance_rows(row_counter.rows(), judging):
        remember(previous, row, below=0)
    return previous


def remember(previous: Previous, row: ComplianceRow, *, below: int) -> None:
    """Note what the next period asks of a row; `below` counts the periods in a row before this one."""
    name = row_name(row)
    previous.online[name] = row.online.rate.numerator, row.online.rate.denominator
    previous.intact[name] = row.intact.rate.numerator, row.intact.rate.denominator
    previous.below[name] = periods_below(row, before=below)


def periods_below(row: ComplianceRow, *, before: int) -> int:
    """Give how many periods in a row the online rate has been missed; a period that cannot be judged ends no row."""
    verdict = row.online.verdict
    if verdict is Verdict.MISSED:
        return before + 1
    return before if verdict in (Verdict.NOT_VALID, Verdict.NO_DATA) else 0


async def _add_outages(store: ReportFacts, material: Material) -> None:
    """Add the devices that are offline at the end, and the repairs; look up when the long ones began."""
    counter, sums = material.counter, material.sums
    pasts, end = counter.pasts, material.end
    wanted = _indices_in(material)
    offline = [
        outages(pasts, index, end=end)[-1]
        for index, state in enumerate(sums.at_end)
        if state == OFFLINE and index in wanted
    ]
    repairs = [
        each
        for each in repaired(pasts, sums, start=counter.start, end=end, at_least_s=material.rules.repair_from_s)
        if each.index in wanted
    ]
    devices = counter.facts.devices
    long = sorted({devices[each.index].id for each in (*offline, *repairs) if each.since is None})
    changes = await store.changes_of(long, upto=counter.facts.upto)

    def dated(outage: Outage) -> Outage:
        if outage.since is not None:
            return outage
        before = [
            change
            for change in changes[devices[outage.index].id]
            if change.axis is Axis.CONNECTIVITY and change.at <= counter.start
        ]
        if not before or before[-1].new != "offline":
            return outage
        return Outage(outage.index, before[-1].at, outage.until, before[-1].cause)

    material.offline = [dated(each) for each in offline]
    least = material.rules.repair_from_s
    material.repairs = [
        each
        for each in map(dated, repairs)
        if each.since is None or (each.until is not None and each.until - each.since >= least)
    ]


def _indices_in(material: Material) -> set[int]:
    """Give the indices of the headline devices with seconds under the root."""
    counted = {
        slot
        for slot, keys in enumerate(material.row_counter.keys_of_slot)
        if keys and material.sums.slots[slot][1][2] in material.rules.counting.headline_kinds
    }
    sums = material.sums
    return {index for index, slot in zip(sums.entry_devices, sums.entry_slots, strict=True) if slot in counted}


def change_of(now: Fraction | None, before: tuple[int, int] | None) -> Fraction | None:
    """Give the change against the period before, None where either is not known."""
    if now is None or before is None or not before[1]:
        return None
    return now - Fraction(*before)
