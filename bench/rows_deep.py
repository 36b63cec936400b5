"""Rows: CPU of a deep look without a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.children import free_port, work
from bench.report import Row
from bench.sizes import Sizes


def deep_rows(folder: Path, sizes: Sizes, say: Callable[[str], None]) -> tuple[list[Row], dict[str, Any]]:
    """Look deeply at a simulated city twice, whole journeys."""
    del folder
    found = work("deep", {"devices": sizes.deep, "port": free_port()})
    say(f"deep looks: first {found['first_ms']:.2f} ms, again {found['again_ms']:.2f} ms, logins {found['logins']}")
    note = f"{found['looks']:,} devices, with login, judgement and store; first looks {found['first_ms']:.1f}"
    return [Row("CPU per deep look without a picture", "ms", round(found["again_ms"], 2), 10, 6, note)], {"deep": found}
