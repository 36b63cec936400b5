"""What the API does beside lists and figures: long questions, targets, credentials, backups, sheets, second factors."""

from __future__ import annotations

import io
import json
import sqlite3
import time
import zipfile
from contextlib import closing

from monitor.domain.account import Grant, Role
from tests.web.site import INSIDE, OUTSIDE, PASSWORD, ROLES, Client, Site

RAW = {"Content-Type": "application/octet-stream"}
TARGETS = """
[[target]]
indicator = "online"
value = "0.90"
effective_from = "2026-01-01"
source = "a test"
"""


async def test_long_questions_are_answered_for_the_callers_region_only(site: Site):
    device = site.device_in(INSIDE)
    async with Client(site, await site.token_of("reporter", *ROLES["reporter"])) as county:
        now = int(time.time())
        ledger = await county.get(f"/inventory/diff?from={now - 86_400}")
        assert ledger["regions"][0]["region"] == INSIDE
        assert (await county.call("GET", f"/inventory/diff?from={now + 60}"))[0] == 422
        checked = await county.get("/inventory/check?limit=3")
        assert (checked["region"], len(checked["findings"])) == (INSIDE, min(3, checked["total"]))
        status, sheet = await county.call("GET", "/inventory/export")
        assert (status, sheet[:2]) == (200, b"PK")
        status, sheet = await county.call("GET", "/inventory/export?format=csv")
        text = sheet.decode("utf-8-sig")
        assert device.id in text
        assert site.device_in(OUTSIDE).id not in text
        week = time.strftime("%G-W%V", time.gmtime(now + 8 * 3_600))
        explained = await county.get(f"/explain?week={week}")
        assert explained["region"] == INSIDE
        assert explained["assessed_s"] >= explained["online_s"]
        assert "intact" in explained
        one = await county.get(f"/explain?week={week}&device={device.id}&indicator=online")
        assert [each["device_id"] for each in one["devices"]] in ([], [device.id])
        assert (await county.call("GET", f"/explain?device={site.device_in(OUTSIDE).id}"))[0] == 403
        assert (await county.call("GET", "/explain?week=nonsense"))[0] == 422
        plan = await county.get("/plan?within=1")
        assert (plan["region"], plan["week"]) == (INSIDE, week)
        assert "checkpoints" in await county.get("/checkpoints")


async def test_rates_are_cut_by_class_and_kind(site: Site):
    async with Client(site, await site.token_of("viewer", Grant(Role.VIEWER))) as client:
        by_class = await client.get("/rates?by=class")
        assert (
            sum(each["figures"]["counts"]["online"] for each in by_class["parts"])
            == (by_class["whole"]["counts"]["online"])
        )
        assert {each["kind"] for each in (await client.get("/rates?by=kind"))["parts"]} >= {"camera", "checkpoint"}


async def test_targets_are_replaced_by_the_city_whole_or_not_at_all(site: Site):
    async with Client(site, await site.token_of("approver-of-all", Grant(Role.APPROVER))) as city:
        before = await city.get("/targets")
        assert before["imported"] is None
        status, refused = await city.call("POST", "/targets?name=bad.toml", data=b"[[target]]\nvalue=1", headers=RAW)
        assert status == 422
        assert refused["errors"][0].startswith("bad.toml")
        assert await city.get("/targets") == before
        status, after = await city.call("POST", "/targets", data=TARGETS.encode(), headers=RAW)
        assert status == 200, after
        assert [(each["indicator"], each["value"]) for each in after["targets"]] == [("online", "0.9")]
        assert after["imported"]["author"] == "approver-of-all"
    [entry] = await site.access.audit.entries(action="targets.import", limit=1) or [None]
    assert entry is not None


async def test_credentials_are_written_and_never_read(site: Site):
    secret = "Tr0ub4dor-of-a-camera"  # noqa: S105 - of a test
    async with Client(site, await site.token_of("root", Grant(Role.ADMINISTRATOR))) as root:
        body = {"user": "monitor-user", "password": secret, "vendor": "海康"}
        key = {"Idempotency-Key": "g1"}
        status, made = await root.call("PUT", "/credentials/hikvision", body, headers=key)
        assert (status, made["version"], made["vendor"]) == (200, 1, "海康")
        assert (await root.call("PUT", "/credentials/hikvision", body, headers=key))[0] == 200
        assert (await root.call("PUT", "/credentials/hikvision", {**body, "password": "x"}, headers=key))[0] == 422
        assert (await root.call("PUT", "/credentials/hikvision", {**body, "region": "nowhere"}))[0] == 422
        assert (await root.call("POST", "/credentials/rotate-key"))[1] == {"groups": 1}
        listed = await root.get("/credentials")
        assert [each["group"] for each in listed["groups"]] == ["hikvision"]
        assert (await root.call("DELETE", "/credentials/hikvision"))[0] == 204
        assert (await root.call("DELETE", "/credentials/hikvision"))[0] == 404
    told = json.dumps([each.before + each.after for each in await site.access.audit.entries()])
    assert secret not in told
    assert "monitor-user" not in told + json.dumps(listed)
    with closing(sqlite3.connect(site.folder / "vidnet.db")) as connection:
        assert secret not in "\n".join(connection.iterdump())


