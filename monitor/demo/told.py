"""The city's devices that are not polled but told of: checkpoints behind a 视图库 platform, cameras behind gateways.

A plan from the layout and the seed, small enough for the fleet's process; the inventory is made of the same plan.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.demo.dice import Dice
from monitor.demo.layout import Layout
from monitor.domain.checkpoint import HOUR_S, KEPT_HOURS
from monitor.domain.device import (
    Device,
    DeviceKind,
    DeviceRecord,
    Endpoint,
    Lifecycle,
    Organisations,
    Parent,
    ParentRole,
    Route,
)
from monitor.domain.point import PointClass

PLATFORM_ADDRESS = "127.0.0.250"
"""Where the platform answers, on the port of all devices."""

OURS = "37070000005030000001"
"""The monitor's own id, as GA/T 1400 wants it."""

PLATFORM_DOWN_S = (780, 960)
"""Seconds after the fleet's start in which the platform is gone."""

_DEVICES_A_GATE, _MOST_GATES = 250, 300
_DEVICES_A_GATEWAY, _MOST_GATEWAYS, _BEHIND = 500, 20, 25
_FIRST_SERIAL = 900_001  # polled devices are numbered from 1 in each county
_DEAD_PERCENT = 4
_CHECKPOINTS_BEHIND = 5
_ROADS = ("南环", "北海", "东风", "潍胶", "宝通", "青银", "荣乌", "长深")
_CATEGORIES, _USAGES = (20, 30, 31, 40, 41), (80, 81)


@dataclass(frozen=True, slots=True)
class Unit:
    """One device that is told of."""

    id: str
    kind: DeviceKind
    name: str
    town: str


@dataclass(frozen=True, slots=True)
class Gate:
    """A checkpoint: its id and name, its codes of GA/T 1400, and a unit for every lane."""

    id: str
    name: str
    category: int
    usage: int
    place_code: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway and the devices behind it."""

    id: str
    name: str
    town: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class ToldPlan:
    """Everything that is told of; the platform's id, its checkpoints, and the gateways."""

    platform: str
    gates: tuple[Gate, ...]
    gateways: tuple[Gateway, ...]


