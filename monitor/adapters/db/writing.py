"""Writing rows: one statement a table, compiled once, fed with tuples in the table's column order.

SQLAlchemy writes the SQL, the driver's executemany gets the tuples as they are. Through `execute` with a dict a row the
same 250,000 rows cost three times as much, in dicts and parameter processing that integers and texts don't need.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from monitor.adapters.db.schema import sequence

# Rows at a time: enough to make the way to the driver cheap, few enough that the loop runs in between.
_CHUNK = 2_000


class RowWriter:
    """Inserts rows into one table, or upserts them where `key` names its unique column.

    Args:
        table: the table.
        engine: tells the dialect.
        key: the columns by which an existing row is replaced; none only inserts.
        keep: columns of an existing row that stay as they are; where all do, a row that is there already stays.
    """

    def __init__(
        self,
        table: Table,
        engine: AsyncEngine,
        *,
        key: str | tuple[str, ...] | None = None,
        keep: tuple[str, ...] = (),
    ) -> None:
        insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(table)
        if key is not None:
            keys = (key,) if isinstance(key, str) else key
            replaced = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in (*keys, *keep)}
            if replaced:
                statement = statement.on_conflict_do_update(index_elements=keys, set_=replaced)
            else:
                statement = statement.on_conflict_do_nothing(index_elements=keys)
        columns = [column.name for column in table.columns]
        self._sql = str(statement.compile(dialect=engine.dialect, column_keys=columns))

    async def write(self, connection: AsyncConnection, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows, each a tuple of all columns in the table's order."""
        remaining = iter(rows)
        while chunk := list(islice(remaining, _CHUNK)):
            await connection.exec_driver_sql(self._sql, chunk)


async def take(connection: AsyncConnection, name: str, count: int) -> int:
    """Take `count` numbers of a sequence and give the first; until the commit no other writer gets any."""
    statement = (
        update(sequence)
        .where(sequence.c.name == name)
        .values(value=sequence.c.value + count)
        .returning(sequence.c.value)
    )
    last: int = (await connection.execute(statement)).scalar_one()
    return last - count + 1
