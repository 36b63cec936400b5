"""A period's facts as read from the store are those that were written, whatever the mark, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from monitor.adapters.db.codes import STATES as CODES
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.period_facts import MARK_MARGIN_S, SqlReportFacts
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.facts import Axis, InventoryChange, StateChange
from monitor.domain.packed import STATES
from monitor.domain.state import Cause
from monitor.domain.timeline import build_timeline
from monitor.ports import Batch, InventoryBatch
from tests.adapters.entities import (
    CORRECTION,
    DEVICE,
    EXEMPTION,
    RECORD,
    REGION,
    T0,
    WITHDRAWAL,
    plain_device,
    random_history,
)
from tests.packing import packed_changes

IDS = ["cam-1", "cam-2", "cam-3", "cam-quiet"]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    database = Database(store_url)
    await SqlInventory(database).record(
        InventoryBatch(regions=[REGION], devices=[DEVICE, *(plain_device(each) for each in IDS)], records=[RECORD])
    )
    yield database
    await database.close()


async def _write(database: Database, *, seed: int) -> list[StateChange]:
    store = SqlStateStore(database)
    written: list[StateChange] = []
    for batch in random_history(seed, IDS[:3], batches=40):
        written += (await store.apply(batch)).changes
    return written


def test_the_packed_states_are_the_stores_codes() -> None:
    assert {state: code for code, state in enumerate(STATES)} == CODES


@pytest.mark.parametrize("seed", range(3))
async def test_all_changes_come_packed_in_order(database: Database, seed: int) -> None:
    written = await _write(database, seed=seed)

    facts = await SqlReportFacts(database).read(start=T0)

    keys = dict(zip([device.id for device in facts.devices], facts.keys, strict=True))
    plain = packed_changes(written, keys=keys, start=T0)
    assert list(facts.changes.values) == list(plain.values)
    assert list(facts.changes.offsets) == list(plain.offsets)
    assert facts.changes.irregular == plain.irregular
    assert set(facts.changes.connectivity) == {CODES["unknown"]}
    assert facts.upto == written[-1].seq


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("part", [0.4, 1.0])
async def test_from_a_mark_on_the_timelines_are_the_same(database: Database, seed: int, part: float) -> None:
    written = await _write(database, seed=10 + seed)
    known = [change for change in written if change.seq <= part * written[-1].seq]
    marked = known[len(known) // 2]
    start = max(change.at for change in written if change.seq <= marked.seq)
    await _mark(database, at=start, seq=marked.seq)

    facts = await SqlReportFacts(database).read(start=start, upto=known[-1].seq)

    assert len(facts.changes.values) == len([change for change in known if change.seq > marked.seq])
    for device, key in zip(facts.devices, facts.keys, strict=True):
        for axis in Axis:
            whole = build_timeline(axis, [each for each in known if each.device_id == device.id])
            steps = facts.changes.steps(key, axis)
            changes = [StateChange(device.id, axis, "", new, at, Cause.ANSWERED) for at, new in steps[1:]]
            found = build_timeline(axis, changes, initial=steps[0][1])
            assert found.spans(start, start + 10**6) == whole.spans(start, start + 10**6), (device.id, axis)


async def test_a_mark_says_what_was_committed_and_never_goes_back(database: Database) -> None:
    facts = SqlReportFacts(database)
    written = await _write(database, seed=1)
    late = written[-1].at + 1

    await facts.mark(late)
    await SqlStateStore(database).apply(
        Batch(changes=[replace(written[-1], old=written[-1].new, new="offline", axis=Axis.CONNECTIVITY, at=late + 5)])
    )
    await facts.mark(late - 100)  # a clock that jumped back marks nothing

    assert len((await facts.read(start=late + MARK_MARGIN_S)).changes.values) == 1
    assert len((await facts.read(start=late + MARK_MARGIN_S - 1)).changes.values) == len(written) + 1


async def test_what_was_decided_later_is_not_known_yet(database: Database) -> None:
    inventory, facts = SqlInventory(database), SqlReportFacts(database)
    await inventory.record(
        InventoryBatch(exemptions=[EXEMPTION], corrections=[replace(CORRECTION, withdrawn=False)], changes=[])
    )
    known = (await facts.read(start=T0)).upto
    moved = replace(DEVICE, region="370703")
    change = InventoryChange("device", DEVICE.id, "region", "370702", "370703", T0 + 9)
    await inventory.record(
        InventoryBatch(
            devices=[moved],
            exemptions=[replace(EXEMPTION, end=T0 + 7)],
            changes=[change],
            withdrawals=[replace(WITHDRAWAL, correction=known)],
        )
    )

    then, now = await facts.read(start=T0, upto=known), await facts.read(start=T0)

    assert next(device.region for device in then.devices) == "370702"
    assert next(device.region for device in now.devices) == "370703"
    assert [len(each.inventory_changes) for each in (then, now)] == [0, 1]
    assert [each.exemptions[0].end for each in (then, now)] == [EXEMPTION.end, T0 + 7]
    assert [each.corrections[0].withdrawn for each in (then, now)] == [False, True]


async def test_devices_recorded_later_are_left_out(database: Database) -> None:
    later = plain_device("cam-later")
    later = replace(later, lifecycle=replace(later.lifecycle, created_at=T0 + 10**6))
    await SqlInventory(database).record(InventoryBatch(devices=[later]))

    facts = SqlReportFacts(database)

    assert "cam-later" in {device.id for device in (await facts.read(start=T0)).devices}
    assert "cam-later" not in {device.id for device in (await facts.read(start=T0, as_of=T0 + 100)).devices}


async def test_names_and_changes_of_some_devices(database: Database) -> None:
    written = await _write(database, seed=3)
    facts = SqlReportFacts(database)

    assert await facts.names([DEVICE.id, "nobody"]) == {DEVICE.id: RECORD.name}
    found = await facts.changes_of(["cam-2", "nobody"], upto=written[-2].seq)
    assert found["cam-2"] == [each for each in written[:-1] if each.device_id == "cam-2"]
    assert found["nobody"] == []


async def _mark(database: Database, *, at: int, seq: int) -> None:
    from sqlalchemy import insert

    from monitor.adapters.db import schema

    async def work(connection: object) -> None:
        await connection.execute(insert(schema.fact_mark).values(at=at - MARK_MARGIN_S, seq=seq))  # type: ignore[attr-defined]

    await database.write(work)  # type: ignore[arg-type]
