"""Two services on one database as their clocks reach Monday 08:00: each week's report is there, on time, and once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.adapters.reports.folder import ReportFolder, Revision
from monitor.app.report_schedule import CAUGHT_UP_WEEKS
from monitor.domain.weeks import week_of
from tests.cli_city import CliCity
from tests.journeys.running import until
from tests.journeys.test_kill9 import children

ZONE = ZoneInfo("Asia/Shanghai")
BEFORE_S = 8


def monday_at_eight_after(now: float) -> datetime:
    today = datetime.fromtimestamp(now, ZONE).replace(hour=8, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday())


def names(revisions: Sequence[Revision]) -> list[str]:
    return sorted(f"{each.manifest.period}/{each.path.name}" for each in revisions)


async def test_two_services_make_each_report_once_at_its_time(tmp_path: Path) -> None:
    city = await asyncio.to_thread(CliCity.make, tmp_path)
    text = city.config.read_text(encoding="utf-8")
    quiet = '[web]\nport = 0\n[log]\nform = "json"\n[deep]\nenabled = false\n[receivers.desk]\nkind = "webhook"\n'
    city.config.write_text(f'{text}{quiet}url = "http://127.0.0.1:9/"\n', encoding="utf-8")
    due = monday_at_eight_after(time.time())
    last = week_of(int(due.timestamp()), ZONE).shifted(-1)
    missed = [last.shifted(-back).name for back in range(CAUGHT_UP_WEEKS - 1, 0, -1)]
    folder = ReportFolder(tmp_path / "reports")
    logs = [tmp_path / "one.log", tmp_path / "other.log"]

    async with AsyncExitStack() as stack:
        services = [await stack.enter_async_context(children(city.config, log)) for log in logs]
        ahead_s = due.timestamp() - BEFORE_S - time.time()
        for each in services:
            each.ahead_s = ahead_s
        await asyncio.gather(*(each.start() for each in services))
        # The weeks before are long due: they are caught up as soon as the services run.
        await until(lambda: len(folder.revisions()) >= len(missed), within_s=120, every_s=0.1)
        await until(lambda: len(folder.revisions()) > len(missed), within_s=120, every_s=0.1)
        await asyncio.sleep(1.5)  # whoever lost the race would have made another one by now
        for each in services:
            await each.stop()

    assert names(folder.revisions()) == [f"{name}/rev1" for name in (*missed, last.name)]
    newest = folder.revisions()[-1].manifest
    assert 0 <= newest.as_of - due.timestamp() < 60, "not before its time, and not long after"
    said = [json.loads(line) for log in logs for line in log.read_text(encoding="utf-8").splitlines()]
    told = [each["folder"] for each in said if each["event"] == "report.published"]
    assert len(told) == len(set(told)) == len(missed) + 1
    assert [each for each in said if each["event"] == "report.failed"] == []
