"""Names of devices and points (`ports.Directory`): by id for those that are shown, and by text for searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory_rows import PointReader, RecordReader
from monitor.adapters.db.schema import device, device_record, point
from monitor.domain.device import DeviceRecord
from monitor.domain.point import Point

_AT_ONCE = 500
"""Bound values of one statement; SQLite takes 32,766, and a short one is cached."""


class SqlDirectory:
    """`ports.Directory` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def records_of(self, device_ids: Sequence[str]) -> dict[str, DeviceRecord]:
        """Give the records of some devices, by id."""
        statement = select(device.c.id, device_record).join(device_record, device.c.key == device_record.c.device)

        def work(connection: Connection) -> dict[str, DeviceRecord]:
            reader = RecordReader()
            return {
                row[0]: reader.record(tuple(row[1:]), row[0])
                for some in _parts(device_ids)
                for row in connection.execute(statement.where(device.c.id.in_(some)))
            }

        return await self._database.look_up(work)

    async def devices_like(self, text: str, *, limit: int) -> list[str]:
        """Give the ids of devices whose id, name or address holds a text."""
        statement = (
            select(device.c.id)
            .outerjoin(device_record, device.c.key == device_record.c.device)
            .where(or_(*(_holds(column, text) for column in (device.c.id, device_record.c.name, device.c.address))))
            .limit(limit)
        )
        async with self._database.read() as connection:
            return list((await connection.execute(statement)).scalars())

    async def points_of(self, point_ids: Sequence[str]) -> dict[str, Point]:
        """Give some points, by id."""

        def work(connection: Connection) -> dict[str, Point]:
            reader = PointReader()
            found = (
                reader.point(tuple(row))
                for some in _parts(point_ids)
                for row in connection.execute(select(point).where(point.c.id.in_(some)))
            )
            return {each.id: each for each in found}

        return await self._database.look_up(work)

    async def points_like(self, text: str, *, limit: int) -> list[str]:
        """Give the ids of points whose id or name holds a text."""
        statement = select(point.c.id).where(or_(_holds(point.c.id, text), _holds(point.c.name, text))).limit(limit)
        async with self._database.read() as connection:
            return list((await connection.execute(statement)).scalars())


def _holds(column: Any, text: str) -> ColumnElement[bool]:
    held: ColumnElement[bool] = column.contains(text, autoescape=True)
    return held


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
