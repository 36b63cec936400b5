"""The fleet's process: who can reach it, when its incidents come, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from monitor.demo.behaviour import Behaviour
from monitor.demo.fleet import FleetConfig
from monitor.demo.launch import start_fleet
from monitor.demo.server import FleetError, open_listener
from tests.demo.asking import DEVICES, REGIONS_FILE, SEED, ask_clock, exchange, fleet_process


async def test_the_fleet_cannot_be_reached_from_outside(port):
    with open_listener(0) as listener:
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0") == b"lo"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # sends nothing; asks the kernel which address it would use
        except OSError:
            pytest.skip("this machine has no address but loopback")
        own = probe.getsockname()[0]
    if own.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    try:
        answer, ending = await exchange(own, port)
    except ConnectionError:
        return
    assert (answer, ending) == (b"", "reset")


async def test_the_uplink_dies_and_returns_at_its_seconds(plan):
    outage = plan.script.outage
    flapping = {flap.index for flap in plan.script.flaps}
    index = next(
        index
        for index in range(outage.first, outage.first + outage.count)
        if plan.behaviours.codes[index] == Behaviour.CLEAN and index not in flapping
    )

    async def answers(port: int) -> bool:
        answer, _ = await exchange(plan.addresses[index], port, within_s=1)
        return bool(answer)

    async def change_after_s(port: int, to: bool) -> float:
        started = time.monotonic()
        while await answers(port) is not to:
            assert time.monotonic() - started < 60
            await asyncio.sleep(0.1)
        return time.monotonic() - started

    with fleet_process(elapsed=112) as (_process, dying), fleet_process(elapsed=592) as (_other, returning):
        assert await answers(dying)
        assert not await answers(returning)
        died_after_s = await change_after_s(dying, to=False)
        assert died_after_s > 0.5
        await change_after_s(returning, to=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_fleet_cleanly(number):
    with fleet_process() as (process, port):
        with socket.create_connection(("127.1.0.1", port)):
            process.send_signal(number)
            assert process.wait(60) == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.1.0.1", port))


def test_the_end_of_its_parent_ends_the_fleet():
    program = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from monitor.demo.launch import start_fleet\nfrom monitor.demo.fleet import FleetConfig\n"
        "async def main():\n"
        f"    async with start_fleet(FleetConfig(50, 1, 0, Path({str(REGIONS_FILE)!r}))) as fleet:\n"
        "        print(fleet.pid, flush=True)\n        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        fleet = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 60
    while _runs(fleet):
        assert time.monotonic() < deadline, "the fleet outlived its parent"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_start_fleet_runs_as_long_as_its_context(plan):
    async with start_fleet(FleetConfig(DEVICES, SEED, 0, REGIONS_FILE)) as fleet:
        assert abs(await ask_clock(plan.address(Behaviour.CLEAN), fleet.port)) <= 3
        os.kill(fleet.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(fleet.pid, 0)


async def test_start_fleet_says_why_it_cannot(tmp_path, port):
    with pytest.raises(FleetError, match=f"port {port} is in use on loopback: stop the other program"):
        async with start_fleet(FleetConfig(10, 1, port, REGIONS_FILE)):
            pass
    with pytest.raises(FleetError, match="cannot be read: No such file"):
        async with start_fleet(FleetConfig(10, 1, 0, tmp_path / "none.csv")):
            pass
    with pytest.raises(FleetError, match="not ready within 0 s"):
        async with start_fleet(FleetConfig(10, 1, 0, REGIONS_FILE), ready_within_s=0.01):
            pass
