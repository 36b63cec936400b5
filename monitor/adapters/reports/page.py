"""The report as one page that prints on A4: plain HTML with its style and a chart inside, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from html import escape

from monitor.services.report_table import Cell, Lang, Share, Sheet, Word, heading, people_text

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
_BELOW = ("region_name", "point_class", "indicator", "item", "item_id", "item_name", "devices", "lost_share", "party")
_WATERFALL = ("region_name", "step", "party", "devices", "value")
_NUMERIC = {"count", "share", "points"}
_LISTED = 60


def page_bytes(
    sheets: list[Sheet], lang: Lang, *, zone: tzinfo, title: str, about: str, stamps: Sequence[str]
) -> bytes:
    """Give the page.

    Args:
        sheets: all sheets.
        lang: its language.
        zone: the city's zone.
        title: its title.
        about: the line under it: period, as of, K, method.
        stamps: what every reader must see first: draft, so far, not valid.
    """
    by_name = {sheet.name: sheet for sheet in sheets}
    summary = by_name["summary"]
    chinese = lang is Lang.ZH
    parts_of = "point_class", "device_kind", "organisation"
    regions = [row for row in summary.rows if _codes(summary, row, *parts_of) == _ANY]
    headline = [row for row in regions if _codes(summary, row, "level")[0] in ("city", "county")]
    towns = [row for row in regions if _codes(summary, row, "level")[0] == "town"]
    classes = [
        row
        for row in summary.rows
        if _codes(summary, row, "device_kind", "organisation") == _ANY[:2]
        and _codes(summary, row, "point_class")[0] != "any"
        and _codes(summary, row, "level")[0] in ("city", "county")
    ]
    parts = [
        f"<h1>{escape(title)}</h1><p class='about'>{escape(about)}</p>",
        *(f"<p class='stamp'>{escape(stamp)}</p>" for stamp in stamps),
        _section("考核汇总" if chinese else "Summary", _table(summary, headline, _SUMMARY, lang, zone)),
        _chart(summary, [row for row in headline if _codes(summary, row, "level")[0] == "county"], lang, zone),
        _section("按点位类别" if chinese else "By class", _table(summary, classes, _CLASSES, lang, zone)),
    ]
    for name, codes, rows in (
        ("below-target", _BELOW, None),
        ("waterfall", _WATERFALL, None),
        ("summary", _SUMMARY, towns),
        ("method", ("item", "value"), None),
    ):
        sheet = by_name[name]
        chosen = sheet.rows if rows is None else rows
        if chosen:
            heading_text = ("镇街" if chinese else "Towns") if rows is not None else (sheet.zh if chinese else sheet.en)
            limit = len(chosen) if name in ("method", "waterfall") or rows is not None else _LISTED
            parts.append(_section(heading_text, _table(sheet, chosen[:limit], codes, lang, zone)))
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if chinese else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    ).encode()


_ANY = ["any", "any", "any"]


def _codes(sheet: Sheet, row: Sequence[Cell], *codes: str) -> list[str]:
    index = {column.code: number for number, column in enumerate(sheet.columns)}
    cells = [row[index[code]] for code in codes]
    return [cell.code if isinstance(cell, Word) else str(cell) for cell in cells]


def _section(title: str, table: str) -> str:
    return f"<h2>{escape(title)}</h2>{table}"


def _table(sheet: Sheet, rows: Sequence[Sequence[Cell]], codes: Sequence[str], lang: Lang, zone: tzinfo) -> str:
    index = {column.code: number for number, column in enumerate(sheet.columns)}
    head = "".join(f"<th>{escape(heading(sheet.columns[index[code]], lang))}</th>" for code in codes)
    lines = []
    for row in rows:
        cells = []
        for code in codes:
            column, cell = sheet.columns[index[code]], row[index[code]]
            look = "number" if column.kind in _NUMERIC else ""
            if isinstance(cell, Word) and cell.code in ("met", "missed"):
                look = cell.code
            elif isinstance(cell, Share) and cell.met is False:
                look = "number missed"
            text = escape(people_text(cell, column.kind, lang, zone=zone))
            cells.append(f'<td class="{look}">{text}</td>' if look else f"<td>{text}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _chart(sheet: Sheet, rows: Sequence[Sequence[Cell]], lang: Lang, zone: tzinfo) -> str:
    """Draw the counties' online rates as bars, from 80 % or the lowest rate on, with a line at each one's target."""
    index = {column.code: number for number, column in enumerate(sheet.columns)}
    found = []
    for row in rows:
        name, rate, target = (row[index[code]] for code in ("region_name", "online_rate", "target_online"))
        if isinstance(rate, Share) and rate.value is not None and isinstance(name, Word):
            goal = target.value if isinstance(target, Share) else None
            found.append((name.zh if lang is Lang.ZH else name.en, rate, goal))
    if not found:
        return ""
    low = min(int(min(float(rate.value or 0) for _, rate, _ in found) * 20) / 20, 0.8)
    height = 22 * len(found) + 30
    scale = 470 / (1 - low) if low < 1 else 470

    def x(value: float) -> float:
        return round(170 + (value - low) * scale, 1)

    title = "各县市区在线率" if lang is Lang.ZH else "Online rate by county"
    parts = [f'<svg viewBox="0 0 720 {height}" role="img" aria-label="{escape(title)}" font-size="11">']
    for number, (name, rate, goal) in enumerate(found):
        y = 22 * number + 10
        value = float(rate.value or 0)
        colour = "#b00020" if rate.met is False else "#3b6fb6"
        width = max(0.0, x(value) - 170)
        parts.append(f'<text x="164" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="170" y="{y}" width="{width:.1f}" height="15" fill="{colour}"/>')
        label = escape(people_text(rate, sheet.columns[index["online_rate"]].kind, lang, zone=zone))
        parts.append(f'<text x="{x(value) + 4}" y="{y + 12}">{label}</text>')
        if goal is not None:
            at = x(float(goal))
            parts.append(f'<line x1="{at}" x2="{at}" y1="{y - 3}" y2="{y + 18}" stroke="#1b1f24" stroke-width="1.5"/>')
    parts.append("</svg>")
    return "".join(parts)
