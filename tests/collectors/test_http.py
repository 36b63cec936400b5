"""The http poller against real sockets: any HTTP answer is one, anything else is named."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from collectors.base import Look, Outcome, PollResult
from collectors.http import HttpPoller
from tests.collectors.servers import Camera

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CASES: dict[str, tuple[Outcome, tuple[bytes | float, ...]]] = {
    "ok": (Outcome.CLEAN, (OK,)),
    "in small pieces": (Outcome.CLEAN, (OK[:3], 0.02, OK[3:9], 0.02, OK[9:])),
    "not found is an answer": (Outcome.CLEAN, (b"HTTP/1.0 404 Not Found\r\n\r\n",)),
    "no reason phrase": (Outcome.CLEAN, (b"HTTP/1.1 500\r\n\r\n",)),
    "password demanded": (Outcome.AUTH, (b"HTTP/1.1 401 Unauthorized\r\n\r\n",)),
    "gateway": (Outcome.GATEWAY, (b"HTTP/1.1 502 Bad Gateway\r\n\r\n",)),
    "another protocol": (Outcome.FOREIGN, (b"SSH-2.0-OpenSSH_9.2\r\n",)),
    "garbage status": (Outcome.FOREIGN, (b"HTTP/1.1 999 Odd\r\n\r\n",)),
    "hangs up": (Outcome.RESET, ()),
    "ends in the middle": (Outcome.BROKEN, (b"HTTP/1.1 2",)),
    "stalls in the middle": (Outcome.STALLED, (b"HTTP/1.1 ", 5.0)),
    "says nothing": (Outcome.TIMEOUT, (5.0,)),
}


@contextlib.asynccontextmanager
async def served(*steps: bytes | float) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that reads a request's head, plays its steps and hangs up."""
    requests: list[bytes] = []
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            for step in steps:
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                else:
                    await asyncio.sleep(step)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], requests
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def look(url: str, *, timeout_s: float = 0.5) -> PollResult:
    [result] = await HttpPoller(wall_clock=time.time).poll(Camera(url), Look(timeout_s=timeout_s))
    return result


@pytest.mark.parametrize("case", CASES)
async def test_what_comes_has_a_named_outcome(case: str) -> None:
    outcome, steps = CASES[case]
    async with served(*steps) as (port, requests):
        result = await look(f"http://127.0.0.1:{port}/status?x=1")
        assert result.outcome is outcome, result.detail
        assert requests[0].startswith(b"GET /status?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")


async def test_a_password_in_the_address_goes_nowhere() -> None:
    async with served(OK) as (port, requests):
        assert (await look(f"http://admin:secret@127.0.0.1:{port}/")).outcome is Outcome.CLEAN
        assert b"secret" not in requests[0]


async def test_tls_with_a_plain_server_is_tls_trouble() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    result = await look(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout_s=3)
    server.close()
    assert result.outcome is Outcome.TLS, result.detail


@pytest.mark.parametrize("url", ["", "127.0.0.1", "rtsp://127.0.0.1/", "http://", "http://h:0/"])
async def test_a_bad_address_is_unresolved(url: str) -> None:
    assert (await look(url)).outcome is Outcome.UNRESOLVED
