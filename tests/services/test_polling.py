from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import pairwise

import pytest
import structlog

from collectors.base import Look, Outcome, PollResult, Target
from monitor.adapters.db.memory import MemoryStore
from monitor.domain.device import Endpoint
from monitor.domain.policy import DAY_S, Policy
from monitor.domain.state import Cause, Connectivity, DeviceState
from monitor.services.clock import SteadyClock
from monitor.services.ingest import Ingest
from monitor.services.polling import Pace, Polling, subnet_of
from tests.services.virtual_time import T0, epoch_now, run

CLEAN = (Outcome.CLEAN, 0.05)
DEAD = (Outcome.TIMEOUT, 3.0)
Script = Callable[[str], tuple[Outcome, float]]


class Devices:
    """A poller that answers as the script says, after as long as it says, and keeps book of every look."""

    def __init__(self, script: Script = lambda address: CLEAN) -> None:
        self.script = script
        self.started: dict[str, list[float]] = {}
        self.ended_at: dict[str, float] = {}
        self.most = 0
        self.most_in: Counter[str] = Counter()
        self._in: Counter[str] = Counter()

    async def poll(self, target: Target, look: Look) -> list[PollResult]:
        self.started.setdefault(target.address, []).append(epoch_now() - T0)
        subnet = target.address.rpartition(".")[0]
        self._in[subnet] += 1
        self.most = max(self.most, self._in.total())
        self.most_in[subnet] = max(self.most_in[subnet], self._in[subnet])
        try:
            outcome, seconds = self.script(target.address)
            await asyncio.sleep(min(seconds, look.timeout_s))
            self.ended_at[target.address] = epoch_now() - T0
            return [PollResult(outcome, duration_s=seconds)]
        finally:
            self._in[subnet] -= 1

    async def close(self) -> None:
        """Hold nothing."""

    def looks(self) -> list[float]:
        return sorted(start for starts in self.started.values() for start in starts)


class Collector:
    """A poller, an ingest and a polling of a few devices, and every change that came of them."""

    def __init__(
        self,
        addresses: list[str],
        devices: Devices,
        *,
        pace: Pace | None = None,
        policy: Policy | None = None,
        now: Callable[[], float] = epoch_now,
        repeat: bool = True,
    ) -> None:
        self.policy = policy or Policy()
        self.ingest = Ingest(MemoryStore(), policy=self.policy, mark=lambda: None, on_write=lambda duration_s: None)
        self.durations: list[float] = []
        self.addresses = addresses
        self.polling = Polling(
            {address: Endpoint("fake", address) for address in addresses},
            pollers={"fake": devices},
            ingest=self.ingest,
            policy=self.policy,
            pace=pace or Pace(),
            now=now,
            own_clock_trusted=lambda: True,
            on_duration=self.durations.append,
            repeat=repeat,
        )

    async def load(self) -> None:
        await self.ingest.load((address, T0 - DAY_S) for address in self.addresses)

    def set_states(self, **fields: object) -> None:
        self.ingest.states.update({address: replace(state, **fields) for address, state in self.ingest.states.items()})

    def states(self) -> Iterator[DeviceState]:
        return iter(self.ingest.states.values())

    def changes(self) -> list[tuple[int, str, Cause]]:
        """Give what waits to be committed as (seconds after T0, new state, cause), oldest first."""
        waiting = self.ingest._pending.values()
        return sorted(
            (change.at - T0, change.new, change.cause)
            for changes in waiting
            for change in changes
            if change.axis == "connectivity"
        )


