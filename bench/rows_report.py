"""Rows of the weekly report: all files of the whole city with 3.5 million changes, from SQLite and PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.children import PROJECT, BenchError, work
from bench.report import Row
from bench.rows_look import Say
from bench.sizes import Sizes
from bench.town import SETTINGS_FILE, write_settings
from monitor.domain.period import last_week
from tests.servers import postgres_binaries, running_postgres

WALL_MUST_S, WALL_AIM_S = 20, 8
MEMORY_MUST_MB, MEMORY_AIM_MB = 700, 400


def report_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Build a city with a week's changes and make that week's report from both databases."""
    settings = write_settings(folder)
    period = last_week(int(time.time()), settings.zone())
    spec = {"folder": str(folder), "devices": sizes.city, "changes": sizes.report_changes, "week": period.name}
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
    return rows, {"report": figures | {"built": built}}


def _measure(folder: Path, week: str, before: str) -> dict[str, float]:
    """Make the report of the week before, so that there is something to compare with, then that of the week."""
    _run(folder, before)
    return _run(folder, week)


def _run(folder: Path, week: str) -> dict[str, float]:
    command = [sys.executable, "-m", "monitor", "report", "weekly", "-c", str(folder / SETTINGS_FILE), "--week", week]
    log = folder / "report.log"
    began = time.monotonic()
    with _child(command, log) as pid:
        _, status, usage = os.wait4(pid, 0)
    if status:
        raise BenchError(f"vidnet report weekly: {log.read_text(encoding='utf-8')[-2_000:]}")
    return {
        "wall_s": round(time.monotonic() - began, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1_024),
    }


@contextmanager
def _child(command: list[str], log: Path) -> Iterator[int]:
    """Start a program whose end the caller waits for, with what it used."""
    with log.open("wb") as messages:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=messages, stderr=messages)
        yield process.pid
        process.returncode = 0  # waited for by the caller, past `subprocess`
