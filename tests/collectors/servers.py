"""Devices as real servers on loopback: each plays a script of bytes, pauses and endings."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum

from collectors.base import Look, PollResult
from collectors.onvif import OnvifPoller


class Then(Enum):
    RESET = "reset"
    HANG = "hang"


Step = bytes | float | Then


@dataclass
class Camera:
    """A target as the poller wants it."""

    address: str
    credential: str | None = None


@dataclass
class Device:
    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/onvif/device_service"


async def _play(
    device: Device, steps: tuple[Step, ...], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    device.requests.append(head + await reader.readexactly(length))
    for step in steps:
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        elif step is Then.HANG:
            await reader.read()
        elif step is Then.RESET:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        else:
            await asyncio.sleep(step)


@contextlib.asynccontextmanager
async def device(*steps: Step, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Device]:
    """Serve a device that plays its steps after each request and then ends the connection."""
    tasks: set[asyncio.Task[None]] = set()
    served = Device(0)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await _play(served, steps, reader, writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(talk(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, host, 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # closed transports are let go of in a later step of the loop


async def look_at(url: str, *, timeout_s: float = 2.0, max_answer_bytes: int = 64 * 1024) -> PollResult:
    """Look once with a poller of its own."""
    poller = OnvifPoller(wall_clock=time.time, max_answer_bytes=max_answer_bytes)
    try:
        [result] = await poller.poll(Camera(url), Look(timeout_s=timeout_s))
    finally:
        await poller.close()
    return result


def http(body: bytes, *, status: str = "200 OK", headers: tuple[bytes, ...] = (), length: bool = True) -> bytes:
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status}".encode(), *headers]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


def chunked(body: bytes, *, size: int = 100, status: str = "200 OK") -> bytes:
    """Write a chunked HTTP answer."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    coded = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return http(coded, status=status, headers=(b"Transfer-Encoding: chunked",), length=False)


def envelope(content: str, *, header: str = "") -> bytes:
    """Write a SOAP 1.2 envelope."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:ter="http://www.onvif.org/ver10/error">'
        f"{header}<s:Body>{content}</s:Body></s:Envelope>"
    ).encode()


def moment(name: str, *, at: tuple[int, ...] = (2026, 11, 23, 8, 9, 10)) -> str:
    """Write a `tt:DateTime`."""
    year, month, day, hour, minute, second = at
    return (
        f"<tt:{name}><tt:Time><tt:Hour>{hour}</tt:Hour><tt:Minute>{minute}</tt:Minute><tt:Second>{second}</tt:Second>"
        f"</tt:Time><tt:Date><tt:Year>{year}</tt:Year><tt:Month>{month}</tt:Month><tt:Day>{day}</tt:Day></tt:Date>"
        f"</tt:{name}>"
    )


def time_answer(moments: str, *, zone: str = "CST-8:00:00", source: str = "NTP", header: str = "") -> bytes:
    """Write the answer to GetSystemDateAndTime."""
    return envelope(
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
        f"<tt:DateTimeType>{source}</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
        f"<tt:TimeZone><tt:TZ>{zone}</tt:TZ></tt:TimeZone>{moments}"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>",
        header=header,
    )


UTC_S = 1_795_421_350  # 2026-11-23 08:09:10 UTC
LOCAL_S = UTC_S + 8 * 3600
CLEAN_BODY = time_answer(moment("UTCDateTime") + moment("LocalDateTime", at=(2026, 11, 23, 16, 9, 10)))


def fault(subcode: str, reason: str = "", *, code: str = "s:Sender") -> bytes:
    """Write a SOAP 1.2 fault."""
    return envelope(
        f"<s:Fault><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )
