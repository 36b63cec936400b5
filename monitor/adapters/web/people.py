"""Logging in and out, accounts, tokens and the audit log over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Literal

import msgspec

from monitor.adapters.web.asker import COOKIE
from monitor.adapters.web.figures import Code
from monitor.adapters.web.paging import Cursor, Limit, cursor_of, place_of
from monitor.adapters.web.problem import forbidden, not_found
from monitor.adapters.web.route import Call, Reply, Route
from monitor.domain.account import Account, ApiToken, Grant, Right, Role
from monitor.domain.audit import AuditEntry
from monitor.services.account_desk import Doer

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Password = Annotated[str, msgspec.Meta(max_length=256)]
Roles = Literal["viewer", "reporter", "contractor", "operator", "approver", "auditor", "administrator"]
Rights = Literal["read", "propose", "import", "operate", "decide", "work", "audit", "administer"]
_SHEET_PART = 1_000


class LoginIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who logs in; `code` is the second factor's, where the account has one."""

    name: Name
    password: Password
    code: Annotated[str, msgspec.Meta(max_length=10)] = ""


class GrantOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One role on a region with all below it; null is the whole city."""

    role: Roles
    region: Code | None = None
    organisation: Annotated[str, msgspec.Meta(max_length=100)] = ""


class SessionOut(msgspec.Struct, frozen=True):
    """Who the caller is; `csrf` goes into X-CSRF-Token with every change by cookie."""

    name: str
    via: str
    grants: list[GrantOut]
    rights: list[str]
    regions: list[str]
    csrf: str


class AccountOut(msgspec.Struct, frozen=True):
    """An account, without anything secret."""

    name: str
    grants: list[GrantOut]
    totp: bool
    disabled: bool
    created_at: int


class AccountsOut(msgspec.Struct, frozen=True):
    """Accounts by name."""

    accounts: list[AccountOut]


class AccountIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new account."""

    name: Name
    password: Password
    grants: Annotated[list[GrantOut], msgspec.Meta(max_length=50)]


class AccountChangeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changes of an account; what is left out stays."""

    grants: Annotated[list[GrantOut], msgspec.Meta(max_length=50)] | None = None
    password: Password | None = None
    disabled: bool | None = None


class PasswordIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The caller's own new password; the present one proves who it is."""

    old: Password
    new: Password


class TotpIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether an account is to have a second factor; a new one takes the place of the old."""

    on: bool = True


class TotpOut(msgspec.Struct, frozen=True):
    """The `otpauth://` address that an authenticator takes in, told this once; "" where it was taken away."""

    uri: str


class TokenIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new token of the caller's own; no rights named means all that the account has."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 90
    rights: Annotated[list[Rights], msgspec.Meta(max_length=10)] = []
    region: Code | None = None


class TokenOut(msgspec.Struct, frozen=True):
    """A token; `token` is its secret, told only once, when it is made."""

    id: str
    account: str
    label: str
    rights: list[str]
    region: str | None
    created_at: int
    expires_at: int
    revoked_at: int | None
    used_at: int | None
    token: str = ""


class TokensOut(msgspec.Struct, frozen=True):
    """Tokens in the order of their making."""

    tokens: list[TokenOut]


class EntryOut(msgspec.Struct, frozen=True):
    """One entry of the audit log."""

    seq: int
    at: int
    who: str
    via: str
    address: str
    action: str
    target: str
    outcome: str
    before: str
    after: str
    hash: str


class AuditOut(msgspec.Struct, frozen=True):
    """Entries, newest first."""

    entries: list[EntryOut]
    next: str | None


class VerifiedOut(msgspec.Struct, frozen=True):
    """How many entries hold, the first that does not (null: all do), and the hash of the last that does."""

    good: int
    broken: int | None
    last_hash: str


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to go on, and how many."""

    cursor: Cursor | None = None
    limit: Limit = 100


async def log_in(call: Call) -> Reply:
    """Log in: a new session each time, whatever cookie came with the request."""
    body: LoginIn = call.body
    cookie, session, caller = await call.parts.accounts.login(body.name, body.password, body.code, address=call.address)
    old = call.request.cookies.get(COOKIE)
    if old is not None and (found := await call.parts.accounts.by_cookie(old[:200])) is not None:
        await call.parts.accounts.logout(found[0], address=call.address)
    call.caller, call.session = caller, session
    return Reply(_session_out(call), cookie=cookie)


async def who_am_i(call: Call) -> SessionOut:
    """Tell who the caller is; a guest, or nobody, has no name of its own."""
    return _session_out(call)


