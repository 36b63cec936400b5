"""The steps inside a look of the lean lane, each by itself: the bare connection, and what is done with its bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from bench.work_look import camera
from collectors.onvif.address import read_address
from collectors.onvif.deadlines import Deadlines
from collectors.onvif.lean import LeanReader
from collectors.onvif.reply import Reply


async def poll_steps(*, calls: int, port: int, concurrency: int) -> dict[str, float]:
    """Measure each step inside a look, µs of CPU a call."""
    found = await _network(calls=calls, port=port, concurrency=concurrency)
    return found | _reading(await _answer(port), calls=calls)


class _Plain(asyncio.Protocol):
    """The least that a look can be on this loop: connect, send, take one answer, let go."""

    def __init__(self, request: bytes, over: asyncio.Future[bytes]) -> None:
        self._request = request
        self._over = over
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self._transport = transport
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take the answer."""
        if not self._over.done():
            self._over.set_result(data)
            self._transport.abort()


async def _network(*, calls: int, port: int, concurrency: int) -> dict[str, float]:
    """Measure bare connections: what a look costs on this loop before anything of ours is done."""
    loop = asyncio.get_running_loop()
    numbers = iter(range(calls))
    request = read_address(camera(0, port=port).address).request

    async def one(number: int) -> None:
        over: asyncio.Future[bytes] = loop.create_future()
        host = camera(number, port=port).address[7:].partition(":")[0]
        await loop.create_connection(lambda: _Plain(request, over), host, port)
        await over

    async def work() -> None:
        for number in numbers:
            await one(number)

    before = time.process_time()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return {"bare connection": (time.process_time() - before) / calls * 1e6}


async def _answer(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.1.0.1", port)
    writer.write(read_address(f"http://127.1.0.1:{port}").request)
    answer = await reader.read()
    writer.close()
    return answer


def _reading(answer: bytes, *, calls: int) -> dict[str, float]:
    """Measure the parts of the lean lane that are not the network."""
    deadlines, lean = Deadlines(), LeanReader()
    head_end = answer.index(b"\r\n\r\n") + 4
    body = answer[head_end:]
    look = _Expirable()

    def deadline() -> None:
        deadlines.remove(look, deadlines.add(look, started=time.perf_counter(), timeout_s=3.0))

    def feed() -> None:
        reply = Reply(65_536)
        reply.feed(answer)
        reply.clean_body(ended=False)

    deadlines.add(_Expirable(), started=time.perf_counter(), timeout_s=3_600)
    return {
        "poll: address": _each(lambda: read_address("http://127.100.200.150:18080/onvif/device_service"), calls),
        "poll: deadline": _each(deadline, calls),
        "poll: head": _each(feed, calls),
        "poll: clock": _each(lambda: lean.read(body), calls),
    }


class _Expirable:
    def expire(self) -> None:
        """Nothing is in flight."""

    def stop(self) -> None:
        """Nothing is in flight."""


def _each(call: Callable[[], object], calls: int) -> float:
    before = time.process_time()
    for _ in range(calls):
        call()
    return _per(before, calls)


def _per(before: float, calls: int) -> float:
    return (time.process_time() - before) / calls * 1e6
