"""The inventory that the settings name, imported at the first start."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.app.importing import fill_if_empty
from monitor.domain.device import Endpoint
from monitor.services.importing.sheet import SheetError
from monitor.settings import CitySettings, Settings
from tests.sheets import row, write_xlsx

REGIONS = "code,name\n370700,潍坊市\n370702,潍城区\n"
DEVICES = "id,kind,class,region,protocol,address,name\nC-1,camera,first,370702,onvif,http://192.0.2.1/,月河路口\n"
AT = 1_790_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "regions.csv").write_text(REGIONS, encoding="utf-8")
    (tmp_path / "devices.csv").write_text(DEVICES, encoding="utf-8")
    return tmp_path


async def fill(folder: Path, url: str, *, devices: str) -> None:
    database = Database(url)
    try:
        settings = Settings(city=CitySettings(regions="regions.csv", devices=devices))
        await fill_if_empty(database, settings, folder=folder, at=AT)
    finally:
        await database.close()


async def stored(url: str) -> tuple[list[str], list[tuple[str, Endpoint | None]]]:
    database = Database(url)
    try:
        inventory = SqlInventory(database)
        regions = [region.code for region in await inventory.regions()]
        return regions, [(device.id, device.endpoint) for device in await inventory.devices()]
    finally:
        await database.close()


async def test_what_the_settings_name_is_imported_once(folder: Path, sqlite_url: str) -> None:
    await fill(folder, sqlite_url, devices="devices.csv")
    first = await stored(sqlite_url)
    assert first == (["370700", "370702"], [("C-1", Endpoint("onvif", "http://192.0.2.1/"))])
    (folder / "devices.csv").write_text(DEVICES.replace("C-1", "C-2"), encoding="utf-8")
    await fill(folder, sqlite_url, devices="devices.csv")
    assert await stored(sqlite_url) == first


async def test_the_archives_own_sheet_will_do(folder: Path, sqlite_url: str) -> None:
    write_xlsx(folder / "archive.xlsx", [row(1)])
    await fill(folder, sqlite_url, devices="archive.xlsx")
    assert [device_id for device_id, _ in (await stored(sqlite_url))[1]] == ["37070200001321000001"]


async def test_a_wrong_row_keeps_all_devices_out_until_it_is_mended(folder: Path, sqlite_url: str) -> None:
    (folder / "devices.csv").write_text(DEVICES + "C-2,cam,first,370702,snmp,x,\n", encoding="utf-8")
    with pytest.raises(SheetError) as caught:
        await fill(folder, sqlite_url, devices="devices.csv")
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == [f"{folder / 'devices.csv'}:3:"] * 2
    assert await stored(sqlite_url) == (["370700", "370702"], [])
    (folder / "devices.csv").write_text(DEVICES, encoding="utf-8")
    await fill(folder, sqlite_url, devices="devices.csv")
    assert len((await stored(sqlite_url))[1]) == 1
