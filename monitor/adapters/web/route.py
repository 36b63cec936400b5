"""What a route of the API is: one line of one table, from which handlers, checks, audit and OpenAPI come alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from monitor.adapters.web.parts import Parts
from monitor.adapters.web.problem import forbidden
from monitor.domain.account import Caller, LoginSession, Right
from monitor.domain.region import RegionTree


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameters."""


@dataclass(slots=True)
class Call:
    """One request that passed every check of its route.

    Attributes:
        parts: what to work on.
        caller: who asks.
        session: the caller's login, None for a token or a guest.
        right: the right that the route asks for; None for a public one.
        params: of the path.
        query: of the route's query type.
        body: of the route's body type, None where it has none.
        address: where the request comes from.
        at: now, epoch seconds.
        request: as it came, for the few handlers that set cookies.
        target: what the audit log says it was done to; the path's own parameter where the handler sets nothing.
        before: what stood before, for the audit log.
        after: what stands now, for the audit log; the body where the handler sets nothing.
    """

    parts: Parts
    caller: Caller
    session: LoginSession | None
    right: Right | None
    params: Mapping[str, str]
    query: Any
    body: Any
    address: str
    at: int
    request: web.Request
    target: str = ""
    before: object = None
    after: object = None

    @property
    def tree(self) -> RegionTree:
        """The regions as they are now."""
        return self.parts.figures.tree

    def regions(self, region: str | None = None) -> tuple[str, ...]:
        """Give the regions to answer about: the one asked for, or all of the caller's.

        Raises:
            Problem: it lies outside the caller's.
        """
        if self.right is None:
            return ()
        if region is None:
            return self.caller.regions(self.right, self.tree)
        self.require(region)
        return (region,)

    def require(self, region: str | None) -> None:
        """Go on only if the caller has the route's right on a region; None is the city's own.

        Raises:
            Problem: it has not.
        """
        if self.right is None or not self.caller.may(self.right, region, self.tree):
            raise forbidden()

    def sees(self, region: str | None) -> bool:
        """Tell whether the caller has the route's right on a region."""
        return self.right is not None and self.caller.may(self.right, region, self.tree)


@dataclass(slots=True)
class Reply:
    """An answer that is more than its value.

    Attributes:
        value: of the route's answer type, or bytes, or parts of them that come one by one.
        status: of HTTP; the route's own where None.
        headers: beside the usual.
        cookie: set (a value) or taken away ("").
    """

    value: Any = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cookie: str | None = None


Handler = Callable[[Call], Awaitable[Any]]
Stream = AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        method: of HTTP.
        path: below the API's own, with parameters in braces.
        handler: gives a value of `answer`, or a `Reply`.
        right: what the caller must have somewhere; handlers check where. None: public.
        summary: one line for the document.
        query: the type of its query.
        body: the type of its body, None for none.
        answer: the type of its answer, None for none.
        status: of a good answer.
        produces: the answer's content type.
        group: the document's heading.
        action: what the audit log calls it; "" for routes that change nothing.
        own_audit: the desk behind it writes the audit log itself.
        keyless: a change that needs no Idempotency-Key, for it is no change twice.
        known: for anybody with an account, whatever its rights.
        secret: its body holds a secret; nothing made of the body is stored.
        most_bytes: of its body.
    """

    method: str
    path: str
    handler: Handler
    right: Right | None
    summary: str
    query: type[msgspec.Struct] = NoQuery
    body: type[Any] | None = None
    answer: Any = None
    status: int = 200
    produces: str = "application/json"
    group: str = "figures"
    action: str = ""
    own_audit: bool = False
    keyless: bool = False
    known: bool = False
    secret: bool = False
    most_bytes: int = 262_144

    @property
    def changes(self) -> bool:
        """Whether it changes something."""
        return self.method not in ("GET", "HEAD")
