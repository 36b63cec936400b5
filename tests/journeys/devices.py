"""Devices that live and die at a word: real HTTP servers on loopback addresses of their own, on one port."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from itertools import cycle

from monitor.demo.answers import clock_answer, http, huge
from monitor.demo.server import open_listener
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.ports import InventoryBatch

REGIONS = [
    Region("370700", "潍坊市", RegionLevel.CITY),
    Region("370702", "潍城区", RegionLevel.COUNTY, "370700"),
    Region("370702001", "城关街道", RegionLevel.TOWN, "370702"),
]
_LINGER_ZERO = struct.pack("ii", 1, 0)
_PER_SUBNET = 200


class Mood(Enum):
    """What a device does with a request."""

    CLEAN = "clean"
    RESET = "reset"
    SILENT = "silent"
    HTML = "html"
    GARBAGE = "garbage"
    HUGE = "huge"
    CUT = "cut"


_FIXED = {
    Mood.HTML: http(b"200 OK", b"<!DOCTYPE html><html><body>router</body></html>", head=b"Content-Type: text/html\r\n"),
    Mood.GARBAGE: b"\x16\x03\x00\xff" * 200,
    Mood.HUGE: huge(),
}


class Fleet:
    """`count` devices; `mood` tells how each behaves when it is asked."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.port = 0
        self.looks = 0
        self.mood: Callable[[int], Mood] = lambda index: Mood.CLEAN
        self.open: set[asyncio.Transport] = set()

    def address(self, index: int) -> str:
        return f"127.66.{index // _PER_SUBNET}.{index % _PER_SUBNET + 1}"

    def index_of(self, address: str) -> int:
        _, _, subnet, host = address.split(".")
        return int(subnet) * _PER_SUBNET + int(host) - 1

    def inventory(self, *, at: int) -> InventoryBatch:
        """Give the fleet as devices of one town; every class and both headline kinds occur."""
        kinds = cycle((DeviceKind.CAMERA, DeviceKind.CAMERA, DeviceKind.CHECKPOINT))
        classes = cycle((PointClass.FIRST, PointClass.SECOND, PointClass.THIRD, PointClass.OTHER))
        return InventoryBatch(
            regions=REGIONS,
            devices=[
                Device(
                    id=device_id(index),
                    kind=next(kinds),
                    point_class=next(classes),
                    region="370702001",
                    lifecycle=Lifecycle(created_at=at),
                    endpoint=Endpoint("onvif", f"http://{self.address(index)}:{self.port}/onvif/device_service"),
                )
                for index in range(self.count)
            ],
        )


def device_id(index: int) -> str:
    return f"37070200001320{index:06d}"


class Conversation(asyncio.Protocol):
    """What a device of a fleet does with one connection."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._got = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._fleet.open.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fleet.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if b"</" not in self._got or not self._got.rstrip().endswith(b"Envelope>"):
            return
        self._fleet.looks += 1
        mood = self._fleet.mood(self._fleet.index_of(self._transport.get_extra_info("sockname")[0]))
        if mood is Mood.SILENT:
            return
        if mood is Mood.RESET:
            linger = self._transport.get_extra_info("socket")
            linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
            self._transport.abort()
            return
        clean = clock_answer(0, int(time.time()), close=True)
        self._transport.write(clean[: len(clean) // 2] if mood is Mood.CUT else _FIXED.get(mood, clean))
        self._transport.close()


@asynccontextmanager
async def living(fleet: Fleet) -> AsyncIterator[Fleet]:
    """Let the fleet live in this event loop."""
    listener = open_listener(0)
    fleet.port = listener.getsockname()[1]
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(fleet), sock=listener)
    try:
        yield fleet
    finally:
        server.close()
        for transport in list(fleet.open):
            transport.abort()
        await server.wait_closed()
