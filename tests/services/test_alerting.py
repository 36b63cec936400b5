"""Rounds of alerting on a real store: what is kept, who is told, and what people decide in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.db.alert_queries import SqlAlertDecisions, SqlAlertQueries
from monitor.adapters.db.alerts import SqlAlertStore, SqlOutbox
from monitor.adapters.db.engine import Database
from monitor.domain.alert import Alert, Reading, Severity, Subject
from monitor.domain.alert_rule import AlertRule, Measure
from monitor.domain.alert_words import Detail
from monitor.domain.notification import Message
from monitor.domain.silence import Silence
from monitor.domain.state import Connectivity, DeviceState, initial_state
from monitor.domain.work_order import OrderState
from monitor.ports import AlertBatch, StoreBusyError
from monitor.services.alert_readings import Health
from monitor.services.alerting import Alerting, Receiver
from monitor.services.open_incidents import Updates
from monitor.services.order_keeper import OrderKeeper

ZONE = ZoneInfo("Asia/Shanghai")
T0 = 1_767_225_600
COUNTY = Subject("370783", "寿光市", "Shouguang", "370783", "370783")
RULE = AlertRule("online-county", Measure.ONLINE, Severity.CRITICAL, reminder_s=3_600)


class World:
    """What the rules are asked about, and everything else that alerting asks of the service."""

    def __init__(self) -> None:
        self.bad = False
        self.figure = Fraction("0.9")
        self.states: dict[str, DeviceState] = {}
        self.by_id: dict[str, Any] = {}
        self.incidents = self
        self.index = self
        self.number_of = 0

    # readings
    def begin(self, **_: Any) -> None:
        pass

    def of(self, rule: AlertRule, raised: Any = ()) -> list[Reading]:
        return [Reading(COUNTY, self.figure if self.bad else Fraction(1), Fraction("0.95"), short=5)]

    # the tracker
    number = 0

    def restore(self, *_: Any, **__: Any) -> None:
        pass

    def note(self, changes: Any) -> None:
        pass

    def step(self, at: int, *, blind: bool = False) -> Updates:
        return Updates()

    def incident(self, incident_id: str) -> None:
        return None

    def decide_party(self, incident_id: str, party: Any) -> None:
        pass

    # the live counts
    def all_offline(self) -> Sequence[Any]:
        return ()

    def connectivity(self, device_id: str) -> Connectivity | None:
        state = self.states.get(device_id)
        return None if state is None else state.connectivity


class Details:
    """Knows that the world's devices are the alert's."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, rule: AlertRule, alert: Alert) -> Detail:
        return Detail(assessed=100, offline=10, devices=tuple(self._world.states))


class Index:
    """Knows no device: work orders then have no maintainer."""

    def number(self, device_id: str) -> None:
        return None

    def is_parent(self, device_id: str) -> bool:
        return False


class Desk:
    """An alerting service on a database."""

    def __init__(self, database: Database, world: World, *rules: AlertRule, receivers: Sequence[Receiver] = ()) -> None:
        self.world = world
        self.store = SqlAlertStore(database)
        self.queries = SqlAlertQueries(database)
        self.decisions = SqlAlertDecisions(database)
        self.outbox = SqlOutbox(database)
        world.index = Index()  # type: ignore[assignment]
        self.alerting = Alerting(
            self.store,
            rules=rules or (RULE,),
            receivers=receivers or (Receiver("duty"), Receiver("leader", is_default=False)),
            readings=world,  # type: ignore[arg-type]
            details=Details(world),  # type: ignore[arg-type]
            tracker=world,  # type: ignore[arg-type]
            counts=lambda: world,  # type: ignore[arg-type, return-value]
            orders=OrderKeeper(
                world,  # type: ignore[arg-type]
                counts=lambda: world,  # type: ignore[arg-type, return-value]
                state_of=world.states.get,
                good_looks=2,
            ),
            lineage=lambda code: (code, "3707"),
            zone=ZONE,
            send_now=self._send_now,
            names=self._names,
        )
        self.said: list[tuple[str, str]] = []
        self.deaf: set[str] = set()

    async def _send_now(self, receiver: str, message: Message) -> bool:
        if receiver not in self.deaf:
            self.said.append((receiver, message.key))
        return receiver not in self.deaf

    async def _names(self, device_ids: Sequence[str]) -> dict[str, str]:
        return {}

    async def loaded(self, *, at: int = T0) -> Desk:
        await self.alerting.load(at=at, last_seq=0)
        return self

    async def round(self, at: int, **kwargs: Any) -> None:
        await self.alerting.round(Health(), at=at, **kwargs)

    async def told(self, receiver: str = "duty") -> list[str]:
        return [row.message.key for row in await self.outbox.waiting(receiver)]


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    yield database
    await database.close()


