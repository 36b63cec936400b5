"""Rows of a running service that follows the inventory, and of the questions about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.children import work
from bench.report import Row
from bench.rows_look import Say
from bench.sizes import Sizes


def follow_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Let a service take in one piece of news after the other; nothing is asked of these figures."""
    found = work("follow", {"folder": str(folder), "devices": sizes.city})
    say(f"followed: {found}")
    rows = [
        Row(
            f"taking in: {name}" if name != "imported" else f"taking in: {found['imported_devices']:,} new devices",
            "s of CPU",
            round(found[name]["cpu_s"], 3),
            note=f"{sizes.city:,} devices; the event loop stood still for at most {found[name]['lag_ms']:.0f} ms",
        )
        for name in ("idle", "one exemption", "a county exempt", "one device moved", "imported")
    ]
    rows += [
        Row(f"vidnet {name}", "s", round(found[key]["wall_s"], 2), note="reading included")
        for key, name in (("coverage", "coverage"), ("diff", "inventory diff"))
    ]
    return rows, {"follow": found}
