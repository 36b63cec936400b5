"""Rows of alerts: a round of rates and rules over the whole city, and a fifth of it failing within a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.children import work
from bench.report import Row
from bench.rows_look import Say
from bench.sizes import Sizes

FAILING_SHARE = 5


def alert_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Measure both in a process of their own."""
    failing = sizes.city // FAILING_SHARE
    found = work("alerts", {"folder": str(folder), "devices": sizes.city, "failing": failing})
    say(f"alerts: {found}")
    rows = [
        Row(f"a round of rates and rules, {sizes.city:,} devices", "ms CPU", found["round_ms"], 50, 25, found["rules"]),
        Row(f"{failing:,} devices failing within a minute, grouped", "s", found["group_s"], 2, 1, found["incidents"]),
        Row("memory that this takes beside", "MB", found["group_mb"], 100, 50, "resident, at its peak"),
    ]
    return rows, {"alerts": found}
