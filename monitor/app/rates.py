"""`vidnet rates`: the figures of this instant, computed from what the database holds."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters import own_clock
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.states import SqlStateStore
from monitor.app.wiring import database_of, load_city
from monitor.domain.region import RegionTree
from monitor.services.clock_figures import clock_cells, clock_rates, many_are_off_alike
from monitor.services.evaluation import Evaluator, Overview, overview_of
from monitor.services.live_counts import LiveCounts
from monitor.settings import Settings


class UnknownRegionError(Exception):
    """The inventory has no such region, or none at all."""


async def read_overview(settings: Settings, *, folder: Path, region: str | None, by: str, at: int) -> Overview:
    """Give the figures of a region (None: the city) and of its parts at an instant, from the states as committed.

    Raises:
        UnknownRegionError: the inventory has no such region, or is empty.
        StoreError: the database cannot be used.
        TargetsFileError: the targets file holds mistakes.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        city = await load_city(database, settings, folder=folder)
        states = await SqlStateStore(database).load_states()
    finally:
        await database.close()
    require_region(city.tree, region)
    counts = LiveCounts(city.devices, city.points, rules=city.rules, book=city.book, at=at, states=states)
    evaluator = Evaluator(city.tree, city.targets, validity=city.validity)
    limit_s, columns = settings.rules.clock_limit_s, counts.columns()
    clocks = None
    if own_clock_trusted(settings) and many_are_off_alike(columns, limit_s=limit_s) is None:
        clocks = clock_rates(city.tree, clock_cells(columns, limit_s=limit_s))
    return overview_of(evaluator, counts, at=at, region=region, by=by, clocks=clocks)


def own_clock_trusted(settings: Settings) -> bool:
    """Tell whether this machine's clock may judge others, by the settings or by asking the kernel."""
    kind = settings.collector.own_clock
    return own_clock.is_synchronised() if kind == "check" else kind == "trusted"


def require_region(tree: RegionTree, region: str | None) -> None:
    """Refuse a region that the inventory does not have, and an inventory that has none.

    Raises:
        UnknownRegionError: it has no such region, or none at all.
    """
    if not len(tree):
        raise UnknownRegionError(
            "清单为空: 在设置的 [city] 中填写 regions 与 devices，再运行 `vidnet run`\n"
            "the inventory is empty: name regions and devices under [city] in the settings, then start `vidnet run`"
        )
    if region is not None and region not in tree:
        raise UnknownRegionError(f"清单中没有区划 {region} / the inventory has no region {region}")
