"""Accounts, the audit log and the trend, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from monitor.adapters.db.accounts import SqlAccounts
from monitor.adapters.db.audit import SqlAuditLog
from monitor.adapters.db.engine import Database
from monitor.adapters.db.trend import SqlTrend
from monitor.domain.account import Account, ApiToken, Grant, LoginSession, Right, Role
from monitor.domain.audit import AuditEntry, first_broken
from monitor.ports import StoreError, TrendPoint

ACCOUNT = Account(
    "张三", "$argon2", (Grant(Role.REPORTER, "370783"), Grant(Role.CONTRACTOR, None, "甲公司")), created_at=7
)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


async def test_accounts_come_back_as_they_were_and_a_code_is_used_once(database: Database) -> None:
    store = SqlAccounts(database)
    await store.save_account(ACCOUNT)
    await store.save_account(replace(ACCOUNT, name="li", disabled=True))
    assert await store.account("张三") == ACCOUNT
    assert await store.account("nobody") is None
    assert [each.name for each in await store.accounts()] == ["li", "张三"]
    assert await store.use_totp_step("张三", 5)
    assert not await store.use_totp_step("张三", 5)
    assert not await store.use_totp_step("张三", 4)
    assert await store.use_totp_step("张三", 6)


async def test_sessions_end_one_by_one_by_account_and_by_age(database: Database) -> None:
    store = SqlAccounts(database)
    sessions = [LoginSession(f"h{n}", "a" if n < 2 else "b", 1, "c", n, n * 10) for n in range(4)]
    for session in sessions:
        await store.save_session(session)
    assert await store.session("h1") == sessions[1]
    await store.end_sessions()
    assert await store.session("h1") == sessions[1]
    await store.end_sessions(id_hash="h1")
    assert await store.session("h1") is None
    await store.end_sessions(account="b", before=0)
    assert await store.session("h3") is None
    await store.end_sessions(before=1)
    assert await store.session("h0") is None


async def test_tokens_are_found_by_hash_and_kept_when_revoked(database: Database) -> None:
    store = SqlAccounts(database)
    token = ApiToken("T1", "hash", "a", "for", (Right.READ,), "370783", 1, 100)
    await store.save_token(token)
    await store.save_token(replace(token, revoked_at=50))
    found = await store.token("hash")
    assert found == replace(token, revoked_at=50)
    assert not found.works(at=60)
    assert await store.tokens(account="b") == []
    assert await store.tokens() == [found]


async def test_answers_are_remembered_for_a_day(database: Database) -> None:
    store = SqlAccounts(database)
    await store.remember("a", "k", answer=("f", 200, b"{}"), at=0)
    assert await store.answered("a", "k") == ("f", 200, b"{}")
    assert await store.answered("b", "k") is None
    await store.remember("a", "other", answer=("f", 201, b""), at=90_000)
    assert await store.answered("a", "k") is None


async def test_the_audit_log_is_a_chain_that_can_only_grow(database: Database) -> None:
    log = SqlAuditLog(database)
    made = [await log.append(AuditEntry(n, "a", "cli", "", "do", f"it {n}")) for n in range(5)]
    assert [each.seq for each in made] == [1, 2, 3, 4, 5]
    assert await log.entries() == made
    assert await log.entries(after=3, limit=1) == [made[3]]
    assert await log.newest(before=5, limit=2) == [made[3], made[2]]
    assert await log.entries(action="other") == []
    assert first_broken(made) is None
    for statement in ("UPDATE audit_entry SET who = 'b'", "DELETE FROM audit_entry WHERE seq = 5"):
        with pytest.raises(StoreError, match="append-only"):
            await database.write(lambda connection, statement=statement: connection.execute(text(statement)))
    assert await log.entries() == made


def test_what_was_changed_taken_out_or_put_in_is_found() -> None:
    from monitor.domain.audit import FIRST, sealed

    chain: list[AuditEntry] = []
    for n in range(4):
        previous = chain[-1].hash if chain else FIRST
        chain.append(sealed(AuditEntry(n, "a", "cli", "", "do"), seq=n + 1, previous=previous))
    assert first_broken(chain) is None
    assert first_broken([chain[0], replace(chain[1], who="b"), *chain[2:]]) == 2
    assert first_broken([chain[0], *chain[2:]]) == 2
    assert first_broken(chain[1:]) == 1
    assert first_broken(chain[2:], previous=chain[1].hash, seq=2) is None


async def test_the_trend_of_a_region_is_kept_and_forgotten(database: Database) -> None:
    store = SqlTrend(database)
    assert await store.newest_at() is None
    points = [TrendPoint("370700", at, 9, 1, 0, 0, 8, 9, 4, 3, 2, 1, 6, 7) for at in (100, 200)]
    await store.keep(points, forget_before=0)
    await store.keep([replace(points[0], region="370783", at=300)], forget_before=150)
    assert await store.trend("370700", since=0) == [points[1]]
    assert await store.clocks(start=200, end=300) == {"370700": (1, 6, 7)}
    assert await store.clocks(start=150, end=301) == {"370700": (1, 6, 7), "370783": (1, 6, 7)}
    await store.keep([replace(points[0], at=250, clock_within=0, clock_read=0)], forget_before=0)
    await store.keep([replace(points[0], at=260, clock_within=3, clock_read=5)], forget_before=0)
    assert await store.clocks(start=0, end=300) == {"370700": (2, 9, 12)}
    assert await store.newest_at() == 300
    later = replace(points[1], online=7, offline=3)
    await store.keep([later], forget_before=0)  # another service on the same database counted at the same instant
    assert (await store.trend("370700", since=100))[0] == later
