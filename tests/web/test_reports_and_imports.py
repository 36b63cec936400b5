"""Sheets from upload to confirmation, and reports from draft over objection to final, over the API."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.domain.account import Grant, Role
from monitor.domain.period import week_period
from monitor.domain.weeks import week_of
from tests.web.browser import browser, watched
from tests.web.site import INSIDE, OUTSIDE, Client, Site, running_site
from tests.web.test_page import fresh, log_in

HEAD = "id,name,kind,region,class,protocol,address\n"


def sheet(*rows: str) -> bytes:
    return (HEAD + "\n".join(rows) + "\n").encode()


def row(number: int, region: str = INSIDE + "001", kind: str = "camera") -> str:
    return f"{region[:6]}01001131{number:07d},new {number},{kind},{region},third,onvif,http://10.9.0.{number}/onvif/device_service"


async def upload(client: Client, content: bytes, query: str) -> tuple[int, dict]:
    headers = {"Content-Type": "application/octet-stream"}
    return await client.call("POST", f"/imports?kind=devices&name=new.csv&{query}", data=content, headers=headers)


async def test_a_sheet_with_errors_is_told_by_row_corrected_and_confirmed(site: Site) -> None:
    async with (
        Client(site, await site.token_of("county", Grant(Role.REPORTER, INSIDE))) as county,
        Client(site, await site.token_of("other", Grant(Role.REPORTER, OUTSIDE))) as other,
    ):
        status, found = await upload(county, sheet(row(1), row(2, kind="rocket"), row(3)), "")
        assert status == 200, found
        assert (found["rows"], found["accepted"], found["rejected"], found["added"]) == (3, 2, 1, 2)
        assert (found["recorded"], found["has_rejected_file"]) == (False, True)
        [problem] = [each for each in found["problems"] if each["severity"] == "error"]
        assert (problem["line"], problem["value"]) == (3, "rocket")
        status, rejected = await county.call("GET", f"/imports/{found['id']}/rejected")
        assert "rocket" in rejected.decode("utf-8-sig")
        assert (await other.call("POST", f"/imports/{found['id']}/confirm"))[0] == 404
        status, corrected = await upload(county, sheet(row(1), row(2), row(3)), "")
        assert (corrected["accepted"], corrected["rejected"]) == (3, 0)
        status, done = await county.call("POST", f"/imports/{corrected['id']}/confirm")
        assert (status, done["recorded"], done["added"]) == (200, True, 3)
        assert (await county.call("POST", f"/imports/{corrected['id']}/confirm"))[0] == 404
        assert await site.service.following.follow()
        assert (await county.get("/devices?q=new+2"))["total"] == 1

        status, outside = await upload(county, sheet(row(7, OUTSIDE + "001")), "")
        assert (outside["accepted"], outside["added"]) == (0, 0) if status == 200 else status == 422
        assert (await upload(county, sheet(row(7, OUTSIDE + "001")), f"region={OUTSIDE}"))[0] == 403
        status, refused = await upload(county, b"\x00\xff not a sheet", "")
        assert status == 422, refused
        assert refused["errors"]
        assert (await upload(county, b"", ""))[0] == 422
        for odd in ("kind=regions", "name=" + "x" * 200, "profile=../../x"):
            query = odd if odd.startswith("kind") else f"kind=devices&{odd}"
            raw = {"data": sheet(row(1)), "headers": {"Content-Type": "application/octet-stream"}}
            assert (await county.call("POST", f"/imports?{query}", **raw))[0] in (400, 403)
    told = [each for each in await site.access.audit.entries() if each.action.startswith("import.")]
    assert [each.outcome for each in told if each.action == "import.confirm"] == ["not-found", "done", "not-found"]
    assert "new 2" not in str(told)


async def test_objection_decision_and_final_report(tmp_path: Path, sqlite_template: Path) -> None:
    async with running_site(tmp_path, sqlite_template) as site, browser() as chromium:
        fresh(site)
        week = week_period(week_of(int(time.time()), ZoneInfo("Asia/Shanghai")).shifted(-1), ZoneInfo("Asia/Shanghai"))
        device = next(
            each.id for each in site.devices if each.kind == "camera" and (each.region or "").startswith(INSIDE)
        )
        for name, grant in {
            "duty": Grant(Role.OPERATOR),
            "county": Grant(Role.REPORTER, INSIDE),
            "city": Grant(Role.APPROVER),
        }.items():
            await site.account(name, grant)
        async with (
            Client(site, await site.token_of("duty")) as duty,
            Client(site, await site.token_of("county")) as county,
            Client(site, await site.token_of("city")) as city,
        ):
            status, made = await duty.call("POST", "/reports", {"period": week.name})
            assert (status, made) == (201, {"folder": week.name, "revision": 1})
            assert (await county.get("/reports"))["reports"] == [], "the city's report is not the county's"
            [draft] = (await city.get("/reports"))["reports"]
            assert (draft["status"], draft["period"]) == ("draft", week.name)
            assert (await city.get(f"/reports/{week.name}/1/verify"))["problems"] == []
            for name in draft["files"]:
                status, _ = await city.call("GET", f"/reports/{week.name}/1/files/{name}")
                assert status == 200, name
            for path in ("manifest.json", "..%2f..%2fvidnet.db", "%2e%2e", "summary.csv%00"):
                assert (await city.call("GET", f"/reports/{week.name}/1/files/{path}"))[0] in (400, 404), path
            for path in (
                "/reports/..%2f/1/verify",
                f"/reports/{week.name}/0x1/verify",
                f"/reports/{week.name}/9/verify",
            ):
                assert (await city.call("GET", path))[0] == 404, path
            objection = {
                "period": week.name,
                "device": device,
                "axis": "connectivity",
                "start": week.start + 3_600,
                "end": week.start + 7_200,
                "claimed": "online",
                "reason": "the recorder has it",
                "document": "no. 7",
            }
            status, made = await county.call("POST", "/objections", objection)
            assert status == 201, made
            async with watched(chromium, site.base, locale="zh-CN") as seen:
                await seen.open("/#/reports")
                await log_in(seen, "zh", "city")
                await seen.go("#/reports")
                await seen.page.click(f"tr:has-text('{made['id']}') button:has-text('采纳') >> nth=0")
                await seen.page.fill("dialog input[name=note]", "the recording proves it")
                await seen.page.click("dialog button.main")
                await seen.page.wait_for_selector("dialog", state="detached")
                await seen.page.wait_for_selector(f"tr:has-text('{made['id']}') .state.approved")
            for other in (each for each in (await city.get("/objections"))["objections"] if each["may_decide"]):
                refused = {"accept": False, "note": "no proof"}
                assert (await city.call("POST", f"/objections/{other['id']}/decide", refused))[0] == 200
            status, final = await city.call("POST", f"/reports/{week.name}/final", {"early": True})
            assert (status, final["revision"]) == (201, 2)
            newest = (await city.get("/reports"))["reports"][0]
            assert (newest["revision"], newest["status"]) == (2, "final")
            diff = await city.get(f"/reports/{week.name}/diff?earlier=1&later=2")
            assert isinstance(diff["rows"], list)
            assert (await city.call("GET", f"/reports/{week.name}/diff?earlier=1&later=9"))[0] == 404
            assert (await county.call("POST", "/objections", objection))[0] == 409


async def test_a_sheet_is_imported_on_the_page(tmp_path: Path, sqlite_template: Path) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    await asyncio.to_thread(bad.write_bytes, sheet(row(1), row(2, kind="rocket")))
    await asyncio.to_thread(good.write_bytes, sheet(row(1), row(2)))
    async with running_site(tmp_path, sqlite_template) as site, browser() as chromium:
        fresh(site)
        await site.account("county", Grant(Role.REPORTER, INSIDE))
        async with watched(chromium, site.base, locale="zh-CN") as seen:
            await seen.open("/#/import")
            await log_in(seen, "zh", "county")
            await seen.go("#/import")
            await seen.page.set_input_files("#sheet", bad)
            await seen.page.click("button:has-text('检查比对')")
            await seen.page.wait_for_selector("td:has-text('rocket')")
            assert "尚未保存" in await seen.text()
            await seen.page.set_input_files("#sheet", good)
            await seen.page.click("button:has-text('检查比对')")
            await seen.page.wait_for_selector("td:has-text('rocket')", state="detached")
            await seen.page.click("button:has-text('确认导入')")
            await seen.page.wait_for_selector("h2:has-text('已保存')")
            assert seen.complaints == []
