"""What is asked of each row (issue A2), what was measured, and how both are shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        name: what was measured.
        unit: of all three figures.
        measured: what came out; None where it could not be measured.
        must: the most that it may be; None where nothing is asked.
        aim: what it should be.
        note: how it came about, and figures beside it.
    """

    name: str
    unit: str
    measured: float | None
    must: float | None = None
    aim: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Give ✔✔ where the aim is reached, ✔ where only the must is, ✘ where not; a dash where nothing is asked."""
        if self.must is None:
            return "–" if self.measured is not None else "✘"
        if self.measured is None or self.measured > self.must:
            return "✘"
        return "✔✔" if self.aim is not None and self.measured <= self.aim else "✔"


def show(console: Console, rows: Sequence[Row], machine: Mapping[str, Any], *, quick: bool) -> None:
    """Print the table, the machine it is of, and what a quick run is not."""
    table = Table("", "must", "aim", "measured", "", "how", title="vidnet bench", title_justify="left")
    for column in (1, 2, 3):
        table.columns[column].justify = "right"
        table.columns[column].no_wrap = True
    for row in rows:
        name = f"{row.name} [{row.unit}]".replace("[", r"\[")
        table.add_row(name, _text(row.must), _text(row.aim), _text(row.measured), row.verdict, row.note)
    console.print(table)
    console.print(" · ".join(f"{name} {value}" for name, value in machine.items()), highlight=False)
    if quick:
        console.print("--quick: small numbers, only to see that it works; no figure of it counts")


def write(
    path: Path, rows: Sequence[Row], details: Mapping[str, Any], machine: Mapping[str, Any], *, quick: bool
) -> None:
    """Write rows, raw figures and machine as JSON."""
    content = {
        "quick": quick,
        "machine": dict(machine),
        "rows": [{**asdict(row), "verdict": row.verdict} for row in rows],
        "details": dict(details),
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _text(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}" if abs(value) < 1 else f"{value:,.1f}"
