"""Imports into memory, SQLite and PostgreSQL alike: the same sheet leaves the same inventory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.memory import MemoryStore
from monitor.adapters.files.profiles import read_profile
from monitor.domain.device import DeviceKind, Parent, ParentRole
from monitor.domain.exempting import ExemptionRules
from monitor.domain.region import Region, RegionLevel
from monitor.domain.request import RequestKind
from monitor.ports import Inventory, InventoryBatch, StoreChangedError
from monitor.services.importing.desk import ImportDesk
from monitor.services.importing.sheet import Row, SheetHead
from monitor.services.importing.terms import Imported, Options, Site
from tests.sheets import HEADINGS, row

PROFILES = Path(__file__).parents[2] / "config" / "profiles"
AT = 1_790_000_000
REGIONS = [
    Region("370700", "潍坊市", RegionLevel.CITY),
    Region("370702", "潍城区", RegionLevel.COUNTY, "370700"),
]


class Rows:
    """A sheet in memory."""

    def __init__(self, rows: Sequence[Sequence[object]], headings: Sequence[str]) -> None:
        self.head = SheetHead("memory.csv", "00", "csv")
        self._rows = [headings, *rows]

    def rows(self) -> Iterator[Row]:
        yield from enumerate(self._rows, 1)  # type: ignore[misc]


class Dropped:
    """Takes rejected rows and keeps only how many."""

    def __init__(self) -> None:
        self.count = 0

    def begin(self, above: Sequence[Row], *, kept: frozenset[int]) -> None:
        assert len(above) == 1
        assert 0 in kept

    def add(self, row: Row, reasons: Sequence[str]) -> None:
        assert reasons
        self.count += 1


@pytest.fixture(params=["memory", "sqlite_url", "postgres_url"])
def store_url(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else str(request.getfixturevalue(request.param))


@pytest.fixture
async def inventory(store_url: str | None) -> AsyncIterator[Inventory]:
    database = Database(store_url) if store_url else None
    stored: Inventory = SqlInventory(database) if database else MemoryStore()
    await stored.record(InventoryBatch(regions=REGIONS))
    yield stored
    if database:
        await database.close()


async def run(
    inventory: Inventory,
    rows: Sequence[Sequence[object]],
    *,
    headings: Sequence[str] = HEADINGS,
    **options: object,
) -> Imported:
    site = Site(ZoneInfo("Asia/Shanghai"), None, frozenset({"onvif"}), 30, ExemptionRules())
    profile = read_profile("archive-27", folders=[PROFILES])
    terms = Options(author="as:张三", at=AT, **options)  # type: ignore[arg-type]
    sheet = Rows(rows, headings)
    return await ImportDesk(inventory, site=site).devices(sheet, profile, options=terms, rejects=Dropped())


async def test_added_then_changed_then_retired_by_request(inventory: Inventory) -> None:
    first = await run(inventory, [row(1), row(2), row(3, 设备状态="2")], derive_points=True)
    assert (first.added, first.points_added, len(first.proposals), first.recorded) == (3, 1, 1, True)
    assert [device.point for device in await inventory.devices()] == [
        point.id for point in await inventory.points()
    ] * 3

    changed = [row(1, 设备名称="新名"), row(2, 监控点位类型="2")]
    second = await run(inventory, changed, retire_missing=True)
    assert (second.changed, second.missing, len(second.proposals)) == (2, 1, 2)
    assert [record.name for record in await inventory.records()] == ["新名", "月河路口2号枪机", "月河路口3号枪机"]
    requests = {request.entity_id[-1]: request.kind for request in await inventory.requests()}
    assert requests == {"2": RequestKind.RECLASSIFY, "3": RequestKind.RETIRE}
    assert len({request.id for request in await inventory.requests()}) == 2


async def test_what_a_sheet_does_not_say_is_not_asked_for(inventory: Inventory) -> None:
    await run(inventory, [row(1), row(2)])
    one, two = await inventory.devices()
    reporter = Parent(two.id, ParentRole.REPORTER)
    checkpoint = replace(one, kind=DeviceKind.CHECKPOINT, parents=(Parent(two.id), reporter))
    await inventory.record(InventoryBatch(devices=[checkpoint]))
    headings = [*HEADINGS, "父设备"]
    again = await run(inventory, [[*row(1, 摄像机功能类型=""), two.id]], headings=headings)
    assert (again.changed, again.proposals) == (1, [])  # the function alone is described otherwise
    other = await run(inventory, [[*row(1), "37070200001181000009"]], headings=headings)
    assert len(other.proposals) == 2
    changes = {each.field: each.new for request in await inventory.requests() for each in request.changes}
    assert changes == {"kind": "camera", "parents": f"path:37070200001181000009 reporter:{two.id}"}


async def test_who_changes_the_inventory_meanwhile_is_not_written_over(inventory: Inventory) -> None:
    revision = inventory.revision

    async def then_somebody_else() -> int:
        found = await revision()
        await inventory.record(InventoryBatch(regions=REGIONS[:1]))
        return found

    inventory.revision = then_somebody_else  # type: ignore[method-assign]
    with pytest.raises(StoreChangedError):
        await run(inventory, [row(1)])
    assert await inventory.devices() == []
