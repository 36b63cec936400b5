"""What deep looks leave behind, and operators' orders, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields, replace

import pytest
from sqlalchemy import func, select

from monitor.adapters.db.deep_looks import SqlDeepStore, SqlOrders
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.schema_deep import deep_look
from monitor.domain.deep import LOOKS_KEPT, DeepSummary, Identity, Known, Note, Said, SaidProfile, mac_of
from monitor.domain.device import DeviceRecord
from monitor.domain.login import Login, LoginRecord
from monitor.ports import DeepBatch, InventoryBatch, Order
from tests.adapters.entities import T0, plain_device

LOOK = DeepSummary(
    "d1",
    T0,
    "clean",
    Login.ACCEPTED,
    9,
    120,
    -35,
    41,
    ("replaced", "no_stream_uri"),
    (Note("stream", "odd", "空\x00"),),
)
SAID = Said(
    T0,
    "鸢安",
    "IPC-400",
    "V5",
    "SN-1",
    "88",
    ("44:19:B6:AA:BB:0C",),
    ("http://www.onvif.org/ver10/media/wsdl",),
    (SaidProfile("main", "主", "H264", 1920, 1080), SaidProfile("sub")),
    "sub",
    "http://127.0.0.1/snap",
    "rtsp://127.0.0.1/1",
)
LOGIN = LoginRecord("g", 3, 1, "g", 2)
HEARD = Identity("SN-0", ("44:19:B6:AA:BB:0C", "44:19:B6:AA:BB:0D"))


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    record = DeviceRecord("d1", vendor="海康", mac="44-19-b6-aa-bb-0c", serial="X1", retention_days="90")
    await SqlInventory(database).record(
        InventoryBatch(devices=[plain_device(each) for each in ("d1", "d2", "d3")], records=[record])
    )
    yield database
    await database.close()


def test_the_samples_set_every_field():
    for sample in (LOOK, SAID, LOGIN):
        for field in fields(sample):
            assert getattr(sample, field.name) != field.default, field.name


async def test_everything_comes_back(database: Database) -> None:
    store = SqlDeepStore(database)
    assert await store.known("d2") == Known()
    assert await store.known("nobody") == Known()
    recorded = Identity("X1", ("44:19:B6:AA:BB:0C",))
    assert await store.known("d1") == Known(recorded, vendor="海康", retention_days=90)
    assert (await store.logins(), await store.login("d1"), await store.looks("d1")) == ([], None, [])
    batch = DeepBatch(
        looks=[LOOK, replace(LOOK, at=T0 + 9, notes=(), faults=(), clock_offset=None, retention_days=None)],
        said=[("d1", HEARD, SAID)],
        logins=[("d1", LOGIN), ("d2", LoginRecord())],
    )
    for _ in range(2):  # given again after a lost answer
        await store.keep(batch)
        assert await store.known("d1") == Known(recorded, HEARD, SAID, "海康", 90)
        assert await store.login("d1") == LOGIN
        assert dict(await store.logins()) == {"d1": LOGIN, "d2": LoginRecord()}
        newest, oldest = await store.looks("d1")
        assert (newest.at, newest.notes, newest.faults) == (T0 + 9, (), ())
        assert oldest == LOOK


async def test_the_last_ten_looks_of_each_device_are_kept(database: Database) -> None:
    store = SqlDeepStore(database)
    for start in range(0, 25, 5):
        looks = [replace(LOOK, device_id=of, at=T0 + start + each) for each in range(5) for of in ("d1", "d2")]
        await store.keep(DeepBatch(looks=looks))
    await store.keep(DeepBatch(looks=[replace(LOOK, device_id="d3")]))
    for device_id in ("d1", "d2"):
        assert [look.at - T0 for look in await store.looks(device_id)] == list(range(24, 14, -1))
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(deep_look)) == 2 * LOOKS_KEPT + 1


async def test_a_batch_that_names_a_stranger_stores_nothing(database: Database) -> None:
    store = SqlDeepStore(database)
    with pytest.raises(ValueError, match="stranger"):
        await store.keep(DeepBatch(looks=[LOOK], logins=[("stranger", LOGIN)]))
    assert await store.looks("d1") == []


async def test_an_order_forgets_refusals_and_is_heard_once(database: Database) -> None:
    store, orders = SqlDeepStore(database), SqlOrders(database)
    assert await orders.newest() == 0
    refused = LoginRecord("g", 3, 2, "g", 2)
    other = replace(refused, group="h")
    await store.keep(DeepBatch(logins=[("d1", refused), ("d2", refused), ("d3", other)]))
    await orders.give(Order("look", "d1", "", "as:值班", T0))
    assert dict(await store.logins())["d1"] == refused
    await orders.give(Order("login", "d1", "", "as:值班", T0))
    assert dict(await store.logins()) == {"d1": replace(refused, refusals=0), "d2": refused, "d3": other}
    await orders.give(Order("login", "", "g", "as:值班", T0 + 1))
    assert dict(await store.logins())["d2"].refusals == 0
    assert dict(await store.logins())["d3"] == other
    heard = await orders.after(0)
    assert [(order.kind, order.device_id, order.group) for order in heard] == [
        ("look", "d1", ""),
        ("login", "d1", ""),
        ("login", "", "g"),
    ]
    assert await orders.after(heard[1].number) == heard[2:]
    assert await orders.newest() == heard[2].number


async def test_who_a_device_is_may_be_confirmed(database: Database) -> None:
    store, orders = SqlDeepStore(database), SqlOrders(database)
    assert not await orders.confirm("d1")
    await store.keep(DeepBatch(said=[("d1", HEARD, SAID)]))
    assert await orders.confirm("d1")
    assert (await store.known("d1")).heard == Identity("SN-1", ("44:19:B6:AA:BB:0C",))


def test_identities_that_say_nothing_differ_from_none():
    one = Identity("DS-2CD2020AAWR123", ("A",))
    assert not one.differs_from(Identity())
    assert not one.differs_from(Identity("aawr123", ("A", "B")))
    assert one.differs_from(Identity("AAWR124"))
    assert one.differs_from(Identity("", ("B",)))
    assert mac_of("44-19-b6-aa-bb-0c") == mac_of("4419.b6aa.bb0c") == "44:19:B6:AA:BB:0C"
    assert mac_of("44-19") == mac_of("") == ""
