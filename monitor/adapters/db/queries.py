"""Reading the facts back (`ports.Queries`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.codes import AXES
from monitor.adapters.db.decision_rows import withdrawal_of
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import change_of, correction_of, inventory_change_of
from monitor.adapters.db.reading import rows
from monitor.adapters.db.schema import correction, device, inventory_change, sequence, state_change, withdrawal
from monitor.domain.facts import Axis, Correction, InventoryChange, StateChange, Withdrawal


class SqlQueries:
    """`ports.Queries` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_seq(self) -> int:
        """Give the newest seq, 0 before the first fact."""
        async with self._database.read() as connection:
            value = await connection.scalar(select(sequence.c.value).where(sequence.c.name == "fact"))
        return value or 0

    async def changes(
        self, *, device_id: str | None = None, axis: Axis | None = None, upto_seq: int | None = None
    ) -> list[StateChange]:
        """Give changes in seq order, of one device or all, as known at a seq."""
        statement = _facts(state_change, device_id=device_id, upto_seq=upto_seq)
        if axis is not None:
            statement = statement.where(state_change.c.axis == AXES[axis])
        keys = self._database.keys
        found: list[StateChange] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            async for part in rows(connection, statement):
                found += [change_of(row, device_id=keys.id(row[1])) for row in part]
        return found

    async def corrections(self, *, device_id: str | None = None, upto_seq: int | None = None) -> list[Correction]:
        """Give corrections in seq order, of one device or all, as known at a seq; withdrawn ones are marked so."""
        statement = _facts(correction, device_id=device_id, upto_seq=upto_seq)
        keys = self._database.keys
        found: list[Correction] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            withdrawn = {each.correction for each in await _withdrawals(connection, upto_seq=upto_seq)}
            async for part in rows(connection, statement):
                found += [correction_of(row, device_id=keys.id(row[1])) for row in part]
        return [replace(each, withdrawn=True) if each.seq in withdrawn else each for each in found]

    async def correction(self, seq: int) -> Correction | None:
        """Give the correction of a seq, marked so where it is withdrawn, or None."""
        keys = self._database.keys
        async with self._database.read() as connection:
            await keys.refresh(connection)
            row = (await connection.execute(select(correction).where(correction.c.seq == seq))).first()
            if row is None:
                return None
            withdrawn = select(withdrawal.c.seq).where(withdrawal.c.correction == seq).limit(1)
            found = correction_of(row, device_id=keys.id(row[1]))
            return replace(found, withdrawn=found.withdrawn or await connection.scalar(withdrawn) is not None)

    async def withdrawals(self, *, upto_seq: int | None = None) -> list[Withdrawal]:
        """Give withdrawals of corrections in seq order, as known at a seq."""
        async with self._database.read() as connection:
            return await _withdrawals(connection, upto_seq=upto_seq)

    async def inventory_changes(self, *, upto_seq: int | None = None) -> list[InventoryChange]:
        """Give inventory changes in seq order, as known at a seq."""
        statement = _facts(inventory_change, device_id=None, upto_seq=upto_seq)
        found: list[InventoryChange] = []
        async with self._database.read() as connection:
            async for part in rows(connection, statement):
                found += [inventory_change_of(row) for row in part]
        return found


async def _withdrawals(connection: AsyncConnection, *, upto_seq: int | None) -> list[Withdrawal]:
    statement = _facts(withdrawal, device_id=None, upto_seq=upto_seq)
    return [withdrawal_of(row) async for part in rows(connection, statement) for row in part]


def _facts(table: Table, *, device_id: str | None, upto_seq: int | None) -> Select[Any]:
    statement = select(table).order_by(table.c.seq)
    if device_id is not None:
        statement = statement.where(
            table.c.device == select(device.c.key).where(device.c.id == device_id).scalar_subquery()
        )
    if upto_seq is not None:
        statement = statement.where(table.c.seq <= upto_seq)
    return statement
