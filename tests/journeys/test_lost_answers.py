"""A connection lost between a commit and its answer: nobody knows whether it was stored, and it is stored once."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.facts import Axis, StateChange
from monitor.domain.state import Cause, initial_state
from monitor.ports import Batch, CollectorMark, InventoryBatch, StoreBusyError
from monitor.settings import read_settings
from tests.journeys.devices import Fleet, Mood, living
from tests.journeys.facts import Replay, check, check_timelines
from tests.journeys.proxy import Cut, Proxy, proxied
from tests.journeys.running import record, running, until, write_settings
from tests.servers import PostgresServer

AT = 1_790_000_000


@pytest.fixture
async def proxy(postgres: PostgresServer) -> AsyncIterator[Proxy]:
    async with proxied(postgres.port) as proxy:
        yield proxy


@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER])
async def test_a_batch_given_again_is_stored_once(
    proxy: Proxy, postgres: PostgresServer, postgres_url: str, cut: Cut
) -> None:
    database = Database(postgres_url.replace(f":{postgres.port}/", f":{proxy.port}/"))
    fleet = Fleet(1)
    await SqlInventory(database).record(InventoryBatch(devices=fleet.inventory(at=AT).devices))
    store = SqlStateStore(database)
    [device] = await SqlInventory(database).devices()
    change = StateChange(device.id, Axis.CONNECTIVITY, "unknown", "online", AT, Cause.ANSWERED, looks=(AT,))
    first = Batch(
        states=[initial_state(device.id, created_at=AT)],
        changes=[change, replace(change, axis=Axis.CONDITION, new="intact", cause=Cause.NO_FAULT)],
        mark=CollectorMark("main", AT, AT + 300),
        writer="main",
        token="first",  # noqa: S106 - no secret
    )
    proxy.cuts = [cut]
    with pytest.raises(StoreBusyError, match="No connection to the database"):
        await store.apply(first)
    other = await store.apply(replace(first, writer="other", changes=[change]))
    applied = await store.apply(first)
    assert proxy.cut == 1
    seqs = [1, 2] if cut is Cut.AFTER else [2, 3]
    assert [each.seq for each in applied.changes] == seqs
    assert await store.apply(first) == applied
    stored = await SqlQueries(database).changes()
    assert stored == sorted((*applied.changes, *other.changes), key=lambda each: each.seq)
    again = await store.apply(replace(first, token="second"))  # noqa: S106 - no secret
    assert [each.seq for each in again.changes] == [4, 5], "another batch is another batch, whatever is in it"
    await store.close()


async def test_the_service_loses_and_doubles_nothing(
    tmp_path: Path, proxy: Proxy, postgres: PostgresServer, postgres_url: str
) -> None:
    direct = postgres_url.replace("+asyncpg", "")
    config = write_settings(tmp_path, url=direct.replace(f":{postgres.port}/", f":{proxy.port}/"))
    fleet = Fleet(60)
    fleet.mood = lambda index: Mood.RESET if (int(time.time()) + index) % 2 else Mood.CLEAN
    async with living(fleet):
        await record(fleet, config)
        async with running(read_settings(config), tmp_path) as run:
            for cuts in (
                [Cut.AFTER],
                [Cut.BEFORE],
                [Cut.AFTER, Cut.AFTER],
                [Cut.BEFORE, Cut.AFTER, Cut.NOT, Cut.AFTER],
            ):
                proxy.cuts = cuts
                await until(lambda: not proxy.cuts)
                changes = run.service.ingest.committed_changes
                await until(lambda before=changes: run.service.ingest.committed_changes > before + 20)  # type: ignore[misc]
            assert proxy.cut == 7
            counted = run.service.ingest
    database = Database(postgres_url)
    replay = Replay()
    await check(database, replay)
    await check_timelines(database)
    assert replay.count == counted.committed_changes, "what the service counts as committed is what is there"
    stored = {state.device_id: state for state in await SqlStateStore(database).load_states()}
    assert stored == counted.states
    await database.close()
