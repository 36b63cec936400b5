"""Plain reachability by TCP, for devices with nothing better: the port takes a connection, or it does not.

Addresses are `HOST:PORT` or `tcp://HOST:PORT`. A connection that is taken is the answer asked for; nothing is sent.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from collectors.base import Look, Outcome, PollResult, Target
from collectors.detail import one_line
from collectors.failures import failure_of

_ADDRESS = re.compile(r"(?:tcp://)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})/?")
_MAX_PORT = 65_535


class TcpPoller:
    """Connects and hangs up; keeps nothing open between looks."""

    def __init__(self, *, wall_clock: Callable[[], float]) -> None:
        """Make a poller; no clock is read, so `wall_clock` is not needed."""
        del wall_clock

    async def poll(self, target: Target, look: Look) -> list[PollResult]:
        """Look once; whatever happens becomes a result with a named outcome.

        Raises:
            asyncio.CancelledError: the caller cancelled the look; its connection is gone.
        """
        started = time.perf_counter()
        outcome, detail = await _connect(target.address, look.timeout_s)
        took_s = time.perf_counter() - started
        return [PollResult(outcome, one_line(detail), duration_s=took_s, shaped_body=outcome is Outcome.CLEAN)]

    async def close(self) -> None:
        """Nothing is kept open."""


async def _connect(address: str, timeout_s: float) -> tuple[Outcome, str]:
    parts = _ADDRESS.fullmatch(address.strip())
    if parts is None or not 0 < int(parts[3]) <= _MAX_PORT:
        return Outcome.UNRESOLVED, "bad address: HOST:PORT is wanted"
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(parts[1] or parts[2], int(parts[3]))
    except OSError as error:  # TimeoutError is one
        return failure_of(error)
    except Exception as error:  # the edge: a fault of ours must neither stop a worker nor judge a device
        return Outcome.OURS, f"our own fault: {type(error).__name__}: {error}"
    writer.transport.abort()
    return Outcome.CLEAN, ""
