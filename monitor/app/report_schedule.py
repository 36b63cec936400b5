"""Reports on time: last week's every Monday, those that were missed, one of each however many processes run.

The running service only notes marks and starts a worker; the worker is a process of its own with low priority, so that
looks go on undisturbed. `vidnet report due` does the same for those who would rather use their own timer.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from monitor.adapters.db.engine import Database
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.objections import SqlReportRuns
from monitor.adapters.db.period_facts import SqlReportFacts
from monitor.adapters.reports.folder import ReportFolderError
from monitor.app.report_news import tell
from monitor.app.reporting import Made, Step, make_report, quiet
from monitor.app.wiring import database_of
from monitor.domain.period import Period, week_period
from monitor.domain.weeks import week_of
from monitor.ports import StoreError
from monitor.services.report_material import ReportError
from monitor.settings import Settings, seconds_of_day

log = structlog.get_logger()

CAUGHT_UP_WEEKS = 4
STALE_CLAIM_S = 3_600
MARK_EVERY_S = 3_600.0
LOOK_EVERY_S = 60.0
FIRST_LOOK_S = 10.0
"""After a start the looks come first."""

_NICE = 10


def due_periods(at: int, *, zone: ZoneInfo, weekly_at: str) -> list[Period]:
    """Give the weeks whose report should be there at an instant, the oldest first, four weeks back at most."""
    this = week_of(at, zone)
    found = []
    for back in range(CAUGHT_UP_WEEKS, 0, -1):
        week = this.shifted(-back)
        monday = week.shifted(1).first_day
        clock = timedelta(seconds=seconds_of_day(weekly_at))
        due = datetime(monday.year, monday.month, monday.day, tzinfo=zone) + clock
        if due.timestamp() <= at:
            found.append(week_period(week, zone))
    return found


async def make_due(
    settings: Settings, database: Database, *, folder: Path, now: Callable[[], float], on_step: Step = quiet
) -> list[Made]:
    """Make what is due and nobody has made, and tell the receivers.

    Raises:
        ReportError, ReportFolderError: one could not be made; those before it are published.
        StoreError: the database cannot be used.
    """
    await require_current(database)
    runs = SqlReportRuns(database)
    me = f"{socket.gethostname()}:{os.getpid()}"
    made = []
    for period in due_periods(int(now()), zone=settings.zone(), weekly_at=settings.report.weekly_at):
        if not await runs.anything_known(start=period.start, end=period.end):
            continue
        if not await runs.claim(period.name, "draft", by=me, at=int(now()), stale_s=STALE_CLAIM_S):
            continue
        try:
            report = await make_report(
                settings, database, folder=folder, period=period, as_of=int(now()), on_step=on_step
            )
        except BaseException:
            await runs.release(period.name, "draft")
            raise
        await runs.finish(period.name, "draft", revision=report.revision.manifest.revision, at=int(now()))
        await tell(settings, database, report, at=int(now()))
        made.append(report)
    return made


class ReportSchedule:
    """What the running service does about reports: marks by the hour, and a worker when one is due.

    Args:
        settings: of the service.
        database: where the facts are.
        folder: what relative paths in the settings are relative to.
        now: our time, epoch seconds.
    """

    def __init__(self, settings: Settings, database: Database, *, folder: Path, now: Callable[[], float]) -> None:
        self._settings = settings
        self._database = database
        self._folder = folder
        self._now = now
        self._done: set[str] = set()

    def work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Give what runs until the service stops."""
        yield self._keep_marking()
        if self._settings.report.weekly:
            yield self._keep_making()

    async def _keep_marking(self) -> None:
        facts = SqlReportFacts(self._database)
        while True:
            try:
                await facts.mark(int(self._now()))
            except StoreError as error:
                log.warning("report.mark_failed", error=str(error))
            await asyncio.sleep(MARK_EVERY_S)

    async def _keep_making(self) -> None:
        await asyncio.sleep(FIRST_LOOK_S)
        while True:
            try:
                due = await self._due()
            except StoreError as error:
                log.warning("report.not_looked_after", error=str(error))
            else:
                if due and await self._make():
                    self._done |= due
            await asyncio.sleep(LOOK_EVERY_S)

    async def _due(self) -> set[str]:
        """Give the periods that are due, of which something is known, and that nobody has made yet."""
        runs = SqlReportRuns(self._database)
        zone, weekly_at = self._settings.zone(), self._settings.report.weekly_at
        found = set()
        for period in due_periods(int(self._now()), zone=zone, weekly_at=weekly_at):
            if period.name not in self._done and not await runs.is_made(period.name, "draft"):
                if await runs.anything_known(start=period.start, end=period.end):
                    found.add(period.name)
                else:
                    self._done.add(period.name)
        return found

    async def _make(self) -> bool:
        """Run the worker, and tell whether all that was due is there."""
        order = {"settings": self._settings.model_dump(mode="json"), "folder": str(self._folder)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor.app.report_worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, errors = await process.communicate(json.dumps(order).encode())
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        for line in out.decode().splitlines():
            log.info("report.published", folder=line)
        if process.returncode:
            log.warning("report.failed", error=errors.decode(errors="replace")[-1_000:].strip())
        return process.returncode == 0


async def run_worker(order: dict[str, Any], *, now: Callable[[], float]) -> list[str]:
    """Do what a worker is started for, and give the folders of what it published.

    Raises:
        ReportError, ReportFolderError, StoreError: it could not be done.
    """
    os.nice(_NICE)
    settings = Settings.model_validate(order["settings"])
    folder = Path(order["folder"])
    database = database_of(settings, folder=folder)
    try:
        made = await make_due(settings, database, folder=folder, now=now)
    finally:
        await database.close()
    return [str(each.revision.path) for each in made]


WORKER_ERRORS = (ReportError, ReportFolderError, StoreError)
"""What a worker reports in one line instead of a traceback."""
