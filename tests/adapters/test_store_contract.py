"""What the three ports promise, held against memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace

import pytest

from monitor.adapters.db import codes
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.memory import MemoryStore
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.device import Device, DeviceRecord, Endpoint
from monitor.domain.facts import Axis, ExemptionState, Party
from monitor.domain.state import Cause, Condition, Connectivity, initial_state
from monitor.ports import (
    Applied,
    Batch,
    CollectorMark,
    Inventory,
    InventoryBatch,
    Queries,
    StateStore,
    StoreChangedError,
)
from tests.adapters.entities import (
    CHANGE,
    CORRECTION,
    DEVICE,
    EXEMPTION,
    INVENTORY_CHANGE,
    POINT,
    RECORD,
    REGION,
    REQUEST,
    STATE,
    T0,
    TARGETS,
    WITHDRAWAL,
    plain_device,
    random_history,
)


@dataclass
class Stores:
    """The three ports on one store; `url` is None in memory."""

    states: StateStore
    inventory: Inventory
    queries: Queries
    url: str | None = None


def stores_on(url: str) -> Stores:
    database = Database(url)
    return Stores(SqlStateStore(database), SqlInventory(database), SqlQueries(database), url)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "memory":
        return None
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
async def stores(store_url: str | None) -> AsyncIterator[Stores]:
    memory = MemoryStore()
    opened = stores_on(store_url) if store_url else Stores(memory, memory, memory)
    yield opened
    await opened.states.close()


async def test_an_empty_store_is_empty(stores: Stores) -> None:
    assert await stores.states.load_states() == []
    assert await stores.states.load_mark("onvif") is None
    assert await stores.inventory.regions() == []
    assert await stores.inventory.points() == []
    assert await stores.inventory.devices() == []
    assert await stores.inventory.device("x") is None
    assert await stores.inventory.exemptions() == []
    assert await stores.queries.last_seq() == 0
    assert await stores.queries.changes(device_id="x") == []
    assert await stores.queries.corrections() == []
    assert await stores.queries.inventory_changes() == []
    assert await stores.states.apply(Batch()) == Applied()
    assert await stores.inventory.record(InventoryBatch()) == ()


def test_the_samples_set_every_field() -> None:
    decisions = (EXEMPTION, CORRECTION, WITHDRAWAL, REQUEST)
    for sample in (REGION, POINT, DEVICE, RECORD, STATE, CHANGE, INVENTORY_CHANGE, *decisions):
        for field in fields(sample):
            assert field.name == "seq" or getattr(sample, field.name) != field.default, (sample, field.name)


async def test_every_field_comes_back(stores: Stores) -> None:
    await stores.inventory.record(
        InventoryBatch(
            regions=[REGION],
            points=[POINT],
            devices=[DEVICE],
            records=[RECORD],
            exemptions=[EXEMPTION],
            changes=[INVENTORY_CHANGE],
        )
    )
    applied = await stores.states.apply(
        Batch(states=[STATE], changes=[CHANGE], corrections=[CORRECTION], mark=CollectorMark("onvif", T0, T0 + 300))
    )
    assert await stores.inventory.regions() == [REGION]
    assert await stores.inventory.points() == [POINT]
    assert await stores.inventory.devices() == [DEVICE]
    assert await stores.inventory.device(DEVICE.id) == (DEVICE, RECORD)
    assert await stores.inventory.records() == [RECORD]
    [exemption] = await stores.inventory.exemptions()
    assert exemption == replace(EXEMPTION, seq=exemption.seq)
    assert await stores.states.load_states() == [STATE]
    assert await stores.states.load_mark("onvif") == CollectorMark("onvif", T0, T0 + 300)
    assert applied.changes == (replace(CHANGE, seq=3),)
    assert applied.corrections == (replace(CORRECTION, seq=4),)
    assert await stores.queries.changes() == list(applied.changes)
    assert await stores.queries.corrections() == list(applied.corrections)
    assert await stores.queries.inventory_changes() == [replace(INVENTORY_CHANGE, seq=2)]


async def test_defaults_and_empty_texts_come_back(stores: Stores) -> None:
    region = replace(REGION, name="", parent=None, name_en="", assessed_from=None)
    point = replace(POINT, name="", ring=None, required_kinds=(), required_from=None, to_be_networked=False)
    devices = [plain_device("bare"), replace(plain_device("empty"), region="", point="", endpoint=Endpoint("", ""))]
    states = [
        initial_state("bare", created_at=T0),
        replace(initial_state("empty", created_at=0), answered_at=0, last_evidence_at=0, age_stopped_at=0),
    ]
    change = replace(CHANGE, device_id="bare", looks=(), fault="", kept=states[0], author="")
    await stores.inventory.record(InventoryBatch(regions=[region], points=[point], devices=devices))
    await stores.states.apply(Batch(states=states, changes=[change, replace(change, kept=None)]))
    assert await stores.inventory.regions() == [region]
    assert await stores.inventory.points() == [point]
    assert await stores.inventory.devices() == devices
    assert await stores.inventory.device("bare") == (devices[0], DeviceRecord("bare"))
    assert await stores.states.load_states() == states
    assert [found.kept for found in await stores.queries.changes()] == [states[0], None]


async def test_every_word_of_state_cause_and_party_comes_back(stores: Stores) -> None:
    await stores.inventory.record(InventoryBatch(devices=[DEVICE]))
    words = [*((Axis.CONNECTIVITY, word) for word in Connectivity), *((Axis.CONDITION, word) for word in Condition)]
    changes = [
        replace(CHANGE, axis=axis, old=word.value, new=word.value, cause=cause)
        for axis, word in words
        for cause in Cause
    ]
    corrections = [replace(CORRECTION, party=party) for party in Party]
    applied = await stores.states.apply(Batch(changes=changes, corrections=corrections))
    assert [replace(found, seq=0) for found in await stores.queries.changes()] == changes
    assert [replace(found, seq=0) for found in await stores.queries.corrections()] == corrections
    assert await stores.queries.changes() == list(applied.changes)


def test_codes_are_never_renumbered() -> None:
    assert list(codes.AXES.values()) == list(range(len(Axis)))
    assert list(codes.CAUSES.values()) == list(range(len(Cause)))
    assert list(codes.PARTIES.values()) == list(range(len(Party)))
    assert codes.STATES == {"unknown": 0, "online": 1, "offline": 2, "intact": 3, "faulty": 4}
    assert codes.CAUSES[Cause.DECISION] == 13
    assert codes.PARTIES[Party.OWNER_UNIT] == 5


async def test_entities_are_replaced_and_keep_their_place(stores: Stores) -> None:
    first, second = plain_device("b"), plain_device("a")
    await stores.inventory.record(InventoryBatch(devices=[first, second], records=[DeviceRecord("a", name="旧")]))
    await stores.states.apply(Batch(states=[initial_state("b", created_at=T0)], mark=CollectorMark("onvif", 1, 2)))
    moved = replace(first, region="370703", endpoint=DEVICE.endpoint)
    await stores.inventory.record(InventoryBatch(devices=[moved], records=[DeviceRecord("a", name="新")]))
    await stores.states.apply(Batch(states=[replace(STATE, device_id="b")], mark=CollectorMark("onvif", 3, 4)))
    assert await stores.inventory.devices() == [moved, second]
    assert await stores.inventory.device("a") == (second, DeviceRecord("a", name="新"))
    assert await stores.states.load_states() == [replace(STATE, device_id="b")]
    assert await stores.states.load_mark("onvif") == CollectorMark("onvif", 3, 4)


async def test_decisions_are_stored_with_what_they_decide_and_come_back(stores: Stores) -> None:
    await stores.inventory.record(
        InventoryBatch(
            devices=[DEVICE],
            exemptions=[EXEMPTION],
            changes=[INVENTORY_CHANGE],
            requests=[REQUEST],
            corrections=[replace(CORRECTION, withdrawn=False)],
            withdrawals=[WITHDRAWAL],
            target_sets=[TARGETS],
        )
    )
    assert await stores.inventory.exemption_versions() == [replace(EXEMPTION, seq=1)]
    assert await stores.queries.inventory_changes() == [replace(INVENTORY_CHANGE, seq=2)]
    assert await stores.inventory.requests() == [replace(REQUEST, seq=3)]
    assert await stores.inventory.requests(request_id="other") == []
    assert await stores.queries.withdrawals() == [replace(WITHDRAWAL, seq=5)]
    # Known as withdrawn from the withdrawal's own seq on, and not before.
    assert await stores.queries.corrections() == [replace(CORRECTION, seq=4)]
    assert await stores.queries.corrections(upto_seq=4) == [replace(CORRECTION, withdrawn=False, seq=4)]
    assert await stores.queries.withdrawals(upto_seq=4) == []
    assert await stores.inventory.target_sets() == [replace(TARGETS, seq=6)]
    assert await stores.inventory.target_sets(upto_seq=5) == []
    assert await stores.queries.correction(4) == replace(CORRECTION, seq=4)
    assert await stores.queries.correction(5) is None


async def test_an_approved_exemption_holds_while_its_change_waits_or_was_refused(stores: Stores) -> None:
    approved = replace(EXEMPTION, state=ExemptionState.APPROVED)
    longer = replace(approved, end=T0 + 7_200, state=ExemptionState.SUBMITTED)
    versions = [
        replace(EXEMPTION, id="E-2", state=ExemptionState.DRAFT),
        approved,
        longer,
        replace(longer, state=ExemptionState.REFUSED),
    ]
    await stores.inventory.record(InventoryBatch(exemptions=versions))
    assert await stores.inventory.exemptions() == [replace(approved, seq=2)]
    await stores.inventory.record(InventoryBatch(exemptions=[replace(longer, state=ExemptionState.APPROVED)]))
    assert await stores.inventory.exemptions() == [replace(longer, state=ExemptionState.APPROVED, seq=5)]
    assert await stores.inventory.exemptions(upto_seq=4) == [replace(approved, seq=2)]
    assert [each.seq for each in await stores.inventory.exemption_versions(exemption_id="E-1")] == [2, 3, 4, 5]


async def test_every_batch_is_a_revision_and_tells_what_it_wrote(stores: Stores) -> None:
    first, second = plain_device("a"), plain_device("b")
    await stores.inventory.record(InventoryBatch(devices=[first]))
    revision = await stores.inventory.revision()
    assert revision == 1
    await stores.inventory.record(InventoryBatch(devices=[second], made_at=revision))
    assert await stores.inventory.devices(since=revision) == [second]
    moved = replace(first, region="370702")
    await stores.inventory.record(InventoryBatch(devices=[moved]))
    assert await stores.inventory.devices(since=revision) == [moved, second]
    await stores.inventory.record(InventoryBatch(points=[POINT, replace(POINT, id="P-0")]))
    await stores.inventory.record(InventoryBatch(points=[replace(POINT, count=9)]))
    assert await stores.inventory.points() == [replace(POINT, id="P-0"), replace(POINT, count=9)]
    assert await stores.inventory.points(since=4) == [replace(POINT, count=9)]
    assert await stores.inventory.points(since=5) == []
    assert await stores.inventory.revision() == 5


async def test_a_batch_decided_on_an_older_inventory_is_refused_whole(stores: Stores) -> None:
    await stores.inventory.record(InventoryBatch(devices=[plain_device("a")]))
    late = InventoryBatch(devices=[plain_device("b")], exemptions=[EXEMPTION], made_at=0)
    with pytest.raises(StoreChangedError, match="请重试"):
        await stores.inventory.record(late)
    assert await stores.inventory.devices() == [plain_device("a")]
    assert await stores.inventory.exemption_versions() == []
    assert await stores.inventory.revision() == 1


async def test_of_two_decisions_at_once_one_is_stored(stores: Stores) -> None:
    batch = InventoryBatch(exemptions=[EXEMPTION], made_at=0)
    done = await asyncio.gather(*(stores.inventory.record(batch) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, StoreChangedError) for each in done) == 3
    assert len(await stores.inventory.exemption_versions()) == 1


async def test_a_correction_of_an_unknown_device_stores_nothing(stores: Stores) -> None:
    with pytest.raises(ValueError, match="no such device"):
        await stores.inventory.record(InventoryBatch(requests=[REQUEST], corrections=[CORRECTION]))
    assert await stores.inventory.requests() == []
    assert await stores.inventory.revision() == 0


async def test_regions_and_points_are_sorted_by_code_and_id(stores: Stores) -> None:
    regions = [replace(REGION, code=code) for code in ("3707", "370Z", "370a", "区")]
    points = [replace(POINT, id=point_id) for point_id in ("B", "a", "点")]
    await stores.inventory.record(InventoryBatch(regions=regions[::-1], points=points[::-1]))
    assert await stores.inventory.regions() == regions
    assert await stores.inventory.points() == points


async def test_the_newest_version_of_an_exemption_holds(stores: Stores) -> None:
    other = replace(EXEMPTION, id="E-2")
    shorter = replace(EXEMPTION, end=T0 + 60)
    await stores.inventory.record(InventoryBatch(exemptions=[EXEMPTION, other]))
    await stores.inventory.record(InventoryBatch(exemptions=[shorter]))
    assert await stores.inventory.exemptions() == [replace(other, seq=2), replace(shorter, seq=3)]


async def test_seq_rises_over_all_facts_and_over_a_restart(stores: Stores) -> None:
    await stores.inventory.record(InventoryBatch(devices=[DEVICE], changes=[INVENTORY_CHANGE, INVENTORY_CHANGE]))
    first = await stores.states.apply(Batch(changes=[CHANGE, CHANGE], corrections=[CORRECTION]))
    if stores.url:
        await stores.states.close()
        stores = stores_on(stores.url)
    [change] = await stores.inventory.record(InventoryBatch(changes=[INVENTORY_CHANGE]))
    second = await stores.states.apply(Batch(changes=[CHANGE]))
    assert [fact.seq for fact in first.changes] == [3, 4]
    assert [fact.seq for fact in first.corrections] == [5]
    assert change.seq == 6
    assert [fact.seq for fact in second.changes] == [7]
    assert await stores.queries.last_seq() == 7
    await stores.states.close()


async def test_facts_as_known_at_a_seq_of_a_device_on_an_axis(stores: Stores) -> None:
    await stores.inventory.record(InventoryBatch(devices=[DEVICE, plain_device("other")], changes=[INVENTORY_CHANGE]))
    other = replace(CHANGE, device_id="other", kept=None)
    on_condition = replace(CHANGE, axis=Axis.CONDITION, old="intact", new="faulty")
    applied = await stores.states.apply(
        Batch(
            changes=[CHANGE, other, on_condition],
            corrections=[CORRECTION, replace(CORRECTION, device_id="other")],
        )
    )
    mine, others, condition = applied.changes
    assert await stores.queries.changes(upto_seq=others.seq) == [mine, others]
    assert await stores.queries.changes(device_id=DEVICE.id) == [mine, condition]
    assert await stores.queries.changes(device_id=DEVICE.id, axis=Axis.CONDITION) == [condition]
    assert await stores.queries.changes(device_id=DEVICE.id, upto_seq=0) == []
    assert await stores.queries.changes(device_id="nobody") == []
    assert await stores.queries.corrections(device_id="other") == [applied.corrections[1]]
    assert await stores.queries.corrections(upto_seq=applied.corrections[0].seq) == [applied.corrections[0]]
    assert await stores.queries.inventory_changes(upto_seq=0) == []
    assert len(await stores.queries.inventory_changes(upto_seq=1)) == 1


@pytest.mark.parametrize("part", ["states", "changes", "corrections"])
async def test_a_batch_that_names_an_unknown_device_stores_nothing(stores: Stores, part: str) -> None:
    await stores.inventory.record(InventoryBatch(devices=[DEVICE]))
    batch = Batch(states=[STATE], changes=[CHANGE], corrections=[CORRECTION], mark=CollectorMark("onvif", 1, 2))
    good = getattr(batch, part)[0]
    setattr(batch, part, [good, replace(good, device_id="nobody-1")])
    with pytest.raises(ValueError, match="no such device: nobody-1"):
        await stores.states.apply(batch)
    with pytest.raises(ValueError, match="nobody-2"):
        await stores.inventory.record(
            InventoryBatch(regions=[REGION], devices=[plain_device("new")], records=[DeviceRecord("nobody-2")])
        )
    assert await stores.states.load_states() == []
    assert await stores.states.load_mark("onvif") is None
    assert await stores.queries.last_seq() == 0
    assert await stores.queries.changes() == []
    assert await stores.inventory.regions() == []
    assert await stores.inventory.devices() == [DEVICE]


@pytest.mark.parametrize("seed", range(5))
async def test_replaying_the_changes_gives_the_states(stores: Stores, seed: int) -> None:
    device_ids = [f"device-{number}" for number in range(20)]
    devices: list[Device] = [plain_device(device_id) for device_id in device_ids]
    await stores.inventory.record(InventoryBatch(devices=devices))
    for batch in random_history(seed, device_ids, batches=30):
        await stores.states.apply(batch)
    replayed: dict[str, dict[Axis, tuple[str, int, Cause]]] = {}
    for change in await stores.queries.changes():
        replayed.setdefault(change.device_id, {})[change.axis] = (change.new, change.at, change.cause)
    start = ("unknown", T0, Cause.NOT_LOOKED_AT)
    stored = {state.device_id: state for state in await stores.states.load_states()}
    assert stored.keys() == replayed.keys()
    for device_id, axes in replayed.items():
        state = stored[device_id]
        connectivity = (state.connectivity.value, state.connectivity_since, state.connectivity_cause)
        condition = (state.condition.value, state.condition_since, state.condition_cause)
        assert axes.get(Axis.CONNECTIVITY, start) == connectivity
        assert axes.get(Axis.CONDITION, start) == condition


async def test_writes_at_once_get_each_seq_once(stores: Stores) -> None:
    await stores.inventory.record(InventoryBatch(devices=[DEVICE]))
    batches = (stores.states.apply(Batch(changes=[CHANGE, CHANGE])) for _ in range(20))
    applied = await asyncio.gather(*batches, *(stores.states.load_states() for _ in range(10)))
    seqs = [change.seq for one in applied if isinstance(one, Applied) for change in one.changes]
    assert sorted(seqs) == list(range(1, 41))


async def test_a_batch_given_again_is_stored_once(stores: Stores) -> None:
    await stores.inventory.record(InventoryBatch(devices=[DEVICE]))
    batch = Batch(changes=[CHANGE, CHANGE], corrections=[CORRECTION], writer="main", token="1")  # noqa: S106 - no secret
    other = replace(batch, writer="other")
    first = await stores.states.apply(batch)
    second = await stores.states.apply(other)
    assert await stores.states.apply(batch) == first
    assert await stores.states.apply(other) == second
    assert await stores.states.apply(replace(batch, states=[STATE], changes=(), corrections=(), token="2")) == Applied()  # noqa: S106
    assert [fact.seq for fact in (await stores.states.apply(replace(batch, token="3"))).changes] == [7, 8]  # noqa: S106
    assert [fact.seq for fact in await stores.queries.changes()] == [1, 2, 4, 5, 7, 8]
    assert await stores.queries.last_seq() == 9
