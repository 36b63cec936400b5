"""One device on the page: corrected, its hardware replaced with history going on, a new one; lists as workbooks."""

from __future__ import annotations

import io
from pathlib import Path

from openpyxl import load_workbook

from monitor.domain.account import Grant, Role
from tests.web.browser import browser, watched
from tests.web.site import INSIDE, OUTSIDE, Client, Site, running_site
from tests.web.test_page import fresh, log_in


async def _record(site: Site, device_id: str) -> dict[str, str]:
    (record,) = (await site.service._page._parts.directory.records_of([device_id])).values()
    return {name: getattr(record, name) for name in ("name", "vendor", "serial", "mac", "place")}


async def _judge(seen, button: str = "检查比对") -> None:
    await seen.page.click(f"button:has-text('{button}')")
    await seen.page.wait_for_selector("button:has-text('确认导入')")


async def _confirm(seen) -> None:
    await seen.page.click("button:has-text('确认导入')")
    await seen.page.wait_for_selector("h2:has-text('已保存')")


async def test_a_county_corrects_replaces_and_adds(tmp_path: Path, sqlite_template: Path) -> None:
    async with running_site(tmp_path, sqlite_template) as site, browser() as chromium:
        fresh(site)
        await site.account("county", Grant(Role.REPORTER, INSIDE))
        device = site.device_in(INSIDE)
        was = await _record(site, device.id)
        async with watched(chromium, site.base, locale="zh-CN") as seen:
            await seen.open(f"/#/device?id={device.id}")
            await log_in(seen, "zh", "county")
            await seen.go(f"#/edit?id={device.id}")
            await seen.page.fill("input[name=name]", "=1+1")
            await seen.page.click("button:has-text('检查比对')")
            await seen.page.wait_for_selector("td:has-text('不是公式')")
            assert await seen.page.locator("button:has-text('确认导入')").count() == 0
            await seen.page.fill("input[name=name]", '新名称 "北口"，1 号')
            await seen.page.fill("input[name=place]", "府前街 1 号")
            await _judge(seen)
            assert "改动：名称、安装地址" in await seen.text()
            assert await _record(site, device.id) == was  # nothing is recorded before it is confirmed
            await _confirm(seen)
            edited = was | {"name": '新名称 "北口"，1 号', "place": "府前街 1 号"}
            assert await _record(site, device.id) == edited

            await seen.go(f"#/edit?id={device.id}&mode=replace")
            assert await seen.page.locator("input[name=name]").count() == 0
            await seen.page.fill("input[name=serial]", "NEW-0001")
            await seen.page.fill("input[name=mac]", "00:1a:2b:3c:4d:5e")
            await _judge(seen)
            await _confirm(seen)
            assert await _record(site, device.id) == edited | {"serial": "NEW-0001", "mac": "00-1A-2B-3C-4D-5E"}

            await seen.go("#/edit")
            await seen.page.fill("input[name=id]", f"{INSIDE}-new-1")
            await seen.page.fill("input[name=name]", "新建")
            await seen.page.fill("input[name=region]", OUTSIDE)
            await seen.page.click("button:has-text('检查比对')")
            await seen.page.wait_for_selector("td:has-text('不导入'), p.error:has-text('·')")
            await seen.page.fill("input[name=region]", INSIDE)
            await seen.page.fill("input[name=address]", "http://127.0.0.9/onvif/device_service")
            await seen.page.fill("input[name=protocol]", "onvif")
            await _judge(seen)
            await _confirm(seen)
            assert (await _record(site, f"{INSIDE}-new-1"))["name"] == "新建"
            assert seen.complaints == []


async def test_what_moves_a_denominator_becomes_a_request(tmp_path: Path, sqlite_template: Path) -> None:
    async with running_site(tmp_path, sqlite_template) as site, browser() as chromium:
        fresh(site)
        await site.account("county", Grant(Role.REPORTER, INSIDE))
        device = site.device_in(INSIDE)
        other = "third" if device.point_class.value != "third" else "other"
        async with watched(chromium, site.base, locale="zh-CN") as seen:
            await seen.open("/#/devices")
            await log_in(seen, "zh", "county")
            await seen.go(f"#/edit?id={device.id}")
            await seen.page.click("button:has-text('检查比对')")
            await seen.page.wait_for_selector("p.error:has-text('没有改动')")
            await seen.page.select_option("select[name=point_class]", other)
            await _judge(seen)
            await _confirm(seen)
            assert seen.complaints == []
        async with Client(site, await site.token_of("viewer", Grant(Role.VIEWER))) as client:
            (request,) = (await client.get("/requests?state=submitted"))["requests"]
            assert request["entity_id"] == device.id
            assert (await client.get(f"/devices/{device.id}"))["device"]["point_class"] == device.point_class.value


async def test_a_list_is_a_workbook_with_ids_as_text(tmp_path: Path, sqlite_template: Path) -> None:
    async with running_site(tmp_path, sqlite_template) as site:
        async with Client(site, await site.token_of("county", Grant(Role.VIEWER, INSIDE))) as client:
            status, body = await client.call("GET", "/devices.xlsx?sort=id")
            total = (await client.get("/devices"))["total"]
        assert status == 200
        heading, *rows = load_workbook(io.BytesIO(body)).active.iter_rows(values_only=True)
        assert heading[:2] == ("编码 id", "名称 name")
        assert len(rows) == total
        assert all(isinstance(row[0], str) for row in rows)
        assert site.device_in(OUTSIDE).id not in {row[0] for row in rows}


async def test_too_many_for_a_workbook_are_for_csv(tmp_path: Path, sqlite_template: Path, monkeypatch) -> None:
    monkeypatch.setattr("monitor.adapters.web.devices.MOST_WORKBOOK_ROWS", 3)
    async with running_site(tmp_path, sqlite_template) as site:
        async with Client(site, await site.token_of("viewer", Grant(Role.VIEWER))) as client:
            status, answer = await client.call("GET", "/devices.xlsx")
        assert status == 422
        assert "CSV" in answer["errors"][0]
