"""The truth of the records, put together: checked, and written back as a sheet."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters.db.deep_looks import SqlDeepStore
from monitor.adapters.db.intake import SqlIntakeStore
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.files.profiles import ProfileError, read_profile
from monitor.adapters.files.tables import table_file
from monitor.app.importing import profile_folders
from monitor.app.rates import UnknownRegionError
from monitor.app.wiring import database_of, load_city
from monitor.domain.archive import Requirements
from monitor.domain.profile import SheetKind
from monitor.domain.region import RegionTree
from monitor.services.exporting import DeviceExport
from monitor.services.record_check import Checked, RecordCheck
from monitor.settings import Settings


async def check_records(settings: Settings, *, folder: Path, region: str | None, at: int) -> Checked:
    """Check the records of a region, None for the city.

    Raises:
        UnknownRegionError: the inventory has no such region, or none at all.
        StoreError: the database cannot be used.
        TargetsFileError: the targets file holds mistakes.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        city = await load_city(database, settings, folder=folder)
        _refuse_unknown(city.tree, region)
        ids = {device.id for device in city.devices}
        strangers = [each.id for each in await SqlIntakeStore(database).strangers() if each.id not in ids]
        records = {record.device_id: record for record in await SqlInventory(database).records()}
        said = dict(await SqlDeepStore(database).said())
    finally:
        await database.close()
    wanted = settings.archive
    requirements = Requirements(tuple(wanted.first), tuple(wanted.second), tuple(wanted.other))
    check = RecordCheck(city.tree, requirements=requirements, targets=city.targets, at=at)
    return check.check(city.devices, records, said=said, strangers=strangers, region=region)


async def export_devices(settings: Settings, *, folder: Path, file: Path, profile: str, region: str | None) -> int:
    """Write the devices of a region (None: the city) as a profile's sheet, and give how many there are.

    Raises:
        UnknownRegionError: the inventory has no such region, or none at all.
        ProfileError: there is no such profile for devices.
        TableFileError: the file cannot be written.
        StoreError: the database cannot be used.
    """
    chosen = read_profile(profile, folders=profile_folders(folder))
    if chosen.kind is not SheetKind.DEVICES:
        raise ProfileError(f"模板 {profile} 不用于设备 · the profile {profile} is not for devices")
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        inventory = SqlInventory(database)
        tree = RegionTree(await inventory.regions())
        _refuse_unknown(tree, region)
        devices = await inventory.devices()
        records = {record.device_id: record for record in await inventory.records()}
    finally:
        await database.close()
    export = DeviceExport(chosen, tree, zone=settings.zone())
    count = 0
    with table_file(file) as write:
        write(export.headings)
        for row in export.rows(devices, records, region=region):
            write(row)
            count += 1
    return count


def _refuse_unknown(tree: RegionTree, region: str | None) -> None:
    if not len(tree):
        raise UnknownRegionError("清单为空，请先 vidnet import · the inventory is empty: import it first")
    if region is not None and region not in tree:
        raise UnknownRegionError(f"清单中没有区划 {region} / the inventory has no region {region}")
