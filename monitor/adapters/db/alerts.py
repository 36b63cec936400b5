"""What the alerting service keeps: alerts, incidents, orders and what is to be told, in one transaction a round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.alert_rows import (
    alert_of,
    alert_row,
    happening_row,
    incident_of,
    incident_row,
    member_row,
    order_of,
    order_row,
    outbox_row,
    silence_of,
    waiting_of,
)
from monitor.adapters.db.codes import AXES
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import change_of
from monitor.adapters.db.reading import rows
from monitor.adapters.db.schema import sequence, state_change
from monitor.adapters.db.schema_alerts import (
    alert,
    alert_pending,
    happening,
    incident,
    incident_member,
    outbox,
    silence,
    work_order,
)
from monitor.adapters.db.writing import RowWriter
from monitor.domain.facts import Axis, Party, StateChange
from monitor.domain.incident import Member
from monitor.domain.notification import Waiting
from monitor.domain.work_order import REOPEN_WITHIN_S
from monitor.ports import AlertBatch, AlertBook, Backlog, Decided, Delivery

_CURSOR = "alert_cursor"
_COUNTERS = ("alert", "incident", "outbox")


class SqlAlertStore:
    """`ports.AlertStore` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        engine = database.engine
        self._alerts = RowWriter(alert, engine, key="id", keep=("acked_at", "acked_by"))
        self._pending = RowWriter(alert_pending, engine, key=("rule", "subject"))
        self._happenings = RowWriter(happening, engine, key=tuple(happening.c.keys()))
        self._incidents = RowWriter(incident, engine, key="id", keep=("party",))
        self._members = RowWriter(incident_member, engine, key=("incident", "device"))
        kept = tuple(column.name for column in outbox.columns if column.name != "key")
        self._outbox = RowWriter(outbox, engine, key="key", keep=kept)
        self._orders = RowWriter(work_order, engine, key="id", keep=("acked_at", "repaired_at", "result", "external"))
        self._reopened = RowWriter(work_order, engine, key="id")

    async def load(self, *, at: int) -> AlertBook:
        """Give all that lasts: raised and pending alerts, open incidents with their devices, orders, the counters."""
        recent = or_(work_order.c.closed_at.is_(None), work_order.c.closed_at > at - REOPEN_WITHIN_S)
        async with self._database.read() as connection:
            raised = await connection.execute(select(alert).where(alert.c.cleared_at.is_(None)))
            pending = await connection.execute(select(alert_pending))
            incidents = await connection.execute(select(incident).where(incident.c.closed_at.is_(None)))
            open_ids = select(incident.c.id).where(incident.c.closed_at.is_(None))
            members = await connection.execute(select(incident_member).where(incident_member.c.incident.in_(open_ids)))
            orders = await connection.execute(select(work_order).where(recent))
            named = select(sequence.c.name, sequence.c.value).where(sequence.c.name.in_((*_COUNTERS, _CURSOR)))
            numbers = {row[0]: row[1] for row in await connection.execute(named)}
            return AlertBook(
                alerts=[alert_of(tuple(row)) for row in raised],
                pending={(row[0], row[1]): row[2] for row in pending},
                incidents=[incident_of(tuple(row)) for row in incidents],
                members=[Member(*row) for row in members],
                orders=[order_of(tuple(row)) for row in orders],
                numbers={name: numbers.get(name, 0) for name in _COUNTERS},
                cursor=numbers.get(_CURSOR, 0),
            )

    async def facts_after(self, seq: int) -> list[StateChange]:
        """Give the changes of connectivity after a seq, in seq order."""
        keys = self._database.keys
        statement = (
            select(state_change)
            .where(state_change.c.seq > seq, state_change.c.axis == AXES[Axis.CONNECTIVITY])
            .order_by(state_change.c.seq)
        )
        found: list[StateChange] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            async for part in rows(connection, statement):
                found += [change_of(row, device_id=keys.id(row[1])) for row in part]
        return found

    async def save(self, batch: AlertBatch) -> None:
        """Store a round in one transaction; a batch given again changes nothing that it stored before.

        Raises:
            StoreBusyError: nothing was stored, or the commit's answer was lost; give the same batch again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """
        await self._database.write(lambda connection: self._save(connection, batch))

    async def decided(self, *, at: int) -> Decided:
        """Give what people decided: acknowledgements of raised alerts, parties of open incidents, silences."""
        async with self._database.read() as connection:
            acks = await connection.execute(
                select(alert.c.id, alert.c.acked_at, alert.c.acked_by).where(
                    alert.c.cleared_at.is_(None), alert.c.acked_at.is_not(None)
                )
            )
            parties = await connection.execute(
                select(incident.c.id, incident.c.party).where(incident.c.closed_at.is_(None))
            )
            silences = await connection.execute(
                select(silence).where(silence.c.end_at > at, silence.c.ended_at.is_(None))
            )
            orders = await connection.execute(select(work_order).where(work_order.c.closed_at.is_(None)))
            return Decided(
                acks={row[0]: (row[1], row[2]) for row in acks},
                parties={row[0]: Party(row[1]) for row in parties},
                silences=[silence_of(tuple(row)) for row in silences],
                orders=[order_of(tuple(row)) for row in orders],
            )

    async def _save(self, connection: AsyncConnection, batch: AlertBatch) -> None:
        await self._alerts.write(connection, map(alert_row, batch.alerts))
        if batch.pending is not None:
            await connection.execute(delete(alert_pending))
            await self._pending.write(connection, [(rule, key, since) for (rule, key), since in batch.pending.items()])
        await self._incidents.write(connection, map(incident_row, batch.incidents))
        await self._members.write(connection, map(member_row, batch.members))
        await self._orders.write(connection, map(order_row, batch.orders))
        await self._reopened.write(connection, map(order_row, batch.reopened))
        await self._happenings.write(connection, map(happening_row, batch.happenings))
        await self._outbox.write(connection, map(outbox_row, batch.outbox))
        for name, value in (*batch.numbers.items(), *(((_CURSOR, batch.cursor),) if batch.cursor is not None else ())):
            await connection.execute(update(sequence).where(sequence.c.name == name).values(value=value))


