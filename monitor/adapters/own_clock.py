"""Our own clock: is it known to be synchronised? A machine that cannot tell judges no other clock."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import partial

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5
_TIMEX_BYTES = 256
_STATUS_OFFSET = ctypes.sizeof(ctypes.c_long) * 5


def is_synchronised() -> bool:
    """Ask the kernel whether a time service keeps the clock (adjtimex(2)); False where it cannot be asked.

    `struct timex` begins with `unsigned int modes` and four longs (offset, freq, maxerror, esterror); `int status`
    follows. With `modes` 0 nothing is set.
    """
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return False
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = adjtimex(timex)
    status = ctypes.c_int.from_buffer(timex, _STATUS_OFFSET).value
    return 0 <= state < _TIME_ERROR and not status & _STA_UNSYNC


steady_seconds: Callable[[], float] = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
"""Gives a counter that no step of the clock touches and that goes on while the machine sleeps, seconds."""
