"""The lean lane's wire: plain connections to numeric addresses, on sockets and an epoll of our own.

An event loop's transport is made for connections that live. A look's lives for one request, so what a transport
sets up for it is most of its cost: a bare connection by uvloop's costs 140 µs of CPU here, by this file 100 µs, of
which 80 are the kernel's (docs/performance.md). All connections share one epoll, which the event loop watches as one
descriptor; each is registered once, edge-triggered, for its whole life.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket

from collectors.onvif.answer import Ending
from collectors.onvif.exchange import Exchange

_READ_SIZE = 16 * 1024
_EVENTS_AT_ONCE = 512
_TYPE = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_INTEREST = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_LAST = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_UNDER_WAY = (0, errno.EINPROGRESS)


class Sockets:
    """The connections that stand or are being made, and the epoll that tells of them."""

    def __init__(self) -> None:
        self._exchanges: dict[int, SocketExchange] = {}
        self._epoll: select.epoll | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, descriptor: int, exchange: SocketExchange) -> None:
        """Watch a connection until it is removed."""
        if self._epoll is None:
            self._open()
        assert self._epoll is not None  # noqa: S101 - just opened
        self._exchanges[descriptor] = exchange
        self._epoll.register(descriptor, _INTEREST)

    def remove(self, descriptor: int) -> None:
        """Forget a connection that is about to be closed; closing takes it out of the epoll."""
        self._exchanges.pop(descriptor, None)

    def close(self) -> None:
        """Let go of the epoll; a connection added later opens another."""
        if self._epoll is not None and self._loop is not None:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = self._loop = None

    def _open(self) -> None:
        self._epoll = select.epoll()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._epoll.fileno(), self._tell)

    def _tell(self) -> None:
        """Tell the exchanges of their events; what is left in the epoll keeps its descriptor readable."""
        if self._epoll is None:
            return
        for descriptor, events in self._epoll.poll(0, _EVENTS_AT_ONCE):
            exchange = self._exchanges.get(descriptor)
            if exchange is not None:
                exchange.on_events(events)


class SocketExchange(Exchange):
    """An exchange over plain TCP with a numeric IPv4 address."""

    __slots__ = ("_descriptor", "_rest", "_socket", "_sockets")

    def connect(self, sockets: Sockets, host: str, port: int) -> None:
        """Begin to connect; what becomes of it ends the exchange, never raises.

        Args:
            sockets: where the connection is watched.
            host: a numeric IPv4 address; a name would be resolved here, and block.
            port: 1 … 65,535.
        """
        self._rest = self._request
        self._sockets = sockets
        self._socket: socket.SocketType | None = None
        try:
            # The type below `socket.socket`: what that adds in Python costs 3 µs a look.
            self._socket = socket.SocketType(socket.AF_INET, _TYPE)
            self._descriptor = self._socket.fileno()
            code = self._socket.connect_ex((host, port))
            if code in _UNDER_WAY:
                sockets.add(self._descriptor, self)
            else:
                self._fail_to_connect(OSError(code, os.strerror(code)))
        except OSError as error:
            self._fail_to_connect(error)

    def on_events(self, events: int) -> None:
        """Go on with what the epoll tells of."""
        try:
            if self._rest and self._socket is not None:
                self._send(events)
            if events & (select.EPOLLIN | _LAST) and self._socket is not None:
                self._read(self._socket, last=bool(events & _LAST))
        except BlockingIOError:
            pass  # read or written to the end; the next edge tells of more
        except OSError as error:
            if self._rest is self._request:
                self._fail_to_connect(error)
            else:
                self.finish(Ending.ENDED)
        except Exception as error:
            self.fail(error)

    def let_go(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._sockets.remove(self._descriptor)
            self._socket.close()
            self._socket = None

    def _send(self, events: int) -> None:
        assert self._socket is not None  # noqa: S101 - asked by the caller
        if events & select.EPOLLERR:
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            raise OSError(code, os.strerror(code))
        if events & select.EPOLLOUT:
            sent = self._socket.send(self._rest)
            self._rest = self._rest[sent:]
            self._mark_sent()

    def _read(self, connection: socket.SocketType, *, last: bool) -> None:
        """Read what is there; after the device's last byte the connection ends."""
        while self.ending is None:
            data = connection.recv(_READ_SIZE)
            if not data:
                self.finish(Ending.ENDED)
                return
            self._receive(data)
            if len(data) < _READ_SIZE and not last:
                return

    def _fail_to_connect(self, error: OSError) -> None:
        self.failure = error
        self.finish(Ending.ENDED)
