"""What people decided about faults, in the database (`ports.FaultDecisions`)."""

from __future__ import annotations

from sqlalchemy import exists, func, select

from monitor.adapters.db.codes import AXES, CAUSES
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import inventory_change_of
from monitor.adapters.db.schema import device, inventory_change, state_change
from monitor.domain.facts import Axis, InventoryChange
from monitor.domain.request import FAULT_FIELD
from monitor.domain.state import Cause


class SqlFaultDecisions:
    """`ports.FaultDecisions` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def after(self, seq: int) -> list[InventoryChange]:
        """Give the decisions after a seq, in seq order."""
        table = inventory_change
        statement = select(table).where(table.c.seq > seq, table.c.entity == "device", table.c.field == FAULT_FIELD)
        async with self._database.read() as connection:
            found = await connection.execute(statement.order_by(table.c.seq))
            return [inventory_change_of(tuple(row)) for row in found]

    async def newest(self) -> int:
        """Give a seq up to which all entries of the ledger are there now, decisions or not; 0 before the first."""
        async with self._database.read() as connection:
            found: int | None = await connection.scalar(select(func.max(inventory_change.c.seq)))
        return found or 0

    async def is_taken_in(self, decision: InventoryChange) -> bool:
        """Tell whether the change that a decision makes is stored."""
        of = select(device.c.key).where(device.c.id == decision.entity_id).scalar_subquery()
        made = exists().where(
            state_change.c.device == of,
            state_change.c.seq > decision.seq,
            state_change.c.axis == AXES[Axis.CONDITION],
            state_change.c.cause == CAUSES[Cause.DECISION],
            state_change.c.fault == (decision.old or decision.new),
        )
        async with self._database.read() as connection:
            return bool(await connection.scalar(select(made)))
