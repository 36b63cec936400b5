"""One receiver served from the outbox: at least once, in order, grouped, capped, and again after a failure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest

from monitor.adapters.db.alerts import SqlAlertStore, SqlOutbox
from monitor.adapters.db.engine import Database
from monitor.domain.notification import Message, Parcel
from monitor.ports import AlertBatch, NotifyError, SpoolResult
from monitor.services.delivery import ReceiverDelivery, Terms
from tests.domain.test_notification import row

T0 = 1_000_000
COUNTIES = ("370702", "370703", "370704")


class Receiver:
    """A receiver that takes or refuses what it is sent; a spool where `hands_over`."""

    def __init__(self, *, hands_over: bool = False, refresh_every_s: int | None = None) -> None:
        self.hands_over = hands_over
        self.refresh_every_s = refresh_every_s
        self.refusal = ""
        self.got: list[list[int]] = []
        self.parcels: list[Parcel] = []
        self.refreshed = 0
        self.told: list[SpoolResult] = []

    async def send(self, parcel: Parcel) -> None:
        if self.refusal == "bug":
            raise ZeroDivisionError
        if self.refusal:
            raise NotifyError(self.refusal)
        self.got.append([each.number for each in parcel.rows])
        self.parcels.append(parcel)

    async def refresh(self, raised: Sequence[Message]) -> None:
        self.refreshed += len(raised)

    async def results(self) -> Sequence[SpoolResult]:
        return self.told

    async def forget(self, results: Sequence[SpoolResult]) -> None:
        self.told = [each for each in self.told if each not in results]

    async def close(self) -> None:
        pass


class Post:
    """A receiver with its delivery and its outbox."""

    def __init__(self, database: Database, receiver: Receiver, **terms: int) -> None:
        self.outbox = SqlOutbox(database)
        self.receiver = receiver
        self.delivery = ReceiverDelivery(
            "duty",
            self.outbox,
            receiver,
            terms=Terms(wait_s=60, urgent_wait_s=10, **terms),
            raised=lambda: [row(1).message],
        )
        self._store = SqlAlertStore(database)

    async def put(self, *numbers: int, county: str = "370783", at: int = T0) -> None:
        await self._store.save(AlertBatch(outbox=[row(number, county, at=at) for number in numbers]))

    async def waiting(self) -> list[int]:
        return [each.number for each in await self.outbox.waiting("duty")]


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    yield database
    await database.close()


async def test_what_waited_long_enough_goes_out_as_one_and_only_once(database: Database) -> None:
    post = Post(database, Receiver())
    await post.put(1, 2)
    assert await post.delivery.turn(at=T0 + 40) == 20
    assert post.receiver.got == []
    await post.delivery.turn(at=T0 + 60)
    await post.delivery.turn(at=T0 + 61)
    assert post.receiver.got == [[1, 2]]
    assert (await post.waiting(), post.delivery.sent) == ([], 2)


async def test_a_receiver_down_for_an_hour_gets_all_of_it_afterwards_in_order_and_grouped(database: Database) -> None:
    post = Post(database, Receiver())
    post.receiver.refusal = "answered 500"
    at, number = T0, 0
    tries: list[int] = []
    while at < T0 + 3_600:
        if number < 5 and at >= T0 + number * 600:
            number += 1
            await post.put(number, at=at)
        before = post.delivery.failures
        pause_s = await post.delivery.turn(at=at)
        if post.delivery.failures > before:
            tries.append(at)
        at += max(1, min(int(pause_s), 30))
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[:6] == [5, 10, 20, 40, 80, 160]
    assert set(pauses[6:]) == {300}
    [backlog] = await post.outbox.backlog()
    assert (backlog.waiting, backlog.error, backlog.tries > 5) == (5, "answered 500", True)
    post.receiver.refusal = ""
    await post.delivery.turn(at=T0 + 3_900)
    assert post.receiver.got == [[1, 2, 3, 4, 5]]
    assert (post.delivery.error, await post.outbox.backlog()) == ("", [])


async def test_nothing_overtakes_what_a_receiver_did_not_take(database: Database) -> None:
    post = Post(database, Receiver())
    post.receiver.refusal = "answered 500"
    await post.put(1)
    await post.delivery.turn(at=T0 + 60)
    await post.put(2, county="370702", at=T0 + 1)
    post.receiver.refusal = ""
    assert await post.delivery.turn(at=T0 + 62) == 3
    await post.delivery.turn(at=T0 + 65)
    assert post.receiver.got == [[1], [2]]


async def test_a_cap_holds_back_says_so_and_sends_the_rest_a_minute_later(database: Database) -> None:
    post = Post(database, Receiver(), per_minute=1)
    for number, county in enumerate(COUNTIES, start=1):
        await post.put(number, county=county)
    await post.delivery.turn(at=T0 + 60)
    assert post.receiver.got == [[1]]
    assert post.receiver.parcels[0].held_back == 2
    assert "2 more are held back" in post.receiver.parcels[0].text("en")[1]
    await post.delivery.turn(at=T0 + 90)
    assert post.delivery.held_back == 2
    await post.delivery.turn(at=T0 + 120)
    await post.delivery.turn(at=T0 + 180)
    assert post.receiver.got == [[1], [2], [3]]


async def test_a_mistake_of_our_own_is_a_failure_like_any_other(database: Database) -> None:
    post = Post(database, Receiver())
    post.receiver.refusal = "bug"
    await post.put(1)
    await post.delivery.turn(at=T0 + 60)
    assert (post.delivery.error, await post.waiting()) == ("internal error: ZeroDivisionError", [1])


async def test_after_a_restart_what_was_not_marked_is_sent_again(database: Database) -> None:
    await Post(database, Receiver()).put(1, 2)
    for _ in range(2):
        later = Post(database, Receiver())
        assert await later.waiting() == [1, 2]
    await later.delivery.turn(at=T0 + 60)
    assert later.receiver.got == [[1, 2]]


async def test_a_spool_is_believed_only_when_its_relay_has_spoken(database: Database) -> None:
    post = Post(database, Receiver(hands_over=True), result_within_s=600)
    await post.put(1, 2, 3)
    await post.delivery.turn(at=T0 + 60)
    assert (post.receiver.got, await post.waiting()) == ([[1, 2, 3]], [])
    [backlog] = await post.outbox.backlog()
    assert (backlog.waiting, backlog.handed) == (0, 3)
    keys = [each.key for each in await post.outbox.handed("duty")]
    post.receiver.told = [SpoolResult(keys[0], True, "", "f1"), SpoolResult(keys[1], False, "SMS gateway full", "f1")]
    await post.delivery.turn(at=T0 + 120)
    assert post.receiver.told == []
    assert (await post.waiting(), post.delivery.error) == ([2], "SMS gateway full")
    await post.delivery.turn(at=T0 + 660)  # of the third nobody says anything
    assert post.receiver.got[1:] == [[2, 3]]


async def test_a_notifier_that_wants_it_is_told_again_what_is_raised(database: Database) -> None:
    post = Post(database, Receiver(refresh_every_s=60))
    for at in range(T0, T0 + 180, 20):
        await post.delivery.turn(at=at)
    assert post.receiver.refreshed == 3
