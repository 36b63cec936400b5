"""Clock compliance by region, class and kind; many clocks off alike are ours."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.device import Device, DeviceKind, Lifecycle
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.point import PointClass
from monitor.domain.rate import Rate
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.domain.state import Connectivity, DeviceState, initial_state
from monitor.services.clock_figures import MANY, clock_cells, clock_rates, many_are_off_alike
from monitor.services.live_counts import LiveCounts

T0 = 1_767_225_600
TREE = RegionTree(
    [
        Region("370700", "潍坊市", RegionLevel.CITY),
        Region("370702", "潍城区", RegionLevel.COUNTY, "370700"),
        Region("370703", "寒亭区", RegionLevel.COUNTY, "370700"),
        Region("370702001", "城关街道", RegionLevel.TOWN, "370702"),
    ]
)
CAMERA, RECORDER = DeviceKind.CAMERA, DeviceKind.RECORDER


def counts_of(*rows: tuple[str, str, DeviceKind, PointClass, int | None, Connectivity]) -> LiveCounts:
    """Give counts of devices: id, region, kind, class, clock offset in tenths, connectivity."""
    devices = [Device(row[0], row[2], row[3], row[1], Lifecycle(T0 - 90_000)) for row in rows]
    states = [state_of(row[0], row[4], row[5]) for row in rows]
    return LiveCounts(
        devices,
        [],
        rules=ServiceRules(TREE, ZoneInfo("Asia/Shanghai")),
        book=ExemptionBook([Exemption("e", ExemptionScope.DEVICE, "exempt", T0 - 5, T0 + 5, "repair", "city")]),
        at=T0,
        states=states,
    )


def state_of(device_id: str, offset: int | None, connectivity: Connectivity = Connectivity.ONLINE) -> DeviceState:
    state = initial_state(device_id, created_at=T0 - 90_000)
    return replace(state, connectivity=connectivity, connectivity_since=T0 - 9, clock_offset=offset)


ONLINE, OFFLINE = Connectivity.ONLINE, Connectivity.OFFLINE
FIRST, SECOND, OTHER = PointClass.FIRST, PointClass.SECOND, PointClass.OTHER


def test_devices_within_the_limit_of_those_whose_clock_was_read():
    counts = counts_of(
        ("a", "370702001", CAMERA, FIRST, 100, ONLINE),
        ("b", "370702001", CAMERA, FIRST, 101, ONLINE),
        ("c", "370702001", CAMERA, SECOND, -100, ONLINE),
        ("unread", "370702001", CAMERA, FIRST, None, ONLINE),
        ("dark", "370702001", CAMERA, FIRST, 0, OFFLINE),
        ("exempt", "370702001", CAMERA, FIRST, 999, ONLINE),
        ("r", "370703", RECORDER, OTHER, -2_000_000_000, ONLINE),
        ("nowhere", "370703", CAMERA, FIRST, 0, ONLINE),
    )
    rates = clock_rates(TREE, clock_cells(counts.columns(), limit_s=10))
    assert rates["370702", None, None] == Rate(2, 3)
    assert rates["370702", FIRST, None] == Rate(1, 2)
    assert rates["370702", SECOND, None] == Rate(1, 1)
    assert rates["370700", None, None] == Rate(3, 4)
    assert rates["370700", None, RECORDER] == Rate(0, 1)
    assert ("370703", OTHER, None) not in rates


def test_a_clock_is_kept_until_it_is_read_again():
    counts = counts_of(("a", "370702001", CAMERA, FIRST, 500, ONLINE))
    counts.take([state_of("a", None)], at=T0)
    assert clock_rates(TREE, clock_cells(counts.columns(), limit_s=10))["370700", None, None] == Rate(0, 1)
    counts.take([state_of("a", 3)], at=T0)
    assert clock_rates(TREE, clock_cells(counts.columns(), limit_s=10))["370700", None, None] == Rate(1, 1)


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ([600 + n % 7 for n in range(MANY)], 60.3),
        ([-36_000] * MANY + [0] * (MANY - 1), -3_600.0),
        ([600] * (MANY - 1), None),  # too few to tell
        ([600] * MANY + [0] * MANY, None),  # half of them agree with us
        ([99] * 100, None),  # within the limit
        ([500 * n for n in range(100)], None),  # off, but each by its own
        ([0] * 100 + [288_000] * 60, None),  # a maker's bug
    ],
)
def test_many_that_are_off_alike_are_ours(offsets, expected):
    counts = counts_of(*((f"d{n}", "370702001", CAMERA, FIRST, offset, ONLINE) for n, offset in enumerate(offsets)))
    assert many_are_off_alike(counts.columns(), limit_s=10) == expected
