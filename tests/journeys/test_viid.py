"""GA/T 1400 end to end: a platform that is asked, and what becomes of its devices when it dies."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import aiohttp
from typer.testing import CliRunner

from collectors.deep import Secret
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.vault import Scope
from monitor.app.wiring import database_of, make_ready, vault_of
from monitor.cli import app
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle, Parent, ParentRole, Route
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.ports import InventoryBatch
from monitor.settings import read_settings
from tests.collectors.platforms import PASSWORD, USER, Platform, running_platform
from tests.collectors.test_viid_listener import authorization
from tests.journeys.running import metric, running, until

REGION = Region("370700", "潍坊市", RegionLevel.CITY, None)
SETTINGS = """
[store]
commit_every_s = 0.05
[collector]
interval_s = 1
recheck_s = 1
timeout_s = 0.5
own_clock = "trusted"
[rules]
mass_share = "1"
[web]
port = 0
[viid]
id = "37070000005030000001"
"""


def unit(number: int) -> str:
    return f"3707020000119{number:07d}"


def inventory(url: str) -> InventoryBatch:
    life = Lifecycle(int(time.time()) - 1_000)
    endpoint = Endpoint("viid", url, "platform")
    platform = Device("p-1", DeviceKind.PLATFORM, PointClass.OTHER, "370700", life, endpoint=endpoint)
    told = (Parent("p-1", ParentRole.REPORTER),)
    units = [
        Device(unit(n), DeviceKind.CHECKPOINT, PointClass.FIRST, "370700", life, route=Route.PLATFORM, parents=told)
        for n in range(5)
    ]
    return InventoryBatch(regions=[REGION], devices=[platform, *units])


async def test_a_platform_feeds_its_devices_and_its_death_takes_them_along(tmp_path: Path) -> None:
    config = tmp_path / "vidnet.toml"
    config.write_text(SETTINGS, encoding="utf-8")
    settings = read_settings(config)
    vault_of(settings, folder=tmp_path).set("platform", Secret(USER, PASSWORD), Scope(), at=0)
    apes = [{"ApeID": unit(n), "IsOnline": "1"} for n in range(3)] + [{"ApeID": unit(3), "IsOnline": 2}]
    apes.append({"ApeID": "37070200001190009999", "IsOnline": 1})
    gates = [{"TollgateID": "t-1", "Name": "南环", "Status": 1, "TollgateCat": 31, "TollgateUsage": 80, "LaneNum": 4}]
    lanes = [
        {"TollgateID": "t-1", "LaneNo": n + 1, "Direction": str(1 + n % 2), "CityPass": 1, "ApeID": unit(n)}
        for n in (0, 1, 3)
    ]
    platform = Platform(apes=apes, challenge="opaque and spacing", tollgates=gates, lanes=lanes)
    async with running_platform(platform):
        database = database_of(settings, folder=tmp_path)
        await make_ready(database)
        await SqlInventory(database).record(inventory(platform.url))
        await database.close()
        async with running(settings, tmp_path) as service:

            async def shows(state: str, count: int) -> bool:
                _, text = await service.get("/metrics")
                return metric(text, "vidnet_devices", kind="checkpoint", state=state) == count

            def state(number: int) -> tuple[str, str]:
                found = service.service.ingest.states[unit(number)]
                return found.connectivity.value, found.connectivity_cause.value

            await until(lambda: shows("online", 3))
            assert state(3) == ("offline", "silent")
            await until(lambda: state(4)[0] == "offline")  # a complete list leaves it out: silent looks
            counts = service.service.intake.receiving.counts
            assert counts["viid", "unknown"] >= 1

            platform.dead = True
            await until(lambda: state(0) == ("offline", "parent_down"))
            assert state(3) == ("offline", "silent")
            await until(lambda: shows("online", 0))
            platform.dead = False
            await until(lambda: shows("online", 3))
            _, text = await service.get("/metrics")
            assert metric(text, "vidnet_lanes", city_pass="in", coverage="covered") == 2  # noqa: S106
    shown = await asyncio.to_thread(CliRunner().invoke, app, ["checkpoints", "-c", str(config), "--json"])
    [gate] = json.loads(shown.output)
    assert (gate["id"], gate["region"], gate["category"]) == ("t-1", "370700", 31)
    assert gate["coverage"] == {"lanes": 4, "covered": 2, "unknown": 0, "uncovered": 2}
    assert gate["directions"]["2"] == {"lanes": 2, "covered": 1, "unknown": 0, "uncovered": 1}
    assert [lane["state"] for lane in gate["lanes"]] == ["online", "online", "offline"]
    table = await asyncio.to_thread(CliRunner().invoke, app, ["checkpoints", "-c", str(config), "--region", "370700"])
    assert "2/4" in table.output


async def test_a_unit_registers_with_the_service_and_pictures_are_refused(tmp_path: Path) -> None:
    config = tmp_path / "vidnet.toml"
    config.write_text(SETTINGS + 'listen = true\ncredential = "units"\n', encoding="utf-8")
    settings = read_settings(config)
    vault_of(settings, folder=tmp_path).set("units", Secret("viid", "Zk-9"), Scope(), at=0)
    database = database_of(settings, folder=tmp_path)
    await make_ready(database)
    life = Lifecycle(int(time.time()) - 1_000)
    batch = InventoryBatch(
        regions=[REGION], devices=[Device(unit(1), DeviceKind.CHECKPOINT, PointClass.FIRST, "370700", life)]
    )
    await SqlInventory(database).record(batch)
    await database.close()
    async with running(settings, tmp_path) as service, aiohttp.ClientSession() as session:
        base = f"http://127.0.0.1:{service.port}/VIID"

        async def register(device_id: str) -> int:
            body = json.dumps({"RegisterObject": {"DeviceID": device_id}})
            headers = {"User-Identify": device_id}
            async with session.post(f"{base}/System/Register", data=body, headers=headers) as answer:
                challenge = answer.headers["WWW-Authenticate"]
            headers["Authorization"] = authorization(challenge)
            async with session.post(f"{base}/System/Register", data=body, headers=headers) as answer:
                return answer.status

        assert await register(unit(1)) == 200
        assert service.service.ingest.states[unit(1)].connectivity == "online"
        stored = await service.service._store.load_states()
        assert [state.connectivity.value for state in stored] == ["online"]  # before it was answered
        assert await register(unit(2)) == 403
        async with session.post(f"{base}/Faces", data="{}", headers={"User-Identify": unit(1)}) as answer:
            assert answer.status == 403
        _, text = await service.get("/metrics")
        assert metric(text, "vidnet_reports_total", protocol="viid", result="taken") == 1
    shown = await asyncio.to_thread(CliRunner().invoke, app, ["intake", "-c", str(config), "--json"])
    found = json.loads(shown.output)
    assert [each["id"] for each in found["unknown"]] == [unit(2)]
