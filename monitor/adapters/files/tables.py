"""Tables written as CSV or XLSX, every cell a text: ids of 20 digits survive a spreadsheet only as such."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import xlsxwriter

_RISKY = ("=", "+", "-", "@", "\t")

WriteRow = Callable[[Sequence[str]], object]


class TableFileError(Exception):
    """The file cannot be written; the message says why."""


@contextmanager
def table_file(path: Path) -> Iterator[WriteRow]:
    """Give what writes one row after the other into a file that must not exist yet: XLSX by its name, else CSV.

    Only its owner may read it. A text that a spreadsheet would take for a formula has an apostrophe before it in a CSV,
    which an import takes away again.

    Raises:
        TableFileError: it exists, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if path.suffix.lower() == ".xlsx":
            options = {"constant_memory": True}
            with os.fdopen(descriptor, "wb") as file, xlsxwriter.Workbook(file, options) as book:
                yield _sheet_writer(book)
            return
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as text:
            writer = csv.writer(text)
            yield lambda cells: writer.writerow([f"'{cell}" if cell.startswith(_RISKY) else cell for cell in cells])
    except FileExistsError as error:
        raise TableFileError(f"{path}: 文件已存在，不覆盖 · exists already and is not written over") from error
    except OSError as error:
        raise TableFileError(f"{path}: 不能写入 · cannot be written: {error.strerror}") from error


def _sheet_writer(book: xlsxwriter.Workbook) -> WriteRow:
    sheet = book.add_worksheet()
    text_format = book.add_format({"num_format": "@"})
    line = 0

    def write(cells: Sequence[str]) -> None:
        nonlocal line
        for at, cell in enumerate(cells):
            if cell:
                sheet.write_string(line, at, cell, text_format)
        line += 1

    return write
