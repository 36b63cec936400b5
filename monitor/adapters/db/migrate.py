"""The schema's version: what it is, whether this program can use it, and how it gets there (alembic)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import monitor
from monitor.adapters.db import (  # noqa: F401 - their tables belong to the schema
    schema_access,
    schema_alerts,
    schema_checkpoints,
    schema_deep,
    schema_intake,
    schema_pictures,
    trend,
)
from monitor.adapters.db.engine import Database
from monitor.ports import StoreRefusedError


class SchemaVersion(StrEnum):
    """How a database's schema stands to the program's."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def alembic_config() -> Config:
    """Give alembic's settings, with the scripts of the installed package or of the source tree."""
    package = Path(monitor.__file__).parent
    installed = package / "alembic"
    scripts = installed if installed.is_dir() else package.parent / "alembic"
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config


def head() -> str:
    """Give the revision that this program needs."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


async def revision(database: Database) -> str | None:
    """Give the revision of a database's schema, None for an empty one.

    Raises:
        StoreBusyError: it cannot be read now.
        StoreRefusedError: it cannot be read as it is.
    """
    async with database.read() as connection:
        return await connection.run_sync(_revision)


async def schema_version(database: Database) -> SchemaVersion:
    """Tell how a database's schema stands to the program's; a revision unknown here is of a newer program.

    Raises:
        StoreBusyError: it cannot be read now.
        StoreRefusedError: it cannot be read as it is.
    """
    return _version(await revision(database))


async def require_current(database: Database) -> None:
    """Refuse a database that this program cannot use as it is.

    Raises:
        StoreBusyError: it cannot be read now.
        StoreRefusedError: it is empty, older or newer; the message says what to do.
    """
    version = await schema_version(database)
    if version is SchemaVersion.NEWER:
        raise _newer(database)
    if version is not SchemaVersion.CURRENT:
        raise StoreRefusedError(
            f"数据库结构为空或版本过旧: {database.where}。请运行 `vidnet db upgrade`。\n"
            f"The database has no schema or that of an older program: {database.where}. Run `vidnet db upgrade`."
        )


async def upgrade(database: Database) -> str:
    """Bring a database to the program's schema in one transaction, and give the revision; nothing to do is fine.

    Raises:
        StoreBusyError: nothing was changed; try again.
        StoreRefusedError: nothing was changed; the schema is newer than the program, or cannot be written.
    """
    if await schema_version(database) is SchemaVersion.NEWER:
        raise _newer(database)
    await database.write(lambda connection: connection.run_sync(_upgrade))
    return head()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _version(current: str | None) -> SchemaVersion:
    if current is None:
        return SchemaVersion.EMPTY
    if current == head():
        return SchemaVersion.CURRENT
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    return SchemaVersion.OLDER if current in known else SchemaVersion.NEWER


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection  # alembic/env.py takes it from there
    command.upgrade(config, "head")


def _newer(database: Database) -> StoreRefusedError:
    return StoreRefusedError(
        f"数据库结构比本程序新: {database.where}。请升级 vidnet, 或换用该版本写出的数据库。\n"
        f"The database is newer than the program: {database.where}. Upgrade vidnet, or use another database."
    )
