"""Syslog (RFC 5424): one line a message, over UDP, TCP with octet counting (RFC 6587), or the local socket."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime

from monitor.adapters.notify.plain import PlainNotifier
from monitor.domain.alert import Severity, Telling
from monitor.domain.notification import Message, Parcel
from monitor.ports import NotifyError

_FACILITY = 16  # local0
_LEVELS = {Severity.CRITICAL: 2, Severity.WARNING: 4, Severity.INFO: 6}
_NOTICE = 5
_MOST_BYTES = 8_192


class SyslogNotifier(PlainNotifier):
    """`ports.Notifier` on a syslog server.

    Args:
        url: "udp://HOST:PORT", "tcp://HOST:PORT" or the path of a local socket.
        timeout_s: how long one parcel may take.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s

    async def send(self, parcel: Parcel) -> None:
        """Send every message of a parcel.

        Raises:
            NotifyError: it could not be handed to the network; over UDP nobody says whether it arrived.
        """
        lines = [line_of(message) for message in parcel.messages]
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._url.startswith("tcp://"):
                    await self._stream(lines)
                else:
                    await asyncio.to_thread(self._datagrams, lines)
        except TimeoutError as error:
            raise NotifyError(f"no connection within {self._timeout_s:g} s") from error
        except OSError as error:
            raise NotifyError(f"cannot be reached: {error.strerror or type(error).__name__}") from error

    async def _stream(self, lines: list[bytes]) -> None:
        host, port = _host_and_port(self._url)
        _, writer = await asyncio.open_connection(host, port)
        try:
            for line in lines:
                writer.write(b"%d %b" % (len(line), line))
            await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()

    def _datagrams(self, lines: list[bytes]) -> None:
        if self._url.startswith("/"):
            family, address = socket.AF_UNIX, self._url
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                for line in lines:
                    sender.sendto(line, address)
            return
        host, port = _host_and_port(self._url)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(found[0], socket.SOCK_DGRAM) as sender:
            for line in lines:
                sender.sendto(line, found[4])


def line_of(message: Message) -> bytes:
    """Give a message as one line of RFC 5424, its text in Chinese and English."""
    level = _NOTICE if message.telling is Telling.CLEARED else _LEVELS[message.severity]
    when = datetime.fromtimestamp(message.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {
        "key": message.key,
        "alert": message.alert,
        "rule": message.rule,
        "severity": message.severity.value,
        "county": message.county,
        "incident": message.incident,
    }
    told = " ".join(f'{name}="{_escaped(value)}"' for name, value in fields.items() if value)
    head = f"<{_FACILITY * 8 + level}>1 {when} - vidnet - {message.telling} [vidnet@32473 {told}] "
    text = " ".join(f"{message.title_zh} / {message.title_en}".split())
    return head.encode() + b"\xef\xbb\xbf" + text.encode()[: _MOST_BYTES - len(head)]


def _host_and_port(url: str) -> tuple[str, int]:
    host, _, port = url.partition("://")[2].rpartition(":")
    return host.strip("[]"), int(port)


def _escaped(value: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in value)
    return printable.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
