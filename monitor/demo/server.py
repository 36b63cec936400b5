"""One listener that is every simulated device: real sockets on loopback, and nowhere else.

The socket is bound to the loopback *device*, so that no packet from a network can reach it; which simulated device is
meant is told by the local address of the accepted connection.
"""

from __future__ import annotations

import asyncio
import errno
import re
import resource
import socket
import struct
from typing import cast

from monitor.demo.behaviour import Behaviour
from monitor.demo.crowd import Crowd
from monitor.demo.pictures import SNAPSHOT_PATH
from monitor.demo.platform import DemoPlatform
from monitor.demo.told import PLATFORM_ADDRESS

BACKLOG = 4_096
MAX_REQUEST_BYTES = 64 * 1024
_CLOCK_REQUEST = b"GetSystemDateAndTime"
_ASKS_FOR_A_PICTURE = b"GET " + SNAPSHOT_PATH
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_ASKS_TO_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close|^[^\r\n]* HTTP/1\.0\r\n", re.IGNORECASE)
_LINGER_ZERO = struct.pack("ii", 1, 0)
# What may leave the connection open; all others end it, by their answer or by its lack.
_CLEAN = frozenset(
    {
        Behaviour.CLEAN,
        Behaviour.CLOCK_DRIFT,
        Behaviour.CLOCK_HOUR,
        Behaviour.CLOCK_LOCAL_AS_UTC,
        Behaviour.CLOCK_1970,
        Behaviour.SLOW,
    }
)


# What tells the time only to those who log in.
_NEED_A_LOGIN = frozenset({Behaviour.AUTH_401, Behaviour.AUTH_400})
_SIGNED = re.compile(rb"\r\nauthorization:|UsernameToken", re.IGNORECASE)


class FleetError(Exception):
    """The fleet cannot run; the message says why and what to do."""


def open_listener(port: int) -> socket.socket:
    """Open the listening socket on every address of the loopback device; port 0 lets the system choose.

    Raises:
        FleetError: the port is in use or not allowed, or the system cannot bind to the loopback device alone.
    """
    if not hasattr(socket, "SO_BINDTODEVICE"):
        raise FleetError("the simulated devices need Linux: only there can a listener be bound to the loopback device")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    except OSError as error:
        listener.close()
        raise FleetError(
            "this system does not allow binding to the loopback device (SO_BINDTODEVICE: "
            f"{error.strerror}), and without it the devices could be reached from outside: "
            "use Linux 5.7 or later, or give the process CAP_NET_RAW"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", port))  # noqa: S104 - bound to lo above; 127.x.y.z cannot be listed one by one
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise FleetError(_bind_message(port, error)) from error
    listener.setblocking(False)
    return listener


def raise_file_limit() -> int:
    """Raise the limit of open files as far as allowed and give it: a socket for every look in flight."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class DeviceProtocol(asyncio.Protocol):
    """One connection to one simulated device."""

    __slots__ = ("_buffer", "_crowd", "_index", "_open", "_platform", "_transport")

    def __init__(self, crowd: Crowd, connections: set[asyncio.Transport], platform: DemoPlatform | None = None) -> None:
        self._crowd = crowd
        self._platform = platform
        self._open = connections
        self._buffer = b""
        self._index = -1
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Find out which device is meant; addresses where none lives are hung up on."""
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self._transport)
        # A machine's own other addresses arrive through the loopback device too: nothing but 127/8 has devices.
        address = transport.get_extra_info("sockname")[0]
        if address == PLATFORM_ADDRESS and self._platform is not None:
            if self._platform.is_down:
                self._reset()
            return
        self._platform = None
        index = self._crowd.index_of(address)
        if index is None:
            self._reset()
            return
        self._index = index
        if self._crowd.behaviour(index) is Behaviour.CLOSES:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Collect a request, and act on it once it is whole."""
        request = self._buffer + data if self._buffer else data
        if _is_whole(request):
            self._buffer = b""
            self._act(request)
        elif len(request) > MAX_REQUEST_BYTES:
            self._reset()
        else:
            self._buffer = request

    def _act(self, request: bytes) -> None:
        if self._platform is not None:
            self._send(self._platform.answer(request), close=True)
            return
        behaviour = self._crowd.behaviour(self._index)
        if behaviour is Behaviour.SILENT:
            return
        if behaviour is Behaviour.RESETS:
            self._reset()
            return
        if request.startswith(_ASKS_FOR_A_PICTURE):
            self._send(self._crowd.snapshot(self._index, behaviour), close=True)
            return
        if _CLOCK_REQUEST not in request or (behaviour in _NEED_A_LOGIN and _SIGNED.search(request)):
            address, port = self._transport.get_extra_info("sockname")
            self._send(self._crowd.deep_answer(self._index, behaviour, request, address=address, port=port), close=True)
            return
        ready_made = behaviour not in _CLEAN
        close = ready_made or not self._crowd.keeps_alive(self._index) or _ASKS_TO_CLOSE.search(request) is not None
        answer = self._crowd.answer(self._index, behaviour, close=close)
        if behaviour is Behaviour.STALLS:
            self._transport.write(answer[: len(answer) * 2 // 3])
        elif behaviour is Behaviour.SLOW:
            delay_s = 0.5 + self._index % 16 / 10
            asyncio.get_running_loop().call_later(delay_s, self._send, answer, close)
        else:
            self._send(answer, close)

    def _send(self, answer: bytes, close: bool) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(answer)
        if close:
            self._transport.close()

    def _reset(self) -> None:
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)  # RST instead of FIN
        self._transport.abort()


def _is_whole(request: bytes) -> bool:
    end = request.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(request, 0, end + 2)
    return len(request) >= end + 4 + (int(length[1]) if length else 0)


def _bind_message(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use on loopback: stop the other program, or choose another port for the devices"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights: choose a port above 1023 for the devices"
    return f"cannot listen on port {port}: {error.strerror}"
