"""Starting and stopping the fleet's process from the program that polls it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from monitor.demo.fleet import FleetConfig
from monitor.demo.server import FleetError

READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class RunningFleet:
    """A fleet whose devices can be reached.

    Attributes:
        port: the port that they listen on.
        pid: the fleet's process.
    """

    port: int
    pid: int


@asynccontextmanager
async def start_fleet(config: FleetConfig, *, ready_within_s: float = READY_WITHIN_S) -> AsyncIterator[RunningFleet]:
    """Run the fleet as a process of its own for as long as the context lasts; it ends when we die, too.

    Raises:
        FleetError: it did not get ready; the message says why (a port in use, an unreadable regions file) and what
            to do.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "monitor.demo.fleet",
        "--with-parent",
        *config.arguments(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Ctrl-C in a terminal reaches a whole process group: the devices must not die before we have stopped looking.
        start_new_session=True,
    )
    try:
        yield RunningFleet(port=await _ready_port(process, ready_within_s), pid=process.pid)
    finally:
        await _stop(process)


async def _ready_port(process: asyncio.subprocess.Process, ready_within_s: float) -> int:
    assert process.stdout is not None  # noqa: S101 - asked for as a pipe above
    try:
        line = await asyncio.wait_for(process.stdout.readline(), ready_within_s)
    except TimeoutError:
        raise FleetError(f"the simulated devices were not ready within {ready_within_s:.0f} s") from None
    word, _, rest = line.decode(errors="replace").strip().partition(" ")
    if word == "ready":
        return int(rest)
    if word == "error":
        raise FleetError(rest)
    code = await process.wait()
    raise FleetError(f"the simulated devices' process ended with code {code}; its messages are above")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOPPED_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
    if process.stdin is not None:
        process.stdin.close()
