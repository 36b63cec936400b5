"""Our own time: it follows the wall clock but never jumps, so that a step of the clock makes no burst and no pause."""

from __future__ import annotations

from collections.abc import Callable

MAX_RATE = 0.1


class SteadyClock:
    """Epoch seconds that only move forward, at the pace of a steady counter.

    Where the wall clock was stepped, the difference is made up slowly: at most `MAX_RATE` seconds a second, so an hour
    is absorbed in ten hours, and a jump that is taken back leaves almost no trace.

    Args:
        wall: gives the wall clock, epoch seconds.
        steady: gives a counter that no step touches and that goes on while the machine sleeps, seconds.
    """

    def __init__(self, *, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        self._wall = wall
        self._steady = steady
        self._adjusted_at = steady()
        self._offset = wall() - self._adjusted_at

    def now(self) -> float:
        """Give our time, epoch seconds."""
        return self._steady() + self._offset

    def not_before(self, instant: float) -> float:
        """Move forward to an instant that was reached in an earlier run, where the wall clock was stepped back since.

        A look is evidence only if it is newer than the last one: before that instant all states would stand still.

        Returns:
            How far we were behind, seconds; 0 where we were not.
        """
        behind = max(0.0, instant - self.now())
        self._offset += behind
        return behind

    def adjust(self) -> float:
        """Follow the wall clock a little; to be called about once a second.

        Returns:
            How far the wall clock is still ahead of us, seconds.
        """
        steady = self._steady()
        may_move = (steady - self._adjusted_at) * MAX_RATE
        self._adjusted_at = steady
        behind = self._wall() - (steady + self._offset)
        move = max(-may_move, min(may_move, behind))
        self._offset += move
        return behind - move
