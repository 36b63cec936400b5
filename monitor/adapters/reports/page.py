"""The report as one page that prints on A4: plain HTML with its style and a chart inside, nothing fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from html import escape

from monitor.adapters.reports.page_chart import chart
from monitor.services.report_table import Cell, Column, Kind, Lang, Share, Sheet, Word, heading, people_text

_STYLE = """
@page { size: A4; margin: 14mm 12mm 16mm; }
* { box-sizing: border-box; }
body { font: 10pt/1.45 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", sans-serif; color: #1b1f24;
  margin: 0 auto; max-width: 190mm; padding: 4mm; }
h1 { font-size: 17pt; margin: 0 0 2mm; }
h2 { font-size: 12pt; margin: 7mm 0 2mm; border-bottom: 0.4mm solid #3b6fb6; break-after: avoid; }
p.about { color: #4a5159; margin: 0 0 3mm; }
p.stamp { border: 0.5mm solid #b00020; color: #b00020; padding: 1.5mm 3mm; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 8pt; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { border-bottom: 0.2mm solid #d4d9df; padding: 0.9mm 1.4mm; text-align: left; vertical-align: top; }
th { background: #edeff2; font-weight: 600; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td { overflow-wrap: anywhere; }
td.missed { color: #9c0006; background: #fce4e4; font-weight: 600; }
td.met { color: #1e5e1e; }
th.number { text-align: right; }
tr.group th { background: #f6f7f9; border-top: 0.3mm solid #b9bec5; }
tr.group { break-after: avoid; }
span.bounds { color: #4a5159; font-size: 7pt; white-space: nowrap; }
svg { width: 100%; height: auto; break-inside: avoid; }
@media print { body { padding: 0; max-width: none; } }
"""
_SUMMARY = (
    "region_name",
    "online_rate",
    "online_met",
    "devices_short",
    "rank",
    "intact_rate",
    "intact_met",
    "measured_share",
    "online_change",
    "weeks_below",
    "first_coverage",
    "second_coverage",
    "exempt_share",
)
_CLASSES = ("region_name", "point_class", "online_rate", "online_met", "devices_short", "intact_rate", "intact_met")
_BELOW = ("region_name", "indicator", "rate", "item", "item_id", "item_name", "devices", "lost_share", "party")
_WATERFALL = ("region_name", "step", "party", "devices", "value")
_NUMERIC = {"count", "share", "points"}
_LISTED = 5
_AGES = ("gt24h", "gt72h", "gt7d")


def page_bytes(
    sheets: list[Sheet], lang: Lang, *, zone: tzinfo, title: str, about: str, stamps: Sequence[str]
) -> bytes:
    """Give the page: the city, its counties by rank, and what made their rates; whatever is longer stands in the files.

    Args:
        sheets: all sheets.
        lang: its language.
        zone: the city's zone.
        title: its title.
        about: the line under it: period, as of, K, method.
        stamps: what every reader must see first: draft, so far, not valid.
    """
    page = _Page(sheets, lang, zone)
    body = "\n".join(
        [
            f"<h1>{escape(title)}</h1><p class='about'>{escape(about)}</p>",
            *(f"<p class='stamp'>{escape(stamp)}</p>" for stamp in stamps),
            *page.sections(),
        ]
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if lang is Lang.ZH else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    ).encode()


class _Page:
    """The sections of a page."""

    def __init__(self, sheets: list[Sheet], lang: Lang, zone: tzinfo) -> None:
        self._sheets = {sheet.name: sheet for sheet in sheets}
        self._lang = lang
        self._zone = zone
        summary = self._sheets["summary"]
        self._regions = [
            row for row in summary.rows if _codes(summary, row, "point_class", "device_kind", "organisation") == _ANY
        ]

    def sections(self) -> Iterator[str]:
        """Give the sections, from what everybody reads to what only whoever checks it does."""
        summary, zh = self._sheets["summary"], self._lang is Lang.ZH
        counties = _by_rank(summary, [row for row in self._regions if self._level(row) == "county"])
        others = [row for row in self._regions if self._level(row) not in ("county", "town")]
        yield self._section("考核汇总" if zh else "Summary", self._table(summary, [*others, *counties], _SUMMARY))
        yield chart(summary, counties, self._lang, self._zone)
        yield self._below()
        yield self._offline()
        yield self._whole("waterfall", _WATERFALL)
        yield self._section("按点位类别" if zh else "By class", self._table(summary, self._classes(), _CLASSES))
        yield self._towns()
        yield self._whole("method", ("item", "value"))

    def _below(self) -> str:
        """Name the worst of what each region, town regions and classes left to the file, lost its points by."""
        sheet = self._sheets["below-target"]
        places = {_codes(self._sheets["summary"], row, "region_code")[0]: self._level(row) for row in self._regions}
        found: dict[tuple[str, ...], list[Sequence[Cell]]] = {}
        for row in sheet.rows:
            region, point_class, indicator = _codes(sheet, row, "region_code", "point_class", "indicator")
            if point_class == "any" and places.get(region) != "town":
                found.setdefault((region, indicator), []).append(row)
        chosen = [row for rows in found.values() for row in rows[:_LISTED]]
        left = len(sheet.rows) - len(chosen)
        note = ""
        if left:
            zh = f"每项只列前 {_LISTED} 位；镇街、类别及其余 {left} 行见 below-target.zh.csv"
            en = f"The first {_LISTED} of each; towns, classes and the rest, {left} rows, are in below-target.en.csv"
            note = f"<p class='about'>{zh if self._lang is Lang.ZH else en}</p>"
        return self._section(self._title(sheet), self._table(sheet, chosen, _BELOW) + note) if sheet.rows else ""

    def _offline(self) -> str:
        """Count by county the devices that have been offline for long."""
        sheet, zh = self._sheets["offline-devices"], self._lang is Lang.ZH
        counts: dict[str, Counter[str]] = {}
        names: dict[str, Cell] = {}
        index = _index(sheet)
        for row in sheet.rows:
            code, age = _codes(sheet, row, "county_code", "age")
            names[code] = row[index["county_name"]]
            mine = counts.setdefault(code, Counter())
            # Whoever is offline for more than seven days is so for more than one.
            mine.update(_AGES[: _AGES.index(age) + 1])
        if not counts:
            return ""
        heads = ("县市区", "超过24小时", "其中超过72小时", "其中超过7天")
        if not zh:
            heads = ("county", "> 24 h", "of these > 72 h", "of these > 7 d")
        lines = []
        for code, mine in sorted(counts.items()):
            name = escape(people_text(names[code], Kind.WORD, self._lang, zone=self._zone))
            lines.append(f"<tr><td>{name}</td>{''.join(f'<td class=number>{mine[age]}</td>' for age in _AGES)}</tr>")
        head = "".join(f"<th>{escape(each)}</th>" for each in heads)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        note = "逐台清单见 offline-devices.zh.csv" if zh else "Each of them is in offline-devices.en.csv"
        return self._section(self._title(sheet), f"{table}<p class='about'>{note}</p>")

    def _classes(self) -> list[Sequence[Cell]]:
        summary = self._sheets["summary"]
        return [
            row
            for row in summary.rows
            if _codes(summary, row, "device_kind", "organisation") == _ANY[:2]
            and _codes(summary, row, "point_class")[0] != "any"
            and self._level(row) in ("city", "county")
        ]

    def _towns(self) -> str:
        """Give the towns under their counties: towns of two counties may share a name."""
        summary, county = self._sheets["summary"], ""
        groups: list[tuple[str, list[Sequence[Cell]]]] = []
        for row in self._regions:
            if self._level(row) != "town":
                county = people_text(row[_index(summary)["region_name"]], Kind.WORD, self._lang, zone=self._zone)
            elif groups and groups[-1][0] == county:
                groups[-1][1].append(row)
            else:
                groups.append((county, [row]))
        if not groups:
            return ""
        title = "镇街" if self._lang is Lang.ZH else "Towns"
        return self._section(title, _table(summary, groups, _SUMMARY, self._lang, self._zone))

    def _whole(self, name: str, codes: Sequence[str]) -> str:
        sheet = self._sheets[name]
        return self._section(self._title(sheet), self._table(sheet, sheet.rows, codes)) if sheet.rows else ""

    def _section(self, title: str, content: str) -> str:
        return f"<h2>{escape(title)}</h2>{content}"

    def _table(self, sheet: Sheet, rows: Sequence[Sequence[Cell]], codes: Sequence[str]) -> str:
        return _table(sheet, [("", rows)], codes, self._lang, self._zone)

    def _title(self, sheet: Sheet) -> str:
        return sheet.zh if self._lang is Lang.ZH else sheet.en

    def _level(self, row: Sequence[Cell]) -> str:
        return _codes(self._sheets["summary"], row, "level")[0]


_ANY = ["any", "any", "any"]


def _by_rank(summary: Sheet, rows: Sequence[Sequence[Cell]]) -> list[Sequence[Cell]]:
    """Sort regions by rank group and rank; what is not ranked stands behind (RULES §5)."""
    index = _index(summary)

    def order(row: Sequence[Cell]) -> tuple[str, bool, int]:
        rank = row[index["rank"]]
        return str(row[index["rank_group"]]), rank is None, rank if isinstance(rank, int) else 0

    return sorted(rows, key=order)


def _index(sheet: Sheet) -> dict[str, int]:
    return {column.code: number for number, column in enumerate(sheet.columns)}


def _codes(sheet: Sheet, row: Sequence[Cell], *codes: str) -> list[str]:
    index = _index(sheet)
    cells = [row[index[code]] for code in codes]
    return [cell.code if isinstance(cell, Word) else str(cell) for cell in cells]


def _table(
    sheet: Sheet, groups: Sequence[tuple[str, Sequence[Sequence[Cell]]]], codes: Sequence[str], lang: Lang, zone: tzinfo
) -> str:
    """Write a table; each group of rows has a line of its own before it where it has a name."""
    index = _index(sheet)
    columns = [sheet.columns[index[code]] for code in codes]
    looks = ["number" if column.kind in _NUMERIC else "" for column in columns]
    head = "".join(
        f'<th class="{look}">{escape(heading(column, lang))}</th>'
        if look
        else f"<th>{escape(heading(column, lang))}</th>"
        for column, look in zip(columns, looks, strict=True)
    )
    lines = []
    for name, rows in groups:
        if name:
            lines.append(f'<tr class="group"><th colspan="{len(codes)}">{escape(name)}</th></tr>')
        for row in rows:
            cells = [_cell(row, index, column, look, lang, zone) for column, look in zip(columns, looks, strict=True)]
            lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _cell(row: Sequence[Cell], index: Mapping[str, int], column: Column, look: str, lang: Lang, zone: tzinfo) -> str:
    cell = row[index[column.code]]
    if isinstance(cell, Word) and cell.code in ("met", "missed"):
        look = cell.code
    elif isinstance(cell, Share) and cell.met is False:
        look = "number missed"
    text = escape(people_text(cell, column.kind, lang, zone=zone))
    if column.code == "intact_rate" and "intact_low" in index and _is_not_valid(row[index["intact_met"]]):
        low, high = (row[index[code]] for code in ("intact_low", "intact_high"))
        if low != high:
            bounds = "–".join(escape(people_text(each, Kind.SHARE, lang, zone=zone)) for each in (low, high))
            text = f'{text}<br><span class="bounds">{bounds}</span>'
    return f'<td class="{look}">{text}</td>' if look else f"<td>{text}</td>"


def _is_not_valid(cell: Cell) -> bool:
    return isinstance(cell, Word) and cell.code == "not_valid"
