from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.coverage import (
    Coverage,
    PointCounts,
    Presence,
    community_rates,
    coverage_of,
    is_networked,
    is_required,
    networked_communities,
    online_within,
    point_counts_at,
    presence,
    suits,
    was_connected,
)
from monitor.domain.device import DeviceKind
from monitor.domain.point import Point, PointClass, PointStatus
from monitor.domain.rate import Rate
from monitor.domain.region import RegionTree
from monitor.domain.spans import FROM_EVER
from monitor.domain.state import Connectivity, initial_state
from tests.domain.past import DAY, END, HOUR, TREE, device, past, rules

POINT = Point("p-1", "370724100001", PointClass.FIRST)
MONTH = 30 * DAY


def point(**fields):
    return replace(POINT, **fields)


@pytest.mark.parametrize(
    ("fields", "required"),
    [
        ({}, True),
        ({"status": PointStatus.PLANNED}, True),
        ({"status": PointStatus.RETIRED}, False),
        ({"point_class": PointClass.SECOND}, True),
        ({"point_class": PointClass.THIRD}, False),
        ({"point_class": PointClass.THIRD, "to_be_networked": True}, True),
        ({"point_class": PointClass.INTERNAL, "to_be_networked": True}, False),
        ({"point_class": PointClass.OTHER}, False),
        ({"required_from": 1000}, True),
        ({"required_from": 1001}, False),
    ],
)
def test_what_the_plan_requires(fields, required):
    assert is_required(point(**fields), at=1000) is required


@pytest.mark.parametrize(
    ("count", "counts", "networked", "now"),
    [
        (1, PointCounts(), False, Presence.UNCOVERED),
        (1, PointCounts(recently=1), True, Presence.UNCOVERED),
        (1, PointCounts(recently=1, online=1), True, Presence.COVERED),
        (1, PointCounts(recently=1, unknown=1), True, Presence.UNKNOWN),
        (2, PointCounts(recently=1, online=1), False, Presence.UNCOVERED),
        (2, PointCounts(recently=2, online=1, unknown=1), True, Presence.UNKNOWN),
        (2, PointCounts(recently=2, online=2, unknown=1), True, Presence.COVERED),
        (3, PointCounts(recently=2, online=1, unknown=1), False, Presence.UNCOVERED),
    ],
)
def test_what_a_point_has(count, counts, networked, now):
    assert is_networked(point(count=count), counts) is networked
    assert presence(point(count=count), counts) is now


def test_coverage_keeps_every_required_point_in_the_denominator():
    coverage = coverage_of(
        [
            (point(), PointCounts(1, 1, 0)),
            (point(), PointCounts(1, 0, 1)),
            (point(), PointCounts(1, 0, 0)),
            (point(), PointCounts()),
            (point(point_class=PointClass.THIRD), PointCounts(1, 1, 0)),
        ],
        at=END,
    )
    assert coverage == Coverage(required=4, networked=3, covered=1, unknown=1)
    assert (coverage.uncovered, coverage.networked_rate, coverage.effective_rate) == (2, Rate(3, 4), Rate(1, 4))
    assert Coverage().networked_rate.value is None