async def test_an_episode_is_raised_reminded_and_cleared_under_one_id(database: Database) -> None:
    desk = await Desk(database, World()).loaded()
    for at, bad in ((T0, True), (T0 + 15, True), (T0 + 3_600, True), (T0 + 3_700, False), (T0 + 3_715, True)):
        desk.world.bad = bad
        await desk.round(at)
    assert await desk.told() == ["A1:raised:1", "A1:reminded:2", "A1:cleared:2", "A2:raised:1"]
    kinds = [(each.kind, each.note) for each in await desk.queries.timeline("A1")]
    assert kinds == [
        ("raised", "online-county"),
        ("told_raised", "duty"),
        ("told_reminded", "duty"),
        ("told_cleared", "duty"),
        ("cleared", ""),
    ]
    assert [alert.id for alert in desk.alerting.raised] == ["A2"]


async def test_the_figure_of_an_alert_that_lasts_is_stored_when_it_changed_once_a_minute(database: Database) -> None:
    desk = await Desk(database, World()).loaded()
    desk.world.bad = True

    async def stored(at: int, value: str) -> Fraction | None:
        desk.world.figure = Fraction(value)
        await desk.round(at)
        return (await desk.queries.alerts())[0].value

    figures = [await stored(T0 + s, value) for s, value in ((0, "0.9"), (15, "0.8"), (60, "0.7"), (75, "0.6"))]
    assert figures == [Fraction("0.9"), Fraction("0.9"), Fraction("0.7"), Fraction("0.7")]


async def test_a_pending_alert_and_a_raised_one_survive_a_restart(database: Database) -> None:
    rule = replace(RULE, sustained_s=900)
    world = World()
    world.bad = True
    await (await Desk(database, world, rule).loaded()).round(T0)
    later = await Desk(database, world, rule).loaded()
    await later.round(T0 + 899)
    assert await later.told() == []
    await (await Desk(database, world, rule).loaded()).round(T0 + 900)
    again = await Desk(database, world, rule).loaded()
    await again.round(T0 + 915)
    assert await again.told() == ["A1:raised:1"]
    world.bad = False
    await again.round(T0 + 930)
    assert await again.told() == ["A1:raised:1", "A1:cleared:1"]


async def test_an_acknowledged_alert_goes_no_further_up(database: Database) -> None:
    rule = replace(RULE, reminder_s=None, escalate_to=("leader",), escalate_after_s=600)
    desk = await Desk(database, World(), rule).loaded()
    desk.world.bad = True
    await desk.round(T0)
    await desk.decisions.acknowledge("A1", author="as:张三", at=T0 + 10)
    await desk.round(T0 + 600)
    assert await desk.told("leader") == []
    other = await Desk(database, World(), replace(rule, id="other")).loaded()
    other.world.bad = True
    await other.round(T0 + 700)
    await other.round(T0 + 1_300)
    assert await other.told("leader") == ["A2:escalated:1"]
    other.world.bad = False
    await other.round(T0 + 1_400)
    assert (await other.told("leader"))[1:] == ["A2:cleared:1"]


async def test_a_silenced_alert_is_kept_and_told_when_the_silence_ends(database: Database) -> None:
    desk = await Desk(database, World()).loaded()
    await desk.decisions.silence(Silence("", T0, T0 + 600, "as:张三", "割接", T0, region="3707"))
    desk.world.bad = True
    await desk.round(T0)
    assert (await desk.told(), [alert.id for alert in desk.alerting.raised]) == ([], ["A1"])
    await desk.round(T0 + 600)
    assert await desk.told() == ["A1:raised:1"]


async def test_receivers_take_what_is_theirs(database: Database) -> None:
    receivers = (
        Receiver("shouguang", counties=frozenset({"370783"})),
        Receiver("weicheng", counties=frozenset({"370702"})),
        Receiver("night", least=Severity.CRITICAL),
        Receiver("extra", is_default=False),
    )
    rules = (RULE, replace(RULE, id="mild", severity=Severity.WARNING), replace(RULE, id="x", receivers=("extra",)))
    desk = await Desk(database, World(), *rules, receivers=receivers).loaded()
    desk.world.bad = True
    await desk.round(T0)
    told = {each.name: len(await desk.told(each.name)) for each in receivers}
    assert told == {"shouguang": 2, "weicheng": 0, "night": 1, "extra": 1}


async def test_while_our_own_network_is_down_nothing_changes(database: Database) -> None:
    desk = await Desk(database, World()).loaded()
    desk.world.bad = True
    await desk.round(T0)
    desk.world.bad = False
    await desk.round(T0 + 15, blind=True)
    assert [alert.id for alert in desk.alerting.raised] == ["A1"]
    await desk.round(T0 + 30)
    assert desk.alerting.raised == []


