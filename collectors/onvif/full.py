"""The full lane's way to a device: names are resolved, IPv6 and TLS are spoken.

TLS is done over memory buffers rather than by the event loop's own transport, because that one
reports a handshake that broke off like a connection that never spoke: RULES §1 counts the first as
an answer and the second as silence, so the bytes themselves must be seen.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from collectors.base import Outcome
from collectors.onvif.address import Address
from collectors.onvif.answer import Ending, Verdict
from collectors.onvif.exchange import Exchange

_READ_SIZE = 16 * 1024
_RECORD_TYPES = (0x14, 0x15, 0x16, 0x17)  # RFC 8446, 5.1: change_cipher_spec, alert, handshake, application_data
_RECORD_MAJOR = 0x03


async def find(address: Address, loop: asyncio.AbstractEventLoop) -> tuple[str, int]:
    """Give the numeric host and the port to connect to; of several the first IPv4 one, which a video network speaks.

    Raises:
        socket.gaierror: the name does not resolve.
    """
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    best = next((entry for entry in found if entry[0] == socket.AF_INET), found[0])
    host, port = best[4][:2]
    return str(host), int(port)


def lenient_context() -> ssl.SSLContext:
    """Make a TLS context that old cameras with certificates of their own can talk to.

    Nothing secret is sent by a health look, and a certificate that can't be verified is a camera's normal state.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # 1,024-bit keys and SHA-1 signatures of older firmware
    return context


class StreamExchange(Exchange, asyncio.Protocol):
    """An exchange over a transport of the event loop."""

    __slots__ = ("_transport",)

    def __init__(
        self,
        request: bytes,
        *,
        loop: asyncio.AbstractEventLoop,
        max_bytes: int,
        wall_clock: Callable[[], float],
    ) -> None:
        super().__init__(request, loop=loop, max_bytes=max_bytes, wall_clock=wall_clock)
        self._transport: asyncio.Transport | None = None

    async def connect(self, address: Address, loop: asyncio.AbstractEventLoop) -> None:
        """Resolve the name and connect; the request follows by itself.

        Raises:
            OSError: no connection came about.
        """
        host, port = await find(address, loop)
        await loop.create_connection(lambda: self, host, port)

    def let_go(self) -> None:
        """Abort the transport."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request; a look that has ended meanwhile wants no connection."""
        self._transport = transport  # type: ignore[assignment]  # one of a TCP connection is an asyncio.Transport
        if self.ending is not None:
            self.let_go()
            return
        try:
            self._begin()
        except Exception as error:
            self.fail(error)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the answer; stop once no more are wanted."""
        try:
            if self.ending is None:
                self._receive(data)
        except Exception as error:
            self.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """The device ended or reset the connection, or we let go of it."""
        self.finish(Ending.ENDED)

    def _begin(self) -> None:
        self._write(self._request)
        self._mark_sent()

    def _write(self, data: bytes) -> None:
        assert self._transport is not None  # noqa: S101 - only called on a connection
        self._transport.write(data)


class TlsExchange(StreamExchange):
    """An exchange inside TLS."""

    __slots__ = ("_heard", "_incoming", "_outgoing", "_shaken", "_tls", "_tls_error")

    def __init__(
        self,
        request: bytes,
        *,
        loop: asyncio.AbstractEventLoop,
        max_bytes: int,
        wall_clock: Callable[[], float],
        context: ssl.SSLContext,
        host: str,
    ) -> None:
        super().__init__(request, loop=loop, max_bytes=max_bytes, wall_clock=wall_clock)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host.partition("%")[0])
        self._heard = b""  # the first bytes that came, as they were on the wire
        self._shaken = False
        self._tls_error = ""

    def _receive(self, data: bytes) -> None:
        self._heard = self._heard or data[:_READ_SIZE]
        self._incoming.write(data)
        self._advance()

    def verdict(self) -> Verdict | None:
        """Judge a look that ended before the answer's first byte but not in silence; None for every other."""
        if self.reply.raw or not self._heard:
            return None
        is_record = self._heard[0] in _RECORD_TYPES and self._heard[1:2] in (b"", bytes([_RECORD_MAJOR]))
        if not is_record and not self._heard.startswith(b"HTTP/1."):
            return Verdict(Outcome.FOREIGN, f"not TLS: {self._heard[:40]!r}")
        if self._tls_error:
            return Verdict(Outcome.TLS, f"TLS: {self._tls_error}")
        if self.ending is Ending.EXPIRED:
            words = "TLS stood, then silence" if self._shaken else "TLS handshake began, then silence"
            return Verdict(Outcome.STALLED, words)
        # RFC 8446, E.1.2: under TLS 1.3 a server's refusal of us comes only after our side of the handshake is done.
        if self._shaken and self._tls.version() != "TLSv1.3":
            return Verdict(Outcome.BROKEN, "TLS stood, then the connection ended")
        return Verdict(Outcome.TLS, "TLS: connection ended within the handshake")

    def _begin(self) -> None:
        self._advance()

    def _advance(self) -> None:
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
                self._tls.write(self._request)
                self._mark_sent()
            while self.ending is None:
                plain = self._tls.read(_READ_SIZE)
                if not plain:
                    self.finish(Ending.ENDED)
                else:
                    super()._receive(plain)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.finish(Ending.ENDED)
        except ssl.SSLError as error:
            self._tls_error = error.reason or str(error)
            self.finish(Ending.ENDED)
        if self._outgoing.pending and self.ending is None:
            self._write(self._outgoing.read())