@asynccontextmanager
async def looking(collector: Collector):
    task = asyncio.create_task(collector.polling.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def addresses(subnets: int, each: int) -> list[str]:
    return [f"10.0.{subnet}.{host}" for subnet in range(subnets) for host in range(1, each + 1)]


def live_timers() -> int:
    return sum(not handle.cancelled() for handle in asyncio.get_running_loop()._scheduled)


# -- limits ---------------------------------------------------------------------------------------------------------


def test_all_places_are_used_and_never_one_more():
    async def course():
        devices = Devices(lambda address: (Outcome.CLEAN, 2.0))
        collector = Collector(addresses(50, 10), devices, pace=Pace(concurrency=20, per_subnet=32), repeat=False)
        await collector.load()
        collector.polling.schedule_at_once()
        await collector.polling.run()
        assert devices.most == 20
        assert len(devices.looks()) == 500 == collector.polling.looks["fake", "clean"]
        assert epoch_now() - T0 == pytest.approx(50, abs=1)
        assert collector.durations == [2.0] * 500

    run(course())


def test_a_dead_subnet_holds_its_share_of_the_places_and_the_others_go_on():
    async def course():
        devices = Devices(lambda address: DEAD if address.startswith("10.0.0.") else CLEAN)
        collector = Collector(addresses(6, 250), devices, pace=Pace(concurrency=64, per_subnet=32), repeat=False)
        await collector.load()
        collector.polling.schedule_at_once()
        await collector.polling.run()
        assert devices.most_in["10.0.0"] == 32
        others = [ended for address, ended in devices.ended_at.items() if not address.startswith("10.0.0.")]
        assert len(others) == 1_250
        assert max(others) < 3, "the others had to wait for the dead"
        assert len(devices.looks()) == 1_500
        assert epoch_now() - T0 == pytest.approx(250 / 32 * 3, abs=3)

    run(course())


def test_who_waits_for_a_place_is_seen_as_lag():
    async def course():
        collector = Collector(addresses(1, 3), Devices(lambda address: DEAD), pace=Pace(per_subnet=1))
        await collector.load()
        collector.polling.schedule_at_once()
        assert collector.polling.lag_s() == 0
        async with looking(collector):
            await asyncio.sleep(2)
            assert collector.polling.under_way == 1
            assert collector.polling.next_due_at() == T0
            assert collector.polling.lag_s() == pytest.approx(2)

    run(course())


def test_full_places_leave_one_timer_behind_and_not_one_for_each_look():
    async def course():
        collector = Collector(addresses(10, 20), Devices(lambda address: (Outcome.CLEAN, 0.1)), pace=Pace(4, 4))
        await collector.load()
        collector.polling.schedule_at_once()
        async with looking(collector):
            await asyncio.sleep(60)
            timers = []
            while len(timers) < 20:
                await asyncio.sleep(0.7)
                if not collector.polling.under_way:
                    timers.append(live_timers())
            assert set(timers) == {1}

    run(course())


@pytest.mark.parametrize(
    ("address", "subnet"),
    [
        ("http://192.0.2.10/onvif/device_service", "192.0.2"),
        ("https://192.0.2.10:8443/onvif", "192.0.2"),
        ("192.0.2.10", "192.0.2"),
        ("192.0.2.10:80", "192.0.2"),
        ("http://admin:secret@192.0.2.10/", "192.0.2"),
        ("http://[2001:db8::1]:80/onvif", "2001:db8:"),
        ("http://cam-1.weicheng.example/onvif", "weicheng.example"),
        ("http://cam-1.weicheng.example:8080", "weicheng.example"),
        ("http://camera/onvif", "camera"),
    ],
)
def test_a_subnet_is_a_slash_24_or_a_domain(address, subnet):
    assert subnet_of(address) == subnet


# -- pace -----------------------------------------------------------------------------------------------------------


def test_who_answers_is_looked_at_once_in_each_interval_at_its_own_second():
    async def course():
        devices = Devices()
        collector = Collector(addresses(5, 40), devices)
        await collector.load()
        collector.polling.schedule()
        async with looking(collector):
            await asyncio.sleep(3_600)
        assert {len(starts) for starts in devices.started.values()} == {12}
        for starts in devices.started.values():
            assert [later - start for start, later in pairwise(starts)] == pytest.approx([300] * 11, abs=0.05)
        assert max(Counter(int(start) for start in devices.looks()).values()) <= 6
        assert all(state.connectivity is Connectivity.ONLINE for state in collector.states())

    run(course())


def test_silence_is_looked_at_again_after_30_s_until_it_is_confirmed():
    async def course():
        devices = Devices(lambda address: DEAD)
        collector = Collector(addresses(1, 1), devices)
        await collector.load()
        collector.polling.schedule()
        async with looking(collector):
            await asyncio.sleep(900)
        starts = devices.looks()
        after_the_first = [start - starts[0] for start in starts]
        assert after_the_first == pytest.approx([0, 30, 60, 300, 600], abs=0.1)
        (state,) = collector.states()
        assert (state.connectivity, state.connectivity_since) == (Connectivity.OFFLINE, T0 + int(starts[0]))
        assert state.interval_s == 300

    run(course())


@pytest.mark.parametrize(("days", "interval_s"), [(0, 300), (1, 600), (2, 900), (4, 1_500), (5, 1_800), (60, 1_800)])
def test_the_longer_dead_the_slower_looked_at(days, interval_s):
    async def course():
        devices = Devices(lambda address: DEAD)
        collector = Collector(addresses(1, 20), devices)
        await collector.load()
        since = T0 - days * DAY_S - 3_600
        collector.set_states(
            connectivity=Connectivity.OFFLINE, connectivity_since=since, last_evidence_at=T0 - 10, interval_s=interval_s
        )
        collector.polling.schedule()
        async with looking(collector):
            await asyncio.sleep(7_200)
        for starts in devices.started.values():
            gaps = [later - start for start, later in pairwise(starts)]
            assert gaps == pytest.approx([interval_s] * len(gaps), abs=0.05)
            assert len(starts) in (7_200 // interval_s, 7_200 // interval_s + 1)
        assert {state.interval_s for state in collector.states()} == {interval_s}
        assert collector.changes() == []

    run(course())


def test_a_restart_makes_no_burst_and_goes_on_with_streaks_at_once():
    async def course():
        devices = Devices()
        collector = Collector(addresses(10, 100), devices)
        await collector.load()
        streak = collector.addresses[:3]
        for address in streak:
            collector.ingest.states[address] = replace(
                collector.ingest.states[address], last_evidence_at=T0 - 20, interval_s=300, silent_at=(T0 - 20,)
            )
        collector.polling.schedule()
        async with looking(collector):
            await asyncio.sleep(299.9)
        per_second = Counter(int(start) for start in devices.looks())
        assert max(per_second.values()) <= 3 + 12
        assert all(devices.started[address][0] < 0.1 for address in streak)
        assert len(devices.started) == 1_000

    run(course())


def test_a_sweep_looks_once_and_ends():
    async def course():
        collector = Collector(addresses(3, 50), Devices(), repeat=False)
        await collector.load()
        collector.polling.schedule_at_once()
        await asyncio.wait_for(collector.polling.run(), 60)
        assert collector.polling.looks == {("fake", "clean"): 150}
        assert collector.polling.next_due_at() is None
        assert live_timers() == 0

    run(course())


def test_a_sweep_of_nothing_ends_at_once():
    async def course():
        collector = Collector([], Devices(), repeat=False)
        collector.polling.schedule_at_once()
        await asyncio.wait_for(collector.polling.run(), 1)

    run(course())


# -- trouble --------------------------------------------------------------------------------------------------------


def test_a_stop_leaves_no_task_and_no_timer():
    async def course():
        collector = Collector(addresses(3, 50), Devices(lambda address: DEAD))
        await collector.load()
        collector.polling.schedule_at_once()
        async with looking(collector):
            await asyncio.sleep(1)
            assert collector.polling.under_way == 96
        assert collector.polling.under_way == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert live_timers() == 0
        assert all(state.last_evidence_at is None for state in collector.states())

    run(course())


def test_a_poller_that_raises_is_counted_and_looking_goes_on():
    def script(address: str) -> tuple[Outcome, float]:
        if address.endswith(".7"):
            raise RuntimeError("a bug")
        return CLEAN

    async def course():
        devices = Devices(script)
        collector = Collector(addresses(2, 20), devices)
        await collector.load()
        collector.polling.schedule()
        with structlog.testing.capture_logs() as logs:
            async with looking(collector):
                await asyncio.sleep(1_500)
        assert collector.polling.errors == 10
        assert [entry["event"] for entry in logs] == ["look.failed"]
        assert {len(starts) for starts in devices.started.values()} == {5}
        unseen = [state.device_id for state in collector.states() if state.never_seen]
        assert unseen == ["10.0.0.7", "10.0.1.7"]
        assert collector.polling.under_way == 0

    run(course())


def test_a_poller_without_a_result_is_counted_too():
    class Mute(Devices):
        async def poll(self, target: Target, look: Look) -> list[PollResult]:
            return []

    async def course():
        collector = Collector(addresses(1, 2), Mute(), repeat=False)
        await collector.load()
        collector.polling.schedule_at_once()
        await asyncio.wait_for(collector.polling.run(), 60)
        assert collector.polling.errors == 2

    run(course())


# -- our own time ---------------------------------------------------------------------------------------------------


def test_a_collector_that_stood_still_makes_its_devices_unknown_and_spreads_their_looks_anew():
    async def course():
        devices = Devices()
        collector = Collector(addresses(5, 60), devices)
        await collector.load()
        collector.polling.schedule()
        async with looking(collector):
            await asyncio.sleep(900)
            last_look_at = collector.polling.last_look_at
            asyncio.get_running_loop().stand_still(7_200)
            await asyncio.sleep(0)
            back = epoch_now() - T0
            await asyncio.sleep(400)
        begin = int(last_look_at + 300) - T0
        changes = collector.changes()
        paused = [change for change in changes if change[2] is Cause.COLLECTOR_PAUSE]
        assert paused == [(begin, "unknown", Cause.COLLECTOR_PAUSE)] * 300
        assert sum(change[1] == "online" and change[0] > begin for change in changes) == 300
        assert max(Counter(int(start) for start in devices.looks() if start >= back).values()) <= 8
        for starts in devices.started.values():
            assert any(back <= start < back + 301 for start in starts)

    run(course())


def test_a_look_in_the_middle_of_which_we_stood_still_says_nothing():
    async def course():
        devices = Devices(lambda address: (Outcome.TIMEOUT if address.endswith(".1") else Outcome.CLEAN, 2.0))
        collector = Collector(addresses(1, 2), devices, policy=Policy(offline_after=1))
        await collector.load()
        collector.polling.schedule_at_once()
        async with looking(collector):
            await asyncio.sleep(1_000)
            collector.polling.queue.fill([])
            for address in collector.addresses:
                collector.polling.queue.put(address, epoch_now())
            collector.polling._pump()
            await asyncio.sleep(1)
            assert collector.polling.under_way == 2
            last_look_at = collector.polling.last_look_at
            asyncio.get_running_loop().stand_still(3_600)
            collector.polling.notice_pause()
            # Nothing was due but what was under way, so that only the end of a look can tell.
            await asyncio.sleep(1.5)
            begin = int(last_look_at + 300)
            assert {(state.connectivity, state.connectivity_since) for state in collector.states()} == {
                (Connectivity.UNKNOWN, begin)
            }
            await asyncio.sleep(310)
        states = {state.device_id: state.connectivity for state in collector.states()}
        assert states == {"10.0.0.1": Connectivity.OFFLINE, "10.0.0.2": Connectivity.ONLINE}

    run(course())


def test_a_short_standstill_is_no_pause():
    async def course():
        collector = Collector(addresses(5, 60), Devices())
        await collector.load()
        collector.polling.schedule()
        async with looking(collector):
            await asyncio.sleep(900)
            asyncio.get_running_loop().stand_still(300 + 2 * 300 + 50)
            await asyncio.sleep(10)
        assert Cause.COLLECTOR_PAUSE not in {change[2] for change in collector.changes()}

    run(course())


def test_a_machine_that_slept_looks_again_within_a_second():
    slept_s = 0.0

    async def course():
        nonlocal slept_s
        devices = Devices()
        collector = Collector(addresses(1, 2), devices, now=lambda: epoch_now() + slept_s)
        await collector.load()
        collector.polling.schedule()
        async with looking(collector):
            await asyncio.sleep(700)
            slept_s = 7_200.0  # the loop's timers know nothing of it
            await asyncio.sleep(1.1)
            assert {state.connectivity for state in collector.states()} == {Connectivity.UNKNOWN}
            await asyncio.sleep(301)
        assert {state.connectivity for state in collector.states()} == {Connectivity.ONLINE}

    run(course())


def test_a_pause_before_the_start_is_found_from_the_stored_mark():
    async def course():
        collector = Collector(addresses(1, 10), Devices())
        await collector.load()
        collector.set_states(
            connectivity=Connectivity.ONLINE,
            connectivity_since=T0 - DAY_S,
            last_evidence_at=T0 - 5_000,
            interval_s=300,
            silent_at=(),
        )
        collector.polling.last_look_at = T0 - 4_990.0
        collector.polling.notice_pause(next_due_at=T0 - 4_700)
        assert collector.changes() == [(-4_690, "unknown", Cause.COLLECTOR_PAUSE)] * 10

    run(course())


@pytest.mark.parametrize("step_s", [3_600, -3_600])
def test_a_step_of_the_wall_clock_makes_no_burst_and_no_pause(step_s):
    stepped_s = 0

    async def course():
        nonlocal stepped_s
        loop = asyncio.get_running_loop()
        clock = SteadyClock(wall=lambda: epoch_now() + stepped_s, steady=loop.time)
        devices = Devices()
        collector = Collector(addresses(5, 60), devices, now=clock.now)
        await collector.load()
        collector.polling.schedule()
        async with looking(collector):
            for second in range(2_400):
                await asyncio.sleep(1)
                clock.adjust()
                collector.polling.notice_pause()
                collector.ingest.expire_overdue(collector.addresses, at=int(clock.now()))
                if second == 600:
                    stepped_s = step_s
        per_minute = Counter(int(start / 60) for start in devices.looks() if start >= 300)
        assert max(per_minute.values()) <= 60 * 1.1 + 20
        assert min(count for minute, count in per_minute.items() if minute < 39) >= 60 * 0.9 - 20
        assert {change[1] for change in collector.changes()} == {"online"}
        assert len(collector.changes()) == 300

    run(course())


# -- the inventory changes meanwhile --------------------------------------------------------------------------------


def looks_of(devices: Devices) -> Callable[[str], list[float]]:
    return lambda address: devices.started.get(address, [])


def test_new_devices_are_looked_at_at_once_or_in_their_slots_when_they_are_many():
    async def main() -> None:
        devices = Devices()
        looked = looks_of(devices)
        few, many = addresses(1, 3), addresses(30, 10)[3:]
        collector = Collector(few[:1], devices)
        await collector.load()
        collector.polling.schedule()
        async with looking(collector):
            collector.ingest.add((each, T0) for each in (*few, *many))
            collector.polling.look_at({each: Endpoint("fake", each) for each in few})
            await asyncio.sleep(1)
            assert {each for each in few[1:] if looked(each)} == set(few[1:])
            collector.polling.look_at({each: Endpoint("fake", each) for each in many})
            await asyncio.sleep(1)
            assert sum(bool(looked(each)) for each in many) < 30
            await asyncio.sleep(300)
            assert all(looked(each) for each in many)
            assert collector.polling.devices == len(few) + len(many)

    run(main())


def test_a_device_that_moves_is_looked_at_at_its_new_address_only_even_in_the_middle_of_a_look():
    async def main() -> None:
        devices = Devices(lambda address: (Outcome.CLEAN, 10.0))
        looked = looks_of(devices)
        ids = addresses(1, 5)
        collector = Collector(ids, devices, pace=Pace(per_subnet=1, timeout_s=20.0))
        await collector.load()
        collector.polling.schedule_at_once()
        async with looking(collector):
            await asyncio.sleep(1)  # one under way, four in its subnet's line
            assert collector.polling.under_way == 1
            collector.polling.look_at({each: Endpoint("fake", f"10.9.{n}.1") for n, each in enumerate(ids)})
            await asyncio.sleep(1)
            assert collector.polling.under_way == 5
            await asyncio.sleep(700)
            old = [each for each in ids if looked(each)]
            assert [len(looked(each)) for each in old] == [1]
            assert all(len(looked(f"10.9.{n}.1")) >= 2 for n in range(5))

    run(main())


def test_a_device_without_an_endpoint_is_looked_at_no_longer_and_again_when_it_has_one():
    async def main() -> None:
        devices = Devices(lambda address: (Outcome.CLEAN, 10.0))
        looked = looks_of(devices)
        ids = addresses(1, 4)
        collector = Collector(ids, devices, pace=Pace(per_subnet=2, timeout_s=20.0))
        await collector.load()
        collector.polling.schedule_at_once()
        async with looking(collector):
            await asyncio.sleep(1)
            collector.polling.look_at(dict.fromkeys(ids))
            await asyncio.sleep(1_000)
            assert sorted(len(looked(each)) for each in ids) == [0, 0, 1, 1]
            assert collector.polling.devices == 0
            assert collector.polling.next_due_at() is None
            collector.polling.look_at({ids[0]: Endpoint("fake", ids[0]), ids[3]: Endpoint("fake", ids[3])})
            before = len(looked(ids[3]))
            await asyncio.sleep(650)
            assert 2 <= len(looked(ids[3])) - before <= 4

    run(main())
