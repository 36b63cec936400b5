"""The schema's revisions, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from monitor.adapters.db import migrate
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import SchemaVersion
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.schema import metadata
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.facts import Exemption, ExemptionScope, Party
from monitor.ports import Batch, InventoryBatch, StoreRefusedError
from tests.adapters.entities import CHANGE, DEVICE, STATE

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    server = request.getfixturevalue("postgres")
    url: str = server.url(server.new_database())
    return url


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    database = Database(empty_url)
    yield database
    await database.close()


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def downgrade(connection: Connection) -> None:
    step_to(connection, "base", command.downgrade)


def step_to(connection: Connection, revision: str, step: Callable[[Config, str], None] = command.upgrade) -> None:
    config = migrate.alembic_config()
    config.attributes["connection"] = connection
    step(config, revision)


async def execute(database: Database, statement: str) -> None:
    await database.write(lambda connection: connection.execute(text(statement)))


async def tables(database: Database) -> set[str]:
    async with database.read() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def test_the_revisions_make_the_metadata(database: Database) -> None:
    assert await migrate.schema_version(database) is SchemaVersion.EMPTY
    assert await migrate.upgrade(database) == migrate.head()
    assert await migrate.schema_version(database) is SchemaVersion.CURRENT
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    assert await migrate.upgrade(database) == migrate.head()
    await migrate.require_current(database)


async def test_a_step_down_and_up_again_with_data(empty_url: str) -> None:
    for _ in range(2):
        database = Database(empty_url)  # a new one each time: the devices it knows are gone with the tables
        await migrate.upgrade(database)
        store = SqlStateStore(database)
        await SqlInventory(database).record(InventoryBatch(devices=[DEVICE]))
        await store.apply(Batch(states=[STATE], changes=[CHANGE]))
        assert await store.load_states() == [STATE]
        await database.write(lambda connection: connection.run_sync(downgrade))
        assert await tables(database) == {"alembic_version"}
        await database.close()


async def test_facts_of_the_first_schema_are_kept_and_read_as_what_they_were(database: Database) -> None:
    await database.write(lambda connection: connection.run_sync(step_to, "0001"))
    for statement in (
        "INSERT INTO device VALUES (1, 'cam', 'camera', 'first', NULL, NULL, NULL, NULL, NULL, 'direct', NULL,"
        " '', '', '', '', 100, NULL, NULL, NULL)",
        "INSERT INTO exemption VALUES (1, 'E-1', 'device', 'cam', 100, 200, 'repair', 'city', 'no. 1')",
        "INSERT INTO inventory_change VALUES (2, 'device', 'cam', 'region', '', 'x', 150, 'a', 'why', 'b')",
        "INSERT INTO correction VALUES (3, 1, 0, 100, 160, 1, 13, true, false, 'a', 'why', 3)",
        "UPDATE sequence SET value = 3 WHERE name = 'fact'",
    ):
        await execute(database, statement)
    await migrate.upgrade(database)
    inventory, queries = SqlInventory(database), SqlQueries(database)
    [device] = await inventory.devices()
    assert (device.id, device.lifecycle.created_at) == ("cam", 100)
    exemption = Exemption("E-1", ExemptionScope.DEVICE, "cam", 100, 200, "repair", "city", "no. 1", seq=1)
    assert await inventory.exemptions() == [exemption]
    [change] = await queries.inventory_changes()
    assert (change.recorded_at, change.document, change.request, change.approved_by) == (150, "", "", "b")
    [correction] = await queries.corrections()
    assert (correction.state, correction.party, correction.document) == ("online", Party.CARRIER, "")
    await inventory.record(InventoryBatch(exemptions=[exemption]))
    assert (await inventory.revision(), await queries.last_seq()) == (1, 4)


async def test_a_failed_upgrade_changes_nothing(database: Database) -> None:
    await execute(database, "CREATE TABLE state_change (mine INTEGER)")
    with pytest.raises(StoreRefusedError):
        await migrate.upgrade(database)
    assert await tables(database) == {"state_change"}


async def test_an_empty_database_is_refused(database: Database) -> None:
    with pytest.raises(StoreRefusedError, match="Run `vidnet db upgrade`"):
        await migrate.require_current(database)


async def test_an_older_schema_is_refused_until_upgraded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate.upgrade(database)
    monkeypatch.setattr(migrate, "head", lambda: "9999")
    assert await migrate.schema_version(database) is SchemaVersion.OLDER
    with pytest.raises(StoreRefusedError, match="请运行 `vidnet db upgrade`"):
        await migrate.require_current(database)


async def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    await migrate.upgrade(database)
    await execute(database, "UPDATE alembic_version SET version_num = '9999'")
    for refused in (migrate.require_current, migrate.upgrade):
        with pytest.raises(StoreRefusedError, match="newer than the program"):
            await refused(database)
    assert await migrate.revision(database) == "9999"


def test_developers_reach_it_by_url(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'developer.db'}"
    for arguments in (["upgrade", "head"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "-x", f"url={url}", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
