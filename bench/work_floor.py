"""The floor: what a connection, a request and an answer cost on this machine, whoever asks; nothing is read of it."""

from __future__ import annotations

import select
import socket
import time
from itertools import islice
from typing import Any

from bench.work_look import camera
from collectors.onvif.address import read_address
from monitor.adapters.process import raise_open_files

_TYPE = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_INTEREST = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET
_READ_SIZE = 16 * 1024


async def floor(spec: dict[str, Any]) -> dict[str, Any]:
    """Ask addresses by the barest loop that Python can write: six system calls an address, no event loop, no task.

    On the machine on which the musts of a look were set it cost 20 µs, and a C program that does the same 15
    (here: see docs/performance.md). Nearly all of it is the kernel's.
    """
    raise_open_files(spec["concurrency"])
    addresses = [read_address(camera(number, port=spec["port"]).address) for number in range(spec["looks"])]
    cpu_before = time.process_time()
    waiting = iter(addresses)
    epoll = select.epoll()
    open_ones: dict[int, tuple[socket.socket, bytes]] = {}

    def ask(count: int) -> None:
        for address in islice(waiting, count):
            connection = socket.socket(socket.AF_INET, _TYPE)
            connection.connect_ex((address.host, address.port))
            open_ones[connection.fileno()] = connection, address.request
            epoll.register(connection.fileno(), _INTEREST)

    answered = 0
    ask(spec["concurrency"])
    while open_ones:
        for descriptor, events in epoll.poll():
            connection, request = open_ones[descriptor]
            if request and events & select.EPOLLOUT:
                connection.send(request)
                open_ones[descriptor] = connection, b""
            if events & select.EPOLLIN and connection.recv(_READ_SIZE):
                answered += 1
                del open_ones[descriptor]
                connection.close()
                ask(1)
    epoll.close()
    us = (time.process_time() - cpu_before) / spec["looks"] * 1e6
    return {"looks": spec["looks"], "clean": answered, "us": us}
