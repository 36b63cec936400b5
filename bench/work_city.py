"""Building the city's database apart, so that nothing of it stays in the process that measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.town import build


async def prepare(spec: dict[str, Any]) -> dict[str, Any]:
    """Build a city in a folder that has its settings already."""
    await build(Path(spec["folder"]), devices=spec["devices"], port=spec["port"])
    return {}
