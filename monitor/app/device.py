"""`vidnet device`: everything that is known of one device, read from the database; and an operator's word on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.db.alert_queries import SqlAlertQueries
from monitor.adapters.db.deep_looks import SqlDeepStore, SqlOrders
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.pictures import SqlPictureStore
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.app.probe import UnknownDeviceError
from monitor.app.wiring import database_of
from monitor.domain.deep import DeepSummary, Known
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.facts import Correction, Exemption, ExemptionScope, StateChange
from monitor.domain.login import LoginRecord
from monitor.domain.picture_look import PictureMemory
from monitor.domain.region import Region, RegionTree
from monitor.domain.state import DeviceState, initial_state
from monitor.domain.work_order import WorkOrder
from monitor.ports import Order
from monitor.settings import Settings


@dataclass(frozen=True, slots=True)
class DeviceStory:
    """One device.

    Attributes:
        regions: its region and all above it, nearest first; empty where it has none.
        state: how it stands, as committed.
        changes: its state changes, oldest first.
        corrections: what was learnt or decided later.
        looks: its last deep looks, newest first.
        known: what it said of itself, and who it is known as.
        login: what is remembered of logging in to it; None before the first time.
        exemptions: those of it, its point, its regions and the paths it is reached through, that count.
        pictures: its last picture look in numbers, and how well its view is known.
        orders: work orders that name it, the newest first.
    """

    device: Device
    record: DeviceRecord
    regions: Sequence[Region]
    state: DeviceState
    changes: Sequence[StateChange]
    corrections: Sequence[Correction]
    looks: Sequence[DeepSummary]
    known: Known
    login: LoginRecord | None
    exemptions: Sequence[Exemption]
    pictures: PictureMemory
    orders: Sequence[WorkOrder]


async def read_device(device_id: str, *, settings: Settings, folder: Path) -> DeviceStory:
    """Read everything that is known of a device.

    Raises:
        UnknownDeviceError: the inventory has no such device.
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        inventory, queries, deep = SqlInventory(database), SqlQueries(database), SqlDeepStore(database)
        found = await inventory.device(device_id)
        if found is None:
            raise UnknownDeviceError(_unknown(device_id))
        device, record = found
        tree = RegionTree(await inventory.regions())
        lineage = tree.lineage(device.region) if device.region in tree and device.region else ()
        state = await SqlStateStore(database).state(device_id)
        return DeviceStory(
            device=device,
            record=record,
            regions=[tree[code] for code in lineage],
            state=state or initial_state(device_id, created_at=device.lifecycle.created_at),
            changes=await queries.changes(device_id=device_id),
            corrections=await queries.corrections(device_id=device_id),
            looks=await deep.looks(device_id),
            known=await deep.known(device_id),
            login=await deep.login(device_id),
            exemptions=[each for each in await inventory.exemptions() if _is_about(each, device, set(lineage))],
            pictures=await SqlPictureStore(database).memory(device_id),
            orders=[each for each in await SqlAlertQueries(database).orders() if device_id in each.devices],
        )
    finally:
        await database.close()


class UnknownGroupError(Exception):
    """No device was ever logged in to with a credential group of this name."""


async def confirm_identity(device_id: str, *, author: str, at: int, settings: Settings, folder: Path) -> bool:
    """Take who a device last said to be as who it is, and have it looked at now; say whether it had said anything.

    Raises:
        UnknownDeviceError: the inventory has no such device.
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        if await SqlInventory(database).device(device_id) is None:
            raise UnknownDeviceError(_unknown(device_id))
        return await take_identity(database, device_id, author=author, at=at)
    finally:
        await database.close()


async def take_identity(database: Database, device_id: str, *, author: str, at: int) -> bool:
    """Do so on an open database."""
    orders = SqlOrders(database)
    if not await orders.confirm(device_id):
        return False
    await orders.give(Order("look", device_id, "", author, at))
    return True


async def unlock_logins(*, device_id: str, group: str, author: str, at: int, settings: Settings, folder: Path) -> None:
    """Let a device, or all of a group, be logged in to again; a running service follows within seconds.

    Raises:
        UnknownDeviceError: the inventory has no such device.
        UnknownGroupError: nothing was ever logged in to with the group.
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        if device_id and await SqlInventory(database).device(device_id) is None:
            raise UnknownDeviceError(_unknown(device_id))
        orders = SqlOrders(database)
        if group and not await orders.knows_group(group):
            raise UnknownGroupError(
                f"没有设备用凭据组 {group} 登录过 · no device was ever logged in to with group {group}"
            )
        await orders.give(Order("login", device_id, group, author, at))
    finally:
        await database.close()


def _unknown(device_id: str) -> str:
    return f"清单中没有设备 {device_id} / the inventory has no device {device_id}"


def _is_about(exemption: Exemption, device: Device, regions: set[str]) -> bool:
    about = {
        ExemptionScope.DEVICE: {device.id},
        ExemptionScope.POINT: {device.point} if device.point else set(),
        ExemptionScope.REGION: regions,
        ExemptionScope.PATH: {parent.device_id for parent in device.parents},
    }
    return exemption.scope_id in about[exemption.scope]