class SqlOutbox:
    """`ports.Outbox` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, receiver: str, *, limit: int = 500) -> list[Waiting]:
        """Give what waits for a receiver, in the order of its writing; what a spool was handed is not among it."""
        return await self._open(receiver, handed=False, limit=limit)

    async def handed(self, receiver: str) -> list[Waiting]:
        """Give what a spool was handed whose result is not known."""
        return await self._open(receiver, handed=True, limit=10_000)

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        """Keep what became of tries, in one transaction."""

        async def work(connection: AsyncConnection) -> None:
            for each in deliveries:
                values: dict[str, Any] = {
                    "tries": each.tries,
                    "next_try_at": each.next_try_at,
                    "error": each.error,
                    "handed_at": each.handed_at,
                    "sent_at": each.sent_at,
                }
                await connection.execute(update(outbox).where(outbox.c.key == each.key).values(values))

        await self._database.write(work)

    async def forget(self, *, before: int) -> None:
        """Take away rows that were delivered before an instant."""
        await self._database.write(
            lambda connection: connection.execute(delete(outbox).where(outbox.c.sent_at < before))
        )

    async def backlog(self) -> list[Backlog]:
        """Give what waits, by receiver: how much, since when, and why."""
        statement = select(
            outbox.c.receiver, outbox.c.created_at, outbox.c.tries, outbox.c.error, outbox.c.handed_at
        ).where(outbox.c.sent_at.is_(None))
        found: dict[str, list[Any]] = {}
        async with self._database.read() as connection:
            for row in await connection.execute(statement.order_by(outbox.c.number)):
                found.setdefault(row[0], []).append(row)
        return [
            Backlog(
                receiver=receiver,
                waiting=sum(row[4] is None for row in here),
                handed=sum(row[4] is not None for row in here),
                oldest_at=min(row[1] for row in here),
                tries=max(row[2] for row in here),
                error=next((row[3] for row in here if row[3]), ""),
            )
            for receiver, here in sorted(found.items())
        ]

    async def _open(self, receiver: str, *, handed: bool, limit: int) -> list[Waiting]:
        columns = (outbox.c.number, outbox.c.receiver, outbox.c.message, outbox.c.tries, outbox.c.next_try_at)
        statement = (
            select(*columns, outbox.c.error, outbox.c.handed_at)
            .where(
                outbox.c.receiver == receiver,
                outbox.c.sent_at.is_(None),
                outbox.c.handed_at.is_not(None) if handed else outbox.c.handed_at.is_(None),
            )
            .order_by(outbox.c.number)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [waiting_of(tuple(row)) for row in await connection.execute(statement)]
