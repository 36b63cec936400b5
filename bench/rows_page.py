"""Rows of the page and its API on the whole city, asked from outside while looks go on."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import async_playwright

from bench.children import BenchError, wait_until, work
from bench.fleet import cameras
from bench.report import Row
from bench.rows_look import Say
from bench.running import Running, service
from bench.sizes import Sizes
from bench.town import write_settings

INTERVAL_S = 300
A_SECOND = 50
SETTLE_S = 20
FILTERS = (
    "connectivity=offline&sort=since&order=down",
    "region=370783&point_class=first",
    "region=370784&sort=region",
    "kind=checkpoint&sort=state&order=down",
    "condition=intact&limit=50",
    "region=370783003",
    "standing=exempt",
    "sort=id&order=down",
)
GUEST = "VIDNET_ACCOUNTS__GUEST"


def page_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Run the city at its pace and ask: the overview, lists of devices, devices, and the page in Chromium."""
    with cameras(folder / "fleet") as fleet:
        write_settings(folder)
        work("prepare", {"folder": str(folder), "devices": sizes.city, "port": fleet.port})
        os.environ[GUEST] = "true"
        try:
            with service(folder, fleet, interval_s=INTERVAL_S, recheck_s=30) as running:
                wait_until(
                    lambda: running.metric("vidnet_looks_total") > min(20_000, sizes.city // 20),
                    within_s=240,
                    every_s=1.0,
                    what="looks that go on",
                )
                say("the city is looked at")
                details = asyncio.run(_measure(running, seconds=int(sizes.window_s // 4)))
        finally:
            del os.environ[GUEST]
    say(f"page: {details}")
    lists, devices, asked = details["lists"], details["devices"], details["overview"]
    every = f"{A_SECOND} requests a second beside {details['looks_per_s']:.0f} looks/s; "

    def told(found: dict[str, float]) -> str:
        return f"{every}median {found['p50_ms']:.1f} ms, CPU {found['cpu_ms']:.1f} ms"

    rows = [
        Row("overview, CPU a request", "ms", asked["cpu_ms"], 20, 10, f"{asked['count']} requests, a second apart"),
        Row("overview, compressed", "KB", asked["kb"], 100, 30, ""),
        Row("device list, p99", "ms", lists["p99_ms"], 50, 25, told(lists)),
        Row("device, p99", "ms", devices["p99_ms"], 50, 25, told(devices)),
        Row("page with all its files, compressed", "KB", details["page_kb"], 350, 250, "all views and the charts"),
        Row("page, first contentful paint", "ms", details["paint_ms"], 1_000, 500, "Chromium, empty cache"),
    ]
    return rows, {"page": details}


async def _measure(running: Running, *, seconds: int) -> dict[str, Any]:
    base = f"http://127.0.0.1:{running.port}"
    async with aiohttp.ClientSession(base_url=base, headers={"Accept-Encoding": "gzip"}) as session:
        async with session.get("/api/v1/devices?limit=500") as answer:
            ids = [each["id"] for each in (await answer.json())["devices"]]
        before, started = running.metric("vidnet_looks_total"), time.monotonic()
        # What alerting reads at the start is over by then: it would be taken for a part of the looks.
        await asyncio.sleep(min(SETTLE_S, seconds))
        share = await _share(running)
        overview = await _overview(session, running, share=share, count=40)
        lists = await _paced(
            session, running, [f"/api/v1/devices?{each}" for each in FILTERS], share=share, seconds=seconds
        )
        devices = await _paced(
            session, running, [f"/api/v1/devices/{each}" for each in ids[:200]], share=share, seconds=seconds
        )
        looks = (running.metric("vidnet_looks_total") - before) / (time.monotonic() - started)
        page = await _page_bytes(base)
    return {
        "overview": overview,
        "lists": lists,
        "devices": devices,
        "looks_per_s": looks,
        "page_kb": round(page / 1e3, 1),
        "paint_ms": await _paint(base),
    }


async def _share(running: Running) -> float:
    """Give what the looks take of a core while nobody asks."""
    started, cpu_s = time.monotonic(), running.cpu_s()
    await asyncio.sleep(20)
    return (running.cpu_s() - cpu_s) / (time.monotonic() - started)


async def _overview(session: aiohttp.ClientSession, running: Running, *, share: float, count: int) -> dict[str, Any]:
    """Ask a second apart, so that nothing is had from the moment before; what the looks use meanwhile is taken off."""
    started, used_s, size = time.monotonic(), running.cpu_s(), 0
    for _ in range(count):
        async with session.get("/api/v1/overview") as answer:
            size = len(gzip.compress(await answer.read(), 5))
        await asyncio.sleep(1.05)
    used_s = running.cpu_s() - used_s - share * (time.monotonic() - started)
    return {"cpu_ms": round(max(0.0, used_s) / count * 1e3, 1), "kb": round(size / 1e3, 1), "count": count}


async def _paced(
    session: aiohttp.ClientSession, running: Running, paths: list[str], *, share: float, seconds: int
) -> dict[str, float]:
    """Ask so many times a second, whatever the answers take; give how long they took, and CPU beside that of looks."""
    took: list[float] = []
    started, used_s = time.monotonic(), running.cpu_s()

    async def one(path: str) -> None:
        begun = time.perf_counter()
        async with session.get(path) as answer:
            await answer.read()
            if answer.status != 200:
                raise BenchError(f"{path}: {answer.status}")
        took.append((time.perf_counter() - begun) * 1e3)

    async with asyncio.TaskGroup() as tasks:
        for number in range(max(2, seconds) * A_SECOND):
            tasks.create_task(one(paths[number % len(paths)]))
            await asyncio.sleep(1 / A_SECOND)
    used_s = running.cpu_s() - used_s - share * (time.monotonic() - started)
    took.sort()
    return {
        "p50_ms": round(statistics.median(took), 1),
        "p99_ms": round(took[int(len(took) * 0.99)], 1),
        "cpu_ms": round(max(0.0, used_s) / len(took) * 1e3, 2),
    }


async def _page_bytes(base: str) -> int:
    """Give the bytes of the page with all files that it may ask for, compressed as they are sent."""
    from monitor.adapters.web.page import FOLDER

    async with aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "gzip"}) as session:
        async with session.get(base + "/") as answer:
            index = await answer.read()
        version = re.search(r"/assets/([0-9a-f]+)/", gzip.decompress(index).decode())
        if version is None:
            raise BenchError("the page names no files")
        size = len(index)
        names = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()]
        for name in names:
            if name == "index.html" or name.endswith(".txt"):
                continue
            async with session.get(f"{base}/assets/{version[1]}/{name}") as answer:
                size += len(await answer.read())
    return size


async def _paint(base: str) -> float | None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = await browser.new_page()
        await page.goto(base)
        await page.wait_for_selector("#main[data-shown]", state="attached")
        found = json.loads(
            await page.evaluate("JSON.stringify(performance.getEntriesByName('first-contentful-paint')[0])")
        )
        await browser.close()
    return round(float(found["startTime"]))
