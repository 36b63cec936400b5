"""`vidnet explain` and `vidnet plan` on a database and the folder of reports."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.period_facts import SqlReportFacts
from monitor.adapters.reports.folder import ReportFolder, Revision
from monitor.app.reporting import INPUTS, folder_name, period_incidents, reports_root
from monitor.app.wiring import holding_targets
from monitor.domain.assessment import Validity
from monitor.domain.compliance import Method
from monitor.domain.indicator import Indicator
from monitor.domain.period import Period, week_period
from monitor.domain.period_counting import CountingRules
from monitor.domain.weeks import week_of
from monitor.services.counted_region import INDICATORS, Basis
from monitor.services.explaining import Explanation, explain_region
from monitor.services.planning import RegionPlan, plan_region
from monitor.services.report_material import ReportRules
from monitor.services.weekly_report import ReportInputs, target_of
from monitor.settings import Settings


async def explain(
    settings: Settings,
    database: Database,
    *,
    folder: Path,
    period: Period,
    region: str | None,
    device_id: str | None,
    at: int,
    indicators: Sequence[Indicator] = INDICATORS,
) -> Explanation:
    """Explain a region's rates as they were published, else as they are known now.

    Args:
        settings: of the service.
        database: where the facts are.
        folder: what relative paths in the settings are relative to.
        period: what is to be explained.
        region: None for the whole city.
        device_id: the only device whose story is wanted; None for those that lost most.
        at: now, epoch seconds.
        indicators: the online rate, the intact rate, or both.

    Raises:
        ReportError: the period has not begun, or there is no such region or device.
        StoreError: the facts cannot be read.
        TargetsFileError: the targets file holds mistakes.
    """
    await require_current(database)
    root = ReportFolder(reports_root(settings, folder=folder))
    newest = root.newest(folder_name(period.name, region=None, method=Method.TIME_WEIGHTED))
    if newest is not None:
        basis = _published(newest)
    else:
        basis = await _known_now(settings, database, folder=folder, period=period, at=at)
    store = SqlReportFacts(database)
    return await explain_region(store, period, region=region, device_id=device_id, basis=basis, indicators=indicators)


async def plan(
    settings: Settings,
    database: Database,
    *,
    folder: Path,
    region: str | None,
    mended_in_s: int,
    at: int,
    indicators: Sequence[Indicator] = INDICATORS,
) -> RegionPlan:
    """Plan how a region reaches its targets by the end of this week.

    Args:
        settings: of the service.
        database: where the facts are.
        folder: what relative paths in the settings are relative to.
        region: None for the whole city.
        mended_in_s: seconds until a repair takes effect.
        at: now, epoch seconds.
        indicators: the online rate, the intact rate, or both.

    Raises:
        ReportError: there is no such region, or nothing of it is in service.
        StoreError: the facts cannot be read.
        TargetsFileError: the targets file holds mistakes.
    """
    await require_current(database)
    zone = settings.zone()
    period = week_period(week_of(at, zone), zone)
    basis = await _known_now(settings, database, folder=folder, period=period, at=at)
    store = SqlReportFacts(database)
    return await plan_region(store, period, region=region, basis=basis, mended_in_s=mended_in_s, indicators=indicators)


def _published(revision: Revision) -> Basis:
    """Give what a published revision was counted and judged by: its own inputs, whatever the settings say today."""
    inputs = msgspec.json.decode((revision.path / INPUTS).read_bytes(), type=ReportInputs)
    return Basis(
        inputs.rules(),
        [target_of(each) for each in inputs.targets],
        as_of=revision.manifest.as_of,
        upto=revision.manifest.seq,
        revision=f"{revision.path.parent.name}/{revision.path.name}",
        incidents=inputs.incidents,
    )


async def _known_now(settings: Settings, database: Database, *, folder: Path, period: Period, at: int) -> Basis:
    targets, _ = await holding_targets(SqlInventory(database), settings, folder=folder)
    rules = settings.rules
    return Basis(
        ReportRules(
            counting=CountingRules(settings.zone(), rules.commissioning_days),
            validity=Validity(Fraction(rules.min_measured), Fraction(rules.min_judged)),
        ),
        targets,
        as_of=at,
        incidents=await period_incidents(database, start=period.start, end=min(period.end, at)),
    )
