"""The desk of accounts: logging in and out, tokens, and what administrators change; all of it in the audit log."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from monitor.domain.account import (
    Account,
    ApiToken,
    Caller,
    Grant,
    LoginSession,
    Right,
    grant_problems,
    name_problem,
    password_problem,
)
from monitor.domain.audit import AuditEntry
from monitor.domain.region import RegionTree
from monitor.ports import AccountStore, AuditLog, Secrets
from monitor.services.login_throttle import LoginThrottle

T = TypeVar("T")

SEEN_EVERY_S = 60
"""A session that is used is stored again once in so many seconds."""

USED_EVERY_S = 3_600
MOST_TOKEN_DAYS = 366
DAY_S = 86_400
_HASHING_AT_ONCE = 2
_WAITING_AT_MOST = 16


class AccountError(ValueError):
    """What was asked of the accounts cannot be done; `problems` names every reason, in Chinese and English."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class LoginRefusedError(Exception):
    """A login failed; it never says which part was wrong. `code_wanted` asks for the second factor."""

    def __init__(self, *, code_wanted: bool = False) -> None:
        super().__init__("账号、口令或验证码不对 · wrong name, password or code")
        self.code_wanted = code_wanted


class ThrottledError(Exception):
    """Too many logins; to be tried again in `after_s` seconds."""

    def __init__(self, after_s: int) -> None:
        super().__init__(f"登录过于频繁，请 {after_s} 秒后再试 · too many logins, try again in {after_s} s")
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class AccountRules:
    """How long logins last.

    Attributes:
        idle_s: a session not used for so long is over.
        session_s: a session is over so long after its login, used or not.
    """

    idle_s: int = 1_800
    session_s: int = 43_200


@dataclass(frozen=True, slots=True)
class Doer:
    """Who changes something, and from where: what the audit log says of it."""

    name: str
    via: str
    address: str = ""


