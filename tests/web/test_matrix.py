"""The authorisation matrix: every route of the API × every role × inside and outside its region.

`Y` is let in (whatever comes of it), `n` is forbidden, `l` is told to log in; the first letter of a pair is inside the
caller's region, the second outside.
"""

from __future__ import annotations

import time

import pytest

from monitor.adapters.web.api import ROUTES
from tests.web.site import INSIDE, OUTSIDE, ROLES, Client, Site

COLUMNS = (
    *("viewer", "reporter", "contractor", "operator", "approver", "auditor", "administrator"),
    *("auditor of all", "administrator of all", "approver of all", "nobody"),
)

_READ = "Yn Yn nn Yn Yn Yn Yn YY YY YY ll"
_PROPOSE = "nn Yn nn Yn nn nn nn nn nn nn ll"
_DECIDE = "nn nn nn nn Yn nn nn nn nn YY ll"
_ANYWHERE = "YY YY nn YY YY YY YY YY YY YY ll"
_OPERATE = "nn nn nn Yn nn nn nn nn nn nn ll"
_ALL = "YY YY YY YY YY YY YY YY YY YY YY"
_OWN = "YY YY YY YY YY YY YY YY YY YY ll"
_ADMINISTER = "nn nn nn nn nn nn nn nn YY nn ll"
_AUDIT = "nn nn nn nn nn nn nn YY nn nn ll"
_CITY_DECIDES = "nn nn nn nn nn nn nn nn nn YY ll"
_SEES_ALL = "nn nn nn nn nn nn nn YY YY YY ll"
_WORK = "nn nn Yn Yn nn nn nn nn nn nn ll"
_NOBODY_HERE = "nn nn nn nn nn nn nn nn nn nn ll"  # it takes an operator of the whole city, who is in no column
_LOGIN_ONLY = "nn nn nn nn nn nn nn nn nn nn ll"

MATRIX = {
    "GET /overview": _READ,
    "GET /rates": _READ,
    "GET /regions": _READ,
    "GET /trend": _READ,
    "GET /explain": _READ,
    "GET /plan": _READ,
    "GET /targets": _ANYWHERE,
    "POST /targets": _CITY_DECIDES,
    "GET /devices": _READ,
    "GET /devices.csv": _READ,
    "GET /devices.xlsx": _READ,
    "GET /devices/{id}": _READ,
    "POST /devices/{id}/look": _OPERATE,
    "POST /devices/{id}/identity": _OPERATE,
    "DELETE /devices/{id}/baseline": _OPERATE,
    "GET /points": _READ,
    "GET /coverage": _READ,
    "GET /inventory/diff": _READ,
    "GET /inventory/check": _READ,
    "GET /inventory/export": _READ,
    "GET /checkpoints": _READ,
    "GET /exemptions": _READ,
    "POST /exemptions": _PROPOSE,
    "POST /exemptions/{id}/approve": _DECIDE,
    "POST /exemptions/{id}/refuse": _DECIDE,
    "POST /exemptions/{id}/end": _PROPOSE,
    "GET /requests": _READ,
    "POST /requests": _PROPOSE,
    "POST /requests/{id}/approve": _DECIDE,
    "POST /requests/{id}/refuse": _DECIDE,
    "POST /requests/{id}/withdraw": _PROPOSE,
    "GET /corrections": _READ,
    "POST /exemptions/import": _PROPOSE,
    "GET /alerts": _READ,
    "GET /alerts/{id}": _READ,
    "POST /alerts/{id}/acknowledge": _OPERATE,
    "GET /incidents": _READ,
    "GET /incidents/{id}": _READ,
    "POST /incidents/{id}/party": _OPERATE,
    "GET /silences": _READ,
    "POST /silences": _OPERATE,
    "POST /silences/{id}/end": _OPERATE,
    "GET /orders": _WORK,
    "POST /orders": _OPERATE,
    "POST /orders/{id}/report": _WORK,
    "GET /orders.csv": _WORK,
    "POST /orders/import": _WORK,
    "GET /orders/times": _WORK,
    "GET /handover": _READ,
    "POST /handover": _OPERATE,
    "GET /reports": _ANYWHERE,
    "POST /reports": _OPERATE,
    "GET /reports/{folder}/diff": _ANYWHERE,
    "GET /reports/{folder}/{revision}/verify": _ANYWHERE,
    "GET /reports/{folder}/{revision}/files/{name}": _ANYWHERE,
    "POST /reports/{period}/final": _CITY_DECIDES,
    "GET /objections": _ANYWHERE,
    "POST /objections": _PROPOSE,
    "POST /objections/{id}/decide": _DECIDE,
    "POST /imports": _PROPOSE,
    "POST /imports/{id}/confirm": "nn YY nn YY nn nn nn nn nn nn ll",
    "GET /imports/{id}/rejected": "nn YY nn YY nn nn nn nn nn nn ll",
    "POST /session": _ALL,
    "GET /session": _ALL,
    "DELETE /session": _ALL,
    "POST /session/password": _LOGIN_ONLY,
    "GET /accounts": _ADMINISTER,
    "POST /accounts": _ADMINISTER,
    "PATCH /accounts/{name}": _ADMINISTER,
    "POST /accounts/{name}/totp": _ADMINISTER,
    "GET /tokens": _OWN,
    "POST /tokens": _LOGIN_ONLY,
    "POST /tokens/{id}/revoke": _OWN,
    "GET /audit": _AUDIT,
    "GET /audit/verify": _AUDIT,
    "GET /audit.jsonl": _AUDIT,
    "GET /credentials": _ADMINISTER,
    "POST /credentials/unlock": _OPERATE,
    "POST /credentials/rotate-key": _ADMINISTER,
    "PUT /credentials/{group}": _ADMINISTER,
    "DELETE /credentials/{group}": _ADMINISTER,
    "GET /system": _ANYWHERE,
    "GET /collectors": _ANYWHERE,
    "GET /intake": _SEES_ALL,
    "POST /mqtt/check": _ADMINISTER,
    "GET /backups": _ADMINISTER,
    "POST /backups": _ADMINISTER,
    "GET /receivers": _NOBODY_HERE,
    "POST /receivers/{name}/test": _NOBODY_HERE,
    "GET /grafana.zip": _ANYWHERE,
    "GET /openapi.json": _ALL,
}

