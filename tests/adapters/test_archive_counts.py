"""The database counts what the check of all records counts, held against SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from monitor.adapters.db.archive_counts import SqlArchiveCounts
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.app.archive_figures import ArchiveFigures
from monitor.domain.archive import REQUIRABLE, ArchiveCount, Requirements
from monitor.domain.device import Device, DeviceKind, DeviceRecord, Endpoint, Lifecycle, Organisations
from monitor.domain.point import PointClass
from monitor.domain.rate import Rate
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.ports import InventoryBatch, StoreBusyError
from monitor.services.record_check import RecordCheck
from monitor.settings import Settings
from tests.adapters.entities import T0

REGIONS = [
    Region("370700", "潍坊市", RegionLevel.CITY, None),
    Region("370702", "潍城区", RegionLevel.COUNTY, "370700"),
    Region("370724", "临朐县", RegionLevel.COUNTY, "370700"),
]
WANTED = Requirements(first=REQUIRABLE, second=("name", "address", "maintainer"), other=())
KINDS = (DeviceKind.CAMERA, DeviceKind.CHECKPOINT, DeviceKind.GATEWAY)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def database(url: str):
    opened = Database(url)
    yield opened
    await opened.close()


def random_inventory(random: Random) -> InventoryBatch:
    """Devices and records with anything left out, some without a record at all."""

    def text(name: str) -> str:
        return random.choice(("", name))

    devices, records = [], []
    for number in range(60):
        device_id = f"d{number}"
        devices.append(
            Device(
                device_id,
                random.choice(KINDS),
                random.choice(list(PointClass)),
                random.choice((None, "370702", "370724")),
                Lifecycle(T0, retired_at=random.choice((None, None, T0 + 5))),
                point=random.choice((None, "p1")),
                endpoint=random.choice((None, Endpoint("onvif", "http://192.0.2.1/"))),
                organisations=Organisations(*(text(each) for each in ("unit", "keeper", "contract", "station"))),
            )
        )
        if random.random() < 0.8:
            fields = DeviceRecord.__slots__[1:]
            records.append(DeviceRecord(device_id, **{name: text(name) for name in fields}))
    return InventoryBatch(regions=REGIONS, devices=devices, records=records)


async def test_the_database_counts_what_the_check_of_the_records_counts(database: Database):
    batch = random_inventory(Random(7))
    inventory = SqlInventory(database)
    await inventory.record(batch)

    counts = await SqlArchiveCounts(database).archive_counts(WANTED)

    check = RecordCheck(RegionTree(REGIONS), requirements=WANTED, targets=[], at=T0)
    checked = check.check(
        batch.devices, {each.device_id: each for each in batch.records}, said={}, strangers=(), region=None
    )
    assert len(counts) > 10
    assert _rates(counts) == (checked.whole.archived, checked.whole.complete)
    for part in checked.parts:
        assert _rates(each for each in counts if each.region == part.region.code) == (part.archived, part.complete)
    for part in checked.classes:
        mine = [each for each in counts if each.point_class is part.point_class]
        assert _rates(mine) == (part.archived, part.complete)


def _rates(counts):
    sums = Counter()
    for each in counts:
        sums.update(known=each.known, archived=each.archived, required=each.required, filled=each.filled)
    return Rate(sums["archived"], sums["known"]), Rate(sums["filled"], sums["required"])


class Counting:
    """A store that tells how often it counted, and is lost when told."""

    def __init__(self) -> None:
        self.revision_is, self.times, self.is_lost = 1, 0, False

    async def revision(self) -> int:
        return self.revision_is

    async def archive_counts(self, requirements: Requirements) -> list[ArchiveCount]:
        if self.is_lost:
            raise StoreBusyError("lost")
        self.times += 1
        return [ArchiveCount("370702", PointClass.FIRST, self.times, 0, 0, 0)]


async def test_records_are_counted_when_the_inventory_has_changed_and_not_else():
    store = Counting()
    figures = ArchiveFigures(Settings(), store, store)
    assert figures.counts == ()

    await figures.count()
    await figures.count()
    assert store.times == 1

    store.revision_is, store.is_lost = 2, True
    with pytest.raises(StoreBusyError):
        await figures.count()
    assert figures.counts[0].known == 1, "what was counted last stays"

    store.is_lost = False
    await figures.count()
    assert figures.counts[0].known == 2
