"""`vidnet probe --deep`: one deep look by hand, with the device's credential and the same care to lock nobody out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from collectors.deep import DeepRequest, DeepResult, Session
from collectors.registry import make_deep_poller
from monitor.adapters import own_clock
from monitor.adapters.db.deep_looks import SqlDeepStore
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.states import SqlStateStore
from monitor.app.probe import UnknownDeviceError
from monitor.app.wiring import database_of, vault_of
from monitor.domain.deep import Identity, Known
from monitor.domain.device import Endpoint
from monitor.domain.login import Login
from monitor.domain.observation import Observation
from monitor.domain.policy import Policy
from monitor.domain.region import RegionTree
from monitor.domain.state import DeviceState, initial_state
from monitor.services.deep_book import DeepBook
from monitor.services.logins import Logins, Noted, Ticket
from monitor.services.observe_deep import observe_deep
from monitor.settings import Settings


@dataclass(frozen=True, slots=True)
class DeepProbed:
    """One deep look: what the wire said, what became of the login, and how it is judged."""

    endpoint: Endpoint
    result: DeepResult
    login: Login
    group: str
    observation: Observation
    own_clock_trusted: bool


async def deep_probe_address(address: str, *, timeout_s: float, policy: Policy, trust_clock: bool) -> DeepProbed:
    """Look deeply, without a login, at an ONVIF address that need not be in any inventory."""
    endpoint = Endpoint("onvif", address)
    at = int(time.time())
    result = await _look(endpoint, DeepRequest(Session(), None, timeout_s, 10 * timeout_s))
    noted = Noted(Login(result.login), False)
    state = initial_state(address, created_at=at)
    trusted = trust_clock or own_clock.is_synchronised()
    return _judged(endpoint, state, result, Ticket(), noted, Known(), at=at, policy=policy, trusted=trusted)


async def deep_probe_device(device_id: str, *, settings: Settings, folder: Path) -> DeepProbed:
    """Look deeply at a device of the inventory with its credential; only what became of the login is stored.

    Raises:
        UnknownDeviceError: the inventory has no such device, or there is nothing to look at deeply.
        StoreError: the database cannot be used.
        CredentialsError: the vault cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        store, inventory = SqlDeepStore(database), SqlInventory(database)
        found = await inventory.device(device_id)
        if found is None:
            raise UnknownDeviceError(f"清单中没有设备 {device_id} / the inventory has no device {device_id}")
        device, _ = found
        if device.endpoint is None or make_deep_poller(device.endpoint.protocol, wall_clock=time.time) is None:
            raise UnknownDeviceError(f"设备 {device_id} 不支持深度巡检 / there is no deep look at device {device_id}")
        tree = RegionTree(await inventory.regions())
        known, record = await store.known(device_id), await store.login(device_id)
        book = DeepBook(store)
        logins = Logins(
            vault_of(settings, folder=folder),
            lineage=lambda region: tuple(tree.lineage(region)) if region in tree else (),
            on_change=book.login,
        )
        logins.load([(device_id, record)] if record is not None else [])
        ticket = logins.ticket(device, vendor=known.vendor)
        deep = settings.deep
        at = int(time.time())
        request = DeepRequest(Session(), ticket.secret, deep.timeout_s, deep.total_s, deep.other_hosts)
        result = await _look(device.endpoint, request)
        noted = logins.done(device_id, ticket, Login(result.login), refusals=result.refusals)
        await book.write()
        state = await SqlStateStore(database).state(device_id)
    finally:
        await database.close()
    state = state or initial_state(device_id, created_at=device.lifecycle.created_at)
    clock = settings.collector.own_clock
    trusted = own_clock.is_synchronised() if clock == "check" else clock == "trusted"
    return _judged(
        device.endpoint,
        state,
        result,
        ticket,
        noted,
        known,
        at=at,
        policy=settings.policy(),
        trusted=trusted,
        retention_days=deep.retention_days,
    )


async def _look(endpoint: Endpoint, request: DeepRequest) -> DeepResult:
    poller = make_deep_poller(endpoint.protocol, wall_clock=time.time)
    assert poller is not None  # noqa: S101 - the callers made sure
    try:
        return await poller.look(endpoint, request)
    finally:
        await poller.close()


def _judged(
    endpoint: Endpoint,
    state: DeviceState,
    result: DeepResult,
    ticket: Ticket,
    noted: Noted,
    known: Known,
    *,
    at: int,
    policy: Policy,
    trusted: bool,
    retention_days: int = 30,
) -> DeepProbed:
    heard = Identity(result.serial, result.macs)
    observation = observe_deep(
        state,
        result,
        at=at,
        interval_s=policy.interval_s,
        policy=policy,
        own_clock_trusted=trusted,
        login=noted.login,
        refuses=noted.refuses,
        replaced=heard.differs_from(known.identity) if heard.is_known and known.identity.is_known else None,
        retention_days=retention_days if known.retention_days is None else known.retention_days,
    )
    return DeepProbed(endpoint, result, noted.login, ticket.group, observation, trusted)
