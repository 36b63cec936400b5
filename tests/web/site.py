"""A small real city behind a real server: the service's page and API without its looks, and callers of every role."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry

from monitor.adapters.db.alerts import SqlAlertStore
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.objections import SqlObjections
from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.files.regions import read_regions
from monitor.adapters.web.server import serving
from monitor.app.access import Access, access_of
from monitor.app.service import Service
from monitor.app.wiring import config_folder
from monitor.demo.city import build_city
from monitor.domain.account import Grant, Right, Role
from monitor.domain.alert import Alert, Severity, Subject
from monitor.domain.device import Device
from monitor.domain.facts import Axis
from monitor.domain.incident import Incident, IncidentKind
from monitor.domain.objecting import Objection
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState
from monitor.domain.work_order import WorkOrder
from monitor.ports import AlertBatch, Batch
from monitor.services.account_desk import Doer
from monitor.settings import read_settings

DEVICES = 320
INSIDE, OUTSIDE = "370783", "370784"
PASSWORD = "correct horse battery"  # noqa: S105 - of a test
API = "/api/v1"
BY = Doer("test", "cli")
_keys = itertools.count()


@dataclass
class Site:
    """A running site."""

    base: str
    service: Service
    access: Access
    devices: list[Device]
    folder: Path
    database: Database
    tokens: dict[str, str] = field(default_factory=dict)

    def device_in(self, region: str, *, number: int = 0) -> Device:
        tree = self.service.city.tree
        return [each for each in self.devices if each.region and region in tree.lineage(each.region)][number]

    async def account(self, name: str, *grants: Grant, password: str = PASSWORD) -> None:
        await self.access.desk.add(name, password, grants, by=BY)

    async def token_of(self, name: str, *grants: Grant, rights: tuple[Right, ...] = ()) -> str:
        """Give a token of an account, made at the first call."""
        if name not in self.tokens:
            if all(each.name != name for each in await self.access.desk.accounts()):
                await self.account(name, *grants)
            _, secret = await self.access.desk.add_token(name, label="test", days=1, rights=rights, by=BY)
            self.tokens[name] = secret
        return self.tokens[name]


class Client:
    """Somebody who calls the API, with a token, a cookie, or nothing."""

    def __init__(self, site: Site, token: str | None = None) -> None:
        self.site = site
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, Any]:
        """Give the status and the decoded answer; a change gets a key of its own."""
        sent = {**self.headers, **(headers or {})}
        if method != "GET":
            sent.setdefault("Idempotency-Key", f"k{next(_keys)}")
        if body is not None:
            more["json"] = body
        async with self.session.request(method, self.site.base + API + path, headers=sent, **more) as answer:
            raw = await answer.read()
            is_json = "json" in answer.content_type and answer.content_type != "application/x-ndjson"
            return answer.status, (await answer.json(content_type=None) if raw and is_json else raw)

    async def get(self, path: str) -> Any:
        status, answer = await self.call("GET", path)
        assert status == 200, answer
        return answer

    async def log_in(self, name: str, password: str = PASSWORD, **more: Any) -> Any:
        status, answer = await self.call("POST", "/session", {"name": name, "password": password, **more})
        assert status == 200, answer
        self.headers["X-CSRF-Token"] = answer["csrf"]
        return answer


@asynccontextmanager
async def running_site(folder: Path, template: Path, *, settings: str = "", url: str = "") -> AsyncIterator[Site]:
    """Run a site of its own: a simulated city of which each tenth device is offline and each twentieth unknown."""
    (folder / "vidnet.toml").write_text(f'[collector]\nown_clock = "trusted"\n{settings}')
    if not url:
        shutil.copy(template, folder / "vidnet.db")
        url = f"sqlite+aiosqlite:///{folder / 'vidnet.db'}"
    database = Database(url)
    read = read_settings(folder / "vidnet.toml")
    regions = read_regions(config_folder() / "weifang-regions.csv")
    at = 1_700_000_000
    inventory = SqlInventory(database)
    if not await inventory.regions():
        built = build_city(devices=DEVICES, seed=7, port=1, regions=regions, at=at)
        await inventory.record(built.inventory())
    devices = await inventory.devices()
    now = int(time.time())
    await SqlStateStore(database).apply(Batch(states=[_state(each.id, n, at=now) for n, each in enumerate(devices)]))
    await SqlAlertStore(database).save(_alerts(at=now))
    by_region = {each.region: each.id for each in devices if each.region}
    await SqlObjections(database).record(
        [
            Objection(
                f"O{region}",
                "2026-W47",
                next(device for code, device in by_region.items() if code.startswith(region)),
                Axis.CONNECTIVITY,
                now - 900,
                now - 600,
                "online",
                "it was",
                "no. 1",
                "somebody",
            )
            for region in (INSIDE, OUTSIDE)
        ]
    )
    service = await Service.load(read, database, folder=folder)
    service._own_time.judge()
    access = access_of(database, read, folder=folder, tree=lambda: service.city.tree)
    try:
        async with serving(
            CollectorRegistry(), str, host="127.0.0.1", port=0, problems=list, mounts=service._page.mounts()
        ) as port:
            yield Site(f"http://127.0.0.1:{port}", service, access, devices, folder, database)
    finally:
        for poller in service._pollers.values():
            await poller.close()
        await database.close()


def _state(device_id: str, number: int, *, at: int) -> DeviceState:
    connectivity = (
        Connectivity.OFFLINE if number % 10 == 0 else Connectivity.UNKNOWN if number % 20 == 5 else Connectivity.ONLINE
    )
    online = connectivity is Connectivity.ONLINE
    return DeviceState(
        device_id=device_id,
        connectivity=connectivity,
        connectivity_since=at - 3_600 - number,
        connectivity_cause=Cause.ANSWERED if online else Cause.SILENT,
        condition=Condition.INTACT if online else Condition.UNKNOWN,
        condition_since=at - 3_600,
        condition_cause=Cause.NO_FAULT if online else Cause.EVIDENCE_OLD,
        last_evidence_at=at,
        interval_s=300,
        answered_at=at if online else None,
        last_online_until=None if online else at - 3_600,
        clock_offset=(310 if number % 7 == 0 else 4) if online else None,
    )


def _alerts(*, at: int) -> AlertBatch:
    """Give an alert about an incident, and its work order, in each of the two counties."""
    alerts, incidents, orders = [], [], []
    for region, name in ((INSIDE, "寿光市"), (OUTSIDE, "安丘市")):
        subject = Subject(f"I{region}", name, region, region=region, county=region)
        alerts.append(
            Alert(
                "incident",
                subject,
                Severity.CRITICAL,
                at - 900,
                id=f"A{region}",
                raised_at=at - 600,
                value=Fraction(12),
            )
        )
        shared = {"name": f"{name} 汇聚交换机", "county": region, "devices": 12, "down": 12, "peak": 12}
        kind = IncidentKind.PARENT
        incidents.append(Incident(f"I{region}", kind, "switch", began_at=at - 900, opened_at=at - 700, **shared))
        order = WorkOrder(
            f"W-I{region}", "power", f"I{region}", name, region, at - 600, county=region, maintainer="甲公司"
        )
        orders.append(order)
    return AlertBatch(alerts=alerts, incidents=incidents, orders=orders)


ROLES = {
    **{role.value: (Grant(role, INSIDE, "甲公司" if role is Role.CONTRACTOR else ""),) for role in Role},
    "auditor of all": (Grant(Role.AUDITOR),),
    "administrator of all": (Grant(Role.ADMINISTRATOR),),
    "approver of all": (Grant(Role.APPROVER),),
}
