"""Objections and final reports: the desk put together on the database and the folder of reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.objections import SqlObjections
from monitor.adapters.db.period_facts import SqlReportFacts
from monitor.adapters.reports.folder import ReportFolder
from monitor.app.report_news import tell
from monitor.app.reporting import Made, Step, folder_name, make_report, quiet, reports_root
from monitor.app.wiring import database_of
from monitor.domain.compliance import Method
from monitor.domain.objecting import Objection
from monitor.domain.period import Period, parse_period
from monitor.services.objection_desk import ObjectionDesk
from monitor.services.report_correction import effect_alone
from monitor.settings import Settings


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided objection, and for an accepted one what it does to the city's online rate (exact, a share)."""

    objection: Objection
    effect: Fraction | None


@asynccontextmanager
async def objection_desk(settings: Settings, *, folder: Path) -> AsyncIterator[tuple[ObjectionDesk, Database]]:
    """Give the desk and its database, and close it after.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        within_s = settings.report.objections_within_s
        store, inventory = SqlObjections(database), SqlInventory(database)
        yield ObjectionDesk(store, inventory, zone=settings.zone(), within_s=within_s), database
    finally:
        await database.close()


async def object_to(
    settings: Settings, terms: Objection, period: Period, *, folder: Path, out: Path | None, at: int
) -> Objection:
    """Take an objection to the newest revision of a period's report in.

    Raises:
        NotAllowedError: it may not be made.
        StoreError: nothing was stored.
    """
    root = ReportFolder(reports_root(settings, folder=folder, out=out))
    newest = root.newest(folder_name(period.name, region=None, method=Method.TIME_WEIGHTED))
    async with objection_desk(settings, folder=folder) as (desk, _):
        status = None if newest is None else newest.manifest.status
        return await desk.submit(terms, period, status=status, at=at)


async def decide(
    settings: Settings, objection_id: str, *, accept: bool, approver: str, note: str, folder: Path, at: int
) -> Decided:
    """Decide an objection and tell what an acceptance does.

    Raises:
        NotAllowedError: it may not be decided so.
        StoreError: nothing was stored.
    """
    async with objection_desk(settings, folder=folder) as (desk, database):
        decided, correction = await desk.decide(objection_id, accept=accept, approver=approver, note=note, at=at)
        if correction is None:
            return Decided(decided, None)
        period = parse_period(decided.period, settings.zone())
        days = settings.rules.commissioning_days
        facts = SqlReportFacts(database)
        effect = await effect_alone(facts, period, correction, as_of=at, zone=settings.zone(), commissioning_days=days)
    return Decided(decided, effect)


async def list_objections(settings: Settings, *, folder: Path, period: str | None) -> list[Objection]:
    """Give all objections, or those to one period.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        return await SqlObjections(database).objections(period=period)
    finally:
        await database.close()


async def finalise(
    settings: Settings,
    period: Period,
    *,
    folder: Path,
    out: Path | None,
    early: bool,
    author: str,
    at: int,
    on_step: Step = quiet,
) -> Made:
    """Publish the final revision of a period, with all decisions in it, and tell the receivers.

    Raises:
        NotAllowedError: objections wait, or the time for them is not over.
        ReportError, ReportFolderError: it cannot be made or written.
        StoreError: the database cannot be used.
    """
    async with objection_desk(settings, folder=folder) as (desk, database):
        await desk.check_final(period, early=early, at=at)
        made = await make_report(
            settings,
            database,
            folder=folder,
            period=period,
            as_of=at,
            status="final",
            out=out,
            author=author,
            on_step=on_step,
        )
        await tell(settings, database, made, at=at)
        return made
