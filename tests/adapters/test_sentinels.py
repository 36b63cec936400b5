from __future__ import annotations

import asyncio
import socket

from monitor.adapters.sentinels import answers


async def test_a_listening_host_and_one_that_refuses_answer() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await answers(f"127.0.0.1:{port}", timeout_s=5)
    server.close()
    await server.wait_closed()
    assert await answers(f"127.0.0.1:{port}", timeout_s=5), "a refusal is an answer"
    assert await answers(f"[::1]:{port}", timeout_s=5) or not socket.has_ipv6


async def test_silence_and_unknown_names_are_no_answer() -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    address = f"127.0.0.1:{full.getsockname()[1]}"
    waiting = []
    try:
        for _ in range(4):  # more than its backlog: the next connection gets no answer at all
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(full.getsockname())
        assert not await answers(address, timeout_s=0.2)
    finally:
        for one in (full, *waiting):
            one.close()
    assert not await answers("no-such-host.invalid", timeout_s=5)
