"""The rules of Grafana's dashboard-linter, held by small checks of our own: that program is not to be had here.

Its names are kept, so that whoever runs it elsewhere finds each rule, or why it does not hold.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana.boards import FILES, load, panels, substituted
from tests.programs import need_program

Board = dict[str, Any]
Rule = Callable[[Board], Iterator[str]]

EXCLUDED = {
    "template-job": "what the rules record has no job, and the names of vidnet's series are its own",
    "template-instance": "a city has one exporter",
    "target-job": "as template-job",
    "target-instance": "as template-instance",
    "target-logql": "no panel asks Loki",
    "target-logql-auto": "no panel asks Loki",
}
FIXED_WINDOW = {"How looks end", "How logins end"}
"""Shares of what ended in 15 minutes, which their descriptions say; a step's worth of looks would say little."""


def template_datasource(board: Board) -> Iterator[str]:
    """One variable chooses the data source, whatever a site calls it."""
    found = [each for each in board["templating"]["list"] if each["type"] == "datasource"]
    if [(each["name"], each["query"]) for each in found] != [("datasource", "prometheus")]:
        yield f"{found}"


def template_label_promql(board: Board) -> Iterator[str]:
    """Variables ask what Prometheus can parse."""
    for each in _queried(board):
        asked = re.fullmatch(r"query_result\((.+)\)|label_values\((\w+), \w+\)", each["query"])
        if asked is None or not _parses(substituted(asked[1] or asked[2], county="370702")):
            yield each["query"]


def template_on_time_change_reload(board: Board) -> Iterator[str]:
    """Variables follow the time range: a county that came later can be chosen."""
    return (each["name"] for each in _queried(board) if each["refresh"] != 2)


def panel_datasource(board: Board) -> Iterator[str]:
    """Every panel asks the source that is chosen."""
    for panel in _asking(board):
        for part in (panel, *panel["targets"]):
            if part["datasource"]["uid"] != "${datasource}":
                yield panel["title"]


def panel_title_description(board: Board) -> Iterator[str]:
    """Every panel says what it shows."""
    return (f"{panel['id']}" for panel in panels(board) if not (panel["title"] and panel["description"]))


def panel_units(board: Board) -> Iterator[str]:
    """Every number has a unit; in a table its column has."""
    for panel in _asking(board):
        units = [panel["fieldConfig"]["defaults"].get("unit")]
        if panel["type"] == "table":
            properties = [each for override in panel["fieldConfig"]["overrides"] for each in override["properties"]]
            units = [each["value"] for each in properties if each["id"] == "unit"]
        if not units or not all(units):
            yield panel["title"]


def panel_no_targets(board: Board) -> Iterator[str]:
    """Every panel asks something."""
    return (panel["title"] for panel in _asking(board) if not panel["targets"])


def target_promql(board: Board) -> Iterator[str]:
    """Prometheus can parse every query."""
    exprs = [target["expr"] for panel in _asking(board) for target in panel["targets"]]
    if not _parses(*(substituted(expr, county="370702") for expr in exprs)):
        yield from exprs


def target_rate_interval(board: Board) -> Iterator[str]:
    """Rates are over a window that grows with the step."""
    for panel in _asking(board):
        for target in panel["targets"]:
            windows = set(re.findall(r"\[([^\]]+)\]", target["expr"]))
            if windows - {"$__rate_interval"} and not (panel["title"] in FIXED_WINDOW and windows == {"15m"}):
                yield f"{panel['title']}: {target['expr']}"


def target_counter_agg(board: Board) -> Iterator[str]:
    """A counter is nothing to look at: only its rate or increase is."""
    for panel in _asking(board):
        for target in panel["targets"]:
            for found in re.finditer(r"\bvidnet_\w+_(?:total|bucket|count|sum)\b", target["expr"]):
                if not re.search(r"(?:rate|increase)\($", target["expr"][: found.start()]):
                    yield f"{panel['title']}: {found[0]}"


def uneditable_dashboard(board: Board) -> Iterator[str]:
    """What comes from files is not edited in Grafana."""
    if board["editable"]:
        yield board["title"]


RULES: dict[str, Rule] = {
    each.__name__.replace("_", "-"): each
    for each in (
        *(template_datasource, template_label_promql, template_on_time_change_reload),
        *(panel_datasource, panel_title_description, panel_units, panel_no_targets),
        *(target_promql, target_rate_interval, target_counter_agg, uneditable_dashboard),
    )
}
ENGLISH = [path for path in FILES if path.parent.name == "en"]
"""The Chinese boards ask the same (test_boards)."""


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", RULES)
def test_a_board_keeps_a_rule_of_the_linter(name: str, path: Path):
    assert list(RULES[name](load(path))) == []


def test_every_rule_of_the_linter_is_held_or_excluded_for_a_reason():
    names = """
        template-datasource template-job template-instance template-label-promql template-on-time-change-reload
        panel-datasource panel-title-description panel-units panel-no-targets target-promql target-logql
        target-logql-auto target-rate-interval target-job target-instance target-counter-agg uneditable-dashboard
    """
    assert sorted((*RULES, *EXCLUDED)) == sorted(names.split())
    assert all(EXCLUDED.values())


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("target-promql", lambda target: target.update(expr="sum by (county (up)")),
        ("target-rate-interval", lambda target: target.update(expr="rate(vidnet_looks_total[1m])")),
        ("target-counter-agg", lambda target: target.update(expr="sum(vidnet_looks_total)")),
        ("panel-datasource", lambda target: target.update(datasource={"type": "prometheus", "uid": "mine"})),
    ],
)
def test_a_spoiled_board_is_found(name: str, spoil: Callable[[dict[str, Any]], None]):
    board = load(ENGLISH[0])
    spoil(next(_asking(board))["targets"][0])
    assert list(RULES[name](board))


def _asking(board: Board) -> Iterator[dict[str, Any]]:
    """Give the panels that show data: no rows and no pages of text."""
    return (panel for panel in panels(board) if panel["type"] != "text")


def _queried(board: Board) -> Iterator[dict[str, Any]]:
    return (each for each in board["templating"]["list"] if each["type"] == "query")


def _parses(*exprs: str) -> bool:
    """Tell whether Prometheus can parse all of them, as rules that would record them."""
    rules = [{"record": f"lint:panel_{number}:any", "expr": expr} for number, expr in enumerate(exprs)]
    text = yaml.safe_dump({"groups": [{"name": "lint", "rules": rules}]})
    promtool = need_program("promtool", package="prometheus")
    command = [promtool, "check", "rules", "--lint=none", "/dev/stdin"]
    return subprocess.run(command, input=text, text=True, capture_output=True, check=False).returncode == 0
