"""Refusals as RFC 9457 problem documents, in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import web

CONTENT_TYPE = "application/problem+json"


class ProblemOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was refused (RFC 9457): `title` says it to people, `errors` names every reason."""

    type: str
    title: str
    status: int
    errors: list[str] = []
    code_wanted: bool = False


class Problem(Exception):
    """A request that is refused; becomes the answer.

    Args:
        status: of HTTP.
        kind: short word, the end of the problem's type.
        title: for people, in Chinese and English.
        errors: every reason.
        retry_after_s: when to try again.
        code_wanted: a login lacks its second factor.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        errors: Sequence[str] = (),
        *,
        retry_after_s: int | None = None,
        code_wanted: bool = False,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.kind = kind
        self.retry_after_s = retry_after_s
        self._out = ProblemOut(f"urn:vidnet:{kind}", title, status, list(errors), code_wanted)

    def response(self) -> web.Response:
        """Give the answer."""
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return web.Response(status=self.status, body=msgspec.json.encode(self._out), headers=headers)


def not_found(what: str) -> Problem:
    """Give the problem of something that is not there, or not for this caller."""
    return Problem(404, "not-found", f"没有 {what} · there is no {what}")


def forbidden() -> Problem:
    """Give the problem of a right that the caller lacks there."""
    return Problem(403, "forbidden", "没有权限，或不在所辖区划内 · not allowed, or outside your region")


def invalid(errors: Sequence[str], *, status: int = 422) -> Problem:
    """Give the problem of a request that cannot be understood or done as it is."""
    return Problem(status, "invalid", "请求有误 · the request is not right", errors)
