"""The dossier of one device says what the stores say one by one, on both databases; short reads beside all others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.adapters.db.alert_queries import SqlAlertDecisions, SqlAlertQueries
from monitor.adapters.db.deep_looks import SqlDeepStore
from monitor.adapters.db.dossiers import SqlDossiers
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.pictures import SqlPictureStore
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.picture_look import PictureMemory
from monitor.domain.work_order import WorkOrder
from monitor.ports import Batch, DeepBatch, InventoryBatch, StoreRefusedError
from tests.adapters.entities import CHANGE, CORRECTION, DEVICE, RECORD, T0, WITHDRAWAL, plain_device
from tests.adapters.test_deep_store import HEARD, LOGIN, LOOK, SAID
from tests.adapters.test_picture_store import LOOK as PICTURE

OTHER = "d2"


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    await SqlInventory(database).record(InventoryBatch(devices=[DEVICE, plain_device(OTHER)], records=[RECORD]))
    yield database
    await database.close()


async def test_a_dossier_says_what_the_stores_say(database: Database) -> None:
    states, inventory, queries = SqlStateStore(database), SqlInventory(database), SqlQueries(database)
    deep, pictures, decisions = SqlDeepStore(database), SqlPictureStore(database), SqlAlertDecisions(database)
    facts = [replace(CHANGE, at=T0 + number) for number in range(6)]
    plain = replace(CORRECTION, withdrawn=False)
    await states.apply(
        Batch(
            changes=[*facts, replace(CHANGE, device_id=OTHER, kept=None)],
            corrections=[plain, plain, replace(plain, device_id=OTHER)],
        )
    )
    ours = await queries.corrections(device_id=DEVICE.id)
    await inventory.record(InventoryBatch(withdrawals=[replace(WITHDRAWAL, correction=ours[0].seq)]))
    await deep.keep(
        DeepBatch(
            looks=[replace(LOOK, device_id=DEVICE.id, at=T0 + each) for each in (0, 9)],
            said=[(DEVICE.id, HEARD, SAID)],
            logins=[(DEVICE.id, LOGIN)],
        )
    )
    await pictures.keep(replace(PICTURE, device_id=DEVICE.id))
    names = {"open": (T0, None, DEVICE.id), "old": (T0 - 9, T0 - 5, DEVICE.id), "alike": (T0, None, DEVICE.id + "x")}
    orders = [
        WorkOrder(name, "", name, "修", "mend", opened, devices=(OTHER, device_id), closed_at=closed)
        for name, (opened, closed, device_id) in names.items()
    ]
    await decisions.keep_orders(orders, [])

    found = await SqlDossiers(database).dossier(DEVICE.id, most_facts=4, orders_since=T0 - 4)
    assert found is not None
    assert await inventory.device(DEVICE.id) == (found.device, found.record) == (DEVICE, RECORD)
    assert found.changes == (await queries.changes(device_id=DEVICE.id))[-4:]
    assert found.corrections == await queries.corrections(device_id=DEVICE.id)
    assert [each.withdrawn for each in found.corrections] == [True, False]
    assert found.looks == await deep.looks(DEVICE.id)
    assert (len(found.looks), found.known.said) == (2, SAID)
    assert (found.known, found.login) == (await deep.known(DEVICE.id), LOGIN)
    assert found.pictures == await pictures.memory(DEVICE.id)
    assert found.pictures.last is not None
    assert [each.id for each in found.orders] == ["open"]
    assert found.orders[0] in await SqlAlertQueries(database).orders()


async def test_a_device_of_which_little_is_known(database: Database) -> None:
    dossiers = SqlDossiers(database)
    assert await dossiers.dossier("nobody", most_facts=9, orders_since=0) is None
    found = await dossiers.dossier(OTHER, most_facts=9, orders_since=0)
    assert found is not None
    assert (found.changes, found.corrections, found.looks, found.orders) == ([], [], [], [])
    assert (found.login, found.pictures) == (None, PictureMemory(None, {}))


async def test_short_reads_see_what_was_just_written_and_many_may_run(database: Database) -> None:
    inventory, decisions = SqlInventory(database), SqlAlertDecisions(database)
    queries = SqlAlertQueries(database)
    for number in range(3):
        await decisions.keep_orders([WorkOrder(f"W{number}", "", "A1", "修", "mend", T0 + number)], [])
        assert len(await queries.orders()) == number + 1
    found = await asyncio.gather(*(inventory.device(DEVICE.id) for _ in range(40)))
    assert found == [(DEVICE, RECORD)] * 40


async def test_a_read_that_was_given_up_harms_no_other(database: Database) -> None:
    reading = asyncio.create_task(SqlInventory(database).device(DEVICE.id))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await SqlInventory(database).device(DEVICE.id) == (DEVICE, RECORD)
    await database.close()
    assert await SqlInventory(database).device(DEVICE.id) == (DEVICE, RECORD)  # it opens again


async def test_a_short_read_changes_nothing_and_names_its_failure(tmp_path: Path) -> None:
    nowhere = Database(f"sqlite+aiosqlite:///{tmp_path / 'missing' / 'vidnet.db'}")
    with pytest.raises(StoreRefusedError, match=r"无法打开数据库文件.*\n.*cannot be opened"):
        await nowhere.look_up(lambda connection: connection.scalar(text("SELECT 1")))
    await nowhere.close()
