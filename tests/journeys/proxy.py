"""A TCP proxy before PostgreSQL that cuts connections at the worst instant."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum


class Cut(Enum):
    """What becomes of the next commit."""

    NOT = "it passes"
    BEFORE = "the connection is cut before it reaches the server"
    AFTER = "the server commits, but its answer never comes back"


class Proxy:
    """Passes everything on, and cuts the connections whose commits it is told to cut."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.cuts: list[Cut] = []
        self.cut = 0
        self._server_port = server_port
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        answering = asyncio.create_task(_pass_on(server_reader, writer))
        try:
            while data := await reader.read(65_536):
                cut = self.cuts.pop(0) if self.cuts and b"COMMIT;" in data else Cut.NOT
                if cut is not Cut.NOT:
                    self.cut += 1
                if cut is Cut.BEFORE:
                    break
                if cut is Cut.AFTER:
                    answering.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await answering
                server_writer.write(data)
                await server_writer.drain()
                if cut is Cut.AFTER:
                    answer = await server_reader.read(65_536)
                    assert b"COMMIT" in answer
                    break
        except ConnectionError:
            pass
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            for side in (writer, server_writer):
                side.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def proxied(server_port: int) -> AsyncIterator[Proxy]:
    """Give a proxy before a server on loopback."""
    proxy = Proxy(server_port)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(proxy.serve(reader, writer))
        proxy.tasks.add(task)
        task.add_done_callback(proxy.tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(proxy.tasks):
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # closed transports are let go of in a later step of the loop
