"""A running service follows what is done beside it: by the command line, by an import, by a changed file."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.adapters.db.inventory import SqlInventory
from monitor.app.wiring import database_of
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle
from monitor.domain.point import Point, PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.domain.state import Connectivity
from monitor.ports import InventoryBatch
from monitor.settings import read_settings
from tests.journeys.commands import command_line
from tests.journeys.devices import Fleet, Mood, device_id, living
from tests.journeys.running import Running, metric, record, running, until, write_settings

ZONE = ZoneInfo("Asia/Shanghai")


async def write(config: Path, batch: InventoryBatch) -> None:
    """Record something beside the service, as an import does."""
    database = database_of(read_settings(config), folder=config.parent)
    try:
        await SqlInventory(database).record(batch)
    finally:
        await database.close()


def device(index: int, fleet: Fleet, **fields: Any) -> Device:
    given = {
        "kind": DeviceKind.CAMERA,
        "point_class": PointClass.FIRST,
        "region": "370702001",
        "lifecycle": Lifecycle(int(time.time())),
        "endpoint": Endpoint("onvif", f"http://{fleet.address(index)}:{fleet.port}/onvif/device_service"),
    }
    return Device(device_id(index), **(given | fields))


def tally(run: Running) -> tuple[int, int, int]:
    whole = run.service.overview().whole.tally
    return whole.online, whole.offline, whole.exempt


def connectivity(run: Running, index: int) -> Connectivity | None:
    state = run.service.ingest.states.get(device_id(index))
    return None if state is None else state.connectivity


async def test_a_running_service_takes_in_what_people_do_beside_it(tmp_path: Path) -> None:
    fleet = Fleet(14)
    fleet.mood = lambda index: Mood.SILENT if index in (3, 4) else Mood.CLEAN
    config = write_settings(tmp_path)
    on = ("-c", str(config))
    async with living(fleet), command_line() as vidnet:
        fleet.count = 10
        await record(fleet, config)
        async with running(read_settings(config), tmp_path) as run:
            await until(lambda: tally(run) == (8, 2, 0))

            start, end = (datetime.fromtimestamp(time.time() + off, ZONE).isoformat() for off in (-60, 3_600))
            window = ("--from", start, "--to", end, "--reason", "repair", "--as", "张三")
            asked = await vidnet("exempt", "propose", "--device", device_id(3), *window, *on)
            await asyncio.sleep(0.6)
            assert tally(run) == (8, 2, 0), "what waits for its decision counts for nothing"
            await vidnet("exempt", "approve", asked["exemptions"][0]["id"], "--as", "李四", *on)
            await until(lambda: tally(run) == (8, 1, 1), within_s=5)
            _, text = await run.get("/metrics")
            assert metric(text, "vidnet_devices", state="exempt") == 1
            assert metric(text, "vidnet_devices", state="offline") == 1

            looks = run.service.polling.looks.total()
            await write(config, InventoryBatch(points=[Point("P-1", "370702001", PointClass.FIRST)]))
            await write(config, InventoryBatch(devices=[device(index, fleet, point="P-1") for index in (10, 11)]))
            await until(lambda: tally(run) == (10, 1, 1), within_s=5)
            assert run.service.polling.looks.total() > looks
            assert run.service.overview().whole.coverage[PointClass.FIRST].rate.numerator == 1

            sheet = tmp_path / "devices.csv"
            url = f"http://{fleet.address(13)}:{fleet.port}/onvif/device_service"
            row = f"{device_id(13)},camera,second,370702001,onvif,{url}\n"
            sheet.write_text(f"id,kind,class,region,protocol,address\n{row}", encoding="utf-8")
            done = await vidnet("import", "devices", str(sheet), "--profile", "minimal-en", "--as", "张三", *on)
            assert done["added"] == 1
            await until(lambda: tally(run) == (11, 1, 1), within_s=5)
            left = await vidnet("requests", "retire", device_id(13), "--reason", "拆迁", "--as", "张三", *on)
            await vidnet("requests", "approve", left["requests"][0]["id"], "--as", "李四", *on)
            await until(lambda: tally(run) == (10, 1, 1), within_s=5)

            await write(config, InventoryBatch(devices=[device(10, fleet, region="370702", endpoint=None)]))
            moved = device(4, fleet, endpoint=device(12, fleet).endpoint)  # to the address of one that answers
            await write(config, InventoryBatch(devices=[moved]))
            await until(lambda: tally(run) == (11, 0, 1), within_s=5)
            assert run.service.polling.devices == 12, "a retired one is still looked at"

            town = Region("370702002", "北关街道", RegionLevel.TOWN, "370702", "Beiguan")
            await write(config, InventoryBatch(regions=[town], devices=[replace(moved, region=town.code)]))
            await until(lambda: town.code in run.service.city.tree, within_s=5)
            await until(lambda: run.service.overview(region=town.code).whole.tally.online == 1, within_s=5)
            _, text = await run.get("/metrics")
            assert metric(text, "vidnet_region_info", town=town.code, name_en="Beiguan") == 1
            assert metric(text, "vidnet_devices", town=town.code, state="online") == 1

            assert run.service.overview().whole.online.assessment is not None
            (tmp_path / "targets.toml").write_text("", encoding="utf-8")
            await until(lambda: run.service.overview().whole.online.assessment is None, within_s=5)
            entry = 'indicator = "online"\nvalue = "0.10"\neffective_from = "2020-01-01"\nsource = "x"\n'
            (tmp_path / "other.toml").write_text(f"[[target]]\n{entry}", encoding="utf-8")
            await vidnet("targets", "import", str(tmp_path / "other.toml"), "--as", "李四", *on)
            await until(lambda: run.service.overview().whole.online.assessment is not None, within_s=5)
            before = dict(run.service.counts.cells())
        async with running(read_settings(config), tmp_path) as again:
            assert dict(again.service.counts.cells()) == before, "a restart finds what was followed"


async def test_many_new_devices_are_looked_at_in_their_slots_and_none_is_lost(tmp_path: Path) -> None:
    fleet = Fleet(900)
    config = write_settings(tmp_path, interval_s=2)
    async with living(fleet):
        fleet.count = 5
        await record(fleet, config)
        async with running(read_settings(config), tmp_path) as run:
            await until(lambda: tally(run)[0] == 5)
            await write(config, InventoryBatch(devices=[device(index, fleet) for index in range(5, 900)]))
            await until(lambda: run.service.polling.devices == 900, within_s=5)
            assert run.service.polling.lag_s() < 2
            await until(lambda: tally(run) == (900, 0, 0), within_s=15)
            left = [device(index, fleet, lifecycle=Lifecycle(1, retired_at=int(time.time()))) for index in range(600)]
            await write(config, InventoryBatch(devices=left))
            await until(lambda: tally(run) == (300, 0, 0), within_s=5)
