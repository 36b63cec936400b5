"""Objections to reports, and who makes which scheduled report (`ports.Objections`, `ports.ReportRuns`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db import schema
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import correction_row
from monitor.adapters.db.keys import refuse_unknown
from monitor.adapters.db.reading import rows
from monitor.adapters.db.writing import RowWriter, take
from monitor.domain.facts import Axis, Correction, Party
from monitor.domain.objecting import Objection, ObjectionState


class SqlObjections:
    """`ports.Objections` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._objections = RowWriter(schema.objection, database.engine)
        self._corrections = RowWriter(schema.correction, database.engine)

    async def objections(self, *, period: str | None = None) -> list[Objection]:
        """Give the newest version of every objection, or of those to one period, by id."""
        table = schema.objection
        newest = select(func.max(table.c.seq)).group_by(table.c.id)
        statement = select(table).where(table.c.seq.in_(newest))
        if period is not None:
            statement = statement.where(table.c.period == period)
        async with self._database.read() as connection:
            found = [_objection(row) async for part in rows(connection, statement) for row in part]
        return sorted(found, key=lambda each: each.id)

    async def record(self, versions: Sequence[Objection], corrections: Sequence[Correction] = ()) -> None:
        """Append versions, and the corrections that they write, in one transaction.

        Raises:
            StoreError: nothing was stored.
            ValueError: nothing was stored; a device is not recorded.
        """
        keys = self._database.keys

        async def work(connection: AsyncConnection) -> None:
            await keys.refresh(connection)
            refuse_unknown(keys.unknown(each.device_id for each in versions))
            first = await take(connection, "fact", len(versions) + len(corrections))
            made = (_row(replace(each, seq=seq)) for seq, each in enumerate(versions, first))
            await self._objections.write(connection, made)
            following = enumerate(corrections, first + len(versions))
            written = (correction_row(replace(each, seq=seq), key=keys.key(each.device_id)) for seq, each in following)
            await self._corrections.write(connection, written)

        await self._database.write(work)


class SqlReportRuns:
    """`ports.ReportRuns` on a database: of several processes one makes a scheduled report."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, period: str, status: str, *, by: str, at: int, stale_s: int) -> bool:
        """Take a report on oneself, unless it is made already or somebody is making it.

        Args:
            period: its period.
            status: draft or final.
            by: who takes it.
            at: now.
            stale_s: a claim older than this without a report is of a run that died.
        """
        table = schema.report_run
        mine = (table.c.period == period) & (table.c.status == status)

        async def work(connection: AsyncConnection) -> bool:
            # Taking a number serialises the writers of several processes.
            await take(connection, "fact", 0)
            row = (await connection.execute(select(table).where(mine))).first()
            if row is None:
                await connection.execute(
                    insert(table).values(period=period, status=status, claimed_by=by, claimed_at=at)
                )
                return True
            if row.finished_at is not None or row.claimed_at > at - stale_s:
                return False
            await connection.execute(update(table).where(mine).values(claimed_by=by, claimed_at=at))
            return True

        return await self._database.write(work)

    async def is_open(self, period: str, status: str, *, at: int, stale_s: int) -> bool:
        """Tell whether a report is neither made, nor somebody has been making it for less than so long."""
        table = schema.report_run
        mine = (table.c.period == period) & (table.c.status == status)
        taken = table.c.finished_at.is_not(None) | (table.c.claimed_at > at - stale_s)
        async with self._database.read() as connection:
            return not await connection.scalar(select(exists().where(mine & taken)))

    async def finish(self, period: str, status: str, *, revision: int, at: int) -> None:
        """Note that a claimed report is published."""
        table = schema.report_run
        mine = (table.c.period == period) & (table.c.status == status)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(table).where(mine).values(finished_at=at, revision=revision))

        await self._database.write(work)

    async def release(self, period: str, status: str) -> None:
        """Give back a claimed report that was not made."""
        table = schema.report_run
        mine = (table.c.period == period) & (table.c.status == status) & table.c.finished_at.is_(None)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(table).where(mine))

        await self._database.write(work)

    async def anything_known(self, *, start: int, end: int) -> bool:
        """Tell whether anything is known of a period: a correction in it, or a change before its end."""
        correction, change = schema.correction, schema.state_change
        async with self._database.read() as connection:
            filled = select(exists().where(correction.c.start_at < end, correction.c.end_at > start))
            if await connection.scalar(filled):
                return True
            first = await connection.scalar(select(change.c.at).order_by(change.c.seq).limit(1))
        return first is not None and first < end


def _row(objection: Objection) -> tuple[Any, ...]:
    return (
        objection.seq,
        objection.id,
        objection.period,
        objection.device_id,
        objection.axis.value,
        objection.start,
        objection.end,
        objection.claimed,
        objection.reason,
        objection.document,
        objection.state.value,
        objection.proposer,
        objection.approver,
        objection.author,
        objection.note,
        objection.party.value,
        objection.at,
    )


def _objection(row: Any) -> Objection:
    seq, objection_id, period, device, axis, start, end, claimed, reason, document = row[:10]
    state, proposer, approver, author, note, party, at = row[10:]
    return Objection(
        id=objection_id,
        period=period,
        device_id=device,
        axis=Axis(axis),
        start=start,
        end=end,
        claimed=claimed,
        reason=reason,
        document=document,
        proposer=proposer,
        state=ObjectionState(state),
        approver=approver,
        author=author,
        note=note,
        party=Party(party),
        at=at,
        seq=seq,
    )
