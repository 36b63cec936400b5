"""The demo city as a whole, in this process: from the first rate to the second and third start."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.files.regions import read_regions
from monitor.app.demo import Demo, prepare_demo
from monitor.app.rates import read_overview
from monitor.app.wiring import config_folder
from monitor.demo.behaviour import Behaviour, assign_behaviours
from monitor.demo.fleet import FleetConfig
from monitor.demo.incidents import OUTAGE_START_S, write_script
from monitor.demo.launch import start_fleet
from monitor.demo.layout import plan_layout
from monitor.domain.facts import Axis
from monitor.domain.policy import stale_after
from monitor.domain.state import Cause, Connectivity
from monitor.services.evaluation import Overview, Row
from tests.journeys.facts import Replay, check, check_timelines
from tests.journeys.running import Running, running, until
from tests.servers import free_port

DEVICES, SEED, INTERVAL_S = 200, 8, 2
REGIONS = config_folder() / "weifang-regions.csv"
CALM_S = 10
GONE_S = stale_after(INTERVAL_S) + 30


def early() -> float:
    """Give a wall clock that is behind, so that a start by the true one comes after a pause."""
    return time.time() - GONE_S


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = {"INTERVAL_S": INTERVAL_S, "RECHECK_S": 1, "TIMEOUT_S": 0.5, "PER_SUBNET": 200, "CONCURRENCY": 400}
    for name, value in pace.items():
        monkeypatch.setenv(f"VIDNET_COLLECTOR__{name}", str(value))
    monkeypatch.setenv("VIDNET_STORE__COMMIT_EVERY_S", "0.1")


async def demo_in(folder: Path, port: int) -> Demo:
    return await prepare_demo(folder, devices=DEVICES, seed=SEED, fleet_port=port, web_port=0, told=False)


def figures(overview: Overview) -> list[object]:
    return [(row.scope, row.tally, row.online, row.intact, row.coverage) for row in (overview.whole, *overview.parts)]


async def stored_is_shown(demo: Demo, run: Running) -> None:
    """The counts kept up with every commit are those that a recount from the database gives of the same instant."""
    counts, at = run.service.counts, int(run.service.clock.now())
    counts.pass_time(at)
    for by in ("region", "class", "kind"):
        recounted = await read_overview(demo.settings, folder=demo.folder, region=None, by=by, at=at)
        shown = run.service.evaluator.overview(counts.cells(), counts.coverage(), at=at, by=by)
        assert figures(recounted) == figures(shown)


def looked_at(run: Running) -> int:
    return sum(state.last_evidence_at is not None for state in run.service.ingest.states.values())


async def test_a_city_lives_stops_and_goes_on(tmp_path: Path) -> None:
    port = free_port()
    demo = await demo_in(tmp_path, port)
    fleet = FleetConfig(DEVICES, SEED, port, REGIONS, elapsed_s=OUTAGE_START_S - CALM_S)
    layout = plan_layout(devices=DEVICES, seed=SEED, regions=read_regions(REGIONS))
    behaviours = assign_behaviours(layout, seed=SEED)
    script = write_script(layout, behaviours, seed=SEED)
    outage = script.outage
    assert outage is not None
    clean = sum(behaviours.codes[i] == Behaviour.CLEAN for i in range(outage.first, outage.first + outage.count))
    lost = clean - len(script.flaps)  # those that flap may come back meanwhile
    assert lost > 3
    async with start_fleet(fleet):
        async with running(demo.settings, demo.folder, database=demo.database, wall=early) as first:
            await until(lambda: looked_at(first) == DEVICES)
            await until(lambda: first.service.overview().whole.tally.unknown == 0)
            before = first.service.overview().whole
            assert before.online.rate.value is not None
            assert before.online.rate.value > 0.85
            calm = county_of(first, outage.county).tally

            def is_hit() -> bool:
                tally = county_of(first, outage.county).tally
                return tally.offline + tally.exempt_offline >= calm.offline + calm.exempt_offline + lost

            await until(is_hit)
        await stored_is_shown(demo, first)

        demo = await demo_in(tmp_path, port)
        async with running(demo.settings, demo.folder, database=demo.database, wall=early) as second:
            ingest = second.service.ingest
            assert ingest.states == first.service.ingest.states, "it goes on from the first's state"
            at = int(second.service.clock.now())
            for run in (first, second):
                run.service.counts.pass_time(at)
            assert second.service.overview().whole.tally == first.service.overview().whole.tally
            await asyncio.sleep(3)
        await stored_is_shown(demo, second)
        known = {state.device_id for state in ingest.states.values() if state.connectivity is not Connectivity.UNKNOWN}
        assert len(known) == DEVICES, "so short a stop left no trace"

        demo = await demo_in(tmp_path, port)
        mark = await SqlStateStore(demo.database).load_mark("main")
        assert mark is not None
        begin = max(mark.last_look_at + INTERVAL_S, mark.next_due_at)
        before_pause = await SqlQueries(demo.database).last_seq()
        async with running(demo.settings, demo.folder, database=demo.database) as third:
            states = third.service.ingest.states
            assert {state.connectivity for state in states.values()} == {Connectivity.UNKNOWN}
            await until(lambda: looked_again(third, since=begin) == DEVICES)
            await asyncio.sleep(4)
        await stored_is_shown(demo, third)

    demo = await demo_in(tmp_path, port)
    changes = await SqlQueries(demo.database).changes(axis=Axis.CONNECTIVITY)
    paused = [change for change in changes if change.new == Connectivity.UNKNOWN]
    assert {change.device_id for change in paused} == known
    assert len(paused) == DEVICES
    for change in paused:
        assert change.cause is Cause.COLLECTOR_PAUSE
        assert change.seq > before_pause
        kept = change.kept
        assert kept is not None
        assert change.at == (kept.silent_at[0] if kept.silent_at else begin)
    paused_as = {change.device_id: change.seq for change in paused}
    returned = {change.device_id for change in changes if change.seq > paused_as.get(change.device_id, change.seq)}
    assert returned == known, "each has evidence of its own again"
    await check(demo.database, Replay())
    await check_timelines(demo.database)
    await demo.database.close()


def county_of(run: Running, code: str) -> Row:
    return next(row for row in run.service.overview().parts if row.region.code == code)


def looked_again(run: Running, *, since: int) -> int:
    states = run.service.ingest.states.values()
    return sum((state.last_evidence_at or 0) > since and state.connectivity != "unknown" for state in states)


async def test_the_port_of_the_devices_may_change(tmp_path: Path) -> None:
    for port in (free_port(), free_port()):
        demo = await demo_in(tmp_path, port)
        async with (
            start_fleet(FleetConfig(DEVICES, SEED, demo.city.port, REGIONS)),
            running(demo.settings, demo.folder, database=demo.database) as run,
        ):
            await until(lambda run=run: run.service.overview().whole.tally.online > 150)  # type: ignore[misc]
    assert demo.city.port == port
