"""`vidnet inventory diff`: the denominator's ledger between two instants, from what the database holds."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.period_facts import SqlReportFacts
from monitor.app.rates import require_region
from monitor.app.wiring import database_of
from monitor.domain.point import PointClass
from monitor.domain.region import RegionTree
from monitor.services.inventory_diff import InventoryDiff, inventory_diff
from monitor.settings import Settings


async def read_diff(
    settings: Settings, *, folder: Path, start: int, end: int, region: str | None, point_class: PointClass | None
) -> InventoryDiff:
    """Give what came and went between two instants, and what it did to the online rate.

    Raises:
        UnknownRegionError: the inventory has no such region, or is empty.
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        inventory = SqlInventory(database)
        require_region(RegionTree(await inventory.regions()), region)
        exemptions = await inventory.exemption_versions()
        facts = await SqlReportFacts(database).read(start=start)
    finally:
        await database.close()
    return inventory_diff(
        facts,
        exemptions,
        start=start,
        end=end,
        zone=settings.zone(),
        commissioning_days=settings.rules.commissioning_days,
        region=region,
        point_class=point_class,
    )
