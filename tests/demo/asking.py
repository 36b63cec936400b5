"""What the fleet's tests share: a fleet as a process, and plain ways to ask its devices."""

from __future__ import annotations

import asyncio
import calendar
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from lxml import etree

from monitor.demo.behaviour import Behaviour, assign_behaviours
from monitor.demo.fleet import FleetConfig
from monitor.demo.incidents import write_script
from monitor.demo.layout import plan_layout

REGIONS_FILE = Path(__file__).parents[2] / "config" / "weifang-regions.csv"
DEVICES, SEED = 4_000, 11
ASK = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>'
)
TT = "{http://www.onvif.org/ver10/schema}"


class Plan:
    """What the tests know of the devices: the layout and the behaviours, from the seed."""

    def __init__(self, regions) -> None:
        self.layout = plan_layout(devices=DEVICES, seed=SEED, regions=regions)
        self.behaviours = assign_behaviours(self.layout, seed=SEED)
        self.script = write_script(self.layout, self.behaviours, seed=SEED)
        self.addresses = list(self.layout.addresses())

    def indexes(self, behaviour: Behaviour) -> list[int]:
        return [index for index, code in enumerate(self.behaviours.codes) if code == behaviour]

    def address(self, behaviour: Behaviour) -> str:
        return self.addresses[self.indexes(behaviour)[0]]


@contextmanager
def fleet_process(*, port: int = 0, elapsed: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    config = FleetConfig(DEVICES, SEED, port, REGIONS_FILE, elapsed_s=elapsed)
    command = [sys.executable, "-m", "monitor.demo.fleet", "--with-parent", *config.arguments()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            word, number = process.stdout.readline().split()
            assert word == "ready"
            yield process, int(number)
        finally:
            process.terminate()


def request(body: bytes = ASK, *, close: bool = True) -> bytes:
    connection = b"Connection: close\r\n" if close else b""
    return b"POST /onvif/device_service HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n%b" % (
        connection,
        len(body),
        body,
    )


async def exchange(address: str, port: int, data: bytes | None = None, *, within_s: float = 1.0) -> tuple[bytes, str]:
    """Send a request and give what came until the end, with how it ended: "end", "reset" or "silence"."""
    got, ending = bytearray(), "end"
    try:
        reader, writer = await asyncio.open_connection(address, port)
    except ConnectionResetError:  # the reset overtook the end of connect
        return b"", "reset"
    try:
        writer.write(request() if data is None else data)
        async with asyncio.timeout(within_s):
            while chunk := await reader.read(65_536):
                got += chunk
    except TimeoutError:
        ending = "silence"
    except ConnectionError:
        ending = "reset"
    finally:
        writer.transport.abort()
    return bytes(got), ending


def read_clock(answer: bytes) -> int:
    utc = next(etree.fromstring(answer).iter(f"{TT}UTCDateTime"))
    names = ("Year", "Month", "Day", "Hour", "Minute", "Second")
    return calendar.timegm(tuple(int(utc.findtext(f".//{TT}{name}")) for name in names))


async def ask_clock(address: str, port: int) -> int:
    """Ask as an ordinary HTTP client does and give the offset of the device's clock in seconds."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{address}:{port}/onvif/device_service", data=ASK) as response,
    ):
        assert response.status == 200
        return read_clock(await response.read()) - int(time.time())
