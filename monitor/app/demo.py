"""`vidnet demo`: the simulated city's devices in a process of their own, and the real service looking at them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from collectors.deep import Secret
from monitor.adapters.db.checkpoints import SqlCheckpointStore
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.trend import SqlTrend
from monitor.adapters.files.regions import read_regions
from monitor.adapters.vault import Scope
from monitor.app.service import Service
from monitor.app.wiring import config_folder, database_of, make_ready, vault_of
from monitor.demo.broker import find_mosquitto, free_port, start_broker
from monitor.demo.city import build_city
from monitor.demo.credentials import plain_text_devices
from monitor.demo.fleet import FleetConfig
from monitor.demo.launch import start_fleet
from monitor.demo.layout import Layout, plan_layout
from monitor.demo.organisations import organisations_by_town
from monitor.demo.past import past_of
from monitor.demo.past_figures import past_figures
from monitor.demo.persona import DEMO_PASSWORD, DEMO_USER, GROUP, TEXT_GROUP
from monitor.demo.told import OURS, ToldPlan, plan_told, records_of_the_past, told_devices
from monitor.domain.region import Region
from monitor.ports import InventoryBatch
from monitor.settings import Settings, read_settings

SMALL_FLEET = 20_000
"""Up to so many devices a demo looks every 30 s; a larger fleet is looked at with the city's own pace."""

DEFAULT_SEED = 7
DEFAULT_FLEET_PORT = 18_080
_FILE = "vidnet.toml"
_CITY_FILE = "city.json"


class DemoError(Exception):
    """The demo cannot run as asked; the message says why and what to do."""


class DemoCity(msgspec.Struct, frozen=True):
    """What a demo's folder remembers of its city, so that a second start finds the same one."""

    devices: int
    seed: int
    port: int
    at: int
    told: bool = False
    mqtt: bool = False


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is prepared: its settings, its database with the city in it, and its fleet."""

    folder: Path
    city: DemoCity
    settings: Settings
    database: Database


async def prepare_demo(
    folder: Path, *, devices: int | None, seed: int, fleet_port: int, web_port: int, told: bool = True
) -> Demo:
    """Make the demo's folder ready: at the first start its city is built and recorded, later it is found.

    Args:
        folder: where the demo keeps its settings, city and database.
        devices: polled devices; None for those of the folder's city, or 2,000.
        seed: what the city is built from.
        fleet_port: the port that all simulated devices listen on; it may be another one at each start.
        web_port: where metrics are served; 0 takes a free port.
        told: whether a new city has devices that are told of, too: by a platform, and by gateways where there is a
            broker.

    Raises:
        DemoError: the folder holds another city, or cannot be used.
        StoreError: its database cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 # at the start, nothing else runs yet
        city = _remembered(folder)
    except (OSError, msgspec.DecodeError) as error:
        raise DemoError(
            f"无法使用演示目录 {folder}（{error}）: 换一个目录（--dir）或删除该目录\n"
            f"{folder} cannot be used ({error}): choose another folder (--dir) or delete this one"
        ) from error
    if city is None:
        city = DemoCity(
            devices=devices or 2_000,
            seed=seed,
            port=fleet_port,
            at=int(time.time()),
            told=told,
            mqtt=told and find_mosquitto() is not None,
        )
    elif devices not in (None, city.devices):
        raise DemoError(
            f"{folder} 中已有 {city.devices} 台设备的演示城市: 换一个目录（--dir）或删除该目录\n"
            f"{folder} holds a city of {city.devices} devices: choose another folder (--dir) or delete this one"
        )
    broker_port = free_port() if city.mqtt and find_mosquitto() else 0
    (folder / _FILE).write_text(_settings_text(city.devices, web_port, broker_port), encoding="utf-8")
    settings = read_settings(folder / _FILE)
    database = database_of(settings, folder=folder)
    await make_ready(database)
    inventory = SqlInventory(database)
    if not await inventory.regions():
        batch = _inventory(city, with_past=True)
        # Written first: a start that is cut short between the two goes on with the same city.
        _remember(folder, city)
        await inventory.record(batch)
        if city.mqtt:
            counts = records_of_the_past(_told_plan(city), at=city.at)
            await SqlCheckpointStore(database).keep_counts(counts, forget_before=0)
        _fill_vault(settings, city, batch, folder=folder)
        past = past_figures(batch.devices, batch.regions, batch.corrections)
        await SqlTrend(database).keep(list(past), forget_before=0)
    elif city.port != fleet_port:
        # The port is this machine's affair and no part of the city: another one may be in use by now.
        city = msgspec.structs.replace(city, port=fleet_port)
        await inventory.record(InventoryBatch(devices=_inventory(city).devices))
        _remember(folder, city)
    return Demo(folder, city, settings, database)


