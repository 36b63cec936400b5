"""The tcp poller against real sockets."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from collectors.base import Look, Outcome
from collectors.tcp import TcpPoller
from tests.collectors.servers import Camera, device


async def look(address: str, *, timeout_s: float = 1.0) -> Outcome:
    [result] = await TcpPoller(wall_clock=time.time).poll(Camera(address), Look(timeout_s=timeout_s))
    assert result.duration_s < timeout_s + 1
    return result.outcome


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "tcp://127.0.0.1:{}", "localhost:{}"])
async def test_a_port_that_takes_a_connection_is_clean(form: str) -> None:
    async with device() as served:
        assert await look(form.format(served.port)) is Outcome.CLEAN


async def test_a_closed_port_is_refused() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        assert await look(f"127.0.0.1:{reserved.getsockname()[1]}") is Outcome.REFUSED


async def test_a_full_port_times_out() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for other in (first, second):
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        await asyncio.sleep(0.05)
        assert await look(f"127.0.0.1:{full.getsockname()[1]}", timeout_s=0.2) is Outcome.TIMEOUT


async def test_a_name_that_is_none_is_unresolved() -> None:
    assert await look("no-such-host.invalid:80") in (Outcome.UNRESOLVED, Outcome.OURS)


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "http://a:1", "a b:1", "[::1:1"]
)
async def test_a_bad_address_is_unresolved(address: str) -> None:
    assert await look(address) is Outcome.UNRESOLVED
