"""Pushed status end to end: a real broker, the real service, and what a user sees of it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path

import aiomqtt
from typer.testing import CliRunner

from collectors.deep import Secret
from collectors.mqtt.messages import read_message
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.vault import Scope
from monitor.app.wiring import database_of, make_ready, vault_of
from monitor.cli import app
from monitor.domain.device import Device, DeviceKind, Lifecycle, Parent, ParentRole
from monitor.domain.facts import Axis
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.ports import InventoryBatch
from monitor.settings import read_settings
from tests.brokers import running_mosquitto
from tests.journeys.running import metric, running, until
from tests.journeys.test_kill9 import children

REGION = Region("370700", "潍坊市", RegionLevel.CITY, None)
USERS = {"vidnet": "v", "g-1": "g"}
ROOT = Path(__file__).parent.parent.parent


def inventory() -> InventoryBatch:
    life = Lifecycle(int(time.time()) - 1_000)
    gateway = Device("g-1", DeviceKind.GATEWAY, PointClass.OTHER, "370700", life)
    cameras = [
        Device(
            f"c-{n}", DeviceKind.CAMERA, PointClass.FIRST, "370700", life, parents=(Parent("g-1", ParentRole.REPORTER),)
        )
        for n in range(3)
    ]
    return InventoryBatch(regions=[REGION], devices=[gateway, *cameras])


async def test_what_a_gateway_says_is_counted_and_its_silence_too(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    with running_mosquitto(folder, USERS) as server:
        config = tmp_path / "vidnet.toml"
        config.write_text(
            f'[web]\nport = 0\n[mqtt]\nenabled = true\nport = {server.port}\ncredential = "broker"\n'
            '[collector]\nown_clock = "trusted"\n[store]\ncommit_every_s = 0.05\n',
            encoding="utf-8",
        )
        settings = read_settings(config)
        vault = vault_of(settings, folder=tmp_path)
        vault.set("broker", Secret("vidnet", "v"), Scope(), at=0)
        database = database_of(settings, folder=tmp_path)
        await make_ready(database)
        await SqlInventory(database).record(inventory())
        await database.close()
        async with running(settings, tmp_path) as service:
            assert service.service.intake.mqtt is not None
            await until(lambda: service.service.intake.mqtt.connected)  # type: ignore[union-attr]
            now = int(time.time())
            said = [{"device": f"c-{n}", "at": now, "online": n < 2} for n in range(3)]
            said.append({"device": "nobody", "at": now, "online": True})
            client = aiomqtt.Client(
                "127.0.0.1", server.port, username="g-1", password=USERS["g-1"], protocol=aiomqtt.ProtocolVersion.V5
            )
            async with client:
                batch = json.dumps({"sent_at": now, "observations": said})
                await client.publish("vidnet/v1/gateways/g-1/batch", batch, qos=1)
                await client.publish("vidnet/v1/gateways/g-1/batch", b"no JSON", qos=1)
            receiving = service.service.intake.receiving
            await until(lambda: receiving.counts["mqtt", "refused_message"] == 1)
            await until(lambda: service.service.ingest.committed_changes >= 7)
            _, text = await service.get("/metrics")
            assert metric(text, "vidnet_reports_total", protocol="mqtt", result="unknown") == 1
            assert metric(text, "vidnet_mqtt_up") == 1
            assert metric(text, "vidnet_devices", kind="camera", state="online") == 2
            assert metric(text, "vidnet_devices", kind="camera", state="offline") == 1
            assert {service.service.ingest.states[each].condition for each in ("c-0", "c-1")} == {"intact"}
            server.stop()
            await until(lambda: not service.service.intake.mqtt.connected)  # type: ignore[union-attr]
            status, ready = await service.get("/readyz")
            assert (status, "mqtt: not connected" in ready) == (503, True)
        shown = await asyncio.to_thread(CliRunner().invoke, app, ["intake", "-c", str(config), "--json"])
        found = json.loads(shown.output)
        assert [each["id"] for each in found["unknown"]] == ["nobody"]
        assert [each["reason"] for each in found["refused"]] == ["payload is not JSON"]
        table = await asyncio.to_thread(CliRunner().invoke, app, ["intake", "-c", str(config)])
        assert "nobody" in table.output


def test_mqtt_check_says_one_line(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path, {"vidnet": "v"}) as server:
        config = tmp_path / "vidnet.toml"
        config.write_text(f'[mqtt]\nport = {server.port}\ncredential = "broker"\n', encoding="utf-8")
        missing = CliRunner().invoke(app, ["mqtt", "check", "-c", str(config)])
        assert missing.exit_code == 1
        vault_of(read_settings(config), folder=tmp_path).set("broker", Secret("vidnet", "wrong"), Scope(), at=0)
        refused = CliRunner().invoke(app, ["mqtt", "check", "-c", str(config), "--json"])
        assert (refused.exit_code, json.loads(refused.output)["step"]) == (1, "password")
        vault_of(read_settings(config), folder=tmp_path).set("broker", Secret("vidnet", "v"), Scope(), at=0)
        works = CliRunner().invoke(app, ["mqtt", "check", "-c", str(config)])
        assert (works.exit_code, works.output.count("\n")) == (0, 1)


def test_the_documented_messages_are_what_is_read() -> None:
    text = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    section = text.partition("## MQTT")[2].partition("What becomes of it")[0]
    examples = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    topics = ["vidnet/v1/gateways/g/batch", "vidnet/v1/devices/d/status", "vidnet/v1/devices/d/status"]
    messages = [
        read_message(topic, example.encode(), retained=False, received_at=1_795_421_400)
        for topic, example in zip(topics, examples, strict=True)
    ]
    assert [message.refusal for message in messages] == ["", "", ""]
    assert [len(message.reports) for message in messages] == [3, 1, 1]


async def test_killed_again_and_again_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    """Kill -9 of the service while gateways push: what was acknowledged is stored, what was not comes again."""
    folder = tmp_path / "broker"
    folder.mkdir()
    rounds, devices = 4, 40
    life = Lifecycle(int(time.time()) - 1_000)
    told = (Parent("g-1", ParentRole.REPORTER),)
    batch = InventoryBatch(
        regions=[REGION],
        devices=[Device("g-1", DeviceKind.GATEWAY, PointClass.OTHER, "370700", life)]
        + [
            Device(f"c-{turn}-{n}", DeviceKind.CAMERA, PointClass.FIRST, "370700", life, parents=told)
            for turn in range(rounds)
            for n in range(devices)
        ],
    )
    with running_mosquitto(folder, USERS) as server:
        config = tmp_path / "vidnet.toml"
        config.write_text(
            f'[web]\nport = 0\n[mqtt]\nenabled = true\nport = {server.port}\ncredential = "broker"\n'
            '[collector]\nown_clock = "trusted"\n[intake]\nper_second = 1000.0\nburst = 10000\n',
            encoding="utf-8",
        )
        settings = read_settings(config)
        vault_of(settings, folder=tmp_path).set("broker", Secret("vidnet", "v"), Scope(), at=0)
        database = database_of(settings, folder=tmp_path)
        await make_ready(database)
        await SqlInventory(database).record(batch)
        async with children(config, tmp_path / "log") as service:
            await service.start()
            await asyncio.sleep(0.5)  # its session is there
            client = aiomqtt.Client(
                "127.0.0.1", server.port, username="g-1", password=USERS["g-1"], protocol=aiomqtt.ProtocolVersion.V5
            )
            async with client:
                for turn in range(rounds):
                    for n in range(devices):
                        said = [{"device": f"c-{turn}-{n}", "at": int(time.time()), "online": True}]
                        await client.publish(
                            "vidnet/v1/gateways/g-1/batch", json.dumps({"observations": said}).encode(), qos=1
                        )
                    await service.kill()
                    await service.start()
            queries = SqlQueries(database)

            async def all_online() -> bool:
                changes = await queries.changes(axis=Axis.CONNECTIVITY)
                return {each.device_id for each in changes if each.new == "online"} >= {
                    device.id for device in batch.devices
                }

            await until(all_online)
            await service.stop()
        changes = await queries.changes(axis=Axis.CONNECTIVITY)
        assert sorted(each.device_id for each in changes) == sorted(device.id for device in batch.devices)
        assert {each.new for each in changes} == {"online"}
        await database.close()
