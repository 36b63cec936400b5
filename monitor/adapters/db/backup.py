"""Backups of a SQLite database: a whole copy of one instant, made while the service goes on writing.

`VACUUM INTO` reads in one transaction (SQLite, "VACUUM with an INTO clause"); in WAL mode it holds no writer up. The
copy gets its name only once it is whole, checked and on the disk.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from monitor.adapters.db.engine import Database
from monitor.adapters.db.trouble import explain
from monitor.ports import StoreBusyError, StoreRefusedError

_NAME = re.compile(r"vidnet-(\d{8}T\d{6})Z\.db")
_FORM = "%Y%m%dT%H%M%S"


def back_up(database: Database, folder: Path, *, at: int, keep: int) -> Path:
    """Write a backup into a folder, forget the oldest beyond `keep`, and give its file.

    Args:
        database: a SQLite database; PostgreSQL has pg_dump.
        folder: made where it is missing.
        at: now, epoch seconds; in UTC it is the file's name.
        keep: how many backups of ours stay.

    Raises:
        StoreRefusedError: it is no SQLite database, or the copy is damaged.
        StoreBusyError: it cannot be copied now: disk full, or locked.
    """
    source = database.engine.url.database
    if not database.engine.url.drivername.startswith("sqlite") or source is None:
        raise StoreRefusedError(
            f"只备份 SQLite；PostgreSQL 请用 pg_dump -Fc: {database.where}\n"
            f"Only SQLite is backed up here; for PostgreSQL use pg_dump -Fc: {database.where}"
        )
    path = folder / f"vidnet-{datetime.fromtimestamp(at, UTC).strftime(_FORM)}Z.db"
    unfinished = path.with_suffix(".unfinished")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        # Opened as existing only: a wrong path must not become an empty backup of an empty database.
        with closing(sqlite3.connect(f"file:{Path(source).absolute()}?mode=rw", uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished),))
        _check(unfinished)
        _sync(unfinished)
        unfinished.replace(path)
        _sync(folder)
        for _, old in backups(folder)[keep:]:
            old.unlink()
    except OSError as error:
        raise StoreBusyError(
            f"无法写入备份目录 {folder}: {error.strerror}\n"
            f"The backup folder {folder} cannot be written: {error.strerror}"
        ) from error
    except sqlite3.Error as error:
        raise explain(error, where=str(folder)) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return path


def backups(folder: Path) -> list[tuple[int, Path]]:
    """Give the backups in a folder, each with its instant in epoch seconds, the newest first."""
    found = []
    for path in folder.glob("vidnet-*.db"):
        name = _NAME.fullmatch(path.name)
        if name is not None:
            found.append((int(datetime.strptime(name[1], _FORM).replace(tzinfo=UTC).timestamp()), path))
    return sorted(found, reverse=True)


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StoreRefusedError(
            f"备份已损坏，未保留: {path} ({verdict})\nThe backup is damaged and was not kept: {path} ({verdict})"
        )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
