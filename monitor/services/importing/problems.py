"""Problems of rows: where, what stands there, what was expected; errors keep a row out, warnings don't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.services.importing.sheet import Row

_SHOWN = 80
_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of one row.

    Attributes:
        line: the line of the sheet on which the row begins.
        column: the heading of its column.
        value: what stands there.
        expected: what was expected, in Chinese and English.
        is_error: whether it keeps the row out.
    """

    line: int
    column: str
    value: str
    expected: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{self.line}: {self.column} {self.value[:_SHOWN]!r}: {self.expected}"


class Rejects(Protocol):
    """Where rows go that are kept out, to be corrected and imported again."""

    def begin(self, above: Sequence[Row], *, kept: frozenset[int]) -> None:
        """Take the lines down to the headings; only the columns of `kept` may be written out, from 0."""

    def add(self, row: Row, reasons: Sequence[str]) -> None:
        """Take one row and why it was kept out."""


@dataclass(slots=True)
class Judgement:
    """What is found row by row.

    Attributes:
        rows: rows that hold anything.
        rejected: rows kept out.
        warned: the lines of rows taken with a warning.
        problems: the first of all problems, by line.
        total: how many problems there are.
    """

    rows: int = 0
    rejected: int = 0
    warned: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    total: int = 0

    def take(self, row: Row, found: Sequence[Problem], rejects: Rejects) -> bool:
        """Count a row with its problems, and tell whether it is taken."""
        self.rows += 1
        if not found:
            return True
        self.total += len(found)
        self.problems += found[: max(0, _KEPT - len(self.problems))]
        if not any(problem.is_error for problem in found):
            self.warned.add(row[0])
            return True
        self.rejected += 1
        rejects.add(row, [f"{problem.column} {problem.value!r}: {problem.expected}" for problem in found])
        return False

    def warn(self, found: Problem) -> None:
        """Add a warning about a row that was taken already."""
        self.total += 1
        self.problems += [found] if len(self.problems) < _KEPT else []
        self.warned.add(found.line)
