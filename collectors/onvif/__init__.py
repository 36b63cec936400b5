"""ONVIF cameras: one health look is one unsigned GetSystemDateAndTime, liveness and clock in one.

The lean lane reads the clean answer of a plain-HTTP camera at a numeric address by a byte pattern. The full
lane does the rest: it opens names, IPv6 and HTTPS, and it reads every answer that is not clean, from the bytes
the lean lane already has: a look is one connection and one request, never a second try (DESIGN: measure, don't rescue).
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from functools import partial

from collectors.base import MAX_ANSWER_BYTES, ClockReading, Look, Outcome, PollResult, Target
from collectors.detail import one_line
from collectors.failures import failure_of
from collectors.onvif.address import Address, BadAddress, read_address
from collectors.onvif.answer import Ending, Verdict, judge
from collectors.onvif.deadlines import Deadlines
from collectors.onvif.exchange import Exchange
from collectors.onvif.full import StreamExchange, TlsExchange, lenient_context
from collectors.onvif.lean import LeanReader
from collectors.onvif.sockets import SocketExchange, Sockets


class OnvifPoller:
    """Looks at ONVIF cameras, any number at a time; keeps nothing open between looks."""

    def __init__(self, *, wall_clock: Callable[[], float], max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        """Make a poller; it may be made before the event loop runs.

        Args:
            wall_clock: gives our own time, epoch seconds.
            max_answer_bytes: how much of an answer, head and body, is read at most.
        """
        self._wall_clock = wall_clock
        self._max_bytes = max_answer_bytes
        self._deadlines = Deadlines()
        self._sockets = Sockets()
        self._lean = LeanReader()
        self._tls_context: ssl.SSLContext | None = None
        self._closed = False

    async def poll(self, target: Target, look: Look) -> list[PollResult]:
        """Look once at a device; whatever it sends becomes a result with a named outcome.

        Raises:
            asyncio.CancelledError: the caller cancelled the look; its connection is gone.
        """
        started = time.perf_counter()
        try:
            return [await self._look(target.address, look.timeout_s, started)]
        except Exception as error:  # the edge: a fault of ours must neither stop a worker nor judge a device
            detail = one_line(f"our own fault: {type(error).__name__}: {error}")
            return [PollResult(Outcome.OURS, detail, duration_s=time.perf_counter() - started)]

    async def close(self) -> None:
        """End the looks in flight (their outcome is `ours`) and take no more."""
        self._closed = True
        while self._deadlines.stop():  # noqa: ASYNC110 - each look ends in its own next step
            await asyncio.sleep(0)
        self._sockets.close()

    async def _look(self, text: str, timeout_s: float, started: float) -> PollResult:
        if self._closed:
            return _result(Verdict(Outcome.OURS, "the poller is closed"), started)
        try:
            address = read_address(text)
        except BadAddress as error:
            return _result(Verdict(Outcome.UNRESOLVED, f"bad address: {error}"), started)
        if not address.numeric:
            return await self._full_look(address, timeout_s, started)
        loop = asyncio.get_running_loop()
        exchange = SocketExchange(address.request, loop=loop, max_bytes=self._max_bytes, wall_clock=self._wall_clock)
        tick = self._deadlines.add(exchange, started=started, timeout_s=timeout_s)
        try:
            exchange.connect(self._sockets, address.host, address.port)
            await exchange.over
        finally:
            self._deadlines.remove(exchange, tick)
            exchange.let_go()
        ended = exchange.ending is Ending.ENDED
        body = None if exchange.stopped or exchange.error else exchange.reply.clean_body(ended=ended)
        reading = None if body is None else self._lean.read(body)
        if reading is None:
            return self._judged(exchange, started, lane="full" if exchange.reply.raw else "lean")
        clock = ClockReading(reading.utc_s, reading.local_s, reading.zone, reading.source, exchange.read_at)
        return PollResult(Outcome.CLEAN, "", "lean", time.perf_counter() - started, clock, "", True)

    async def _full_look(self, address: Address, timeout_s: float, started: float) -> PollResult:
        loop = asyncio.get_running_loop()
        exchange = self._make_exchange(address, loop)
        connecting = loop.create_task(exchange.connect(address, loop))
        connecting.add_done_callback(partial(_note_failure, exchange))
        tick = self._deadlines.add(exchange, started=started, timeout_s=timeout_s)
        try:
            await exchange.over
        finally:
            self._deadlines.remove(exchange, tick)
            exchange.finish(Ending.ENDED)  # where the caller cancelled the look
            connecting.cancel()
        return self._judged(exchange, started, lane="full")

    def _make_exchange(self, address: Address, loop: asyncio.AbstractEventLoop) -> StreamExchange:
        if not address.tls:
            return StreamExchange(address.request, loop=loop, max_bytes=self._max_bytes, wall_clock=self._wall_clock)
        if self._tls_context is None:
            self._tls_context = lenient_context()
        return TlsExchange(
            address.request,
            loop=loop,
            max_bytes=self._max_bytes,
            wall_clock=self._wall_clock,
            context=self._tls_context,
            host=address.host,
        )

    def _judged(self, exchange: Exchange, started: float, *, lane: str) -> PollResult:
        """Judge a look that the lean lane cannot read.

        Raises:
            Exception: a fault of ours in a callback of the exchange.
        """
        if exchange.stopped:
            return _result(Verdict(Outcome.OURS, "the poller was closed"), started)
        if exchange.error is not None:
            raise exchange.error
        if exchange.failure is not None:
            return _result(Verdict(*failure_of(exchange.failure)), started, lane=lane)
        verdict = exchange.verdict() if isinstance(exchange, TlsExchange) else None
        ending = exchange.ending or Ending.EXPIRED
        verdict = verdict or judge(exchange.reply, ending, max_bytes=self._max_bytes)
        return _result(verdict, started, lane=lane, read_at=exchange.read_at)


def _note_failure(exchange: Exchange, connecting: asyncio.Task[None]) -> None:
    """End an exchange whose connecting failed."""
    error = None if connecting.cancelled() else connecting.exception()
    if isinstance(error, OSError):
        exchange.failure = error
        exchange.finish(Ending.ENDED)
    elif isinstance(error, Exception):
        exchange.fail(error)


def _result(verdict: Verdict, started: float, *, lane: str = "full", read_at: float = 0.0) -> PollResult:
    reading = verdict.reading
    return PollResult(
        outcome=verdict.outcome,
        detail=one_line(verdict.detail),
        lane=lane,
        duration_s=time.perf_counter() - started,
        clock=ClockReading(reading.utc_s, reading.local_s, reading.zone, reading.source, read_at) if reading else None,
        realm=one_line(verdict.realm),
        shaped_body=verdict.shaped_body,
    )
