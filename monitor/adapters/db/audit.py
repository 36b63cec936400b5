"""The audit log in the database (`ports.AuditLog`)."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.engine import Database
from monitor.adapters.db.schema_access import audit_entry
from monitor.adapters.db.writing import RowWriter, take
from monitor.domain.audit import FIRST, AuditEntry, sealed


class SqlAuditLog:
    """`ports.AuditLog` on a database; triggers refuse to change or delete what is stored."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries = RowWriter(audit_entry, database.engine)

    async def append(self, entry: AuditEntry) -> AuditEntry:
        """Store an entry at the end of the chain, and give it with its seq and hash."""
        return await self._database.write(lambda connection: self._append(connection, entry))

    async def entries(
        self, *, after: int = 0, limit: int = 1_000, who: str | None = None, action: str | None = None
    ) -> list[AuditEntry]:
        """Give entries in seq order, those after a seq."""
        columns = audit_entry.c
        statement = select(audit_entry).where(columns.seq > after).order_by(columns.seq).limit(limit)
        if who is not None:
            statement = statement.where(columns.who == who)
        if action is not None:
            statement = statement.where(columns.action == action)
        async with self._database.read() as connection:
            return [_entry_of(row) for row in await connection.execute(statement)]

    async def newest(self, *, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        """Give entries newest first, those before a seq."""
        statement = select(audit_entry).order_by(audit_entry.c.seq.desc()).limit(limit)
        if before is not None:
            statement = statement.where(audit_entry.c.seq < before)
        async with self._database.read() as connection:
            return [_entry_of(row) for row in await connection.execute(statement)]

    async def _append(self, connection: AsyncConnection, entry: AuditEntry) -> AuditEntry:
        seq = await take(connection, "audit", 1)
        previous = await connection.scalar(select(audit_entry.c.hash).where(audit_entry.c.seq == seq - 1))
        placed = sealed(entry, seq=seq, previous=previous or FIRST)
        at, who, via, address, action, target, outcome, before, after = astuple(placed)[:9]
        row = (seq, at, who, via, address, action, target, outcome, before, after, placed.previous, placed.hash)
        await self._entries.write(connection, [row])
        return placed


def _entry_of(row: Any) -> AuditEntry:
    seq, at, who, via, address, action, target, outcome, before, after, previous, digest = row
    return AuditEntry(at, who, via, address, action, target, outcome, before, after, seq, previous, digest)
