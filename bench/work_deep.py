"""What one deep look costs, with login, judgement and what is stored, at the devices of the simulated city."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.process import raise_open_files
from monitor.app.deep import Deep
from monitor.app.demo import prepare_demo
from monitor.app.wiring import config_folder, load_city
from monitor.demo.fleet import FleetConfig
from monitor.demo.launch import start_fleet
from monitor.services.ingest import Ingest

CONCURRENCY = 50


async def deep(spec: dict[str, Any]) -> dict[str, Any]:
    """Look deeply at every device of a small city, then again: what was learnt of each then saves questions.

    The devices are a process of their own; CPU is that of this one, with the database's thread.
    """
    raise_open_files(CONCURRENCY)
    with tempfile.TemporaryDirectory(prefix="vidnet-bench-") as name:
        folder = Path(name)
        demo = await prepare_demo(folder, devices=spec["devices"], seed=7, fleet_port=spec["port"], web_port=0)
        fleet = FleetConfig(demo.city.devices, demo.city.seed, demo.city.port, config_folder() / "weifang-regions.csv")
        async with start_fleet(fleet):
            city = await load_city(demo.database, demo.settings, folder=folder)
            ingest = Ingest(
                SqlStateStore(demo.database),
                policy=demo.settings.policy(),
                mark=lambda: None,
                on_write=lambda duration_s: None,
            )
            await ingest.load((device.id, device.lifecycle.created_at) for device in city.devices)
            parts = Deep(
                demo.settings,
                demo.database,
                folder=folder,
                ingest=ingest,
                tree=lambda: city.tree,
                now=time.time,
                own_clock_trusted=lambda: True,
            )
            await parts.load(city.devices)
            ids = [each.id for each in city.devices if each.endpoint is not None and each.endpoint.protocol == "onvif"]
            first_ms = await _round(parts, ingest, ids)
            await asyncio.sleep(1.1)  # looks within one second would be the same evidence
            again_ms = await _round(parts, ingest, ids)
            looks = dict(sorted(parts.logins.results.items()))
            await parts.looking.close()
        await demo.database.close()
    return {"looks": len(ids), "first_ms": first_ms, "again_ms": again_ms, "logins": looks}


async def _round(parts: Deep, ingest: Ingest, ids: list[str]) -> float:
    waiting = iter(ids)

    async def work() -> None:
        for device_id in waiting:
            await parts.looking.look_once(device_id)

    before = time.process_time()
    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    await ingest.commit(flush=True)
    await parts.book.write()
    return (time.process_time() - before) / len(ids) * 1_000
