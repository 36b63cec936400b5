"""A journey put together as `monitor.app.service` does it: a city in a SQLite store, its ingest and its counts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.town import build, write_settings
from monitor.adapters.db.engine import Database
from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.metrics.service import Durations
from monitor.adapters.process import loading
from monitor.app.wiring import database_of, load_city
from monitor.domain.device import Endpoint
from monitor.domain.policy import Policy
from monitor.ports import CollectorMark
from monitor.services.ingest import Ingest
from monitor.services.live_counts import LiveCounts


@dataclass(frozen=True, slots=True)
class LoadedJourney:
    """All that stands between a look and its commit."""

    database: Database
    store: SqlStateStore
    policy: Policy
    ingest: Ingest
    counts: LiveCounts
    endpoints: Mapping[str, Endpoint]


async def load_journey(folder: Path, *, devices: int, port: int) -> LoadedJourney:
    """Build a city of so many polled devices in a folder and load it."""
    settings = write_settings(folder)
    await build(folder, devices=devices, port=port)
    database = database_of(settings, folder=folder)
    store = SqlStateStore(database)
    at = int(time.time())
    with loading():
        city = await load_city(database, settings, folder=folder)
        writer = settings.collector.name
        ingest = Ingest(store, policy=settings.policy(), mark=_mark, on_write=Durations().add, writer=writer)
        await ingest.load((device.id, device.lifecycle.created_at) for device in city.devices)
        counts = LiveCounts(city.devices, city.points, rules=city.rules, book=city.book, at=at)
        counts.take(ingest.states.values(), at=at)
        endpoints = {device.id: device.endpoint for device in city.devices if device.endpoint is not None}
    ingest.on_commit(lambda states, _changes: counts.take(states, at=int(time.time())))
    return LoadedJourney(database, store, settings.policy(), ingest, counts, endpoints)


def _mark() -> CollectorMark:
    now = int(time.time())
    return CollectorMark("main", now, now + 1)
