"""`python -m tools.screenshots FOLDER`: the page's pictures, taken of a simulated city that really runs."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

DEVICES = 2_000
LOOKED_AT_WITHIN_S = 240
SETTLE_S = 45
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

PICTURES: dict[str, dict[str, Any]] = {
    "overview-zh-light": {"address": "/?lang=zh&theme=light", "width": 1440, "height": 1340},
    "overview-en-dark-phone": {"address": "/?lang=en&theme=dark", "width": 390, "height": 844},
    "overview-wall": {"address": "/?lang=zh&theme=dark&kiosk=1", "width": 1920, "height": 1080},
    "devices-zh-dark": {"address": "/?lang=zh&theme=dark#/devices?connectivity=offline", "width": 1440, "height": 900},
}


def main() -> int:
    """Run a demo, take the pictures, and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=sorted(PICTURES), help="only these")
    chosen = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("chromium is not installed (apt-get install chromium)", file=sys.stderr)
        return 1
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vidnet-screenshots-") as folder, _demo(Path(folder)) as base:
        asyncio.run(_take(chromium, base, chosen.folder, chosen.only or sorted(PICTURES)))
    return 0


@contextmanager
def _demo(folder: Path) -> Iterator[str]:
    """Run a demo until every device was looked at, and give its address."""
    web, fleet = _free_port(), _free_port()
    command = [sys.executable, "-m", "monitor", "demo", "--devices", str(DEVICES), "--dir", str(folder / "demo")]
    command += ["--web-port", str(web), "--fleet-port", str(fleet)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own program
        try:
            base = f"http://127.0.0.1:{web}"
            until = time.monotonic() + LOOKED_AT_WITHIN_S
            while not _is_looked_at(base):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("the demo did not look at its devices in time")
                time.sleep(1)
            time.sleep(SETTLE_S)  # three silent looks confirm what is offline
            yield base
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _is_looked_at(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/api/v1/overview", timeout=5) as answer:  # noqa: S310 - our own server
            measured = json.load(answer)["whole"]["measured"]
    except OSError:
        return False
    return bool(measured["value"] and measured["value"] > 0.99)


async def _take(chromium: str, base: str, folder: Path, names: list[str]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name in names:
            picture = PICTURES[name]
            size = {"width": picture["width"], "height": picture["height"]}
            page = await browser.new_page(viewport=size)  # type: ignore[arg-type] # a dict of its form
            await page.goto(base + picture["address"])
            await page.wait_for_selector("#main[data-shown]", state="attached")
            await page.wait_for_timeout(1_500)
            await page.screenshot(path=folder / f"{name}.png")
            await page.close()
        await browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
