"""Snapshot counts over time, in the database (`ports.Trend`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Table, Text, delete, func, select

from monitor.adapters.db.engine import Database
from monitor.adapters.db.schema import metadata
from monitor.adapters.db.writing import RowWriter
from monitor.ports import TrendPoint

_COUNTS = (
    *("online", "offline", "unknown", "exempt", "intact", "judged"),
    *("first_required", "first_networked", "second_required", "second_networked"),
)
_LATER_COUNTS = ("clock_within", "clock_read")

# One row a region and instant; a city of 140 regions writes 3,360 rows a day.
trend = Table(
    "trend",
    metadata,
    Column("region", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False, index=True),
    *(Column(name, Integer, nullable=False) for name in _COUNTS),
    *(Column(name, Integer, nullable=False, server_default="0") for name in _LATER_COUNTS),
)


class SqlTrend:
    """`ports.Trend` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Of two services on one database both count at the hour; the later one's counts stand.
        self._rows = RowWriter(trend, database.engine, key=("region", "at"))

    async def keep(self, points: Sequence[TrendPoint], *, forget_before: int) -> None:
        """Store counts, and forget those before an instant."""
        old = delete(trend).where(trend.c.at < forget_before)

        async def work(connection: Any) -> None:
            await connection.execute(old)
            await self._rows.write(connection, map(astuple, points))

        await self._database.write(work)

    async def trend(self, region: str, *, since: int) -> list[TrendPoint]:
        """Give a region's counts since an instant, oldest first."""
        statement = select(trend).where(trend.c.region == region, trend.c.at >= since).order_by(trend.c.at)
        async with self._database.read() as connection:
            return [TrendPoint(*row) for row in await connection.execute(statement)]

    async def clocks(self, *, start: int, end: int) -> dict[str, tuple[int, int, int]]:
        """Give by region how often clocks were counted in [start, end), and the sums within and read."""
        statement = (
            select(trend.c.region, func.count(), func.sum(trend.c.clock_within), func.sum(trend.c.clock_read))
            .where(trend.c.at >= start, trend.c.at < end, trend.c.clock_read > 0)
            .group_by(trend.c.region)
            .order_by(trend.c.region)
        )
        async with self._database.read() as connection:
            found = await connection.execute(statement)
            return {region: (counts, int(within), int(read)) for region, counts, within, read in found}

    async def newest_at(self) -> int | None:
        """Give the instant of the newest counts, None before the first."""
        async with self._database.read() as connection:
            newest: int | None = await connection.scalar(select(func.max(trend.c.at)))
        return newest
