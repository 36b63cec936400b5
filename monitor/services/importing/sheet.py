"""What a sheet is to the import: its head, then its rows, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

Cell = str | float | int | bool | None
"""A cell as the file holds it; a day or an instant comes as its ISO text."""


class SheetError(Exception):
    """A sheet that cannot be used as a whole; the message has a line for each problem. Nothing of it is imported."""


@dataclass(frozen=True, slots=True)
class SheetHead:
    """What is known of a sheet before its rows.

    Attributes:
        name: the file's name, for messages.
        sha256: the file's, in hexadecimal.
        format: csv, xlsx or xls.
        encoding: of a CSV.
        sheet: name of the worksheet, "" for a CSV.
        total: the measure of all rows for a progress bar: lines, or bytes of a CSV.
        merged: merged cells as (top line, left column, bottom line, right column); columns from 0.
        formulas: cells that hold a formula, as (line, column).
    """

    name: str
    sha256: str
    format: str
    encoding: str = ""
    sheet: str = ""
    total: int = 0
    merged: Sequence[tuple[int, int, int, int]] = ()
    formulas: Sequence[tuple[int, int]] = ()


Row = tuple[int, Sequence[Cell]]
"""The line on which a row begins, and its cells."""


class Sheet(Protocol):
    """A sheet that is being read."""

    @property
    def head(self) -> SheetHead:
        """Give what is known before the rows."""

    def rows(self) -> Iterator[Row]:
        """Give the rows once, in order, headings among them.

        Raises:
            SheetError: the file cannot be read to its end.
        """
