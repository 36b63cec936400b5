"""Where a look's time goes: each step of the journey by itself, over many calls, µs of CPU a call."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.loaded import LoadedJourney, load_journey
from bench.poll_steps import poll_steps
from collectors.base import ClockReading, Look, Outcome, PollResult, Target
from monitor.adapters.metrics.service import Durations
from monitor.adapters.process import raise_open_files
from monitor.domain.advance import advance
from monitor.domain.observation import Observation
from monitor.domain.state import DeviceState
from monitor.ports import Batch
from monitor.services.observe import observe
from monitor.services.polling import Pace, Polling

INTERVAL_S = 300
BATCH = 5_000
TICK_S = 0.02
CONCURRENCY = 200


async def steps(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure each step over at least `calls` calls, with `devices` devices."""
    with tempfile.TemporaryDirectory(prefix="vidnet-bench-") as name:
        journey = await load_journey(Path(name), devices=spec["devices"], port=spec["port"])
        rounds = -(-spec["calls"] // spec["devices"])
        raise_open_files(CONCURRENCY)
        found = await poll_steps(calls=spec["calls"], port=spec["port"], concurrency=CONCURRENCY)
        found |= await _judging(journey, rounds)
        found |= await _keeping(journey, rounds)
        await journey.database.close()
    return {name: round(us, 2) for name, us in found.items()}


async def _judging(journey: LoadedJourney, rounds: int) -> dict[str, float]:
    """Measure observe, advance and ingest for devices that answer once more, then the scheduling around them."""
    policy, states = journey.policy, journey.ingest.states
    ids = list(journey.endpoints)
    at = int(time.time()) - (3 * rounds + 10) * INTERVAL_S

    def observed(device_id: str, at: int) -> Observation:
        return observe(
            states[device_id], _result(at), at=at, interval_s=INTERVAL_S, policy=policy, own_clock_trusted=True
        )

    for _ in range(2):  # the first answers make them online and intact
        for device_id in ids:
            journey.ingest.accept(observed(device_id, at))
        at += INTERVAL_S
    results = [_result(at)] * len(ids)
    before = time.process_time()
    for _ in range(rounds):
        for device_id, result in zip(ids, results, strict=True):
            observe(states[device_id], result, at=at, interval_s=INTERVAL_S, policy=policy, own_clock_trusted=True)
    found = {"observe": _per(before, rounds * len(ids))}
    observations = [observed(device_id, at) for device_id in ids]
    before = time.process_time()
    for _ in range(rounds):
        for observation in observations:
            advance(states[observation.device_id], observation, policy)
    found["advance"] = _per(before, rounds * len(ids))
    accepting = 0.0
    for _ in range(rounds):
        observations = [observed(device_id, at) for device_id in ids]
        before = time.process_time()
        for observation in observations:
            journey.ingest.accept(observation)
        accepting += time.process_time() - before
        at += INTERVAL_S
    found["ingest"] = accepting / (rounds * len(ids)) * 1e6 - found["advance"]
    whole = await _scheduled(journey, rounds)
    found["schedule"] = whole - found["observe"] - found["advance"] - found["ingest"]
    return found


async def _scheduled(journey: LoadedJourney, rounds: int) -> float:
    """Look at every device with a poller that answers at once: what is left is the scheduling."""
    used_s, looks = 0.0, 0
    for round_number in range(rounds):
        shift = (rounds - round_number) * INTERVAL_S

        def now(shift: int = shift) -> float:
            return time.time() - shift

        polling = Polling(
            journey.endpoints,
            pollers={"onvif": _Instant(now)},
            ingest=journey.ingest,
            policy=journey.policy,
            pace=Pace(),
            now=now,
            own_clock_trusted=lambda: True,
            on_duration=Durations().add,
        )
        polling.schedule_at_once()
        before = time.process_time()
        running = asyncio.create_task(polling.run())
        while sum(polling.looks.values()) < len(journey.endpoints):
            await asyncio.wait((running,), timeout=TICK_S)
        used_s += time.process_time() - before
        looks += sum(polling.looks.values())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return used_s / looks * 1e6


class _Instant:
    """A poller whose devices all answer at once."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    async def poll(self, target: Target, look: Look) -> list[PollResult]:
        """Answer."""
        return [_result(int(self._now()))]

    async def close(self) -> None:
        """Nothing is open."""


async def _keeping(journey: LoadedJourney, rounds: int) -> dict[str, float]:
    """Measure the counts, the store, and the batching between ingest and them."""
    states = list(journey.ingest.states.values())
    at = int(time.time())
    store = journey.store
    found = {}
    before = time.process_time()
    for _ in range(rounds):
        for part in _parts(states):
            await store.apply(Batch(states=part))
    found["store"] = _per(before, rounds * len(states))
    before = time.process_time()
    for _ in range(rounds):
        journey.counts.take(states, at=at)
    found["live counts"] = _per(before, rounds * len(states))
    return found


def _parts(states: Sequence[DeviceState]) -> Iterator[Sequence[DeviceState]]:
    for first in range(0, len(states), BATCH):
        yield states[first : first + BATCH]


def _result(at: int) -> PollResult:
    clock = ClockReading(at, None, "CST-8", "NTP", at + 0.5)
    return PollResult(Outcome.CLEAN, "", "lean", 0.004, clock, "", True)


def _per(before: float, calls: int) -> float:
    return (time.process_time() - before) / calls * 1e6
