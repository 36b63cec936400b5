"""The summary: a row a region, class, kind and organisation, with every figure that it is judged by."""

from __future__ import annotations

from fractions import Fraction

from monitor.domain.assessment import Verdict, is_valid
from monitor.domain.compliance import ComplianceRow, Judged
from monitor.domain.coverage import Coverage
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.rate import (
    Rate,
    intact_bounds,
    judged_share,
    measured_share,
    online_rate,
    raw_intact_rate,
    raw_online_rate,
)
from monitor.domain.tally import Tally
from monitor.services.report_material import Material, change_of, periods_below, row_name
from monitor.services.report_table import Cell, Column, Kind, Share, Sheet, Word
from monitor.services.report_words import (
    ALL,
    CLASSES,
    DIMENSIONS,
    HEADLINE,
    KINDS,
    LEVELS,
    NO,
    NOTHING,
    VERDICTS,
    YES,
    region_word,
)

SHARE, COUNT, WORD, POINTS = Kind.SHARE, Kind.COUNT, Kind.WORD, Kind.POINTS

_KEY = (
    Column("region_code", "区划代码", "region code", Kind.ID),
    Column("region_name", "行政区划", "region", WORD, machine=False),
    Column("level", "级别", "level", WORD),
    Column("point_class", "点位类别", "class", WORD),
    Column("device_kind", "设备类型", "kind", WORD),
    Column("organisation", "单位", "organisation"),
)
SECONDS_COLUMNS = (
    Column("in_service_s", "应考核秒数", "in service, s", COUNT),
    Column("exempt_online_s", "报备且在线秒数", "exempt and online, s", COUNT),
    Column("exempt_offline_s", "报备且离线秒数", "exempt and offline, s", COUNT),
    Column("exempt_unknown_s", "报备且未知秒数", "exempt and unknown, s", COUNT),
    Column("unknown_s", "未知秒数", "unknown, s", COUNT),
    Column("offline_s", "离线秒数", "offline, s", COUNT),
    Column("intact_s", "完好秒数", "intact, s", COUNT),
    Column("faulty_s", "故障秒数", "faulty, s", COUNT),
    Column("condition_unknown_s", "完好未知秒数", "condition unknown, s", COUNT),
)
_RATES = (
    Column("online_rate", "在线率", "online rate", SHARE),
    Column("intact_rate", "完好率", "intact rate", SHARE),
    Column("raw_online_rate", "原始在线率", "raw online rate", SHARE),
    Column("raw_intact_rate", "原始完好率", "raw intact rate", SHARE),
    Column("measured_share", "实测占比", "measured share", SHARE),
    Column("judged_share", "已判占比", "judged share", SHARE),
    Column("target_online", "在线率目标", "online target", SHARE),
    Column("target_intact", "完好率目标", "intact target", SHARE),
    Column("online_met", "在线率考核", "online verdict", WORD),
    Column("intact_met", "完好率考核", "intact verdict", WORD),
    Column("devices_short", "在线差额台数", "devices short", COUNT),
    Column("rank", "排名", "rank", COUNT),
)
_MORE = (
    Column("rank_group", "排名组", "rank group"),
    Column("devices", "设备数", "devices", COUNT),
    Column("devices_assessed", "有考核秒数的设备数", "devices assessed", COUNT),
    Column("devices_short_intact", "完好差额台数", "devices short, intact", COUNT),
    Column("intact_low", "完好率下界", "intact at least", SHARE),
    Column("intact_high", "完好率上界", "intact at most", SHARE),
    Column("snapshot_rate", "快照在线率", "snapshot online rate", SHARE),
    Column("online_change", "在线率变化(百分点)", "online change, points", POINTS),
    Column("intact_change", "完好率变化(百分点)", "intact change, points", POINTS),
    Column("weeks_below", "连续未达标周数", "weeks in a row below", COUNT),
    Column("first_required", "一类点应联网", "first-class points required", COUNT),
    Column("first_networked", "一类点已联网", "first-class points networked", COUNT),
    Column("first_coverage", "一类点联网率", "first-class coverage", SHARE),
    Column("second_required", "二类点应联网", "second-class points required", COUNT),
    Column("second_networked", "二类点已联网", "second-class points networked", COUNT),
    Column("second_coverage", "二类点联网率", "second-class coverage", SHARE),
    Column("exempt_share", "报备占比", "exempt share", SHARE),
    Column("unknown_share", "未知占比", "unknown share", SHARE),
    Column("small_sample", "样本过少", "small sample", WORD),
    Column("online_valid", "在线率有效", "online valid", WORD),
    Column("intact_valid", "完好率有效", "intact valid", WORD),
)
SUMMARY_COLUMNS = (*_KEY, *SECONDS_COLUMNS, *_RATES)
DETAIL_COLUMNS = (*_KEY, *_MORE)


