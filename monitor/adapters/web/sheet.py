"""Sheets for Chinese Excel, as CSV and as a workbook: no text of a device becomes a formula there."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


def csv_line(cells: Sequence[str]) -> bytes:
    """Give one line; a text that Excel would take for a formula gets an apostrophe before it (OWASP ASVS 1.2.10)."""
    return (",".join(_cell(cell) for cell in cells) + "\r\n").encode()


def workbook(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Give a workbook of one sheet, every cell a text: an id of twenty digits keeps them all."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False}) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(heading) - 1, 18)
        for column, text in enumerate(heading):
            sheet.write_string(0, column, text, bold)
        number = 0
        for number, cells in enumerate(rows, start=1):
            for column, text in enumerate(cells):
                sheet.write_string(number, column, text)
        sheet.autofilter(0, 0, max(1, number), len(heading) - 1)
    return out.getvalue()


def _cell(text: str) -> str:
    if text.startswith(_FORMULA):
        text = "'" + text
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
