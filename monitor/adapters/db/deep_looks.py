"""What deep looks leave behind, and operators' orders, in the database (`ports.DeepStore`, `ports.Orders`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.deep_rows import login_of, login_row, look_of, look_row, said_of, said_row
from monitor.adapters.db.engine import Database
from monitor.adapters.db.keys import refuse_unknown
from monitor.adapters.db.reading import rows
from monitor.adapters.db.schema import device, device_record
from monitor.adapters.db.schema_deep import deep_look, device_login, device_said, operator_order
from monitor.adapters.db.writing import RowWriter
from monitor.domain.deep import LOOKS_KEPT, DeepSummary, Identity, Known, Said, mac_of
from monitor.domain.login import LoginRecord
from monitor.ports import DeepBatch, Order

_NEWEST_TO_GO = (
    select(deep_look.c.at)
    .where(deep_look.c.device == bindparam("of"))
    .order_by(deep_look.c.at.desc())
    .limit(1)
    .offset(LOOKS_KEPT)
)
_FORGET_OLD = delete(deep_look).where(
    deep_look.c.device == bindparam("of"), deep_look.c.at <= _NEWEST_TO_GO.scalar_subquery()
)


def login_in(connection: Connection, device_id: str) -> LoginRecord | None:
    """Give what is remembered of logging in to a device, or None."""
    statement = select(device_login).join(device, device.c.key == device_login.c.device)
    row = connection.execute(statement.where(device.c.id == device_id)).first()
    return login_of(tuple(row)) if row else None


def looks_in(connection: Connection, device_id: str) -> list[DeepSummary]:
    """Give a device's last deep looks, newest first."""
    statement = (
        select(deep_look)
        .join(device, device.c.key == deep_look.c.device)
        .where(device.c.id == device_id)
        .order_by(deep_look.c.at.desc())
    )
    return [look_of(tuple(row), device_id=device_id) for row in connection.execute(statement)]


def known_in(connection: Connection, device_id: str) -> Known:
    """Give what is known of a device before a look."""
    statement = (
        select(
            device_record.c.vendor,
            device_record.c.serial,
            device_record.c.mac,
            device_record.c.retention_days,
            device_said.c.serial,
            device_said.c.macs,
            device_said.c.said,
        )
        .select_from(device)
        .outerjoin(device_record, device_record.c.device == device.c.key)
        .outerjoin(device_said, device_said.c.device == device.c.key)
        .where(device.c.id == device_id)
    )
    row = connection.execute(statement).first()
    if row is None:
        return Known()
    vendor, serial, mac, retention_days, heard_serial, heard_macs, said = row
    recorded_mac = mac_of(mac or "")
    return Known(
        recorded=Identity(serial or "", (recorded_mac,) if recorded_mac else ()),
        heard=Identity(heard_serial or "", tuple((heard_macs or "").split())),
        said=said_of(said) if said else None,
        vendor=vendor or "",
        retention_days=int(retention_days) if (retention_days or "").isdecimal() else None,
    )


