"""The page in a real Chromium: every view, in both languages, light and dark, on phone, desk and wall; and journeys."""

from __future__ import annotations

import re
import time
from pathlib import Path

import aiohttp
import pytest

from monitor.adapters.web.page import FOLDER
from monitor.domain.account import Grant, Role
from tests.web.browser import browser, watched
from tests.web.site import INSIDE, OUTSIDE, PASSWORD, Site, running_site

SIZES = {"phone": (390, 844), "desk": (1440, 900), "wall": (2560, 1440)}
GUESTS = "[accounts]\nguest = true\n"


def fresh(site: Site) -> Site:
    """As if looks went on: without any the page shows its figures as stale."""
    site.service.polling.last_look_at = time.time()
    return site


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_view_shows_well_and_asks_nobody_else(tmp_path: Path, sqlite_template: Path, lang: str, theme: str):
    async with running_site(tmp_path, sqlite_template, settings=GUESTS) as site, browser() as chromium:
        fresh(site)
        await site.account("all", Grant(Role.OPERATOR), Grant(Role.APPROVER), Grant(Role.AUDITOR))
        device = site.device_in(INSIDE).id
        views = {
            "#/overview": ("在线率", "Online rate"),
            f"#/overview?region={INSIDE}": ("寿光市", "Shouguang"),
            "#/devices?connectivity=offline": ("离线", "offline"),
            f"#/device?id={device}": ("一机一档", "Record"),
            "#/points?coverage=not_networked": ("覆盖", "Coverage"),
            "#/decisions": ("报备", "Exemptions"),
            "#/decisions?tab=requests": ("申请", "Requests"),
            "#/alerts": ("待确认", "nobody takes care"),
            f"#/incident?id=I{INSIDE}": ("汇聚交换机", "汇聚交换机"),
            "#/orders": ("甲公司", "甲公司"),
            "#/handover": ("未恢复的告警", "Alerts that last"),
            "#/reports": ("异议", "Objections"),
            "#/import": ("导入清单", "Import a sheet"),
            "#/explain": ("为什么", "Why"),
            "#/edit": ("登记设备", "Add a device"),
            f"#/edit?id={device}": ("修改档案", "Edit the record"),
            f"#/edit?id={device}&mode=replace": ("更换设备", "Replace the hardware"),
            "#/system": ("服务", "Service"),
        }
        async with watched(chromium, site.base) as seen:
            await seen.open(f"/?lang={lang}&theme={theme}")
            await log_in(seen, lang)
            for hash_, words in views.items():
                await seen.go(hash_)
                for name, (width, height) in SIZES.items():
                    await seen.page.set_viewport_size({"width": width, "height": height})
                    where = f"{hash_} {name}"
                    assert words[lang == "en"] in await seen.text(), where
                    wide = await seen.page.evaluate(
                        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                    )
                    assert wide <= 1, f"{where}: {wide} px too wide"
                if lang == "zh":  # what axe-core looks at does not depend on the words
                    assert await seen.serious(*(() if theme == "light" else ("color-contrast",))) == [], hash_
            assert await seen.page.get_attribute("html", "lang") == ("en" if lang == "en" else "zh-CN")
            assert seen.complaints == []


async def log_in(seen, lang: str, name: str = "all") -> None:
    if not await seen.page.locator("dialog").count():
        await seen.page.click("#login")
    await seen.page.fill("dialog input[name=name]", name)
    await seen.page.fill("dialog input[name=password]", PASSWORD)
    await seen.page.click("dialog button.main")
    await seen.page.wait_for_selector("dialog", state="detached")
    await seen.settled()


