"""The states of all devices and the facts that made them, in the database (`ports.StateStore`)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import change_row, correction_row
from monitor.adapters.db.keys import refuse_unknown
from monitor.adapters.db.numbering import numbered
from monitor.adapters.db.reading import rows
from monitor.adapters.db.schema import collector_mark, correction, device, device_state, last_batch, state_change
from monitor.adapters.db.state_rows import StateReader, state_row
from monitor.adapters.db.writing import RowWriter, take
from monitor.domain.state import DeviceState
from monitor.ports import Applied, Batch, CollectorMark


class SqlStateStore:
    """`ports.StateStore` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._states = RowWriter(device_state, database.engine, key="device")
        self._changes = RowWriter(state_change, database.engine)
        self._corrections = RowWriter(correction, database.engine)
        self._marks = RowWriter(collector_mark, database.engine, key="name")
        self._last = RowWriter(last_batch, database.engine, key="writer")

    async def load_states(self) -> list[DeviceState]:
        """Give the state of every device that has one."""
        keys = self._database.keys
        reader = StateReader()
        states: list[DeviceState] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            async for part in rows(connection, select(device_state)):
                states += [reader.state(row, keys.id(row[0])) for row in part]
        return states

    async def state(self, device_id: str) -> DeviceState | None:
        """Give the state of one device, or None."""
        statement = select(device_state).join(device, device.c.key == device_state.c.device)
        async with self._database.read() as connection:
            row = (await connection.execute(statement.where(device.c.id == device_id))).first()
        return None if row is None else StateReader().state(tuple(row), device_id)

    async def load_mark(self, name: str) -> CollectorMark | None:
        """Give the mark of a collector, None before its first."""
        async with self._database.read() as connection:
            found = (await connection.execute(select(collector_mark).where(collector_mark.c.name == name))).first()
        return CollectorMark(*found) if found else None

    async def apply(self, batch: Batch) -> Applied:
        """Store a batch in one transaction: states upserted, facts appended with seq.

        A cancelled call has stored all of it or nothing (`Database.write`). A batch with the token of its writer's last
        one is stored already: it gets the seqs that it got then.

        Raises:
            StoreBusyError: nothing was stored, or the commit's answer was lost; give the same batch again.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the batch names a device that is not recorded, or a state that is none.
        """
        await self._know_devices(batch)
        return await self._database.write(lambda connection: self._apply(connection, batch))

    async def close(self) -> None:
        """Let the running write finish and let go of connections."""
        await self._database.close()

    async def _know_devices(self, batch: Batch) -> None:
        keys = self._database.keys
        if keys.unknown(_device_ids(batch)):
            async with self._database.read() as connection:
                await keys.refresh(connection)
            refuse_unknown(keys.unknown(_device_ids(batch)))

    async def _apply(self, connection: AsyncConnection, batch: Batch) -> Applied:
        key = self._database.keys.key
        count = len(batch.changes) + len(batch.corrections)
        if batch.token:
            # Taking none still waits for every other writer: for a first attempt at this batch, too, that lives on in
            # the server after its connection was lost.
            first = await take(connection, "fact", 0)
            stored_first = await self._first_seq(connection, batch)
            if stored_first is not None:
                return numbered(batch, first=stored_first)
            await self._last.write(connection, [(batch.writer, batch.token, first)])
        applied = numbered(batch, first=await take(connection, "fact", count)) if count else Applied()
        await self._changes.write(connection, (change_row(fact, key=key(fact.device_id)) for fact in applied.changes))
        await self._corrections.write(
            connection, (correction_row(fact, key=key(fact.device_id)) for fact in applied.corrections)
        )
        await self._states.write(connection, (state_row(state, key=key(state.device_id)) for state in batch.states))
        if mark := batch.mark:
            await self._marks.write(connection, [(mark.name, mark.last_look_at, mark.next_due_at)])
        return applied

    async def _first_seq(self, connection: AsyncConnection, batch: Batch) -> int | None:
        """Give the seq of a stored batch's first fact, None for a batch that is not its writer's last."""
        statement = select(last_batch.c.first_seq).where(
            last_batch.c.writer == batch.writer, last_batch.c.token == batch.token
        )
        first: int | None = await connection.scalar(statement)
        return first


def _device_ids(batch: Batch) -> Iterator[str]:
    for named in (batch.states, batch.changes, batch.corrections):
        yield from (one.device_id for one in named)
