"""The desk of accounts and the audit log, put together on the database of the settings."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.db.accounts import SqlAccounts
from monitor.adapters.db.audit import SqlAuditLog
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.passwords import Argon2Secrets, is_sealed
from monitor.adapters.syslog import SyslogAudit
from monitor.app.wiring import database_of, vault_of
from monitor.domain.audit import FIRST, first_broken
from monitor.domain.region import RegionTree
from monitor.ports import AuditLog
from monitor.services.account_desk import AccountDesk, AccountRules
from monitor.settings import Settings

_CHECKED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what, and what was done."""

    desk: AccountDesk
    audit: AuditLog


def access_of(
    database: Database,
    settings: Settings,
    *,
    folder: Path,
    tree: Callable[[], RegionTree],
    now: Callable[[], float] = time.time,
) -> Access:
    """Put the desk of accounts and the audit log together."""
    audit: AuditLog = SqlAuditLog(database)
    if settings.audit.syslog:
        audit = SyslogAudit(audit, settings.audit.syslog)
    rules = AccountRules(idle_s=settings.accounts.idle_s, session_s=settings.accounts.session_s)
    secrets = Argon2Secrets(vault_of(settings, folder=folder))
    desk = AccountDesk(SqlAccounts(database), audit, secrets, tree=tree, rules=rules, now=now)
    return Access(desk, audit)


@asynccontextmanager
async def access(settings: Settings, *, folder: Path) -> AsyncIterator[Access]:
    """Give the desk of accounts and the audit log for one command, and close the database after it.

    Raises:
        StoreError: the database cannot be used.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        tree = RegionTree(await SqlInventory(database).regions())
        yield access_of(database, settings, folder=folder, tree=lambda: tree)
    finally:
        await database.close()


async def seal_second_factors(database: Database, settings: Settings, *, folder: Path, again: bool = False) -> None:
    """Encrypt the second factors that an older program kept plain.

    Args:
        database: with the accounts.
        settings: say where the key is.
        folder: what relative paths in the settings are relative to.
        again: encrypt all of them, under the newest key.

    Raises:
        CredentialsError: the key cannot be used, or does not open one; that one and the rest are as before.
        StoreError: the database cannot be used.
    """
    accounts = SqlAccounts(database)
    secrets = Argon2Secrets(vault_of(settings, folder=folder))
    for account in await accounts.accounts():
        if account.totp and (again or not is_sealed(account.totp)):
            secret = secrets.opened(account.name, account.totp)
            await accounts.replace_totp(account.name, account.totp, secrets.sealed(account.name, secret))


async def verified(audit: AuditLog) -> tuple[int, int | None, str]:
    """Check the whole chain: give how many entries hold, the seq of the first that does not, and the last hash."""
    previous, seq = FIRST, 0
    while entries := await audit.entries(after=seq, limit=_CHECKED_AT_ONCE):
        broken = first_broken(entries, previous=previous, seq=seq)
        if broken is not None:
            return broken - 1, broken, previous
        previous, seq = entries[-1].hash, entries[-1].seq
    return seq, None, previous
