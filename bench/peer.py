"""The peer: prometheus-blackbox-exporter with the same ONVIF check, and a cheap driver that asks it for probes."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from bench.children import BenchError, child, cpu_s, free_port, wait_until
from bench.work_look import camera
from collectors.onvif.address import ACTION, read_address

READY_WITHIN_S = 20.0
PROBES_WITHIN_S = 300.0
_SUCCESS = b"\nprobe_success 1\n"


def configuration() -> str:
    """Give the exporter's configuration: the request that we send, and a check of status and clock in the answer."""
    body = read_address("http://127.0.0.1").request.partition(b"\r\n\r\n")[2].decode()
    return f"""modules:
  onvif:
    prober: http
    timeout: 3s
    http:
      method: POST
      preferred_ip_protocol: ip4
      headers:
        Content-Type: 'application/soap+xml; charset=utf-8; action="{ACTION}"'
      body: '{body}'
      valid_status_codes: [200]
      fail_if_body_not_matches_regexp:
        - '(?s)UTCDateTime>.*Hour>\\d+</.*Minute>\\d+</.*Second>\\d+</.*Year>\\d+</.*Month>\\d+</.*Day>\\d+</'
"""


class Exporter:
    """A running exporter, asked by `concurrency` connections that stay open."""

    def __init__(self, pid: int, port: int) -> None:
        self._pid = pid
        self._port = port

    def round(self, *, fleet_port: int, probes: int, concurrency: int) -> float:
        """Have so many cameras probed and give the exporter's CPU time a probe, µs.

        Raises:
            BenchError: a probe did not succeed.
        """
        before = cpu_s(self._pid)
        succeeded = uvloop.run(_drive(self._port, fleet_port, probes, concurrency))
        used_s = cpu_s(self._pid) - before
        if succeeded != probes:
            raise BenchError(f"blackbox_exporter: only {succeeded} of {probes} probes succeeded")
        return used_s / probes * 1e6


@contextmanager
def exporter(folder: Path) -> Iterator[Exporter]:
    """Run the exporter on a free port of its own.

    Raises:
        BenchError: it is missing or does not start.
    """
    program = shutil.which("prometheus-blackbox-exporter", path=f"{os.environ.get('PATH', '')}:/usr/bin")
    if program is None:
        raise BenchError("prometheus-blackbox-exporter is missing: apt-get install prometheus-blackbox-exporter")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "blackbox.yml"
    file.write_text(configuration(), encoding="utf-8")
    port = free_port()
    command = [
        program,
        f"--config.file={file}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with (folder / "blackbox.log").open("wb") as messages, child(command, stderr=messages, stdout=messages) as process:
        wait_until(lambda: _healthy(process, port), within_s=READY_WITHIN_S, what="blackbox_exporter")
        yield Exporter(process.pid, port)


async def _drive(port: int, fleet_port: int, probes: int, concurrency: int) -> int:
    """Ask for probes of cameras, each connection for one after the other; give how many succeeded."""
    numbers = iter(range(probes))
    succeeded = 0

    async def ask() -> None:
        nonlocal succeeded
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            target = camera(number, port=fleet_port).address
            writer.write(f"GET /probe?module=onvif&target={target} HTTP/1.1\r\nHost: b\r\n\r\n".encode())
            answer = await _answer(reader)
            succeeded += _SUCCESS in answer
        writer.close()

    async with asyncio.timeout(PROBES_WITHIN_S), asyncio.TaskGroup() as tasks:
        for _ in range(concurrency):
            tasks.create_task(ask())
    return succeeded


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
    if length:
        return await reader.readexactly(int(length))
    body = b""
    while size := int((await reader.readline()).strip() or b"0", 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def _healthy(process: subprocess.Popen[bytes], port: int) -> bool:
    if process.poll() is not None:
        raise BenchError(f"blackbox_exporter ended with code {process.returncode}")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/healthy", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
