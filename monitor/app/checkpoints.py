"""The checkpoints of a city as they stand: read from the store, lane by lane and direction by direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitor.adapters.db.checkpoints import SqlCheckpointStore
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.states import SqlStateStore
from monitor.app.wiring import database_of, make_ready
from monitor.domain.checkpoint import (
    HOUR_S,
    KEPT_HOURS,
    Lane,
    LaneCoverage,
    Tollgate,
    lane_coverage,
    missing_lanes,
    usual_count,
)
from monitor.domain.device import Device
from monitor.domain.region import RegionTree
from monitor.domain.state import Connectivity
from monitor.settings import Settings


@dataclass(frozen=True, slots=True)
class LaneFinding:
    """One lane, and how the unit that serves it stands; "" where nobody does."""

    lane: Lane
    state: str


@dataclass(frozen=True, slots=True)
class CheckpointFinding:
    """One checkpoint as it stands.

    Attributes:
        region, point: where its units stand, else what it says itself; "" where nobody says.
        lanes: its lanes.
        coverage: of all its lanes, those that are not listed too.
        directions: coverage by direction.
        records: (hour, count, usual count or None) of all its units in the newest hour known; None for none.
    """

    tollgate: Tollgate
    region: str
    point: str
    lanes: Sequence[LaneFinding]
    coverage: LaneCoverage
    directions: dict[str, LaneCoverage]
    records: tuple[int, int, int | None] | None


async def read_checkpoints(settings: Settings, *, folder: Path, region: str | None, at: int) -> list[CheckpointFinding]:
    """Read all checkpoints, or those of a region.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await make_ready(database)
        store = SqlCheckpointStore(database)
        gates, lanes = await store.tollgates(), await store.lanes()
        counts = await store.counts(since=at - KEPT_HOURS * HOUR_S)
        inventory = SqlInventory(database)
        tree = RegionTree(await inventory.regions())
        devices = {device.id: device for device in await inventory.devices()}
        states = {state.device_id: state.connectivity for state in await SqlStateStore(database).load_states()}
    finally:
        await database.close()
    by_gate: dict[str, list[Lane]] = {}
    for lane in lanes:
        by_gate.setdefault(lane.tollgate, []).append(lane)
    connectivity = {
        device_id: states.get(device_id, Connectivity.UNKNOWN)
        for device_id, device in devices.items()
        if device.lifecycle.retired_at is None or device.lifecycle.retired_at > at
    }
    history: dict[str, dict[int, int]] = {}
    for device_id, hour_at, count in counts:
        history.setdefault(device_id, {})[hour_at] = count
    found = [
        _finding(gate, by_gate.get(gate.id, []), connectivity=connectivity, devices=devices, history=history)
        for gate in gates
    ]
    if region is None:
        return found
    return [
        each for each in found if each.region == region or (each.region in tree and region in tree.lineage(each.region))
    ]


def _finding(
    gate: Tollgate,
    lanes: Sequence[Lane],
    *,
    connectivity: dict[str, Connectivity],
    devices: dict[str, Device],
    history: dict[str, dict[int, int]],
) -> CheckpointFinding:
    units = [devices[lane.device] for lane in lanes if lane.device in devices]
    all_lanes = lane_coverage(lanes, connectivity)
    missing = missing_lanes(gate, lanes)
    directions = {
        direction: lane_coverage([lane for lane in lanes if lane.direction == direction], connectivity)
        for direction in dict.fromkeys(lane.direction for lane in lanes)
    }
    return CheckpointFinding(
        gate,
        region=next((unit.region for unit in units if unit.region), gate.place_code),
        point=next((unit.point for unit in units if unit.point), ""),
        lanes=[LaneFinding(lane, str(connectivity.get(lane.device, ""))) for lane in lanes],
        coverage=LaneCoverage(all_lanes.lanes + missing, all_lanes.covered, all_lanes.unknown),
        directions=directions,
        records=_records([history.get(unit.id, {}) for unit in dict.fromkeys(units)]),
    )


def _records(histories: Sequence[dict[int, int]]) -> tuple[int, int, int | None] | None:
    """Sum the counts of all units in the newest hour that any of them told, and what is usual in it."""
    newest = max((hour_at for each in histories for hour_at in each), default=None)
    if newest is None:
        return None
    usual = [usual_count(each, hour_at=newest) for each in histories]
    known = [one for one in usual if one is not None]
    return newest, sum(each.get(newest, 0) for each in histories), sum(known) if known else None


def checkpoint_values(found: CheckpointFinding) -> dict[str, Any]:
    """Give a checkpoint as plain values: what `--json` prints and the API answers."""
    records = None
    if found.records is not None:
        records = dict(zip(("hour", "count", "usual"), found.records, strict=True))
    gate = asdict(found.tollgate)
    gate["lane_count"] = gate.pop("lanes")
    return gate | {
        "region": found.region,
        "point": found.point,
        "lanes": [
            {
                "number": each.lane.number,
                "direction": each.lane.direction,
                "city_pass": each.lane.city_pass.value,
                "device": each.lane.device,
                "state": each.state,
            }
            for each in found.lanes
        ],
        "coverage": _counts(found.coverage),
        "directions": {name: _counts(one) for name, one in found.directions.items()},
        "records": records,
    }


def _counts(coverage: LaneCoverage) -> dict[str, int]:
    return {
        "lanes": coverage.lanes,
        "covered": coverage.covered,
        "unknown": coverage.unknown,
        "uncovered": coverage.uncovered,
    }
