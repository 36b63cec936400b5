"""What one look costs: through the whole journey into a SQLite store, and in the lean lane alone."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.loaded import LoadedJourney, load_journey
from collectors.base import Look, Outcome
from collectors.registry import make_poller
from monitor.adapters.metrics.service import Durations
from monitor.adapters.process import loading, raise_open_files
from monitor.domain.device import Endpoint
from monitor.services.due_queue import slot_after
from monitor.services.polling import Pace, Polling

TICK_S = 0.1
WARM_UP_LOOKS = 5_000


async def journey(spec: dict[str, Any]) -> dict[str, Any]:
    """Look at every device of a city again and again: once as first looks, then `passes` times as answers again.

    In every pass each device is looked at once, in the order of its slots (a few twice, whose slot comes round), and
    its state is committed once, as in the service at its usual pace. CPU is that of this process with the database's
    thread, from the first look to the last commit.
    """
    raise_open_files(spec["concurrency"])
    with tempfile.TemporaryDirectory(prefix="vidnet-bench-") as name:
        loaded = await load_journey(Path(name), devices=spec["devices"], port=spec["port"])
        passes = []
        for _ in range(1 + spec["passes"]):
            passes.append(await _pass(loaded, concurrency=spec["concurrency"]))
            await asyncio.sleep(1.1)  # looks within one second would be the same evidence
        online = sum(tally.online + tally.exempt_online for _, tally in loaded.counts.cells())
        await loaded.database.close()
    first, *again = passes
    return {
        "looks": sum(each["looks"] for each in passes),
        "clean": sum(each["clean"] for each in passes),
        "online": online,
        "first_us": first["us"],
        "us": sum(each["us"] for each in again) / len(again),
        "changes": loaded.ingest.committed_changes,
    }


async def _pass(loaded: LoadedJourney, *, concurrency: int) -> dict[str, Any]:
    """Look at every device once, all being due, and commit what came of it."""
    poller = make_poller("onvif", wall_clock=time.time)
    policy = loaded.policy
    polling = Polling(
        loaded.endpoints,
        pollers={"onvif": poller},
        ingest=loaded.ingest,
        policy=policy,
        pace=replace(Pace(), concurrency=concurrency),
        now=time.time,
        own_clock_trusted=lambda: True,
        on_duration=Durations().add,
    )
    last_round = time.time() - policy.interval_s
    due = [(slot_after(each, at=last_round, interval_s=policy.interval_s), each) for each in loaded.endpoints]
    polling.queue.fill(due)
    cpu_before = time.process_time()
    looking = asyncio.create_task(polling.run())
    while sum(polling.looks.values()) < len(loaded.endpoints):
        await asyncio.wait((looking,), timeout=TICK_S)
        await loaded.ingest.commit()
    polling.queue.fill([])  # what is under way ends by itself, so that every request is a look that is reported
    while polling.under_way:
        await asyncio.wait((looking,), timeout=TICK_S)
    await loaded.ingest.commit(flush=True)
    cpu_s = time.process_time() - cpu_before
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    await poller.close()
    looks = sum(polling.looks.values())
    return {"looks": looks, "clean": polling.looks["onvif", Outcome.CLEAN], "us": cpu_s / looks * 1e6}


async def lean(spec: dict[str, Any]) -> dict[str, Any]:
    """Look at addresses with the poller alone, `concurrency` at a time; a few first looks are not measured."""
    raise_open_files(spec["concurrency"])
    with loading():
        poller = make_poller("onvif", wall_clock=time.time)
    warm_up = min(WARM_UP_LOOKS, spec["looks"])
    clean = await _poll_all(poller, spec, warm_up)
    cpu_before = time.process_time()
    clean += await _poll_all(poller, spec, spec["looks"])
    cpu_s = time.process_time() - cpu_before
    await poller.close()
    return {"looks": warm_up + spec["looks"], "clean": clean, "us": cpu_s / spec["looks"] * 1e6}


async def _poll_all(poller: Any, spec: dict[str, Any], looks: int) -> int:
    """Look at so many addresses; give how many answers were clean, of the lean lane."""
    targets = (camera(number, port=spec["port"]) for number in range(looks))
    look = Look()
    clean = 0

    async def work() -> None:
        nonlocal clean
        for target in targets:
            (result,) = await poller.poll(target, look)
            clean += result.outcome is Outcome.CLEAN and result.lane == "lean"

    await asyncio.gather(*(work() for _ in range(spec["concurrency"])))
    return clean


def camera(number: int, *, port: int) -> Endpoint:
    """Give the endpoint of a camera, each at an address of its own: 200 a /24, from 127.1.0.1 on."""
    network, host = divmod(number, 200)
    return Endpoint("onvif", f"http://127.{1 + network // 256}.{network % 256}.{host + 1}:{port}/onvif/device_service")