async def test_a_county_proposes_the_city_approves_and_the_rate_changes(tmp_path: Path, sqlite_template: Path):
    async with running_site(tmp_path, sqlite_template) as site, browser() as chromium:
        fresh(site)
        await site.account("county", Grant(Role.REPORTER, INSIDE))
        await site.account("city", Grant(Role.APPROVER))
        before = site.service.overview(region=INSIDE).whole
        offline = next(
            each
            for each in site.devices
            if each.region
            and each.region.startswith(INSIDE)
            and each.kind == "camera"
            and site.service.ingest.states[each.id].connectivity == "offline"
        )
        async with watched(chromium, site.base, locale="zh-CN") as seen:
            await seen.open()
            await log_in(seen, "zh", "county")
            assert "寿光市" in await seen.text("header")
            assert "安丘" not in await seen.text()
            await seen.go(f"#/device?id={offline.id}")
            assert "离线" in await seen.text()
            await seen.page.click("text=申报报备")
            await seen.page.select_option("dialog select[name=reason]", "power")
            await seen.page.click("dialog button.main")
            await seen.page.wait_for_selector("dialog", state="detached")
            await seen.settled()
            await seen.page.wait_for_selector("td .state.submitted:has-text('待批')")
            assert "批准" not in [each.strip() for each in await seen.page.locator("main button").all_inner_texts()]
        async with watched(chromium, site.base, locale="zh-CN") as seen:
            await seen.open("/#/decisions?state=submitted")
            await log_in(seen, "zh", "city")
            await seen.go("#/decisions?state=submitted")
            await seen.page.click("main button:has-text('批准') >> nth=0")
            await seen.page.click("dialog button.main")
            await seen.page.wait_for_selector("dialog", state="detached")
            await seen.go("#/decisions?state=approved")
            assert offline.id in await seen.page.inner_html("main")
        await site.service.following.follow()
        after = site.service.overview(region=INSIDE).whole
        assert after.tally.exempt == before.tally.exempt + 1
        assert after.online.rate.denominator == before.online.rate.denominator - 1
        assert after.online.rate.numerator == before.online.rate.numerator


async def test_a_duty_officer_drills_down_and_acknowledges(site: Site):
    fresh(site)
    await site.account("duty", Grant(Role.OPERATOR))
    async with browser() as chromium, watched(chromium, site.base, locale="zh-CN") as seen:
        await seen.open()
        await log_in(seen, "zh", "duty")
        await seen.page.wait_for_selector("#nav .count:has-text('2')")
        assert await seen.page.get_attribute("html", "data-siren") == "1", "audible until acknowledged"
        await seen.page.click(f"main a[href*='region={INSIDE}'] >> nth=0")
        await seen.page.wait_for_selector("main .crumbs strong:has-text('寿光市')")
        await seen.page.click("main a:has-text('寿光市 汇聚交换机')")
        await seen.page.wait_for_selector("main h2:has-text('汇聚交换机')")
        await seen.go("#/alerts")
        for left in ("1", None):
            await seen.page.click("main button:has-text('确认') >> nth=0")
            await seen.page.fill("dialog input[name=note]", "已派单")
            await seen.page.click("dialog button.main")
            await seen.page.wait_for_selector("dialog", state="detached")
            if left:
                await seen.page.wait_for_selector(f"#nav .count:has-text('{left}')")
        await seen.page.wait_for_selector("#nav .count", state="detached")
        assert await seen.page.get_attribute("html", "data-siren") == ""
        assert "duty" in await seen.text()
        await seen.go("#/handover")
        await seen.page.fill("#handover-note", "夜里 <b>割接</b>")
        await seen.page.click("text=留言给下一班")
        await seen.page.wait_for_selector("td:has-text('夜里 <b>割接</b>')")
        assert seen.complaints == []
    entries = await site.access.audit.entries(action="alert.acknowledge")
    assert {(each.who, each.target) for each in entries} == {("duty", f"A{r}") for r in (INSIDE, OUTSIDE)}


async def test_a_refused_login_says_so_and_a_page_without_a_guest_asks_for_one(site: Site):
    async with browser() as chromium, watched(chromium, site.base, locale="en-GB") as seen:
        await seen.open()
        assert "Please log in" in await seen.text()
        await seen.page.fill("dialog input[name=name]", "nobody")
        await seen.page.fill("dialog input[name=password]", "wrong password")
        await seen.page.click("dialog button.main")
        await seen.page.wait_for_selector("dialog .error:has-text('wrong name, password or code')")
        assert not [each for each in seen.complaints if "401" not in each]


