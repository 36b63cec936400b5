"""Everything that is stored about one device, read in one go (`ports.Dossiers`)."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from monitor.adapters.db.alert_rows import order_of
from monitor.adapters.db.deep_looks import known_in, login_in, looks_in
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import change_of, correction_of
from monitor.adapters.db.inventory import device_in
from monitor.adapters.db.pictures import memory_in
from monitor.adapters.db.schema import correction, device, state_change, withdrawal
from monitor.adapters.db.schema_alerts import work_order
from monitor.domain.facts import Correction, StateChange
from monitor.domain.work_order import WorkOrder
from monitor.ports import Dossier


class SqlDossiers:
    """`ports.Dossiers` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dossier(self, device_id: str, *, most_facts: int, orders_since: int) -> Dossier | None:
        """Give the dossier of a device, or None where there is no such device."""

        def work(connection: Connection) -> Dossier | None:
            found = device_in(connection, device_id)
            if found is None:
                return None
            return Dossier(
                device=found[0],
                record=found[1],
                changes=_changes(connection, device_id, most=most_facts),
                corrections=_corrections(connection, device_id, most=most_facts),
                looks=looks_in(connection, device_id),
                known=known_in(connection, device_id),
                login=login_in(connection, device_id),
                pictures=memory_in(connection, device_id),
                orders=_orders(connection, device_id, since=orders_since),
            )

        return await self._database.look_up(work)


def _changes(connection: Connection, device_id: str, *, most: int) -> list[StateChange]:
    statement = (
        select(state_change)
        .join(device, device.c.key == state_change.c.device)
        .where(device.c.id == device_id)
        .order_by(state_change.c.seq.desc())
        .limit(most)
    )
    return [change_of(tuple(row), device_id=device_id) for row in connection.execute(statement)][::-1]


def _corrections(connection: Connection, device_id: str, *, most: int) -> list[Correction]:
    withdrawn = select(withdrawal.c.seq).where(withdrawal.c.correction == correction.c.seq).exists()
    columns = [
        or_(column, withdrawn).label(column.name) if column is correction.c.withdrawn else column
        for column in correction.c
    ]
    statement = (
        select(*columns)
        .join(device, device.c.key == correction.c.device)
        .where(device.c.id == device_id)
        .order_by(correction.c.seq.desc())
        .limit(most)
    )
    return [correction_of(tuple(row), device_id=device_id) for row in connection.execute(statement)][::-1]


def _orders(connection: Connection, device_id: str, *, since: int) -> list[WorkOrder]:
    columns = work_order.c
    statement = (
        select(work_order)
        .where(or_(columns.closed_at.is_(None), columns.closed_at >= since))
        # Finds a few too many, which the list itself then sorts out.
        .where(columns.devices.contains(device_id, autoescape=True))
        .order_by(columns.opened_at.desc(), columns.id.desc())
    )
    orders = (order_of(tuple(row)) for row in connection.execute(statement))
    return [order for order in orders if device_id in order.devices]
