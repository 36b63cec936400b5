"""Slow clients: a connection is dropped whose next request head is not whole in time, or that reads nothing we send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from aiohttp import web

HEAD_WITHIN_S = 15.0
"""A request head takes no longer: from the connection on, and later from its own first byte on."""

READ_WITHIN_S = 30.0
"""A client that waits for the rest of an answer reads something of it in this time."""


class Patience:
    """Watches over the connections of a server.

    Args:
        loop: that the server runs on.
        on_slow: told of every connection that is dropped.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, on_slow: Callable[[], None]) -> None:
        self._loop = loop
        self._on_slow = on_slow
        self._watched: dict[object, _Watched] = {}

    def watched(self, inner: web.RequestHandler) -> asyncio.Protocol:
        """Give the protocol to listen with: it stands before aiohttp's own."""
        return _Watched(inner, self._loop, self._on_slow, self._watched)

    def heard(self, request: web.Request) -> None:
        """Note that a request's head is whole; until `answered` whatever comes is its body."""
        watched = self._watched.get(request.protocol)
        if watched is not None:
            watched.heard()

    def answered(self, request: web.Request) -> None:
        """Note that a request was dealt with: what comes next is another head."""
        watched = self._watched.get(request.protocol)
        if watched is not None:
            watched.answered()


class _Watched(asyncio.Protocol):
    """One connection: hands everything on, and knows whether a head is awaited."""

    def __init__(
        self,
        inner: web.RequestHandler,
        loop: asyncio.AbstractEventLoop,
        on_slow: Callable[[], None],
        all_watched: dict[object, _Watched],
    ) -> None:
        self._inner = inner
        self._loop = loop
        self._on_slow = on_slow
        self._all = all_watched
        self._transport: asyncio.Transport | None = None
        self._awaits_head = True
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def heard(self) -> None:
        self._awaits_head = False
        self._stop()

    def answered(self) -> None:
        self._awaits_head = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._all[self._inner] = self
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._start()
        self._inner.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._stop()
        self._stop_reading()
        self._all.pop(self._inner, None)
        self._inner.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._awaits_head and self._timer is None:
            self._start()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        self._inner.eof_received()
        return None

    def pause_writing(self) -> None:
        self._expect_reading()
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._stop_reading()
        self._inner.resume_writing()

    def _start(self) -> None:
        self._timer = self._loop.call_later(HEAD_WITHIN_S, self._drop)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expect_reading(self, unread: int | None = None) -> None:
        """Look again in a while whether less waits to be read than `unread` bytes, as much as waits now."""
        self._reading = None
        if self._transport is not None:
            now = self._transport.get_write_buffer_size()
            if unread is not None and now >= unread:
                self._drop()
            else:
                self._reading = self._loop.call_later(READ_WITHIN_S, self._expect_reading, now)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _drop(self) -> None:
        self._timer = None
        if self._transport is not None:
            self._on_slow()
            self._transport.abort()
