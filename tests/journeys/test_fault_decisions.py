"""A person clears and confirms faults: asked, approved by another, in the ledger, and taken in by the service."""

from __future__ import annotations

import time
from pathlib import Path

from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.app.wiring import database_of
from monitor.domain.facts import Axis, InventoryChange, StateChange
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState, FaultRecord
from monitor.ports import Batch
from monitor.settings import Settings, read_settings
from tests.journeys.commands import command_line
from tests.journeys.devices import Fleet, device_id, living
from tests.journeys.running import Running, record, running, until, write_settings

ID = device_id(0)


async def is_faulty_at_first(settings: Settings, folder: Path) -> None:
    """Let looks of before have confirmed a fault that no look of now can clear."""
    since = int(time.time()) - 3_600
    state = DeviceState(
        *(ID, Connectivity.ONLINE, since, Cause.ANSWERED, Condition.FAULTY, since, Cause.FAULT),
        last_evidence_at=since + 3_000,
        interval_s=3_600,
        answered_at=since + 3_000,
        faults=(FaultRecord("picture_blur", since, 2, True), FaultRecord("picture_cast", since, 1, False)),
    )
    database = database_of(settings, folder=folder)
    await SqlStateStore(database).apply(Batch(states=[state]))
    await database.close()


async def facts(settings: Settings, folder: Path) -> tuple[list[InventoryChange], list[StateChange]]:
    database = database_of(settings, folder=folder)
    queries = SqlQueries(database)
    ledger = [each for each in await queries.inventory_changes() if each.field == "fault"]
    changes = await queries.changes(device_id=ID, axis=Axis.CONDITION)
    await database.close()
    return ledger, [each for each in changes if each.cause is Cause.DECISION]


def condition(run: Running) -> Condition:
    return run.service.ingest.states[ID].condition


async def test_a_person_clears_and_confirms_faults(tmp_path: Path) -> None:
    fleet = Fleet(1)
    config = write_settings(tmp_path)
    settings = read_settings(config)
    on = ("-c", str(config))
    async with living(fleet), command_line() as vidnet:
        await record(fleet, config)
        await is_faulty_at_first(settings, tmp_path)

        async def decided(step: str, fault: str) -> None:
            words = ("--fault", fault, "--reason", "现场核实", "--as", "张三")
            asked = await vidnet("requests", step, ID, *words, *on)
            await vidnet("requests", "approve", asked["requests"][0]["id"], "--as", "李四", *on)

        async with running(settings, tmp_path) as run:
            await until(lambda: condition(run) is Condition.FAULTY)
            await decided("clear-fault", "picture_blur")
            await until(lambda: condition(run) is Condition.INTACT, within_s=5)
            await decided("confirm-fault", "picture_cast")
            await until(lambda: condition(run) is Condition.FAULTY, within_s=5)
        await decided("clear-fault", "picture_cast")
        async with running(settings, tmp_path) as run:
            await until(lambda: condition(run) is Condition.INTACT, within_s=5)
        told = await vidnet("inventory", "diff", "--from", "2020-01-01", *on)
        assert "picture_blur" in repr(told)
        async with running(settings, tmp_path) as run:
            await until(lambda: condition(run) is Condition.INTACT, within_s=5)
            assert not run.service.ingest.states[ID].faults
    ledger, changes = await facts(settings, tmp_path)
    assert [(each.old, each.new, each.author, each.approved_by) for each in ledger] == [
        ("picture_blur", "", "as:张三", "as:李四"),
        ("", "picture_cast", "as:张三", "as:李四"),
        ("picture_cast", "", "as:张三", "as:李四"),
    ]
    assert [(each.new, each.fault, each.author) for each in changes] == [
        ("intact", "picture_blur", "as:张三"),
        ("faulty", "picture_cast", "as:张三"),
        ("intact", "picture_cast", "as:张三"),
    ], "each decision is taken in once, also the one made while no service ran"
