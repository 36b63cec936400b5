"""GA/T 1400 (视图库) platforms, asked for the devices that they tell about: APEs, APSs, tollgates and lanes.

One look is `GET /VIID/System/Time`, which shows that the platform itself lives, and then its lists with paging. The
list of APEs is complete only when nothing of it is missing: pages are asked until one brings nothing new, and where
one fails the list is partial. Nothing else is ever asked for: no records, no images (DESIGN, the boundary).

Addresses are `http://HOST:PORT` or https, with a path before `/VIID` where a platform has one.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp
import msgspec

from collectors.base import ClockReading, Look, Outcome, PollResult, Target
from collectors.deep import Secret
from collectors.detail import one_line
from collectors.digest import Challenge, choose_challenge, digest_header
from collectors.failures import failure_of
from collectors.pushed import Report
from collectors.urls import BadUrl, Url, read_url
from collectors.viid.objects import (
    BadAnswerError,
    Page,
    read_apes,
    read_apss,
    read_lanes,
    read_time,
    read_tollgates,
)

MAX_PAGE_BYTES = 32 * 1024 * 1024
PAGE = 1_000
MAX_PAGES = 1_000
ALL_WITHIN_S = 25.0
"""A platform of 100,000 devices has that long for its lists; what is missing then makes them partial."""

CATALOGUE_EVERY_S = 3_600.0
"""Tollgates and lanes change rarely."""

MAX_REFUSALS = 2
_UNAUTHORIZED = 401
_GATEWAY_STATUSES = (502, 503, 504)
_SHAPED = (b"ResponseStatus", b"SystemTime")

Item = TypeVar("Item")


@dataclass(slots=True)
class _Known:
    """What is remembered of a platform between two looks.

    Attributes:
        challenge: its Digest challenge in force, None for none.
        count: how often its nonce was used.
        refused: the secret that it refuses, and how often it did: no third try until it changes, or we lock it out.
        catalogue_at: when its tollgates were last read whole, on the monotonic clock.
    """

    challenge: Challenge | None = None
    count: int = 0
    refused: Secret | None = None
    refusals: int = 0
    catalogue_at: float = -CATALOGUE_EVERY_S


class _StoppedError(Exception):
    """A question had no usable answer: how it ended, and a line for people."""

    def __init__(self, outcome: Outcome, detail: str = "", *, realm: str = "", shaped: bool = False) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.realm = realm
        self.shaped = shaped


class ViidPoller:
    """Looks at GA/T 1400 platforms; keeps connections and Digest nonces between looks.

    Args:
        wall_clock: gives our own time, epoch seconds.
        identity: our own 20-digit id, sent as `User-Identify`.
        secret: gives what a credential reference stands for, None for nothing.
    """

    def __init__(
        self,
        *,
        wall_clock: Callable[[], float],
        identity: str = "",
        secret: Callable[[str], Secret | None] = lambda _: None,
    ) -> None:
        self._wall_clock = wall_clock
        self._identity = identity
        self._secret = secret
        self._known: dict[str, _Known] = {}
        self._session: aiohttp.ClientSession | None = None

    async def poll(self, target: Target, look: Look) -> list[PollResult]:
        """Look once; whatever the platform sends becomes a result with a named outcome.

        Raises:
            asyncio.CancelledError: the caller cancelled the look.
        """
        started = time.perf_counter()
        result = await self._look(target, look)
        result.duration_s = time.perf_counter() - started
        return [result]

    async def close(self) -> None:
        """Let go of every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _look(self, target: Target, look: Look) -> PollResult:
        try:
            url = read_url(target.address)
        except BadUrl as error:
            return PollResult(Outcome.UNRESOLVED, f"bad address: {error}")
        if url.scheme not in ("http", "https"):
            return PollResult(Outcome.UNRESOLVED, "bad address: http or https is wanted")
        known = self._known.setdefault(url.where, _Known())
        asking = _Asking(self, url, known, target.credential, timeout_s=look.timeout_s)
        try:
            began = self._wall_clock()
            clock_s, zone, source = read_time(await asking.get("System/Time"))
            read_at = (began + self._wall_clock()) / 2
        except BadAnswerError as error:
            return PollResult(Outcome.ODD, one_line(f"System/Time: {error}"), shaped_body=True)
        except _StoppedError as stop:
            return PollResult(stop.outcome, one_line(stop.detail), realm=one_line(stop.realm), shaped_body=stop.shaped)
        except Exception as error:  # the edge: a fault of ours must neither stop a worker nor judge a device
            return PollResult(Outcome.OURS, one_line(f"our own fault: {type(error).__name__}: {error}"))
        clock = ClockReading(clock_s, None, zone, source, read_at)
        result = PollResult(Outcome.CLEAN, clock=clock, shaped_body=True)
        await self._lists(asking, known, result)
        return result

    async def _lists(self, asking: _Asking, known: _Known, result: PollResult) -> None:
        """Read the lists into a result; what could not be read whole is said in its detail."""
        at = int(self._wall_clock())
        deadline = time.monotonic() + ALL_WITHIN_S
        notes: list[str] = []
        apes: list[tuple[str, bool | None]]
        apss: list[tuple[str, bool | None]]
        apes, result.complete = await asking.pages("APEs", read_apes, lambda ape: ape[0], notes, deadline=deadline)
        apss, _ = await asking.pages("APSs", read_apss, lambda aps: aps[0], notes, deadline=deadline, optional=True)
        result.reports = [Report(name, at, online) for name, online in (*apes, *apss)]
        if time.monotonic() - known.catalogue_at >= CATALOGUE_EVERY_S:
            whole = []
            result.tollgates, ok = await asking.pages(
                "Tollgates", read_tollgates, lambda one: one.id, notes, deadline=deadline, optional=True
            )
            whole.append(ok)
            result.lanes, ok = await asking.pages(
                "Lanes",
                read_lanes,
                lambda one: (one.tollgate, one.number, one.device),
                notes,
                deadline=deadline,
                optional=True,
            )
            whole.append(ok)
            if all(whole):
                known.catalogue_at = time.monotonic()
        if not result.complete and not notes:
            notes.append("APEs: empty list")
        result.detail = one_line("; ".join(notes))

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Nothing secret is sent in the clear, and a platform's own certificate is the normal state.
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connector = aiohttp.TCPConnector(ssl=context, limit=0, limit_per_host=4)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session


