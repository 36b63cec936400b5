"""Reading alerts, incidents, silences and work orders, and writing what people decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.alert_rows import (
    alert_of,
    happening_row,
    incident_of,
    order_of,
    order_row,
    silence_of,
    silence_row,
)
from monitor.adapters.db.engine import Database
from monitor.adapters.db.schema_alerts import alert, happening, incident, incident_member, silence, work_order
from monitor.adapters.db.writing import RowWriter, take
from monitor.domain.alert import Alert, Happening
from monitor.domain.facts import Party
from monitor.domain.incident import Incident, Member
from monitor.domain.silence import Silence
from monitor.domain.work_order import WorkOrder

_REPORTED = ("acked_at", "repaired_at", "result", "external")
"""What people report of a work order; the rest the service judges."""

_PLACES = {"opened": 0, "raised": 0, "silenced": 0, "closed": 2, "cleared": 2}
"""What comes first and last of what happened in one second."""


class SqlAlertQueries:
    """`ports.AlertQueries` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def alerts(self, *, open_only: bool = False, since: int | None = None) -> list[Alert]:
        """Give alerts, the newest first: those that last, or lasted at an instant or later."""
        statement = select(alert).order_by(alert.c.raised_at.desc(), alert.c.id.desc())
        if open_only:
            statement = statement.where(alert.c.cleared_at.is_(None))
        if since is not None:
            statement = statement.where(or_(alert.c.cleared_at.is_(None), alert.c.cleared_at >= since))
        return [alert_of(tuple(row)) for row in await self._rows(statement)]

    async def alert(self, alert_id: str) -> Alert | None:
        """Give one alert, or None."""
        found = await self._rows(select(alert).where(alert.c.id == alert_id))
        return alert_of(tuple(found[0])) if found else None

    async def incidents(self, *, open_only: bool = False, since: int | None = None) -> list[Incident]:
        """Give incidents, the newest first: those that last, or lasted at an instant or later."""
        statement = select(incident).order_by(incident.c.opened_at.desc(), incident.c.id.desc())
        if open_only:
            statement = statement.where(incident.c.closed_at.is_(None))
        if since is not None:
            statement = statement.where(or_(incident.c.closed_at.is_(None), incident.c.closed_at >= since))
        return [incident_of(tuple(row)) for row in await self._rows(statement)]

    async def incident(self, incident_id: str) -> Incident | None:
        """Give one incident, or None."""
        found = await self._rows(select(incident).where(incident.c.id == incident_id))
        return incident_of(tuple(found[0])) if found else None

    async def members(self, incident_id: str) -> list[Member]:
        """Give the devices of an incident, those that it took along first."""
        statement = select(incident_member).where(incident_member.c.incident == incident_id)
        statement = statement.order_by(incident_member.c.joined_at, incident_member.c.device)
        return [Member(*tuple(row)) for row in await self._rows(statement)]

    async def timeline(self, subject: str) -> list[Happening]:
        """Give what happened to an alert, an incident, a silence or a work order, oldest first."""
        statement = select(happening).where(happening.c.subject == subject).order_by(happening.c.at)
        found = [Happening(*tuple(row)) for row in await self._rows(statement)]
        return sorted(found, key=lambda each: (each.at, _PLACES.get(each.kind, 1)))

    async def silences(self) -> list[Silence]:
        """Give all silences, past ones too, in the order of their making."""
        statement = select(silence).order_by(silence.c.created_at, silence.c.id)
        return [silence_of(tuple(row)) for row in await self._rows(statement)]

    async def orders(self, *, open_only: bool = False, since: int | None = None) -> list[WorkOrder]:
        """Give work orders, the newest first: those that are open, or were at an instant or later."""
        statement: Select[tuple[object, ...]] = select(work_order)
        statement = statement.order_by(work_order.c.opened_at.desc(), work_order.c.id.desc())
        if open_only:
            statement = statement.where(work_order.c.closed_at.is_(None))
        if since is not None:
            statement = statement.where(or_(work_order.c.closed_at.is_(None), work_order.c.closed_at >= since))
        return [order_of(tuple(row)) for row in await self._rows(statement)]

    async def _rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        return await self._database.look_up(lambda connection: connection.execute(statement).all())


class SqlAlertDecisions:
    """`ports.AlertDecisions` on a database: each call is one transaction, kept with who and when."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._happenings = RowWriter(happening, database.engine, key=tuple(happening.c.keys()))
        self._silences = RowWriter(silence, database.engine, key="id")
        self._orders = RowWriter(work_order, database.engine, key="id")
        judged = tuple(column.name for column in work_order.columns if column.name not in ("id", *_REPORTED))
        self._reports = RowWriter(work_order, database.engine, key="id", keep=judged)

    async def acknowledge(self, alert_id: str, *, author: str, at: int, note: str = "") -> bool:
        """Note that somebody takes care of a raised alert; False where somebody did so before, or it has cleared."""
        statement = (
            update(alert)
            .where(alert.c.id == alert_id, alert.c.acked_at.is_(None), alert.c.cleared_at.is_(None))
            .values(acked_at=at, acked_by=author)
            .returning(alert.c.id)
        )

        async def work(connection: AsyncConnection) -> bool:
            if (await connection.execute(statement)).first() is None:
                return False
            await self._happened(connection, Happening(alert_id, at, "acknowledged", author, note))
            return True

        return await self._database.write(work)

    async def silence(self, terms: Silence) -> Silence:
        """Store a silence and give it with its id."""

        async def work(connection: AsyncConnection) -> Silence:
            made = replace(terms, id=f"S{await take(connection, 'silence', 1)}")
            await self._silences.write(connection, [silence_row(made)])
            await self._happened(connection, Happening(made.id, made.created_at, "silenced", made.author, made.reason))
            return made

        return await self._database.write(work)

    async def end_silence(self, silence_id: str, *, author: str, at: int) -> bool:
        """End a silence early; False where there is none of this id that still lasts."""
        statement = (
            update(silence)
            .where(silence.c.id == silence_id, silence.c.ended_at.is_(None), silence.c.end_at > at)
            .values(ended_at=at, ended_by=author)
            .returning(silence.c.id)
        )

        async def work(connection: AsyncConnection) -> bool:
            if (await connection.execute(statement)).first() is None:
                return False
            await self._happened(connection, Happening(silence_id, at, "unsilenced", author))
            return True

        return await self._database.write(work)

    async def decide_party(self, incident_id: str, party: Party, *, author: str, at: int, note: str = "") -> bool:
        """Say who is responsible for an incident, open or closed; False where there is none of this id."""
        statement = (
            update(incident).where(incident.c.id == incident_id).values(party=party.value).returning(incident.c.id)
        )

        async def work(connection: AsyncConnection) -> bool:
            if (await connection.execute(statement)).first() is None:
                return False
            told = f"{party.value} {note}".strip()
            await self._happened(connection, Happening(incident_id, at, "party", author, told))
            return True

        return await self._database.write(work)

    async def keep_orders(
        self, orders: Sequence[WorkOrder], happenings: Sequence[Happening], *, reported: bool = False
    ) -> None:
        """Store orders that a person made, or (`reported`) only what they reported, with what happened to them."""
        writer = self._reports if reported else self._orders

        async def work(connection: AsyncConnection) -> None:
            await writer.write(connection, map(order_row, orders))
            await self._happenings.write(connection, map(happening_row, happenings))

        await self._database.write(work)

    async def _happened(self, connection: AsyncConnection, entry: Happening) -> None:
        await self._happenings.write(connection, [happening_row(entry)])
