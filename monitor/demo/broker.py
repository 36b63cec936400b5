"""The demo's own MQTT broker: mosquitto on loopback, where it is installed."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

READY_WITHIN_S = 5.0
STOPPED_WITHIN_S = 5.0
_SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def find_mosquitto() -> str | None:
    """Give the path of mosquitto, None where it is not installed."""
    return shutil.which("mosquitto", path=_SEARCHED)


def free_port() -> int:
    """Give a port of loopback that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@asynccontextmanager
async def start_broker(folder: Path, *, port: int, more: Sequence[str] = ()) -> AsyncIterator[bool]:
    """Run a broker on loopback for as long as the context lasts; give whether it runs.

    It takes everybody on this machine: what is in it is simulated.
    """
    program = find_mosquitto()
    if program is None:
        yield False
        return
    configuration = folder / "mosquitto.conf"
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", "log_type error", *more]
    if os.geteuid() == 0:
        lines.insert(0, f"user {getpass.getuser()}")
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        program,
        "-c",
        str(configuration),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C must not reach it before the gateways have ended
    )
    try:
        yield await _answers(process, port)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOPPED_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _answers(process: asyncio.subprocess.Process, port: int) -> bool:
    until = asyncio.get_running_loop().time() + READY_WITHIN_S
    while process.returncode is None and asyncio.get_running_loop().time() < until:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return True
    return False