async def test_an_administrator_sees_the_backups_and_makes_one(site: Site):
    fresh(site)
    await site.account("root", Grant(Role.ADMINISTRATOR))
    async with browser() as chromium, watched(chromium, site.base, locale="zh-CN") as seen:
        await seen.open("/#/system")
        await log_in(seen, "zh", "root")
        await seen.go("#/system")
        await seen.page.wait_for_selector("text=还没有备份")
        await seen.page.click("button:has-text('立即备份')")
        await seen.page.wait_for_selector("td:has-text('.db')")
        assert await seen.serious() == []
        assert seen.complaints == []
    assert len(site.service._page._parts.tools.backups()) == 1


async def test_stale_figures_are_loud_and_fresh_ones_are_not(tmp_path: Path, sqlite_template: Path):
    async with running_site(tmp_path, sqlite_template, settings=GUESTS) as site, browser() as chromium:
        site.service.polling.last_look_at = time.time() - 5_000
        async with watched(chromium, site.base, locale="zh-CN") as seen:
            await seen.open()
            assert re.search("数据过时 · 截至 .* (83|84) 分钟前", await seen.text("header"))
            assert "不代表当前" in await seen.text("#banner")
            fresh(site)
            await seen.open("/?again")
            assert "过时" not in await seen.text("header")
            assert await seen.text("#banner") == ""


async def test_nothing_a_sheet_brings_becomes_markup(tmp_path: Path, sqlite_template: Path):
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    async with running_site(tmp_path, sqlite_template, settings=GUESTS) as site, browser() as chromium:
        fresh(site)
        from dataclasses import replace

        from monitor.adapters.db.inventory import SqlInventory
        from monitor.ports import InventoryBatch

        inventory = SqlInventory(site.service._inventory._database)
        device = site.device_in(INSIDE)
        found = await inventory.device(device.id)
        assert found is not None
        named = replace(found[1], name=evil, vendor=evil, place=evil)
        await inventory.record(InventoryBatch(records=[named]))
        async with watched(chromium, site.base) as seen:
            seen.page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
            await seen.open(f"/#/devices?q={device.id}")
            assert evil in await seen.text()
            await seen.go(f"#/device?id={device.id}")
            assert evil in await seen.text()
            await seen.go("#/devices?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
            assert seen.complaints == []


async def test_the_policy_and_the_files(site: Site):
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        async with session.get(site.base + "/", headers={"Accept-Encoding": "gzip"}) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-cache"
            size = len(await answer.read())
        async with session.get(site.base + "/", headers={"Accept-Encoding": "identity"}) as answer:
            index = (await answer.read()).decode()
        [version] = set(re.findall(r"/assets/([0-9a-f]{12})/", index))
        for path in sorted(FOLDER.rglob("*")):
            if path.is_file() and path.name != "index.html":
                name = path.relative_to(FOLDER).as_posix()
                address = f"{site.base}/assets/{version}/{name}"
                async with session.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
                    if path.suffix == ".txt" or not re.fullmatch(r"[a-z0-9_./-]+", name):
                        continue
                    assert answer.status == 200, name
                    assert "immutable" in answer.headers["Cache-Control"]
                    size += len(await answer.read())
        assert size <= 350_000
        for path in ("/assets/0/app.js", f"/assets/{version}/../page.py", f"/assets/{version}/%2e%2e/page.py", "/etc"):
            async with session.get(site.base + path) as answer:
                assert answer.status == 404, path
        async with session.get(site.base + "/", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421


def test_no_file_of_the_page_builds_markup_or_runs_text():
    for path in FOLDER.rglob("*.js"):
        if path.name != "charts.js":
            text = path.read_text(encoding="utf-8")
            for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
                assert word not in text, f"{path.name}: {word}"
            assert "http://" not in text.replace("http://www.w3.org/", "")
