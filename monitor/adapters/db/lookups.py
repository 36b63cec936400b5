"""Short reads of a SQLite file: few, small and often, each from first to last in one thread.

aiosqlite wakes a thread and then the event loop for every statement, for each transaction's beginning and for its end:
some forty turns for the page of one device, each of them behind whatever else runs. Here it is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

T = TypeVar("T")

AT_ONCE = 2
"""Threads; Python runs one of them at a time, the second is for while the first waits for the disk."""


class SqliteLookups:
    """Runs short reads on connections of its own; opens nothing until used, and opens again after `close`.

    Args:
        url: of the file, with any driver.
        on_connect: sets a new connection up.
        on_begin: begins a transaction.
    """

    def __init__(
        self,
        url: URL,
        *,
        on_connect: Callable[[Any, ConnectionPoolEntry], None],
        on_begin: Callable[[Connection], None],
    ) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite+pysqlite"), hide_parameters=True, pool_size=AT_ONCE, max_overflow=0
        )
        event.listen(self._engine, "connect", on_connect)
        event.listen(self._engine, "begin", on_begin)
        self._threads: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a thread, on a connection on which all is read as of one instant, and give its result."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="lookup")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    async def close(self) -> None:
        """Let running reads finish and close the connections."""
        threads, self._threads = self._threads, None
        if threads is not None:
            await asyncio.to_thread(threads.shutdown)
        self._engine.dispose()

    def _run(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return work(connection)
