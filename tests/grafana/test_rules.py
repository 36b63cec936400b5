"""The rules before Prometheus' own judge, the routes before a living Alertmanager."""

from __future__ import annotations

import re
import subprocess
import time
import tomllib
from pathlib import Path

import yaml

from tests.grafana.boards import ALERTS, RECORDING, ROOT
from tests.grafana.servers import alertmanager, ask, tell
from tests.programs import need_program

CONFIG = ROOT / "config"
BEYOND_PROMETHEUS = {
    "first-class-dark": "needs each point's state; VidnetDeviceDown is nearest, where devices have series",
    "exemption-over": "exemptions are not in the metrics",
    "week-county": "weeks are counted in seconds from the facts",
    "disk": "Prometheus' node exporter knows the disk",
    "outbox": "the built-in notifier's own",
}
BEYOND_THE_MONITOR = {"VidnetAbsent": "who is gone cannot say so", "VidnetUplinkDown": "", "VidnetDeviceDown": ""}


def promtool(*arguments: str) -> str:
    done = subprocess.run([need_program("promtool", package="prometheus"), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_pass_every_check():
    assert promtool("check", "rules", "--lint=all", "--lint-fatal", str(RECORDING), str(ALERTS)).count("SUCCESS") == 2
    assert "valid" in promtool("check", "config", "--syntax-only", str(CONFIG / "prometheus" / "prometheus.yml"))


def test_the_rules_raise_hold_and_clear():
    assert "SUCCESS" in promtool("test", "rules", str(CONFIG / "prometheus" / "tests" / "rules.yml"))


def _rules() -> dict[str, dict[str, object]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def test_the_rules_mean_what_the_built_in_ones_of_the_same_name_mean():
    built_in = {rule["id"]: rule for rule in tomllib.loads((CONFIG / "alerts.toml").read_text("utf-8"))["rule"]}
    rules = _rules()
    names = {f"Vidnet{''.join(part.title() for part in each.split('-'))}": each for each in built_in}
    names = {name.replace("24H", "24h").replace("72H", "72h"): each for name, each in names.items()}

    assert set(rules) - set(names) == set(BEYOND_THE_MONITOR)
    assert {each for name, each in names.items() if name not in rules} == set(BEYOND_PROMETHEUS)
    for name, each in names.items():
        if name not in rules:
            continue
        rule, mine = rules[name], built_in[each]
        expr = str(rule["expr"])
        assert rule["labels"] == {"severity": mine["severity"]}, name
        if "sustained_s" in mine:
            assert seconds(str(rule["for"])) == mine["sustained_s"], name
        if mine.get("threshold") == "target":
            assert f'indicator="{mine["measure"]}"' in expr, name
        elif mine["measure"] in ("measured", "drop", "queue", "collector"):
            assert re.search(rf"[<>] {re.escape(mine['threshold'])}\b", expr), name
        if "min_denominator" in mine:
            assert f">= {mine['min_denominator']}" in expr, name
        if mine.get("margin") and mine["measure"] in ("online", "intact", "networked", "measured"):
            assert "+ 0.005" in expr or "<= 0.955" in expr, name


def seconds(text: str) -> int:
    """Read a duration of Prometheus."""
    units = {"s": 1, "m": 60, "h": 3_600}
    return int(text[:-1]) * units[text[-1]]


def _alert(name: str, **labels: str) -> dict[str, object]:
    return {"labels": {"alertname": name, **labels}, "annotations": {"summary": "x"}}


def test_a_root_cause_silences_what_follows_from_it_and_nobody_else(tmp_path: Path):
    config = (CONFIG / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    with alertmanager(tmp_path, config) as address:
        alerts = [
            _alert("VidnetUplinkDown", uplink="sg-olt-3", county="370783", severity="critical"),
            _alert("VidnetDeviceDown", uplink="sg-olt-3", county="370783", device="behind", severity="warning"),
            _alert("VidnetDeviceDown", uplink="aq-olt-1", county="370784", device="elsewhere", severity="warning"),
            # Neither this device nor that uplink's alert has the label: missing must not equal missing.
            _alert("VidnetUplinkDown", county="370782", severity="critical"),
            _alert("VidnetDeviceDown", county="370784", device="without", severity="warning"),
        ]
        tell(address, "/api/v2/alerts", alerts)
        assert _inhibited(address, "behind")
        assert not _inhibited(address, "elsewhere")
        assert not _inhibited(address, "without")

        # One message a county and severity, however many towns and devices are in it.
        groups = ask(address, "/api/v2/alerts/groups", receiver="duty")
        by_county = {
            each["labels"]["county"]: len(each["alerts"]) for each in groups if "warning" in str(each["labels"])
        }
        assert by_county == {"370783": 1, "370784": 2}

        tell(address, "/api/v2/alerts", [_alert("VidnetOnlineCounty", county="370783", device="rate")])
        assert not _inhibited(address, "rate")
        tell(address, "/api/v2/alerts", [_alert("VidnetCollectorStale", severity="critical")])
        assert _inhibited(address, "rate")


def _inhibited(address: str, device: str) -> bool:
    """Tell whether Alertmanager holds a device's alert back for another; it decides a moment after it is told."""
    status = {"state": "unprocessed", "inhibitedBy": []}
    until = time.monotonic() + 3
    while time.monotonic() < until and not status["inhibitedBy"]:
        (alert,) = ask(address, "/api/v2/alerts", filter=f'device="{device}"')
        status = alert["status"]
        time.sleep(0.1)
    return bool(status["inhibitedBy"])
