"""Logging in, tokens and what administrators change, on a real database with real hashes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyotp
import pytest

from monitor.adapters.db.accounts import SqlAccounts
from monitor.adapters.db.audit import SqlAuditLog
from monitor.adapters.db.engine import Database
from monitor.adapters.passwords import Argon2Secrets
from monitor.adapters.vault import Vault
from monitor.domain.account import Grant, Right, Role
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.ports import CredentialsError
from monitor.services.account_desk import (
    AccountDesk,
    AccountError,
    AccountRules,
    Doer,
    LoginRefusedError,
    ThrottledError,
    hashed,
)
from monitor.services.login_throttle import FREE, LoginThrottle

TREE = RegionTree([Region("1", "city", RegionLevel.CITY), Region("11", "county", RegionLevel.COUNTY, "1")])
PASSWORD = "correct horse battery"  # noqa: S105 - of a test
BY = Doer("root", "cli")


@dataclass
class Desk:
    desk: AccountDesk
    audit: SqlAuditLog
    store: SqlAccounts
    key: Path
    at: float = 1_000_000.0

    async def login(self, name: str = "li", password: str = PASSWORD, code: str = "", address: str = "10.0.0.9"):
        return await self.desk.login(name, password, code, address=address)


@pytest.fixture
async def desk(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    database = Database(sqlite_url)
    audit = SqlAuditLog(database)
    rules = AccountRules(idle_s=600, session_s=3_600)
    store, key = SqlAccounts(database), tmp_path / "test.key"
    secrets = Argon2Secrets(Vault(tmp_path / "vault.json", key, environment=lambda name: None))
    made = AccountDesk(store, audit, secrets, tree=lambda: TREE, rules=rules, now=lambda: found.at)
    found = Desk(made, audit, store, key)
    await made.add("li", PASSWORD, [Grant(Role.OPERATOR, "11")], by=BY)
    yield found
    await database.close()


async def test_a_login_gives_a_cookie_that_nobody_keeps(desk: Desk):
    cookie, session, caller = await desk.login()
    assert session.id_hash == hashed(cookie) != cookie
    assert caller.may(Right.OPERATE, "11", TREE)
    found = await desk.desk.by_cookie(cookie)
    assert found is not None
    assert found[1].name == "li"
    other, _, _ = await desk.login()
    assert other != cookie
    await desk.desk.logout(session, address="10.0.0.9")
    assert await desk.desk.by_cookie(cookie) is None
    assert await desk.desk.by_cookie(other) is not None
    told = [(each.action, each.who, each.outcome) for each in await desk.audit.entries()]
    assert told == [("account.add", "root", "done"), *[("login", "li", "done")] * 2, ("logout", "li", "done")]
    assert PASSWORD not in str(await desk.audit.entries())


async def test_a_session_ends_when_idle_and_at_its_longest(desk: Desk):
    cookie, _, _ = await desk.login()
    for _ in range(5):
        desk.at += 590
        assert await desk.desk.by_cookie(cookie) is not None
    desk.at += 601
    assert await desk.desk.by_cookie(cookie) is None
    cookie, _, _ = await desk.login()
    for _ in range(6):
        desk.at += 599
        assert await desk.desk.by_cookie(cookie) is not None
    desk.at += 599
    assert await desk.desk.by_cookie(cookie) is None


@pytest.mark.parametrize("change", ["password", "disable", "totp"])
async def test_a_change_of_the_account_ends_its_sessions(desk: Desk, change: str):
    cookie, _, _ = await desk.login()
    if change == "password":
        await desk.desk.set_password("li", "another good secret", by=BY)
    elif change == "disable":
        await desk.desk.set_disabled("li", True, by=BY)
    else:
        await desk.desk.set_totp("li", on=True, by=BY)
    assert await desk.desk.by_cookie(cookie) is None
    with pytest.raises(LoginRefusedError):
        await desk.login()


async def test_the_second_factor_is_kept_encrypted_for_its_account_alone(desk: Desk):
    assert not desk.key.exists()
    secret = await desk.desk.set_totp("li", on=True, by=BY)
    assert desk.key.stat().st_mode & 0o777 == 0o600
    kept = await desk.store.account("li")
    assert kept is not None
    assert secret not in kept.totp
    code = pyotp.TOTP(secret).at(int(desk.at))

    await desk.desk.add("wang", PASSWORD, [Grant(Role.VIEWER, "11")], by=BY)
    other = await desk.store.account("wang")
    assert other is not None
    await desk.store.save_account(replace(other, totp=kept.totp))
    with pytest.raises(CredentialsError, match="another account's"):
        await desk.login("wang", code=code)

    desk.key.rename(desk.key.with_suffix(".away"))
    with pytest.raises(CredentialsError, match="the key cannot be read"):
        await desk.login(code=code)
    again = await desk.desk.set_totp("li", on=True, by=BY)
    await desk.login(code=pyotp.TOTP(again).at(int(desk.at)))


async def test_the_second_factor_is_asked_for_and_a_code_works_once(desk: Desk):
    secret = await desk.desk.set_totp("li", on=True, by=BY)
    assert secret not in str(await desk.audit.entries())
    with pytest.raises(LoginRefusedError) as caught:
        await desk.login()
    assert caught.value.code_wanted
    code = pyotp.TOTP(secret).at(int(desk.at))
    with pytest.raises(LoginRefusedError) as caught:
        await desk.login(code="000000" if code != "000000" else "111111")
    assert not caught.value.code_wanted
    with pytest.raises(LoginRefusedError) as caught:
        await desk.login("li", "wrong password", code)
    assert not caught.value.code_wanted
    await desk.login(code=code)
    with pytest.raises(LoginRefusedError):
        await desk.login(code=code)
    desk.at += 30
    await desk.login(code=pyotp.TOTP(secret).at(int(desk.at)))


async def test_wrong_names_and_passwords_are_refused_alike_counted_and_slowed_down(desk: Desk):
    for name in ["nobody"] * 2 + ["li"] * FREE:
        with pytest.raises(LoginRefusedError, match="wrong name, password or code"):
            await desk.login(name, "wrong password")
    assert desk.desk.refused_logins == FREE + 2
    with pytest.raises(ThrottledError) as caught:
        await desk.login()
    assert caught.value.after_s == 2
    assert desk.desk.throttled_logins == 1
    desk.at += 2
    await desk.login()
    await desk.login()
    assert [e.outcome for e in await desk.audit.entries() if e.action == "login"] == ["refused"] * 7 + ["done"] * 2


async def test_a_flood_of_logins_waits_in_no_queue(desk: Desk):
    flood = [desk.login(f"name{n}", "wrong password", address=f"10.1.{n // 200}.{n % 200}") for n in range(300)]
    outcomes = [type(each) for each in await asyncio.gather(*flood, return_exceptions=True)]
    assert set(outcomes) == {LoginRefusedError, ThrottledError}
    assert outcomes.count(LoginRefusedError) <= 20


def test_a_throttle_grows_is_bounded_and_forgets():
    throttle = LoginThrottle()
    waits = []
    for _ in range(30):
        throttle.failed("a", "x", at=0)
        waits.append(throttle.wait_s("A", "y", at=0))
    assert waits[:6] == [0, 0, 0, 0, 2, 4]
    assert waits[-1] == 900
    assert throttle.wait_s("b", "x", at=0) > 0
    assert throttle.wait_s("b", "y", at=0) == 0
    assert throttle.wait_s("a", "y", at=900) == 0
    throttle.failed("a", "x", at=5_000)
    assert throttle.wait_s("a", "y", at=5_000) == 0
    for n in range(60_000):
        throttle.failed(f"n{n}", "z", at=1)
    assert len(throttle._failures) <= 50_000


async def test_tokens_work_until_revoked_or_expired_within_their_limits(desk: Desk):
    token, secret = await desk.desk.add_token("li", label="script", days=2, rights=[Right.READ], by=BY)
    assert secret not in (token.secret_hash, token.id)
    assert secret not in str(await desk.audit.entries())
    caller = await desk.desk.by_token(secret)
    assert caller is not None
    assert caller.may(Right.READ, "11", TREE)
    assert not caller.may(Right.OPERATE, "11", TREE)
    assert (await desk.desk.tokens())[0].used_at == desk.at
    assert await desk.desk.by_token(secret + "x") is None
    desk.at += 2 * 86_400
    assert await desk.desk.by_token(secret) is None
    token, secret = await desk.desk.add_token("li", label="script", days=2, by=BY)
    with pytest.raises(AccountError):
        await desk.desk.revoke_token(token.id, by=BY, account="wang")
    await desk.desk.revoke_token(token.id, by=BY)
    assert await desk.desk.by_token(secret) is None


async def test_what_cannot_be_is_refused_with_every_reason(desk: Desk):
    with pytest.raises(AccountError) as caught:
        await desk.desk.add("LI", "short", [Grant(Role.VIEWER, "99")], by=BY)
    assert len(caught.value.problems) == 3
    for work in (
        desk.desk.set_password("nobody", PASSWORD, by=BY),
        desk.desk.add_token("nobody", label="", days=999, region="99", by=BY),
        desk.desk.set_grants("li", [Grant(Role.CONTRACTOR)], by=BY),
    ):
        with pytest.raises(AccountError):
            await work
