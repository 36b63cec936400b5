"""What went wrong with the database, in words for people: one line in Chinese, one in English (`ports.StoreError`)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from asyncpg import InternalClientError  # type: ignore[import-untyped] # it ships no types
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from monitor.ports import StoreBusyError, StoreError, StoreRefusedError


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble: whether trying again helps, and its words; `{where}` and `{detail}` are filled in."""

    again: bool
    text_zh: str
    text_en: str

    def error(self, *, where: str, detail: str) -> StoreError:
        """Give the error to raise, with both lines."""
        detail = " ".join(detail.split())
        lines = (text.format(where=where, detail=detail) for text in (self.text_zh, self.text_en))
        return (StoreBusyError if self.again else StoreRefusedError)("\n".join(lines))


_LOCKED = Trouble(
    True,
    "数据库被其他程序占用: {where} ({detail})。稍后自动重试; 若持续出现, 请关闭占用该文件的程序。",
    "The database is locked by another program: {where} ({detail}). It is tried again; if it lasts, stop that program.",
)
_FULL = Trouble(
    True,
    "磁盘空间不足: {where} ({detail})。请清理磁盘, 之后自动继续。",
    "The disk is full: {where} ({detail}). Free some space; writing then goes on by itself.",
)
_DISK = Trouble(
    True,
    "数据库读写失败: {where} ({detail})。请检查磁盘; 稍后自动重试。",
    "The database's disk failed to read or write: {where} ({detail}). Check the disk; it is tried again.",
)
_READ_ONLY = Trouble(
    False,
    "数据库只读, 无法写入: {where} ({detail})。请检查文件与目录的权限, 或改连主库。",
    "The database is read-only: {where} ({detail}). Check the rights of the file and its folder, or use the primary.",
)
_CANNOT_OPEN = Trouble(
    False,
    "无法打开数据库文件: {where} ({detail})。请检查目录是否存在、是否可写。",
    "The database file cannot be opened: {where} ({detail}). Check that its folder exists and can be written.",
)
_NOT_A_DATABASE = Trouble(
    False,
    "文件已损坏或不是数据库: {where} ({detail})。请检查路径, 或从备份恢复。",
    "The file is damaged or not a database: {where} ({detail}). Check the path, or restore a backup.",
)
_LOST = Trouble(
    True,
    "无法连接数据库或连接中断: {where} ({detail})。请检查数据库服务与网络; 稍后自动重试。",
    "No connection to the database, or it was lost: {where} ({detail}). Check the server and the network; "
    "it is tried again.",
)
_SLOW = Trouble(
    True,
    "数据库应答过慢: {where} ({detail})。请检查其负载; 稍后自动重试。",
    "The database answers too slowly: {where} ({detail}). Check its load; it is tried again.",
)
_CONNECTIONS = Trouble(
    True,
    "数据库连接数已满: {where} ({detail})。请增大 max_connections 或关闭其他连接; 稍后自动重试。",
    "The database has no connection left: {where} ({detail}). Raise max_connections or close some; it is tried again.",
)
_STOPPING = Trouble(
    True,
    "数据库正在关闭或启动: {where} ({detail})。稍后自动重试。",
    "The database is shutting down or starting: {where} ({detail}). It is tried again.",
)
_CONFLICT = Trouble(
    True,
    "与其他写入冲突: {where} ({detail})。稍后自动重试。",
    "Another writer was in the way: {where} ({detail}). It is tried again.",
)
_RESOURCES = Trouble(
    True,
    "数据库资源不足: {where} ({detail})。请检查内存与磁盘; 稍后自动重试。",
    "The database is short of resources: {where} ({detail}). Check its memory and disk; it is tried again.",
)
_NO_ACCESS = Trouble(
    False,
    "数据库拒绝访问: {where} ({detail})。请检查用户名、密码、库名与权限。",
    "The database refuses access: {where} ({detail}). Check user, password, database name and rights.",
)
_SCHEMA = Trouble(
    False,
    "数据库结构与程序不符: {where} ({detail})。请运行 `vidnet db upgrade`。",
    "The database's tables are not this program's: {where} ({detail}). Run `vidnet db upgrade`.",
)
_OTHER = Trouble(
    False,
    "数据库出错: {where} ({detail})。请把此信息报告给开发者。",
    "The database failed: {where} ({detail}). Please report this message.",
)

# Primary result codes of SQLite (https://sqlite.org/rescode.html): the low byte of the extended ones.
_SQLITE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_NOMEM: _RESOURCES,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_AUTH: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _CANNOT_OPEN,
    sqlite3.SQLITE_NOTADB: _NOT_A_DATABASE,
    sqlite3.SQLITE_CORRUPT: _NOT_A_DATABASE,
    sqlite3.SQLITE_ERROR: _SCHEMA,  # "no such table", "no such column"
}

# SQLSTATEs of PostgreSQL (its manual, appendix A): a whole code first, then its class, the first two characters.
_POSTGRES = {
    "53100": _FULL,
    "53300": _CONNECTIONS,
    "25006": _READ_ONLY,
    "42501": _NO_ACCESS,
    "3D000": _NO_ACCESS,
    "57014": _SLOW,
    "55P03": _LOCKED,
    "08": _LOST,
    "28": _NO_ACCESS,
    "40": _CONFLICT,
    "42": _SCHEMA,
    "53": _RESOURCES,
    "57": _STOPPING,
    "58": _DISK,
    "XX": _NOT_A_DATABASE,
}
_DATA_EXCEPTION = "22"

DRIVER_ERRORS = (DBAPIError, PoolTimeoutError, sqlite3.Error, OSError)
"""All that a driver or SQLAlchemy may raise; OSError covers refused connections and, as TimeoutError, slow ones."""


def explain(error: BaseException, *, where: str) -> Exception:
    """Give the error that the ports promise for one of `DRIVER_ERRORS`.

    A value that the database cannot hold becomes a ValueError: neither trying again nor stopping would help.
    """
    for cause in _chain(error):
        if isinstance(cause, sqlite3.Error) and hasattr(cause, "sqlite_errorcode"):
            return _SQLITE.get(cause.sqlite_errorcode & 0xFF, _OTHER).error(where=where, detail=str(cause))
        if sqlstate := getattr(cause, "sqlstate", None):
            return _explain_postgres(sqlstate, detail=str(cause), where=where)
        if isinstance(cause, TimeoutError | PoolTimeoutError):
            return _SLOW.error(where=where, detail="timeout")
        # The driver's own state is off when a connection is lost between two steps of a commit.
        if isinstance(cause, OSError | InterfaceError | InternalClientError):
            return _LOST.error(where=where, detail=str(cause) or type(cause).__name__)
    return _OTHER.error(where=where, detail=str(getattr(error, "orig", error)))


def _explain_postgres(sqlstate: str, *, detail: str, where: str) -> Exception:
    if sqlstate.startswith(_DATA_EXCEPTION):
        return ValueError(f"{where} cannot hold a value: {detail}")
    trouble = _POSTGRES.get(sqlstate) or _POSTGRES.get(sqlstate[:2], _OTHER)
    return trouble.error(where=where, detail=f"{detail} [{sqlstate}]")


def _chain(error: BaseException) -> list[BaseException]:
    """Give an error and all that it wraps, outermost first."""
    chain: list[BaseException] = []
    queue: list[BaseException | None] = [error]
    while queue:
        cause = queue.pop(0)
        if cause is not None and cause not in chain:
            chain.append(cause)
            queue += [getattr(cause, "orig", None), cause.__cause__, cause.__context__]
    return chain
