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
from monitor.domain.weeks import IsoWeek, week_of
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

AGAIN_AFTER_S = 1.0
RETRY_AFTER_S = 300.0
"""A report that could not be made, for a full disk say, is tried again after so long."""

_JUST_AFTER_S = 0.1
_NICE = 10


def due_at(week: IsoWeek, *, zone: ZoneInfo, weekly_at: str) -> float:
    """Give the instant at which a week's report is due: on the Monday after it."""
    monday = week.shifted(1).first_day
    clock = timedelta(seconds=seconds_of_day(weekly_at))
    return (datetime(monday.year, monday.month, monday.day, tzinfo=zone) + clock).timestamp()


def due_periods(at: int, *, zone: ZoneInfo, weekly_at: str) -> list[Period]:
    """Give the weeks whose report should be there at an instant, the oldest first, four weeks back at most."""
    this = week_of(at, zone)
    weeks = [this.shifted(-back) for back in range(CAUGHT_UP_WEEKS, 0, -1)]
    return [week_period(week, zone) for week in weeks if due_at(week, zone=zone, weekly_at=weekly_at) <= at]


def next_due_s(at: float, *, zone: ZoneInfo, weekly_at: str) -> float:
    """Give after how many seconds the next report is due."""
    this = week_of(int(at), zone)
    instants = (due_at(week, zone=zone, weekly_at=weekly_at) for week in (this.shifted(-1), this))
    return next(instant for instant in instants if instant > at) - at


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
        self._empty: set[str] = set()  # periods of which nothing is known

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
        pause_s = FIRST_LOOK_S
        while True:
            await asyncio.sleep(pause_s)
            zone, weekly_at = self._settings.zone(), self._settings.report.weekly_at
            try:
                if await self._is_any_due():
                    # What became due while the worker was at work is looked for at once.
                    pause_s = AGAIN_AFTER_S if await self._make() else RETRY_AFTER_S
                    continue
            except StoreError as error:
                log.warning("report.not_looked_after", error=str(error))
            until_due_s = next_due_s(self._now(), zone=zone, weekly_at=weekly_at) + _JUST_AFTER_S
            pause_s = min(LOOK_EVERY_S, until_due_s)

    async def _is_any_due(self) -> bool:
        """Tell whether a report is due of which something is known, and that nobody has made or is making."""
        runs, at = SqlReportRuns(self._database), int(self._now())
        zone, weekly_at = self._settings.zone(), self._settings.report.weekly_at
        for period in due_periods(at, zone=zone, weekly_at=weekly_at):
            if period.name in self._empty or not await runs.is_open(period.name, "draft", at=at, stale_s=STALE_CLAIM_S):
                continue
            if await runs.anything_known(start=period.start, end=period.end):
                return True
            self._empty.add(period.name)
        return False

    async def _make(self) -> bool:
        """Run the worker by our time, and tell whether it could do what it is for."""
        order = {
            "settings": self._settings.model_dump(mode="json"),
            "folder": str(self._folder),
            "at": self._now(),
        }
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


async def run_worker(order: dict[str, Any], *, steady: Callable[[], float]) -> list[str]:
    """Do what a worker is started for, and give the folders of what it published.

    Args:
        order: the settings, what their paths are relative to, and what time it is for the service that asks.
        steady: a counter of seconds that no step of the clock touches.

    Raises:
        ReportError, ReportFolderError, StoreError: it could not be done.
    """
    os.nice(_NICE)
    settings = Settings.model_validate(order["settings"])
    folder = Path(order["folder"])
    ahead = order["at"] - steady()
    database = database_of(settings, folder=folder)
    try:
        made = await make_due(settings, database, folder=folder, now=lambda: steady() + ahead)
    finally:
        await database.close()
    return [str(each.revision.path) for each in made]


WORKER_ERRORS = (ReportError, ReportFolderError, StoreError)
"""What a worker reports in one line instead of a traceback."""
