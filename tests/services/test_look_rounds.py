from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from monitor.services.look_rounds import LookRounds, RoundPace
from tests.services.virtual_time import T0, VirtualLoop, epoch_now, run

HOUR = 3_600


class Town:
    """Devices that are looked at by rounds; keeps book of every look."""

    def __init__(
        self,
        count: int,
        *,
        pace: RoundPace,
        takes_s: float = 2.0,
        again_in_s: Callable[[str], float | None] = lambda device_id: None,
        limits: Callable[[str], Sequence[tuple[str, int]]] = lambda device_id: (),
    ) -> None:
        self.ids = [f"d{number}" for number in range(count)]
        self.looks: list[tuple[float, str]] = []
        self.asleep: set[str] = set()
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._takes_s = takes_s
        self._again_in_s = again_in_s
        self._limits = limits
        self.rounds = LookRounds(
            "deep",
            pace,
            look=self._look,
            may_look=lambda device_id: device_id not in self.asleep,
            limits=limits,
            now=epoch_now,
        )
        self.rounds.assign(self.ids)

    async def _look(self, device_id: str) -> float | None:
        self.looks.append((epoch_now() - T0, device_id))
        names = ["all", *(name for name, _ in self._limits(device_id))]
        self._now.update(names)
        self.most |= self._now
        await asyncio.sleep(self._takes_s)
        self._now.subtract(names)
        if device_id == "d13":
            raise ValueError("a bug of ours")
        return self._again_in_s(device_id)

    async def goes_on(self, seconds: float) -> None:
        running = asyncio.create_task(self.rounds.run())
        await asyncio.sleep(seconds)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def times_of(self, device_id: str) -> list[float]:
        return [at for at, each in self.looks if each == device_id]


def test_every_device_is_looked_at_once_an_interval_and_evenly():
    async def city() -> Town:
        town = Town(1_000, pace=RoundPace(HOUR, 200))
        await town.goes_on(2 * HOUR)
        return town

    town = run(city())
    assert Counter(each for _, each in town.looks) == dict.fromkeys(town.ids, 2)
    by_part = Counter(int(at // 600) for at, _ in town.looks)
    assert max(by_part.values()) < 1.4 * min(by_part.values())
    for device_id in town.ids[:50]:
        first, second = town.times_of(device_id)
        assert abs(second - first - HOUR) <= 1
    assert town.rounds.errors == 2  # and the others went on


def test_limits_hold_and_nobody_starves():
    async def city() -> Town:
        town = Town(
            400,
            pace=RoundPace(600, 8),
            takes_s=5,
            limits=lambda each: ((f"recorder {int(each[1:]) % 20}", 1), (f"link {int(each[1:]) % 4}", 3)),
        )
        await town.goes_on(1_300)
        return town

    town = run(city())
    assert town.most["all"] == 8
    assert {most for name, most in town.most.items() if name.startswith("recorder")} == {1}
    assert max(most for name, most in town.most.items() if name.startswith("link")) <= 3
    assert min(Counter(each for _, each in town.looks).values()) >= 2
    assert len({each for _, each in town.looks}) == 400


def test_a_recheck_comes_when_it_was_asked_for_and_takes_the_place_of_the_slot():
    async def city() -> Town:
        pace: dict[str, float] = {"d7": 600.0}
        town = Town(10, pace=RoundPace(HOUR, 5), again_in_s=pace.get)
        await town.goes_on(3 * HOUR)
        return town

    town = run(city())
    times = town.times_of("d7")
    gaps = {round(later - earlier) for earlier, later in pairwise(times)}
    assert gaps <= {602, 603}
    assert len(town.times_of("d3")) == 3


def test_a_device_that_is_called_is_looked_at_at_once_and_a_sooner_call_wins():
    async def city() -> Town:
        town = Town(3, pace=RoundPace(100 * HOUR, 5))
        town.rounds.call("d1", in_s=500)
        town.rounds.call("d1", in_s=50)
        town.rounds.call("d1", in_s=900)
        town.rounds.call("d2")
        assert town.rounds.out_of_turn == 2
        await town.goes_on(1_000)
        return town

    town = run(city())
    assert town.times_of("d2")[0] <= 1
    assert town.times_of("d1")[0] == pytest.approx(50, abs=1.1)
    assert len(town.times_of("d1")) <= 2


def test_devices_that_make_no_sense_now_are_passed_over():
    async def city() -> Town:
        town = Town(10, pace=RoundPace(600, 5))
        town.asleep = {"d4"}
        await town.goes_on(600)
        assert town.times_of("d4") == []
        town.asleep = set()
        await town.goes_on(600)
        return town

    assert len(run(city()).times_of("d4")) == 1


def test_what_was_missed_while_we_stood_still_is_no_burst():
    async def city() -> Town:
        town = Town(2_000, pace=RoundPace(2 * HOUR, 2_000))
        running = asyncio.create_task(town.rounds.run())
        await asyncio.sleep(10)
        before = len(town.looks)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.stand_still(HOUR)
        await asyncio.sleep(10)
        assert len(town.looks) - before < 20
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return town

    run(city())


def test_devices_that_are_gone_are_looked_at_no_more_and_new_ones_are():
    async def city() -> Town:
        town = Town(5, pace=RoundPace(100, 5))
        town.rounds.call("d1", in_s=150)
        town.rounds.assign(["d0", "new"])
        await town.goes_on(250)
        return town

    town = run(city())
    assert {each for _, each in town.looks} == {"d0", "new"}


@pytest.mark.parametrize("many", [3, 600])
def test_devices_that_are_added_have_their_slots_like_the_others(many):
    async def city() -> Town:
        town = Town(50, pace=RoundPace(600, 100))
        running = asyncio.create_task(town.rounds.run())
        await asyncio.sleep(200)
        added = [f"e{number}" for number in range(many)]
        town.rounds.add([*added, "d1"])
        town.looks.clear()
        await asyncio.sleep(602)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        town.ids += added
        return town

    town = run(city())
    assert {each for _, each in town.looks} == set(town.ids)
    assert len(town.looks) <= len(town.ids) + 5 + many // 100, "a slot or two of the next round"


def test_rounds_that_are_woken_and_cancelled_at_once_end():
    async def city() -> bool:
        town = Town(3, pace=RoundPace(HOUR, 5))
        running = asyncio.create_task(town.rounds.run())
        await asyncio.sleep(0.5)
        town.rounds.call("d1", in_s=600.0)
        await asyncio.sleep(0)  # the wait for being woken is over, and nobody has taken that up yet
        running.cancel()
        done, _ = await asyncio.wait((running,), timeout=60)
        running.cancel()
        return bool(done)

    assert run(city())
