"""Alerts over the simulated city without its devices: what the service's rounds cost."""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from monitor.adapters.files.alert_rules import read_alert_rules
from monitor.adapters.files.regions import read_regions
from monitor.adapters.files.targets import read_targets
from monitor.app.wiring import config_folder
from monitor.demo.city import build_city
from monitor.domain.alert import Alert
from monitor.domain.alerting import decide_rule
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Axis, StateChange
from monitor.domain.region import RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState, initial_state
from monitor.services.alert_readings import AlertReadings, Health
from monitor.services.device_index import DeviceIndex
from monitor.services.evaluation import Evaluator
from monitor.services.incident_tracker import IncidentTracker
from monitor.services.live_counts import LiveCounts

ROUNDS = 10
DOWN = 33  # of so many devices one is offline: 3 %, as in a city that meets its target
_DAY_S = 86_400


async def alerts(spec: dict[str, Any]) -> dict[str, Any]:
    """Do rounds over a city in its steady state, then let a fifth of it fail within a minute."""
    at, zone = int(time.time()), ZoneInfo("Asia/Shanghai")
    regions = read_regions(config_folder() / "weifang-regions.csv")
    city = build_city(devices=spec["devices"], seed=7, port=1, regions=regions, at=at - 40 * _DAY_S)
    tree = RegionTree(regions)
    counts = LiveCounts(
        city.devices,
        city.points,
        rules=ServiceRules(tree=tree, zone=zone),
        book=ExemptionBook(city.exemptions),
        at=at,
        states=(_state(device.id, number, at) for number, device in enumerate(city.devices)),
    )
    index = DeviceIndex(tree, counts)
    index.put(city.devices)
    evaluator = Evaluator(tree, read_targets(config_folder() / "targets.toml", zone=zone))
    tracker = IncidentTracker(index, standing=lambda: counts, assessed_in=lambda county: readings.assessed_in(county))
    readings = AlertReadings(lambda: evaluator, counts=lambda: counts, incidents=tracker.incidents, zone=zone)
    tracker.restore([], [], number=0, cursor=0)
    rules = read_alert_rules(config_folder() / "alerts.toml", receivers=[])
    known: dict[str, dict[str, Alert]] = {rule.id: {} for rule in rules}

    def one_round(now: int) -> float:
        began = time.process_time()
        tracker.step(now)
        readings.begin(at=now, health=Health())
        for rule in rules:
            before = known[rule.id]
            decisions = decide_rule(rule, readings.of(rule, before.values()), before, at=now, zone=zone)
            left = [each.alert for each in decisions if each.alert is not None and each.alert.cleared_at is None]
            known[rule.id] = {alert.subject.key: alert for alert in left}
        return time.process_time() - began

    spent = sorted(one_round(at + number * 15) for number in range(ROUNDS))
    fallen = [device.id for device in city.devices[: spec["failing"]]]
    online, offline = Connectivity.ONLINE, Connectivity.OFFLINE
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    tracker.note(
        StateChange(device_id, Axis.CONNECTIVITY, online, offline, at + 300 + seq % 60, Cause.SILENT, seq=seq)
        for seq, device_id in enumerate(fallen, start=1)
    )
    tracker.step(at + 360)
    tracker.step(at + 460)
    group_s = time.process_time() - began
    down = sum(one.incident.down for one in tracker.incidents.by_id.values())
    return {
        "round_ms": round(spent[len(spent) // 2] * 1e3, 1),
        "rules": f"{len(rules)} rules, {len(tree.children(tree.children(None)[0].code))} counties",
        "group_s": round(group_s, 2),
        "group_mb": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024, 1),
        "incidents": f"{len(tracker.incidents.by_id)} incidents with {down:,} devices",
    }


def _state(device_id: str, number: int, at: int) -> DeviceState:
    is_up = number % DOWN != 0
    return replace(
        initial_state(device_id, created_at=0),
        connectivity=Connectivity.ONLINE if is_up else Connectivity.OFFLINE,
        connectivity_since=at - 3_600,
        condition=Condition.INTACT,
        answered_at=at if is_up else at - 3_600,
        interval_s=300,
    )
