"""Devices that accept a connection and say nothing, at every loopback address: `python -m bench.silent`.

Prints its port, and runs until it is stopped.
"""

from __future__ import annotations

import asyncio

from bench.children import raise_open_files
from monitor.demo.server import BACKLOG, open_listener


class Mute(asyncio.Protocol):
    """One connection: what comes is dropped, nothing is said, and it ends when the other side ends it."""


async def be_silent() -> None:
    """Accept everything."""
    raise_open_files()
    listener = open_listener(0)
    server = await asyncio.get_running_loop().create_server(Mute, sock=listener, backlog=BACKLOG)
    print(listener.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(be_silent())
