"""Incidents from committed changes: who is grouped with whom, when, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import pytest

from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle, Organisations, Parent
from monitor.domain.facts import Axis, Party, StateChange
from monitor.domain.incident import Incident, IncidentKind, Member, Shared
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.state import Cause, Connectivity
from monitor.services.device_index import DeviceIndex
from monitor.services.incident_tracker import IncidentTracker, Pace
from monitor.services.open_incidents import Updates

T0 = 1_767_225_600
TOWNS = [(f"370{1 + number % 2}{number:02d}", f"370{1 + number % 2}") for number in range(10)]
TREE = RegionTree(
    [
        Region("37", "市", RegionLevel.CITY),
        Region("3701", "甲县", RegionLevel.COUNTY, "37"),
        Region("3702", "乙县", RegionLevel.COUNTY, "37"),
        *(Region(code, f"镇{code}", RegionLevel.TOWN, county) for code, county in TOWNS),
    ]
)


def camera(
    number: int, *, parent: str = "", ours: bool = False, subnet: int | None = None, town: int | None = None
) -> Device:
    town = number // 200 % 10 if town is None else town
    subnet = number // 50 if subnet is None else subnet
    return Device(
        id=f"c{number}",
        kind=DeviceKind.CAMERA,
        point_class=PointClass.FIRST,
        region=TOWNS[number // 200][0],
        lifecycle=Lifecycle(created_at=0),
        point=f"p{number // 2}",
        endpoint=Endpoint("onvif", f"http://10.{subnet // 250}.{subnet % 250}.{number % 50 + 1}:80/x"),
        parents=(Parent(parent),) if parent else (),
        organisations=Organisations(maintainer=f"m{number % 3}"),
    )


def switch(name: str, *, parent: str = "", ours: bool = False) -> Device:
    parents = (Parent(parent, ours=ours),) if parent else ()
    return Device(name, DeviceKind.OTHER, PointClass.OTHER, "3701", Lifecycle(created_at=0), parents=parents)


class City:
    """2,000 cameras in subnets of 50 and towns of 200; the first 40 behind recorders r0 and r1, these behind u."""

    def __init__(self, *, ours: bool = False) -> None:
        self.exempt: set[str] = set()
        devices = [camera(number, parent=f"r{number // 20}" if number < 40 else "") for number in range(2_000)]
        devices += [switch("r0", parent="u", ours=ours), switch("r1", parent="u", ours=ours), switch("u")]
        self.devices = devices
        self.numbers = {device.id: number for number, device in enumerate(devices)}
        self.index = DeviceIndex(TREE, self, carriers={"联通": ["10.0.4.0/22"]})
        self.index.put(devices)
        self.tracker = self.new_tracker()
        self.tracker.restore([], [], number=0, cursor=0)
        self.seq = 0

    def new_tracker(self) -> IncidentTracker:
        return IncidentTracker(
            self.index, standing=lambda: self, assessed_in=lambda county: 1_000 if county else 2_000, pace=Pace()
        )

    def number(self, device_id: str) -> int | None:
        return self.numbers.get(device_id)

    def device(self, number: int) -> Device:
        return self.devices[number]

    def is_assessed(self, device_id: str) -> bool:
        return device_id not in self.exempt

    def is_exempt(self, device_id: str) -> bool:
        return device_id in self.exempt

    def change(self, device_id: str, new: Connectivity, *, at: int, cause: Cause | None = None) -> StateChange:
        self.seq += 1
        was = Connectivity.OFFLINE if new is Connectivity.ONLINE else Connectivity.ONLINE
        cause = cause or (Cause.ANSWERED if new is Connectivity.ONLINE else Cause.SILENT)
        return StateChange(device_id, Axis.CONNECTIVITY, was, new, at, cause, seq=self.seq)

    def fall(self, ids: Iterable[object], *, at: int, **kwargs: Cause) -> None:
        names = [each if isinstance(each, str) else f"c{each}" for each in ids]
        self.tracker.note([self.change(name, Connectivity.OFFLINE, at=at, **kwargs) for name in names])

    def rise(self, ids: Iterable[object], *, at: int) -> None:
        names = [each if isinstance(each, str) else f"c{each}" for each in ids]
        self.tracker.note([self.change(name, Connectivity.ONLINE, at=at) for name in names])

    def run(self, start: int, end: int, *, blind: bool = False) -> list[Updates]:
        return [self.tracker.step(at, blind=blind) for at in range(start, end + 1, 15)]

    def open(self) -> list[Incident]:
        return [one.incident for one in self.tracker.incidents.by_id.values()]


def test_a_dead_parent_is_one_incident_of_what_fell_with_it_even_when_children_fell_first() -> None:
    city = City()
    city.fall(range(12), at=T0)  # of the 20 behind r0, 8 were dead before
    city.run(T0, T0 + 60)
    assert city.open() == []
    city.fall(["r0"], at=T0 + 10)
    city.run(T0 + 60, T0 + 90)
    [incident] = city.open()
    assert (incident.kind, incident.value, incident.devices, incident.party) == (
        IncidentKind.PARENT, "r0", 12, Party.UNDECIDED,
    )  # fmt: skip
    assert (incident.began_at, incident.opened_at) == (T0, T0 + 90)


def test_the_farthest_dead_parent_is_the_one() -> None:
    city = City()
    city.fall(["u", "r0", "r1", *range(40)], at=T0)
    city.run(T0, T0 + 90)
    [incident] = city.open()
    assert (incident.value, incident.devices) == ("u", 42)


def test_a_parent_of_ours_makes_the_city_responsible() -> None:
    city = City(ours=True)
    city.fall(["u"], at=T0)
    changes = [city.change(f"c{n}", Connectivity.UNKNOWN, at=T0, cause=Cause.OWN_PATH_DOWN) for n in range(20)]
    city.tracker.note(changes)
    city.run(T0, T0 + 90)
    [incident] = city.open()
    assert (incident.value, incident.ours, incident.party, incident.devices) == ("u", True, Party.CITY, 20)


def test_a_parent_found_dead_after_its_group_was_opened_takes_it_over() -> None:
    city = City()
    city.fall(range(15), at=T0)
    city.run(T0, T0 + 90)
    [group] = city.open()
    assert (group.kind, group.shared, group.value) == (IncidentKind.SHARED, Shared.PARENT, "r0")
    city.fall(["r0", 15], at=T0 + 5)
    updates = city.run(T0 + 105, T0 + 300)
    [incident] = city.open()
    assert (incident.id, incident.kind, incident.value, incident.down) == (group.id, IncidentKind.PARENT, "r0", 16)
    kinds = [happening.kind for each in updates for happening in each.happenings]
    assert kinds == ["parent_found", "grew"]


@pytest.mark.parametrize(
    ("fallen", "shared", "value", "count"),
    [
        (range(1_000, 1_050), Shared.SUBNET, "10.0.20.0/24", 50),
        (range(1_000, 1_050, 5), Shared.SUBNET, "10.0.20.0/24", 10),
        (range(1_000, 1_200), Shared.TOWN, "370205", 200),
        (range(200, 400), Shared.CARRIER, "联通", 200),
    ],
)
def test_what_fails_together_is_named_by_what_it_shares(fallen: range, shared: Shared, value: str, count: int) -> None:
    city = City()
    city.fall(fallen, at=T0)
    city.run(T0, T0 + 90)
    [incident] = city.open()
    assert (incident.kind, incident.shared, incident.value, incident.devices) == (
        IncidentKind.SHARED, shared, value, count,
    )  # fmt: skip
    assert incident.log_p < -13.8


def test_what_follows_within_the_window_joins_and_what_comes_back_leaves() -> None:
    city = City()
    city.fall(range(1_000, 1_020), at=T0)
    city.run(T0, T0 + 90)
    city.fall(range(1_020, 1_030), at=T0 + 100)
    city.run(T0 + 105, T0 + 105)
    [incident] = city.open()
    assert (incident.devices, incident.down, incident.peak) == (30, 30, 30)
    city.rise(range(1_000, 1_025), at=T0 + 120)
    city.run(T0 + 120, T0 + 120)
    [incident] = city.open()
    assert (incident.devices, incident.down, incident.peak) == (30, 5, 30)


def test_it_is_closed_when_all_are_back_for_a_while_and_its_cost_is_exact() -> None:
    city = City()
    city.fall(range(1_000, 1_010), at=T0)
    city.run(T0, T0 + 90)
    city.rise(range(1_000, 1_010), at=T0 + 600)
    updates = city.run(T0 + 600, T0 + 675)
    assert len(city.open()) == 1
    updates = city.run(T0 + 690, T0 + 690)
    [closed] = updates[0].incidents
    assert (closed.closed_at, closed.cost_s, closed.down, closed.devices) == (T0 + 600, 6_000, 0, 10)
    assert closed.points == Fraction(10, 1_000)
    assert closed.cost_at(T0 + 9_999) == 6_000
    assert [each.kind for each in updates[0].happenings] == ["closed"]


def test_devices_that_stay_dead_long_after_the_parent_is_back_are_let_go() -> None:
    city = City()
    city.fall(["r0", *range(20)], at=T0)
    city.run(T0, T0 + 90)
    city.rise(["r0", *range(19)], at=T0 + 300)
    updates = city.run(T0 + 300, T0 + 900)
    assert city.open() == []
    notes = [(each.kind, each.note) for update in updates for each in update.happenings]
    assert notes == [("let_go", "1"), ("closed", "20")]


def test_here_and_there_is_no_incident_and_neither_are_devices_that_flap() -> None:
    city = City()
    city.fall(range(0, 2_000, 301), at=T0)
    city.run(T0, T0 + 400)
    assert city.open() == []
    for turn in range(5):
        city.fall(range(1_000, 1_010), at=T0 + 1_000 + turn * 120)
        city.run(T0 + 1_000 + turn * 120, T0 + 1_045 + turn * 120)
        city.rise(range(1_000, 1_010), at=T0 + 1_060 + turn * 120)
        city.run(T0 + 1_060 + turn * 120, T0 + 1_105 + turn * 120)
    city.fall(range(1_000, 1_010), at=T0 + 1_700)
    city.run(T0 + 1_700, T0 + 2_000)
    assert city.open() == []


def test_exempt_devices_cost_nothing_and_their_incident_is_not_told() -> None:
    city = City()
    city.exempt = {f"c{number}" for number in range(1_000, 1_010)}
    city.fall(range(1_000, 1_010), at=T0)
    city.run(T0, T0 + 600)
    [incident] = city.open()
    assert city.tracker.incidents.is_exempt(incident.id)
    assert (incident.cost_s, incident.points) == (0, 0)
    city.exempt = {"c1000"}
    assert not city.tracker.incidents.is_exempt(incident.id)


def test_while_the_parent_is_exempt_its_incident_is_not_told() -> None:
    city = City()
    city.exempt = {"r0"}
    city.fall(["r0", *range(20)], at=T0)
    city.run(T0, T0 + 90)
    [incident] = city.open()
    assert city.tracker.incidents.is_exempt(incident.id)


def test_our_own_outage_is_one_incident_and_groups_nobody() -> None:
    city = City()
    city.fall(range(1_000, 1_050), at=T0)
    city.tracker.own_network(down_since=T0 - 5)
    city.run(T0, T0 + 300, blind=True)
    [own] = city.open()
    assert (own.kind, own.party, own.ours, own.began_at) == (IncidentKind.OWN_NETWORK, Party.CITY, True, T0 - 5)
    back = [
        city.change(f"c{n}", Connectivity.UNKNOWN, at=T0 + 300, cause=Cause.OWN_OUTAGE) for n in range(1_000, 1_050)
    ]
    city.tracker.note(back)
    city.tracker.own_network(down_since=None)
    city.run(T0 + 315, T0 + 600)
    assert city.open() == []


def test_after_a_kill_it_goes_on_from_what_is_stored_and_no_change_is_missed() -> None:
    city = City()
    city.fall(range(1_000, 1_010), at=T0)
    stored: dict[str, Incident] = {}
    members: dict[str, Member] = {}
    cursor = 0
    all_changes = [city.change(f"c{n}", Connectivity.OFFLINE, at=T0 + 100) for n in range(1_010, 1_020)]
    for update in city.run(T0, T0 + 90):
        stored |= {each.id: each for each in update.incidents}
        members |= {each.device_id: each for each in update.members}
        cursor = cursor if update.cursor is None else update.cursor
    city.tracker = city.new_tracker()
    late = city.change("c1020", Connectivity.OFFLINE, at=T0 + 100)
    city.tracker.note([late])  # committed while what came before it was being read
    city.tracker.restore(list(stored.values()), members.values(), number=1, cursor=cursor, changes=all_changes)
    city.run(T0 + 105, T0 + 105)
    [incident] = city.open()
    assert (incident.id, incident.down, incident.devices) == ("I1", 21, 21)
    assert incident.cost_s == 10 * 105 + 11 * 5


def test_what_waits_for_its_hold_down_is_read_again() -> None:
    city = City()
    city.fall(range(1_000, 1_010), at=T0)
    cursors = [update.cursor for update in city.run(T0, T0 + 75)]
    assert cursors == [0, None, None, None, None, None]
    assert [update.cursor for update in city.run(T0 + 90, T0 + 90)] == [10]
