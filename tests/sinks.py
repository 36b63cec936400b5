"""Receivers that tests start for themselves: an HTTP sink and a mail server, both real, both moody at a word."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class HttpSink:
    """What was posted to it; `status` is what it answers, `hang` whether it answers at all."""

    port: int = 0
    status: int = 200
    hang: bool = False
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def documents(self) -> list[Any]:
        return [json.loads(body) for body in self.bodies]

    @property
    def messages(self) -> list[Any]:
        """The messages of all parcels, in order."""
        return [message for document in self.documents for message in document["messages"]]

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.hang:
            self.refused += 1
            await asyncio.sleep(3_600)
        if self.status == 200:
            self.bodies.append(body)
            self.headers.append(dict(request.headers))
        else:
            self.refused += 1
        return web.Response(status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else {})


@asynccontextmanager
async def http_sink(port: int = 0) -> AsyncIterator[HttpSink]:
    """Run an HTTP sink until the block ends."""
    sink = HttpSink()
    application = web.Application()
    application.router.add_post("/{rest:.*}", sink.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    sink.port = runner.addresses[0][1]
    try:
        yield sink
    finally:
        await runner.cleanup()


@dataclass
class SmtpSink:
    """The mails that were delivered to it."""

    port: int = 0
    mails: list[email.message.EmailMessage] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak the part of SMTP (RFC 5321) that a client needs."""
        writer.write(b"220 sink ready\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append(await _mail(reader))
            elif word == b"EHLO":
                writer.write(b"250-sink\r\n250 8BITMIME\r\n")
                continue
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"250 ok\r\n")
        writer.close()


async def _mail(reader: asyncio.StreamReader) -> email.message.EmailMessage:
    lines = []
    while (line := await reader.readline()) not in (b".\r\n", b""):
        lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    parsed = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
    assert isinstance(parsed, email.message.EmailMessage)
    return parsed


@asynccontextmanager
async def smtp_sink() -> AsyncIterator[SmtpSink]:
    """Run a mail server until the block ends."""
    sink = SmtpSink()
    server = await asyncio.start_server(sink.talk, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        await server.wait_closed()
