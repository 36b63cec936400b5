"""What was pushed to us and could not be taken, in the database (`ports.IntakeStore`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.documents import storable
from monitor.adapters.db.engine import Database
from monitor.adapters.db.schema_intake import refused_message, stranger
from monitor.ports import RefusedMessage, Stranger

KEPT = 10_000
"""Of each kind only the newest so many are kept: a flood of nonsense must not fill the disk."""


class SqlIntakeStore:
    """`ports.IntakeStore` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, strangers: Sequence[Stranger], refused: Sequence[RefusedMessage]) -> None:
        """Add to what is noted already: counts add up, and only the newest 10,000 of each are kept.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

        async def write(connection: AsyncConnection) -> None:
            for table, found in ((stranger, strangers), (refused_message, refused)):
                if found:
                    await self._add(connection, table, found)

        await self._database.write(write)

    async def strangers(self) -> list[Stranger]:
        """Give all noted ids, the newest first."""
        async with self._database.read() as connection:
            found = await connection.execute(select(stranger).order_by(stranger.c.last_at.desc(), stranger.c.id))
        return [Stranger(*row) for row in found]

    async def refused(self) -> list[RefusedMessage]:
        """Give all noted messages, the newest first."""
        order = (refused_message.c.last_at.desc(), refused_message.c.digest)
        async with self._database.read() as connection:
            found = await connection.execute(select(refused_message).order_by(*order))
        return [RefusedMessage(*row) for row in found]

    async def _add(self, connection: AsyncConnection, table: Table, found: Sequence[Any]) -> None:
        insert = postgresql.insert if self._database.engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(table)
        (key,) = table.primary_key.columns
        new = statement.excluded
        replaced: dict[str, Any] = {
            c.name: new[c.name] for c in table.columns if c.name not in (key.name, "first_at", "count")
        }
        replaced["count"] = table.c["count"] + new["count"]
        statement = statement.on_conflict_do_update(index_elements=[key.name], set_=replaced)
        names = [column.name for column in table.columns]
        clean = [tuple(storable(value) if isinstance(value, str) else value for value in astuple(one)) for one in found]
        await connection.execute(statement, [dict(zip(names, row, strict=True)) for row in clean])
        count = await connection.scalar(select(func.count()).select_from(table))
        if count is not None and count > KEPT:
            oldest = select(key).order_by(table.c.last_at, key).limit(count - KEPT)
            await connection.execute(delete(table).where(key.in_(oldest)))
