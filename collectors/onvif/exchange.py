"""One connection, one request, one answer: the wire of both lanes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from collectors.onvif.answer import Ending
from collectors.onvif.reply import Reply


class Exchange(asyncio.Protocol):
    """Sends the request when the connection stands, collects the answer, and is over once.

    Attributes:
        reply: the bytes of the answer.
        over: a future that is done when reading has stopped.
        ending: why it stopped; None while it has not.
        cancelled: its time was up while it was still connecting, so its task was cancelled, by us.
        stopped: the poller was closed while this look was in flight.
        error: a fault of ours in a callback, which the event loop would only log.
    """

    __slots__ = (
        "_abandoned", "_first_at", "_request", "_sent_at", "_sent_wall_s", "_task", "_transport", "_wall_clock",
        "cancelled", "ending", "error", "over", "reply", "stopped",
    )  # fmt: skip

    def __init__(
        self,
        request: bytes,
        *,
        loop: asyncio.AbstractEventLoop,
        task: asyncio.Task[object],
        max_bytes: int,
        wall_clock: Callable[[], float],
    ) -> None:
        self.reply = Reply(max_bytes)
        self.over: asyncio.Future[None] = loop.create_future()
        self.ending: Ending | None = None
        self.cancelled = False
        self.stopped = False
        self.error: Exception | None = None
        self._request = request
        self._task = task
        self._wall_clock = wall_clock
        self._transport: asyncio.Transport | None = None
        self._abandoned = False
        self._sent_at = 0.0
        self._sent_wall_s = 0.0
        self._first_at = 0.0

    @property
    def read_at(self) -> float:
        """Our wall clock, epoch seconds, half-way between the request and the first byte of the answer."""
        return self._sent_wall_s + (self._first_at - self._sent_at) / 2

    def expire(self) -> None:
        """Its time is up: it ends, also while it is still connecting."""
        if self.ending is None:
            self._finish(Ending.EXPIRED)
            if self._transport is None:
                self.cancelled = self._task.cancel()

    def stop(self) -> None:
        """The poller is being closed: it ends, and what came is not to be judged."""
        self.stopped = True
        self.expire()

    def abandon(self) -> None:
        """Let go of the connection, also of one that is yet to stand."""
        self._abandoned = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self._transport = transport  # type: ignore[assignment]
        if self._abandoned:
            self.abandon()
            return
        try:
            self._begin()
        except Exception as error:
            self._fail(error)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the answer; stop once no more are wanted."""
        try:
            self._receive(data)
        except Exception as error:
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """The device ended or reset the connection, or we abandoned it."""
        self._finish(Ending.ENDED)

    def _receive(self, data: bytes) -> None:
        if self.ending is None:
            if not self._first_at:
                self._first_at = time.perf_counter()
            if self.reply.feed(data):
                self._finish(Ending.ENOUGH)

    def _begin(self) -> None:
        self._send(self._request)
        self._mark_sent()

    def _mark_sent(self) -> None:
        self._sent_wall_s = self._wall_clock()
        self._sent_at = time.perf_counter()

    def _send(self, data: bytes) -> None:
        assert self._transport is not None  # noqa: S101 - only called on a connection
        self._transport.write(data)

    def _fail(self, error: Exception) -> None:
        self.error = error
        self._finish(Ending.ENDED)

    def _finish(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending
            if self._transport is not None:
                self._transport.abort()
            if not self.over.done():
                self.over.set_result(None)
