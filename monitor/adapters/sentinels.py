"""Asking a sentinel: does anything answer at its address? (RULES §2, Our own outage)."""

from __future__ import annotations

import asyncio

DEFAULT_PORT = 80


async def answers(address: str, *, timeout_s: float) -> bool:
    """Tell whether a host answers a TCP connection, be it with a refusal: a gateway has no port to offer.

    Args:
        address: `HOST`, `HOST:PORT` or `[IPv6]:PORT`.
        timeout_s: how long it may take.
    """
    host, port = _parts(address)
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    except OSError:  # a timeout too
        return False
    writer.transport.abort()
    return True


def _parts(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if address.endswith("]") or not colon:
        return address.strip("[]"), DEFAULT_PORT
    return host.strip("[]"), int(port)
