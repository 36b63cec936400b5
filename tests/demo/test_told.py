"""The city's devices that are told of: one plan for the inventory and for who tells."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from monitor.adapters.files.regions import read_regions
from monitor.demo.broker import free_port, start_broker
from monitor.demo.layout import plan_layout
from monitor.demo.platform import DemoPlatform
from monitor.demo.told import PLATFORM_DOWN_S, observations, plan_told, records_of_the_past, told_devices
from monitor.domain.device import DeviceKind
from tests.programs import need_program

REGIONS = read_regions(Path(__file__).parent.parent.parent / "config" / "weifang-regions.csv")
LAYOUT = plan_layout(devices=20_000, seed=7, regions=REGIONS)
PLAN = plan_told(LAYOUT, seed=7)
T0 = 1_795_000_000


def asked(platform: DemoPlatform, path: str) -> dict[str, object]:
    answer = platform.answer(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    found: dict[str, object] = json.loads(body)
    return found


def test_equal_arguments_give_an_equal_plan_without_an_id_twice():
    assert plan_told(LAYOUT, seed=7) == PLAN
    devices = [device for device, _ in told_devices(PLAN, port=1, at=T0, with_gateways=True, organisations={})]
    assert len({device.id for device in devices}) == len(devices)
    assert all(len(device.id) == 20 and device.id.isdigit() for device in devices)
    assert all(device.parents or device.kind in (DeviceKind.PLATFORM, DeviceKind.GATEWAY) for device in devices)
    without = told_devices(PLAN, port=1, at=T0, with_gateways=False, organisations={})
    assert len(without) == 1 + sum(len(gate.units) for gate in PLAN.gates)


def test_the_platform_tells_of_every_unit_in_pages():
    platform = DemoPlatform(PLAN, now=lambda: T0, elapsed=lambda: 0)
    units = {unit.id for gate in PLAN.gates for unit in gate.units}
    found: set[str] = set()
    for start in (1, 101, 201, 301, 401):
        page = asked(platform, f"/VIID/APEs?PageRecordNum=100&RecordStartNo={start}")
        found |= {ape["ApeID"] for ape in page["APEListObject"]["APEObject"]}  # type: ignore[index]
    assert found == units
    assert asked(platform, "/VIID/System/Time")["SystemTimeObject"]["LocalTime"] == "20261118190640"  # type: ignore[index]
    assert "ResponseStatusObject" in asked(platform, "/VIID/Faces")
    assert not platform.is_down
    assert DemoPlatform(PLAN, now=lambda: T0, elapsed=lambda: PLATFORM_DOWN_S[0]).is_down


def test_gateways_tell_of_what_is_behind_them():
    said = observations(PLAN.gateways[0].units, now=T0 + 0.5)
    assert [one["device"] for one in said] == [unit.id for unit in PLAN.gateways[0].units]
    assert sum(bool(one["online"]) for one in said) > len(said) * 0.8
    counted = {device for device, _, _ in records_of_the_past(PLAN, at=T0)}
    assert counted == {one["device"] for gateway in PLAN.gateways for one in observations(gateway.units, now=T0)
                       if "records" in one}  # fmt: skip


async def test_the_demos_broker_runs_and_ends(tmp_path: Path):
    need_program("mosquitto")
    port = free_port()
    async with start_broker(tmp_path, port=port) as runs:
        assert runs
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
    await asyncio.sleep(0.05)
    try:
        await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    raise AssertionError("the broker is still there")


async def test_without_mosquitto_there_is_none(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("monitor.demo.broker.find_mosquitto", lambda: None)
    async with start_broker(tmp_path, port=1) as runs:
        assert not runs
