"""Plain reachability by HTTP, for devices with nothing better: whatever HTTP answer comes, its server is alive.

Addresses are URLs, `http://HOST[:PORT]/PATH` or https. One GET is sent, and only the status is read: any is an answer,
but 502, 503 and 504 are a gateway's, and what is not HTTP is some other host's.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
from collections.abc import Callable

from collectors.base import Look, Outcome, PollResult, Target
from collectors.detail import one_line
from collectors.failures import failure_of
from collectors.urls import BadUrl, Url, read_url

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?:[ \r\n]|$)")
_ENOUGH = 13
"""Bytes that hold a whole status."""

_GATEWAY_STATUSES = (502, 503, 504)
_UNAUTHORIZED = 401
_SHOWN_START = 40


class HttpPoller:
    """Asks once and reads the first bytes; keeps nothing open between looks."""

    def __init__(self, *, wall_clock: Callable[[], float]) -> None:
        """Make a poller; no clock is read, so `wall_clock` is not needed."""
        del wall_clock
        self._tls: ssl.SSLContext | None = None

    async def poll(self, target: Target, look: Look) -> list[PollResult]:
        """Look once; whatever happens becomes a result with a named outcome.

        Raises:
            asyncio.CancelledError: the caller cancelled the look; its connection is gone.
        """
        started = time.perf_counter()
        outcome, detail = await self._look(target.address, look.timeout_s)
        took_s = time.perf_counter() - started
        shaped = outcome in (Outcome.CLEAN, Outcome.AUTH)
        return [PollResult(outcome, one_line(detail), duration_s=took_s, shaped_body=shaped)]

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _look(self, address: str, timeout_s: float) -> tuple[Outcome, str]:
        try:
            url = read_url(address)
        except BadUrl as error:
            return Outcome.UNRESOLVED, f"bad address: {error}"
        if url.scheme not in ("http", "https"):
            return Outcome.UNRESOLVED, "bad address: http or https is wanted"
        writer: asyncio.StreamWriter | None = None
        begun = bytearray()
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_connection(url.host, url.port, ssl=self._context(url))
                await _ask(url, reader, writer, begun)
        except ssl.SSLError as error:
            return Outcome.TLS, f"TLS: {error.reason or error}"
        except TimeoutError:
            if begun:
                return Outcome.STALLED, "answer began, then the time was up"
            return Outcome.TIMEOUT, "no byte until the timeout"
        except OSError as error:
            if begun:
                return Outcome.BROKEN, "connection ended within the answer"
            return (Outcome.RESET, "connection ended before a byte") if writer else failure_of(error)
        except Exception as error:  # the edge: a fault of ours must neither stop a worker nor judge a device
            return Outcome.OURS, f"our own fault: {type(error).__name__}: {error}"
        finally:
            if writer is not None:
                writer.transport.abort()
        return _judge(bytes(begun))

    def _context(self, url: Url) -> ssl.SSLContext | None:
        if url.scheme == "http":
            return None
        if self._tls is None:
            # Nothing secret is sent, and a certificate that can't be verified is a device's normal state.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            self._tls = context
        return self._tls


async def _ask(url: Url, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: bytearray) -> None:
    request = f"GET {url.path} HTTP/1.1\r\nHost: {url.where}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(ConnectionError):  # it may have answered and hung up without listening
        writer.write(request.encode())
        await writer.drain()
    while len(begun) < _ENOUGH:
        part = await reader.read(4_096)
        if not part:
            return
        begun += part


def _judge(begun: bytes) -> tuple[Outcome, str]:
    if not begun:
        return Outcome.RESET, "connection ended before a byte"
    match = _STATUS.match(begun)
    if match is None:
        if len(begun) < _ENOUGH and b"HTTP/1.1 200 ".startswith(begun[:9]):
            return Outcome.BROKEN, "connection ended within the answer"
        return Outcome.FOREIGN, f"not HTTP: {begun[:_SHOWN_START]!r}"
    status = int(match[1])
    if status in _GATEWAY_STATUSES:
        return Outcome.GATEWAY, f"HTTP {status} of a gateway"
    if status == _UNAUTHORIZED:
        return Outcome.AUTH, "HTTP 401, a password is demanded"
    return Outcome.CLEAN, ""
