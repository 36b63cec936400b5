"""The sheet of clocks: per region, how many of the clocks that were read stood within the limit (RULES §7)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from monitor.domain.assessment import assess
from monitor.domain.indicator import Indicator
from monitor.domain.rate import Rate
from monitor.domain.scope import Scope
from monitor.domain.target import target_in_force
from monitor.services.report_material import Material
from monitor.services.report_table import Cell, Column, Kind, Share, Sheet
from monitor.services.report_words import LEVELS, NOTHING, VERDICTS, region_word

CLOCK_COLUMNS = (
    Column("region_code", "区划代码", "region code", Kind.ID),
    Column("region_name", "行政区划", "region", Kind.WORD, machine=False),
    Column("level", "级别", "level", Kind.WORD),
    Column("counts", "统计次数", "counts", Kind.COUNT),
    Column("clock_within", "校时合格台次", "clocks within the limit", Kind.COUNT),
    Column("clock_read", "已读时钟台次", "clocks read", Kind.COUNT),
    Column("clock_rate", "校时合格率", "clock accuracy rate", Kind.SHARE),
    Column("target_clock", "校时合格率目标", "clock target", Kind.SHARE),
    Column("clock_met", "校时合格率考核", "clock verdict", Kind.WORD),
)


class ClockSum(msgspec.Struct, frozen=True):
    """A region's clocks over a period: added up over its counts, so that the rate is no average of rates.

    Attributes:
        counts: how often they were counted.
        within: clocks within the limit, over all counts.
        read: clocks that were read, likewise.
    """

    counts: int
    within: int
    read: int


def clock_sheet(material: Material, clocks: Mapping[str, ClockSum]) -> Sheet:
    """Give the sheet: a row a region of the report whose clocks were counted in the period."""
    regions = dict.fromkeys(row.key.region for row in material.rows)
    rows = [_cells(material, code, clocks[code]) for code in regions if code in clocks and code in material.tree]
    return Sheet("clocks", "校时", "Clocks", CLOCK_COLUMNS, rows)


def _cells(material: Material, code: str, clock: ClockSum) -> tuple[Cell, ...]:
    rate = Rate(clock.within, clock.read)
    target = target_in_force(
        material.targets, Indicator.CLOCK, Scope(region=code), at=material.period.start, tree=material.tree
    )
    region = material.tree[code]
    return (
        code,
        region_word(region, code),
        LEVELS[region.level],
        clock.counts,
        clock.within,
        clock.read,
        Share(rate.value, None if target is None else target.value),
        Share(None if target is None else target.value),
        NOTHING if target is None else VERDICTS[assess(rate, target).verdict],
    )