class SqlDeepStore:
    """`ports.DeepStore` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        engine = database.engine
        self._looks = RowWriter(deep_look, engine, key=("device", "at"))
        self._said = RowWriter(device_said, engine, key="device")
        self._logins = RowWriter(device_login, engine, key="device")

    async def logins(self) -> list[tuple[str, LoginRecord]]:
        """Give what is remembered of logging in to each device."""
        keys = self._database.keys
        found: list[tuple[str, LoginRecord]] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            async for part in rows(connection, select(device_login)):
                found += [(keys.id(row[0]), login_of(row)) for row in part]
        return found

    async def login(self, device_id: str) -> LoginRecord | None:
        """Give the same of one device, or None."""
        return await self._database.look_up(lambda connection: login_in(connection, device_id))

    async def known(self, device_id: str) -> Known:
        """Give what is known of a device before a look."""
        return await self._database.look_up(lambda connection: known_in(connection, device_id))

    async def said(self) -> list[tuple[str, Said]]:
        """Give what each device said of itself last, by device."""
        keys = self._database.keys
        found: list[tuple[str, Said]] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            async for part in rows(connection, select(device_said.c.device, device_said.c.said)):
                found += [(keys.id(key), said_of(said)) for key, said in part if said]
        return found

    async def looks(self, device_id: str) -> list[DeepSummary]:
        """Give a device's last deep looks, newest first."""
        return await self._database.look_up(lambda connection: looks_in(connection, device_id))

    async def keep(self, batch: DeepBatch) -> None:
        """Store a batch in one transaction; the same batch given again changes nothing.

        Raises:
            StoreBusyError: nothing was stored, or it is not known; give the same batch again.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the batch names a device that is not recorded.
        """
        keys = self._database.keys
        if keys.unknown(_device_ids(batch)):
            async with self._database.read() as connection:
                await keys.refresh(connection)
            refuse_unknown(keys.unknown(_device_ids(batch)))

        async def work(connection: AsyncConnection) -> None:
            key = keys.key
            await self._looks.write(connection, (look_row(each, key=key(each.device_id)) for each in batch.looks))
            await self._said.write(connection, (said_row(heard, said, key=key(of)) for of, heard, said in batch.said))
            await self._logins.write(connection, (login_row(record, key=key(of)) for of, record in batch.logins))
            looked_at = [{"of": key(each)} for each in sorted({look.device_id for look in batch.looks})]
            if looked_at:
                await connection.execute(_FORGET_OLD, looked_at)

        await self._database.write(work)


class SqlOrders:
    """`ports.Orders` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(self, order: Order) -> None:
        """Store an order; for "login" what is remembered of refused logins is forgotten in the same transaction."""
        forget = update(device_login).values(refusals=0)
        if order.device_id:
            of = select(device.c.key).where(device.c.id == order.device_id).scalar_subquery()
            forget = forget.where(device_login.c.device == of)
        else:
            forget = forget.where(device_login.c.login_group == order.group)

        async def work(connection: AsyncConnection) -> None:
            if order.kind == "login":
                await connection.execute(forget)
            values = {
                "kind": order.kind,
                "device": order.device_id,
                "login_group": order.group,
                "author": order.author,
                "at": order.at,
            }
            await connection.execute(insert(operator_order), values)

        await self._database.write(work)

    async def knows_group(self, group: str) -> bool:
        """Tell whether any device was logged in to with a group."""
        statement = select(device_login.c.device).where(device_login.c.login_group == group).limit(1)
        async with self._database.read() as connection:
            return (await connection.scalar(statement)) is not None

    async def after(self, number: int) -> list[Order]:
        """Give the orders after a number."""
        statement = select(operator_order).where(operator_order.c.number > number).order_by(operator_order.c.number)
        async with self._database.read() as connection:
            return [_order(tuple(row)) for row in await connection.execute(statement)]

    async def newest(self) -> int:
        """Give the number of the newest order, 0 before the first."""
        async with self._database.read() as connection:
            found: int | None = await connection.scalar(select(func.max(operator_order.c.number)))
        return found or 0

    async def confirm(self, device_id: str) -> bool:
        """Take who a device last said to be as who it is; say whether it had said anything."""
        statement = (
            select(device_said).join(device, device.c.key == device_said.c.device).where(device.c.id == device_id)
        )

        async def work(connection: AsyncConnection) -> bool:
            row = (await connection.execute(statement)).first()
            if row is None:
                return False
            said = said_of(row.said)
            now = update(device_said).where(device_said.c.device == row.device)
            await connection.execute(now.values(serial=said.serial, macs=" ".join(said.macs)))
            return True

        return await self._database.write(work)


def _device_ids(batch: DeepBatch) -> Iterator[str]:
    yield from (each.device_id for each in batch.looks)
    yield from (of for of, _, _ in batch.said)
    yield from (of for of, _ in batch.logins)


def _order(row: tuple[Any, ...]) -> Order:
    number, kind, device_id, group, author, at = row
    return Order(kind, device_id, group, author, at, number)
