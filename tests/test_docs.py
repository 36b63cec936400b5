"""The documents say what the code does: metrics, faults, outcomes, commands and settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from typer.main import get_command

from collectors.base import PROOF_OF
from monitor.adapters.metrics.alerts import AlertCollector, AlertMetrics, ReceiverFigures
from monitor.adapters.metrics.city import CityExposition
from monitor.adapters.metrics.deep import DeepCollector, DeepMetrics
from monitor.adapters.metrics.intake import IntakeCollector, IntakeMetrics
from monitor.adapters.metrics.pictures import PictureCollector, PictureMetrics
from monitor.adapters.metrics.service import Durations, ServiceCollector, ServiceMetrics
from monitor.adapters.metrics.web import WebCollector
from monitor.cli import app
from monitor.domain.fault import FAULTS
from monitor.domain.region import RegionTree

ROOT = Path(__file__).parent.parent


def _table_rows(path: str) -> list[list[str]]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("| `")]


def _service_families() -> dict[str, tuple[str, str, frozenset[str]]]:
    looks = {("onvif", "clean"): 1}
    figures = ServiceMetrics("1", looks, 0, Durations(), Durations(), 0, 0.0, 0.0, 0.0, 0, 0, True, 0.0, True)
    registry = CollectorRegistry()
    registry.register(ServiceCollector(lambda: figures))
    pushed = IntakeMetrics({("mqtt", "taken"): 1}, 0, mqtt_up=True, lanes={("in", "covered"): 1})
    registry.register(IntakeCollector(lambda: pushed))
    told = ReceiverFigures(sent=1, failures=0, waiting=0, is_up=True)
    place = ("parent", "undecided")
    alerts = AlertMetrics(
        {"critical": 1}, {("raised", "critical"): 1}, {place: 1}, {place: 9}, 1, 1, 0, True, {"duty": told}
    )
    registry.register(AlertCollector(lambda: alerts))
    held = {"hik": 0}
    deep = DeepMetrics(looks, 0, Durations(), 0, 0.0, 0, {}, held, (), True, 0)
    registry.register(DeepCollector(lambda: deep))
    pictures = PictureMetrics({"picture": 1}, {"picture_black": 1}, 0, Durations(), 0, 0.0, 0, 0, 0)
    registry.register(PictureCollector(lambda: pictures))
    registry.register(WebCollector(lambda: {"host": 1}))
    found = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        suffix = "_total" if family.type == "counter" else ""
        labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
        found[family.name + suffix] = (family.type, family.documentation, labels)
    return found


def test_every_metric_is_documented_with_its_type_and_labels():
    documented = {row[0].strip("`"): (row[1], row[3]) for row in _table_rows("docs/metrics.md")}
    in_code = {family.name: ("gauge", ", ".join(family.labels)) for family in CityExposition(RegionTree([])).families()}
    for name, (kind, _, labels) in _service_families().items():
        in_code[name] = (kind, ", ".join(sorted(labels)) or "–")

    assert documented == in_code


def test_every_metric_has_a_unit_a_meaning_and_a_promise_and_alerts_ask_what_stays():
    rows = {row[0].strip("`"): row for row in _table_rows("docs/metrics.md")}

    assert all(row[2] and row[4] for row in rows.values())
    assert {row[5] for row in rows.values()} == {"stable", "may change"}
    stable = {name for name, row in rows.items() if row[5] == "stable"}
    rules = (ROOT / "config/prometheus/rules/alerts.yml").read_text(encoding="utf-8")
    asked = rows.keys() & set(re.findall(r"\bvidnet_\w+", rules))
    assert len(asked) > 5
    assert asked <= stable


def test_every_fault_is_documented_as_it_is_in_the_catalogue():
    rows = [row for row in _table_rows("docs/faults.md") if len(row) == 6]
    documented = {row[0].strip("`"): (row[1] == "yes", *row[2:]) for row in rows}
    in_code = {
        code: (fault.counts, fault.text_zh, fault.text_en, fault.first_zh, fault.first_en)
        for code, fault in FAULTS.items()
    }

    assert documented == in_code


def test_every_outcome_is_documented_with_what_it_proves():
    documented = {row[0].strip("`"): row[1] for row in _table_rows("docs/faults.md") if len(row) == 3}

    assert documented == {outcome.value: proof.value for outcome, proof in PROOF_OF.items()}


def test_the_readme_lists_every_command_once_with_all_that_is_below_it():
    rows = [row for row in _table_rows("README.md") if row[0].startswith("`vidnet ")]
    documented = [row[0].strip("`").split()[1] for row in rows]
    commands = get_command(app).commands  # type: ignore[attr-defined]
    below = {name: set(getattr(commands[name], "commands", ())) for name in commands}
    missing = {
        (name, each)
        for name, row in zip(documented, rows, strict=True)
        for each in below[name] - set(re.findall(r"[a-z][a-z-]+", " ".join(row)))
    }

    assert sorted(documented) == sorted(commands)
    assert not missing


def test_links_between_documents_resolve():
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for link in re.findall(r"\]\((?!https?://)([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_the_makefile_has_the_readmes_two_commands():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    for target in ("demo", "test", "check", "bench", "soak"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_alert_rule_has_its_section():
    rules = tomllib.loads((ROOT / "config" / "alerts.toml").read_text(encoding="utf-8"))["rule"]
    headings = set(re.findall(r"^### ([a-z0-9-]+)", (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8"), re.M))

    assert headings == {rule["id"] for rule in rules}
