"""Backups: whole, of one instant, made while others write, and never a half one."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from monitor.adapters.db.backup import back_up, backups
from monitor.adapters.db.engine import Database
from monitor.adapters.db.migrate import upgrade
from monitor.cli import app
from monitor.ports import StoreBusyError, StoreError, StoreRefusedError

AT = 1_767_225_600


async def made(path: Path) -> Database:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await upgrade(database)
    return database


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute("SELECT count(*) FROM last_batch").fetchone()[0]
    return count


async def test_a_backup_is_of_one_instant_while_writing_goes_on(tmp_path: Path):
    database = await made(tmp_path / "vidnet.db")
    written, begun, stop = 0, asyncio.Event(), asyncio.Event()

    async def write() -> None:
        nonlocal written
        while not stop.is_set():
            await database.write(two_rows)
            written += 1
            if written == 20:
                begun.set()

    async def two_rows(connection: AsyncConnection) -> None:
        names = [(f"{written}{half}", "t", 1) for half in "ab"]
        await connection.exec_driver_sql("INSERT INTO last_batch VALUES (?, ?, ?)", names)

    writing = asyncio.create_task(write())
    await begun.wait()
    before = written
    file = await asyncio.to_thread(back_up, database, tmp_path / "backups", at=AT, keep=3)
    during = written
    stop.set()
    await writing
    await database.close()

    assert file.name == "vidnet-20260101T000000Z.db"
    assert 2 * before <= rows(file) <= 2 * (during + 1)
    assert rows(file) % 2 == 0, "a transaction is in it whole or not at all"
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [file.name]


async def test_only_the_newest_stay_and_files_of_others_are_left_alone(tmp_path: Path):
    database = await made(tmp_path / "vidnet.db")
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "vidnet-mine.db").write_text("mine")
    for day in range(4):
        back_up(database, folder, at=AT + day * 86_400, keep=2)
    await database.close()

    assert [at for at, _ in backups(folder)] == [AT + 3 * 86_400, AT + 2 * 86_400]
    assert (folder / "vidnet-mine.db").exists()


async def test_what_cannot_be_backed_up_leaves_nothing_behind(tmp_path: Path):
    with pytest.raises(StoreError):
        back_up(Database(f"sqlite+aiosqlite:///{tmp_path / 'missing.db'}"), tmp_path / "b", at=AT, keep=1)
    assert not (tmp_path / "missing.db").exists()
    assert list((tmp_path / "b").iterdir()) == []

    (tmp_path / "damaged.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreRefusedError):
        back_up(Database(f"sqlite+aiosqlite:///{tmp_path / 'damaged.db'}"), tmp_path / "b", at=AT, keep=1)
    assert list((tmp_path / "b").iterdir()) == []

    database = await made(tmp_path / "vidnet.db")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreBusyError, match="file"):
        back_up(database, tmp_path / "file", at=AT, keep=1)
    await database.close()

    with pytest.raises(StoreRefusedError, match="pg_dump"):
        back_up(Database("postgresql+asyncpg://vidnet@localhost/vidnet"), tmp_path / "b", at=AT, keep=1)


def test_the_command_says_what_it_wrote(tmp_path: Path):
    config = tmp_path / "vidnet.toml"
    config.write_text("", encoding="utf-8")
    assert CliRunner().invoke(app, ["db", "upgrade", "-c", str(config)]).exit_code == 0

    done = CliRunner().invoke(app, ["db", "backup", "-c", str(config), "--json"])

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert Path(found["file"]).stat().st_size == found["bytes"] > 0
