"""Coverage for a terminal, in Chinese and English, and the same as plain values for `--json`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.adapters.terminal import CLASS_WORDS, connected_line, count_values, figure_text, figure_values
from monitor.domain.coverage import Presence
from monitor.domain.indicator import Indicator
from monitor.domain.point import Ring
from monitor.domain.printing import percent
from monitor.domain.scope import Scope
from monitor.services.coverage_report import CoverageLine, CoverageReport, PointFinding, Why

RING_WORDS = {
    Ring.CITY: ("环市防控圈", "ring of the city"),
    Ring.COUNTY: ("环县防控圈", "rings of counties"),
    Ring.TOWN: ("环镇防控圈", "rings of towns"),
}
SITE_WORDS = {
    "junction": "路口",
    "road": "道路",
    "motorway": "高速公路",
    "entrance": "出入口",
    "station": "车站",
    "port": "港口",
    "airport": "机场",
    "square": "广场",
    "school": "学校",
    "hospital": "医院",
    "market": "商场",
    "park": "公园",
    "community": "小区",
    "street": "沿街",
}
_WHY = {
    Why.NO_DEVICE: "无设备 no device",
    Why.NEVER_SEEN: "从未在线 never seen",
    Why.LAST_SEEN: "最近在线 last seen",
    Why.TOO_FEW: "台数不足 too few",
}
_NOW = {Presence.COVERED: "有效 covered", Presence.UNKNOWN: "未知 unknown", Presence.UNCOVERED: "缺失 uncovered"}


def coverage_view(report: CoverageReport, *, zone: tzinfo, points: Sequence[PointFinding]) -> RenderableType:
    """Give the coverage as tables: by what is asked for, by region, and the points that lack something."""
    as_of = datetime.fromtimestamp(report.at, zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    table = _table(f"{report.region.name} · 截至 as of {as_of}")
    table.add_column("范围\nscope")
    for heading in ("联网率\nnetworked", "目标\ntarget", "联网/应联\npoints", "差\nshort", "有效率\neffective"):
        table.add_column(heading, justify="right")
    table.add_column("有效/应联\nnow", justify="right")
    for networked, effective in _pairs(report.lines):
        rate, now = networked.figure.rate, effective.figure.rate
        table.add_row(
            _words(networked.scope),
            figure_text(networked.figure),
            _target(networked),
            f"{rate.numerator:,}/{rate.denominator:,}",
            f"{networked.figure.short:,}",
            figure_text(effective.figure),
            f"{now.numerator:,}/{now.denominator:,}",
        )
    shown: list[RenderableType] = [table, *_beside(report.lines)]
    if report.parts:
        shown.append(_by_region(report))
    if points:
        shown.append(_points(points, zone, total=len(report.lacking)))
    return Group(*shown)


def coverage_values(report: CoverageReport, *, zone: tzinfo, points: Iterable[PointFinding]) -> dict[str, Any]:
    """Give the coverage as plain values; rates are exact (numerator, denominator) beside their print."""
    return {
        "as_of": datetime.fromtimestamp(report.at, zone).isoformat(),
        "region": report.region.code,
        "name": report.region.name,
        "indicators": [_line_values(line) for line in report.lines],
        "parts": [
            {"region": region.code, "name": region.name, "indicators": [_line_values(line) for line in lines]}
            for region, lines in report.parts
        ],
        "uncovered": [_point_values(each, zone) for each in points],
    }


def _line_values(line: CoverageLine) -> dict[str, Any]:
    scope = line.scope
    values = count_values(line.figure) if line.indicator is Indicator.CONNECTED else figure_values(line.figure)
    named = {"class": scope.point_class, "ring": scope.ring, "site_kind": scope.site_kind}
    return {"indicator": line.indicator, "scope": {key: each for key, each in named.items() if each}, **values}


def _point_values(found: PointFinding, zone: tzinfo) -> dict[str, Any]:
    point, seen = found.point, found.last_seen_at
    return {
        "point": point.id,
        "name": point.name,
        "region": point.region,
        "class": point.point_class,
        "ring": point.ring,
        "site_kind": point.site_kind,
        "needs": point.count,
        "devices": found.devices,
        "online": found.counts.online,
        "networked": found.networked,
        "now": found.now,
        "why": found.why,
        "last_seen": None if seen is None else datetime.fromtimestamp(seen, zone).isoformat(),
    }


def _pairs(lines: Iterable[CoverageLine]) -> list[tuple[CoverageLine, CoverageLine]]:
    """Give networked and effective coverage of a scope side by side."""
    of = {(line.indicator, line.scope): line for line in lines}
    return [
        (line, of[Indicator.EFFECTIVE, scope])
        for (indicator, scope), line in of.items()
        if indicator is Indicator.NETWORKED
    ]


def _beside(lines: Iterable[CoverageLine]) -> list[Text]:
    found = []
    for line in lines:
        rate = line.figure.rate
        if line.indicator is Indicator.COMMUNITIES:
            counts = f" {rate.numerator:,}/{rate.denominator:,}"
            target = _target(line)
            wanted = f" ({target})" if target else ""
            found.append(Text.assemble("社区联网率 networked communities ", figure_text(line.figure), counts, wanted))
        elif line.indicator is Indicator.CONNECTED:
            found.append(connected_line(line.figure))
    return found


def _by_region(report: CoverageReport) -> Table:
    table = _table("")
    table.add_column("区域\nregion", overflow="fold")
    classes = dict.fromkeys(
        line.scope.point_class for _, lines in report.parts for line in lines if line.scope.point_class
    )
    for point_class in classes:
        zh, en = CLASS_WORDS[point_class]
        en = en.removesuffix("-class")
        for heading in (f"{zh}联网\n{en}", "联网/应联\npoints", f"{zh}有效\n{en} now"):
            table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("联网设备\nconnected", justify="right")
    for region, lines in report.parts:
        cells: list[str | Text] = []
        by_class = {networked.scope.point_class: (networked, effective) for networked, effective in _pairs(lines)}
        for point_class in classes:
            if point_class in by_class:
                networked, effective = (line.figure for line in by_class[point_class])
                counts = f"{networked.rate.numerator:,}/{networked.rate.denominator:,}"
                cells += [figure_text(networked), counts, figure_text(effective)]
            else:
                cells += ["–"] * 3
        connected = [line.figure.rate.numerator for line in lines if line.indicator is Indicator.CONNECTED]
        table.add_row(region.name, *cells, f"{sum(connected):,}")
    return table


def _points(points: Sequence[PointFinding], zone: tzinfo, *, total: int) -> Table:
    table = _table(f"未达要求的点位 points that lack something: {len(points):,} / {total:,}")
    for heading in ("点位\npoint", "名称\nname", "区划\nregion", "类别\nclass", "需/有/在线\nneeds/has/online"):
        table.add_column(heading)
    for heading in ("30天内联网\nnetworked", "现在\nnow", "原因\nwhy"):
        table.add_column(heading)
    for each in points:
        point, seen = each.point, each.last_seen_at
        why = _WHY[each.why]
        if seen is not None and each.why is Why.LAST_SEEN:
            why += f" {datetime.fromtimestamp(seen, zone):%Y-%m-%d %H:%M}"
        table.add_row(
            point.id,
            point.name,
            point.region,
            CLASS_WORDS[point.point_class][0],
            f"{point.count}/{each.devices}/{each.counts.online}",
            "是 yes" if each.networked else "否 no",
            _NOW[each.now],
            why,
        )
    return table


def _words(scope: Scope) -> str:
    if scope.point_class is not None:
        return " ".join(CLASS_WORDS[scope.point_class])
    if scope.ring is not None:
        return " ".join(RING_WORDS[scope.ring])
    kind = scope.site_kind or ""
    return f"{SITE_WORDS.get(kind, '')} {kind}".strip()


def _target(line: CoverageLine) -> str:
    assessment = line.figure.assessment
    return "" if assessment is None else f"≥{percent(assessment.target.value).replace(' ', '')}"


def _table(title: str) -> Table:
    return Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
