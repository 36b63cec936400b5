"""The committed boards as the tests read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "grafana").glob("??/*.json"))
ALERTS = ROOT / "config" / "prometheus" / "rules" / "alerts.yml"
RECORDING = ROOT / "config" / "prometheus" / "rules" / "recording.yml"


def load(path: Path) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return board


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the panels that show something: no rows."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def queries(board: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Give (panel's title, query, whether it is of one instant) of every panel."""
    return [
        (panel["title"], target["expr"], bool(target.get("instant")))
        for panel in panels(board)
        for target in panel.get("targets", ())
    ]


def substituted(expr: str, **values: str) -> str:
    """Put values in place of variables, as Grafana does."""
    known = {"__rate_interval": "2m", "class": ".*", "town": ".*", **values}
    found = re.sub(r"\$\{?(\w+)\}?", lambda match: known[match[1]], expr)
    assert "$" not in found
    return found