def plan_told(layout: Layout, *, seed: int) -> ToldPlan:
    """Choose who is told of; equal arguments give an equal plan."""
    rng = Dice(seed, "told")
    serials: dict[str, int] = {}

    def new_id(town: str, code: str) -> str:
        county = town[:6]
        serial = serials[county] = serials.get(county, _FIRST_SERIAL - 1) + 1
        return f"{county}{town[-2:]}00{code}1{serial:06d}"

    gates = []
    for number in range(min(_MOST_GATES, max(1, layout.devices // _DEVICES_A_GATE))):
        town = rng.pick(layout.blocks).town
        name = f"{rng.pick(_ROADS)}路{number + 1}号卡口"
        units = tuple(
            Unit(new_id(town, "119"), DeviceKind.CHECKPOINT, f"{name}{lane + 1}车道", town)
            for lane in range(rng.randint(2, 6))
        )
        gates.append(Gate(new_id(town, "121"), name, rng.pick(_CATEGORIES), rng.pick(_USAGES), town[:6], units))
    gateways = []
    for number in range(min(_MOST_GATEWAYS, max(1, layout.devices // _DEVICES_A_GATEWAY))):
        town = rng.pick(layout.blocks).town
        behind = []
        for place in range(min(_BEHIND, max(6, layout.devices // 20))):
            is_checkpoint = place < _CHECKPOINTS_BEHIND
            kind, noun = (DeviceKind.CHECKPOINT, "卡口单元") if is_checkpoint else (DeviceKind.CAMERA, "摄像机")
            unit_id = new_id(town, "119" if is_checkpoint else "132")
            behind.append(Unit(unit_id, kind, f"{number + 1}号网关{place + 1}号{noun}", town))
        gateways.append(Gateway(new_id(town, "209"), f"{number + 1}号推送网关", town, tuple(behind)))
    return ToldPlan(new_id("370700000000", "503"), tuple(gates), tuple(gateways))


def told_devices(
    plan: ToldPlan, *, port: int, at: int, with_gateways: bool, organisations: Mapping[str, Organisations]
) -> list[tuple[Device, DeviceRecord]]:
    """Give the inventory of a plan.

    Args:
        plan: who is told of.
        port: the port that all devices listen on.
        at: the instant of the first start.
        with_gateways: whether there is a broker that gateways can push to.
        organisations: the owner by town.
    """
    life = Lifecycle(created_at=at - 200 * 86_400, in_service_from=at - 190 * 86_400)

    def device(unit: Unit, parent: str, route: Route) -> tuple[Device, DeviceRecord]:
        made = Device(
            id=unit.id,
            kind=unit.kind,
            point_class=PointClass.FIRST,
            region=unit.town,
            lifecycle=life,
            route=route,
            parents=(Parent(parent, ParentRole.REPORTER),),
            organisations=organisations.get(unit.town, Organisations()),
        )
        return made, DeviceRecord(unit.id, unit.name)

    city = next((gate.units[0].town for gate in plan.gates), None)
    platform = Device(
        id=plan.platform,
        kind=DeviceKind.PLATFORM,
        point_class=PointClass.OTHER,
        region=city,
        lifecycle=life,
        endpoint=Endpoint("viid", f"http://{PLATFORM_ADDRESS}:{port}"),
    )
    found = [(platform, DeviceRecord(platform.id, "市视图库平台"))]
    for gate in plan.gates:
        found += [device(unit, plan.platform, Route.PLATFORM) for unit in gate.units]
    if with_gateways:
        for gateway in plan.gateways:
            made = Device(gateway.id, DeviceKind.GATEWAY, PointClass.OTHER, gateway.town, life)
            found.append((made, DeviceRecord(gateway.id, gateway.name)))
            found += [device(unit, gateway.id, Route.DIRECT) for unit in gateway.units]
    return found


def is_online(unit_id: str, *, second: int) -> bool:
    """Say whether a told device works in a second: some never do, some come and go."""
    dice = zlib.crc32(unit_id.encode()) % 100
    if dice < _DEAD_PERCENT:
        return False
    return not (dice < _DEAD_PERCENT + 2 and second // 90 % 2)


def is_lazy(unit_id: str) -> bool:
    """Say whether a checkpoint's unit has fallen silent: online, and without records."""
    return zlib.crc32(unit_id.encode()) % 7 == 3


def records_in(unit_id: str, hour_at: int) -> int:
    """Give how many records a unit usually makes in an hour: more by day than by night."""
    local_hour = (hour_at // HOUR_S + 8) % 24
    busy = 300 if 7 <= local_hour < 20 else 60
    return busy + zlib.crc32(f"{unit_id}{hour_at}".encode()) % 40


def records_of_the_past(plan: ToldPlan, *, at: int) -> Iterator[tuple[str, int, int]]:
    """Give (device, hour, count) of all gateways' units for the fortnight before the first start."""
    newest = at // HOUR_S * HOUR_S - HOUR_S
    for gateway in plan.gateways:
        for unit in gateway.units:
            if unit.kind is DeviceKind.CHECKPOINT:
                for back in range(1, KEPT_HOURS - 1):
                    hour_at = newest - back * HOUR_S
                    yield unit.id, hour_at, records_in(unit.id, hour_at)


def observations(units: Sequence[Unit], *, now: float) -> list[dict[str, object]]:
    """Give what a gateway says of the devices behind it."""
    at = int(now)
    hour_at = at // HOUR_S * HOUR_S - HOUR_S
    said: list[dict[str, object]] = []
    for unit in units:
        one: dict[str, object] = {"device": unit.id, "at": at, "online": is_online(unit.id, second=at)}
        if unit.kind is DeviceKind.CHECKPOINT:
            count = 2 if is_lazy(unit.id) else records_in(unit.id, hour_at)
            one["records"] = {"hour": hour_at, "count": count}
        said.append(one)
    return said


def local_time(now: float) -> str:
    """Give the city's time as GA/T 1400 writes it."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(now + 8 * HOUR_S))
