"""Weekly reports on time: due from Monday 08:00, caught up when missed, one each however many processes run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.db.alerts import SqlOutbox
from monitor.adapters.db.engine import Database
from monitor.adapters.db.objections import SqlReportRuns
from monitor.app.report_schedule import due_periods
from monitor.domain.notification import Waiting
from monitor.settings import read_settings
from tests.cli_city import CliCity

ZONE = ZoneInfo("Asia/Shanghai")


def names(text: str) -> list[str]:
    at = int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())
    return [period.name for period in due_periods(at, zone=ZONE, weekly_at="08:00")]


def test_a_week_is_due_from_monday_eight_on() -> None:
    assert names("2026-11-23T07:59:59") == ["2026-W44", "2026-W45", "2026-W46"]
    assert names("2026-11-23T08:00:00") == ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]
    assert names("2026-11-29T23:59:59")[-1] == "2026-W47"


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def published(city: CliCity) -> list[str]:
    return [f"{each['period']}/{each['revision']}" for each in city.json("report", "list")]


def test_missed_weeks_are_caught_up_once(city: CliCity) -> None:
    made = city.json("report", "due")

    assert len(made) == len(names(datetime.now(ZONE).replace(tzinfo=None).isoformat()))
    assert {each["revision"] for each in made} == {1}
    assert city.json("report", "due") == []
    assert len(published(city)) == len(made)


def test_of_several_processes_one_makes_each(city: CliCity) -> None:
    settings = read_settings(city.config)
    values = {"settings": settings.model_dump(mode="json"), "folder": str(city.config.parent), "at": time.time()}
    order = json.dumps(values)
    command = [sys.executable, "-m", "monitor.app.report_worker"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}

    workers = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(order)
        worker.stdin.close()
        worker.stdin = None
    told = [worker.communicate(timeout=120) for worker in workers]

    assert [worker.returncode for worker in workers] == [0, 0, 0], told
    made = [line for out, _ in told for line in out.splitlines() if line]
    assert len(made) == len(set(made)) == len(published(city))
    assert all(each.endswith("/1") for each in published(city))


RECEIVERS = """
[alerting]
page = "https://vidnet.city.example/"
[receivers.duty]
kind = "webhook"
url = "http://127.0.0.1:9/hook"
[receivers.am]
kind = "alertmanager"
url = "http://127.0.0.1:9"
[receivers.county]
kind = "webhook"
url = "http://127.0.0.1:9/county"
counties = ["370703"]
[receivers.phone]
kind = "webhook"
url = "http://127.0.0.1:9/phone"
least = "critical"
"""


def waiting(city: CliCity, receiver: str) -> list[Waiting]:
    async def read(_: object, database: Database) -> list[Waiting]:
        return await SqlOutbox(database).waiting(receiver)

    return list(city.read(read))


def test_the_news_goes_to_the_receivers(city: CliCity) -> None:
    text = city.config.read_text(encoding="utf-8")
    city.config.write_text(f"{text}{RECEIVERS}", encoding="utf-8")

    made = city.json("report", "due")

    for name in ("duty", "am"):
        rows = waiting(city, name)
        assert len({row.number for row in rows}) == len(rows) == len(made)
        message = rows[-1].message
        assert "90.00 %" in message.title_zh
        assert message.alone
        assert message.link == "https://vidnet.city.example/#/reports"
        assert message.link in message.body_zh
        assert "异议截止" in message.body_zh
        assert [Path(path).name for path in message.files] == ["report.xlsx", "summary.csv"]
        assert str(Path(message.files[0]).parent) == made[-1]["folder"]
    [*_, county] = waiting(city, "county")
    assert county.message.body_zh.startswith("寒亭区：在线率 90.00 %（✘ 未达标，差额 1 台）")
    assert "潍城区" not in county.message.body_zh
    assert county.message.files == ()
    assert waiting(city, "phone") == []


def test_what_is_too_large_is_named_and_not_attached(city: CliCity) -> None:
    text = city.config.read_text(encoding="utf-8")
    city.config.write_text(f"{text}{RECEIVERS}[report]\nattach_most_mb = 0\n", encoding="utf-8")

    city.json("report", "due")

    message = waiting(city, "duty")[-1].message
    assert message.files == ()
    assert "过大未附，请下载：report.xlsx (0.0 MB)、summary.csv (0.0 MB)" in message.body_zh


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


async def test_of_many_claims_at_once_one_is_granted(url: str) -> None:
    databases, now = [Database(url) for _ in range(6)], int(time.time())
    try:
        claims = [
            SqlReportRuns(each).claim("2026-W47", "draft", by=str(number), at=now, stale_s=60)
            for number, each in enumerate(databases)
        ]
        assert sorted(await asyncio.gather(*claims)) == [False] * 5 + [True]
    finally:
        for each in databases:
            await each.close()


async def test_a_claim_of_a_run_that_died_is_taken_over(url: str) -> None:
    database = Database(url)
    runs, now = SqlReportRuns(database), int(time.time())
    try:
        assert await runs.is_open("2026-W47", "draft", at=now, stale_s=60)
        assert await runs.claim("2026-W47", "draft", by="a", at=now, stale_s=60)
        assert not await runs.is_open("2026-W47", "draft", at=now + 59, stale_s=60)
        assert await runs.is_open("2026-W47", "draft", at=now + 61, stale_s=60)
        assert not await runs.claim("2026-W47", "draft", by="b", at=now + 59, stale_s=60)
        assert await runs.claim("2026-W47", "draft", by="b", at=now + 61, stale_s=60)
        await runs.finish("2026-W47", "draft", revision=1, at=now + 62)
        assert not await runs.claim("2026-W47", "draft", by="c", at=now + 9_999, stale_s=60)
        assert not await runs.is_open("2026-W47", "draft", at=now + 9_999, stale_s=60)
        assert await runs.claim("2026-W48", "draft", by="a", at=now, stale_s=60)
        await runs.release("2026-W48", "draft")
        assert await runs.claim("2026-W48", "draft", by="b", at=now, stale_s=60)
    finally:
        await database.close()
