"""The coverage report agrees with the live counts, and says why a point lacks what it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest

from monitor.domain.coverage import Coverage
from monitor.domain.device import Device, DeviceKind, Lifecycle
from monitor.domain.indicator import Indicator
from monitor.domain.point import Point, PointClass, Ring
from monitor.domain.policy import DAY_S
from monitor.domain.region import RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.domain.state import Connectivity, DeviceState, initial_state
from monitor.domain.target import read_target
from monitor.services.coverage_report import CoverageReport, Why, coverage_report
from monitor.services.evaluation import Evaluator, rolled_up
from tests.domain.past import LONG_AGO, REGIONS, SHANGHAI
from tests.services.test_live_counts import HOUR, RULES, TREE, happen, random_world

T0 = LONG_AGO + 400 * DAY_S
TOWN = "370724100"
TARGETS = [
    read_target(Indicator.NETWORKED, "0.50", effective_on=date(2020, 1, 1), source="x", zone=SHANGHAI),
    read_target(Indicator.CONNECTED, "3", effective_on=date(2020, 1, 1), source="x", zone=SHANGHAI),
]


@pytest.mark.parametrize("seed", range(200, 206))
def test_the_report_agrees_with_the_live_counts(seed: int) -> None:
    random = Random(seed)
    world = random_world(random)
    evaluator = Evaluator(TREE, [])
    for _ in range(15):
        world.go_on(random.choice([1, HOUR, 3 * DAY_S]))
        happen(random, world)
        report = coverage_report(
            world.points, world.devices, world.states, evaluator=evaluator, rules=RULES, at=world.at, region="3707"
        )
        summed = rolled_up(TREE, world.counts.coverage())
        for region, lines in ((report.region, report.lines), *report.parts):
            for line in lines:
                point_class = line.scope.point_class
                if point_class is not None:
                    coverage = summed.get((region.code, point_class), Coverage())
                    networked = line.indicator is Indicator.NETWORKED
                    assert line.figure.rate == (coverage.networked_rate if networked else coverage.effective_rate)
        connected = evaluator.connected_by_region(world.counts.connected())
        assert _one(report, Indicator.CONNECTED) == (connected["3707"], 0)
        whole = sum((part for (code, _), part in summed.items() if code == "3707"), Coverage())
        assert len(report.lacking) >= whole.required - min(whole.networked, whole.covered)
        assert all(each.now != "covered" or not each.networked for each in report.lacking)


def _one(report: CoverageReport, indicator: Indicator) -> tuple[int, int]:
    [rate] = [line.figure.rate for line in report.lines if line.indicator is indicator and not line.scope.point_class]
    return rate.numerator, rate.denominator


def point(point_id: str, **fields: object) -> Point:
    return replace(Point(point_id, TOWN, PointClass.FIRST), **fields)


def device(device_id: str, at_point: str, **fields: object) -> Device:
    return replace(
        Device(device_id, DeviceKind.CAMERA, PointClass.FIRST, TOWN, Lifecycle(LONG_AGO), at_point), **fields
    )


def state(device_id: str, **fields: object) -> DeviceState:
    return replace(initial_state(device_id, created_at=LONG_AGO), **fields)


def report_of(points: list[Point], devices: list[Device], states: list[DeviceState]) -> CoverageReport:
    tree = RegionTree(REGIONS)
    return coverage_report(
        points,
        devices,
        {each.device_id: each for each in states},
        evaluator=Evaluator(tree, TARGETS),
        rules=ServiceRules(tree, SHANGHAI),
        at=T0,
    )


def test_every_lacking_point_has_its_reason() -> None:
    online = {"connectivity": Connectivity.ONLINE, "connectivity_since": T0 - 60}
    offline = {"connectivity": Connectivity.OFFLINE, "connectivity_since": T0 - 60}
    report = report_of(
        [
            point("empty"),
            point("wrong", required_kinds=("checkpoint",)),
            point("gone"),
            point("never"),
            point("lately", ring=Ring.CITY, site_kind="road"),
            point("long"),
            point("few", count=2),
            point("good"),
            point("third", point_class=PointClass.THIRD),
        ],
        [
            device("w", "wrong"),
            device("g", "gone", lifecycle=Lifecycle(LONG_AGO, retired_at=T0 - 1)),
            device("n", "never"),
            device("l1", "lately"),
            device("l2", "lately"),
            device("o", "long"),
            device("f", "few"),
            device("f2", "few"),
            device("k", "good"),
        ],
        [
            state("w", **online),
            state("g", **online),
            state("l1", **offline, last_online_until=T0 - 500),
            state("l2", **offline, last_online_until=T0 - 100),
            state("o", **offline, last_online_until=T0 - 40 * DAY_S),
            state("f", **online),
            state("f2", **offline),
            state("k", **online),
        ],
    )
    found = {each.point.id: (each.why, each.networked, each.now, each.last_seen_at) for each in report.lacking}
    assert found == {
        "empty": (Why.NO_DEVICE, False, "uncovered", None),
        "wrong": (Why.NO_DEVICE, False, "uncovered", None),
        "gone": (Why.NO_DEVICE, False, "uncovered", None),
        "never": (Why.NEVER_SEEN, False, "unknown", None),
        "lately": (Why.LAST_SEEN, True, "uncovered", T0 - 100),
        "long": (Why.LAST_SEEN, False, "uncovered", T0 - 40 * DAY_S),
        "few": (Why.TOO_FEW, False, "uncovered", T0),
    }
    figures = {(line.indicator, line.scope.ring, line.scope.site_kind): line.figure for line in report.lines}
    assert figures[Indicator.NETWORKED, Ring.CITY, None].rate.numerator == 1
    assert figures[Indicator.EFFECTIVE, None, "road"].rate.numerator == 0
    first = next(line.figure for line in report.lines if line.scope.point_class is PointClass.FIRST)
    assert (first.rate.numerator, first.rate.denominator, first.short) == (2, 8, 2)
    connected = figures[Indicator.CONNECTED, None, None]
    assert (connected.rate.numerator, connected.rate.denominator, connected.short) == (5, 3, 0)
