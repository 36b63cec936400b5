from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import structlog

from monitor.adapters.db.memory import MemoryStore
from monitor.domain.device import Device, DeviceKind, Lifecycle
from monitor.domain.observation import Evidence, Observation
from monitor.domain.point import PointClass
from monitor.domain.policy import Policy
from monitor.domain.state import Cause, Connectivity
from monitor.ports import Applied, Batch, CollectorMark, InventoryBatch, StoreBusyError, StoreRefusedError
from monitor.services.ingest import MAX_BACKOFF_S, MAX_BATCH_DEVICES, SLOW_WRITE_S, Ingest
from tests.services.virtual_time import T0, epoch_now, run

POLICY = Policy()


class FlakyStore(MemoryStore):
    """A store that can be busy, refuse, be slow, or commit and lose its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[float] = []
        self.batches: list[Batch] = []
        self.fails: Callable[[], None] = lambda: None
        self.takes_s = 0.0
        self.loses_answer = False

    async def apply(self, batch: Batch) -> Applied:
        self.tried.append(epoch_now() - T0)
        await asyncio.sleep(self.takes_s)
        self.fails()
        applied = await super().apply(batch)
        self.batches.append(batch)
        if self.loses_answer:
            self.loses_answer = False
            raise StoreBusyError("connection lost after the commit")
        return applied


def busy() -> None:
    raise StoreBusyError("database is locked")


def refused() -> None:
    raise StoreRefusedError("database is read-only")


class Site:
    """An ingest of so many devices in front of a store, and what its listeners were told."""

    def __init__(self, store: FlakyStore, ingest: Ingest, mark: list[CollectorMark]) -> None:
        self.store = store
        self.ingest = ingest
        self.mark = mark
        self.told: list[tuple[list[str], list[str], int]] = []
        ingest.on_commit(
            lambda states, changes: self.told.append(
                (
                    [state.device_id for state in states],
                    [f"{change.device_id} {change.new}" for change in changes],
                    len(store.batches),
                )
            )
        )

    def see(self, evidence: Evidence, at: int, *device_ids: str, faults: tuple[str, ...] = ()) -> None:
        for device_id in device_ids or self.ingest.states:
            could_show = frozenset({"clock_off"})
            self.ingest.accept(Observation(device_id, T0 + at, evidence, 300, faults=faults, could_show=could_show))

    async def stored(self) -> dict[str, str]:
        return {state.device_id: state.connectivity.value for state in await self.store.load_states()}


async def site(count: int = 3) -> Site:
    store = FlakyStore()
    ids = [f"cam-{number}" for number in range(count)]
    devices = [Device(each, DeviceKind.CAMERA, PointClass.FIRST, None, Lifecycle(T0)) for each in ids]
    await store.record(InventoryBatch(devices=devices))
    mark: list[CollectorMark] = []
    ingest = Ingest(
        store,
        policy=POLICY,
        mark=lambda: mark[0] if mark else None,
        on_write=lambda duration_s: None,
        writer="main",
    )
    await ingest.load((each, T0) for each in ids)
    return Site(store, ingest, mark)


def test_a_change_waits_until_it_is_committed_and_is_told_only_then():
    async def course():
        here = await site()
        here.see(Evidence.ANSWERED, 10)
        assert here.ingest.states["cam-0"].connectivity is Connectivity.ONLINE
        assert (here.ingest.waiting_devices, here.told, await here.stored()) == (3, [], {})
        await here.ingest.commit()
        assert here.ingest.waiting_devices == 0
        assert here.ingest.committed_changes == len(await here.store.changes()) == 6
        ids = ["cam-0", "cam-1", "cam-2"]
        words = [f"{each} {word}" for each in ids for word in ("online", "intact")]
        assert here.told == [(ids, words, 1)]
        assert await here.stored() == dict.fromkeys(ids, "online")

    run(course())


def test_a_plain_answer_waits_for_the_flush_and_a_streak_does_not():
    async def course():
        here = await site()
        here.see(Evidence.ANSWERED, 10)
        await here.ingest.commit()
        here.see(Evidence.ANSWERED, 310, "cam-0")
        here.see(Evidence.SILENT, 320, "cam-1")
        await here.ingest.commit()
        assert [batch.states[0].device_id for batch in here.store.batches[1:]] == ["cam-1"]
        assert here.store.batches[1].states[0].silent_at == (T0 + 320,)
        await here.ingest.commit()
        assert len(here.store.batches) == 2
        await here.ingest.commit(flush=True)
        assert here.store.batches[2].states[0].answered_at == T0 + 310
        assert here.store.batches[2].changes == []
        await here.ingest.commit(flush=True)
        assert len(here.store.batches) == 3

    run(course())


def test_a_streak_that_an_answer_ended_is_committed_at_once():
    async def course():
        here = await site(1)
        here.see(Evidence.ANSWERED, 10)
        here.see(Evidence.SILENT, 310)
        await here.ingest.commit()
        here.see(Evidence.ANSWERED, 340)
        await here.ingest.commit()
        (state,) = await here.store.load_states()
        assert (state.silent_at, state.answered_at) == ((), T0 + 340)

    run(course())


def test_a_fault_seen_once_is_committed_though_nothing_changes_yet():
    async def course():
        here = await site(1)
        here.see(Evidence.ANSWERED, 10)
        await here.ingest.commit()
        here.see(Evidence.ANSWERED, 310, faults=("clock_off",))
        await here.ingest.commit()
        (state,) = await here.store.load_states()
        assert [(fault.code, fault.confirmed) for fault in state.faults] == [("clock_off", False)]

    run(course())


def test_a_restart_goes_on_with_what_was_committed():
    async def course():
        here = await site(2)
        here.see(Evidence.ANSWERED, 10)
        here.see(Evidence.SILENT, 310, "cam-1")
        await here.ingest.commit()
        again = Ingest(here.store, policy=POLICY, mark=lambda: None, on_write=lambda duration_s: None)
        await again.load([("cam-0", T0), ("cam-1", T0), ("cam-new", T0 + 400)])
        assert again.states["cam-1"] == here.ingest.states["cam-1"]
        assert again.states["cam-1"].silent_at == (T0 + 310,)
        assert again.states["cam-new"].connectivity is Connectivity.UNKNOWN
        assert again.states["cam-new"].connectivity_since == T0 + 400

    run(course())


def test_a_batch_holds_a_devices_state_with_all_its_changes():
    async def course():
        here = await site(1)
        here.see(Evidence.ANSWERED, 10)
        for at in (310, 340, 370):
            here.see(Evidence.SILENT, at)
        here.see(Evidence.ANSWERED, 670)
        await here.ingest.commit()
        (batch,) = here.store.batches
        (state,) = batch.states
        online = [(change.new, change.at - T0) for change in batch.changes if change.axis == "connectivity"]
        assert online == [("online", 10), ("offline", 310), ("online", 670)]
        assert (state.connectivity, state.connectivity_since) == (Connectivity.ONLINE, T0 + 670)
        assert [change.seq for change in await here.store.changes()] == list(range(1, len(batch.changes) + 1))

    run(course())


def test_more_devices_than_a_batch_holds_go_in_several_each_told_after_its_own_commit():
    async def course():
        here = await site(2 * MAX_BATCH_DEVICES + 7)
        here.see(Evidence.ANSWERED, 10)
        await here.ingest.commit()
        assert [len(batch.states) for batch in here.store.batches] == [MAX_BATCH_DEVICES, MAX_BATCH_DEVICES, 7]
        assert [committed for _, _, committed in here.told] == [1, 2, 3]
        assert len(await here.stored()) == 2 * MAX_BATCH_DEVICES + 7
        for batch in here.store.batches:
            assert {change.device_id for change in batch.changes} == {state.device_id for state in batch.states}

    run(course())


def test_the_collectors_mark_is_stored_with_every_batch():
    async def course():
        here = await site(1)
        here.mark.append(CollectorMark("main", T0 + 9, T0 + 40))
        here.see(Evidence.ANSWERED, 10)
        await here.ingest.commit()
        assert await here.store.load_mark("main") == CollectorMark("main", T0 + 9, T0 + 40)

    run(course())


# -- a store in trouble -----------------------------------------------------------------------------------------------


def test_a_busy_store_loses_nothing_and_tells_nobody():
    async def course():
        here = await site()
        here.see(Evidence.ANSWERED, 10)
        here.store.fails = busy
        with pytest.raises(StoreBusyError, match="locked"):
            await here.ingest.commit()
        assert (here.ingest.waiting_devices, here.told, await here.stored()) == (3, [], {})
        for at in (310, 340, 370):
            here.see(Evidence.SILENT, at, "cam-0")
        assert here.ingest.waiting_devices == 3
        here.store.fails = lambda: None
        await here.ingest.commit()
        assert here.ingest.waiting_devices == 0
        changes = await here.store.changes(device_id="cam-0", axis="connectivity")
        assert [(change.new, change.at - T0) for change in changes] == [("online", 10), ("offline", 310)]
        assert await here.stored() == {"cam-0": "offline", "cam-1": "online", "cam-2": "online"}
        assert here.ingest.committed_changes == len(await here.store.changes())

    run(course())


def test_what_came_between_two_batches_of_a_busy_store_is_kept_in_order():
    async def course():
        here = await site(MAX_BATCH_DEVICES + 1)
        here.see(Evidence.ANSWERED, 10)
        here.store.fails = lambda: busy() if len(here.store.tried) == 2 else None
        with pytest.raises(StoreBusyError):
            await here.ingest.commit()
        assert here.ingest.waiting_devices == 1
        await here.ingest.commit()
        assert len(await here.stored()) == MAX_BATCH_DEVICES + 1

    run(course())


def test_a_commit_whose_answer_was_lost_is_stored_once_and_counted_once():
    async def course():
        here = await site()
        here.see(Evidence.ANSWERED, 10)
        here.store.loses_answer = True
        with pytest.raises(StoreBusyError):
            await here.ingest.commit()
        here.see(Evidence.ANSWERED, 310)
        await here.ingest.commit(flush=True)
        assert len(await here.store.changes()) == 6 == here.ingest.committed_changes
        assert {state.answered_at for state in await here.store.load_states()} == {T0 + 310}
        assert [len(changes) for _, changes, _ in here.told] == [6, 0]

    run(course())


def test_a_commit_that_was_cancelled_is_made_good_by_the_next():
    async def course():
        here = await site()
        here.store.takes_s = 1.0
        here.see(Evidence.ANSWERED, 10)
        committing = asyncio.create_task(here.ingest.commit())
        await asyncio.sleep(0.5)
        committing.cancel()
        await asyncio.gather(committing, return_exceptions=True)
        assert here.ingest.waiting_devices == 3
        await here.ingest.commit()
        assert len(await here.store.changes()) == 6
        assert here.ingest.waiting_devices == 0

    run(course())


def test_two_commits_at_once_store_everything_once():
    async def course():
        here = await site()
        here.store.takes_s = 1.0
        here.see(Evidence.ANSWERED, 10)
        first = asyncio.create_task(here.ingest.commit())
        await asyncio.sleep(0.5)
        here.see(Evidence.SILENT, 310, "cam-0")
        await asyncio.gather(first, here.ingest.commit(flush=True))
        assert len(await here.store.changes()) == 6
        assert here.ingest.waiting_devices == 0

    run(course())


async def keep_committing(here: Site, seconds: float, *, flush_every_s: float = 60) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await here.ingest.keep_committing(stop, every_s=1, flush_every_s=flush_every_s)


def test_a_lost_store_is_tried_again_with_growing_pauses_and_said_once_and_once_when_back():
    async def course():
        here = await site()
        here.store.fails = lambda: busy() if epoch_now() < T0 + 200 else None
        here.see(Evidence.ANSWERED, 10)
        with structlog.testing.capture_logs() as logs:
            keeping = asyncio.create_task(keep_committing(here, 400))
            await asyncio.sleep(100)
            assert not here.ingest.store_ok
            assert "locked" in here.ingest.store_error
            await keeping
        assert [(entry["log_level"], entry["event"]) for entry in logs] == [
            ("warning", "store.lost"),
            ("info", "store.back"),
        ]
        assert logs[0]["waiting_devices"] == 3
        assert here.store.tried[:6] == pytest.approx([1, 3, 7, 15, 31, 61], abs=0.1)
        assert here.store.tried[-1] <= 200 + MAX_BACKOFF_S
        assert here.ingest.store_ok
        assert here.ingest.waiting_devices == 0

    run(course())


def test_a_store_that_refuses_ends_the_committing():
    async def course():
        here = await site()
        here.see(Evidence.ANSWERED, 10)
        here.store.fails = refused
        with pytest.raises(StoreRefusedError, match="read-only"):
            await keep_committing(here, 60)
        assert here.ingest.waiting_devices == 3

    run(course())


def test_a_store_that_does_not_answer_counts_as_lost_meanwhile():
    async def course():
        here = await site()
        here.store.takes_s = SLOW_WRITE_S + 10
        here.see(Evidence.ANSWERED, 10)
        committing = asyncio.create_task(here.ingest.commit())
        await asyncio.sleep(SLOW_WRITE_S - 1)
        assert here.ingest.store_ok
        await asyncio.sleep(2)
        assert not here.ingest.store_ok
        assert here.ingest.waiting_devices == 3
        await committing
        assert here.ingest.store_ok

    run(course())


def test_plain_answers_are_flushed_every_minute():
    async def course():
        here = await site(1)
        here.see(Evidence.ANSWERED, 1)
        keeping = asyncio.create_task(keep_committing(here, 200))
        for _ in range(19):
            await asyncio.sleep(10)
            here.see(Evidence.ANSWERED, int(epoch_now() - T0))
        await keeping
        assert here.store.tried == pytest.approx([1, 60, 120, 180], abs=1.1)

    run(course())


# -- silence and pauses -----------------------------------------------------------------------------------------------


def test_silence_makes_unknown_only_what_is_overdue():
    async def course():
        here = await site()
        here.see(Evidence.ANSWERED, 10, "cam-0", "cam-1")
        here.see(Evidence.ANSWERED, 500, "cam-1")
        await here.ingest.commit(flush=True)
        here.ingest.expire_overdue(here.ingest.states, at=T0 + 10 + 960)
        assert here.ingest.waiting_devices == 0
        here.ingest.expire_overdue(here.ingest.states, at=T0 + 10 + 961)
        here.ingest.expire_overdue(here.ingest.states, at=T0 + 10 + 962)
        await here.ingest.commit()
        assert await here.stored() == {"cam-0": "unknown", "cam-1": "online"}
        (change,) = [one for one in await here.store.changes() if one.new == "unknown"]
        assert (change.device_id, change.at, change.cause) == ("cam-0", T0 + 310, Cause.STALE)
        assert change.kept is not None
        assert change.kept.answered_at == T0 + 10

    run(course())


def test_a_pause_makes_every_device_unknown_from_its_beginning():
    async def course():
        here = await site()
        here.see(Evidence.ANSWERED, 10, "cam-0", "cam-1")
        here.see(Evidence.SILENT, 310, "cam-1")
        await here.ingest.commit()
        here.ingest.pause_all(begin=T0 + 600)
        here.ingest.pause_all(begin=T0 + 600)
        await here.ingest.commit()
        found = {
            change.device_id: (change.at - T0, change.cause)
            for change in await here.store.changes(axis="connectivity")
            if change.new == "unknown"
        }
        assert found == {"cam-0": (600, Cause.COLLECTOR_PAUSE), "cam-1": (310, Cause.COLLECTOR_PAUSE)}
        assert len(await here.store.changes(axis="connectivity")) == 4

    run(course())


def test_plain_answers_are_flushed_in_the_order_of_the_inventory():
    async def course():
        here = await site(500)
        here.see(Evidence.ANSWERED, 10)
        await here.ingest.commit()
        shuffled = sorted(here.ingest.states, key=hash)
        here.see(Evidence.ANSWERED, 310, *shuffled)
        await here.ingest.commit(flush=True)
        assert [state.device_id for state in here.store.batches[-1].states] == list(here.ingest.states)

    run(course())
