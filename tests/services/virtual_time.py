"""An event loop whose clock jumps to the next timer: a day of looking takes a moment, and always the same course."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

T0 = 1_767_225_600
"""Epoch seconds at which virtual time begins; loops begin at 0."""


class _Selector(selectors.SelectSelector):
    """Waits for nothing: where the loop would sleep, its clock is moved on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if not found:
            if timeout is None:
                raise AssertionError("everything waits, and no timer is set: a deadlock")
            self.now += max(0.0, timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop for code that waits for timers only."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    def stand_still(self, seconds: float) -> None:
        """Let time pass without running anything, as a stopped process does."""
        self._virtual.now += seconds


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def epoch_now() -> float:
    """Give the virtual time as epoch seconds."""
    return T0 + asyncio.get_running_loop().time()
