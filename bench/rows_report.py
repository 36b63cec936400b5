"""Rows of the weekly report: all files of the whole city with 3.5 million changes, from SQLite and PostgreSQL.

Memory is that of the process and of the copies that it works beside, what they share counted once. How much the looks
of a running service are late is asked of the service itself, before and while its own worker makes the report.
"""

from __future__ import annotations

import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from bench.children import BenchError, child, work
from bench.fleet import Fleet, cameras
from bench.report import Row
from bench.rows_look import Say
from bench.running import Running, change, service
from bench.sizes import Sizes
from bench.town import DATABASE_FILE, SETTINGS_FILE, write_settings
from monitor.adapters.reports.folder import ReportFolder
from monitor.domain.period import last_week
from tests.servers import postgres_binaries, running_postgres

WALL_MUST_S, WALL_AIM_S = 20, 8
MEMORY_MUST_MB, MEMORY_AIM_MB = 700, 400
LATER_MUST_S = 1.0
MADE_WITHIN_S = 300.0
_EVERY_S = 0.1
_INTERVAL_S = 300


def report_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Build a city with a week's changes and make that week's report from both databases."""
    with cameras(folder / "fleet") as fleet:
        return _rows(folder, fleet, sizes, say)


def _rows(folder: Path, fleet: Fleet, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    settings = write_settings(folder)
    period = last_week(int(time.time()), settings.zone())
    spec = {"folder": str(folder), "devices": sizes.city, "port": fleet.port}
    spec |= {"changes": sizes.report_changes, "week": period.name}
    built = work("report_city", spec)
    say(f"city with a week built: {built}")
    figures = {"sqlite": _measure(folder, period.name, period.before[0])}
    say(f"report from SQLite: {figures['sqlite']}")
    binaries = postgres_binaries()
    if binaries is None:
        raise BenchError("PostgreSQL is missing: apt-get install postgresql")
    other = folder / "postgres"
    other.mkdir()
    with running_postgres(binaries) as server:
        url = server.url(server.new_database()).replace("postgresql+asyncpg://", "postgresql://")
        text = (folder / SETTINGS_FILE).read_text(encoding="utf-8")
        (other / SETTINGS_FILE).write_text(text.replace('"sqlite:///vidnet.db"', f'"{url}"'), encoding="utf-8")
        work("report_city_on_postgres", {"folder": str(folder), "to": str(other)})
        say("copied to PostgreSQL")
        figures["postgresql"] = _measure(other, period.name, period.before[0])
    say(f"report from PostgreSQL: {figures['postgresql']}")
    rows = []
    for name, found in figures.items():
        about = f"{built['devices']:,} devices, {built['changes']:,} changes, all files; CPU {found['cpu_s']} s"
        rows += [
            Row(f"weekly report from {name}, wall", "s", found["wall_s"], WALL_MUST_S, WALL_AIM_S, about),
            Row(f"weekly report from {name}, memory", "MB", found["peak_mb"], MEMORY_MUST_MB, MEMORY_AIM_MB, "at most"),
        ]
    lags = _beside_looks(folder, fleet, period.name, sizes)
    say(f"looks late by: {lags}")
    later_s = max(0.0, round(lags["with_s"] - lags["without_s"], 2))
    about = f"at most {lags['with_s']} s late in the {lags['took_s']} s of its own worker, {lags['without_s']} s before"
    rows.append(Row("looks later while the report is made", "s", later_s, LATER_MUST_S, note=about))
    return rows, {"report": figures | {"built": built, "lags": lags}}


def _beside_looks(folder: Path, fleet: Fleet, week: str, sizes: Sizes) -> dict[str, float]:
    """Let a service look at the city, and have it make the report with its own worker; give how late looks were."""
    # As if the week's report were made, until the looks are at their pace.
    change(folder, "DELETE FROM report_run", f"INSERT INTO report_run VALUES ('{week}', 'draft', 'bench', 1, 2, 1)")  # noqa: S608
    reports = ReportFolder(folder / "reports")
    with service(folder, fleet, interval_s=_INTERVAL_S, flush_s=sizes.flush_s) as running:
        time.sleep(sizes.settle_s)
        without = _lags(running, until=_after(sizes.window_s / 4))
        made = len(reports.revisions())
        with closing(sqlite3.connect(folder / DATABASE_FILE, timeout=30)) as connection, connection:
            connection.execute("DELETE FROM report_run")
        claimed = _claims(folder)
        _lags(running, until=lambda: _claims(folder) != claimed)
        began = time.monotonic()
        during = _lags(running, until=lambda: len(reports.revisions()) > made)
        took_s = time.monotonic() - began
    return {"without_s": max(without), "with_s": max(during), "took_s": round(took_s, 1)}


def _lags(running: Running, *, until: Callable[[], bool]) -> list[float]:
    """Ask the service how late its looks are until something is so.

    Raises:
        BenchError: it did not become so in time.
    """
    found, began = [], time.monotonic()
    while True:
        found.append(round(running.metric("vidnet_queue_lag_seconds"), 2))
        if until():
            return found
        if time.monotonic() - began > MADE_WITHIN_S:
            raise BenchError("the service has not made its report")
        time.sleep(0.5)


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _claims(folder: Path) -> int:
    with closing(sqlite3.connect(folder / DATABASE_FILE, timeout=30)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM report_run").fetchone()
        return int(count)


def _measure(folder: Path, week: str, before: str) -> dict[str, float]:
    """Make the report of the week before, so that there is something to compare with, then that of the week."""
    _run(folder, before)
    return _run(folder, week)


def _run(folder: Path, week: str) -> dict[str, float]:
    command = [sys.executable, "-m", "monitor", "report", "weekly", "-c", str(folder / SETTINGS_FILE), "--week", week]
    log = folder / "report.log"
    used_s, began, peak_kb = _children_cpu_s(), time.monotonic(), 0
    with log.open("wb") as messages, child(command, stdout=messages, stderr=messages) as process:
        while process.poll() is None:
            peak_kb = max(peak_kb, _held_kb(process.pid))
            time.sleep(_EVERY_S)
    wall_s = time.monotonic() - began
    if process.returncode:
        raise BenchError(f"vidnet report weekly: {log.read_text(encoding='utf-8')[-2_000:]}")
    return {
        "wall_s": round(wall_s, 1),
        "cpu_s": round(_children_cpu_s() - used_s, 1),
        "peak_mb": round(peak_kb / 1_024),
    }


def _held_kb(pid: int) -> int:
    """Give what a process and its children hold, what several of them share counted once."""
    held = 0
    with suppress(OSError):  # one of them ended meanwhile
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for each in (str(pid), *children):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii").splitlines():
                if line.startswith("Pss:"):
                    held += int(line.split()[1])
    return held


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