COUNTS = st.builds(PointCounts, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
POINTS = st.lists(st.tuples(st.integers(1, 3).map(lambda count: point(count=count)), COUNTS))


@given(POINTS, POINTS)
def test_coverages_add_up(left, right):
    whole = coverage_of(left + right, at=END)
    assert coverage_of(left, at=END) + coverage_of(right, at=END) == whole
    assert whole.required == whole.covered + whole.unknown + whole.uncovered == len(left + right)
    assert 0 <= whole.networked <= whole.required


@pytest.mark.parametrize(
    ("kinds", "kind", "suited"),
    [
        ((), DeviceKind.CAMERA, True),
        ((), DeviceKind.CHECKPOINT, True),
        ((), DeviceKind.RECORDER, False),
        (("checkpoint",), DeviceKind.CHECKPOINT, True),
        (("checkpoint",), DeviceKind.CAMERA, False),
    ],
)
def test_which_devices_a_point_needs(kinds, kind, suited):
    assert suits(device(kind=kind), point(required_kinds=kinds)) is suited
    assert not suits(device(kind=kind, point="p-2"), point(required_kinds=kinds))


STATE = initial_state("cam-1", created_at=0)
AT = 100 * DAY


@pytest.mark.parametrize(
    ("fields", "since", "online"),
    [
        ({}, 0, False),
        ({"connectivity": Connectivity.ONLINE, "connectivity_since": 5}, 0, True),
        ({"connectivity": Connectivity.ONLINE, "connectivity_since": AT - 1}, 0, True),
        ({"connectivity": Connectivity.ONLINE, "connectivity_since": AT}, 0, False),
        ({"connectivity": Connectivity.ONLINE, "connectivity_since": 5}, AT, False),
        ({"last_online_until": AT - MONTH}, 0, False),
        ({"last_online_until": AT - MONTH + 1}, 0, True),
        ({"last_online_until": AT - DAY}, AT - DAY, False),
        ({"last_online_until": AT - DAY}, AT - DAY - 1, True),
    ],
)
def test_online_within_the_window_from_the_present_state(fields, since, online):
    assert online_within(replace(STATE, **fields), since=since, at=AT) is online


def counts(*pasts_, at=END, **fields):
    return point_counts_at(point(**fields), pasts_, rules(), at=at)


def one(*versions, connectivity, **more):
    return past(*(versions or ((FROM_EVER, device(**more)),)), connectivity=connectivity)


BRIEFLY = [(END - MONTH - 10, "online"), (END - MONTH, "offline")]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (one(connectivity=[]), PointCounts(0, 0, 1)),
        (one(connectivity=[(END - DAY, "online")]), PointCounts(1, 1, 0)),
        (one(connectivity=[(END, "online")]), PointCounts(0, 1, 0)),
        (one(connectivity=[*BRIEFLY]), PointCounts(0, 0, 0)),
        (one(connectivity=[BRIEFLY[0], (END - MONTH + 1, "offline")]), PointCounts(1, 0, 0)),
        (one(connectivity=[(END - DAY, "online")], point="p-2"), PointCounts()),
        (one(connectivity=[(END - DAY, "online")], kind=DeviceKind.RECORDER), PointCounts()),
        (one(connectivity=[(END - DAY, "online")], retired_at=END), PointCounts()),
        (one(connectivity=[(END - DAY, "online")], region=None), PointCounts()),
    ],
)
def test_the_devices_of_a_point_from_the_facts(history, expected):
    assert counts(history) == expected


def test_what_a_device_did_elsewhere_or_before_service_does_not_count():
    online_then = [(END - 3 * DAY, "online"), (END - 2 * DAY, "offline")]
    moved = one((FROM_EVER, device(point="p-2")), (END - DAY, device()), connectivity=online_then)
    came = one(connectivity=online_then, in_service_from=END - DAY)
    assert counts(moved) == counts(came) == PointCounts()


def test_one_that_left_does_not_count_though_it_was_online_here():
    left = one((FROM_EVER, device()), (END - DAY, device(point="p-2")), connectivity=[(END - 9 * DAY, "online")])
    assert counts(left) == PointCounts()


def test_daily_hours_say_which_seconds_count_but_not_whether_the_point_has_the_device():
    by_day = ((8 * HOUR, 18 * HOUR),)
    online = one(connectivity=[(END - DAY, "online")], windows=by_day)
    by_night_only = one(connectivity=[(END - 2 * HOUR, "online")], windows=by_day)
    assert counts(online) == PointCounts(1, 1, 0)
    assert counts(by_night_only) == PointCounts(0, 1, 0)


def test_connected_devices_were_online_in_the_window_wherever_they_stood():
    moved = one((FROM_EVER, device(point="p-2")), (END - DAY, device()), connectivity=[(END - 3 * DAY, "online")])
    assert was_connected(moved, rules(), at=END)
    assert not was_connected(one(connectivity=[]), rules(), at=END)
    assert not was_connected(one(connectivity=[(END - DAY, "online")], retired_at=END), rules(), at=END)


def test_a_community_is_networked_if_a_point_of_it_is():
    networked = networked_communities(["370724100001", "370724100001", "370725100", "elsewhere"], TREE)
    assert networked == {"370724100001"}
    assert community_rates(networked, TREE) == {
        "3707": Rate(1, 3),
        "370724": Rate(1, 2),
        "370724100": Rate(1, 2),
        "370724100001": Rate(1, 1),
        "370724100002": Rate(0, 1),
        "370725": Rate(0, 1),
        "370725100": Rate(0, 1),
        "370725100001": Rate(0, 1),
    }
    assert community_rates(frozenset({"elsewhere"}), RegionTree([])) == {}
