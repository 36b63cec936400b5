"""Rows: how long the boards' queries take on Prometheus with a month of the city in it.

The month is what the simulated city's /metrics shows, with every series' value moving a little, at the scrape's pace,
and the recorded series beside it; promtool makes blocks of it, two hours at a time. Each query is asked as its panel
asks it and, where it draws a line, over the whole month, too.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.children import PROJECT, BenchError, child, free_port, wait_until
from bench.report import Row
from bench.rows_look import Say
from bench.sizes import Sizes
from bench.town import build, write_settings
from monitor.app.service import Service
from monitor.app.wiring import database_of

SCRAPE_S = 30
BLOCK_S = 7_200
POINTS = 300
"""Points that a panel asks a line of, at the width of a duty room's screen."""

WITHIN_S = 120.0
_DAY_S = 86_400


def board_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Make the month, start Prometheus on it, and ask everything that the boards ask."""
    series = [*_scraped(folder, devices=sizes.boards_devices), *_recorded()]
    # Blocks end on whole two hours; the newest sample is a little in the past, and "now" is asked at it.
    end = int(time.time()) // BLOCK_S * BLOCK_S
    begin = end - int(sizes.boards_days * _DAY_S) // BLOCK_S * BLOCK_S
    say(f"boards: {len(series):,} series, {(end - begin) / _DAY_S:g} days")
    data = folder / "data"
    for block in range(begin, end, BLOCK_S):
        _make_block(data, series, block)
    samples = len(series) * (end - begin) // SCRAPE_S
    size = sum(each.stat().st_size for each in data.rglob("*") if each.is_file())
    say(f"boards: {samples:,} samples, {size / samples:.2f} bytes each")
    with _prometheus(folder, data) as address:
        took = {query: _ask(address, query, at=end - SCRAPE_S, day_s=_DAY_S) for query in _queries()}
        month_s = end - begin
        lines = {query: _ask(address, query, at=end - SCRAPE_S, day_s=month_s) for query in took if not query[1]}
    slowest = max(took, key=lambda each: took[each])
    longest = max(lines, key=lambda each: lines[each])
    note = f"{len(took)} queries; slowest: {slowest[0][:80]}"
    month = f"{len(lines)} lines over {(end - begin) / _DAY_S:g} days; slowest: {longest[0][:80]}"
    return [
        Row("a panel's query, the slowest, over a day", "ms", round(took[slowest] * 1e3, 1), 300, None, note),
        Row("a panel's query, the slowest, over the month", "ms", round(lines[longest] * 1e3, 1), 300, None, month),
        Row("Prometheus' blocks", "bytes a sample", round(size / samples, 2), None, None, f"{samples:,} samples"),
    ], {"boards": {"series": len(series), "samples": samples, "bytes": size}}


def _scraped(folder: Path, *, devices: int) -> Iterator[tuple[str, float]]:
    """Give every series of the simulated city's /metrics, with its value."""
    settings = write_settings(folder)
    asyncio.run(build(folder, devices=devices, port=1))

    async def text() -> str:
        service = await Service.load(settings, database_of(settings, folder=folder), folder=folder)
        stop, found = asyncio.Event(), []

        def keep(_port: int) -> None:
            found.append(service.city_text())
            stop.set()

        await service.run(stop, on_ready=keep)
        return found[0]

    for line in asyncio.run(text()).splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            yield name, float(value)
    for name in ("vidnet_store_up", "vidnet_own_network_up", "vidnet_own_clock_trusted", "vidnet_queue_lag_seconds"):
        yield name + "{}", 1.0


def _recorded() -> Iterator[tuple[str, float]]:
    """Give the recorded series of a city of 17 counties and 130 towns."""
    labels = {
        "county": [f"3707{number:02}" for number in range(17)],
        "class": ["first", "second", "third"],
        "kind": ["camera", "checkpoint"],
        "ring": ["city", "county", "town"],
        "site_kind": [f"site{number}" for number in range(8)],
    }
    towns = [(county, f"{county}{number:03}") for county in labels["county"] for number in range(8)]
    text = (PROJECT / "config/prometheus/rules/recording.yml").read_text(encoding="utf-8")
    for name in re.findall(r"record: (\S+)", text):
        level, _, split = name.partition(":")[0].partition("_")
        places = [""] if level == "city" else [f'county="{each}"' for each in labels["county"]]
        if level == "town":
            places = [f'county="{county}",town="{town}"' for county, town in towns]
        for place in places:
            for value in labels.get(split, [""]):
                pairs = ",".join(pair for pair in (place, f'{split}="{value}"' if value else "") if pair)
                yield f"{name}{{{pairs}}}", 0.95


def _make_block(data: Path, series: list[tuple[str, float]], begin: int) -> None:
    """Make one block of two hours; each series moves by a hundredth now and then."""
    file = data.parent / "block.txt"
    data.mkdir(exist_ok=True)
    instants = range(begin, begin + BLOCK_S, SCRAPE_S)
    with file.open("w", encoding="utf-8") as out:
        for number, (name, value) in enumerate(series):
            step = value / 100 or 1.0
            out.writelines(f"{name} {value + step * ((at // 600 + number) % 7 == 0)} {at}\n" for at in instants)
        out.write("# EOF\n")
    command = [_program("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q", str(file), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    file.unlink()
    if done.returncode:
        raise BenchError(f"promtool: {done.stderr[-2_000:]}")


@contextmanager
def _prometheus(folder: Path, data: Path) -> Iterator[str]:
    """Run Prometheus on the blocks for as long as the context lasts; give its address."""
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 30s}\n", encoding="utf-8")
    address = f"http://127.0.0.1:{free_port()}"
    command = [_program("prometheus"), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}"]
    command += [f"--web.listen-address={address.removeprefix('http://')}", "--storage.tsdb.retention.time=1y"]
    with child([*command, "--log.level=error"]):
        wait_until(lambda: _answers(f"{address}/-/ready"), within_s=WITHIN_S, what="Prometheus")
        yield address


def _queries() -> set[tuple[str, bool]]:
    """Give every query of every board with its variables filled in, and whether it is of one instant."""
    known = {"__rate_interval": "2m", "class": ".*", "town": ".*", "county": "370702"}
    found = set()
    for path in (PROJECT / "grafana" / "zh").glob("*.json"):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", ()):
                expr = re.sub(r"\$\{?(\w+)\}?", lambda match: known[match[1]], target["expr"])
                found.add((expr, bool(target.get("instant"))))
    return found


def _ask(address: str, query: tuple[str, bool], *, at: int, day_s: int) -> float:
    """Ask one query three times and give the middle time, seconds."""
    expr, instant = query
    if instant:
        url = f"{address}/api/v1/query?" + urllib.parse.urlencode({"query": expr, "time": at})
    else:
        step = max(SCRAPE_S, day_s // POINTS)
        arguments = {"query": expr, "start": at - day_s, "end": at, "step": step}
        url = f"{address}/api/v1/query_range?" + urllib.parse.urlencode(arguments)
    took = []
    for _ in range(3):
        started = time.perf_counter()
        with urllib.request.urlopen(url, timeout=WITHIN_S) as answer:  # noqa: S310 - our own Prometheus
            answer.read()
        took.append(time.perf_counter() - started)
    return sorted(took)[1]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own Prometheus
            return bool(answer.status == 200)
    except OSError:
        return False


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BenchError(f"{name} is not installed (apt-get install prometheus)")
    return found
