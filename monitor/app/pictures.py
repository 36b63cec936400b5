"""`vidnet picture`: one picture judged, with every number that it was judged by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from collectors.deep import DeepRequest, Secret, Session
from collectors.picture.look import PictureRequest, PictureResult
from collectors.picture.taker import PictureTaker
from collectors.registry import make_deep_poller
from monitor.adapters.db.deep_looks import SqlDeepStore
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.pictures import SqlPictureStore
from monitor.app.probe import UnknownDeviceError
from monitor.app.wiring import database_of, vault_of
from monitor.domain.credential import choose_group
from monitor.domain.device import Device, Endpoint
from monitor.domain.login import LoginRecord
from monitor.domain.picture import Limits, PictureFault, PictureVerdict
from monitor.domain.picture_look import PictureMemory
from monitor.domain.region import RegionTree
from monitor.services.picture_looking import judged
from monitor.settings import Settings

_NOTHING = PictureMemory(None, {})


@dataclass(frozen=True, slots=True)
class Explained:
    """One picture look, judged.

    Attributes:
        name: the file or the device.
        result: what was measured, or why nothing was.
        verdict: what it shows; None where there is no picture to judge.
        memory: what is remembered of the device's pictures; empty for a file.
    """

    name: str
    result: PictureResult
    verdict: PictureVerdict | None
    memory: PictureMemory = _NOTHING

    @property
    def faults(self) -> tuple[PictureFault, ...]:
        """What is wrong with the picture."""
        return () if self.verdict is None else self.verdict.faults


async def explain_file(path: Path) -> Explained:
    """Judge a picture in a file; nothing of it is kept.

    Raises:
        OSError: the file cannot be read.
    """
    data = path.read_bytes()  # noqa: ASYNC240 - nothing else runs
    taker = PictureTaker(workers=1)
    try:
        result = await taker.judge_still(data)
    finally:
        await taker.close()
    return Explained(path.name, result, judged(result, _NOTHING, Limits())[1])


async def explain_device(device_id: str, *, settings: Settings, folder: Path) -> Explained:
    """Look once at a device's picture, judged by its baseline; nothing is stored.

    Where no deep look has said yet where its picture is had, the device is asked first.

    Raises:
        UnknownDeviceError: the inventory has no such device, or it has no address.
        StoreError: the database cannot be used.
        CredentialsError: the credentials cannot be read.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        device, endpoint = await _device(database, device_id)
        deep_store = SqlDeepStore(database)
        known = await deep_store.known(device_id)
        record = await deep_store.login(device_id) or LoginRecord()
        memory = await SqlPictureStore(database).memory(device_id)
        tree = RegionTree(await SqlInventory(database).regions())
    finally:
        await database.close()
    secret = _secret(device, endpoint, settings, folder=folder, vendor=known.vendor, tree=tree, record=record)
    snapshot = known.said.snapshot_uri if known.said is not None else ""
    stream = known.said.stream_uri if known.said is not None else ""
    if not (snapshot or stream):
        snapshot, stream = await _ask(endpoint, settings, secret)
    picture = settings.picture
    taker = PictureTaker(workers=1)
    try:
        result = await taker.look(
            PictureRequest(
                endpoint.address,
                snapshot,
                stream,
                secret,
                picture.timeout_s,
                picture.total_s,
                settings.deep.other_hosts,
            )
        )
    finally:
        await taker.close()
    return Explained(device_id, result, judged(result, memory, Limits())[1], memory)


async def reset_baseline(device_id: str, *, settings: Settings, folder: Path) -> int:
    """Forget what a device's view usually is, because it was changed on purpose; give for how many lights it was known.

    Raises:
        UnknownDeviceError: the inventory has no such device.
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        if await SqlInventory(database).device(device_id) is None:
            raise UnknownDeviceError(f"清单中没有设备 {device_id} / the inventory has no device {device_id}")
        return await SqlPictureStore(database).reset(device_id)
    finally:
        await database.close()


async def _device(database: Database, device_id: str) -> tuple[Device, Endpoint]:
    found = await SqlInventory(database).device(device_id)
    if found is None:
        raise UnknownDeviceError(f"清单中没有设备 {device_id} / the inventory has no device {device_id}")
    device, _ = found
    if device.endpoint is None:
        raise UnknownDeviceError(f"设备 {device_id} 没有可探测的地址 / device {device_id} has no address to look at")
    return device, device.endpoint


def _secret(
    device: Device,
    endpoint: Endpoint,
    settings: Settings,
    *,
    folder: Path,
    vendor: str,
    tree: RegionTree,
    record: LoginRecord,
) -> Secret | None:
    """Give what the device is logged in to with; None where there is nothing, or it refused that often enough."""
    vault = vault_of(settings, folder=folder)
    lineage = tuple(tree.lineage(device.region)) if device.region and device.region in tree else ()
    group = choose_group(vault.groups(), device.id, named=endpoint.credential, vendor=vendor, lineage=lineage)
    if group is None or not record.may_try(group.name, group.version):
        return None
    return vault.secrets().get(group.name)


async def _ask(endpoint: Endpoint, settings: Settings, secret: Secret | None) -> tuple[str, str]:
    """Ask a device where its picture and its stream are had."""
    poller = make_deep_poller(endpoint.protocol, wall_clock=time.time)
    if poller is None:
        return "", ""
    deep = settings.deep
    try:
        request = DeepRequest(Session(), secret, deep.timeout_s, deep.total_s, deep.other_hosts)
        said = await poller.look(endpoint, request)
    finally:
        await poller.close()
    return said.snapshot_uri, said.stream_uri