async def test_backups_protocols_receivers_and_files(site: Site):
    async with Client(site, await site.token_of("root", Grant(Role.ADMINISTRATOR))) as root:
        status, made = await root.call("POST", "/backups")
        assert status == 201
        with closing(sqlite3.connect(site.folder / "backups" / made["file"])) as connection:
            assert connection.execute("SELECT count(*) FROM device").fetchone()[0] == len(site.devices)
        assert (await root.get("/backups"))["backups"] == [made]
        assert {each["protocol"] for each in (await root.get("/collectors"))["protocols"]} >= {"onvif", "mqtt"}
        assert await root.get("/intake") == {"unknown": [], "refused": []}
        status, packed = await root.call("GET", "/grafana.zip?page_url=http://10.0.0.9:9880")
        names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
        assert any(name.startswith("grafana/dashboards/zh/") for name in names)
        assert (await root.call("GET", "/grafana.zip?page_url=javascript:alert(1)"))[0] == 400
    async with Client(site, await site.token_of("duty", Grant(Role.OPERATOR))) as duty:
        assert (await duty.get("/receivers"))["receivers"] == []
        assert (await duty.call("POST", "/receivers/nobody/test"))[0] == 404


async def test_sheets_of_orders_and_exemptions_obey_the_region(site: Site):
    sheet = f"id,result\r\nW-I{INSIDE},换了电源\r\n"
    other = f"id,result\r\nW-I{OUTSIDE},换了电源\r\n"
    async with Client(site, await site.token_of("contractor", *ROLES["contractor"])) as contractor:
        text = (await contractor.call("GET", "/orders.csv"))[1].decode("utf-8-sig")
        assert f"W-I{INSIDE}" in text
        assert f"W-I{OUTSIDE}" not in text
        assert (await contractor.call("POST", "/orders/import", data=other.encode(), headers=RAW))[0] == 403
        status, done = await contractor.call("POST", "/orders/import", data=sheet.encode(), headers=RAW)
        assert (status, done["changed"]) == (200, [f"W-I{INSIDE}"])
        assert (await contractor.call("POST", "/orders/import", data=b"id\r\nW-none", headers=RAW))[0] in (200, 422)
        assert [each["name"] for each in (await contractor.get("/orders/times"))["times"]] == [INSIDE]
    row = "scope,id,from,to,reason\ndevice,{},2026-12-01,2026-12-02,power\n"
    async with Client(site, await site.token_of("reporter", *ROLES["reporter"])) as county:
        outside = row.format(site.device_in(OUTSIDE).id)
        assert (await county.call("POST", "/exemptions/import", data=outside.encode(), headers=RAW))[0] == 403
        status, bad = await county.call("POST", "/exemptions/import?name=a.csv", data=b"scope\nx\n", headers=RAW)
        assert status == 422
        assert bad["errors"]
        inside = row.format(site.device_in(INSIDE).id)
        status, made = await county.call("POST", "/exemptions/import", data=inside.encode(), headers=RAW)
        assert (status, [each["state"] for each in made["exemptions"]]) == (200, ["submitted"])
        assert (await county.get("/corrections")) == {"corrections": [], "next": None}


async def test_a_second_factor_by_an_administrator_and_the_audit_log_verified(site: Site):
    await site.account("zhang", Grant(Role.VIEWER))
    async with Client(site, await site.token_of("root", Grant(Role.ADMINISTRATOR))) as root:
        key = {"Idempotency-Key": "totp"}
        status, made = await root.call("POST", "/accounts/zhang/totp", {"on": True}, headers=key)
        assert status == 200
        assert made["uri"].startswith("otpauth://totp/")
        again = await root.call("POST", "/accounts/zhang/totp", {"on": True}, headers=key)
        assert b"otpauth" not in json.dumps(again[1] if isinstance(again[1], dict) else {}).encode(), "shown once"
    async with Client(site) as browser:
        status, answer = await browser.call("POST", "/session", {"name": "zhang", "password": PASSWORD})
        assert (status, answer["code_wanted"]) == (401, True)
    async with Client(site, await site.token_of("auditor-of-all", Grant(Role.AUDITOR))) as auditor:
        verified = await auditor.get("/audit/verify")
        assert verified["broken"] is None
        assert verified["good"] == len(await site.access.audit.entries())
