"""A small city in a database of its own, and the command line run on it as people run it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import upgrade
from monitor.adapters.db.states import SqlStateStore
from monitor.cli import app
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle
from monitor.domain.facts import Axis, StateChange
from monitor.domain.point import Point, PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.domain.state import Cause, Connectivity, initial_state
from monitor.ports import Batch, InventoryBatch

DAY_S = 86_400
REGIONS = (
    Region("3707", "潍坊市", RegionLevel.CITY),
    Region("370702", "潍城区", RegionLevel.COUNTY, "3707"),
    Region("370703", "寒亭区", RegionLevel.COUNTY, "3707"),
)


@dataclass
class CliCity:
    """Ten cameras in each of two counties, nine of each online for a month, the tenth offline."""

    config: Path
    url: str
    begun_at: int

    @classmethod
    def make(cls, folder: Path) -> CliCity:
        config = folder / "vidnet.toml"
        config.write_text('[store]\nurl = "sqlite:///city.db"\n[collector]\nown_clock = "trusted"\n', encoding="utf-8")
        city = cls(config, f"sqlite+aiosqlite:///{folder / 'city.db'}", int(time.time()) - 30 * DAY_S)
        asyncio.run(city._fill())
        return city

    def run(self, *arguments: str) -> Result:
        groups = (
            *("exempt", "import", "inventory", "report", "requests", "correct"),
            *("alerts", "audit", "incidents", "orders", "notify"),
        )
        group = 2 if arguments[0] in groups else 1
        config = ("-c", str(self.config))
        return CliRunner().invoke(app, [*arguments[:group], *config, *arguments[group:]])

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 2, result.output
        return result.stderr

    def read(self, work: Any) -> Any:
        """Run `work(inventory, database)` on the city's database and give its result."""

        async def reading() -> Any:
            database = Database(self.url)
            try:
                return await work(SqlInventory(database), database)
            finally:
                await database.close()

        return asyncio.run(reading())

    async def _fill(self) -> None:
        database = Database(self.url)
        try:
            await upgrade(database)
            devices = [camera(region.code, n, self.begun_at) for region in REGIONS[1:] for n in range(10)]
            await SqlInventory(database).record(InventoryBatch(regions=REGIONS, points=POINTS, devices=devices))
            await SqlStateStore(database).apply(first_states(devices, at=self.begun_at))
        finally:
            await database.close()


POINTS = (Point("P-1", "370702", PointClass.FIRST),)


def camera(region: str, number: int, created_at: int) -> Device:
    return Device(
        f"{region}-{number}",
        DeviceKind.CAMERA,
        PointClass.FIRST,
        region,
        Lifecycle(created_at),
        point="P-1" if (region, number) == ("370702", 0) else None,
        endpoint=Endpoint("onvif", "http://127.0.0.1:9/onvif/device_service"),
    )


def first_states(devices: Sequence[Device], *, at: int) -> Batch:
    states, changes = [], []
    for device in devices:
        now = Connectivity.OFFLINE if device.id.endswith("-9") else Connectivity.ONLINE
        cause = Cause.SILENT if now is Connectivity.OFFLINE else Cause.ANSWERED
        changes.append(StateChange(device.id, Axis.CONNECTIVITY, "unknown", now.value, at, cause))
        states.append(
            replace(
                initial_state(device.id, created_at=at),
                connectivity=now,
                connectivity_cause=cause,
                last_evidence_at=at,
                interval_s=300,
            )
        )
    return Batch(states=states, changes=changes)
