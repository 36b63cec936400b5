"""What devices say, from the wire into the store: each outcome its name, each state by RULES §1."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from collectors.base import Outcome
from monitor.adapters.db.states import SqlStateStore
from monitor.app.probe import probe_address
from monitor.app.wiring import database_of
from monitor.domain.policy import Policy
from monitor.domain.state import Condition, Connectivity, DeviceState
from monitor.settings import read_settings
from tests.journeys.devices import Fleet, Mood, device_id, living
from tests.journeys.facts import Replay, check, check_timelines
from tests.journeys.running import record, running, until, write_settings

MOODS = tuple(Mood)
STRANGER, KNOWN = 0, len(MOODS)
"""Indexes from which devices show their mood from the first look on, and only after they answered cleanly."""

OUTCOMES = {
    Mood.CLEAN: Outcome.CLEAN,
    Mood.RESET: Outcome.RESET,
    Mood.SILENT: Outcome.TIMEOUT,
    Mood.HTML: Outcome.FOREIGN,
    Mood.GARBAGE: Outcome.FOREIGN,
    Mood.HUGE: Outcome.TOO_LARGE,
    Mood.CUT: Outcome.BROKEN,
}
ONLINE, OFFLINE = Connectivity.ONLINE, Connectivity.OFFLINE
INTACT, FAULTY, UNKNOWN = Condition.INTACT, Condition.FAULTY, Condition.UNKNOWN
AS_STRANGER: dict[Mood, tuple[Connectivity, Condition, tuple[str, ...]]] = {
    Mood.CLEAN: (ONLINE, INTACT, ()),
    Mood.RESET: (OFFLINE, UNKNOWN, ()),
    Mood.SILENT: (OFFLINE, UNKNOWN, ()),
    Mood.HTML: (OFFLINE, UNKNOWN, ()),
    Mood.GARBAGE: (OFFLINE, UNKNOWN, ()),
    Mood.HUGE: (ONLINE, INTACT, ("odd_answer",)),
    Mood.CUT: (ONLINE, INTACT, ("slow",)),
}
AS_KNOWN = AS_STRANGER | {
    Mood.RESET: (OFFLINE, INTACT, ()),
    Mood.SILENT: (OFFLINE, INTACT, ()),
    Mood.HTML: (ONLINE, FAULTY, ("not_itself",)),
    Mood.GARBAGE: (ONLINE, FAULTY, ("not_itself",)),
}


async def test_every_mood_becomes_its_state(tmp_path: Path) -> None:
    config = write_settings(tmp_path, offline_after=3)
    fleet, turned = Fleet(2 * len(MOODS)), False

    def mood(index: int) -> Mood:
        return MOODS[index % len(MOODS)] if index < KNOWN or turned else Mood.CLEAN

    fleet.mood = mood
    async with living(fleet):
        await record(fleet, config)
        async with running(read_settings(config), tmp_path) as run:
            states = run.service.ingest.states

            def answered(state: DeviceState) -> bool:
                return state.answered_at is not None

            await until(lambda: all(answered(states[device_id(KNOWN + each)]) for each in range(len(MOODS))))
            turned = True
            await asyncio.sleep(6)
            assert run.service.polling.errors == 0
            named = {outcome for _, outcome in run.service.polling.looks}
    assert named == set(OUTCOMES.values())
    database = database_of(read_settings(config), folder=tmp_path)
    stored = {state.device_id: state for state in await SqlStateStore(database).load_states()}
    for first, expected in ((STRANGER, AS_STRANGER), (KNOWN, AS_KNOWN)):
        for offset, each in enumerate(MOODS):
            state = stored[device_id(first + offset)]
            confirmed = tuple(fault.code for fault in state.faults if fault.confirmed)
            assert (state.connectivity, state.condition, confirmed) == expected[each], (each, first)
    await check(database, Replay())
    await check_timelines(database)
    await database.close()


@pytest.mark.parametrize("mood", MOODS)
async def test_a_probe_names_what_happened(mood: Mood) -> None:
    fleet = Fleet(1)
    fleet.mood = lambda index: mood
    async with living(fleet):
        address = f"http://{fleet.address(0)}:{fleet.port}/onvif/device_service"
        probed = await probe_address(address, timeout_s=0.5, policy=Policy(), trust_clock=True)
    assert probed.result.outcome is OUTCOMES[mood]
    assert probed.result.detail or mood is Mood.CLEAN
