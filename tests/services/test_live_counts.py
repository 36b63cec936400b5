"""What is counted as it comes equals what is counted from nothing, whatever happens and however time passes."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

import pytest

from monitor.domain.advance import advance, expire, pause
from monitor.domain.coverage import (
    NETWORKED_WINDOW_S,
    Coverage,
    PointCounts,
    coverage_of,
    is_networked,
    online_within,
    suits,
)
from monitor.domain.device import Device, DeviceKind, Lifecycle, Parent, ParentRole
from monitor.domain.exemption import ExemptionBook, exempt_spans
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.history import DeviceVersion
from monitor.domain.observation import Evidence, Observation
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.policy import DAY_S, Policy
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.service_time import ServiceRules, service_life, service_spans
from monitor.domain.state import Condition, Connectivity, DeviceState, initial_state
from monitor.domain.tally import EMPTY, Tally
from monitor.services.evaluation import Rollup
from monitor.services.live_counts import CellKey, LiveCounts
from monitor.services.live_points import PointKey
from tests.domain.past import LONG_AGO, REGIONS, SHANGHAI

T0 = LONG_AGO + 400 * DAY_S + 11 * 3_600
HOUR = 3_600
POLICY = Policy()
AGES_S = (HOUR, DAY_S, 7 * DAY_S)
NEW_COUNTY = Region("370799", "新区", RegionLevel.COUNTY, "3707", assessed_from=T0 + 3 * DAY_S)
NEW_TOWN = Region("370799100", "新街道", RegionLevel.TOWN, "370799")
TREE = RegionTree((*REGIONS, NEW_COUNTY, NEW_TOWN))
RULES = ServiceRules(TREE, SHANGHAI)
PLACES = ("370724100", "370724100001", "370725100", "370725", "3707", "370799100", "999", None)


@dataclass
class World:
    """An inventory, the states as committed, and the counts that are to agree with them."""

    devices: list[Device]
    points: list[Point]
    exemptions: list[Exemption]
    at: int = T0

    def __post_init__(self) -> None:
        self.book = ExemptionBook(self.exemptions)
        self.states = {each.id: initial_state(each.id, created_at=LONG_AGO) for each in self.devices}
        self.counts = self.fresh(self.states.values())

    def fresh(self, states: Iterable[DeviceState]) -> LiveCounts:
        return LiveCounts(self.devices, self.points, rules=RULES, book=self.book, at=self.at, states=states)

    def take(self, *states: DeviceState) -> None:
        self.states.update((state.device_id, state) for state in states)
        self.counts.take(states, at=self.at)

    def put(self, device_id: str, connectivity: Connectivity, **fields: object) -> None:
        state = self.states[device_id]
        until = self.at if state.connectivity is Connectivity.ONLINE else state.last_online_until
        self.take(
            replace(
                state,
                connectivity=connectivity,
                connectivity_since=self.at,
                last_online_until=None if connectivity is Connectivity.ONLINE else until,
                **fields,
            )
        )

    def go_on(self, seconds: int) -> None:
        self.at += seconds
        self.counts.pass_time(self.at)

    # -- the same from nothing, by the domain's own rules ---------------------------------------------------------

    def cells(self) -> dict[CellKey, Tally]:
        found: dict[CellKey, Tally] = {}
        for device in self.devices:
            key = CellKey(
                TREE.ancestor_at(device.region or "", RegionLevel.TOWN) or device.region or "",
                device.point_class,
                device.kind,
            )
            found[key] = found.get(key, EMPTY) + self.tally(device)
        return found

    def tally(self, device: Device) -> Tally:
        state = self.states[device.id]
        if not service_spans(device, RULES, start=self.at, end=self.at + 1):
            return EMPTY
        if self.is_exempt(device):
            return Tally(**{f"exempt_{state.connectivity}": 1})
        if state.connectivity is not Connectivity.ONLINE:
            return Tally(**{state.connectivity.value: 1})
        return Tally(
            intact=int(state.condition is Condition.INTACT),
            faulty=int(state.condition is Condition.FAULTY),
            condition_unknown=int(state.condition is Condition.UNKNOWN),
        )

    def is_exempt(self, device: Device) -> bool:
        version = DeviceVersion(0, device, self.ancestors(device))
        return bool(exempt_spans(version, self.book, TREE, start=self.at, end=self.at + 1))

    def ancestors(self, device: Device) -> frozenset[str]:
        by_id = {each.id: each for each in self.devices}
        found: set[str] = set()
        ahead = [device]
        while ahead:
            for parent in ahead.pop().parents:
                if parent.role is ParentRole.PATH and parent.device_id not in found:
                    found.add(parent.device_id)
                    if parent.device_id in by_id:
                        ahead.append(by_id[parent.device_id])
        return frozenset(found)

    def coverage(self) -> dict[tuple[str, PointClass], Coverage]:
        found: dict[tuple[str, PointClass], Coverage] = {}
        for point in self.points:
            key = (point.region, point.point_class)
            found[key] = found.get(key, Coverage()) + coverage_of([(point, self.at_point(point))], at=self.at)
        return {key: coverage for key, coverage in found.items() if coverage.required}

    def point_cells(self) -> dict[PointKey, Coverage]:
        found: dict[PointKey, Coverage] = {}
        for point in self.points:
            key = PointKey(point.region, point.point_class, point.ring, point.site_kind)
            found[key] = found.get(key, Coverage()) + coverage_of([(point, self.at_point(point))], at=self.at)
        return {key: coverage for key, coverage in found.items() if coverage.required}

    def networked_regions(self) -> set[str]:
        standing = [point for point in self.points if point.status is not PointStatus.RETIRED]
        return {point.region for point in standing if is_networked(point, self.at_point(point))}

    def connected(self) -> dict[CellKey, int]:
        found = dict.fromkeys(self.cells(), 0)
        for device in self.devices:
            life = service_life(device, RULES)
            if life is None or not life[0] <= self.at < life[1]:
                continue
            state = self.states[device.id]
            is_online = state.connectivity is Connectivity.ONLINE
            region = TREE.ancestor_at(device.region or "", RegionLevel.TOWN) or device.region or ""
            key = CellKey(region, device.point_class, device.kind)
            found[key] += online_within(state, since=life[0], at=self.at + is_online)
        return found

    def at_point(self, point: Point) -> PointCounts:
        recently = online = unknown = 0
        for device in self.devices:
            life = service_life(device, RULES)
            if not suits(device, point) or life is None or not life[0] <= self.at < life[1]:
                continue
            state = self.states[device.id]
            is_online = state.connectivity is Connectivity.ONLINE
            recently += online_within(state, since=life[0], at=self.at + is_online)
            online += is_online
            unknown += state.connectivity is Connectivity.UNKNOWN
        return PointCounts(recently, online, unknown)

    def assessed(self) -> list[tuple[str, DeviceState]]:
        found = []
        for device in self.devices:
            in_service = service_spans(device, RULES, start=self.at, end=self.at + 1)
            if in_service and not self.is_exempt(device):
                county = TREE.ancestor_at(device.region or "", RegionLevel.COUNTY)
                found.append((county, self.states[device.id]))
        return found

    def check(self) -> None:
        assert dict(self.counts.cells()) == self.cells()
        assert self.counts.coverage() == self.coverage()
        assert dict(self.counts.point_cells()) == self.point_cells()
        assert self.counts.networked_regions() == self.networked_regions()
        assert dict(self.counts.connected()) == self.connected()
        assert self.counts.faults() == Counter(
            (county, fault.code) for county, state in self.assessed() for fault in state.faults if fault.confirmed
        )
        assert self.counts.offline_ages(at=self.at, limits_s=AGES_S) == Counter(
            (county, sum(self.at - state.connectivity_since >= limit_s for limit_s in AGES_S))
            for county, state in self.assessed()
            if state.connectivity is Connectivity.OFFLINE
        )


def device(device_id: str = "cam", **fields: object) -> Device:
    given = {
        "kind": DeviceKind.CAMERA,
        "point_class": PointClass.FIRST,
        "region": "370724100",
        "lifecycle": Lifecycle(LONG_AGO),
        "point": "p",
    }
    return Device(device_id, **{**given, **fields})


POINT = Point("p", "370724100", PointClass.FIRST)


# -- any course ------------------------------------------------------------------------------------------------


def random_world(random: Random) -> World:
    points = [
        Point(
            f"p{number}",
            random.choice(PLACES[:5]),
            random.choice(list(PointClass)),
            required_kinds=random.choice([(), (), ("camera",), ("checkpoint", "camera")]),
            count=random.choice([1, 1, 2]),
            required_from=random.choice([None, None, T0 + random.randint(0, 40) * DAY_S]),
            status=random.choice(list(PointStatus)),
            to_be_networked=random.random() < 0.5,
            ring=random.choice([None, None, *Ring]),
            site_kind=random.choice(["", "road", "station"]),
        )
        for number in range(8)
    ]
    devices = [
        Device(
            f"d{number}",
            random.choice([DeviceKind.CAMERA, DeviceKind.CAMERA, DeviceKind.CHECKPOINT, DeviceKind.GATEWAY]),
            random.choice(list(PointClass)),
            random.choice(PLACES),
            Lifecycle(
                LONG_AGO,
                random.choice([None, None, None, T0 + random.randint(-2, 20) * DAY_S]),
                random.choice([None, None, None, T0 + random.randint(-2 * DAY_S, 40 * DAY_S)]),
                random.choice([(), (), (), ((8 * HOUR, 18 * HOUR),), ((22 * HOUR, 6 * HOUR), (12 * HOUR, 13 * HOUR))]),
            ),
            point=random.choice([None, "nowhere", *(point.id for point in points)]),
            parents=tuple(
                Parent(f"d{random.randrange(30)}", random.choice(list(ParentRole)))
                for _ in range(random.choice([0, 0, 1, 2]))
            ),
        )
        for number in range(24)
    ]
    exemptions = []
    for number in range(14):
        scope = random.choice(list(ExemptionScope))
        ids = {
            ExemptionScope.DEVICE: [each.id for each in devices],
            ExemptionScope.POINT: [each.id for each in points],
            ExemptionScope.REGION: [region.code for region in TREE],
            ExemptionScope.PATH: [each.id for each in devices],
        }[scope]
        start = T0 + random.randint(-5 * DAY_S, 40 * DAY_S)
        length = random.choice([1, 5, HOUR, DAY_S, 9 * DAY_S])
        exemptions.append(Exemption(f"e{number}", scope, random.choice(ids), start, start + length, "repair", "city"))
    return World(devices, points, exemptions)


def happen(random: Random, world: World) -> None:
    """Let something happen to some devices, by the rules of the domain."""
    moved = []
    for device_id in random.sample(sorted(world.states), random.randint(0, 8)):
        state = world.states[device_id]
        what = random.random()
        if what < 0.1:
            state, _ = pause(state, begin=world.at - random.randint(0, 600), policy=POLICY)
        elif what < 0.2:
            state, _ = expire(state, at=world.at, policy=POLICY)
        else:
            answered = random.random() < 0.6
            faults = random.choice([(), (), ("clock_off",), ("tls", "not_itself")]) if answered else ()
            could_show = frozenset({"clock_off", "tls", "not_itself"})
            evidence = Evidence.ANSWERED if answered else Evidence.SILENT
            confirmed = not answered and random.random() < 0.8
            seen = Observation(
                device_id, world.at, evidence, 300, faults=faults, could_show=could_show, confirmed=confirmed
            )
            state, _ = advance(state, seen, POLICY)
        moved.append(state)
    world.take(*moved)


@pytest.mark.parametrize("seed", range(24))
def test_counts_agree_after_any_course_of_events(seed):
    random = Random(seed)
    world = random_world(random)
    world.check()
    edges = [edge for each in world.exemptions for edge in (each.start, each.end)]
    for _ in range(60):
        next_edge = min((edge for edge in edges if edge > world.at), default=world.at + 1)
        until_edge = next_edge - world.at
        world.go_on(random.choice([0, 1, 5, 300, HOUR, 5 * HOUR, 3 * DAY_S, until_edge - 1, until_edge]))
        happen(random, world)
        world.check()
    fresh = world.fresh(world.states.values())
    assert dict(fresh.cells()) == dict(world.counts.cells())
    assert fresh.coverage() == world.counts.coverage()


@pytest.mark.parametrize("seed", range(24, 28))
def test_tallies_add_up_over_regions_kinds_and_classes(seed):
    random = Random(seed)
    world = random_world(random)
    for _ in range(10):
        world.go_on(HOUR)
        happen(random, world)
    rollup = Rollup(TREE, world.counts.cells(), headline_kinds=frozenset(DeviceKind))
    for region in TREE:
        own = [tally for key, tally in world.counts.cells() if key.region == region.code and key.region in TREE]
        below = [rollup.of(child.code) for child in TREE.children(region.code)]
        assert rollup.of(region.code) == sum(below + own, EMPTY)
        assert rollup.of(region.code) == sum((rollup.of(region.code, point_class=each) for each in PointClass), EMPTY)
        assert rollup.of(region.code) == sum((rollup.of(region.code, kind=each) for each in DeviceKind), EMPTY)


# -- any change of the inventory -----------------------------------------------------------------------------------


def change_something(random: Random, world: World) -> None:
    """Let people change devices, points and exemptions, and the counts take it in as the running service does."""
    other = random_world(random)
    number = random.randrange(24)
    what = random.choice(["device", "device", "new device", "points", "exemptions"])
    if what == "device":
        changed = random.sample(other.devices, 3)
        world.devices = [next((new for new in changed if new.id == old.id), old) for old in world.devices]
        put_devices(world, [each for each in world.devices if each in changed])
    elif what == "new device":
        new = replace(other.devices[number], id=f"new-{len(world.devices)}")
        world.devices.append(new)
        world.states[new.id] = initial_state(new.id, created_at=world.at)
        put_devices(world, [new])
    elif what == "points":
        changed_points = [*other.points[:2], replace(other.points[2], id=f"p{random.randrange(8, 12)}")]
        known = {point.id: point for point in world.points} | {point.id: point for point in changed_points}
        world.points = list(known.values())
        world.counts.put_points(changed_points, at=world.at)
    else:
        kept = random.sample(world.exemptions, 10)
        before = ExemptionBook(set(world.exemptions) ^ {*kept, *other.exemptions[:4]})
        world.exemptions = [*kept, *other.exemptions[:4]]
        world.book = ExemptionBook(world.exemptions)
        world.counts.judge_by(RULES, world.book)
        stand_anew(world, before)


def put_devices(world: World, devices: list[Device]) -> None:
    if world.counts.put_devices(devices, world.states, at=world.at):
        stand_anew(world, world.book)


def stand_anew(world: World, within: ExemptionBook) -> None:
    first = 0
    while world.counts.stand_anew(first, 5, at=world.at, within=within):
        first += 5


@pytest.mark.parametrize("seed", range(100, 124))
def test_counts_agree_after_any_change_of_the_inventory(seed: int):
    random = Random(seed)
    world = random_world(random)
    for _ in range(40):
        world.go_on(random.choice([0, 1, 300, HOUR, 5 * HOUR, 3 * DAY_S]))
        happen(random, world)
        change_something(random, world)
        world.check()


def test_another_region_tree_moves_devices_to_other_towns():
    world = World([device(), device("far", region="370725100"), device("later", region="370724109")], [POINT], [])
    world.put("cam", Connectivity.ONLINE)
    before = dict(world.counts.cells())
    assert sum(tally.online for tally in before.values()) == 1
    merged = [replace(each, parent="370725") if each.code == "370724100" else each for each in TREE]
    tree = RegionTree([*merged, Region("370724109", "新镇", RegionLevel.TOWN, "370724", assessed_from=None)])
    rules = ServiceRules(tree, SHANGHAI)
    world.counts.judge_by(rules, world.book)
    world.counts.put_devices(world.counts.devices(0, 2), world.states, at=world.at)
    world.counts.put_devices(world.counts.devices(2, 2), world.states, at=world.at)
    fresh = LiveCounts(world.devices, world.points, rules=rules, book=world.book, at=T0, states=world.states.values())
    assert dict(world.counts.cells()) == dict(fresh.cells()) != before
    assert world.counts.offline_ages(at=T0, limits_s=AGES_S) == fresh.offline_ages(at=T0, limits_s=AGES_S)


# -- what time alone does ----------------------------------------------------------------------------------------------


def only_cell(world: World) -> Tally:
    ((_, tally),) = world.counts.cells()
    return tally


def test_an_exemption_starts_and_ends_at_its_seconds():
    world = World([device()], [POINT], [Exemption("e", ExemptionScope.REGION, "370724", T0 + 10, T0 + 20, "r", "a")])
    world.put("cam", Connectivity.OFFLINE)
    world.go_on(9)
    assert only_cell(world) == Tally(offline=1)
    world.go_on(1)
    assert only_cell(world) == Tally(exempt_offline=1)
    assert world.counts.offline_ages(at=world.at, limits_s=AGES_S) == {}
    world.go_on(9)
    assert only_cell(world) == Tally(exempt_offline=1)
    world.go_on(1)
    assert only_cell(world) == Tally(offline=1)


def test_a_device_counts_within_its_hours_and_its_life():
    lifecycle = Lifecycle(LONG_AGO, None, T0 + 2 * DAY_S, ((8 * HOUR, 12 * HOUR),))
    world = World([device(lifecycle=lifecycle)], [POINT], [])
    world.put("cam", Connectivity.ONLINE, condition=Condition.INTACT)
    assert only_cell(world) == Tally(intact=1)
    world.go_on(HOUR)  # 12:00 in the city
    assert only_cell(world) == EMPTY
    assert world.counts.coverage()["370724100", PointClass.FIRST].covered == 1, "it belongs to its point all day"
    world.go_on(20 * HOUR)
    assert only_cell(world) == Tally(intact=1)
    world.go_on(27 * HOUR)
    assert only_cell(world) == EMPTY
    assert world.counts.coverage()["370724100", PointClass.FIRST] == Coverage(required=1)


def test_a_point_stays_networked_for_thirty_days_after_its_last_online_second():
    world = World([device()], [POINT], [])
    world.put("cam", Connectivity.ONLINE)
    world.go_on(100)
    assert world.counts.coverage() == {("370724100", PointClass.FIRST): Coverage(1, 1, 1, 0)}
    world.put("cam", Connectivity.OFFLINE)
    world.go_on(NETWORKED_WINDOW_S - 1)
    assert world.counts.coverage() == {("370724100", PointClass.FIRST): Coverage(1, 1, 0, 0)}
    world.go_on(1)
    assert world.counts.coverage() == {("370724100", PointClass.FIRST): Coverage(1, 0, 0, 0)}


def test_a_device_that_came_back_is_not_forgotten_when_its_old_absence_is_thirty_days_old():
    world = World([device()], [POINT], [])
    for _ in range(3):
        world.put("cam", Connectivity.ONLINE)
        world.go_on(HOUR)
        world.put("cam", Connectivity.OFFLINE)
        world.go_on(HOUR)
    world.put("cam", Connectivity.ONLINE)
    world.go_on(NETWORKED_WINDOW_S + 10 * HOUR)
    assert world.counts.coverage() == {("370724100", PointClass.FIRST): Coverage(1, 1, 1, 0)}


def test_what_a_device_did_before_its_service_does_not_make_its_point_networked():
    begins = T0 - 11 * HOUR + DAY_S
    devices = [
        device("was", lifecycle=Lifecycle(LONG_AGO, begins)),
        device("is", lifecycle=Lifecycle(LONG_AGO, begins)),
    ]
    devices[1] = replace(devices[1], point="q")
    world = World(devices, [POINT, replace(POINT, id="q", region="370725100")], [])
    world.put("was", Connectivity.ONLINE)
    world.put("is", Connectivity.ONLINE)
    world.go_on(HOUR)
    world.put("was", Connectivity.OFFLINE)
    assert {coverage.networked for coverage in world.counts.coverage().values()} == {0}
    world.go_on(begins - world.at)
    assert world.counts.coverage() == {
        ("370724100", PointClass.FIRST): Coverage(required=1),
        ("370725100", PointClass.FIRST): Coverage(1, 1, 1, 0),
    }


def test_a_device_stays_connected_for_thirty_days_wherever_it_stands():
    world = World([device(point=None), device("never")], [], [])
    key = CellKey("370724100", PointClass.FIRST, DeviceKind.CAMERA)
    assert world.counts.connected() == [(key, 0)]
    world.put("cam", Connectivity.ONLINE)
    assert world.counts.connected() == [(key, 1)]
    world.go_on(HOUR)
    world.put("cam", Connectivity.OFFLINE)
    world.go_on(NETWORKED_WINDOW_S - 1)
    assert world.counts.connected() == [(key, 1)]
    world.go_on(1)
    assert world.counts.connected() == [(key, 0)]


def test_a_third_class_point_that_nothing_requires_makes_its_community_networked_and_a_retired_one_does_not():
    points = [replace(POINT, point_class=PointClass.THIRD), replace(POINT, id="q", status=PointStatus.RETIRED)]
    world = World([device(), device("old", point="q")], points, [])
    assert world.counts.networked_regions() == set()
    world.put("old", Connectivity.ONLINE)
    assert world.counts.networked_regions() == set()
    world.put("cam", Connectivity.ONLINE)
    assert world.counts.networked_regions() == {"370724100"}
    assert world.counts.coverage() == {}


def test_an_unknown_device_leaves_its_point_undecided():
    world = World([device("a"), device("b")], [replace(POINT, count=2)], [])
    world.put("a", Connectivity.ONLINE)
    assert world.counts.coverage() == {("370724100", PointClass.FIRST): Coverage(1, 0, 0, 1)}
    world.put("b", Connectivity.OFFLINE)
    assert world.counts.coverage() == {("370724100", PointClass.FIRST): Coverage(1, 0, 0, 0)}


def test_a_point_becomes_required_when_its_time_comes():
    world = World([], [replace(POINT, required_from=T0 + 60)], [])
    assert world.counts.coverage() == {}
    world.go_on(60)
    assert world.counts.coverage() == {("370724100", PointClass.FIRST): Coverage(required=1)}


def test_a_state_of_a_device_that_is_not_in_the_inventory_is_passed_over():
    world = World([device()], [POINT], [])
    world.counts.take([initial_state("other", created_at=T0)], at=T0)
    world.check()


def test_an_offline_device_that_is_looked_at_for_a_month_takes_no_more_memory():
    world = World([device(point="p")], [Point("p", "370724100", PointClass.FIRST)], [])
    world.put("cam", Connectivity.ONLINE)
    world.go_on(HOUR)
    world.put("cam", Connectivity.OFFLINE)
    state = world.states["cam"]
    world.take(state)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5_000):
        world.counts.take((state,), at=world.at)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert grown < 10_000
