"""Rejected rows as a file of the sheet's own shape with a column of reasons, to be corrected and imported again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from monitor.adapters.files.tables import WriteRow, table_file
from monitor.services.importing.cells import text_of
from monitor.services.importing.layout import REASON
from monitor.services.importing.sheet import Row


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
        self._stack = ExitStack()
        self._write: WriteRow = lambda cells: None

    def begin(self, above: Sequence[Row], *, kept: frozenset[int]) -> None:
        """Take the lines down to the headings, and which columns may be written."""
        self._above, self._kept = above, kept

    def add(self, row: Row, reasons: Sequence[str]) -> None:
        """Write one row with its reasons.

        Raises:
            TableFileError: the file cannot be written.
        """
        width = len(self._above[-1][1])
        if self.path is None:
            self.path = _free(self._source, self._suffix)
            self._write = self._stack.enter_context(table_file(self.path))
            for _, cells in self._above[:-1]:
                self._write([text_of(cell) for cell in cells])
            self._write([text_of(cell) for cell in self._above[-1][1]] + [REASON])
        texts = [text_of(cell) if at in self._kept else "" for at, cell in enumerate(row[1][:width])]
        self._write([*texts, *[""] * (width - len(texts)), "; ".join(reasons)])

    def close(self) -> None:
        """Finish the file."""
        self._stack.close()


def _free(source: Path, suffix: str) -> Path:
    """Give a name beside the sheet that no file has: one that is being corrected is not written over."""
    stem = source.stem.partition(".rejected")[0]
    number = 1
    while True:
        path = source.with_name(f"{stem}.rejected{f'-{number}' if number > 1 else ''}{suffix}")
        if not path.exists():
            return path
        number += 1