async def test_a_round_that_was_not_stored_is_given_again_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await Desk(database, World()).loaded()
    given: list[AlertBatch] = []
    save = desk.store.save

    async def busy(batch: AlertBatch) -> None:
        given.append(batch)
        if len(given) < 3:
            raise StoreBusyError("locked")
        await save(batch)

    monkeypatch.setattr(desk.store, "save", busy)
    desk.world.bad = True
    for at in (T0, T0 + 15):
        with pytest.raises(StoreBusyError):
            await desk.round(at)
    desk.world.bad = False
    await desk.round(T0 + 30)
    assert given[0] is given[1] is given[2]
    assert await desk.told() == ["A1:raised:1", "A1:cleared:1"]


async def test_a_store_that_is_lost_is_told_past_it_and_so_is_its_return(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = AlertRule("store", Measure.STORE, Severity.CRITICAL, sustained_s=60)
    desk = await Desk(database, World(), rule, receivers=(Receiver("duty"), Receiver("deaf"))).loaded()
    at = {"now": T0}
    lost = True
    decided = desk.store.decided

    async def busy(*, at: int) -> Any:
        if lost:
            raise StoreBusyError("locked")
        return await decided(at=at)

    async def health() -> Health:
        return Health()

    async def rounds(now: int) -> None:
        at["now"] = now
        work = desk.alerting.work(health, now=lambda: at["now"], blind=lambda: False, every_s=60)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(work, 0.1)

    monkeypatch.setattr(desk.store, "decided", busy)
    desk.deaf = {"deaf"}
    for second in (0, 59, 60, 75):
        await rounds(T0 + second)
    assert desk.said == [("duty", f"store-{T0}:raised:1")]
    desk.deaf = set()
    await rounds(T0 + 90)
    lost = False
    await rounds(T0 + 105)
    await rounds(T0 + 120)
    assert desk.said[1:] == [
        ("deaf", f"store-{T0}:raised:1"),
        ("duty", f"store-{T0}:cleared:1"),
        ("deaf", f"store-{T0}:cleared:1"),
    ]


async def test_a_mistake_of_ours_ends_no_looks_and_what_it_left_is_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await Desk(database, World()).loaded()
    desk.world.bad = True

    async def health() -> Health:
        return Health()

    async def rounds(now: int) -> None:
        work = desk.alerting.work(health, now=lambda: now, blind=lambda: False, every_s=60)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(work, 0.1)

    with monkeypatch.context() as patched:
        patched.setattr(desk.world, "begin", lambda **_: 1 // 0)
        await rounds(T0)
    assert (desk.alerting.errors, await desk.told()) == (1, [])
    await rounds(T0 + 15)
    assert await desk.told() == ["A1:raised:1"]


async def test_an_alert_of_a_rule_that_is_gone_is_ended_in_silence(database: Database) -> None:
    desk = await Desk(database, World()).loaded()
    desk.world.bad = True
    await desk.round(T0)
    await Desk(database, World(), replace(RULE, id="another")).loaded(at=T0 + 60)
    [alert] = await desk.queries.alerts()
    assert (alert.cleared_at, await desk.told()) == (T0 + 60, ["A1:raised:1"])


async def test_a_work_order_is_closed_by_good_looks_and_reopened_by_the_same_fault(database: Database) -> None:
    desk = await Desk(database, World(), replace(RULE, order=True)).loaded()
    desk.world.states["cam"] = replace(initial_state("cam", created_at=0), connectivity=Connectivity.OFFLINE)
    desk.world.bad = True
    await desk.round(T0)
    [order] = await desk.queries.orders()
    assert (order.id, order.devices, order.state) == ("W-A1", ("cam",), OrderState.OPEN)
    await desk.decisions.keep_orders([replace(order, repaired_at=T0 + 50, result="好了")], [], reported=True)
    desk.world.bad = False
    await desk.round(T0 + 61)
    [order] = await desk.queries.orders()
    assert order.state is OrderState.REPAIRED
    online = replace(desk.world.states["cam"], connectivity=Connectivity.ONLINE, connectivity_since=T0 + 100)
    desk.world.states["cam"] = replace(online, answered_at=T0 + 160, interval_s=60)
    await desk.round(T0 + 170)
    [order] = await desk.queries.orders()
    assert (order.state, order.good_since, order.result) == (OrderState.CLOSED, T0 + 100, "好了")
    desk.world.bad = True
    await desk.round(T0 + 86_400)
    [order] = await desk.queries.orders()
    assert (order.id, order.subject, order.state, order.reopened) == ("W-A1", "A2", OrderState.OPEN, 1)
    assert [each.kind for each in await desk.queries.timeline("W-A1")] == ["opened", "closed", "reopened"]
