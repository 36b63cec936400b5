"""How many records hold what they must, counted by the database: a city's records stay where they are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, literal, select

from monitor.adapters.db.engine import Database
from monitor.adapters.db.schema import device, device_record
from monitor.domain.archive import OF_DEVICE, ArchiveCount, Requirements
from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.point import PointClass

PART = 10_000
"""Devices counted at a time: SQLite sorts the records that it groups, and a city's at once take 90 MB for good."""

_ARCHIVED = ("name", "region")
"""What a record must hold for its device to count as archived 建档."""


class SqlArchiveCounts:
    """`ports.ArchiveCounts` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def archive_counts(self, requirements: Requirements) -> list[ArchiveCount]:
        """Count the records of devices that are not retired, by region and class."""
        held = sorted({*_ARCHIVED, *(name for each in PointClass for name in requirements.of(each))})
        holds = sum((case((_holds(name), 1 << place), else_=0) for place, name in enumerate(held)), literal(0))
        by = (device.c.region, device.c.point_class, holds.label("holds"))
        statement = (
            select(*by, func.count())
            .select_from(device.outerjoin(device_record, device_record.c.device == device.c.key))
            .where(device.c.kind.in_(sorted(HEADLINE_KINDS)), device.c.retired_at.is_(None))
            .where(device.c.key > bindparam("after"), device.c.key <= bindparam("until"))
            .group_by(device.c.region, device.c.point_class, "holds")
        )
        found: list[Any] = []
        async with self._database.read() as connection:
            newest = await connection.scalar(select(func.max(device.c.key))) or 0
            for after in range(0, newest, PART):
                found += await connection.execute(statement, {"after": after, "until": after + PART})
        sums: dict[tuple[str, PointClass], list[int]] = {}
        for region, class_name, bits, count in found:
            point_class = PointClass(class_name)
            holds_these = {name for place, name in enumerate(held) if bits >> place & 1}
            required = requirements.of(point_class)
            so_far = sums.setdefault((region or "", point_class), [0, 0, 0, 0])
            so_far[0] += count
            so_far[1] += count * holds_these.issuperset(_ARCHIVED)
            so_far[2] += count * len(required)
            so_far[3] += count * len(holds_these.intersection(required))
        return [ArchiveCount(region, point_class, *counts) for (region, point_class), counts in sums.items()]


def _holds(name: str) -> ColumnElement[bool]:
    """Tell in SQL what `archive.field_of` gives as text that is not empty."""
    if name == "address":
        return and_(device.c.protocol.is_not(None), device.c.address != "")
    column = (device if name in OF_DEVICE else device_record).c[name]
    return and_(column.is_not(None), column != "")
