"""A way through for FFmpeg to streams that it cannot log in to: those that hide behind a 404, or want SHA-256.

FFmpeg answers a challenge that comes with a 401 and is made with MD5, no other. Here it speaks to a port of ours on
loopback: its requests go on with a login of ours, and all that comes back reaches it as it came. The password stays in
this process. One connection is taken at a time, and the last ends with the look.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from collectors.deep import Secret
from collectors.digest import Challenge, choose_challenge, digest_header
from collectors.urls import Url

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024
_CONNECT_S = 5.0
_REQUEST = re.compile(rb"([A-Z_]+) (\S+) (RTSP/1\.\d)\r\n")
_STATUS = re.compile(rb"RTSP/1\.\d (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,6})[ \t]*\r\n", re.IGNORECASE)
_CHALLENGE = re.compile(rb"\r\nwww-authenticate:[ \t]*([^\r\n]+)", re.IGNORECASE)
_LOGIN = re.compile(rb"\r\nauthorization:[^\r\n]*", re.IGNORECASE)
_DATA = b"$"


@asynccontextmanager
async def relayed(url: Url, secret: Secret, *, context: ssl.SSLContext | None) -> AsyncIterator[str]:
    """Give an address on loopback at which a stream is had without a login, while the block lasts.

    Args:
        url: the stream's own; its host has been checked.
        secret: what to log in with.
        context: for rtsps; None for plain RTSP.
    """
    relay = _Relay(url, secret, context)
    server = await asyncio.start_server(relay.take, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield f"rtsp://127.0.0.1:{relay.port}{url.path}"
    finally:
        server.close()
        await relay.end()


class _Relay:
    """One conversation between FFmpeg and a server."""

    def __init__(self, url: Url, secret: Secret, context: ssl.SSLContext | None) -> None:
        self.port = 0
        self._url = url
        self._secret = secret
        self._context = context
        self._challenge: Challenge | None = None
        self._count = 0
        self._talk: asyncio.Task[None] | None = None

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection in place of the one before: FFmpeg comes once for each transport that it tries."""
        if self._talk is not None:
            self._talk.cancel()
        self._challenge, self._count = None, 0  # a nonce may be good for one connection alone
        self._talk = asyncio.get_running_loop().create_task(self._speak(reader, writer))

    async def end(self) -> None:
        """End the conversation."""
        if self._talk is not None:
            self._talk.cancel()
            await asyncio.wait((self._talk,))

    async def _speak(self, ours: asyncio.StreamReader, to_us: asyncio.StreamWriter) -> None:
        url, to_it = self._url, None
        try:
            async with asyncio.timeout(_CONNECT_S):
                its, to_it = await asyncio.open_connection(url.host, url.port, ssl=self._context, limit=MAX_BODY_BYTES)
            playing = False
            while not playing:
                request = await _head(ours)
                to_us.write(await self._asked(request, its, to_it))
                await to_us.drain()
                playing = request.startswith(b"PLAY ")
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(its, to_us))
                group.create_task(self._pass_requests_on(ours, to_it))
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, ExceptionGroup):
            pass  # FFmpeg sees that the connection ends, and says what that means
        finally:
            for writer in (to_us, to_it):
                if writer is not None:
                    writer.transport.abort()

    async def _asked(self, request: bytes, its: asyncio.StreamReader, to_it: asyncio.StreamWriter) -> bytes:
        """Ask with our login, once more where it takes another challenge, and give the whole reply."""
        reply = await self._once(request, its, to_it)
        status = _STATUS.match(reply)
        challenges = [each.decode("latin-1").strip() for each in _CHALLENGE.findall(reply)]
        fresh = choose_challenge(challenges) if status and status[1] in (b"401", b"404") else None
        if fresh is None or (self._challenge is not None and not fresh.stale):
            return reply
        self._challenge, self._count = fresh, 0
        return await self._once(request, its, to_it)

    async def _once(self, request: bytes, its: asyncio.StreamReader, to_it: asyncio.StreamWriter) -> bytes:
        to_it.write(self._with_login(request))
        await to_it.drain()
        head = await its.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if size > MAX_BODY_BYTES:
            raise EOFError
        return head + await its.readexactly(size)

    def _with_login(self, request: bytes) -> bytes:
        """Give a request as it goes on: to the stream's own address, with our login in place of any other."""
        first = _REQUEST.match(request)
        if first is None:
            raise EOFError
        method, uri, version = (part.decode("latin-1") for part in first.groups())
        here = f"rtsp://127.0.0.1:{self.port}"
        if uri.startswith(here):
            uri = f"{self._url.scheme}://{self._url.where}{uri.removeprefix(here)}"
        login = b""
        if self._challenge is not None:
            self._count += 1
            made = digest_header(self._challenge, self._secret, method=method, path=uri, count=self._count)
            login = f"Authorization: {made}\r\n".encode()
        rest = _LOGIN.sub(b"", b"\r\n" + request[first.end() :]).removeprefix(b"\r\n")
        return f"{method} {uri} {version}\r\n".encode("latin-1") + login + rest

    async def _pass_requests_on(self, ours: asyncio.StreamReader, to_it: asyncio.StreamWriter) -> None:
        """Pass on what FFmpeg says while the stream plays: receiver reports as they are, requests with our login."""
        while True:
            start = await ours.readexactly(1)
            if start == _DATA:
                rest = await ours.readexactly(3)
                to_it.write(start + rest + await ours.readexactly(int.from_bytes(rest[1:], "big")))
            else:
                to_it.write(self._with_login(start + await _head(ours)))
            await to_it.drain()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """Read a request; FFmpeg's have no body."""
    return await reader.readuntil(b"\r\n\r\n")


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    raise EOFError
