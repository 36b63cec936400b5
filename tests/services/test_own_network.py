from __future__ import annotations

import asyncio
from contextlib import suppress
from fractions import Fraction

import pytest

from collectors.base import Look, Outcome, PollResult, Target
from monitor.adapters.db.memory import MemoryStore
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle
from monitor.domain.facts import Axis, Correction, StateChange
from monitor.domain.own_outage import MassRule, OutageLog, sentinels_say_up
from monitor.domain.point import PointClass
from monitor.domain.policy import DAY_S, Policy
from monitor.domain.state import Connectivity
from monitor.domain.timeline import build_timeline
from monitor.ports import InventoryBatch
from monitor.services.ingest import Ingest
from monitor.services.own_network import OwnNetwork, Phase
from monitor.services.polling import Pace, Polling
from tests.services.virtual_time import T0, epoch_now, run

DEVICES = 300
RULE = MassRule()
POLICY = Policy()
ON, OFF, UNKNOWN = Connectivity.ONLINE, Connectivity.OFFLINE, Connectivity.UNKNOWN


class World:
    """Devices, sentinels and the cable between them and us; `dead` and `cut` are spans in seconds after T0."""

    def __init__(self, *, sentinels: int = 3) -> None:
        self.dead: dict[int, tuple[int, int]] = {}
        self.cut: list[tuple[int, int]] = []
        self.ids = [f"10.{number // 50}.0.{number % 50}" for number in range(DEVICES)]
        self.store = MemoryStore()
        self.ingest = Ingest(self.store, policy=POLICY, mark=lambda: None, on_write=lambda duration_s: None)
        self.network = OwnNetwork(
            self.ingest,
            policy=POLICY,
            rule=RULE,
            devices=DEVICES,
            sentinels=[f"s{number}" for number in range(sentinels)],
        )
        self.ingest.guard_with(self.network)
        self.phases: list[tuple[Phase, int]] = []
        self.network.on_phase(lambda phase, since, at: self.phases.append((phase, at - T0)))

    def answering(self, number: int) -> bool:
        now = epoch_now() - T0
        dead = self.dead.get(number, (0, 0))
        return self.cable() and not dead[0] <= now < dead[1]

    def cable(self) -> bool:
        return not any(start <= epoch_now() - T0 < end for start, end in self.cut)

    async def poll(self, target: Target, look: Look) -> list[PollResult]:
        if self.answering(self.ids.index(target.address)):
            await asyncio.sleep(0.01)
            return [PollResult(Outcome.CLEAN, duration_s=0.01)]
        await asyncio.sleep(look.timeout_s)
        return [PollResult(Outcome.TIMEOUT, duration_s=look.timeout_s)]

    async def close(self) -> None:
        """Hold nothing."""

    async def sentinel(self, address: str) -> bool:
        await asyncio.sleep(0.01)
        return self.cable()

    async def live(self, seconds: int) -> None:
        await self.store.record(
            InventoryBatch(
                devices=[
                    Device(one, DeviceKind.CAMERA, PointClass.FIRST, None, Lifecycle(T0 - DAY_S)) for one in self.ids
                ]
            )
        )
        await self.ingest.load((one, T0 - DAY_S) for one in self.ids)
        polling = Polling(
            {one: Endpoint("fake", one) for one in self.ids},
            pollers={"fake": self},
            ingest=self.ingest,
            policy=POLICY,
            pace=Pace(),
            now=epoch_now,
            own_clock_trusted=lambda: True,
            on_duration=lambda duration_s: None,
        )
        polling.schedule()
        tasks = [
            asyncio.create_task(each)
            for each in (
                polling.run(),
                self.network.watch(self.sentinel, now=epoch_now, every_s=10),
                self.house(),
            )
        ]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        await self.ingest.commit(flush=True)

    async def house(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.network.tick(int(epoch_now()))
            self.ingest.expire_overdue(self.ids, at=int(epoch_now()))

    async def seconds(self, start: int, end: int) -> dict[str, int]:
        """Give the device-seconds of each state in a span after T0, from the facts."""
        changes, corrections = await self.store.changes(), await self.store.corrections()
        found: dict[str, int] = {}
        of: dict[str, tuple[list[StateChange], list[Correction]]] = {one: ([], []) for one in self.ids}
        for change in changes:
            of[change.device_id][0].append(change)
        for correction in corrections:
            of[correction.device_id][1].append(correction)
        for one in self.ids:
            line = build_timeline(Axis.CONNECTIVITY, *of[one])
            assert line.states[-1] == self.ingest.states[one].connectivity, "the facts give the states"
            for begin, until, state in line.spans(T0 + start, T0 + end):
                found[state] = found.get(state, 0) + until - begin
        return found


def test_a_short_cut_of_our_own_cable_leaves_no_trace() -> None:
    async def work() -> None:
        world = World()
        world.cut = [(1_000, 1_400)]
        await world.live(3_000)
        assert [phase for phase, _ in world.phases] == [Phase.HOLDING, Phase.SET_ASIDE, Phase.CALM]
        assert await world.seconds(600, 3_000) == {ON: DEVICES * 2_400}
        assert world.network.looks_set_aside > DEVICES

    run(work())


def test_a_long_cut_makes_all_unknown_and_nobody_offline() -> None:
    async def work() -> None:
        world = World()
        world.cut = [(1_000, 4_000)]
        await world.live(6_000)
        seconds = await world.seconds(600, 6_000)
        assert set(seconds) == {ON, UNKNOWN}
        # Unknown from when each next look was due to its answer: 3,000 s, and up to an interval at both ends.
        assert 2_700 * DEVICES < seconds[UNKNOWN] < 3_300 * DEVICES
        assert all(world.ingest.states[one].connectivity is ON for one in world.ids)

    run(work())


def test_a_power_cut_of_half_the_county_is_real_and_counted_from_each_first_silent_look() -> None:
    async def work() -> None:
        world = World()
        world.dead = dict.fromkeys(range(150), (1000, 3000))
        await world.live(4_000)
        assert [phase for phase, _ in world.phases] == [Phase.HOLDING, Phase.REAL, Phase.CALM]
        seconds = await world.seconds(600, 4_000)
        assert set(seconds) == {ON, OFF}
        assert 150 * 1_700 < seconds[OFF] < 150 * 2_300
        assert world.network.looks_set_aside == 0
        firsts = {change.looks[0] == change.at for change in await world.store.changes() if change.new == OFF}
        assert firsts == {True}

    run(work())


def test_what_was_confirmed_before_the_hold_is_taken_back_by_a_correction() -> None:
    async def work() -> None:
        world = World()
        # Forty devices seem to die first: too few for a mass failure, so they are confirmed offline at once.
        world.dead = dict.fromkeys(range(40), (960, 1160))
        world.cut = [(1_020, 1_500)]
        await world.live(3_000)
        corrections = await world.store.corrections()
        assert corrections
        assert {one.state for one in corrections} == {UNKNOWN}
        assert all(one.start < one.end and not one.by_person for one in corrections)
        assert all(world.ingest.states[one].connectivity is ON for one in world.ids)
        await world.seconds(0, 3_000)

    run(work())


def test_without_sentinels_devices_are_unknown_for_a_bounded_time_and_then_offline() -> None:
    async def work() -> None:
        world = World(sentinels=0)
        world.dead = dict.fromkeys(range(150), (1000, 9000))
        await world.live(6_000)
        phases = [phase for phase, _ in world.phases]
        assert phases[:3] == [Phase.HOLDING, Phase.SET_ASIDE, Phase.REAL]
        held, _, real = (at for _, at in world.phases[:3])
        assert real - held <= RULE.set_aside_max_s + RULE.window_s
        seconds = await world.seconds(1_000, 6_000)
        assert 150 * 1_400 < seconds[UNKNOWN] < 150 * (RULE.set_aside_max_s + 400)
        assert sum(state.connectivity is OFF for state in world.ingest.states.values()) == 150

    run(work())


def test_too_few_devices_hold_nothing() -> None:
    async def work() -> None:
        world = World()
        world.dead = dict.fromkeys(range(50), (1000, 2000))
        await world.live(1_500)
        assert world.phases == []
        assert sum(state.connectivity is OFF for state in world.ingest.states.values()) == 50

    run(work())


def test_answers_within_a_hold_are_not_lost() -> None:
    async def work() -> None:
        world = World()
        world.dead = dict.fromkeys(range(200), (1000, 1130))
        await world.live(2_500)
        seconds = await world.seconds(600, 2_500)
        assert set(seconds) <= {ON, OFF}
        assert seconds[OFF] <= 200 * 200
        assert all(world.ingest.states[one].connectivity is ON for one in world.ids)

    run(work())


@pytest.mark.parametrize(
    ("failing", "looked_at", "mass"),
    [(50, 60, False), (51, 60, True), (51, 255, False), (52, 255, True), (0, 0, False)],
)
def test_a_mass_failure_needs_the_number_and_the_share(failing: int, looked_at: int, mass: bool) -> None:
    assert MassRule(share=Fraction(1, 5), devices=50).is_mass(failing, looked_at) is mass


def test_at_least_half_of_the_sentinels_must_answer() -> None:
    assert [sentinels_say_up(answering, 3) for answering in range(4)] == [False, False, True, True]
    assert sentinels_say_up(1, 2)
    assert not sentinels_say_up(0, 1)


def test_the_log_of_silence_is_as_wide_as_the_checks_leave_open() -> None:
    log = OutageLog()
    for at, up in ((10, True), (20, True), (30, False), (40, False), (50, True), (60, True)):
        log.note(at=at, up=up)
    assert log.stretch(since=0) == (20, 50)
    assert log.stretch(since=49) == (20, 50)
    assert log.stretch(since=50) is None
    log.note(at=70, up=False)
    assert log.stretch(since=1_000) == (60, None)