_REGIONAL = ("/overview", "/regions", "/trend", "/devices", "/devices.csv", "/devices.xlsx", "/points", "/coverage")
_REGIONAL += ("/exemptions", "/rates", "/explain", "/plan", "/inventory/diff", "/inventory/check", "/inventory/export")
_REGIONAL += ("/checkpoints", "/corrections", "/orders.csv", "/orders/times")
_REGIONAL += ("/requests", "/alerts", "/incidents", "/silences", "/orders", "/handover")
_NOTE = {"note": "because"}
_SHEETS = {
    "/targets": lambda site, region: b"not TOML [",
    "/exemptions/import": lambda site, region: (
        f"scope,id,from,to,reason\nregion,{region},2026-01-02,2026-01-03,power\n".encode()
    ),
    "/orders/import": lambda site, region: f"id,result\nW-I{region},mended\n".encode(),
}
"""Routes that take a file, with one about a region."""


def test_the_matrix_names_every_route_once():
    assert list(MATRIX) == [f"{route.method} {route.path}" for route in ROUTES]


async def test_every_route_lets_in_whom_it_should_and_nobody_else(site: Site):
    ids = await _decisions(site)
    # Who may ask is what is looked at here; the answers, a process each, have tests of their own.
    site.service._page._parts.tools._questions._busy = True
    wrong = []
    for column, name in enumerate(COLUMNS):
        token = None if name == "nobody" else await site.token_of(name.replace(" ", "-"), *ROLES[name])
        async with Client(site, token) as client:
            for route, cells in MATRIX.items():
                for region, expected in zip((INSIDE, OUTSIDE), cells.split()[column], strict=True):
                    method, path = route.split(" ")
                    status = await _call(client, method, path, site, region, ids)
                    got = {401: "l", 403: "n"}.get(status, "Y")
                    if status >= 500 or (got != expected and not (path == "/session" and status == 401)):
                        wrong.append(f"{name}: {route} {region}: {status}, not {expected}")
    assert wrong == [], "\n".join(wrong)


