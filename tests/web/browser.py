"""The system's Chromium on a site: everything that it complains about, and every request that leaves the host."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def chromium() -> str:
    """Give the system's Chromium; where there is none, the test is skipped, and under CI it fails."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None or not AXE.exists():
        reason = "chromium (apt) or axe-core (npm) is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield running
        finally:
            await running.close()


@dataclass
class Watched:
    """A page, and everything about it that should not be."""

    page: Page
    context: BrowserContext
    base: str
    complaints: list[str] = field(default_factory=list)

    async def open(self, address: str = "/") -> None:
        await self.page.goto(self.base + address)
        await self.settled()

    async def go(self, hash_: str) -> None:
        """Go to a view as a link does."""
        await self.page.evaluate("(hash) => { location.hash = hash; }", hash_)
        await self.settled()

    async def settled(self) -> None:
        """Wait until what the address says is shown."""
        shown = await self.page.evaluate("location.hash")
        await self.page.wait_for_selector(f"#main[data-shown='{shown}']:not([aria-busy])", state="attached")

    async def text(self, selector: str = "main") -> str:
        return await self.page.inner_text(selector)

    async def serious(self, *rules: str) -> list[str]:
        """Give what axe-core finds that is serious or worse, by these rules or all."""
        only = f", runOnly: {list(rules)}" if rules else ""
        await self.page.evaluate(AXE.read_text(encoding="utf-8") + "; null")
        found: list[dict[str, Any]] = await self.page.evaluate(
            f"axe.run(document, {{resultTypes: ['violations']{only}}}).then((r) => r.violations)"
        )
        return [
            f"{each['id']}: {node['html'][:160]} {node['any'][:1] and node['any'][0]['message']}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"][:3]
        ]


@asynccontextmanager
async def watched(running: Browser, base: str, **options: Any) -> AsyncIterator[Watched]:
    """Give a page that writes down console errors, violations of the policy, failed and foreign requests."""
    context = await running.new_context(timezone_id="America/New_York", **options)
    page = await context.new_page()
    found = Watched(page, context, base)
    complain = found.complaints.append
    page.on("console", lambda message: message.type in ("error", "warning") and complain(f"console: {message.text}"))
    page.on("pageerror", lambda error: complain(f"error: {error}"))
    page.on("requestfailed", lambda request: complain(f"failed: {request.url}"))
    page.on("request", lambda r: r.url.startswith((base, "data:", "blob:")) or complain(f"left the host: {r.url}"))
    await page.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective))"
    )
    try:
        yield found
    finally:
        await context.close()
