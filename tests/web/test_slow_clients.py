"""Slow clients: heads that never end, first or later on a connection, and answers that nobody reads."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from monitor.adapters.web.server import serving

REQUEST = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT_S = 0.4


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.adapters.web.patience.HEAD_WITHIN_S", SHORT_S)
    monkeypatch.setattr("monitor.adapters.web.patience.READ_WITHIN_S", SHORT_S)


@asynccontextmanager
async def served() -> AsyncIterator[tuple[int, Counter[str]]]:
    """Serve, with an answer without end at `/endless` and a slow one at `/slow`; count who was dropped."""
    dropped: Counter[str] = Counter()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in itertools.count():
            await response.write(bytes(65_536))
        return response

    async def slow(_request: web.Request) -> web.Response:
        await asyncio.sleep(3 * SHORT_S)
        return web.Response(text="slow\n")

    def mount(application: web.Application) -> None:
        application.router.add_get("/endless", endless)
        application.router.add_get("/slow", slow)

    def note() -> None:
        dropped["slow"] += 1

    async with serving(
        CollectorRegistry(), str, host="127.0.0.1", port=0, problems=list, mounts=[mount], on_slow=note
    ) as port:
        yield port, dropped


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    length = next(line for line in head.splitlines() if line.lower().startswith(b"content-length"))
    return await reader.readexactly(int(length.split(b":")[1]))


async def is_dropped(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), 10) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x"])
async def test_a_connection_that_never_asks_is_dropped(said: bytes) -> None:
    async with served() as (port, dropped):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        assert await is_dropped(reader)
        assert dropped == {"slow": 1}
        writer.close()


async def test_a_later_head_that_never_ends_is_dropped_as_the_first_would_be() -> None:
    async with served() as (port, dropped):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(REQUEST)
            assert await answer(reader) == b"ready\n"
        await asyncio.sleep(2 * SHORT_S)  # who says nothing between two requests is not slow
        assert not dropped
        for byte in REQUEST[:-4]:  # a byte now and then does not help
            if dropped:
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(SHORT_S / 8)
        assert dropped == {"slow": 1}
        assert await is_dropped(reader)
        writer.close()


async def test_who_waits_for_an_answer_or_sends_in_pieces_is_not_slow() -> None:
    async with served() as (port, dropped):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST.replace(b"/readyz", b"/slow"))
        assert await answer(reader) == b"slow\n"
        for part in (REQUEST[:9], REQUEST[9:20], REQUEST[20:]):
            writer.write(part)
            await asyncio.sleep(SHORT_S / 8)
        assert await answer(reader) == b"ready\n"
        assert not dropped
        writer.close()


async def test_an_answer_that_nobody_reads_is_not_kept_for_ever() -> None:
    async with served() as (port, dropped):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
        writer.write(REQUEST.replace(b"/readyz", b"/endless"))
        for _ in range(100):
            if dropped:
                break
            await asyncio.sleep(SHORT_S / 4)
        assert dropped == {"slow": 1}
        writer.close()


async def test_an_answer_that_is_read_slowly_goes_on() -> None:
    async with served() as (port, dropped):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
        writer.write(REQUEST.replace(b"/readyz", b"/endless"))
        for _ in range(12):
            assert await asyncio.wait_for(reader.readexactly(2_000_000), 10)
            await asyncio.sleep(SHORT_S / 4)
        assert not dropped
        writer.close()
