"""A still picture by HTTP: with Digest or Basic where it is asked for, never from another host, never without end."""

from __future__ import annotations

import asyncio
import base64
import ssl
from typing import NamedTuple

import aiohttp
from yarl import URL

from collectors.deep import Secret
from collectors.digest import choose_challenge, digest_header
from collectors.urls import BadUrl, Url, checked, read_url

MAX_STILL_BYTES = 16 * 1024 * 1024
_MAX_REDIRECTS = 2
_REDIRECTS = (301, 302, 303, 307, 308)
_END = b"\xff\xd9"


class Still(NamedTuple):
    """What a snapshot URI gave.

    Attributes:
        outcome: "picture", or a word of `PictureResult.outcome`.
        detail: one line for people.
        data: the picture as it was sent; b"" for none.
        login: "not_asked", "accepted", "refused", "no_credential" or "untried".
        refusals: logins that were refused.
    """

    outcome: str
    detail: str = ""
    data: bytes = b""
    login: str = "untried"
    refusals: int = 0


class _Answer(NamedTuple):
    status: int
    challenges: list[str]
    location: str
    data: bytes
    problem: str


class SnapshotFetcher:
    """Fetches still pictures; keeps no cookie, no password and no connection."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None

    async def fetch(self, url: Url, *, secret: Secret | None, timeout_s: float, other_hosts: str = "refuse") -> Still:
        """Fetch one picture.

        Args:
            url: where; its host has been checked.
            secret: what to log in with; None where there is nothing, or no login is allowed now.
            timeout_s: how long all of it may take.
            other_hosts: what to do with a redirection to another host.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._fetch(url, secret, other_hosts)
        except TimeoutError:
            return Still("silent", "no whole picture until the timeout")
        except ssl.SSLError:
            return Still("silent", "TLS failed")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Still("silent", f"HTTP: {type(error).__name__}")

    async def close(self) -> None:
        """Let go of everything."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _fetch(self, url: Url, secret: Secret | None, other_hosts: str) -> Still:
        authorization, login, refusals = "", "not_asked", 0
        for _ in range(3 + _MAX_REDIRECTS):
            answer = await self._get(url, authorization)
            if answer.status in _REDIRECTS:
                target, problem = _redirected(answer.location, url, other_hosts)
                if target is None:
                    return Still("elsewhere", problem, login=login, refusals=refusals)
                url, authorization = target, ""
                continue
            if answer.status == 401:
                if authorization:
                    refusals += 1
                    fresh = choose_challenge(answer.challenges)
                    if refusals > 1 or fresh is None or not fresh.stale:
                        return Still("refused", "the login was refused", login="refused", refusals=refusals)
                if secret is None:
                    return Still("refused", "a login is asked for", login="no_credential")
                authorization = _authorization(answer.challenges, secret, url)
                if not authorization:
                    return Still("refused", "a login of an unknown kind is asked for", login="untried")
                login = "accepted"
                continue
            return _still(answer, login, refusals)
        return Still("silent", "sent on again and again", login=login, refusals=refusals)

    async def _get(self, url: Url, authorization: str) -> _Answer:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None)
            connector = aiohttp.TCPConnector(limit=0, force_close=True)
            self._session = aiohttp.ClientSession(
                timeout=timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        headers = {"Accept": "image/jpeg, image/png, multipart/x-mixed-replace;q=0.5", "Accept-Encoding": "identity"}
        if authorization:
            headers["Authorization"] = authorization
        target = URL(url.text, encoded=True)
        async with self._session.get(target, headers=headers, ssl=self._context(), allow_redirects=False) as answer:
            challenges = answer.headers.getall("WWW-Authenticate", [])
            location = answer.headers.get("Location", "")
            if answer.status != 200:
                return _Answer(answer.status, challenges, location, b"", "")
            kind = answer.headers.get("Content-Type", "").lower()
            if kind.startswith("multipart/"):
                data, problem = await _first_part(answer.content)
            else:
                data, problem = await _whole(answer.content)
            return _Answer(200, challenges, location, data, problem)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            # A certificate that can't be verified is a camera's normal state; Digest keeps the password to itself.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            self._tls = context
        return self._tls


def _still(answer: _Answer, login: str, refusals: int) -> Still:
    if answer.status != 200:
        outcome = "refused" if answer.status == 403 else "unsupported"
        return Still(outcome, f"HTTP {answer.status}", login=login, refusals=refusals)
    if answer.problem:
        return Still("too_large", answer.problem, login=login, refusals=refusals)
    if not answer.data:
        return Still("not_a_picture", "an empty answer", login=login, refusals=refusals)
    return Still("picture", "", answer.data, login, refusals)


async def _whole(content: aiohttp.StreamReader) -> tuple[bytes, str]:
    data = bytearray()
    async for chunk in content.iter_chunked(65_536):
        data += chunk
        if len(data) > MAX_STILL_BYTES:
            return b"", f"longer than {MAX_STILL_BYTES} bytes"
    return bytes(data), ""


async def _first_part(content: aiohttp.StreamReader) -> tuple[bytes, str]:
    """Read the first picture of an endless series, and leave."""
    data = bytearray()
    start = -1
    async for chunk in content.iter_any():
        data += chunk
        if start < 0:
            start = data.find(b"\xff\xd8")
        if start >= 0:
            scan = data.find(b"\xff\xda", start)
            end = data.find(_END, scan) if scan >= 0 else -1
            if end >= 0:
                return bytes(data[start : end + 2]), ""
        if len(data) > MAX_STILL_BYTES:
            return b"", f"no picture within {MAX_STILL_BYTES} bytes"
    return bytes(data[start:]) if start >= 0 else b"", ""


def _redirected(location: str, url: Url, other_hosts: str) -> tuple[Url | None, str]:
    text = location if "://" in location else f"{url.scheme}://{url.where}/{location.lstrip('/')}"
    found, problem = checked(text, url, schemes=("http", "https"), other_hosts=other_hosts)
    if problem:
        return None, problem
    try:
        return read_url(found), ""
    except BadUrl as error:
        return None, f"sent on to a URL that {error}"


def _authorization(challenges: list[str], secret: Secret, url: Url) -> str:
    """Answer a challenge: by Digest; by Basic, which gives the password away, only where nothing else is offered."""
    challenge = choose_challenge(challenges)
    if challenge is not None:
        return digest_header(challenge, secret, method="GET", path=url.path, count=1)
    if any(each.strip().lower().startswith("basic") for each in challenges):
        return "Basic " + base64.b64encode(f"{secret.user}:{secret.password}".encode()).decode()
    return ""