async def _call(client: Client, method: str, path: str, site: Site, region: str, ids: dict[str, str]) -> int:
    device = site.device_in(region).id
    group = path.split("/")[1]
    named = {"devices": device, "exemptions": ids[f"E{region}"], "requests": ids[f"R{region}"], "tokens": "T0"}
    named |= {"alerts": f"A{region}", "incidents": f"I{region}", "silences": ids[f"S{region}"]}
    named |= {"orders": f"W-I{region}"}
    named |= {"objections": f"O{region}", "imports": "nothing"}
    path_ = path.replace("{folder}", "2026-W47").replace("{revision}", "1").replace("{period}", "nonsense")
    filled = path_.replace("{id}", named.get(group, "")).replace("{name}", "nobody").replace("{group}", "nobody")
    if path == "/reports/{folder}/diff":
        return (await client.call("GET", filled + "?earlier=1&later=2"))[0]
    if path == "/imports":
        raw = {"data": b"", "headers": {"Content-Type": "application/octet-stream"}}
        return (await client.call("POST", f"/imports?kind=devices&region={region}", **raw))[0]
    if method == "POST" and path in _SHEETS:
        raw = {"data": _SHEETS[path](site, region), "headers": {"Content-Type": "application/octet-stream"}}
        return (await client.call("POST", path, **raw))[0]
    if method == "GET":
        regional = path in _REGIONAL
        query = ("?below=" if path == "/regions" else "?region=") + region if regional else ""
        if path == "/inventory/diff":
            query += f"&from={int(time.time()) - 3_600}"
        return (await client.call("GET", filled + query))[0]
    now = int(time.time())
    bodies = {
        "/exemptions": {
            "scope": "device",
            "scope_id": device,
            "start": now + 60,
            "end": now + 600,
            "reason": "repair",
        },
        "/exemptions/{id}/end": {},
        "/requests": {"kind": "retire", "entity_id": device, "reason": "gone"},
        "/session": {"name": "nobody", "password": "wrong password"},
        "/session/password": {"old": "wrong password", "new": "another good secret"},
        "/accounts": {"name": "a b", "password": "x", "grants": []},
        "/accounts/{name}": {"disabled": True},
        "/accounts/{name}/totp": {"on": False},
        "/credentials/unlock": {"device": device},
        "/credentials/rotate-key": None,
        "/credentials/{group}": {"user": "u", "password": "p"},
        "/mqtt/check": None,
        "/backups": None,
        "/receivers/{name}/test": None,
        "/alerts/{id}/acknowledge": {},
        "/incidents/{id}/party": {"party": "carrier"},
        "/silences": {"end": now + 600, "reason": "work", "region": region},
        "/silences/{id}/end": None,
        "/orders": {"subject": f"I{region}"},
        "/orders/{id}/report": {"taken_on": True},
        "/handover": {"note": "all is quiet", "region": region},
        "/reports": {"period": "nonsense", "region": region},
        "/reports/{period}/final": {},
        "/objections": {
            "period": "2026-W47",
            "device": device,
            "axis": "connectivity",
            "start": 1,
            "end": 2,
            "claimed": "online",
            "reason": "it was",
        },
        "/objections/{id}/decide": {"accept": False},
        "/imports/{id}/confirm": None,
        "/tokens": {"label": "x"},
        "/tokens/{id}/revoke": None,
        "/devices/{id}/look": None,
        "/devices/{id}/identity": None,
    }
    body = None if method == "DELETE" else bodies.get(path, _NOTE)
    return (await client.call(method, filled, body))[0]


async def _decisions(site: Site) -> dict[str, str]:
    """Propose an exemption and a request in both regions, as somebody who is in no column."""
    ids = {}
    now = int(time.time())
    from monitor.domain.account import Grant, Role

    async with Client(site, await site.token_of("proposer", Grant(Role.REPORTER))) as client:
        for region in (INSIDE, OUTSIDE):
            body = {
                "scope": "region",
                "scope_id": region,
                "start": now + 60,
                "end": now + 6_000,
                "reason": "power",
            }
            status, answer = await client.call("POST", "/exemptions", body)
            assert status == 200, answer
            ids[f"E{region}"] = answer["exemptions"][0]["id"]
            retire = {"kind": "retire", "entity_id": site.device_in(region, number=1).id, "reason": "gone"}
            status, answer = await client.call("POST", "/requests", retire)
            assert status == 200, answer
            ids[f"R{region}"] = answer["requests"][0]["id"]
    async with Client(site, await site.token_of("silencer", Grant(Role.OPERATOR))) as client:
        for region in (INSIDE, OUTSIDE):
            body = {"end": now + 9_000, "reason": "work", "region": region}
            ids[f"S{region}"] = (await client.call("POST", "/silences", body))[1]["id"]
    return ids


@pytest.mark.parametrize("region", [OUTSIDE, "370700", "370783999", "nowhere"])
async def test_lists_and_sheets_hold_nothing_from_outside(site: Site, region: str):
    async with Client(site, await site.token_of("reporter", *ROLES["reporter"])) as client:
        assert (await client.call("GET", f"/devices?region={region}"))[0] == 403
        overview = await client.get("/overview")
        assert (overview["whole"]["region"]["code"], overview["mine"]) == (INSIDE, [INSIDE])
        assert [each["code"] for each in overview["lineage"]] == [INSIDE]
        devices = (await client.get("/devices?limit=500"))["devices"]
        assert devices
        assert {each["region"][:6] for each in devices} == {INSIDE}
        outside = site.device_in(OUTSIDE).id
        assert (await client.get(f"/devices?q={outside}"))["total"] == 0
        sheet = (await client.call("GET", "/devices.csv"))[1].decode()
        assert sheet.count("\r\n") == len(devices) + 1
        assert outside not in sheet
        assert {each["region"][:6] for each in (await client.get("/points?limit=500"))["points"]} == {INSIDE}
        assert all(each["code"].startswith(INSIDE) for each in (await client.get("/regions"))["regions"])
        assert all(each["region"][:6] == INSIDE for each in (await client.get("/exemptions"))["exemptions"])
        assert all(each["region"]["code"].startswith(INSIDE) for each in (await client.get("/coverage"))["rows"])
