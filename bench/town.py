"""A simulated city in a folder: its settings and its SQLite database, the way `vidnet demo` keeps one."""

from __future__ import annotations

import time
from pathlib import Path

from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.files.regions import read_regions
from monitor.app.wiring import config_folder, database_of, make_ready
from monitor.demo.city import build_city
from monitor.settings import Settings, read_settings

SEED = 7
SETTINGS_FILE = "vidnet.toml"
DATABASE_FILE = "vidnet.db"


def write_settings(folder: Path, *, web_port: int = 0, flush_s: int = 60, **collector: float) -> Settings:
    """Write the settings file of a folder; all at its default but for what is given, the rest of it `[collector]`."""
    pace = "\n".join(f"{key} = {value}" for key, value in collector.items())
    text = f"""[store]
url = "sqlite:///{DATABASE_FILE}"
flush_every_s = {flush_s}

[collector]
own_clock = "trusted"
{pace}

[deep]
# The bench's cameras tell the time and nothing else; what a deep look costs is a row of its own.
enabled = false

[web]
port = {web_port}

[log]
level = "warning"
"""
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return read_settings(folder / SETTINGS_FILE)


async def build(folder: Path, *, devices: int, port: int) -> None:
    """Put the inventory of a city whose cameras are at a port into the database of a folder."""
    settings = read_settings(folder / SETTINGS_FILE)
    database = database_of(settings, folder=folder)
    await make_ready(database)
    regions = read_regions(config_folder() / "weifang-regions.csv")
    city = build_city(devices=devices, seed=SEED, port=port, regions=regions, at=int(time.time()))
    await SqlInventory(database).record(city.inventory())
    await database.close()
