"""One connection, one request, one answer: what both lanes have in common, whatever carries the bytes."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from collectors.onvif.answer import Ending
from collectors.onvif.reply import Reply


class Exchange(ABC):
    """Collects the answer to a request, and is over once.

    Attributes:
        reply: the bytes of the answer.
        over: a future that is done when reading has stopped.
        ending: why it stopped; None while it has not.
        stopped: the poller was closed while this look was in flight.
        failure: why no connection came about; None where one did.
        error: a fault of ours in a callback, which the event loop would only log.
    """

    __slots__ = (
        "_first_at", "_request", "_sent_at", "_sent_wall_s", "_wall_clock",
        "ending", "error", "failure", "over", "reply", "stopped",
    )  # fmt: skip

    def __init__(
        self,
        request: bytes,
        *,
        loop: asyncio.AbstractEventLoop,
        max_bytes: int,
        wall_clock: Callable[[], float],
    ) -> None:
        self.reply = Reply(max_bytes)
        self.over: asyncio.Future[None] = loop.create_future()
        self.ending: Ending | None = None
        self.stopped = False
        self.failure: OSError | None = None
        self.error: Exception | None = None
        self._request = request
        self._wall_clock = wall_clock
        self._sent_at = 0.0
        self._sent_wall_s = 0.0
        self._first_at = 0.0

    @property
    def read_at(self) -> float:
        """Our wall clock, epoch seconds, half-way between the request and the first byte of the answer."""
        return self._sent_wall_s + (self._first_at - self._sent_at) / 2

    def expire(self) -> None:
        """Its time is up: it ends, also while it is still connecting."""
        self.finish(Ending.EXPIRED)

    def stop(self) -> None:
        """The poller is being closed: it ends, and what came is not to be judged."""
        self.stopped = True
        self.expire()

    def finish(self, ending: Ending) -> None:
        """End, unless it has: let go of the connection and wake the look."""
        if self.ending is None:
            self.ending = ending
            self.let_go()
            if not self.over.done():
                self.over.set_result(None)

    def fail(self, error: Exception) -> None:
        """End because of a fault of ours."""
        self.error = error
        self.finish(Ending.ENDED)

    @abstractmethod
    def let_go(self) -> None:
        """Close the connection, also one that is yet to stand; may be called again."""

    def _receive(self, data: bytes) -> None:
        if not self._first_at:
            self._first_at = time.perf_counter()
        if self.reply.feed(data):
            self.finish(Ending.ENOUGH)

    def _mark_sent(self) -> None:
        self._sent_wall_s = self._wall_clock()
        self._sent_at = time.perf_counter()
