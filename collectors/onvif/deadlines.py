"""When looks have taken long enough: one coarse timer for all that are in flight.

A `call_later` or a timeout context for each look costs 10-15 µs, a third of the look itself. Here
a look joins the set of its tick and leaves it; one timer sweeps the ticks that have passed. It
exists only while a look is in flight.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

TICK_S = 0.05


class Expirable(Protocol):
    """Something in flight that can be told to end."""

    def expire(self) -> None:
        """Its time is up."""

    def stop(self) -> None:
        """Whoever wanted it goes away."""


class Deadlines:
    """The looks in flight by the tick at which each has taken too long; none ends early, nor later than two ticks."""

    def __init__(self) -> None:
        self._due: dict[int, set[Expirable]] = {}
        self._in_flight = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, look: Expirable, *, started: float, timeout_s: float) -> int:
        """Put a look in; give the tick that `remove` wants back.

        Args:
            look: what to expire.
            started: when it started, on `time.perf_counter`.
            timeout_s: how long it may take.
        """
        tick = int((started + timeout_s) / TICK_S) + 1
        looks = self._due.get(tick)
        if looks is None:
            looks = self._due[tick] = set()
        looks.add(look)
        self._in_flight += 1
        if self._timer is None:
            self._arm()
        return tick

    def remove(self, look: Expirable, tick: int) -> None:
        """Take a look out that has ended, expired or not."""
        looks = self._due.get(tick)
        if looks is not None:
            looks.discard(look)
        self._in_flight -= 1
        if not self._in_flight:
            self._due.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def stop(self) -> bool:
        """Stop every look in flight; say whether there is any, be it one that has yet to notice."""
        for look in [look for looks in self._due.values() for look in looks]:
            look.stop()
        return self._in_flight > 0

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._sweep)

    def _sweep(self) -> None:
        now = int(time.perf_counter() / TICK_S)
        for tick in [tick for tick in self._due if tick <= now]:
            for look in self._due.pop(tick):
                look.expire()
        self._arm()