async def log_out(call: Call) -> Reply:
    """End the login that the request came by."""
    if call.session is not None:
        await call.parts.accounts.logout(call.session, address=call.address)
    return Reply(status=204, cookie="")


async def set_own_password(call: Call) -> Reply:
    """Change the caller's own password; every login of it ends."""
    if call.caller.via != "session":
        raise forbidden()
    body: PasswordIn = call.body
    await call.parts.accounts.check_password(call.caller.name, body.old, address=call.address)
    await call.parts.accounts.set_password(call.caller.name, body.new, by=_doer(call))
    return Reply(status=204, cookie="")


async def accounts(call: Call) -> AccountsOut:
    """Give all accounts."""
    call.require(None)
    return AccountsOut([_account_out(each) for each in await call.parts.accounts.accounts()])


async def add_account(call: Call) -> AccountOut:
    """Make an account."""
    call.require(None)
    body: AccountIn = call.body
    return _account_out(
        await call.parts.accounts.add(body.name, body.password, [_grant(each) for each in body.grants], by=_doer(call))
    )


async def change_account(call: Call) -> AccountOut:
    """Change an account."""
    call.require(None)
    body: AccountChangeIn = call.body
    name, desk = call.params["name"], call.parts.accounts
    found = [each for each in await desk.accounts() if each.name == name]
    if not found:
        raise not_found(name)
    account = found[0]
    if body.grants is not None and name == call.caller.name:
        raise forbidden()  # nobody gives rights to themselves
    if body.grants is not None:
        account = await desk.set_grants(name, [_grant(each) for each in body.grants], by=_doer(call))
    if body.password is not None:
        account = await desk.set_password(name, body.password, by=_doer(call))
    if body.disabled is not None:
        account = await desk.set_disabled(name, body.disabled, by=_doer(call))
    return _account_out(account)


async def set_totp(call: Call) -> TotpOut:
    """Give an account a new second factor, or take it away; all its sessions end."""
    call.require(None)
    name = call.params["name"]
    secret = await call.parts.accounts.set_totp(name, on=call.body.on, by=_doer(call))
    return TotpOut(call.parts.totp_uri(name, secret) if secret else "")


async def tokens(call: Call) -> TokensOut:
    """Give the caller's own tokens; an administrator sees everybody's."""
    everybody = call.caller.may(Right.ADMINISTER, None, call.tree)
    found = await call.parts.accounts.tokens(account=None if everybody else call.caller.name)
    return TokensOut([_token_out(each) for each in found])


async def add_token(call: Call) -> TokenOut:
    """Make a token of the caller's own, by a login only: a token cannot make others that outlive it."""
    if call.caller.via != "session":
        raise forbidden()
    body: TokenIn = call.body
    token, secret = await call.parts.accounts.add_token(
        call.caller.name,
        label=body.label,
        days=body.days,
        rights=[Right(right) for right in body.rights],
        region=body.region,
        by=_doer(call),
    )
    return _token_out(token, secret)


async def revoke_token(call: Call) -> TokenOut:
    """Revoke a token: one's own, or anybody's by an administrator."""
    everybody = call.caller.may(Right.ADMINISTER, None, call.tree)
    account = None if everybody else call.caller.name
    return _token_out(await call.parts.accounts.revoke_token(call.params["id"], by=_doer(call), account=account))


async def audit(call: Call) -> AuditOut:
    """Give the audit log, newest first."""
    call.require(None)
    before = place_of(call.query.cursor, int)
    entries = await call.parts.audit.newest(before=before, limit=call.query.limit)
    more = len(entries) == call.query.limit and entries[-1].seq > 1
    return AuditOut([_entry_out(each) for each in entries], cursor_of(entries[-1].seq) if more else None)


async def verify_audit(call: Call) -> VerifiedOut:
    """Check that no entry was changed, taken out or put in afterwards."""
    call.require(None)
    return VerifiedOut(*await call.parts.verify_audit())


async def audit_lines(call: Call) -> Reply:
    """Give all of the audit log, one JSON object a line, with the hashes that hold it together."""
    call.require(None)
    return Reply(_lines(call), headers={"Content-Disposition": 'attachment; filename="vidnet-audit.jsonl"'})


async def _lines(call: Call) -> AsyncIterator[bytes]:
    seq = 0
    while entries := await call.parts.audit.entries(after=seq, limit=_SHEET_PART):
        yield b"".join((json.dumps(asdict(each), ensure_ascii=False) + "\n").encode() for each in entries)
        seq = entries[-1].seq


