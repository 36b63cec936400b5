"""Late looks and the facts around them, in the database (`ports.LateStore`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.codes import AXES, CAUSES
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import change_of, correction_of
from monitor.adapters.db.reading import rows
from monitor.adapters.db.schema import correction, device, late_look, state_change
from monitor.domain.facts import Axis
from monitor.domain.observation import Evidence, Observation, Origin
from monitor.domain.state import Cause
from monitor.ports import LatePast

_CHUNK = 500  # SQLite takes 32,766 variables in a statement, PostgreSQL plans a short list better


class SqlLateStore:
    """`ports.LateStore` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, looks: Sequence[Observation], *, received_at: int) -> None:
        """Keep late looks; of one device and instant the first stays.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """
        insert = postgresql.insert if self._database.engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(late_look).on_conflict_do_nothing(index_elements=["device", "at"])

        async def write(connection: AsyncConnection) -> None:
            keys = self._database.keys
            await keys.refresh(connection)
            written = [
                {
                    "device": keys.key(look.device_id),
                    "at": look.at,
                    "evidence": look.evidence.value,
                    "interval_s": look.interval_s,
                    "origin": look.origin.value,
                    "received_at": received_at,
                    "confirmed": look.confirmed,
                }
                for look in looks
            ]
            await connection.execute(statement, written)

        await self._database.write(write)

    async def past(self, device_ids: Sequence[str]) -> list[LatePast]:
        """Give what is known of devices: connectivity changes, corrections by late evidence, late looks."""
        keys = self._database.keys
        axis, cause = AXES[Axis.CONNECTIVITY], CAUSES[Cause.LATE_EVIDENCE]
        created_at: dict[int, int] = {}
        changes, corrections, looks = defaultdict(list), defaultdict(list), defaultdict(list)
        async with self._database.read() as connection:
            await keys.refresh(connection)
            for part in _parts([keys.key(device_id) for device_id in device_ids]):
                made_at = select(device.c.key, device.c.created_at).where(device.c.key.in_(part))
                created_at.update([row async for row in _each(connection, made_at)])
                facts = select(state_change).where(state_change.c.device.in_(part), state_change.c.axis == axis)
                async for row in _each(connection, facts.order_by(state_change.c.seq)):
                    changes[row[1]].append(change_of(row, device_id=keys.id(row[1])))
                made = select(correction).where(correction.c.device.in_(part), correction.c.cause == cause)
                async for row in _each(connection, made.order_by(correction.c.seq)):
                    corrections[row[1]].append(correction_of(row, device_id=keys.id(row[1])))
                kept = select(late_look).where(late_look.c.device.in_(part)).order_by(late_look.c.at)
                async for row in _each(connection, kept):
                    looks[row[0]].append(_look_of(row, device_id=keys.id(row[0])))
        found = ((device_id, keys.key(device_id)) for device_id in device_ids)
        return [
            LatePast(device_id, created_at[key], changes[key], corrections[key], looks[key]) for device_id, key in found
        ]

    async def devices(self) -> list[str]:
        """Give the devices that have late looks."""
        async with self._database.read() as connection:
            await self._database.keys.refresh(connection)
            found = await connection.scalars(select(late_look.c.device).distinct())
        return [self._database.keys.id(key) for key in found]

    async def forget(self, *, before: int) -> None:
        """Drop late looks of instants before one."""

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(delete(late_look).where(late_look.c.at < before))

        await self._database.write(write)


def _parts(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


async def _each(connection: AsyncConnection, statement: Select[Any]) -> Any:
    async for part in rows(connection, statement):
        for row in part:
            yield row


def _look_of(row: Any, *, device_id: str) -> Observation:
    _device, at, evidence, interval_s, origin, _received_at, confirmed = row
    return Observation(device_id, at, Evidence(evidence), interval_s, confirmed=bool(confirmed), origin=Origin(origin))
