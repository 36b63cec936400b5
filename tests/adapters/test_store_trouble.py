"""Real faults of the database: each has a name and words, loses nothing and is over when it is over."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db import migrate
from monitor.adapters.db.documents import storable
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.facts import StateChange
from monitor.ports import Applied, Batch, InventoryBatch, StoreBusyError, StoreError, StoreRefusedError
from tests.adapters.entities import CHANGE, DEVICE, STATE, plain_device
from tests.servers import MAX_CONNECTIONS, PostgresServer

BATCH = Batch(states=[STATE], changes=[CHANGE])
BIG_BATCH = Batch(changes=[replace(CHANGE, kept=None)] * 30_000)
HALF_BATCH = Batch(changes=[replace(CHANGE, kept=None)] * 5_000)


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await SqlInventory(database).record(InventoryBatch(devices=[DEVICE]))
    yield database
    await database.close()


@pytest.fixture
async def big(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, command_timeout_s=5)
    await SqlInventory(database).record(InventoryBatch(devices=[DEVICE]))
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def assert_two_lines(error: pytest.ExceptionInfo[StoreError], where: str) -> None:
    chinese, english = str(error.value).splitlines()
    assert not chinese.isascii()
    assert english.isascii()
    assert where in chinese
    assert where in english


async def facts(database: Database) -> list[StateChange]:
    return await SqlQueries(database).changes()


async def assert_works(database: Database, *, stored: int) -> None:
    """Writing works, and nothing but `stored` facts was there before, with no seq missing."""
    applied = await SqlStateStore(database).apply(BATCH)
    assert [fact.seq for fact in applied.changes] == [stored + 1]
    assert len(await facts(database)) == stored + 1


async def test_sqlite_locked_by_another_program(lite: Database) -> None:
    event.listen(lite.engine.sync_engine, "connect", lambda connection, _: _pragma(connection, "busy_timeout=100"))
    await lite.engine.dispose()
    other = sqlite3.connect(str(lite.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError, match="locked by another program") as error:
        await SqlStateStore(lite).apply(BATCH)
    assert_two_lines(error, str(lite.engine.url.database))
    assert await facts(lite) == []
    other.execute("ROLLBACK")
    other.close()
    await assert_works(lite, stored=0)


async def test_sqlite_full_by_its_page_limit(lite: Database) -> None:
    limit = "max_page_count=40"
    event.listen(lite.engine.sync_engine, "connect", lambda connection, _: _pragma(connection, limit))
    await lite.engine.dispose()
    with pytest.raises(StoreBusyError, match="disk is full"):
        await SqlStateStore(lite).apply(BIG_BATCH)
    limit = "max_page_count=1000000"
    await lite.engine.dispose()
    await assert_works(lite, stored=0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "vidnet-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["/bin/umount", "-l", str(folder)], check=True)


async def test_sqlite_on_a_full_disk(small_disk: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{small_disk / 'vidnet.db'}")
    await migrate.upgrade(database)
    await SqlInventory(database).record(InventoryBatch(devices=[DEVICE]))
    filler = small_disk / "filler"
    filler.write_bytes(bytes(300_000))
    for _ in range(3):
        with pytest.raises(StoreBusyError, match="disk is full"):
            await SqlStateStore(database).apply(BIG_BATCH)
    filler.unlink()
    await assert_works(database, stored=0)
    await database.close()


async def test_sqlite_read_only(lite: Database) -> None:
    path = lite.engine.url.database
    read_only = Database(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true")
    await SqlStateStore(lite).apply(BATCH)
    with pytest.raises(StoreRefusedError, match="read-only") as error:
        await SqlStateStore(read_only).apply(BATCH)
    assert_two_lines(error, str(path))
    assert await SqlStateStore(read_only).load_states() == [STATE]
    await read_only.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [("garbage", "damaged or not a database"), ("folder", "cannot be opened"), ("missing/x", "cannot be opened")],
)
async def test_sqlite_path_that_is_no_database(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "garbage").write_bytes(b"not a database at all" * 500)
    (tmp_path / "folder").mkdir()
    database = Database(f"sqlite+aiosqlite:///{tmp_path / name}")
    with pytest.raises(StoreRefusedError, match=message) as error:
        await migrate.schema_version(database)
    assert_two_lines(error, str(tmp_path / name))
    await database.close()


async def test_a_database_without_tables(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(StoreRefusedError, match="Run `vidnet db upgrade`"):
        await SqlStateStore(database).load_states()
    await database.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:secret@h/d", "sqlite+aiosqlite://", "sqlite:///x"])
def test_a_url_of_something_else(url: str) -> None:
    with pytest.raises(StoreRefusedError, match="URL is not understood") as error:
        Database(url)
    assert "secret" not in str(error.value)


async def half_written(database: Database, postgres: PostgresServer, url: str) -> asyncio.Task[Applied]:
    """Give a write whose facts are sent and whose states wait for a lock of somebody else's, until `let_go`.

    The lock is a prepared transaction's: a stopping server may end its holder first, and the write would go through.
    """
    other = await asyncpg.connect(url.replace("+asyncpg", ""))
    await other.execute("BEGIN; LOCK TABLE device_state; PREPARE TRANSACTION 'other'")
    await other.close()
    writing = asyncio.create_task(SqlStateStore(database).apply(BATCH))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vidnet' AND wait_event_type = 'Lock'"
    while await asyncio.to_thread(postgres.sql, waiting) == "0":
        pass
    return writing


async def let_go(url: str) -> None:
    """Give up the lock of `half_written`."""
    other = await asyncpg.connect(url.replace("+asyncpg", ""))
    await other.execute("ROLLBACK PREPARED 'other'")
    await other.close()


async def test_postgres_stopped_and_started(big: Database, postgres: PostgresServer, postgres_url: str) -> None:
    store = SqlStateStore(big)
    await store.apply(BATCH)
    writing = await half_written(big, postgres, postgres_url)
    await asyncio.to_thread(postgres.stop)
    with pytest.raises(StoreBusyError) as in_flight:
        await writing
    assert_two_lines(in_flight, f"postgresql 127.0.0.1:{postgres.port}")
    with pytest.raises(StoreBusyError, match="No connection to the database") as stopped:
        await store.apply(BATCH)
    assert_two_lines(stopped, f"postgresql 127.0.0.1:{postgres.port}")
    await asyncio.to_thread(postgres.start)
    await let_go(postgres_url)
    await assert_works(big, stored=1)


async def test_postgres_cuts_the_connection_in_mid_flight(
    big: Database, postgres: PostgresServer, postgres_url: str
) -> None:
    writing = await half_written(big, postgres, postgres_url)
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'vidnet'"
    await asyncio.to_thread(postgres.sql, cut)
    with pytest.raises(StoreBusyError):
        await writing
    await let_go(postgres_url)
    await assert_works(big, stored=0)


async def test_postgres_out_of_connections(big: Database, postgres: PostgresServer, postgres_url: str) -> None:
    await big.close()
    url = postgres_url.replace("+asyncpg", "")
    others = []
    try:
        while len(others) < MAX_CONNECTIONS:
            others.append(await asyncpg.connect(url))
        with pytest.raises(StoreBusyError, match="no connection left"):
            await SqlStateStore(big).apply(BATCH)
    finally:
        for other in others:
            await other.close()
    await assert_works(big, stored=0)


async def test_postgres_slower_than_the_limit(postgres_url: str) -> None:
    database = Database(postgres_url, command_timeout_s=0.3)
    await SqlInventory(database).record(InventoryBatch(devices=[DEVICE]))
    other = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    locked = other.transaction()
    await locked.start()
    await other.execute("LOCK TABLE state_change")
    with pytest.raises(StoreBusyError, match="too slowly"):
        await SqlStateStore(database).apply(BATCH)
    await locked.rollback()
    await other.close()
    await assert_works(database, stored=0)
    await database.close()


async def test_postgres_refuses_the_user(postgres: PostgresServer) -> None:
    database = Database(f"postgresql+asyncpg://nobody:secret@127.0.0.1:{postgres.port}/postgres")
    with pytest.raises(StoreRefusedError, match="refuses access") as error:
        await migrate.schema_version(database)
    assert "secret" not in str(error.value)
    await database.close()


async def test_two_processes_give_each_seq_and_key_once(postgres_url: str) -> None:
    databases = [Database(postgres_url) for _ in range(3)]
    devices = [plain_device(f"device-{number}") for number in range(30)]
    rounds = (
        SqlInventory(database).record(InventoryBatch(devices=devices[start : start + 10]))
        for start in (0, 5, 10, 15, 20)
        for database in databases
    )
    await asyncio.gather(*rounds)
    assert len({device.id for device in await SqlInventory(databases[0]).devices()}) == 30
    batch = Batch(changes=[replace(CHANGE, device_id="device-29", kept=None)] * 5)
    applied = await asyncio.gather(*(SqlStateStore(one).apply(batch) for one in databases * 5))
    assert sorted(fact.seq for one in applied for fact in one.changes) == list(range(1, 76))
    assert {fact.device_id for fact in await facts(databases[1])} == {"device-29"}
    for database in databases:
        await database.close()


async def test_a_cancelled_write_is_whole_or_nothing(any_url: str) -> None:
    database = Database(any_url)
    store = SqlStateStore(database)
    await SqlInventory(database).record(InventoryBatch(devices=[DEVICE]))
    for delay_s in (0, 0.005, 0.02, 0.1):
        before = await SqlQueries(database).last_seq()
        writing = asyncio.create_task(store.apply(HALF_BATCH))
        await asyncio.sleep(delay_s)
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await database.close()
        stored = await SqlQueries(database).last_seq()
        assert stored - before in (0, len(HALF_BATCH.changes))
        await assert_works(database, stored=stored)
    await database.close()


async def test_a_cancelled_read_leaves_no_connection_behind(any_url: str) -> None:
    database = Database(any_url)
    await SqlInventory(database).record(InventoryBatch(devices=[plain_device(f"d{n}") for n in range(10_000)]))
    cancelled = 0
    for delay_s in (0, 0.002, 0.005, 0.02, 0.05):
        reading = asyncio.create_task(SqlInventory(database).devices())
        await asyncio.sleep(delay_s)
        cancelled += reading.cancel()  # a fast machine has read it all by the later instants
        with suppress(asyncio.CancelledError):
            await reading
    assert cancelled
    assert len(await SqlInventory(database).devices()) == 10_000
    await database.close()


async def test_a_failing_write_leaves_nothing_of_itself(any_url: str) -> None:
    database = Database(any_url)

    async def half(connection: AsyncConnection) -> None:
        await connection.execute(text("UPDATE sequence SET value = 99"))
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await database.write(half)
    assert await SqlQueries(database).last_seq() == 0
    await database.close()


def test_what_a_device_says_can_always_be_stored() -> None:
    assert storable("摄像机 IP Camera") == "摄像机 IP Camera"
    assert storable("a\x00b") == "a\ufffdb"
    storable("x\ud800\udfffy").encode()


def _pragma(connection: object, pragma: str) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
