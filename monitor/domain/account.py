"""Accounts: who may see and do what, and in which part of the city.

A person has an account with grants; each grant is one role on one region with all below it. A right that no grant
gives is refused, and an administrator can neither decide nor alter a figure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from monitor.domain.author import UNVERIFIED
from monitor.domain.region import RegionTree
from monitor.domain.values import dataclass

NAME = re.compile(r"[^\W_][\w.@-]{0,63}")
"""An account's name: letters (Chinese too), digits, and `._@-`; at most 64."""

LEAST_PASSWORD = 10
MOST_PASSWORD = 256


class Right(StrEnum):
    """What a route of the API asks of whoever calls it."""

    READ = "read"
    PROPOSE = "propose"
    IMPORT = "import"
    OPERATE = "operate"
    DECIDE = "decide"
    WORK = "work"
    AUDIT = "audit"
    ADMINISTER = "administer"


class Role(StrEnum):
    """What a person is to the network."""

    VIEWER = "viewer"
    REPORTER = "reporter"
    CONTRACTOR = "contractor"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.REPORTER: frozenset({Right.READ, Right.PROPOSE, Right.IMPORT}),
    Role.CONTRACTOR: frozenset({Right.WORK}),
    Role.OPERATOR: frozenset({Right.READ, Right.PROPOSE, Right.IMPORT, Right.OPERATE, Right.WORK}),
    Role.APPROVER: frozenset({Right.READ, Right.DECIDE}),
    Role.AUDITOR: frozenset({Right.READ, Right.AUDIT}),
    Role.ADMINISTRATOR: frozenset({Right.READ, Right.ADMINISTER}),
}
"""The rights of every role; tests hold it against a matrix of every route."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role on a region with all below it; `region` None means the whole city.

    `organisation` names the maintainer that a contractor works for, "" for everybody else.
    """

    role: Role
    region: str | None = None
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in.

    Attributes:
        name: what facts name as their author.
        password: the argon2 hash, "" where only tokens are used.
        grants: what the person may do and where.
        totp: the secret of the second factor, "" for none.
        totp_step: the newest time step whose code was used; none is taken twice.
        disabled: nobody can log in, and the tokens don't work.
        created_at: epoch seconds.
        version: rises with each change of password, second factor or disabling; sessions are of one version.
    """

    name: str
    password: str
    grants: tuple[Grant, ...] = ()
    totp: str = ""
    totp_step: int = 0
    disabled: bool = False
    created_at: int = 0
    version: int = 1


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A login of a browser. `id_hash` is the SHA-256 of the cookie, which nobody keeps."""

    id_hash: str
    account: str
    account_version: int
    csrf: str
    created_at: int
    seen_at: int


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token for programs, known by the SHA-256 of its secret.

    Attributes:
        id: what it is called when it is listed or revoked.
        secret_hash: SHA-256 in hexadecimal.
        account: whose grants it has.
        label: what it is for.
        rights: the rights that it is limited to; empty for all of the account's.
        region: the subtree that it is limited to; None for all of the account's.
        created_at: epoch seconds.
        expires_at: from then on it does not work.
        revoked_at: since when it does not work; None while it does.
        used_at: when it was last used, to the hour; None for never.
    """

    id: str
    secret_hash: str
    account: str
    label: str
    rights: tuple[Right, ...]
    region: str | None
    created_at: int
    expires_at: int
    revoked_at: int | None = None
    used_at: int | None = None

    def works(self, *, at: int) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked_at is None and at < self.expires_at


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a request, with what the way of asking leaves of the account's rights.

    Attributes:
        name: the account's name, or "guest".
        grants: of the account.
        via: "session", "token", "guest" or "cli".
        reference: the token's id; "" for the rest.
        rights: the rights that a token is limited to; None for no limit.
        region: the subtree that a token is limited to; None for no limit.
    """

    name: str
    grants: tuple[Grant, ...]
    via: str
    reference: str = ""
    rights: frozenset[Right] | None = None
    region: str | None = None

    def has(self, right: Right) -> bool:
        """Tell whether any grant gives a right, wherever."""
        return (self.rights is None or right in self.rights) and any(right in RIGHTS[g.role] for g in self.grants)

    def regions(self, right: Right, tree: RegionTree) -> tuple[str, ...]:
        """Give the regions, each with all below it, on which the caller has a right; none lies in another."""
        if self.rights is not None and right not in self.rights:
            return ()
        roots = [region.code for region in tree.children(None)]
        granted = [grant.region for grant in self.grants if right in RIGHTS[grant.role]]
        codes = {code for region in granted for code in (roots if region is None else [region]) if code in tree}
        if self.region is not None:
            codes = _within(codes, self.region, tree)
        return tuple(sorted(code for code in codes if not codes & set(tree.lineage(code)[1:])))

    def may(self, right: Right, region: str | None, tree: RegionTree) -> bool:
        """Tell whether the caller has a right on a region; None (nowhere, the city's own) takes all of the city."""
        regions = self.regions(right, tree)
        if region is None or region not in tree:
            return bool(regions) and set(regions) == {root.code for root in tree.children(None)}
        return not set(regions).isdisjoint(tree.lineage(region))

    def organisations(self) -> frozenset[str]:
        """Give the organisations whose work orders are the caller's own; empty for no such limit."""
        return frozenset(grant.organisation for grant in self.grants if grant.organisation)


def name_problem(name: str) -> str:
    """Say what is wrong with an account's name; "" for nothing."""
    if NAME.fullmatch(name) is None or name.startswith(UNVERIFIED) or name.casefold() == GUEST.name:
        return "账号名须为 1-64 个字母、汉字、数字或 ._@- · a name has 1-64 letters, digits or ._@- and is not guest"
    return ""


def password_problem(password: str, *, name: str) -> str:
    """Say what is wrong with a password; "" for nothing."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        limits = f"{LEAST_PASSWORD}-{MOST_PASSWORD}"
        return f"口令须为 {limits} 个字符 · a password has {limits} characters"
    if name.casefold() in password.casefold() or len(set(password)) < 5:
        return "口令过于简单 · the password is too simple: not the name, at least five different characters"
    return ""


_ALTERING = frozenset({Right.PROPOSE, Right.IMPORT, Right.OPERATE, Right.DECIDE, Right.WORK})


def grant_problems(grants: Sequence[Grant], tree: RegionTree) -> list[str]:
    """Say what is wrong with grants."""
    problems = []
    for grant in grants:
        if grant.region is not None and grant.region not in tree:
            problems.append(f"没有区划 {grant.region} · there is no region {grant.region}")
        if grant.role is Role.CONTRACTOR and not grant.organisation:
            problems.append("维护单位账号须指明单位 · a contractor needs an organisation")
    rights = frozenset().union(*(RIGHTS[grant.role] for grant in grants))
    if Right.ADMINISTER in rights and rights & _ALTERING:
        problems.append(
            "管理员不能兼任申报、操作或审批 · whoever keeps accounts can neither propose, operate nor decide"
        )
    return problems


GUEST = Caller("guest", (Grant(Role.VIEWER),), "guest")
"""Anybody, where the site lets guests look; reads everything and changes nothing."""


def _within(codes: set[str], region: str, tree: RegionTree) -> set[str]:
    """Give what lies both in one of the subtrees and in that of a region."""
    if not codes.isdisjoint(tree.lineage(region)):
        return {region}
    return {code for code in codes if region in tree.lineage(code)}
