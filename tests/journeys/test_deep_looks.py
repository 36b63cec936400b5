"""Deep looks end to end: a running service, a vault, and cameras that ask for a login."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

from collectors.deep import Secret
from monitor.adapters.db.deep_looks import SqlDeepStore, SqlOrders
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.vault import Scope
from monitor.app.wiring import database_of, make_ready, vault_of
from monitor.domain.device import Device, DeviceKind, DeviceRecord, Endpoint, Lifecycle
from monitor.domain.login import Login
from monitor.domain.point import PointClass
from monitor.domain.state import Condition, Connectivity
from monitor.ports import InventoryBatch, Order
from monitor.settings import Settings, read_settings
from tests.collectors.deep_camera import SECRET, DeepCamera, serving
from tests.journeys.devices import REGIONS, device_id
from tests.journeys.running import Running, metric, running, until, write_settings

DEEP = "interval_s = 1\nrecheck_s = 1\nfaulty_s = 1"


async def city_of(folder: Path, cameras: list[DeepCamera], records: list[DeviceRecord] = []) -> Settings:  # noqa: B006
    config = write_settings(folder, deep=DEEP)
    settings = read_settings(config)
    devices = [
        Device(
            device_id(number),
            DeviceKind.CAMERA,
            PointClass.FIRST,
            "370702001",
            Lifecycle(int(time.time()) - 86_400),
            endpoint=Endpoint("onvif", camera.url),
        )
        for number, camera in enumerate(cameras)
    ]
    database = database_of(settings, folder=folder)
    await make_ready(database)
    await SqlInventory(database).record(InventoryBatch(regions=REGIONS, devices=devices, records=records))
    await database.close()
    return settings


def condition(service: Running, number: int) -> Condition:
    return service.service.ingest.states[device_id(number)].condition


def faults(service: Running, number: int) -> set[str]:
    return {fault.code for fault in service.service.ingest.states[device_id(number)].faults if fault.confirmed}


def files_with(folder: Path, text: str) -> list[str]:
    return [file.name for file in folder.iterdir() if text.encode() in file.read_bytes()]


async def test_devices_are_logged_in_to_and_judged_and_what_they_say_is_kept(tmp_path: Path) -> None:
    cameras = [
        DeepCamera(scheme="token", offset_s=3),
        DeepCamera(scheme="SHA-256,MD5"),
        DeepCamera(scheme="none"),
        DeepCamera(scheme="MD5", password="another"),  # noqa: S106
        DeepCamera(scheme="token", answers={"GetProfiles": "<trt:GetProfilesResponse/>"}),
    ]
    async with AsyncExitStack() as stack:
        for camera in cameras:
            await stack.enter_async_context(serving(camera))
        settings = await city_of(tmp_path, cameras, [DeviceRecord(device_id(0), serial="SN-0")])
        vault_of(settings, folder=tmp_path).set("all", SECRET, Scope(), at=0)
        async with running(settings, tmp_path) as service:
            for number in (0, 1, 2):
                await until(lambda number=number: condition(service, number) is Condition.INTACT, within_s=20)
            await until(lambda: condition(service, 4) is Condition.FAULTY, within_s=20)
            await until(lambda: "replaced" in faults(service, 0), within_s=20)
            assert faults(service, 4) == {"no_profile"}
            assert condition(service, 3) is Condition.UNKNOWN, "nobody let us in"
            states = service.service.ingest.states
            assert states[device_id(3)].connectivity is Connectivity.ONLINE
            assert abs((states[device_id(0)].clock_offset or 0) - 30) <= 15
            await until(lambda: service.service.deep.logins.held_by_group()["all"] == 1, within_s=20)  # type: ignore[union-attr]
            await asyncio.sleep(1)  # so that all of it is committed
            _, text = await service.get("/metrics")
            assert metric(text, "vidnet_logins_total", result="accepted") >= 3
            assert metric(text, "vidnet_logins_held_devices", group="all") == 1
            assert metric(text, "vidnet_devices_condition", condition="intact") == 3
            assert SECRET.password not in text
        assert cameras[3].refusals >= 2
        database = database_of(settings, folder=tmp_path)
        store = SqlDeepStore(database)
        looks = await store.looks(device_id(0))
        assert 2 <= len(looks) <= 10
        assert looks[0].login is Login.ACCEPTED
        assert looks[0].faults == ("replaced",)
        said = (await store.known(device_id(0))).said
        assert said is not None
        assert (said.model, said.serial, said.stream_uri) == ("IPC-400", "SN-1", "rtsp://127.0.0.1/ch1/sub")
        await database.close()
        assert files_with(tmp_path, SECRET.password) == []


async def test_nobody_is_locked_out_whatever_is_restarted_until_an_operator_says_so(tmp_path: Path) -> None:
    camera = DeepCamera(scheme="MD5")
    tried: list[int] = []

    def wrong_logins() -> int:
        """What the camera was sent with a login and refused."""
        return sum(tried)

    answer = camera.answer

    def counting(head: str, body: str) -> bytes:
        refused = camera.refusals
        found = answer(head, body)
        tried.append(int("Authorization:" in head and camera.refusals > refused))
        return found

    camera.answer = counting  # type: ignore[method-assign]
    async with serving(camera):
        settings = await city_of(tmp_path, [camera])
        vault = vault_of(settings, folder=tmp_path)
        vault.set("all", SECRET, Scope(), at=0)
        async with running(settings, tmp_path) as service:
            await until(lambda: condition(service, 0) is Condition.INTACT, within_s=20)
            camera.password = "changed on the device"  # noqa: S105
            await until(lambda: condition(service, 0) is Condition.FAULTY, within_s=20)
            assert faults(service, 0) == {"refused"}
        async with running(settings, tmp_path) as service:
            asked = len(tried)
            await until(lambda: len(tried) > asked + 12, within_s=20)  # a deep look or two, without a login
            assert condition(service, 0) is Condition.FAULTY
        assert wrong_logins() == 2
        camera.password = SECRET.password
        async with running(settings, tmp_path) as service:
            database = database_of(settings, folder=tmp_path)
            await SqlOrders(database).give(Order("login", device_id(0), "", "as:值班", int(time.time())))
            await database.close()
            await until(lambda: condition(service, 0) is Condition.INTACT, within_s=20)
        assert wrong_logins() == 2


async def test_a_changed_credential_is_taken_up_by_the_running_service(tmp_path: Path) -> None:
    async with serving(DeepCamera(scheme="token")) as camera:
        settings = await city_of(tmp_path, [camera])
        async with running(settings, tmp_path) as service:
            await asyncio.sleep(2)
            assert condition(service, 0) is Condition.UNKNOWN
            assert camera.refusals == 0 or not camera.signed
            vault = vault_of(settings, folder=tmp_path)
            vault.set("all", Secret(SECRET.user, "wrong"), Scope(), at=0)
            await until(lambda: service.service.deep.logins.held_by_group()["all"] == 1, within_s=20)  # type: ignore[union-attr]
            vault.set("all", SECRET, Scope(), at=0)
            await until(lambda: condition(service, 0) is Condition.INTACT, within_s=20)
