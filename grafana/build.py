"""What is built: the files of the boards and of the recording rules, as texts."""

from __future__ import annotations

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana import recording_rules
from grafana.boards import county, faults, health, overview, points
from grafana.words import LANGUAGES, Language

BOARDS = {
    "overview": overview.build,
    "county": county.build,
    "points": points.build,
    "faults": faults.build,
    "health": health.build,
}
BEYOND_THE_SCHEMA = ("placement", "auto", "auto_count", "auto_min", "staticOptions", "staticOptionsOrder")
"""What the builder adds at its default and Grafana 12's schema does not know."""

RULES = "config/prometheus/rules/recording.yml"


def built_files() -> dict[str, str]:
    """Give every built file by its path in the tree."""
    files = {f"grafana/{language}/{name}.json": board_text(name, language) for language in LANGUAGES for name in BOARDS}
    return files | {RULES: recording_rules.text()}


def board_text(name: str, language: Language) -> str:
    """Give one board as the JSON that Grafana reads, with its panels numbered in order."""
    board = json.loads(json.dumps(BOARDS[name](language).build(), cls=JSONEncoder))
    for number, panel in enumerate(board["panels"], start=1):
        panel["id"] = number
    for part in (*board["links"], *board["templating"]["list"]):
        for key in BEYOND_THE_SCHEMA:
            part.pop(key, None)
    return json.dumps(board, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
