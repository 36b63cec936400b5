"""What the page is for beside a desk: on paper, on a wall, on a phone; and what it does while nobody looks."""

from __future__ import annotations

import re
import time

from monitor.domain.account import Grant, Role
from tests.web.browser import browser, watched
from tests.web.site import PASSWORD, Site

A4 = (595, 842)
"""Points of a sheet of A4."""


async def test_the_hand_over_prints_to_a4(site: Site):
    site.service.polling.last_look_at = time.time()
    await site.account("duty", Grant(Role.OPERATOR))
    async with browser() as chromium, watched(chromium, site.base, locale="zh-CN") as seen:
        await seen.open("/#/handover")
        await seen.page.fill("dialog input[name=name]", "duty")
        await seen.page.fill("dialog input[name=password]", PASSWORD)
        await seen.page.click("dialog button.main")
        await seen.page.wait_for_selector("dialog", state="detached")
        await seen.go("#/handover")
        sheet = await seen.page.pdf(prefer_css_page_size=True, print_background=True)
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", sheet)
        sizes = {(round(float(width)), round(float(height))) for width, height in boxes}
        assert len(sizes) == 1
        [(width, height)] = sizes
        assert abs(width - A4[0]) <= 1
        assert abs(height - A4[1]) <= 1
        await seen.page.emulate_media(media="print")
        assert not await seen.page.is_visible("#nav")
        assert not await seen.page.is_visible("header .tools")
        assert "未恢复的告警" in await seen.text()
        assert seen.complaints == []


async def test_a_wall_shows_figures_and_no_controls_on_one_screen(site_of_guests: Site):
    async with browser() as chromium, watched(chromium, site_of_guests.base, locale="zh-CN") as seen:
        await seen.page.set_viewport_size({"width": 2560, "height": 1440})
        await seen.open("/?kiosk=1#/overview")
        for hidden in ("#nav", "header .tools", "footer"):
            assert not await seen.page.is_visible(hidden), hidden
        assert await seen.page.is_visible("header .age")
        last = await seen.page.locator(".chart").bounding_box()
        assert last is not None
        assert last["y"] + last["height"] <= 1440
        assert seen.complaints == []


async def test_a_phone_shows_rows_as_lists_whose_cells_say_what_they_are(site_of_guests: Site):
    async with browser() as chromium, watched(chromium, site_of_guests.base, locale="zh-CN") as seen:
        await seen.page.set_viewport_size({"width": 390, "height": 844})
        await seen.open("/#/devices?connectivity=offline")
        cell = seen.page.locator("tbody tr >> nth=0 >> td[data-label='县市区 · 镇街']")
        box = await cell.bounding_box()
        assert box is not None
        assert box["width"] > 250
        assert box["height"] < 60
        before = await cell.evaluate("(cell) => getComputedStyle(cell, '::before').content")
        assert "县市区" in before
        assert await seen.page.is_visible("thead button:has-text('状态')"), "rows can still be sorted"


async def test_nothing_is_asked_while_nobody_looks(site_of_guests: Site):
    async with browser() as chromium, watched(chromium, site_of_guests.base, locale="zh-CN") as seen:
        await seen.page.clock.install()
        await seen.open("/#/overview")
        asked: list[str] = []
        seen.page.on("request", lambda request: asked.append(request.url))
        await seen.page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
        await seen.page.clock.run_for(180_000)
        assert asked == []
        await seen.page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: false });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        await seen.page.wait_for_timeout(1_000)
        assert any(url.endswith("/overview") or "/overview?" in url for url in asked)