@dataclass(slots=True)
class _Asking:
    """The questions of one look at one platform."""

    poller: ViidPoller
    url: Url
    known: _Known
    credential: str | None
    timeout_s: float
    _tries: int = field(default=0)

    async def pages(
        self,
        name: str,
        read: Callable[[bytes], Page],
        key: Callable[[Item], object],
        notes: list[str],
        *,
        deadline: float,
        optional: bool = False,
    ) -> tuple[list[Item], bool]:
        """Give a whole list and whether nothing of it is missing; an optional one may be refused.

        A page that brings nothing new ends the list: some platforms give everything at once whatever is asked, others
        fewer a page than asked. An empty list is never complete: a platform that lost its own says nothing of ours.
        """
        found: dict[object, Item] = {}
        total: int | None = None
        for _ in range(MAX_PAGES):
            left_s = deadline - time.monotonic()
            query = f"{name}?PageRecordNum={PAGE}&RecordStartNo={len(found) + 1}"
            if left_s <= 0:
                notes.append(f"{name}: took too long")
                return list(found.values()), False
            try:
                page = read(await self.get(query, timeout_s=max(self.timeout_s, min(left_s, ALL_WITHIN_S / 2))))
            except BadAnswerError as error:
                notes.append(f"{name}: {error}")
                return list(found.values()), False
            except _StoppedError as stop:
                if not optional or found:
                    notes.append(f"{name}: {stop.detail}")
                return list(found.values()), False
            total = page.total if page.total is not None else total
            before = len(found)
            for item in page.items:
                found.setdefault(key(item), item)
            if len(found) == before or (total is not None and len(found) >= total):
                whole = bool(found) and (total is None or len(found) >= total)
                if not whole and total:
                    notes.append(f"{name}: {len(found)} of {total}")
                return list(found.values()), whole
            await asyncio.sleep(0)
        notes.append(f"{name}: more than {MAX_PAGES} pages")
        return list(found.values()), False

    async def get(self, what: str, *, timeout_s: float | None = None) -> bytes:
        """Ask one question, answering a Digest challenge once.

        Raises:
            _StoppedError: there was no usable answer.
        """
        base = self.url.path.rstrip("/").removesuffix("/VIID")
        path = f"{base}/VIID/{what}"
        secret = self._allowed_secret()
        status, body, challenges = await self._request(path, secret, timeout_s or self.timeout_s)
        if status == _UNAUTHORIZED and secret is not None:
            challenge = choose_challenge(challenges)
            stale = challenge is not None and challenge.stale
            if challenge is not None and (self.known.challenge is None or stale or not self._tries):
                self.known.challenge, self.known.count = challenge, 0
                self._tries += 1
                status, body, challenges = await self._request(path, secret, timeout_s or self.timeout_s)
            if status == _UNAUTHORIZED:
                same = self.known.refused == secret
                self.known.refused, self.known.refusals = secret, self.known.refusals + 1 if same else 1
                self.known.challenge = None
            else:
                self.known.refused, self.known.refusals = None, 0
        if status == _UNAUTHORIZED:
            offered = choose_challenge(challenges)
            words = "HTTP 401, the login is refused" if secret else "HTTP 401, a password is demanded"
            realm = offered.realm if offered else ""
            raise _StoppedError(Outcome.AUTH, words, realm=realm, shaped=any(word in body for word in _SHAPED))
        if status in _GATEWAY_STATUSES and not any(word in body for word in _SHAPED):
            raise _StoppedError(Outcome.GATEWAY, f"HTTP {status} of a gateway")
        if status != 200:
            if any(word in body for word in _SHAPED):
                raise _StoppedError(Outcome.FAULT, f"HTTP {status}", shaped=True)
            raise _StoppedError(Outcome.FOREIGN, f"HTTP {status}, not GA/T 1400")
        if body[:1] not in (b"{", b"\xef", b" ", b"\r", b"\n", b"\t"):
            raise _StoppedError(Outcome.FOREIGN, "not JSON")
        return body.removeprefix(b"\xef\xbb\xbf")

    def _allowed_secret(self) -> Secret | None:
        """Give what to log in with, None where it was refused often enough: nobody is locked out by us."""
        secret = self.poller._secret(self.credential) if self.credential else None
        if secret is not None and secret == self.known.refused and self.known.refusals >= MAX_REFUSALS:
            return None
        return secret

    async def _request(self, path: str, secret: Secret | None, timeout_s: float) -> tuple[int, bytes, list[str]]:
        headers = {"Accept": "application/VIID+JSON, application/json", "User-Identify": self.poller._identity}
        if secret is not None and self.known.challenge is not None:
            self.known.count += 1
            headers["Authorization"] = digest_header(
                self.known.challenge, secret, method="GET", path=path, count=self.known.count
            )
        begun = False
        body = bytearray()
        try:
            async with (
                asyncio.timeout(timeout_s),
                self.poller._client().get(
                    f"{self.url.scheme}://{self.url.where}{path}", headers=headers, allow_redirects=False
                ) as answer,
            ):
                begun = True
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > MAX_PAGE_BYTES:
                        raise _StoppedError(Outcome.TOO_LARGE, f"longer than {MAX_PAGE_BYTES} bytes", shaped=True)
                return answer.status, bytes(body), answer.headers.getall("WWW-Authenticate", [])
        except TimeoutError:
            outcome = Outcome.STALLED if begun else Outcome.TIMEOUT
            raise _StoppedError(outcome, "answer began, then the time was up" if begun else "no byte") from None
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise _StoppedError(Outcome.TLS, f"TLS: {error}") from None
        except aiohttp.ClientConnectorError as error:
            outcome, words = failure_of(error.os_error)
            raise _StoppedError(outcome, words) from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            raise _StoppedError(Outcome.RESET, "connection ended before a byte") from None
        except aiohttp.ClientResponseError as error:
            raise _StoppedError(Outcome.FOREIGN, f"not HTTP: {type(error).__name__}") from None
        except (aiohttp.ClientError, msgspec.MsgspecError) as error:
            raise _StoppedError(Outcome.BROKEN, f"answer broke off: {type(error).__name__}") from None
