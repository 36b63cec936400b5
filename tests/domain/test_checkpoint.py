"""Lanes that are served, and units that are online and silent."""

from __future__ import annotations

import pytest

from monitor.domain.checkpoint import (
    HOUR_S,
    Lane,
    LaneCoverage,
    SilenceRule,
    Tollgate,
    is_silent,
    lane_coverage,
    missing_lanes,
    usual_count,
)
from monitor.domain.state import Connectivity

T0 = 1_795_017_600
DAY_S = 24 * HOUR_S


def test_a_lane_is_covered_by_a_unit_that_is_online():
    lanes = [Lane("t", number, device=device) for number, device in enumerate(["on", "off", "?", "", "stranger"], 1)]
    states = {"on": Connectivity.ONLINE, "off": Connectivity.OFFLINE, "?": Connectivity.UNKNOWN}
    coverage = lane_coverage(lanes, states)

    assert coverage == LaneCoverage(5, 1, 1)
    assert coverage.uncovered == 3


@pytest.mark.parametrize(("says", "listed", "missing"), [(4, 3, 1), (3, 3, 0), (0, 3, 0), (2, 3, 0), (2, 0, 2)])
def test_lanes_that_are_not_listed_are_served_by_nobody(says: int, listed: int, missing: int):
    assert missing_lanes(Tollgate("t", lanes=says), [Lane("t", n) for n in range(listed)]) == missing


def test_what_is_usual_is_that_hour_of_the_day():
    by_day = {T0 - day * DAY_S: 100 + day for day in range(1, 8)}
    nights = {at + 12 * HOUR_S: 2 for at in by_day}
    assert usual_count(by_day | nights, hour_at=T0) == 104
    assert usual_count(by_day | nights, hour_at=T0 + 12 * HOUR_S) == 2


def test_with_few_days_it_is_that_of_all_hours_and_with_fewer_nothing():
    hours = {T0 - hour * HOUR_S: hour for hour in range(1, 25)}
    assert usual_count(hours, hour_at=T0) == 12
    assert usual_count(dict(list(hours.items())[:23]), hour_at=T0) is None
    assert usual_count({}, hour_at=T0) is None


def test_hours_to_come_say_nothing():
    assert usual_count({T0 + hour * HOUR_S: 9 for hour in range(100)}, hour_at=T0) is None


@pytest.mark.parametrize(
    ("count", "usual", "silent"),
    [
        (9, 100, True),
        (10, 100, False),
        (0, 100, True),
        (0, 19, False),
        (0, 20, True),
        (0, None, False),
        (500, 100, False),
    ],
)
def test_silent_is_far_below_what_is_usual(count: int, usual: int | None, silent: bool):
    assert is_silent(count, usual, SilenceRule()) is silent
