"""docs/report.md describes every sheet and every column of a report, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from monitor.services.report_sheets import SHEETS

DOCUMENT = Path(__file__).parent.parent / "docs/report.md"


def test_every_column_is_documented() -> None:
    documented: dict[str, list[tuple[str, str, str]]] = {}
    sheet = ""
    for line in DOCUMENT.read_text(encoding="utf-8").partition("## Columns")[2].splitlines():
        if found := re.match(r"### ([a-z-]+) ·", line):
            sheet = found[1]
        elif line.startswith("| `"):
            code, zh, en, _ = (cell.strip() for cell in line.strip("|").split("|"))
            documented.setdefault(sheet, []).append((code.strip("`"), zh, en))

    in_code = {name: [(each.code, each.zh, each.en) for each in columns] for name, columns in SHEETS.items()}
    assert documented == in_code
