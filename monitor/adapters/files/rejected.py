"""Rejected rows as a file of the sheet's own shape with a column of reasons, to be corrected and imported again."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from monitor.services.importing.cells import text_of
from monitor.services.importing.layout import REASON
from monitor.services.importing.sheet import Row

_RISKY = ("=", "+", "-", "@", "\t")


class RejectedFile:
    """Writes rejected rows beside the sheet: CSV for a CSV, XLSX with texts for a workbook.

    Nothing is written before the first row is rejected. Columns that the import does not read stay empty: persons and
    passwords of the sheet are not copied on.

    Args:
        source: the sheet.
        is_workbook: whether the sheet is one.
    """

    def __init__(self, source: Path, *, is_workbook: bool) -> None:
        self.path: Path | None = None
        self._source = source
        self._suffix = ".xlsx" if is_workbook else ".csv"
        self._above: Sequence[Row] = ()
        self._kept: frozenset[int] = frozenset()
        self._write: Callable[[list[str]], None] = lambda cells: None
        self._close: Callable[[], object] = lambda: None

    def begin(self, above: Sequence[Row], *, kept: frozenset[int]) -> None:
        """Take the lines down to the headings, and which columns may be written."""
        self._above, self._kept = above, kept

    def add(self, row: Row, reasons: Sequence[str]) -> None:
        """Write one row with its reasons."""
        width = len(self._above[-1][1])
        if self.path is None:
            self._open()
            for _, cells in self._above[:-1]:
                self._write([text_of(cell) for cell in cells])
            self._write([text_of(cell) for cell in self._above[-1][1]] + [REASON])
        texts = [text_of(cell) if at in self._kept else "" for at, cell in enumerate(row[1][:width])]
        self._write([*texts, *[""] * (width - len(texts)), "; ".join(reasons)])

    def close(self) -> None:
        """Finish the file."""
        self._close()

    def _open(self) -> None:
        self.path = _free(self._source, self._suffix)
        if self._suffix == ".csv":
            file = _private(self.path)
            writer = csv.writer(file)
            self._write, self._close = writer.writerow, file.close
            return
        book = xlsxwriter.Workbook(str(self.path), {"constant_memory": True, "strings_to_numbers": False})
        sheet = book.add_worksheet()
        lines = iter(range(1 << 20))

        def write(cells: list[str]) -> None:
            line = next(lines)
            for at, text in enumerate(cells):
                if text:
                    sheet.write_string(line, at, text)

        self._write, self._close = write, book.close


def written(text: str) -> str:
    """Give a text as a CSV may hold it: a spreadsheet would take one that begins so for a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def _private(path: Path) -> IO[Any]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="")


def _free(source: Path, suffix: str) -> Path:
    """Give a name beside the sheet that no file has: one that is being corrected is not written over."""
    stem = source.stem.partition(".rejected")[0]
    number = 1
    while True:
        name = f"{stem}.rejected{f'-{number}' if number > 1 else ''}{suffix}"
        if not source.with_name(name).exists():
            return source.with_name(name)
        number += 1
