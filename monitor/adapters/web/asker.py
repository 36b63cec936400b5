"""Who asks: by cookie, by token, or as a guest; and whether a browser's change really comes from our page."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

from monitor.adapters.web.parts import Parts
from monitor.adapters.web.problem import Problem
from monitor.domain.account import GUEST, Caller, LoginSession

COOKIE = "vidnet_session"
CSRF_HEADER = "X-CSRF-Token"
_LONGEST_SECRET = 200


class Front:
    """What stands before the service: which names it is reached by, and whether a proxy of ours speaks for clients.

    Args:
        hosts: the names it is reached by; empty for addresses, localhost and the machine's own name.
        proxies: the addresses of proxies of ours, whose X-Forwarded-For and X-Forwarded-Proto are believed.
    """

    def __init__(self, hosts: Sequence[str], *, proxies: Sequence[str]) -> None:
        self._hosts = {host.casefold() for host in hosts}
        self._own = {"localhost", socket.gethostname().casefold(), socket.getfqdn().casefold()}
        self._proxies = frozenset(proxies)

    def check_host(self, request: web.Request) -> None:
        """Refuse a request for a name that is not ours: another page's, bound to our address, as a rule.

        Raises:
            Problem: it is.
        """
        host = _host_of(request.host)
        if not (host in self._hosts if self._hosts else host in self._own or _is_address(host)):
            raise Problem(421, "host", "不认识的主机名 · an unknown host name: set web.hosts")

    def address(self, request: web.Request) -> str:
        """Give where a request comes from."""
        if request.remote in self._proxies:
            last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
            if _is_address(last):
                return last
        return request.remote or ""

    def is_secure(self, request: web.Request) -> bool:
        """Tell whether the client came by TLS."""
        return request.secure or (
            request.remote in self._proxies and request.headers.get("X-Forwarded-Proto") == "https"
        )


async def asker(request: web.Request, parts: Parts) -> tuple[Caller | None, LoginSession | None]:
    """Give who asks, with the login it comes by; None for nobody known.

    Raises:
        Problem: a token was sent and does not work.
        StoreError: the store cannot be used.
    """
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, secret = authorization.partition(" ")
        caller = None
        if scheme.lower() == "bearer" and len(secret) <= _LONGEST_SECRET:
            caller = await parts.accounts.by_token(secret.strip())
        if caller is None:
            raise Problem(401, "token", "令牌无效、已过期或已吊销 · the token does not work: wrong, expired or revoked")
        return caller, None
    cookie = request.cookies.get(COOKIE, "")
    if cookie and len(cookie) <= _LONGEST_SECRET:
        found = await parts.accounts.by_cookie(cookie)
        if found is not None:
            return found[1], found[0]
    return (GUEST if parts.guest else None), None


def check_origin(request: web.Request) -> None:
    """Refuse a change that a browser sends for another site's page.

    Raises:
        Problem: it does.
    """
    origin = request.headers.get("Origin")
    other = origin is not None and urlsplit(origin).netloc.casefold() != request.host.casefold()
    if other or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "origin", "请求来自其他网站 · the request comes from another site's page")


def check_csrf(request: web.Request, session: LoginSession) -> None:
    """Refuse a change by cookie that does not prove to know the login's own token.

    Raises:
        Problem: it does not.
    """
    sent = request.headers.get(CSRF_HEADER, "")
    if not secrets.compare_digest(sent.encode(), session.csrf.encode()):
        raise Problem(403, "csrf", f"缺少或不符的 {CSRF_HEADER} · {CSRF_HEADER} is missing or wrong")


def _host_of(header: str) -> str:
    """Give the name or address of a Host header, without its port; "" for one that is none."""
    if not all(character.isalnum() or character in "-.:[]_" for character in header):
        return ""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
