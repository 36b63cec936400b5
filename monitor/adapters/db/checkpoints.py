"""Checkpoints and their counts, in the database (`ports.CheckpointStore`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.documents import storable
from monitor.adapters.db.engine import Database
from monitor.adapters.db.reading import rows
from monitor.adapters.db.schema_checkpoints import lane, record_count, tollgate
from monitor.domain.checkpoint import CITY_PASS_OF, CityPass, Lane, Tollgate

_CODE_OF = {word: code for code, word in CITY_PASS_OF.items()}


class SqlCheckpointStore:
    """`ports.CheckpointStore` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tollgates(self) -> list[Tollgate]:
        """Give all tollgates, by id."""
        async with self._database.read() as connection:
            return [Tollgate(*row) for row in await connection.execute(select(tollgate).order_by(tollgate.c.id))]

    async def lanes(self) -> list[Lane]:
        """Give all lanes, by tollgate and number."""
        order = (lane.c.tollgate, lane.c.number, lane.c.direction)
        async with self._database.read() as connection:
            found = await connection.execute(select(lane).order_by(*order))
        return [
            Lane(gate, number, direction, CITY_PASS_OF.get(city_pass, CityPass.UNSAID), device)
            for gate, number, direction, city_pass, device in found
        ]

    async def put(self, tollgates: Sequence[Tollgate], lanes: Sequence[Lane]) -> None:
        """Store tollgates as they are now; the lanes given are all lanes of those tollgates that they belong to.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """
        gates = [
            (
                storable(gate.id),
                storable(gate.name),
                gate.reporter,
                gate.status,
                gate.category,
                gate.usage,
                gate.lanes,
                storable(gate.place_code),
            )
            for gate in tollgates
        ]
        unique = {(one.tollgate, one.number, storable(one.direction)): one for one in lanes}
        rows_of_lanes = [
            (gate, number, direction, _CODE_OF.get(one.city_pass, 0), one.device)
            for (gate, number, direction), one in unique.items()
        ]

        async def write(connection: AsyncConnection) -> None:
            await self._upsert(connection, tollgate, gates)
            for gate in {one.tollgate for one in lanes}:
                await connection.execute(delete(lane).where(lane.c.tollgate == gate))
            await self._upsert(connection, lane, rows_of_lanes)

        await self._database.write(write)

    async def counts(self, *, since: int) -> list[tuple[str, int, int]]:
        """Give (device, hour, count) of every hour from `since` on."""
        keys = self._database.keys
        found: list[tuple[str, int, int]] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            statement = select(record_count).where(record_count.c.hour_at >= since)
            async for part in rows(connection, statement):
                found += [(keys.id(key), hour_at, count) for key, hour_at, count in part]
        return found

    async def keep_counts(self, counts: Iterable[tuple[str, int, int]], *, forget_before: int) -> None:
        """Store (device, hour, count) of full hours, the newest word of each, and drop hours before an instant.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

        async def write(connection: AsyncConnection) -> None:
            keys = self._database.keys
            await keys.refresh(connection)
            await self._upsert(connection, record_count, [(keys.key(one[0]), *one[1:]) for one in counts])
            await connection.execute(delete(record_count).where(record_count.c.hour_at < forget_before))

        await self._database.write(write)

    async def _upsert(self, connection: AsyncConnection, table: Table, values: Sequence[tuple[Any, ...]]) -> None:
        if not values:
            return
        insert = postgresql.insert if self._database.engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(table)
        keys = [column.name for column in table.primary_key.columns]
        replaced = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
        names = [column.name for column in table.columns]
        await connection.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=replaced),
            [dict(zip(names, row, strict=True)) for row in values],
        )
