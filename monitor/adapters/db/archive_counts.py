"""How many records hold what they must, counted by the database: a city's records stay where they are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from monitor.adapters.db.engine import Database
from monitor.adapters.db.schema import device, device_record
from monitor.domain.archive import OF_DEVICE, ArchiveCount, Requirements
from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.point import PointClass


class SqlArchiveCounts:
    """`ports.ArchiveCounts` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def archive_counts(self, requirements: Requirements) -> list[ArchiveCount]:
        """Count the records of devices that are not retired, by region and class."""
        fields = sorted({name for each in PointClass for name in requirements.of(each)})
        archived = and_(_holds("name"), _holds("region"))
        statement = (
            select(
                device.c.region,
                device.c.point_class,
                func.count(),
                _count(archived),
                *(_count(_holds(name)) for name in fields),
            )
            .select_from(device.outerjoin(device_record, device_record.c.device == device.c.key))
            .where(device.c.kind.in_(sorted(HEADLINE_KINDS)), device.c.retired_at.is_(None))
            .group_by(device.c.region, device.c.point_class)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(statement)).all()
        return [_counted(row, fields, requirements) for row in found]


def _counted(row: Any, fields: list[str], requirements: Requirements) -> ArchiveCount:
    region, name, known, archived, *counts = row
    filled = dict(zip(fields, counts, strict=True))
    required = requirements.of(PointClass(name))
    return ArchiveCount(
        region=region or "",
        point_class=PointClass(name),
        known=known,
        archived=archived,
        required=known * len(required),
        filled=sum(filled[each] for each in required),
    )


def _holds(name: str) -> ColumnElement[bool]:
    """Tell in SQL what `archive.field_of` gives as text that is not empty."""
    if name == "address":
        return and_(device.c.protocol.is_not(None), device.c.address != "")
    column = (device if name in OF_DEVICE else device_record).c[name]
    return and_(column.is_not(None), column != "")


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
