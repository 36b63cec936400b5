"""One region's week counted for whoever wants to know why or what now: its facts, its row and what its devices lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.compliance import ComplianceRow, Judged, Judging, RowCounter, compliance_rows
from monitor.domain.indicator import Indicator
from monitor.domain.period import Period
from monitor.domain.period_counting import WIDTH, PeriodCounter, PeriodSums
from monitor.domain.target import Target
from monitor.ports import ReportFacts
from monitor.services.incident_losses import IncidentInput
from monitor.services.report_material import ReportError, ReportRules

INDICATORS = (Indicator.ONLINE, Indicator.INTACT)
"""What can be explained and planned for."""

LOST_BUCKETS = {Indicator.ONLINE: (4,), Indicator.INTACT: (4, 6)}
"""The buckets (of `tally.BUCKETS`) that an indicator's denominator has and its numerator lacks: offline, faulty."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What figures are counted and judged by.

    Attributes:
        as_of: the instant at which seconds end where the period is not over.
        upto: the seq K; None for the newest.
        revision: the published revision that these are of, "" for what is known now.
        incidents: of the period.
    """

    rules: ReportRules
    targets: Sequence[Target]
    as_of: int
    upto: int | None = None
    revision: str = ""
    incidents: Sequence[IncidentInput] = ()


@dataclass(frozen=True, slots=True, repr=False)
class CountedRegion:
    """A period counted, with the row of one region and the rows under it."""

    code: str
    counter: PeriodCounter
    sums: PeriodSums
    row_counter: RowCounter
    row: ComplianceRow
    rows: Sequence[ComplianceRow]

    def slots(self) -> set[int]:
        """Give the slots whose seconds are in the region's row."""
        return {
            slot
            for slot, keys in enumerate(self.row_counter.keys_of_slot)
            if any(key.is_region and key.region == self.code for key in keys)
        }

    def losses(self, indicator: Indicator) -> dict[int, int]:
        """Give by device's index the seconds that it lost for an indicator, of every device that lost any."""
        counted, sums, buckets = self.slots(), self.sums, LOST_BUCKETS[indicator]
        found: dict[int, int] = {}
        for number, slot in enumerate(sums.entry_slots):
            first = number * WIDTH
            lost = sum(sums.entry_seconds[first + bucket] for bucket in buckets)
            if lost and slot in counted:
                index = sums.entry_devices[number]
                found[index] = found.get(index, 0) + lost
        return found


async def count_region(store: ReportFacts, period: Period, *, region: str | None, basis: Basis) -> CountedRegion:
    """Read and count a period, and give a region of it; None is the whole city.

    Raises:
        ReportError: the period has not begun, there is no such region, or nothing of it is in service.
        StoreError: the facts cannot be read.
    """
    end = min(period.end, basis.as_of)
    if end <= period.start:
        raise ReportError(f"{period.name} 尚未开始 · {period.name} has not begun yet")
    facts = await store.read(start=period.start, upto=basis.upto, as_of=basis.as_of)
    if not facts.regions:
        raise ReportError("清单为空，没有可考核的设备 · the inventory is empty: there is nothing to assess")
    rules = basis.rules
    counter = PeriodCounter(facts, start=period.start, end=end, rules=rules.counting)
    tree = counter.trees[-1][2]
    code = region if region is not None else tree.children(None)[0].code
    if code not in tree:
        raise ReportError(f"清单中没有区划 {code} · the inventory has no region {code}")
    sums = counter.count()
    row_counter = RowCounter(sums, root=code, headline_kinds=rules.counting.headline_kinds)
    rows = compliance_rows(row_counter.rows(), Judging(tree, basis.targets, period.start, rules.validity))
    row = next((each for each in rows if each.key.is_region and each.key.region == code), None)
    if row is None:
        raise ReportError(f"{code} 没有应考核的设备 · no device of {code} is in service")
    return CountedRegion(code, counter, sums, row_counter, row, rows)


def judged_of(row: ComplianceRow, indicator: Indicator) -> Judged:
    """Give a row's rate by indicator."""
    return row.online if indicator is Indicator.ONLINE else row.intact
