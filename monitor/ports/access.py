"""Who may see and do what, who did what, and what was answered already."""

from __future__ import annotations

from typing import Protocol

from monitor.domain.account import Account, ApiToken, LoginSession
from monitor.domain.audit import AuditEntry


class AccountStore(Protocol):
    """Accounts, their browsers' logins and their programs' tokens."""

    async def accounts(self) -> list[Account]:
        """Give all accounts by name."""

    async def account(self, name: str) -> Account | None:
        """Give one account, or None."""

    async def save_account(self, account: Account) -> None:
        """Store an account, new or changed.

        Raises:
            StoreError: nothing was stored.
        """

    async def use_totp_step(self, name: str, step: int) -> bool:
        """Note that a time step's code was used; False where that or a later one was already."""

    async def session(self, id_hash: str) -> LoginSession | None:
        """Give one session, or None."""

    async def save_session(self, session: LoginSession) -> None:
        """Store a session, new or seen again."""

    async def end_sessions(
        self, *, id_hash: str | None = None, account: str | None = None, before: int | None = None
    ) -> None:
        """Take away one session, all of an account, or all not seen since an instant."""

    async def tokens(self, *, account: str | None = None) -> list[ApiToken]:
        """Give all tokens, or those of an account, in the order of their making."""

    async def token(self, secret_hash: str) -> ApiToken | None:
        """Give the token of a secret's hash, or None."""

    async def save_token(self, token: ApiToken) -> None:
        """Store a token, new, used or revoked."""


class AuditLog(Protocol):
    """What people did: appended to, never changed."""

    async def append(self, entry: AuditEntry) -> AuditEntry:
        """Store an entry at the end of the chain, and give it with its seq and hash.

        Raises:
            StoreError: it was not stored.
        """

    async def entries(
        self, *, after: int = 0, limit: int = 1_000, who: str | None = None, action: str | None = None
    ) -> list[AuditEntry]:
        """Give entries in seq order, those after a seq."""

    async def newest(self, *, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        """Give entries newest first, those before a seq."""


class Remembered(Protocol):
    """What was answered to a change, so that the same change sent again is not made twice."""

    async def answered(self, caller: str, key: str) -> tuple[str, int, bytes] | None:
        """Give (fingerprint of the request, status, body) of a key, or None."""

    async def remember(self, caller: str, key: str, *, answer: tuple[str, int, bytes], at: int) -> None:
        """Keep an answer, and forget those of a day ago."""
