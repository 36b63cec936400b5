"""Proof: the simulated city runs, a real Prometheus scrapes it, and every query of every panel finds its rows."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from monitor.app.demo import prepare_demo, run_demo
from tests.grafana.boards import ALERTS, FILES, RECORDING, load, queries, substituted
from tests.grafana.servers import ask, prometheus
from tests.servers import free_port

DEVICES = 400
WITHIN_S = 60.0

MAY_BE_EMPTY = {
    "Alerts now, by number of places": "a city that is well raises none",
    "Incidents now": "nothing fails together before the script's second minute",
    "Devices down in them": "as the incidents",
    "Lanes of checkpoints": "platforms tell of their lanes only once they are asked",
    "Notifications that wait": "the simulated city has no receiver",
    "Last report": "its first report takes a few minutes",
    "Last backup": "a new city has none",
    "Communities networked": "the simulated city's regions end at its towns",
}
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: vidnet
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def quick(rules: Path, folder: Path) -> Path:
    """Copy rules that are evaluated every second, as this Prometheus scrapes."""
    path = folder / rules.name
    path.write_text(rules.read_text(encoding="utf-8").replace("interval: 30s", "interval: 1s"), encoding="utf-8")
    return path


async def test_every_query_of_every_panel_finds_its_rows(tmp_path: Path):
    demo = await prepare_demo(tmp_path / "demo", devices=DEVICES, seed=7, fleet_port=free_port(), web_port=0)
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run_demo(demo, stop, on_ready=lambda service, port: ready.set_result(port)))
    try:
        done, _ = await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
        assert ready in done, running
        rules = ", ".join(str(quick(each, tmp_path)) for each in (RECORDING, ALERTS))
        with prometheus(tmp_path, CONFIG.format(rules=rules, port=ready.result())) as address:
            await asyncio.to_thread(_prove, address)
    finally:
        stop.set()
        await running


def _prove(address: str) -> None:
    """Ask again and again until every query has its rows; then hold their shape."""
    county = _county(address)
    wanted = {
        (path.stem, title, substituted(expr, county=county), instant)
        for path in FILES
        if path.parent.name == "en"
        for title, expr, instant in queries(load(path))
        if title not in MAY_BE_EMPTY
    }
    assert len(wanted) > 50
    until = time.monotonic() + WITHIN_S
    while wanted and time.monotonic() < until:
        for each in sorted(wanted):
            if _has_rows(_ask(address, each)):
                wanted.discard(each)
        time.sleep(1)
    assert not wanted, "\n".join(map(str, sorted(wanted)))


def _county(address: str) -> str:
    """Give the county with most faults, once there is one."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        rows = ask(address, "/api/v1/query", query="topk(1, sum by (county) (vidnet_device_faults))")["data"]["result"]
        if rows:
            return str(rows[0]["metric"]["county"])
        time.sleep(0.5)
    pytest.fail("no county has a fault")


def _ask(address: str, each: tuple[str, str, str, bool]) -> list[dict[str, Any]]:
    _, _, expr, instant = each
    now = time.time()
    if instant:
        answer = ask(address, "/api/v1/query", query=expr)
    else:
        answer = ask(address, "/api/v1/query_range", query=expr, start=str(now - 20), end=str(now), step="1")
    rows: list[dict[str, Any]] = answer["data"]["result"]
    return rows


def _has_rows(rows: list[dict[str, Any]]) -> bool:
    """Tell whether there are rows, each with a number in it."""
    values = [value for row in rows for value in (row.get("values") or [row["value"]])]
    return any(text != "NaN" for _, text in values)
