"""The API as programs use it: figures, paging, ETag, Idempotency-Key, decisions, tokens, and what it refuses."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import aiohttp
import pytest

from monitor.adapters.db.deep_looks import SqlDeepStore
from monitor.adapters.db.pictures import SqlPictureStore
from monitor.adapters.metrics.web import REASONS
from monitor.adapters.web.dispatch import BODY_WITHIN_S
from monitor.domain.account import Grant, Right, Role
from monitor.domain.baseline import Baseline, LightClass
from monitor.domain.deep import Identity, Said
from monitor.domain.login import LoginRecord
from monitor.domain.picture_look import PictureLook
from monitor.ports import DeepBatch
from tests.web.site import API, INSIDE, PASSWORD, ROLES, Client, Site, running_site

NOW = int(time.time())


async def test_the_overview_agrees_with_the_live_counts_and_prints_as_the_domain_does(site: Site):
    async with Client(site, await site.token_of("viewer", Grant(Role.VIEWER))) as client:
        answer = await client.get("/overview")
        expected = site.service.overview()
        whole = answer["whole"]
        assert whole["online"]["numerator"] == expected.whole.online.rate.numerator
        assert whole["online"]["denominator"] == expected.whole.online.rate.denominator
        assert whole["online"]["verdict"] == expected.whole.online.assessment.verdict
        assert whole["online"]["short"] == expected.whole.online.short > 0
        assert whole["online"]["target"]["text"] == "95.00%"
        assert whole["measured"]["numerator"] == expected.whole.tally.assessed
        assert whole["judged"]["numerator"] == expected.whole.intact.rate.denominator
        assert whole["intact_low"]["value"] <= whole["intact"]["value"] <= whole["intact_high"]["value"]
        clocks = [whole["clock"], *(each["clock"] for each in answer["parts"] if each["clock"]["denominator"])]
        assert (clocks[0]["numerator"], clocks[0]["denominator"]) == (
            expected.whole.clock.rate.numerator,
            expected.whole.clock.rate.denominator,
        )
        assert 0 < clocks[0]["numerator"] < clocks[0]["denominator"] == sum(each["denominator"] for each in clocks[1:])
        assert [each["region"]["code"] for each in answer["parts"]] == [r.region.code for r in expected.parts]
        assert sum(each["counts"]["online"] for each in answer["parts"]) == whole["counts"]["online"]
        ranks = {each["region"]["code"]: each["rank"] for each in answer["parts"]}
        best = max(answer["parts"], key=lambda each: each["online"]["value"] if each["rank"] else -1)
        assert ranks[best["region"]["code"]] == 1
        assert answer["freshness"]["as_of"] is None
        county = await client.get(f"/overview?region={INSIDE}")
        assert [each["code"] for each in county["lineage"]] == ["370700", INSIDE]
        assert all(each["region"]["parent"] == INSIDE for each in county["parts"])


@pytest.mark.parametrize("sort", ["id", "since", "region", "state"])
@pytest.mark.parametrize("order", ["up", "down"])
async def test_pages_hold_every_device_once_in_order(site: Site, sort: str, order: str):
    async with Client(site, await site.token_of("viewer", Grant(Role.VIEWER))) as client:
        seen: list[dict[str, object]] = []
        cursor = ""
        while True:
            page = await client.get(f"/devices?limit=90&sort={sort}&order={order}{cursor}")
            seen += page["devices"]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert page["total"] == len(seen) == len({each["id"] for each in seen}) == len(site.devices)
        if sort in ("id", "since"):
            keys = [each[sort] for each in seen]
            descending = order == "down" and sort != "id"
            assert keys == sorted(keys, reverse=descending)


async def test_filters_find_what_they_say(site: Site):
    async with Client(site, await site.token_of("viewer", Grant(Role.VIEWER))) as client:
        every = (await client.get("/devices?limit=500"))["devices"]
        assert len(every) == len(site.devices)
        for name, value in (
            ("connectivity", "offline"),
            ("connectivity", "unknown"),
            ("condition", "intact"),
            ("point_class", "first"),
            ("kind", "checkpoint"),
        ):
            found = (await client.get(f"/devices?limit=500&{name}={value}"))["devices"]
            assert {each["id"] for each in found} == {each["id"] for each in every if each[name] == value}
            assert found
        one = every[7]
        assert [each["id"] for each in (await client.get(f"/devices?q={one['id']}"))["devices"]] == [one["id"]]
        assert one["id"] in {
            each["id"] for each in (await client.get(f"/devices?limit=500&q={one['name'][:6]}"))["devices"]
        }
        assert (await client.get("/devices?q=%25"))["total"] == 0
        assert (await client.get("/devices?fault=clock_off"))["total"] == 0
        points = await client.get("/points?limit=500&coverage=not_networked&point_class=first")
        coverage = await client.get("/coverage")
        first = next(each for each in coverage["rows"] if each["point_class"] == "first")
        assert points["total"] == first["networked"]["denominator"] - first["networked"]["numerator"]
        after = await client.get("/points?limit=3")
        more = await client.get(f"/points?limit=3&cursor={after['next']}")
        assert after["points"][-1]["id"] < more["points"][0]["id"]


async def test_a_device_tells_what_its_looks_left_but_no_secret(site: Site):
    device = site.device_in(INSIDE, number=1)
    database = site.database
    said = Said(NOW, "鸢安", "IPC", serial="SN-2", services=("media",))
    login = LoginRecord("all", 3, 2, "all", 2)
    await SqlDeepStore(database).keep(
        DeepBatch(said=[(device.id, Identity("SN-1"), said)], logins=[(device.id, login)])
    )
    look = PictureLook(device.id, NOW, "picture", light=LightClass.DAY, faults=("picture_blur",), scores={"mean": 51.0})
    await SqlPictureStore(database).keep(look, LightClass.DAY, Baseline(bytes(768)))
    async with Client(site, await site.token_of("viewer", Grant(Role.VIEWER))) as client:
        page = await client.get(f"/devices/{device.id}")
    assert (page["said"]["serial"], page["said"]["known_serial"], page["said"]["services"]) == (
        "SN-2",
        "SN-1",
        ["media"],
    )
    assert (page["login"]["group"], page["login"]["version"], page["login"]["held"]) == ("all", 3, True)
    assert (page["picture"]["faults"], page["picture"]["scores"]) == (["picture_blur"], {"mean": 51.0})
    assert page["baselines"] == [{"light": "day", "looks": 1, "ready": False}]
    assert (page["clock_offset_s"], page["clock_limit_s"]) == (0.4, 10)
    assert page["requires"] == ["health", "deep"]


async def test_an_operator_takes_a_new_identity_as_known_and_has_a_view_learned_anew(site: Site):
    device = site.device_in(INSIDE, number=1)
    said = Said(NOW, "鸢安", "IPC", serial="SN-2", services=("media",))
    look = PictureLook(device.id, NOW, "picture", light=LightClass.DAY)
    await SqlPictureStore(site.database).keep(look, LightClass.DAY, Baseline(bytes(768)))
    async with Client(site, await site.token_of("operator", *ROLES["operator"])) as client:
        assert (await client.call("POST", f"/devices/{device.id}/identity"))[0] == 409  # it said nothing yet
        await SqlDeepStore(site.database).keep(DeepBatch(said=[(device.id, Identity("SN-1"), said)]))
        assert (await client.call("POST", f"/devices/{device.id}/identity"))[0] == 204
        status, answer = await client.call("DELETE", f"/devices/{device.id}/baseline")
        assert (status, answer) == (200, {"forgotten": 1})
        page = await client.get(f"/devices/{device.id}")
    assert page["said"]["known_serial"] == "SN-2"
    assert page["baselines"] == []
    told = [(each.action, each.outcome) for each in await site.access.audit.entries() if each.target == device.id]
    assert told == [("device.confirm", "not-allowed"), ("device.confirm", "done"), ("picture.reset", "done")]


async def test_a_device_tells_all_and_a_look_now_is_limited(site: Site):
    device = site.device_in(INSIDE)
    site.service.polling.schedule()
    async with Client(site, await site.token_of("operator", *ROLES["operator"])) as client:
        page = await client.get(f"/devices/{device.id}")
        assert page["device"]["id"] == device.id
        assert page["lineage"][-1]["code"] == device.region
        assert page["record"]["name"] == page["device"]["name"] != ""
        status, answer = await client.call("POST", f"/devices/{device.id}/look")
        assert (status, answer["device"]) == (202, device.id)
        status, answer = await client.call("POST", f"/devices/{device.id}/look")
        assert status == 429
        assert (await client.call("GET", "/devices/nothing"))[0] == 403
    entries = [each for each in await site.access.audit.entries() if each.action == "device.look"]
    assert [(each.who, each.target, each.outcome) for each in entries] == [("operator", device.id, "done")]


async def test_etags_and_compression(site: Site):
    token = await site.token_of("viewer", Grant(Role.VIEWER))
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers, auto_decompress=False) as session:
        url = site.base + API + "/regions"
        async with session.get(url, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            etag = answer.headers["ETag"]
            packed = len(await answer.read())
        async with session.get(url, headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304
            assert await answer.read() == b""
        async with session.get(url, headers={"Accept-Encoding": ""}) as answer:
            assert len(await answer.read()) > 3 * packed


async def test_a_change_sent_twice_is_made_once(site: Site):
    device = site.device_in(INSIDE).id
    body = {"scope": "device", "scope_id": device, "start": NOW + 60, "end": NOW + 600, "reason": "repair"}
    async with Client(site, await site.token_of("reporter", *ROLES["reporter"])) as client:
        key = {"Idempotency-Key": "once"}
        first = await client.call("POST", "/exemptions", body, headers=key)
        again = await client.call("POST", "/exemptions", body, headers=key)
        assert first == again
        assert first[0] == 200
        assert len((await client.get("/exemptions?state=submitted"))["exemptions"]) == 1
        assert (await client.call("POST", "/exemptions", {**body, "end": NOW + 700}, headers=key))[0] == 422
        both = await asyncio.gather(
            *(client.call("POST", "/exemptions", body, headers={"Idempotency-Key": "race"}) for _ in range(5))
        )
        assert {status for status, _ in both} <= {200, 409}
        assert len((await client.get("/exemptions?state=submitted"))["exemptions"]) == 2
        for bad in ("", "x" * 129):
            assert (await client.call("POST", "/exemptions", body, headers={"Idempotency-Key": bad}))[0] == 400


async def test_a_county_proposes_the_city_decides_and_nobody_both(site: Site):
    device = site.device_in(INSIDE).id
    body = {"scope": "device", "scope_id": device, "start": NOW - 60, "end": NOW + 6_000, "reason": "power"}
    async with (
        Client(site, await site.token_of("reporter", *ROLES["reporter"])) as county,
        Client(site, await site.token_of("both", Grant(Role.OPERATOR), Grant(Role.APPROVER))) as both,
        Client(site, await site.token_of("city", Grant(Role.APPROVER))) as city,
    ):
        _, answer = await county.call("POST", "/exemptions", body)
        [proposed] = answer["exemptions"]
        assert (proposed["state"], proposed["proposer"], proposed["mine"]) == ("submitted", "reporter", True)
        assert (await county.call("POST", f"/exemptions/{proposed['id']}/approve", {}))[0] == 403
        _, mine = await both.call("POST", "/exemptions", {**body, "start": NOW + 10})
        own = mine["exemptions"][0]
        status, refused = await both.call("POST", f"/exemptions/{own['id']}/approve", {})
        assert status == 409
        assert "both proposed it" in refused["errors"][0]
        assert (await city.call("POST", f"/exemptions/{own['id']}/refuse", {}))[0] == 422
        status, answer = await city.call("POST", f"/exemptions/{own['id']}/refuse", {"note": "no papers"})
        assert answer["exemptions"][0]["state"] == "refused"
        waiting = next(e for e in (await city.get("/exemptions?state=submitted"))["exemptions"])
        assert (waiting["id"], waiting["may_decide"]) == (proposed["id"], True)
        status, answer = await city.call("POST", f"/exemptions/{proposed['id']}/approve", {"note": "ok"})
        assert (answer["exemptions"][0]["state"], answer["exemptions"][0]["approver"]) == ("approved", "city")
        status, answer = await county.call("POST", f"/exemptions/{proposed['id']}/end", {})
        assert answer["exemptions"][0]["state"] == "ended"
        asked = {"kind": "retire", "entity_id": device, "reason": "demolished"}
        _, answer = await county.call("POST", "/requests", asked)
        request = answer["requests"][0]["id"]
        status, answer = await city.call("POST", f"/requests/{request}/approve", {})
        assert (status, answer["requests"][0]["state"]) == (200, "approved")
        moved = {
            "kind": "move",
            "entity_id": site.device_in(INSIDE, number=2).id,
            "reason": "moved",
            "changes": [{"field": "region", "new": "370784001"}],
        }
        assert (await county.call("POST", "/requests", moved))[0] == 403
    told = {each.action for each in await site.access.audit.entries() if each.outcome == "done"}
    assert told >= {"exemption.propose", "exemption.approve", "exemption.refuse", "exemption.end", "request.approve"}
    refused = [each for each in await site.access.audit.entries() if each.outcome == "not-allowed"]
    assert [each.who for each in refused] == ["both"]


async def test_logins_sessions_and_their_cookies(site: Site):
    await site.account("zhang", Grant(Role.OPERATOR, INSIDE))
    async with Client(site) as browser:
        async with browser.session.post(
            site.base + API + "/session", json={"name": "zhang", "password": PASSWORD}
        ) as answer:
            cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
            csrf = (await answer.json())["csrf"]
        device = site.device_in(INSIDE).id
        look = f"/devices/{device}/look"
        assert (await browser.call("POST", look))[0] == 403
        assert (await browser.call("POST", look, headers={"X-CSRF-Token": "wrong"}))[0] == 403
        good = {"X-CSRF-Token": csrf}
        assert (await browser.call("POST", look, headers={**good, "Origin": "http://evil.example"}))[0] == 403
        assert (await browser.call("POST", look, headers={**good, "Sec-Fetch-Site": "cross-site"}))[0] == 403
        assert (await browser.call("POST", look, headers={**good, "Origin": site.base}))[0] == 202
        before = {each.value for each in browser.session.cookie_jar}
        await browser.log_in("zhang")
        assert {each.value for each in browser.session.cookie_jar}.isdisjoint(before), "a login takes no old session"
        assert (await browser.call("GET", "/session", cookies={"vidnet_session": before.pop()}))[1]["name"] == ""
        who = await browser.get("/session")
        assert (who["name"], who["regions"]) == ("zhang", [INSIDE])
        token = await browser.call("POST", "/tokens", {"label": "mine", "rights": ["read"]})
        assert token[0] == 201
        async with Client(site, token[1]["token"]) as program:
            assert (await program.get("/devices?limit=1"))["total"] > 0
            assert (await program.call("POST", "/tokens", {"label": "x"}))[0] == 403
            assert (await program.call("POST", look))[0] == 403
            await browser.call("POST", f"/tokens/{token[1]['id']}/revoke")
            assert (await program.call("GET", "/devices"))[0] == 401
        assert (await browser.call("DELETE", "/session"))[0] == 204
        assert (await browser.get("/session"))["name"] == ""


async def test_administrators_keep_accounts_and_can_give_themselves_nothing(site: Site):
    await site.account("root", Grant(Role.ADMINISTRATOR))
    async with Client(site) as browser:
        await browser.log_in("root")
        new = {"name": "li", "password": "another good secret", "grants": [{"role": "viewer", "region": INSIDE}]}
        status, made = await browser.call("POST", "/accounts", new)
        assert (status, made["name"]) == (201, "li")
        assert (await browser.call("POST", "/accounts", new))[0] == 422
        mixed = {**new, "name": "wang", "grants": [{"role": "administrator"}, {"role": "approver"}]}
        assert (await browser.call("POST", "/accounts", mixed))[0] == 422
        assert (await browser.call("PATCH", "/accounts/root", {"grants": [{"role": "approver"}]}))[0] == 403
        status, changed = await browser.call("PATCH", "/accounts/li", {"disabled": True})
        assert changed["disabled"]
        assert [each["name"] for each in (await browser.get("/accounts"))["accounts"]] == ["li", "root"]
        assert (await browser.call("GET", "/audit"))[0] == 403
    async with Client(site, await site.token_of("auditor", Grant(Role.AUDITOR))) as auditor:
        page = await auditor.get("/audit?limit=2")
        older = await auditor.get(f"/audit?cursor={page['next']}")
        assert page["entries"][-1]["seq"] == older["entries"][0]["seq"] + 1
        lines = (await auditor.call("GET", "/audit.jsonl"))[1].decode().splitlines()
        assert len(lines) == page["entries"][0]["seq"]
        assert PASSWORD not in "".join(lines)


BAD = [
    ("GET", "/overview?unknown=1", None, 400),
    ("GET", "/overview?region=", None, 400),
    ("GET", "/overview?region=1&region=2", None, 400),
    ("GET", "/devices?limit=0", None, 400),
    ("GET", "/devices?limit=501", None, 400),
    ("GET", "/devices?limit=x", None, 400),
    ("GET", "/devices?sort=name", None, 400),
    ("GET", "/devices?cursor=%21%21", None, 400),
    ("GET", "/devices?cursor=WyJ4IiwxXQ", None, 400),
    ("GET", "/devices?q=%00", None, 400),
    ("GET", "/devices/%00", None, 400),
    ("GET", "/trend?days=1e3", None, 400),
    ("GET", "/devices?token=secret", None, 400),
    ("GET", "/etc/passwd", None, 404),
    ("GET", "/devices/..%2f..%2fetc%2fpasswd", None, 404),
    ("PUT", "/overview", None, 405),
    ("POST", "/exemptions", [], 422),
    ("POST", "/exemptions", {"scope": "device"}, 422),
    ("POST", "/exemptions", {"scope": "city", "scope_id": "1", "start": 1, "end": 2, "reason": "power"}, 422),
    ("POST", "/requests", {"kind": "retire", "entity_id": "1", "reason": "x" * 301}, 422),
    ("POST", "/requests", {"kind": "retire", "entity_id": "1", "reason": "x", "surprise": 1}, 422),
    ("POST", "/requests", {"kind": "retire", "entity_id": "a\u0000b", "reason": "x"}, 400),
    ("POST", "/requests", {"kind": "correction", "entity_id": "1", "reason": "x"}, 422),
    ("POST", "/exemptions", {"scope": "x" * 300_000}, 413),
]


async def test_bad_input_is_refused_as_a_problem(site: Site):
    async with Client(site, await site.token_of("all", Grant(Role.OPERATOR), Grant(Role.APPROVER))) as client:
        for method, path, body, status in BAD:
            got, answer = await client.call(method, path, body)
            assert got == status, (path, answer)
            assert answer["status"] == status
            assert answer["type"].startswith("urn:vidnet:")
            assert answer["title"]


async def test_odd_requests_are_refused(site: Site):
    token = await site.token_of("reporter", *ROLES["reporter"])
    async with Client(site, token) as client:
        raw = {"data": b"{}", "headers": {"Content-Type": "text/plain"}}
        assert (await client.call("POST", "/exemptions", **raw))[0] == 415
        raw = {"data": b"{", "headers": {"Content-Type": "application/json"}}
        assert (await client.call("POST", "/exemptions", **raw))[0] == 400
        raw = {"data": b'{"scope":"\\ud800"}', "headers": {"Content-Type": "application/json"}}
        assert (await client.call("POST", "/exemptions", **raw))[0] == 400
        for authorization in ("Bearer wrong", "Basic dTpw", "Bearer " + "x" * 500, "Bearer"):
            assert (await client.call("GET", "/overview", headers={"Authorization": authorization}))[0] == 401
        for host in ("evil.example", "127.0.0.1.evil.example", "a b", "[", "127.0.0.1@evil.example", ""):
            assert (await client.call("GET", "/session", headers={"Host": host}))[0] in (400, 421), host
        for host in ("localhost:1", "127.0.0.1", "[::1]:9"):
            assert (await client.call("GET", "/session", headers={"Host": host}))[0] == 200, host


async def test_refusals_are_counted(site: Site):
    async with Client(site, await site.token_of("viewer", Grant(Role.VIEWER))) as client:
        await client.call("GET", "/overview?unknown=1")
        await client.call("GET", "/session", headers={"Host": "evil.example"})
        await client.call("GET", "/audit")
        await client.call("GET", "/no/such/route")
        await client.call("GET", "/reports/..%2F..%2Fetc/files/passwd")
        counted = {"invalid": 1, "host": 1, "forbidden": 1, "http": 2}
        assert (await client.get("/system"))["refused"] == counted
    assert site.service._page.refused() == counted


def test_every_reason_for_a_refusal_is_a_series_from_the_start():
    source = "".join(path.read_text(encoding="utf-8") for path in Path("monitor/adapters/web").glob("*.py"))
    kinds = set(re.findall(r'Problem\(\s*(?:\d{3}|status|error\.status), "([a-z-]+)"', source))

    assert kinds == set(REASONS)


async def test_a_body_that_never_ends_is_a_slow_clients(site: Site, monkeypatch: pytest.MonkeyPatch):
    assert BODY_WITHIN_S <= 30
    monkeypatch.setattr("monitor.adapters.web.dispatch.BODY_WITHIN_S", 0.2)
    token = await site.token_of("reporter", *ROLES["reporter"])
    host, _, port = site.base.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {API}/exemptions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{".encode()
    )
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()


async def test_a_thousand_logins_a_second_are_refused_counted_and_hold_nobody_up(site: Site):
    token = await site.token_of("viewer", Grant(Role.VIEWER))
    async with Client(site) as attacker, Client(site, token) as officer:
        flood = [
            asyncio.create_task(attacker.call("POST", "/session", {"name": f"u{n}", "password": "wrong password"}))
            for n in range(1_000)
        ]
        began = time.monotonic()
        assert (await officer.call("GET", "/overview"))[0] == 200
        waited = time.monotonic() - began
        statuses = [status for status, _ in await asyncio.gather(*flood)]
        assert set(statuses) <= {401, 429}
        assert statuses.count(429) > 900
        system = await officer.get("/system")
        assert system["throttled_logins"] == statuses.count(429)
        assert system["refused_logins"] == statuses.count(401)
        assert waited < 5


@pytest.mark.parametrize("rights", [(Right.READ,), ()])
async def test_a_limited_token_does_less_than_its_account(site: Site, rights: tuple[Right, ...]):
    token = await site.token_of("operator", *ROLES["operator"], rights=rights)
    async with Client(site, token) as client:
        status, _ = await client.call("POST", f"/devices/{site.device_in(INSIDE).id}/look")
        assert (status == 403) == bool(rights)


async def test_guests_look_and_change_nothing(tmp_path: Path, sqlite_template: Path):
    async with (
        running_site(tmp_path, sqlite_template, settings="[accounts]\nguest = true\n") as site,
        Client(site) as guest,
    ):
        assert (await guest.get("/session"))["name"] == "guest"
        assert (await guest.get("/overview"))["whole"]["counts"]["online"] > 200
        for path in (f"/devices/{site.device_in(INSIDE).id}/look", "/exemptions", "/tokens", "/session/password"):
            assert (await guest.call("POST", path, {}))[0] in (400, 401), path
        assert (await guest.call("GET", "/audit"))[0] == 401


async def test_the_document_names_every_route_and_type(site: Site):
    from monitor.adapters.web.api import PREFIX, ROUTES

    async with Client(site) as client:
        document = await client.get("/openapi.json")
    assert {(path, method) for path, methods in document["paths"].items() for method in methods} == {
        (PREFIX + route.path, route.method.lower()) for route in ROUTES
    }
    names = set(document["components"]["schemas"])
    refs = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert refs <= names