async def run_demo(demo: Demo, stop: asyncio.Event, *, on_ready: Callable[[Service, int], None]) -> None:
    """Start the devices, look at them until told to stop, and end both cleanly.

    Raises:
        FleetError: the devices' process cannot run, a port in use as a rule.
        StoreError: the store cannot be used, or refused to go on.
        WebServerError: the web server cannot listen.
    """
    city = demo.city
    mqtt = demo.settings.mqtt
    config = FleetConfig(
        city.devices,
        city.seed,
        city.port,
        config_folder() / "weifang-regions.csv",
        broker_port=mqtt.port if mqtt.enabled else 0,
        push_every_s=demo.settings.collector.interval_s,
    )
    async with _broker(demo), start_fleet(config):
        service = await Service.load(demo.settings, demo.database, folder=demo.folder)
        await service.run(stop, on_ready=lambda port: on_ready(service, port))


def mqtt_line(demo: Demo) -> str:
    """Say whether gateways push to a broker, and why not."""
    if demo.settings.mqtt.enabled:
        return f"MQTT: 127.0.0.1:{demo.settings.mqtt.port}（mosquitto）· 网关推送状态 gateways push their status"
    if not find_mosquitto():
        return "MQTT 未启用: 未安装 mosquitto · MQTT is off: mosquitto is not installed"
    return "MQTT 未启用: 该演示城市没有网关 · MQTT is off: this city was made without a broker, and has no gateways"


def _broker(demo: Demo) -> AbstractAsyncContextManager[object]:
    mqtt = demo.settings.mqtt
    return start_broker(demo.folder, port=mqtt.port) if mqtt.enabled else nullcontext()


def _remembered(folder: Path) -> DemoCity | None:
    file = folder / _CITY_FILE
    return msgspec.json.decode(file.read_bytes(), type=DemoCity) if file.exists() else None


def _remember(folder: Path, city: DemoCity) -> None:
    """Write the city's file whole or not at all."""
    written = folder / f"{_CITY_FILE}.new"
    written.write_bytes(msgspec.json.encode(city))
    written.replace(folder / _CITY_FILE)


def _inventory(city: DemoCity, *, with_past: bool = False) -> InventoryBatch:
    regions = read_regions(config_folder() / "weifang-regions.csv")
    built = build_city(devices=city.devices, seed=city.seed, port=city.port, regions=regions, at=city.at)
    batch = built.inventory()
    if city.told:
        batch = _with_told(batch, built.layout, city, regions)
    return replace(batch, corrections=past_of(built)) if with_past else batch


def _with_told(batch: InventoryBatch, layout: Layout, city: DemoCity, regions: Sequence[Region]) -> InventoryBatch:
    owners = {town: owned["police"] for town, owned in organisations_by_town(regions).items()}
    told = told_devices(
        plan_told(layout, seed=city.seed),
        port=city.port,
        at=city.at,
        with_gateways=city.mqtt,
        organisations=owners,
    )
    return replace(
        batch,
        devices=[*batch.devices, *(device for device, _ in told)],
        records=[*batch.records, *(record for _, record in told)],
    )


def _told_plan(city: DemoCity) -> ToldPlan:
    regions = read_regions(config_folder() / "weifang-regions.csv")
    return plan_told(plan_layout(devices=city.devices, seed=city.seed, regions=regions), seed=city.seed)


def _fill_vault(settings: Settings, city: DemoCity, batch: InventoryBatch, *, folder: Path) -> None:
    """Give the demo its own credentials: what its devices, which exist on loopback only, are logged in to with."""
    vault = vault_of(settings, folder=folder)
    secret = Secret(DEMO_USER, DEMO_PASSWORD)
    vault.set(GROUP, secret, Scope(), at=city.at)
    listed = plain_text_devices(batch.devices, count=city.devices, seed=city.seed, regions=list(batch.regions))
    if listed:
        vault.set(TEXT_GROUP, secret, Scope(listed=listed, plain_text=True), at=city.at)


def _settings_text(devices: int, web_port: int, broker_port: int) -> str:
    mqtt = f"enabled = true\nport = {broker_port}\n" if broker_port else "enabled = false\n"
    pace = "interval_s = 30\nrecheck_s = 5\n" if devices <= SMALL_FLEET else ""
    deep_s = max(60, devices * 3 // 100)
    picture_s = max(300, devices // 3)  # about three a second, a tenth of a processor
    return f"""# Written by `vidnet demo` at every start.
[store]
url = "sqlite:///vidnet.db"
flush_every_s = 10.0

[collector]
# The simulated devices run on this machine, by its own clock.
own_clock = "trusted"
{pace}
[deep]
# So that an intact rate is there after a minute or two, whatever the fleet's size lets this machine do.
interval_s = {deep_s}
recheck_s = {deep_s // 2}
faulty_s = {deep_s}

[picture]
interval_s = {picture_s}
recheck_s = {deep_s}
faulty_s = {picture_s}
workers = 2

[web]
port = {web_port}
trend_every_s = 300

[mqtt]
{mqtt}
[viid]
id = "{OURS}"

[accounts]
guest = true

[log]
level = "warning"
"""
