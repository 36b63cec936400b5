"""The boards by themselves: built from the code, equal in both languages, kind to their readers, valid."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import msgspec
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import BEYOND_THE_SCHEMA, BOARDS, built_files
from grafana.runbook import FIRST_STEPS
from monitor.adapters.web.devices import DevicesQuery
from tests.grafana.boards import ALERTS, FILES, RECORDING, ROOT, load, panels, queries
from tests.programs import need_program

BOARD = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
UNITS_FREE = {"text", "table"}
"""A page of text has no unit; a table's columns have their own."""


def test_what_is_committed_is_what_the_builder_builds():
    built = built_files()

    assert {(ROOT / name).read_text(encoding="utf-8") == text for name, text in built.items()} == {True}
    assert {str(path.relative_to(ROOT)) for path in FILES} | {"config/prometheus/rules/recording.yml"} == set(built)


def test_chinese_and_english_ask_the_same_questions():
    for name in BOARDS:
        zh, en = (load(ROOT / "grafana" / language / f"{name}.json") for language in ("zh", "en"))
        assert [query[1:] for query in queries(zh)] == [query[1:] for query in queries(en)]
        assert [panel["gridPos"] for panel in zh["panels"]] == [panel["gridPos"] for panel in en["panels"]]
        assert zh["title"] != en["title"]


def test_english_boards_hold_no_chinese():
    for path in FILES:
        if path.parent.name == "en":
            assert re.search(r"[\u4e00-\u9fff]", path.read_text(encoding="utf-8")) is None, path


@BOARD
def test_a_board_is_kind_to_its_readers(path: Path):
    board = load(path)

    assert board["uid"] == f"vidnet-{path.stem}-{path.parent.name}"
    assert board["timezone"] == "Asia/Shanghai"
    assert board["editable"] is False
    assert board["schemaVersion"] >= 39
    assert board["refresh"]
    for panel in panels(board):
        assert panel["title"], panel
        assert panel["description"], panel["title"]
        if panel["type"] not in UNITS_FREE:
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        if panel["type"] != "text":
            assert panel["targets"], panel["title"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


@BOARD
def test_colours_can_be_told_apart_by_everybody(path: Path):
    colours = re.findall(r'"(?:fixedColor|color)": "([^"]+)"', path.read_text(encoding="utf-8"))

    assert set(colours) <= {"blue", "orange", "text"}


def test_the_overview_can_be_read_from_afar():
    for language in ("zh", "en"):
        for panel in panels(load(ROOT / "grafana" / language / "overview.json")):
            # The texts of a table have no size to set, nor have the axes of a trend, which is the one panel without.
            assert panel["type"] in ("stat", "bargauge", "timeseries"), panel["title"]
            if panel["type"] != "timeseries":
                sizes = panel["options"]["text"]
                assert min(sizes["titleSize"], sizes["valueSize"]) >= 16, panel["title"]


@BOARD
def test_bars_begin_at_nothing_and_shares_end_at_all(path: Path):
    for panel in panels(load(path)):
        if panel["type"] == "bargauge":
            defaults = panel["fieldConfig"]["defaults"]
            assert defaults["min"] == 0, panel["title"]
            assert (defaults.get("max") == 1) == (defaults["unit"] == "percentunit"), panel["title"]


@BOARD
def test_links_and_variables_resolve(path: Path):
    board = load(path)
    text = path.read_text(encoding="utf-8")
    variables = {variable["name"] for variable in board["templating"]["list"]}
    uids = {load(each)["uid"]: load(each) for each in FILES}

    for uid, arguments in re.findall(r"/d/([a-z-]+)\?([^\"]*)", text):
        assert uid in uids
        assert uid.endswith(path.parent.name)
        there = {variable["name"] for variable in uids[uid]["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", arguments)) <= there
    used = {name for _, expr, _ in queries(board) for name in re.findall(r"\$\{?(\w+)", expr)}
    assert used - {"__rate_interval"} <= variables


def test_links_to_the_pages_lists_of_devices_ask_what_the_page_understands():
    found = set()
    for path in FILES:
        for query in re.findall(r"\$\{page:raw\}/#/devices\?([^\"\\)]+)", path.read_text(encoding="utf-8")):
            found |= {part.partition("=")[::2] for part in query.split("&")}

    assert {name for name, _ in found} == {"region", "connectivity", "condition", "point_class", "fault", "sort"}
    for name, text in found:
        if "$" not in text:
            msgspec.convert({name: text}, DevicesQuery)


@BOARD
def test_rates_over_counters_use_the_interval_of_the_panel(path: Path):
    for title, expr, instant in queries(load(path)):
        if "rate(" in expr:
            assert "$__rate_interval" in expr, title
        assert not re.search(r"\b0\.95\b", expr), f"{title}: a target is data"
        assert not ("increase(" in expr and not instant), title


def test_every_metric_on_a_board_or_in_a_rule_is_documented_or_recorded():
    documented = set(re.findall(r"^\| `(vidnet_\w+)`", (ROOT / "docs/metrics.md").read_text(encoding="utf-8"), re.M))
    recorded = {rule["record"] for group in yaml.safe_load(RECORDING.read_text())["groups"] for rule in group["rules"]}
    others = {"process_resident_memory_bytes"}
    texts = [expr for path in FILES for _, expr, _ in queries(load(path))]
    for file in (RECORDING, ALERTS):
        texts += [rule["expr"] for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]

    for text in texts:
        bare = re.sub(r'"[^"]*"', "", text)
        for name in re.findall(r"\b(?:\w+:)?vidnet_\w+(?::\w+)?|\bprocess_\w+", bare):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in documented | recorded | others or base in documented, f"{name} in {text}"


def test_a_board_survives_the_builders_own_types():
    for path in FILES:
        board = load(path)
        again = json.loads(json.dumps(Dashboard.from_json(load(path)), cls=JSONEncoder))
        for part in (*again["links"], *again["templating"]["list"]):
            for key in BEYOND_THE_SCHEMA:
                part.pop(key, None)
        assert again == board, path


def test_boards_are_valid_against_the_official_schema():
    node = need_program("node", package="nodejs")
    done = subprocess.run(
        [node, str(Path(__file__).with_name("schema.mjs")), *map(str, FILES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["valid"] * len(FILES) + ["spoiled:", "refused"]


def test_every_alert_has_its_words_and_its_page_in_the_runbook():
    rules = [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]

    assert [rule["alert"] for rule in rules] == list(FIRST_STEPS)
    for rule in rules:
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url", "dashboard_url"}
        assert " · " in rule["annotations"]["summary"]
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        uid = re.search(r"/d/([a-z-]+)", rule["annotations"]["dashboard_url"])
        assert uid is not None
        assert uid[1] in {load(path)["uid"] for path in FILES}
