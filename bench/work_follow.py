"""A service that follows the inventory of a whole city: what an approval or an import costs it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.town import build, write_settings
from monitor.adapters.db.inventory import SqlInventory
from monitor.app.coverage import read_coverage
from monitor.app.ledger import read_diff
from monitor.app.service import Service
from monitor.app.wiring import database_of
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.ports import InventoryBatch

IMPORTED = 20_000


async def follow(spec: dict[str, Any]) -> dict[str, Any]:
    """Give what each kind of news costs: seconds of CPU, and the longest that the event loop stood still."""
    folder = Path(spec["folder"])
    settings = write_settings(folder)
    await build(folder, devices=spec["devices"], port=1)
    began = int(time.time())
    database = database_of(settings, folder=folder)
    inventory = SqlInventory(database)
    service = await Service.load(settings, database, folder=folder)
    devices = await inventory.devices()
    imported = devices[: min(IMPORTED, len(devices))]
    window = (began - 60, began + 3_600, "repair", "bench")
    news = {
        "idle": None,
        "one exemption": InventoryBatch(exemptions=[Exemption("B1", ExemptionScope.DEVICE, devices[5].id, *window)]),
        "a county exempt": InventoryBatch(exemptions=[Exemption("B2", ExemptionScope.REGION, "370702", *window)]),
        "one device moved": InventoryBatch(devices=[replace(devices[7], region=devices[9].region)]),
        "imported": InventoryBatch(devices=[replace(each, id=f"9{each.id[1:]}") for each in imported]),
    }
    found: dict[str, Any] = {"imported_devices": len(imported)}
    for name, batch in news.items():
        if batch is not None:
            await inventory.record(batch)
        found[name] = await _followed(service)
    await database.close()
    for name, question in (
        ("coverage", lambda: read_coverage(settings, folder=folder, region=None, at=int(time.time()))),
        (
            "diff",
            lambda: read_diff(
                settings, folder=folder, start=began - 60, end=int(time.time()), region=None, point_class=None
            ),
        ),
    ):
        started = time.monotonic()
        await question()
        found[name] = {"wall_s": time.monotonic() - started}
    return found


async def _followed(service: Service) -> dict[str, float]:
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            slept = time.perf_counter()
            await asyncio.sleep(0.002)
            worst = max(worst, time.perf_counter() - slept - 0.002)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.1)
    worst, used_s = 0.0, time.process_time()
    await service.following.follow()
    used_s = time.process_time() - used_s
    watching.cancel()
    return {"cpu_s": used_s, "lag_ms": worst * 1e3}
