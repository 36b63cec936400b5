"""Accounts, sessions, tokens and remembered answers in the database (`ports.AccountStore`, `ports.Remembered`)."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Select, delete, or_, select, update

from monitor.adapters.db.engine import Database
from monitor.adapters.db.schema_access import account, api_token, login_session, remembered_answer
from monitor.adapters.db.writing import RowWriter
from monitor.domain.account import Account, ApiToken, Grant, LoginSession, Right, Role

REMEMBERED_S = 86_400


class SqlAccounts:
    """`ports.AccountStore` and `ports.Remembered` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._accounts = RowWriter(account, database.engine, key="name")
        self._sessions = RowWriter(login_session, database.engine, key="id_hash")
        self._tokens = RowWriter(api_token, database.engine, key="id")
        self._answers = RowWriter(remembered_answer, database.engine)

    async def accounts(self) -> list[Account]:
        """Give all accounts by name."""
        async with self._database.read() as connection:
            found = [_account_of(row) for row in await connection.execute(select(account))]
        return sorted(found, key=lambda each: each.name)

    async def account(self, name: str) -> Account | None:
        """Give one account, or None."""
        row = await self._first(select(account).where(account.c.name == name))
        return None if row is None else _account_of(row)

    async def save_account(self, account: Account) -> None:
        """Store an account, new or changed."""
        grants = json.dumps([[g.role.value, g.region, g.organisation] for g in account.grants], ensure_ascii=False)
        row = (
            account.name,
            account.password,
            grants,
            account.totp,
            account.totp_step,
            account.disabled,
            account.created_at,
            account.version,
        )
        await self._database.write(lambda connection: self._accounts.write(connection, [row]))

    async def replace_totp(self, name: str, before: str, after: str) -> None:
        """Keep a second factor's secret in another form, unless it was changed meanwhile."""
        statement = update(account).where(account.c.name == name, account.c.totp == before).values(totp=after)
        await self._database.write(lambda connection: connection.execute(statement))

    async def use_totp_step(self, name: str, step: int) -> bool:
        """Note that a time step's code was used; False where that or a later one was already."""
        statement = update(account).where(account.c.name == name, account.c.totp_step < step).values(totp_step=step)
        done = await self._database.write(lambda connection: connection.execute(statement))
        return bool(done.rowcount)

    async def session(self, id_hash: str) -> LoginSession | None:
        """Give one session, or None."""
        statement = select(login_session).where(login_session.c.id_hash == id_hash)
        row = await self._first(statement)
        return None if row is None else LoginSession(*row)

    async def save_session(self, session: LoginSession) -> None:
        """Store a session, new or seen again."""
        row = (
            session.id_hash,
            session.account,
            session.account_version,
            session.csrf,
            session.created_at,
            session.seen_at,
        )
        await self._database.write(lambda connection: self._sessions.write(connection, [row]))

    async def end_sessions(
        self, *, id_hash: str | None = None, account: str | None = None, before: int | None = None
    ) -> None:
        """Take away one session, all of an account, or all not seen since an instant."""
        columns = login_session.c
        conditions = [
            *([] if id_hash is None else [columns.id_hash == id_hash]),
            *([] if account is None else [columns.account == account]),
            *([] if before is None else [columns.seen_at < before]),
        ]
        if conditions:
            statement = delete(login_session).where(or_(*conditions))
            await self._database.write(lambda connection: connection.execute(statement))

    async def tokens(self, *, account: str | None = None) -> list[ApiToken]:
        """Give all tokens, or those of an account, in the order of their making."""
        statement = select(api_token).order_by(api_token.c.created_at, api_token.c.id)
        if account is not None:
            statement = statement.where(api_token.c.account == account)
        async with self._database.read() as connection:
            return [_token_of(row) for row in await connection.execute(statement)]

    async def token(self, secret_hash: str) -> ApiToken | None:
        """Give the token of a secret's hash, or None."""
        statement = select(api_token).where(api_token.c.secret_hash == secret_hash)
        row = await self._first(statement)
        return None if row is None else _token_of(row)

    async def save_token(self, token: ApiToken) -> None:
        """Store a token, new, used or revoked."""
        row = (
            token.id,
            token.secret_hash,
            token.account,
            token.label,
            json.dumps(token.rights),
            token.region,
            token.created_at,
            token.expires_at,
            token.revoked_at,
            token.used_at,
        )
        await self._database.write(lambda connection: self._tokens.write(connection, [row]))

    async def answered(self, caller: str, key: str) -> tuple[str, int, bytes] | None:
        """Give (fingerprint of the request, status, body) of a key, or None."""
        columns = remembered_answer.c
        statement = select(columns.fingerprint, columns.status, columns.body).where(
            columns.caller == caller, columns.key == key
        )
        row = await self._first(statement)
        return None if row is None else (row[0], row[1], bytes(row[2]))

    async def remember(self, caller: str, key: str, *, answer: tuple[str, int, bytes], at: int) -> None:
        """Keep an answer, and forget those of a day ago."""
        old = delete(remembered_answer).where(remembered_answer.c.at < at - REMEMBERED_S)

        async def work(connection: Any) -> None:
            await connection.execute(old)
            await self._answers.write(connection, [(caller, key, *answer, at)])

        await self._database.write(work)

    async def _first(self, statement: Select[Any]) -> Any:
        return await self._database.look_up(lambda connection: connection.execute(statement).first())


def _account_of(row: Any) -> Account:
    grants = tuple(Grant(Role(role), region, organisation) for role, region, organisation in json.loads(row[2]))
    return Account(row[0], row[1], grants, row[3], row[4], row[5], row[6], row[7])


def _token_of(row: Any) -> ApiToken:
    rights = tuple(Right(right) for right in json.loads(row[4]))
    return ApiToken(row[0], row[1], row[2], row[3], rights, *row[5:])