def summary_sheets(material: Material) -> list[Sheet]:
    """Give the summary, and its further figures for machines."""
    keys, first, more = [], [], []
    for row in material.rows:
        keys.append(_key_cells(row, material))
        first.append((*_seconds_cells(row.sums.seconds), *_rate_cells(row)))
        more.append(_more_cells(row, material))
    people = tuple(Column(each.code, each.zh, each.en, each.kind, machine=False) for each in _MORE)
    whole = [(*key, *one, *other) for key, one, other in zip(keys, first, more, strict=True)]
    details = [(*key, *other) for key, other in zip(keys, more, strict=True)]
    return [
        Sheet("summary", "考核汇总", "Summary", (*SUMMARY_COLUMNS, *people), whole),
        Sheet("summary-details", "考核汇总明细", "Summary details", DETAIL_COLUMNS, details, people=False),
    ]


def organisation_text(row: ComplianceRow) -> Cell:
    """Give the organisation of a row as "dimension:name", or the word for all."""
    if row.key.organisation is None:
        return ALL
    dimension, name = row.key.organisation
    word = DIMENSIONS[dimension]
    return Word(f"{dimension}:{name}", f"{word.zh}：{name}", f"{word.en}: {name}")


def _key_cells(row: ComplianceRow, material: Material) -> tuple[Cell, ...]:
    key = row.key
    return (
        key.region,
        region_word(material.tree.get(key.region), key.region),
        LEVELS[key.level],
        ALL if key.point_class is None else CLASSES[key.point_class],
        HEADLINE if key.kind is None else KINDS[key.kind],
        organisation_text(row),
    )


def _seconds_cells(tally: Tally) -> tuple[int, ...]:
    return (
        tally.in_service,
        tally.exempt_online,
        tally.exempt_offline,
        tally.exempt_unknown,
        tally.unknown,
        tally.offline,
        tally.intact,
        tally.faulty,
        tally.condition_unknown,
    )


def _rate_cells(row: ComplianceRow) -> tuple[Cell, ...]:
    tally = row.tally
    return (
        _judged(row.online),
        _judged(row.intact),
        _share(raw_online_rate(tally)),
        _share(raw_intact_rate(tally)),
        _share(measured_share(tally)),
        _share(judged_share(tally)),
        _target(row.online),
        _target(row.intact),
        _verdict(row.online),
        _verdict(row.intact),
        row.online.short,
        row.rank,
    )


def _more_cells(row: ComplianceRow, material: Material) -> tuple[Cell, ...]:
    previous, name = material.previous, row_name(row)
    low, high = intact_bounds(row.tally)
    online_before = None if previous is None else previous.online.get(name)
    intact_before = None if previous is None else previous.intact.get(name)
    below = 0 if previous is None else previous.below.get(name, 0)
    region = material.tree.get(row.key.region)
    tally = row.tally
    return (
        region.rank_group if region is not None and row.key.level == "county" else "",
        row.sums.devices,
        row.sums.assessed,
        row.intact.short,
        _share(low),
        _share(high),
        _share(online_rate(row.sums.shots)),
        change_of(row.online.rate.value, online_before),
        change_of(row.intact.rate.value, intact_before),
        periods_below(row, before=below),
        *_coverage(row.coverage.get(PointClass.FIRST)),
        *_coverage(row.coverage.get(PointClass.SECOND)),
        _share(Rate(tally.exempt, tally.in_service)),
        _share(Rate(tally.unknown, tally.in_service)),
        YES if row.small_sample else NO,
        YES if is_valid(tally, Indicator.ONLINE, validity=material.rules.validity) else NO,
        YES if is_valid(tally, Indicator.INTACT, validity=material.rules.validity) else NO,
    )


def _coverage(coverage: Coverage | None) -> tuple[Cell, Cell, Cell]:
    if coverage is None or not coverage.required:
        return None, None, None
    return coverage.required, coverage.networked, Share(coverage.networked_rate.value)


def _judged(judged: Judged) -> Share:
    target = None if judged.target is None else judged.target.value
    met = {Verdict.MET: True, Verdict.MISSED: False}.get(judged.verdict) if judged.verdict else None
    return Share(judged.rate.value, target, met)


def _share(rate: Rate) -> Share:
    return Share(rate.value)


def _target(judged: Judged) -> Share:
    value: Fraction | None = None if judged.target is None else judged.target.value
    return Share(value)


def _verdict(judged: Judged) -> Word:
    return NOTHING if judged.verdict is None else VERDICTS[judged.verdict]
