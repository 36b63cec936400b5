"""`vidnet coverage`: the coverage of this instant, computed from what the database holds."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.states import SqlStateStore
from monitor.app.rates import require_region
from monitor.app.wiring import database_of, load_city
from monitor.services.coverage_report import CoverageReport, coverage_report
from monitor.services.evaluation import Evaluator
from monitor.settings import Settings


async def read_coverage(settings: Settings, *, folder: Path, region: str | None, at: int) -> CoverageReport:
    """Give the coverage of a region (None: the city) at an instant, from the states as committed.

    Raises:
        UnknownRegionError: the inventory has no such region, or is empty.
        StoreError: the database cannot be used.
        TargetsFileError: the targets file holds mistakes.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        city = await load_city(database, settings, folder=folder)
        states = {state.device_id: state for state in await SqlStateStore(database).load_states()}
    finally:
        await database.close()
    require_region(city.tree, region)
    evaluator = Evaluator(city.tree, city.targets, validity=city.validity)
    return coverage_report(
        city.points, city.devices, states, evaluator=evaluator, rules=city.rules, at=at, region=region
    )
