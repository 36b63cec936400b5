"""CSV as Excel and people take it: UTF-8 with a byte order mark, CRLF, and no text that a spreadsheet would run.

A text that begins like a formula (=, +, -, @, tab, carriage return, NUL) gets an apostrophe before it, as spreadsheets
show such cells. Numbers are left alone, and so is what looks like one in a text that holds nothing else.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import tzinfo

from monitor.services.report_table import Kind, Lang, Sheet, machine_rows, people_rows

BOM = "\ufeff"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?%?")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_NUMERIC = {Kind.COUNT, Kind.SHARE, Kind.POINTS, Kind.INSTANT}


def machine_csv(sheet: Sheet, *, zone: tzinfo) -> bytes:
    """Give a sheet's machine twin."""
    kinds = [column.kind for column in sheet.columns if column.machine]
    return csv_bytes(machine_rows(sheet, zone=zone), kinds)


def people_csv(sheet: Sheet, lang: Lang, *, zone: tzinfo) -> bytes:
    """Give a sheet in a language."""
    kinds = [column.kind for column in sheet.columns if column.people]
    return csv_bytes(people_rows(sheet, lang, zone=zone), kinds)


def csv_bytes(rows: Iterable[Sequence[str]], kinds: Sequence[Kind]) -> bytes:
    """Write rows, the first of them the header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    numeric = [kind in _NUMERIC for kind in kinds]
    for row in rows:
        writer.writerow(cell if is_number else guarded(cell) for cell, is_number in zip(row, numeric, strict=True))
    return (BOM + text.getvalue()).encode("utf-8")


def guarded(text: str) -> str:
    """Give a text that no spreadsheet takes for a formula."""
    if text.startswith(_DANGEROUS) and _NUMBER.fullmatch(text) is None:
        return f"'{text}"
    return text