class AccountDesk:
    """Accounts, sessions and tokens by the rules.

    Args:
        store: where they are kept.
        audit: where everything is written down.
        secrets: makes and checks secrets.
        tree: gives the regions as they are now.
        rules: how long logins last.
        now: gives epoch seconds.
    """

    def __init__(
        self,
        store: AccountStore,
        audit: AuditLog,
        secrets: Secrets,
        *,
        tree: Callable[[], RegionTree],
        rules: AccountRules,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._audit = audit
        self._secrets = secrets
        self._tree = tree
        self._rules = rules
        self._now = now
        self._throttle = LoginThrottle()
        self._hashing = asyncio.Semaphore(_HASHING_AT_ONCE)
        self._waiting = 0
        self.refused_logins = 0
        self.throttled_logins = 0

    async def login(self, name: str, password: str, code: str, *, address: str) -> tuple[str, LoginSession, Caller]:
        """Log a browser in: give the new cookie's value, its session and who it is.

        Raises:
            ThrottledError: too many logins failed with this name or from this address, or too many wait.
            LoginRefusedError: the name, the password or the code is wrong.
            CredentialsError: the account's second factor cannot be read: its key is lost.
            StoreError: the store cannot be used.
        """
        at = int(self._now())
        after_s = self._throttle.wait_s(name, address, at=at)
        if after_s or self._waiting >= _WAITING_AT_MOST:
            self.throttled_logins += 1
            raise ThrottledError(after_s or 2)
        self._waiting += 1
        try:
            return await self._login(name, password, code, address=address, at=at)
        finally:
            self._waiting -= 1

    async def _login(
        self, name: str, password: str, code: str, *, address: str, at: int
    ) -> tuple[str, LoginSession, Caller]:
        account = await self._store.account(name)
        usable = account is not None and not account.disabled
        good = await self._matches(password, account.password if account is not None and usable else "")
        if account is not None and good and account.totp:
            if not code:
                raise LoginRefusedError(code_wanted=True)
            step = self._secrets.totp_step(self._secrets.opened(name, account.totp), code, at=at)
            good = step is not None and await self._store.use_totp_step(name, step)
        if account is None or not good:
            self.refused_logins += 1
            self._throttle.failed(name, address, at=at)
            await self._audit.append(AuditEntry(at, name[:64], "session", address, "login", outcome="refused"))
            raise LoginRefusedError
        self._throttle.succeeded(name)
        cookie, csrf = self._secrets.make(), self._secrets.make()
        session = LoginSession(hashed(cookie), name, account.version, csrf, created_at=at, seen_at=at)
        await self._store.end_sessions(before=at - self._rules.session_s)
        await self._store.save_session(session)
        await self._audit.append(AuditEntry(at, name, "session", address, "login"))
        return cookie, session, Caller(name, account.grants, "session")

    async def check_password(self, name: str, password: str, *, address: str) -> None:
        """Go on only with an account's right password; a wrong one counts like a failed login.

        Raises:
            ThrottledError: too many failed with this name or from this address.
            LoginRefusedError: it is wrong.
            StoreError: the store cannot be used.
        """
        at = int(self._now())
        if after_s := self._throttle.wait_s(name, address, at=at):
            raise ThrottledError(after_s)
        account = await self._store.account(name)
        if not await self._matches(password, "" if account is None else account.password):
            self._throttle.failed(name, address, at=at)
            raise LoginRefusedError

    async def by_cookie(self, cookie: str) -> tuple[LoginSession, Caller] | None:
        """Give the session of a cookie and who it is; None where it is unknown or over."""
        at = int(self._now())
        session = await self._store.session(hashed(cookie))
        if session is None:
            return None
        account = await self._store.account(session.account)
        if (
            account is None
            or account.disabled
            or account.version != session.account_version
            or at - session.seen_at > self._rules.idle_s
            or at - session.created_at > self._rules.session_s
        ):
            await self._store.end_sessions(id_hash=session.id_hash)
            return None
        if at - session.seen_at >= SEEN_EVERY_S:
            session = replace(session, seen_at=at)
            await self._store.save_session(session)
        return session, Caller(account.name, account.grants, "session")

    async def by_token(self, secret: str) -> Caller | None:
        """Give who a token's bearer is; None where it is unknown, revoked or expired."""
        at = int(self._now())
        token = await self._store.token(hashed(secret))
        if token is None or not token.works(at=at):
            return None
        account = await self._store.account(token.account)
        if account is None or account.disabled:
            return None
        if token.used_at is None or at - token.used_at >= USED_EVERY_S:
            await self._store.save_token(replace(token, used_at=at))
        rights = frozenset(token.rights) or None
        return Caller(account.name, account.grants, "token", token.id, rights, token.region)

    async def logout(self, session: LoginSession, *, address: str) -> None:
        """End a session."""
        await self._store.end_sessions(id_hash=session.id_hash)
        await self._audit.append(AuditEntry(int(self._now()), session.account, "session", address, "logout"))

    async def accounts(self) -> list[Account]:
        """Give all accounts by name."""
        return await self._store.accounts()

    async def add(self, name: str, password: str, grants: Sequence[Grant], *, by: Doer) -> Account:
        """Make an account.

        Raises:
            AccountError: the name, the password or a grant cannot be used, or the name is taken.
            StoreError: nothing was stored.
        """
        problems = [name_problem(name), password_problem(password, name=name)]
        problems += grant_problems(grants, self._tree())
        if any(each.name.casefold() == name.casefold() for each in await self._store.accounts()):
            problems.append(f"账号 {name} 已存在 · there is an account {name}")
        _refuse(problems)
        hashed_password = await self._hash(password)
        account = Account(name, hashed_password, tuple(grants), created_at=int(self._now()))
        await self._store.save_account(account)
        await self._note(by, "account.add", name, after=account)
        return account

    async def set_grants(self, name: str, grants: Sequence[Grant], *, by: Doer) -> Account:
        """Change what an account may do.

        Raises:
            AccountError: there is no such account, or a grant cannot be used.
            StoreError: nothing was stored.
        """
        _refuse(grant_problems(grants, self._tree()))
        return await self._change(
            name, "account.grants", by, lambda account: replace(account, grants=tuple(dict.fromkeys(grants)))
        )

    async def set_password(self, name: str, password: str, *, by: Doer) -> Account:
        """Change a password; all sessions end.

        Raises:
            AccountError: there is no such account, or the password cannot be used.
            StoreError: nothing was stored.
        """
        _refuse([password_problem(password, name=name)])
        hashed_password = await self._hash(password)
        return await self._change(
            name,
            "account.password",
            by,
            lambda account: replace(account, password=hashed_password, version=account.version + 1),
        )

    async def set_disabled(self, name: str, disabled: bool, *, by: Doer) -> Account:
        """Disable an account, or enable it again; all sessions end.

        Raises:
            AccountError: there is no such account.
            StoreError: nothing was stored.
        """
        action = "account.disable" if disabled else "account.enable"
        return await self._change(
            name, action, by, lambda account: replace(account, disabled=disabled, version=account.version + 1)
        )

    async def set_totp(self, name: str, *, on: bool, by: Doer) -> str:
        """Give an account a new second factor, or take it away; all sessions end. Gives the secret, "" for none.

        Raises:
            AccountError: there is no such account.
            CredentialsError: it cannot be encrypted; nothing was stored.
            StoreError: nothing was stored.
        """
        secret = self._secrets.new_totp() if on else ""
        kept = self._secrets.sealed(name, secret) if on else ""
        await self._change(
            name,
            "account.totp",
            by,
            lambda account: replace(account, totp=kept, totp_step=0, version=account.version + 1),
        )
        return secret

    async def tokens(self, *, account: str | None = None) -> list[ApiToken]:
        """Give all tokens, or those of an account."""
        return await self._store.tokens(account=account)

    async def add_token(
        self,
        account: str,
        *,
        label: str,
        days: int,
        rights: Sequence[Right] = (),
        region: str | None = None,
        by: Doer,
    ) -> tuple[ApiToken, str]:
        """Make a token for an account; its secret is given this once and kept nowhere.

        Raises:
            AccountError: there is no such account or region, or the days are too many.
            StoreError: nothing was stored.
        """
        problems = []
        if not 1 <= days <= MOST_TOKEN_DAYS:
            problems.append(f"有效期须为 1-{MOST_TOKEN_DAYS} 天 · a token lasts 1-{MOST_TOKEN_DAYS} days")
        if region is not None and region not in self._tree():
            problems.append(f"没有区划 {region} · there is no region {region}")
        if not label or len(label) > 100:
            problems.append("用途须为 1-100 个字符 · say what it is for, in 1-100 characters")
        if await self._store.account(account) is None:
            problems.append(_no_account(account))
        _refuse(problems)
        at = int(self._now())
        secret = "vnt_" + self._secrets.make()
        token = ApiToken(
            id="T" + hashed(secret)[:10],
            secret_hash=hashed(secret),
            account=account,
            label=label,
            rights=tuple(dict.fromkeys(rights)),
            region=region,
            created_at=at,
            expires_at=at + days * DAY_S,
        )
        await self._store.save_token(token)
        told = {"account": account, "label": label, "rights": list(token.rights), "region": region, "days": days}
        await self._write_down(by, "token.add", token.id, after=told)
        return token, secret

    async def revoke_token(self, token_id: str, *, by: Doer, account: str | None = None) -> ApiToken:
        """Make a token work no longer.

        Args:
            token_id: which.
            by: who does it.
            account: only one of this account's.

        Raises:
            AccountError: there is no such token.
            StoreError: nothing was stored.
        """
        found = [each for each in await self._store.tokens(account=account) if each.id == token_id]
        if not found:
            raise AccountError([f"没有令牌 {token_id} · there is no token {token_id}"])
        token = found[0]
        if token.revoked_at is None:
            token = replace(token, revoked_at=int(self._now()))
            await self._store.save_token(token)
            await self._write_down(by, "token.revoke", token.id)
        return token

    async def _change(self, name: str, action: str, by: Doer, step: Callable[[Account], Account]) -> Account:
        before = await self._store.account(name)
        if before is None:
            raise AccountError([_no_account(name)])
        after = step(before)
        await self._store.save_account(after)
        if after.version != before.version:
            await self._store.end_sessions(account=name)
        await self._note(by, action, name, before=before, after=after)
        return after

    async def _note(
        self, by: Doer, action: str, target: str, *, before: Account | None = None, after: Account | None = None
    ) -> None:
        await self._write_down(by, action, target, before=_told(before), after=_told(after))

    async def _write_down(
        self, by: Doer, action: str, target: str, *, before: object = None, after: object = None
    ) -> None:
        entry = AuditEntry(
            int(self._now()), by.name, by.via, by.address, action, target, before=_text(before), after=_text(after)
        )
        await self._audit.append(entry)

    async def _matches(self, password: str, hashed_password: str) -> bool:
        return await self._in_thread(lambda: self._secrets.matches(password, hashed_password))

    async def _hash(self, password: str) -> str:
        return await self._in_thread(lambda: self._secrets.hashed(password))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Hash beside the event loop, a few at a time."""
        async with self._hashing:
            return await asyncio.to_thread(work)


def hashed(secret: str) -> str:
    """Give the SHA-256 of a random secret in hexadecimal: enough for 256 bits, unlike for a password."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _refuse(problems: Sequence[str]) -> None:
    found = [problem for problem in problems if problem]
    if found:
        raise AccountError(found)


def _no_account(name: str) -> str:
    return f"没有账号 {name} · there is no account {name}"


def _told(account: Account | None) -> object:
    """Give what the audit log says of an account: nothing secret."""
    if account is None:
        return None
    return {
        "grants": [[grant.role, grant.region, grant.organisation] for grant in account.grants],
        "disabled": account.disabled,
        "totp": bool(account.totp),
        "version": account.version,
    }


def _text(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
