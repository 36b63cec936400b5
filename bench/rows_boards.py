"""Rows: how long the boards' queries take on Prometheus with a month of the city in it.

The month is that of `bench.month`. Each query of each panel is asked as Grafana asks it: over the range that its board
opens with, and over the whole month, with the step that follows from the panel's width on a duty room's screen.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import month
from bench.children import PROJECT, BenchError, free_port, memory_mb
from bench.month import DAY_S, LONG_BLOCK_S, SCRAPE_S, SHORT_BLOCK_S, Series
from bench.report import Row
from bench.rows_look import Say
from bench.sizes import Sizes
from monitor.app.demo import prepare_demo, run_demo

COLUMN_PX = 78
"""Of 24 columns on a screen of 1920 pixels; Grafana asks for about a point a pixel."""

BEYOND_THE_BOARDS = ("town_class:", "town_kind:", "ALERTS_FOR_STATE")
"""What the rules record and no board asks for: left out, so that the month is the 6,000 series that are asked for."""

MUST_MS = 300.0
_CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: vidnet
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@dataclass(frozen=True, slots=True)
class Question:
    """One query of one panel.

    Attributes:
        panel: board and title.
        expr: PromQL with its variables still in it.
        instant: whether it is of one instant.
        width: of the panel, columns.
        range_s: what its board opens with.
    """

    panel: str
    expr: str
    instant: bool
    width: int
    range_s: int

    def step_s(self, range_s: int) -> int:
        """Give the step that Grafana asks for over a range."""
        return max(SCRAPE_S, _nice(range_s / (self.width * COLUMN_PX)))


def board_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Make the month, start Prometheus on it, and ask everything that the boards ask."""
    found = asyncio.run(demo_series(folder, devices=sizes.boards_devices, settle_s=sizes.boards_settle_s))
    series = [each for each in found if not each.name.startswith(BEYOND_THE_BOARDS)]
    block_s = LONG_BLOCK_S if sizes.boards_days >= 1 else SHORT_BLOCK_S
    end = int(time.time()) // block_s * block_s
    begin = end - int(sizes.boards_days * DAY_S) // block_s * block_s
    say(f"boards: {len(series):,} series, {(end - begin) / DAY_S:g} days")
    data = folder / "data"
    for block in range(begin, end, block_s):
        month.write_block(data, series, begin=block, length_s=block_s)
        say(f"boards: {(block + block_s - begin) / DAY_S:g} days written")
    return rows_of(folder, data, series, begin=begin, end=end, block_s=block_s)


def rows_of(
    folder: Path, data: Path, series: list[Series], *, begin: int, end: int, block_s: int
) -> tuple[list[Row], dict[str, Any]]:
    """Ask everything of the blocks in a folder.

    Args:
        folder: for Prometheus' configuration.
        data: the blocks.
        series: what is in them.
        begin: since when they are, epoch seconds.
        end: and until when.
        block_s: the blocks' length.
    """
    samples = len(series) * (end - begin) // SCRAPE_S
    size = sum(each.stat().st_size for each in data.rglob("*") if each.is_file())
    days = (end - begin) / DAY_S
    county = next(found[1] for each in series if (found := re.search(r'county="(\d+)"', each.text)))
    with month.prometheus(folder, config="global: {scrape_interval: 30s}\n", data=data, block_s=block_s) as running:
        address, pid = running
        at_rest_mb = memory_mb(pid)["rss"]
        asked = questions()
        as_opened = {
            each: _ask(address, each, at=end - SCRAPE_S, range_s=each.range_s, county=county) for each in asked
        }
        trends = [each for each in asked if not each.instant]
        over_month = {
            each: _ask(address, each, at=end - SCRAPE_S, range_s=end - begin, county=county) for each in trends
        }
        memory = memory_mb(pid)
    note = f"{samples:,} samples of {len(series):,} series, {days:g} days"
    return [
        _row("a panel's query, as its board opens", as_opened),
        _row(f"a trend's query over {days:g} days", over_month),
        Row(
            "Prometheus' blocks",
            "bytes a sample",
            round(size / samples, 2),
            None,
            None,
            f"{note}, {size / 1e6:,.0f} MB",
        ),
        Row(
            "Prometheus' memory, at most", "MB", memory["peak"], None, None, f"{at_rest_mb:g} MB before the first query"
        ),
    ], {
        "boards": {
            "series": len(series),
            "samples": samples,
            "bytes": size,
            "rss_mb": memory,
            "opened_ms": _listed(as_opened),
            "month_ms": _listed(over_month),
        }
    }


async def demo_series(folder: Path, *, devices: int, settle_s: int) -> list[Series]:
    """Run the demo beside a Prometheus with the shipped rules, and give all series that there are after a while."""
    demo = await prepare_demo(folder / "demo", devices=devices, seed=7, fleet_port=free_port(), web_port=0)
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run_demo(demo, stop, on_ready=lambda _service, port: ready.set_result(port)))

    def scraped(port: int) -> list[Series]:
        config = _CONFIG.format(rules=", ".join(month.rules_every_second(folder)), port=port)
        with month.prometheus(folder, config=config, data=folder / "live", block_s=SHORT_BLOCK_S) as (address, _):
            time.sleep(settle_s)
            return month.series_of(address, scale=month.CITY / devices)

    try:
        await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            raise BenchError("the demo did not start")
        return await asyncio.to_thread(scraped, ready.result())
    finally:
        stop.set()
        await running


def questions() -> list[Question]:
    """Give every query of every panel; both languages ask the same."""
    found = []
    for path in sorted((PROJECT / "grafana" / "zh").glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        hours = int(board["time"]["from"].removeprefix("now-").removesuffix("h"))
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                title = f"{path.stem}: {panel['title']}"
                width = panel["gridPos"]["w"]
                found.append(Question(title, target["expr"], bool(target.get("instant")), width, hours * 3_600))
    return found


def _ask(address: str, question: Question, *, at: int, range_s: int, county: str) -> float:
    """Ask one query three times and give the middle time, ms."""
    step_s = question.step_s(range_s)
    known = {"class": ".*", "town": ".*", "county": county}
    known["__rate_interval"] = f"{max(step_s + SCRAPE_S, 4 * SCRAPE_S)}s"
    expr = re.sub(r"\$\{?(\w+)\}?", lambda match: known[match[1]], question.expr)
    took = []
    for _ in range(3):
        started = time.perf_counter()
        if question.instant:
            month.ask(address, "query", query=expr, time=str(at))
        else:
            month.ask(address, "query_range", query=expr, start=str(at - range_s), end=str(at), step=str(step_s))
        took.append(time.perf_counter() - started)
    return round(statistics.median(took) * 1e3, 1)


def _row(name: str, took: dict[Question, float]) -> Row:
    slowest = max(took, key=lambda each: took[each])
    note = f"{len(took)} queries, the middle one {statistics.median(took.values()):g} ms; slowest: {slowest.panel}"
    return Row(f"{name}, the slowest", "ms", took[slowest], MUST_MS, None, note)


def _listed(took: dict[Question, float]) -> list[tuple[float, str, str]]:
    return sorted(((ms, each.panel, each.expr) for each, ms in took.items()), reverse=True)


_STEPS_S = (10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)


def _nice(step_s: float) -> int:
    """Round a step as Grafana does: to the one of its steps that is nearest, the smaller one in the middle."""
    return min(_STEPS_S, key=lambda each: (abs(each - step_s), each))
