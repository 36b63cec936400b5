"""Reading many rows without ever holding them all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

# Rows at a time: a few milliseconds of work between two turns of the event loop.
_CHUNK = 2_000


async def rows(connection: AsyncConnection, statement: Select[Any]) -> AsyncIterator[Sequence[Any]]:
    """Stream a statement's rows in parts, through a cursor on the server or in the file."""
    result = await connection.stream(statement, execution_options={"yield_per": _CHUNK})
    async for part in result.partitions():
        yield part
