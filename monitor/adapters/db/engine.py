"""The connections to one database: how they are set up, how writes are serialised, how failures are named."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from monitor.adapters.db.keys import DeviceKeys
from monitor.adapters.db.lookups import SqliteLookups
from monitor.adapters.db.trouble import DRIVER_ERRORS, explain
from monitor.ports import StoreRefusedError

T = TypeVar("T")

_WRITES = "vidnet_writes"

_PRAGMAS = (
    "PRAGMA busy_timeout=5000",  # first: switching to WAL may itself have to wait
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # with WAL: a kill loses nothing, a power cut at most the last commits, never the file
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-4096",
    "PRAGMA journal_size_limit=67108864",
)


class Database:
    """One SQLite file or PostgreSQL database, shared by the stores built on it; opens nothing until used.

    Attributes:
        engine: SQLAlchemy's engine, for migrations.
        where: the database in words for messages, without credentials.
        keys: the integer keys of the devices.

    Args:
        url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user:password@host/name`.
        command_timeout_s: how long one statement may take on PostgreSQL.

    Raises:
        StoreRefusedError: the URL is of neither form.
    """

    def __init__(self, url: str, *, command_timeout_s: float = 60) -> None:
        parsed = _parse(url)
        self.where = _where(parsed)
        self.keys = DeviceKeys()
        self._lookups: SqliteLookups | None = None
        if parsed.drivername == "sqlite+aiosqlite":
            self.engine = create_async_engine(parsed, hide_parameters=True)
            event.listen(self.engine.sync_engine, "do_connect", _try_to_open)
            event.listen(self.engine.sync_engine, "connect", _set_pragmas)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
            self._reader = self.engine
            self._lookups = SqliteLookups(parsed, on_connect=_set_pragmas, on_begin=_begin_sqlite)
        else:
            self.engine = _postgres_engine(parsed, command_timeout_s=command_timeout_s)
            # As on SQLite, everything read in one `read` is of one instant.
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._writer = self.engine.execution_options(**{_WRITES: True})
        self._one_writer = asyncio.Lock()
        self._writing: set[asyncio.Task[Any]] = set()

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in a write transaction of its own, one at a time, and give its result once committed.

        The transaction runs in a task of its own, so that a cancelled caller interrupts no connection halfway: it is
        then committed or rolled back as if nobody had been waiting, before the next write begins.

        Raises:
            StoreBusyError: nothing was stored; try again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """
        task = asyncio.create_task(self._write(work), name="database write")
        self._writing.add(task)
        task.add_done_callback(self._written)
        await asyncio.wait((task,))
        return task.result()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection on which all is read as of one instant.

        Raises:
            StoreBusyError: it cannot be read now; try again.
            StoreRefusedError: it cannot be read as it is.
        """
        with self._named_failures():
            async with self._reader.connect() as connection:
                yield connection

    async def look_up(self, work: Callable[[Connection], T]) -> T:
        """Run short reads, all as of one instant, and give their result; for what people wait for.

        `work` gets a connection that does not wait for an event loop, and must not touch what other threads change.

        Raises:
            StoreBusyError: it cannot be read now; try again.
            StoreRefusedError: it cannot be read as it is.
        """
        with self._named_failures():
            if self._lookups is not None:
                return await self._lookups.run(work)
            async with self._reader.connect() as connection:
                return await connection.run_sync(work)

    async def close(self) -> None:
        """Let the running write finish and close all connections; a closed database opens again when used."""
        if self._writing:
            await asyncio.wait(self._writing)
        if self._lookups is not None:
            await self._lookups.close()
        await self.engine.dispose()

    async def _write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._one_writer:
            with self._named_failures():
                async with self._writer.begin() as connection:
                    return await work(connection)

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # looked at here, since a cancelled caller no longer will

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except DRIVER_ERRORS as error:
            raise explain(error, where=self.where) from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreRefusedError(_BAD_URL.format(url="?")) from error
    in_memory = parsed.drivername == "sqlite+aiosqlite" and parsed.database in (None, "", ":memory:")
    if parsed.drivername not in ("sqlite+aiosqlite", "postgresql+asyncpg") or in_memory:
        raise StoreRefusedError(_BAD_URL.format(url=parsed.render_as_string(hide_password=True)))
    return parsed


_BAD_URL = (
    "数据库地址无法识别: {url}。请写成 sqlite+aiosqlite:///文件路径 或 postgresql+asyncpg://用户:密码@主机/库名。\n"
    "The database URL is not understood: {url}. Write sqlite+aiosqlite:///path or "
    "postgresql+asyncpg://user:password@host/name."
)


def _where(url: URL) -> str:
    if url.drivername.startswith("sqlite"):
        return str(url.database)
    host = url.host or url.query.get("host") or "localhost"
    return f"postgresql {host}:{url.port or url.query.get('port') or 5432}/{url.database or ''}"


def _postgres_engine(url: URL, *, command_timeout_s: float) -> AsyncEngine:
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # a restarted server is noticed before a write is half sent
        pool_size=4,
        max_overflow=2,
        pool_timeout=10,
        connect_args={
            "timeout": 10,
            "command_timeout": command_timeout_s,
            "server_settings": {
                "application_name": "vidnet",
                # jit costs more than it gives in statements as small as ours
                "jit": "off",
                # a write whose connection was lost must not hold its locks until the server's TCP gives up, in hours
                "idle_in_transaction_session_timeout": "60s",
            },
        },
    )


def _try_to_open(_dialect: Dialect, _entry: ConnectionPoolEntry, arguments: Any, options: dict[str, Any]) -> None:
    # A file that cannot be opened fails here, before there is a thread: aiosqlite 0.22 does not wait for the thread of
    # a failed opening, which then reports to an event loop that may be gone.
    sqlite3.connect(*arguments, **options).close()


def _set_pragmas(connection: Any, _entry: ConnectionPoolEntry) -> None:
    try:
        # None: the driver starts no transactions of its own, `_begin_sqlite` does.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()
    except sqlite3.Error:
        connection.close()  # nobody else would: the pool does not have it yet
        raise


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails with "locked" whatever the timeout (SQLITE_BUSY_SNAPSHOT).
    immediate = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