def _session_out(call: Call) -> SessionOut:
    caller = call.caller
    known = caller.via != "guest" or call.parts.guest
    grants = caller.grants if known else ()
    return SessionOut(
        name=caller.name if known else "",
        via=caller.via if known else "",
        grants=[GrantOut(each.role.value, each.region, each.organisation) for each in grants],
        rights=[right.value for right in Right if known and caller.has(right)],
        regions=list(caller.regions(Right.READ, call.tree)) if known else [],
        csrf="" if call.session is None else call.session.csrf,
    )


def _doer(call: Call) -> Doer:
    return Doer(call.caller.name, f"{call.caller.via} {call.caller.reference}".strip(), call.address)


def _grant(each: GrantOut) -> Grant:
    return Grant(Role(each.role), each.region, each.organisation)


def _account_out(account: Account) -> AccountOut:
    grants = [GrantOut(each.role.value, each.region, each.organisation) for each in account.grants]
    return AccountOut(account.name, grants, bool(account.totp), account.disabled, account.created_at)


def _token_out(token: ApiToken, secret: str = "") -> TokenOut:
    return TokenOut(
        id=token.id,
        account=token.account,
        label=token.label,
        rights=[right.value for right in token.rights],
        region=token.region,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        used_at=token.used_at,
        token=secret,
    )


def _entry_out(each: AuditEntry) -> EntryOut:
    return EntryOut(
        seq=each.seq,
        at=each.at,
        who=each.who,
        via=each.via,
        address=each.address,
        action=each.action,
        target=each.target,
        outcome=each.outcome,
        before=each.before,
        after=each.after,
        hash=each.hash,
    )


ROUTES = (
    Route(
        *("POST", "/session", log_in, None, "log in"),
        body=LoginIn,
        answer=SessionOut,
        group="session",
        action="login",
        own_audit=True,
        keyless=True,
        most_bytes=4_096,
    ),
    Route("GET", "/session", who_am_i, None, "who the caller is", answer=SessionOut, group="session"),
    Route(
        *("DELETE", "/session", log_out, None, "log out"),
        status=204,
        group="session",
        action="logout",
        own_audit=True,
        keyless=True,
    ),
    Route(
        *("POST", "/session/password", set_own_password, None, "change one's own password"),
        body=PasswordIn,
        status=204,
        group="session",
        action="account.password",
        own_audit=True,
        secret=True,
        known=True,
    ),
    Route("GET", "/accounts", accounts, Right.ADMINISTER, "accounts", answer=AccountsOut, group="accounts"),
    Route(
        *("POST", "/accounts", add_account, Right.ADMINISTER, "make an account"),
        body=AccountIn,
        answer=AccountOut,
        status=201,
        group="accounts",
        action="account.add",
        own_audit=True,
        secret=True,
    ),
    Route(
        *("PATCH", "/accounts/{name}", change_account, Right.ADMINISTER, "change an account"),
        body=AccountChangeIn,
        answer=AccountOut,
        group="accounts",
        action="account.change",
        own_audit=True,
        secret=True,
    ),
    Route(
        *("POST", "/accounts/{name}/totp", set_totp, Right.ADMINISTER, "a second factor, or none"),
        body=TotpIn,
        answer=TotpOut,
        group="accounts",
        action="account.totp",
        own_audit=True,
    ),
    Route("GET", "/tokens", tokens, None, "one's own tokens", answer=TokensOut, group="accounts", known=True),
    Route(
        *("POST", "/tokens", add_token, None, "make a token"),
        body=TokenIn,
        answer=TokenOut,
        status=201,
        group="accounts",
        action="token.add",
        own_audit=True,
        known=True,
    ),
    Route(
        *("POST", "/tokens/{id}/revoke", revoke_token, None, "revoke a token"),
        answer=TokenOut,
        group="accounts",
        action="token.revoke",
        own_audit=True,
        known=True,
    ),
    Route("GET", "/audit", audit, Right.AUDIT, "the audit log", query=AuditQuery, answer=AuditOut, group="audit"),
    Route(
        *("GET", "/audit/verify", verify_audit, Right.AUDIT, "whether the audit log was tampered with"),
        answer=VerifiedOut,
        group="audit",
    ),
    Route(
        *("GET", "/audit.jsonl", audit_lines, Right.AUDIT, "all of the audit log"),
        produces="application/x-ndjson",
        group="audit",
    ),
)
