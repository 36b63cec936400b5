"""What the alerting service keeps, on both databases: whole rounds, given twice, beside what people decide."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction

import pytest

from monitor.adapters.db.alert_queries import SqlAlertDecisions, SqlAlertQueries
from monitor.adapters.db.alerts import SqlAlertStore, SqlOutbox
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.alert import Alert, Happening, Severity, Subject, Telling
from monitor.domain.alert_rule import read_weekly_hours
from monitor.domain.facts import Axis, Party
from monitor.domain.incident import Incident, IncidentKind, Member, Shared
from monitor.domain.notification import Message, Waiting
from monitor.domain.point import PointClass
from monitor.domain.silence import Silence
from monitor.domain.work_order import WorkOrder
from monitor.ports import AlertBatch, Backlog, Batch, Delivery, InventoryBatch
from tests.adapters.entities import CHANGE, DEVICE

T0 = 1_767_225_600
ALERT = Alert(
    rule="online-class",
    subject=Subject("370783/first", "寿光市", "Shouguang", "370783", "370783", PointClass.FIRST),
    severity=Severity.WARNING,
    since=T0 - 900,
    id="A1",
    raised_at=T0,
    told_at=T0,
    tellings=1,
    escalated=1,
    value=Fraction(938, 1_001),
    threshold=Fraction("0.95"),
    short=60,
    incident="I1",
    cost_s=54_000,
    costed_at=T0,
)
INCIDENT = Incident(
    id="I1",
    kind=IncidentKind.SHARED,
    value="10.1.2.0/24",
    name="10.1.2.0/24",
    began_at=T0 - 900,
    opened_at=T0 - 800,
    shared=Shared.SUBNET,
    county="370783",
    devices=2,
    down=1,
    peak=2,
    cost_s=1_234,
    costed_at=T0,
    points=Fraction(2, 77),
    log_p=-99.5,
)
MEMBERS = [Member("I1", "a", T0 - 900), Member("I1", "b", T0 - 890, T0 - 10)]
ORDER = WorkOrder("W-I1", "subnet:10.1.2.0/24", "I1", "派修", "repair", T0, "370783", "甲公司", "C-1", ("a", "b"))


def waiting(number: int, receiver: str = "duty") -> Waiting:
    message = Message(
        key=f"A{number}:raised:1",
        telling=Telling.RAISED,
        alert=f"A{number}",
        rule="online-class",
        severity=Severity.WARNING,
        at=T0 + number,
        title_zh="标题",
        body_zh="正文",
        title_en="title",
        body_en="body",
        county="370783",
        devices=("a", "b"),
    )
    return Waiting(number, receiver, message)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


ROUND = AlertBatch(
    alerts=[ALERT],
    pending={("online-county", "370783"): T0 - 60},
    incidents=[INCIDENT],
    members=MEMBERS,
    orders=[ORDER],
    happenings=[Happening("A1", T0, "raised"), Happening("I1", T0 - 800, "opened", note="2")],
    outbox=[waiting(1), waiting(1, "leader")],
    numbers={"alert": 1, "incident": 1, "outbox": 2},
    cursor=17,
)


async def test_a_round_given_twice_is_stored_once_and_comes_back(database: Database) -> None:
    store, queries = SqlAlertStore(database), SqlAlertQueries(database)
    empty = await store.load(at=T0)
    assert (list(empty.alerts), dict(empty.pending), empty.cursor) == ([], {}, 0)
    assert dict(empty.numbers) == {"alert": 0, "incident": 0, "outbox": 0}
    for _ in range(2):
        await store.save(ROUND)
    book = await store.load(at=T0)
    assert book.alerts == [ALERT]
    assert book.pending == {("online-county", "370783"): T0 - 60}
    assert book.incidents == [INCIDENT]
    assert sorted(book.members, key=lambda each: each.device_id) == MEMBERS
    assert book.orders == [ORDER]
    assert (dict(book.numbers), book.cursor) == ({"alert": 1, "incident": 1, "outbox": 2}, 17)
    assert await queries.alerts(open_only=True) == [ALERT]
    assert await queries.members("I1") == MEMBERS
    assert await queries.timeline("A1") == [Happening("A1", T0, "raised")]
    assert [row.key for row in await SqlOutbox(database).waiting("duty")] == ["A1:raised:1:duty"]


async def test_what_people_decided_is_not_overwritten_by_the_next_round(database: Database) -> None:
    store, decisions = SqlAlertStore(database), SqlAlertDecisions(database)
    await store.save(ROUND)
    assert await decisions.acknowledge("A1", author="as:张三", at=T0 + 5, note="处理中")
    assert not await decisions.acknowledge("A1", author="as:李四", at=T0 + 6)
    assert await decisions.decide_party("I1", Party.POWER, author="as:张三", at=T0 + 7)
    assert not await decisions.decide_party("I9", Party.POWER, author="as:张三", at=T0 + 7)
    await decisions.keep_orders([replace(ORDER, acked_at=T0 + 8, result="换光模块")], [])
    await store.save(replace_round(alerts=[replace(ALERT, tellings=2)], incidents=[replace(INCIDENT, down=0)]))
    decided = await store.decided(at=T0 + 10)
    assert decided.acks == {"A1": (T0 + 5, "as:张三")}
    assert decided.parties == {"I1": Party.POWER}
    assert [(each.acked_at, each.result) for each in decided.orders] == [(T0 + 8, "换光模块")]
    [alert] = await SqlAlertQueries(database).alerts()
    assert (alert.tellings, alert.acked_by) == (2, "as:张三")
    incident = await SqlAlertQueries(database).incident("I1")
    assert incident is not None
    assert (incident.down, incident.party) == (0, Party.POWER)
    kinds = [(each.kind, each.author, each.note) for each in await SqlAlertQueries(database).timeline("A1")]
    assert kinds == [("raised", "", ""), ("acknowledged", "as:张三", "处理中")]


async def test_what_has_ended_is_not_loaded_and_still_found(database: Database) -> None:
    store, queries = SqlAlertStore(database), SqlAlertQueries(database)
    await store.save(ROUND)
    ended = AlertBatch(
        alerts=[replace(ALERT, cleared_at=T0 + 60)],
        pending={},
        incidents=[replace(INCIDENT, closed_at=T0 + 60)],
        orders=[replace(ORDER, closed_at=T0 + 60)],
    )
    await store.save(ended)
    book = await store.load(at=T0 + 7 * 86_400)
    assert (list(book.alerts), dict(book.pending), list(book.incidents), list(book.members)) == ([], {}, [], [])
    assert [order.id for order in book.orders] == ["W-I1"]
    assert (await store.load(at=T0 + 60 + 7 * 86_400)).orders == []
    assert book.cursor == 17
    assert [each.id for each in await queries.alerts(since=T0 + 60)] == ["A1"]
    assert await queries.alerts(since=T0 + 61) == []
    assert [each.id for each in await queries.incidents(since=T0)] == ["I1"]
    assert await queries.orders(open_only=True) == []
    assert not await SqlAlertDecisions(database).acknowledge("A1", author="as:张三", at=T0 + 90)


async def test_an_order_opened_again_forgets_what_was_reported(database: Database) -> None:
    store = SqlAlertStore(database)
    await store.save(ROUND)
    await SqlAlertDecisions(database).keep_orders([replace(ORDER, acked_at=T0 + 8, repaired_at=T0 + 9)], [])
    await store.save(AlertBatch(reopened=[replace(ORDER, opened_at=T0 + 99, reopened=1)]))
    [order] = await SqlAlertQueries(database).orders()
    assert (order.acked_at, order.repaired_at, order.opened_at, order.reopened) == (None, None, T0 + 99, 1)


async def test_silences_have_ids_and_ends(database: Database) -> None:
    decisions, store = SqlAlertDecisions(database), SqlAlertStore(database)
    terms = Silence(
        "", T0, T0 + 3_600, "as:张三", "检修", T0, region="370783", hours=read_weekly_hours("Mon 09:00-11:00")
    )
    first, second = await decisions.silence(terms), await decisions.silence(terms)
    assert (first.id, second.id) == ("S1", "S2")
    assert (await store.decided(at=T0)).silences == [first, second]
    assert await decisions.end_silence("S1", author="as:李四", at=T0 + 60)
    assert not await decisions.end_silence("S1", author="as:李四", at=T0 + 61)
    assert (await store.decided(at=T0 + 60)).silences == [second]
    assert (await store.decided(at=T0 + 3_600)).silences == []
    assert [each.ended_by for each in await SqlAlertQueries(database).silences()] == ["as:李四", ""]


async def test_the_outbox_keeps_order_tries_and_ends(database: Database) -> None:
    store, outbox = SqlAlertStore(database), SqlOutbox(database)
    await store.save(AlertBatch(outbox=[waiting(2), waiting(1), waiting(3), waiting(4, "leader")]))
    assert [row.number for row in await outbox.waiting("duty")] == [1, 2, 3]
    assert (await outbox.waiting("duty"))[0].message == waiting(1).message
    await outbox.note(
        [
            Delivery("A1:raised:1:duty", 1, sent_at=T0 + 50),
            Delivery("A2:raised:1:duty", 3, next_try_at=T0 + 99, error="answered 500"),
            Delivery("A3:raised:1:duty", 1, handed_at=T0 + 50),
        ]
    )
    [row] = await outbox.waiting("duty")
    assert (row.number, row.tries, row.next_try_at, row.error) == (2, 3, T0 + 99, "answered 500")
    assert [row.number for row in await outbox.handed("duty")] == [3]
    assert await outbox.backlog() == [
        Backlog("duty", waiting=1, handed=1, oldest_at=T0 + 2, tries=3, error="answered 500"),
        Backlog("leader", waiting=1, oldest_at=T0 + 4, tries=0, error=""),
    ]
    # A round that is given again does not wake up what was delivered.
    await store.save(AlertBatch(outbox=[waiting(1)]))
    assert [row.number for row in await outbox.waiting("duty")] == [2]
    await outbox.forget(before=T0 + 51)
    await store.save(AlertBatch(outbox=[waiting(1)]))
    assert [row.number for row in await outbox.waiting("duty")] == [1, 2]


async def test_changes_of_connectivity_after_a_seq(database: Database) -> None:
    await SqlInventory(database).record(InventoryBatch(devices=[DEVICE]))
    changes = [replace(CHANGE, axis=axis, old=old, new=new, at=T0 + at, fault="", kept=None) for axis, old, new, at in (
        (Axis.CONNECTIVITY, "unknown", "online", 1), (Axis.CONDITION, "unknown", "intact", 2),
        (Axis.CONNECTIVITY, "online", "offline", 3),
    )]  # fmt: skip
    applied = await SqlStateStore(database).apply(Batch(changes=changes))
    first, _, third = applied.changes
    store = SqlAlertStore(database)
    assert await store.facts_after(0) == [first, third]
    assert await store.facts_after(first.seq) == [third]


def replace_round(**fields: object) -> AlertBatch:
    return AlertBatch(**fields)  # type: ignore[arg-type]
