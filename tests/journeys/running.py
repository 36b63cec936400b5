"""The service as the journeys run it: in this process, with what a witness outside can see of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.app.service import Service
from monitor.app.wiring import database_of, make_ready
from monitor.settings import Settings, read_settings
from tests.journeys.devices import Fleet

FAST = """
[store]
url = "{url}"
commit_every_s = {commit_every_s}
flush_every_s = 1.0
follow_every_s = 0.2
[collector]
interval_s = {interval_s}
recheck_s = 1
timeout_s = 0.5
concurrency = 300
per_subnet = 300
own_clock = "trusted"
[rules]
offline_after = {offline_after}
mass_share = "{mass_share}"
hold_s = 2
[deep]
{deep}
[web]
port = 0
[log]
level = "info"
form = "json"
"""


def write_settings(
    folder: Path,
    *,
    url: str = "sqlite:///vidnet.db",
    interval_s: int = 1,
    offline_after: int = 1,
    commit_every_s: float = 0.05,
    mass_share: str = "1",
    deep: str = "enabled = false",
) -> Path:
    """Write settings whose pace is as fast as settings may be, and give the file.

    Deep looks are off unless they are asked for: most of the journeys' devices tell the time and nothing else.
    """
    path = folder / "vidnet.toml"
    text = FAST.format(
        url=url,
        interval_s=interval_s,
        offline_after=offline_after,
        commit_every_s=commit_every_s,
        mass_share=mass_share,
        deep=deep,
    )
    path.write_text(text, encoding="utf-8")
    return path


async def record(fleet: Fleet, config: Path) -> None:
    """Make the settings' database and write the fleet into its inventory."""
    database = database_of(read_settings(config), folder=config.parent)
    try:
        await make_ready(database)
        await SqlInventory(database).record(fleet.inventory(at=int(time.time())))
    finally:
        await database.close()


@dataclass
class Running:
    """A service that runs, and the way to its web server."""

    service: Service
    port: int
    task: asyncio.Task[None]
    stop: asyncio.Event

    async def get(self, path: str) -> tuple[int, str]:
        return await get(self.port, path)

    async def ends(self) -> None:
        """Stop it and wait for its end."""
        self.stop.set()
        await self.task


async def get(port: int, path: str) -> tuple[int, str]:
    """Ask a service's web server."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


@asynccontextmanager
async def running(
    settings: Settings, folder: Path, *, database: Database | None = None, wall: Callable[[], float] = time.time
) -> AsyncIterator[Running]:
    """Run the service until the block ends, and end it cleanly."""
    opened = database or database_of(settings, folder=folder)
    service = await Service.load(settings, opened, folder=folder, wall=wall)
    stop = asyncio.Event()
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(service.run(stop, on_ready=ready.set_result))
    await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        await task
    try:
        yield Running(service, ready.result(), task, stop)
    finally:
        stop.set()
        await task


async def until(
    condition: Callable[[], bool] | Callable[[], Awaitable[bool]], *, within_s: float = 60.0, every_s: float = 0.02
) -> float:
    """Wait until something is so, and give how long it took."""
    started = time.monotonic()
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return time.monotonic() - started
        assert time.monotonic() - started < within_s, "it did not become so in time"
        await asyncio.sleep(every_s)


def metric(text: str, name: str, **labels: str) -> float:
    """Sum the samples of a metric that carry the labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
