"""Figures for a terminal, in Chinese and English, and the same as plain values for `--json`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.domain.assessment import Verdict
from monitor.domain.point import PointClass
from monitor.domain.printing import percent
from monitor.domain.rate import Rate, intact_bounds, judged_share
from monitor.services.evaluation import Figure, Overview, Row

_MARKS = {
    Verdict.MET: ("✔", "达标", "met", "bold cyan"),
    Verdict.MISSED: ("✘", "未达标", "missed", "bold yellow"),
    Verdict.NOT_VALID: ("?", "无效", "not valid", "bold magenta"),
    Verdict.NO_DATA: ("–", "无数据", "no data", "dim"),
}
CLASS_WORDS = {
    PointClass.FIRST: ("一类点", "first-class"),
    PointClass.SECOND: ("二类点", "second-class"),
    PointClass.THIRD: ("三类点", "third-class"),
    PointClass.INTERNAL: ("内部", "internal"),
    PointClass.OTHER: ("其他", "other"),
}
KIND_WORDS = {
    "camera": ("摄像机", "camera"),
    "checkpoint": ("卡口", "checkpoint"),
    "recorder": ("录像机", "recorder"),
    "gateway": ("网关", "gateway"),
    "platform": ("平台", "platform"),
    "sensor": ("感知设备", "sensor"),
    "other": ("其他", "other"),
}


_NAME, _LONG_NAME = 12, 18
"""Room for the name of a row: in Chinese, or in both languages where every column fits; longer ones are folded."""


def overview_table(overview: Overview, *, zone: tzinfo, width: int, notes: Sequence[str] = ()) -> RenderableType:
    """Give an overview as a table: the whole first, then its parts, each figure marked by how it meets its target.

    Args:
        overview: the figures.
        zone: the city's zone, for "as of".
        width: columns of the terminal.
        notes: lines below the table.
    """
    as_of = datetime.fromtimestamp(overview.at, zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    title = Text(f"{overview.whole.region.name} · 截至 as of {as_of}")
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0, show_edge=False, pad_edge=False)
    columns = _that_fit(overview, width)
    both = len(columns) >= sum(column.rank <= 3 for column in _COLUMNS)
    table.add_column("区域\nregion", overflow="fold", min_width=_LONG_NAME if both else _NAME)
    for column in columns:
        table.add_column(column.heading + column.target(overview.whole), justify="right", no_wrap=True)
    for row in (overview.whole, *overview.parts):
        style = "bold" if row is overview.whole else ""
        name = Text(" ".join(_names(row)).strip() if both else _names(row)[0])
        table.add_row(name, *(column.cell(row) for column in columns), style=style)
    lines = _beside(overview.whole)
    legend = "✔ 达标 met  ✘ 未达标 missed  ? 实测不足，无效 not valid  – 无数据 no data"
    return Group(table, *lines, *(Text(line, style="dim") for line in (legend, *notes)))


def overview_values(overview: Overview, *, zone: tzinfo) -> dict[str, Any]:
    """Give an overview as plain values; rates are exact (numerator, denominator) beside their print."""
    return {
        "as_of": datetime.fromtimestamp(overview.at, zone).isoformat(),
        "whole": _row_values(overview.whole),
        "parts": [_row_values(row) for row in overview.parts],
    }


def _names(row: Row) -> tuple[str, str]:
    """Give the name of a row in Chinese and English: its class or kind where it names one, else its region."""
    if row.scope.point_class is not None:
        return CLASS_WORDS[row.scope.point_class]
    if row.scope.kind is not None:
        return KIND_WORDS[row.scope.kind]
    return row.region.name, row.region.name_en


def _that_fit(overview: Overview, width: int) -> list[_Column]:
    """Give as many columns as fit side by side: a column is left out whole, since a figure cut short is another one."""
    columns = list(_COLUMNS)
    for rank, name in ((4, _LONG_NAME), (3, _LONG_NAME), (2, _NAME)):
        columns = [column for column in _COLUMNS if column.rank <= rank]
        if name + sum(1 + column.width(overview) for column in columns) <= width:
            return columns
    return [column for column in columns if column.rank == 1]


def _beside(row: Row) -> list[Text]:
    """Give what has no column: the communities and the connected devices of the whole."""
    found = []
    if row.communities is not None and row.communities.rate.denominator:
        rate = row.communities.rate
        counts = f" {rate.numerator:,}/{rate.denominator:,}"
        found.append(_line("社区联网率 networked communities", row.communities, counts))
    if row.connected is not None:
        found.append(connected_line(row.connected))
    if row.clock is not None and row.clock.rate.denominator:
        rate = row.clock.rate
        found.append(_line("校时合格率 clock accuracy", row.clock, f" {rate.numerator:,}/{rate.denominator:,}"))
    if row.tally.assessed and row.tally.condition_unknown:
        low, high = intact_bounds(row.tally)
        judged = _tight(judged_share(row.tally).value)
        bounds = f"{_tight(low.value)}–{_tight(high.value)}"
        found.append(Text(f"完好率 intact {bounds} 判定 judged {judged}"))
    return found


def connected_line(figure: Figure) -> Text:
    """Give the connected devices as a line: their number, and how it stands to the number wanted."""
    words = "联网设备 connected devices"
    if figure.assessment is None:
        return Text(f"{words} {figure.rate.numerator:,}")
    mark, _, _, style = _MARKS[figure.assessment.verdict]
    wanted = f" (≥{figure.rate.denominator:,})"
    return Text.assemble(f"{words} ", (f"{mark} {figure.rate.numerator:,}", style), wanted)


def _line(words: str, figure: Figure, counts: str) -> Text:
    wanted = _wanted(figure).strip()
    return Text.assemble(f"{words} ", figure_text(figure), counts, f" ({wanted})" if wanted else "")


def figure_text(figure: Figure) -> Text:
    """Give a share as text: its mark and style where a target judges it."""
    value = figure.rate.value
    if figure.assessment is None:
        return Text(_tight(value))
    mark, _, _, style = _MARKS[figure.assessment.verdict]
    return Text(f"{mark} {_tight(value, figure.assessment.target.value)}", style=style)


def _tight(value: Fraction | None, target: Fraction | None = None) -> str:
    """Print a share without the space before its sign: a terminal has few columns."""
    return percent(value, target).replace(" ", "")


def _wanted(figure: Figure | None) -> str:
    """Give the target of the whole as a line of the heading; a part may have one of its own."""
    if figure is None or figure.assessment is None:
        return "\n"
    return f"\n≥{_tight(figure.assessment.target.value)}"


def _points(row: Row, point_class: PointClass) -> Text:
    figure = row.coverage.get(point_class)
    return Text("–", style="dim") if figure is None or not figure.rate.denominator else figure_text(figure)


def _of_points(row: Row, point_class: PointClass) -> str:
    figure = row.coverage.get(point_class)
    if figure is None or not figure.rate.denominator:
        return "–"
    return f"{figure.rate.numerator:,}/{figure.rate.denominator:,}"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: its heading of two lines, its cells, the target that stands below the heading, if any.

    Where there is not room for all, those of rank 3 are left out, then those of rank 2.
    """

    heading: str
    cell: Callable[[Row], str | Text]
    target: Callable[[Row], str] = lambda row: "\n"
    rank: int = 1

    def width(self, overview: Overview) -> int:
        """Give how many columns of a terminal its widest line takes."""
        lines = (self.heading + self.target(overview.whole)).splitlines()
        cells = (str(self.cell(row)) for row in (overview.whole, *overview.parts))
        return max(cell_len(line) for line in (*lines, *cells))


