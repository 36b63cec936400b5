"""The report as one XLSX: every sheet, ids as text, verdicts coloured and marked, a chart of the counties.

Equal sheets give equal bytes: the dates inside are fixed.
"""

from __future__ import annotations

import io
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from monitor.services.report_table import (
    Cell,
    Digits,
    Kind,
    Lang,
    Share,
    Sheet,
    Word,
    heading,
    in_language,
    people_text,
)

MADE_AT = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed date, so that equal reports are equal files
_FONT = "Microsoft YaHei"
_LONGEST_NAME = 31
_MISSED, _MET = {"bg_color": "#FCE4E4", "font_color": "#9C0006"}, {"bg_color": "#E3F4E3", "font_color": "#1E5E1E"}
_WIDTHS = {Kind.INSTANT: 19, Kind.ID: 22, Kind.TEXT: 22, Kind.WORD: 14, Kind.COUNT: 13, Kind.SHARE: 11, Kind.POINTS: 11}


def workbook_bytes(sheets: list[Sheet], lang: Lang, *, zone: tzinfo, title: str) -> bytes:
    """Give the workbook of all sheets that people read."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"title": title, "author": "vidnet", "created": MADE_AT})
    formats = _Formats(book)
    summaries: list[tuple[Worksheet, Sheet]] = []
    for sheet in sheets:
        if sheet.people:
            name = in_language(sheet.zh, sheet.en, lang)[:_LONGEST_NAME]
            page = book.add_worksheet(name)
            _fill(page, sheet, lang, zone=zone, formats=formats)
            if sheet.name == "summary":
                summaries.append((page, sheet))
    for page, sheet in summaries:
        _add_chart(book, page, sheet, lang=lang)
    book.close()
    return file.getvalue()


class _Formats:
    """The formats of cells, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._found: dict[tuple[Any, ...], Format] = {}

    def of(self, number: str = "General", *, met: bool | None = None, bold: bool = False) -> Format:
        """Give the format of a number format, a verdict, and whether it is a heading."""
        key = number, met, bold
        if key not in self._found:
            look: dict[str, Any] = {"font_name": _FONT, "font_size": 10, "num_format": number}
            if met is not None:
                look |= _MET if met else _MISSED
            if bold:
                look |= {"bold": True, "bg_color": "#EDEFF2", "text_wrap": True, "valign": "vcenter", "bottom": 1}
            self._found[key] = self._book.add_format(look)
        return self._found[key]


def _fill(page: Worksheet, sheet: Sheet, lang: Lang, *, zone: tzinfo, formats: _Formats) -> None:
    chosen = [number for number, column in enumerate(sheet.columns) if column.people]
    page.freeze_panes(1, 2)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for place, number in enumerate(chosen):
        column = sheet.columns[number]
        page.set_column(place, place, _WIDTHS[column.kind])
        page.write_string(0, place, heading(column, lang), formats.of(bold=True))
    if sheet.rows:
        page.autofilter(0, 0, len(sheet.rows), len(chosen) - 1)
    for line, row in enumerate(sheet.rows, start=1):
        for place, number in enumerate(chosen):
            _write(page, line, place, row[number], sheet.columns[number].kind, lang, zone=zone, formats=formats)


def _write(
    page: Worksheet, line: int, place: int, cell: Cell, kind: Kind, lang: Lang, *, zone: tzinfo, formats: _Formats
) -> None:
    if isinstance(cell, str):
        if cell:
            page.write_string(line, place, cell, formats.of("@" if kind is Kind.ID else "General"))
        return
    if isinstance(cell, int) and kind is Kind.COUNT:
        page.write_number(line, place, cell, formats.of("#,##0"))
        return
    text = people_text(cell, kind, lang, zone=zone)
    if isinstance(cell, Share) and cell.value is not None:
        # As many decimals as the print has: a rounded 95.00 % may not hide a missed 94.999 %.
        decimals = len(text.rstrip("%").partition(".")[2])
        number = f"0.{'0' * decimals}%"
        page.write_number(line, place, float(cell.value), formats.of(number, met=cell.met))
    elif isinstance(cell, Fraction):
        page.write_number(line, place, float(cell * 100), formats.of("+0.00;-0.00;0.00"))
    elif isinstance(cell, Word):
        met = {"met": True, "missed": False}.get(cell.code)
        page.write_string(line, place, text, formats.of(met=met))
    elif text or isinstance(cell, Digits):
        page.write_string(line, place, text, formats.of("@" if kind is Kind.ID else "General"))


def _add_chart(book: Workbook, page: Worksheet, sheet: Sheet, *, lang: Lang) -> None:
    """Add the counties' online rates as columns beside their target."""
    columns = [column for column in sheet.columns if column.people]
    place = {column.code: number for number, column in enumerate(columns)}
    index = {column.code: number for number, column in enumerate(sheet.columns)}

    def is_county(row: Any) -> bool:
        codes = ("level", "point_class", "device_kind", "organisation")
        words = [row[index[code]] for code in codes]
        return [word.code if isinstance(word, Word) else word for word in words] == ["county", "any", "any", "any"]

    lines = [line for line, row in enumerate(sheet.rows, start=1) if is_county(row)]
    if not lines:
        return
    data = book.add_worksheet(in_language("图表数据", "Chart data", lang))
    data.hide()
    for target, line in enumerate(lines):
        row = sheet.rows[line - 1]
        for column, code in enumerate(("region_name", "online_rate", "target_online")):
            cell = row[index[code]]
            if isinstance(cell, Share):
                if cell.value is not None:
                    data.write_number(target, column, float(cell.value))
            elif isinstance(cell, Word):
                data.write_string(target, column, in_language(cell.zh, cell.en, lang))
    chart = book.add_chart({"type": "column"})
    last = len(lines) - 1
    chart.add_series(
        {
            "name": in_language("在线率", "online rate", lang),
            "categories": [data.get_name(), 0, 0, last, 0],
            "values": [data.get_name(), 0, 1, last, 1],
            "fill": {"color": "#3B6FB6"},
        }
    )
    line_chart = book.add_chart({"type": "line"})
    line_chart.add_series(
        {
            "name": in_language("目标", "target", lang),
            "categories": [data.get_name(), 0, 0, last, 0],
            "values": [data.get_name(), 0, 2, last, 2],
            "line": {"color": "#B00020", "dash_type": "dash"},
        }
    )
    chart.combine(line_chart)
    chart.set_title({"name": in_language("各县市区在线率", "Online rate by county", lang)})
    chart.set_y_axis({"num_format": "0%", "max": 1})
    chart.set_size({"width": 900, "height": 380})
    page.insert_chart(len(sheet.rows) + 2, place["region_name"], chart)
