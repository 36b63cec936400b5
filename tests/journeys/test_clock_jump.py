"""The wall clock jumps while the service runs: its own time goes on as if nothing had been."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from pathlib import Path

from structlog.testing import capture_logs

from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.app.wiring import database_of
from monitor.domain.state import Connectivity
from monitor.settings import read_settings
from tests.journeys.devices import Fleet, Mood, living
from tests.journeys.facts import Replay, check
from tests.journeys.running import record, running, write_settings

HOUR = 3_600
DEVICES = 100


class Wall:
    """A wall clock that can be stepped."""

    def __init__(self) -> None:
        self.stepped = 0.0

    def __call__(self) -> float:
        return time.time() + self.stepped


async def test_an_hour_forward_and_back(tmp_path: Path) -> None:
    config = write_settings(tmp_path)
    wall, fleet = Wall(), Fleet(DEVICES)
    fleet.mood = lambda index: Mood.RESET if index < 20 and (int(time.time()) + index) % 3 == 0 else Mood.CLEAN
    paces = []
    async with living(fleet):
        await record(fleet, config)
        with capture_logs() as logs:
            async with running(read_settings(config), tmp_path, wall=wall) as run:
                await asyncio.sleep(1.2)
                for step in (0, HOUR, -HOUR, -HOUR):
                    wall.stepped += step
                    before = fleet.looks
                    await asyncio.sleep(2)
                    paces.append((fleet.looks - before) / 2)
                    assert (await run.get("/readyz"))[0] == 200
                ours = run.service.clock.now()
    for pace in paces:
        assert 0.8 * DEVICES <= pace <= 1.2 * DEVICES, "neither a burst nor a gap"
    assert abs(ours - time.time()) < 3
    assert [entry["event"] for entry in logs if entry["log_level"] != "info"] == []
    database = database_of(read_settings(config), folder=tmp_path)
    replay = Replay()
    await check(database, replay)
    assert replay.unknowns == 0
    facts = await SqlQueries(database).changes()
    assert len(facts) > 2 * DEVICES
    for fact, following in pairwise(facts):
        assert following.at >= fact.at - 1, "in order, but for looks that straddle a second within one batch"
    assert {state.connectivity for state in await SqlStateStore(database).load_states()} <= {"online", "offline"}
    await database.close()


async def test_a_start_behind_the_last_look_goes_on_from_there(tmp_path: Path) -> None:
    config = write_settings(tmp_path)
    wall, fleet = Wall(), Fleet(20)
    async with living(fleet):
        await record(fleet, config)
        async with running(read_settings(config), tmp_path, wall=wall):
            await asyncio.sleep(2)
        wall.stepped = -HOUR
        fleet.mood = lambda index: Mood.RESET
        with capture_logs() as logs:
            async with running(read_settings(config), tmp_path, wall=wall) as run:
                await asyncio.sleep(3)
                states = list(run.service.ingest.states.values())
    assert "clock.behind_last_look" in [entry["event"] for entry in logs]
    assert {state.connectivity for state in states} == {Connectivity.OFFLINE}, "looks count from the first second on"