_COLUMNS = (
    _Column("在线率\nonline", lambda row: figure_text(row.online), lambda row: _wanted(row.online)),
    _Column("差额(台)\nshort", lambda row: f"{row.online.short:,}", rank=2),
    _Column("在线\nonline", lambda row: f"{row.tally.online:,}", rank=3),
    _Column("离线\noffline", lambda row: f"{row.tally.offline:,}"),
    _Column("未知\nunknown", lambda row: f"{row.tally.unknown:,}"),
    _Column("报备\nexempt", lambda row: f"{row.tally.exempt:,}", rank=3),
    _Column("实测\nmeasured", lambda row: _tight(row.measured.value), rank=3),
    _Column("完好率\nintact", lambda row: figure_text(row.intact), lambda row: _wanted(row.intact)),
    _Column("判定\njudged", lambda row: _tight(judged_share(row.tally).value), rank=4),
    _Column("校时\nclock", lambda row: "–" if row.clock is None else figure_text(row.clock), rank=4),
    _Column(
        "一类点\n1st class",
        lambda row: _points(row, PointClass.FIRST),
        lambda row: _wanted(row.coverage.get(PointClass.FIRST)),
        rank=2,
    ),
    _Column("联网/应联\npoints", lambda row: _of_points(row, PointClass.FIRST), rank=3),
    _Column(
        "二类点\n2nd class",
        lambda row: _points(row, PointClass.SECOND),
        lambda row: _wanted(row.coverage.get(PointClass.SECOND)),
        rank=2,
    ),
    _Column("联网/应联\npoints", lambda row: _of_points(row, PointClass.SECOND), rank=3),
)


def _row_values(row: Row) -> dict[str, Any]:
    return {
        "region": row.region.code,
        "name": row.region.name,
        "name_en": row.region.name_en,
        "class": row.scope.point_class,
        "kind": row.scope.kind,
        "devices": {
            "in_service": row.tally.in_service,
            "online": row.tally.online,
            "offline": row.tally.offline,
            "unknown": row.tally.unknown,
            "exempt": row.tally.exempt,
            "intact": row.tally.intact,
            "faulty": row.tally.faulty,
            "condition_unknown": row.tally.condition_unknown,
        },
        "online_rate": figure_values(row.online),
        "intact_rate": figure_values(row.intact),
        "intact_bounds": [_rate_values(bound, None) for bound in intact_bounds(row.tally)],
        "judged_share": _rate_values(judged_share(row.tally), None),
        "measured_share": _rate_values(row.measured, None),
        "clock": None if row.clock is None else figure_values(row.clock),
        "networked": {point_class.value: figure_values(figure) for point_class, figure in row.coverage.items()},
        "communities": None if row.communities is None else figure_values(row.communities),
        "connected": None if row.connected is None else count_values(row.connected),
    }


def count_values(figure: Figure) -> dict[str, Any]:
    """Give a number of devices as plain values, beside the number wanted."""
    assessment = figure.assessment
    return {
        "devices": figure.rate.numerator,
        "target": None if assessment is None else figure.rate.denominator,
        "verdict": None if assessment is None else assessment.verdict.value,
        "short": figure.short,
    }


def figure_values(figure: Figure) -> dict[str, Any]:
    """Give a share as plain values, beside its target, its verdict and what is short."""
    assessment = figure.assessment
    target = None if assessment is None else assessment.target.value
    return {
        **_rate_values(figure.rate, target),
        "target": None if target is None else f"{Decimal(target.numerator) / target.denominator:f}",
        "verdict": None if assessment is None else assessment.verdict.value,
        "short": figure.short,
    }


def _rate_values(rate: Rate, target: Fraction | None) -> dict[str, Any]:
    return {
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "percent": None if rate.value is None else percent(rate.value, target),
    }
