"""A week of changes in a city's database, written past the store: millions of rows through it would take an hour."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from bench.town import DATABASE_FILE, SETTINGS_FILE, build
from monitor.adapters.db.codes import CAUSES, STATES
from monitor.adapters.db.inventory import SqlInventory
from monitor.app.wiring import database_of, make_ready
from monitor.domain.state import Cause
from monitor.domain.weeks import parse_week
from monitor.ports import InventoryBatch
from monitor.settings import read_settings

COLUMNS = ("seq", "device", "axis", "old", "new", "at", "cause", "looks", "fault", "kept", "author")
DEAD_SHARE, CONDITION_SHARE, OUTAGE_S = 0.033, 0.15, 900
_OFFLINE, _ONLINE, _INTACT, _FAULTY = (STATES[name] for name in ("offline", "online", "intact", "faulty"))


async def report_city(spec: dict[str, Any]) -> dict[str, Any]:
    """Build a city with a week's changes in a folder that has its settings: devices at a port, changes, week."""
    folder = Path(spec["folder"])
    await build(folder, devices=spec["devices"], port=spec["port"])
    settings = read_settings(folder / SETTINGS_FILE)
    start, end = parse_week(spec["week"]).bounds(settings.zone())
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM device ORDER BY key")]
        states, changes = week(keys, changes=spec["changes"], start=start, end=end)
        marks = ",".join("?" * len(COLUMNS))
        connection.executemany(f"INSERT INTO state_change VALUES ({marks})", changes)  # noqa: S608 - marks only
        names = "device, connectivity, connectivity_since, connectivity_cause, condition, condition_since"
        connection.executemany(
            f"INSERT INTO device_state ({names}, condition_cause, interval_s, realm)"  # noqa: S608 - names of ours
            " VALUES (?, ?, ?, ?, ?, ?, ?, 300, '')",
            states,
        )
        connection.execute("UPDATE sequence SET value = ? WHERE name = 'fact'", (1_000 + 2 * spec["changes"],))
        connection.execute("INSERT INTO fact_mark VALUES (?, ?)", (start - 3_600, 999))
        rows = connection.execute("SELECT count(*) FROM state_change").fetchone()[0]
    return {"devices": len(keys), "changes": rows}


async def report_city_on_postgres(spec: dict[str, Any]) -> dict[str, Any]:
    """Copy the city of a folder's SQLite file into the PostgreSQL of another folder's settings."""
    settings = read_settings(Path(spec["to"]) / SETTINGS_FILE)
    database = database_of(settings, folder=Path(spec["to"]))
    await make_ready(database)
    with closing(sqlite3.connect(Path(spec["folder"]) / DATABASE_FILE)) as connection:
        async with database.engine.connect() as opened:
            raw: Any = (await opened.get_raw_connection()).driver_connection
            for table in ("region", "point", "device", "device_record", "exemption", "state_change", "device_state"):
                await raw.execute(f"TRUNCATE {table} CASCADE")
                columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
                kinds = {name: kind for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})")}
                found = connection.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - names of ours
                flags = [kinds[name] == "BOOLEAN" for name in columns]
                rows = (tuple(bool(v) if f else v for v, f in zip(row, flags, strict=True)) for row in found)
                await raw.copy_records_to_table(table, records=rows, columns=columns)
            await raw.execute("TRUNCATE fact_mark")
            for at, seq in connection.execute("SELECT at, seq FROM fact_mark"):
                await raw.execute("INSERT INTO fact_mark VALUES ($1, $2)", at, seq)
            value = connection.execute("SELECT value FROM sequence WHERE name = 'fact'").fetchone()[0]
            await raw.execute("UPDATE sequence SET value = $1 WHERE name = 'fact'", value)
            await raw.execute("ANALYZE")
    await SqlInventory(database).record(InventoryBatch())
    await database.close()
    return {}


def week(keys: list[int], *, changes: int, start: int, end: int) -> tuple[Any, Iterator[tuple[Any, ...]]]:
    """Give the states at the end and the changes in seq order: outages all over the week on devices that live."""
    rng = np.random.default_rng(7)
    alive = np.array(keys)[rng.random(len(keys)) >= DEAD_SHARE]
    pairs = changes // 2
    device = np.sort(rng.choice(alive, pairs))
    axis = (rng.random(pairs) < CONDITION_SHARE).astype(np.int64)
    begun = rng.integers(start, end - 60, pairs)
    order = np.lexsort((begun, axis, device))
    device, axis, begun = device[order], axis[order], begun[order]
    ended = begun + 30 + rng.exponential(OUTAGE_S, pairs).astype(np.int64)
    same = np.append((device[1:] == device[:-1]) & (axis[1:] == axis[:-1]), [False])
    # An outage ends before the device's next one begins, and all of them within the week.
    ended = np.where(same, np.minimum(ended, np.append(begun[1:], [end])), np.minimum(ended, end - 1))
    at = np.concatenate([begun, ended])
    order = np.lexsort((np.repeat([0, 1], pairs), at))
    down = np.concatenate([np.ones(pairs, dtype=bool), np.zeros(pairs, dtype=bool)])[order]
    device, axis, at = np.tile(device, 2)[order], np.tile(axis, 2)[order], at[order]
    bad, good = np.where(axis == 1, _FAULTY, _OFFLINE), np.where(axis == 1, _INTACT, _ONLINE)
    old, new = np.where(down, good, bad), np.where(down, bad, good)
    silent, answered, fault, well = (CAUSES[c] for c in (Cause.SILENT, Cause.ANSWERED, Cause.FAULT, Cause.NO_FAULT))
    cause = np.where(axis == 1, np.where(down, fault, well), np.where(down, silent, answered))
    columns = [column.tolist() for column in (device, axis, old, new, at, cause)]
    looks = "[0, 30, 60]"
    made = (
        (seq, *row, looks if row[1] == 0 and row[3] == _OFFLINE else None, "", None, "")
        for seq, row in enumerate(zip(*columns, strict=True), 1_000)
    )
    living = set(alive.tolist())
    states = [
        (key, _ONLINE, start - 9, answered, _INTACT, start - 9, well)
        if key in living
        else (key, _OFFLINE, start - 86_400 * 5, silent, _INTACT, start - 9, well)
        for key in keys
    ]
    return states, made
