"""`vidnet probe`: one look at one device, with every fact of it and the judgement."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from collectors.base import Look, Poller, PollResult
from collectors.registry import make_poller
from monitor.adapters import own_clock
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.states import SqlStateStore
from monitor.app.intake import Logins
from monitor.app.wiring import database_of, vault_of
from monitor.domain.device import Endpoint
from monitor.domain.observation import Observation
from monitor.domain.policy import Policy
from monitor.domain.state import DeviceState, initial_state
from monitor.services.observe import observe
from monitor.settings import Settings


class UnknownDeviceError(Exception):
    """There is no such device, or nothing to look at; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Probed:
    """One look.

    Attributes:
        endpoint: what was looked at.
        result: what the wire said.
        observation: how it is judged.
        own_clock_trusted: whether our clock could judge the device's.
    """

    endpoint: Endpoint
    result: PollResult
    observation: Observation
    own_clock_trusted: bool


async def probe_address(address: str, *, timeout_s: float, policy: Policy, trust_clock: bool) -> Probed:
    """Look once at an ONVIF address that need not be in any inventory."""
    state = initial_state(address, created_at=int(time.time()))
    trusted = trust_clock or own_clock.is_synchronised()
    poller = make_poller("onvif", wall_clock=time.time)
    endpoint = Endpoint("onvif", address)
    return await _probe(poller, endpoint, state, timeout_s=timeout_s, policy=policy, trusted=trusted)


async def probe_device(device_id: str, *, settings: Settings, folder: Path) -> Probed:
    """Look once at a device of the inventory, judged with what is known of it; nothing is stored.

    Raises:
        UnknownDeviceError: the inventory has no such device, or it has no address.
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        found = await SqlInventory(database).device(device_id)
        if found is None:
            raise UnknownDeviceError(f"清单中没有设备 {device_id} / the inventory has no device {device_id}")
        device, _ = found
        if device.endpoint is None:
            raise UnknownDeviceError(
                f"设备 {device_id} 没有可探测的地址 / device {device_id} has no address to look at"
            )
        states = {state.device_id: state for state in await SqlStateStore(database).load_states()}
    finally:
        await database.close()
    state = states.get(device_id) or initial_state(device_id, created_at=device.lifecycle.created_at)
    collector = settings.collector
    trusted = own_clock.is_synchronised() if collector.own_clock == "check" else collector.own_clock == "trusted"
    poller = make_poller(
        device.endpoint.protocol,
        wall_clock=time.time,
        identity=settings.viid.id,
        secret=Logins(vault_of(settings, folder=folder)).secret,
    )
    return await _probe(
        poller, device.endpoint, state, timeout_s=collector.timeout_s, policy=settings.policy(), trusted=trusted
    )


async def _probe(
    poller: Poller, endpoint: Endpoint, state: DeviceState, *, timeout_s: float, policy: Policy, trusted: bool
) -> Probed:
    at = int(time.time())
    try:
        (result, *_) = await poller.poll(endpoint, Look(timeout_s=timeout_s))
    finally:
        await poller.close()
    observation = observe(state, result, at=at, interval_s=policy.interval_s, policy=policy, own_clock_trusted=trusted)
    return Probed(endpoint, result, observation, trusted)
