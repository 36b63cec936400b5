"""Searches among devices against plain Python: every filter, every sort, page by page."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.device import Device, DeviceKind, Lifecycle
from monitor.domain.exemption import ExemptionBook
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.domain.state import Condition, Connectivity, initial_state
from monitor.services.device_search import SORTS, DeviceFilter, DeviceSearch
from monitor.services.live_counts import STATES, LiveCounts
from tests.services.test_live_counts import T0

TREE = RegionTree(
    [
        Region("370700", "潍坊市", RegionLevel.CITY),
        *(Region(code, code, RegionLevel.COUNTY, "370700") for code in ("370783", "370784")),
        *(
            Region(f"{county}{town}", "镇", RegionLevel.TOWN, county)
            for county in ("370783", "370784")
            for town in "012"
        ),
        Region("3707830001", "村", RegionLevel.COMMUNITY, "3707830"),
    ]
)
REGIONS = [region.code for region in TREE if region.level in (RegionLevel.TOWN, RegionLevel.COMMUNITY)]
COUNT = 400
RULES = ServiceRules(TREE, ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def counts() -> LiveCounts:
    return counts_of(COUNT, seed=1)


def counts_of(count: int, *, seed: int) -> LiveCounts:
    random = Random(seed)
    ids = random.sample(range(10_000), count)
    devices = [
        Device(
            f"d{number}",
            random.choice(list(DeviceKind)),
            random.choice(list(PointClass)),
            random.choice(REGIONS),
            Lifecycle(T0 - 9, T0 - 9),
        )
        for number in ids
    ]
    states = []
    for device in devices:
        connectivity, condition = random.choice(STATES)
        states.append(
            replace(
                initial_state(device.id, created_at=T0),
                connectivity=connectivity,
                connectivity_since=T0 - random.randrange(9),
                condition=condition,
            )
        )
    return LiveCounts(devices, [], rules=RULES, book=ExemptionBook(()), at=T0, states=states)


FILTERS = [
    DeviceFilter(["370700"]),
    DeviceFilter(["370783", "3707841"]),
    DeviceFilter(["3707830001"]),
    DeviceFilter(["370700"], connectivity=Connectivity.OFFLINE),
    DeviceFilter(["370784"], condition=Condition.UNKNOWN, point_class=PointClass.FIRST),
    DeviceFilter(["370700"], kind=DeviceKind.CHECKPOINT, standing="assessed"),
    DeviceFilter(["370700"], standing="exempt"),
    DeviceFilter(["370700"], among=[3, 5, 7, 11, 13, 17]),
]


def plainly(counts: LiveCounts, wanted: DeviceFilter, sort: str, *, descending: bool) -> list[int]:
    columns = counts.columns()
    found = [
        number
        for number, device in enumerate(columns.devices)
        if set(wanted.regions) & set(TREE.lineage(device.region or ""))
        and wanted.connectivity in (None, STATES[columns.state[number]][0])
        and wanted.condition in (None, STATES[columns.state[number]][1])
        and wanted.standing in (None, ("assessed", "exempt", "out")[columns.standing[number]])
        and wanted.point_class in (None, device.point_class)
        and wanted.kind in (None, device.kind)
        and (wanted.among is None or number in wanted.among)
    ]
    found.sort(key=lambda number: columns.devices[number].id)
    values = {
        "id": lambda _number: 0,
        "since": lambda number: columns.since[number],
        "state": lambda number: columns.state[number],
        "region": lambda number: columns.cells[columns.cell[number]].region,
    }
    found.sort(key=values[sort], reverse=descending)
    return found


@pytest.mark.parametrize("wanted", FILTERS)
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
def test_pages_give_every_device_once_in_order(
    counts: LiveCounts, wanted: DeviceFilter, sort: str, descending: bool
) -> None:
    expected = plainly(counts, wanted, sort, descending=descending)
    search, found, after = DeviceSearch(), [], None
    while True:
        page = search.page(counts, TREE, wanted, sort=sort, descending=descending, after=after, limit=37)
        assert page.total == len(expected)
        found += page.numbers
        after = page.next
        if after is None:
            break
    assert found == expected


def test_a_page_that_holds_all_has_no_next(counts: LiveCounts) -> None:
    wanted = DeviceFilter(["370700"])
    page = DeviceSearch().page(counts, TREE, wanted, sort="since", descending=False, after=None, limit=COUNT)
    assert (len(page.numbers), page.next) == (COUNT, None)


def test_new_devices_find_their_place() -> None:
    search, wanted = DeviceSearch(), DeviceFilter(["370700"])
    counts = counts_of(COUNT, seed=2)
    assert search.all(counts, TREE, wanted) == plainly(counts, wanted, "id", descending=False)
    new = [
        Device(f"d{number}x", DeviceKind.CAMERA, PointClass.FIRST, REGIONS[0], Lifecycle(T0, T0))
        for number in Random(3).sample(range(10_000), 50)
    ]
    states = {device.id: initial_state(device.id, created_at=T0) for device in new}
    counts.put_devices(new, states, at=T0)
    assert search.all(counts, TREE, wanted) == plainly(counts, wanted, "id", descending=False)
