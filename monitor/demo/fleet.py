"""The fleet's process: `python -m monitor.demo.fleet --devices 2000 --seed 1 --port 18080 --regions FILE`.

It prints one line on standard output, `ready PORT` or `error MESSAGE`, and runs until SIGTERM or SIGINT; with
`--with-parent` also until its standard input ends, so that it never outlives whoever started it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.files.regions import read_regions
from monitor.demo.behaviour import assign_behaviours
from monitor.demo.crowd import Crowd
from monitor.demo.gateways import push
from monitor.demo.incidents import write_script
from monitor.demo.layout import plan_layout
from monitor.demo.pictures import LIVES, street
from monitor.demo.platform import DemoPlatform
from monitor.demo.rtsp import RtspServer, Stream, encode
from monitor.demo.server import BACKLOG, DeviceProtocol, FleetError, open_listener, raise_file_limit
from monitor.demo.told import plan_told

EXIT_CANNOT_RUN = 3


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """What a fleet needs to know; the same devices, seed and regions as the city that it belongs to.

    Attributes:
        devices: number of polled devices.
        seed: the city's seed.
        port: the port that all devices listen on; 0 lets the system choose.
        regions: the region tree's file.
        elapsed_s: seconds into the incident script at which the fleet starts.
        broker_port: where gateways push to; 0 for no broker.
        push_every_s: how often they do.
    """

    devices: int
    seed: int
    port: int
    regions: Path
    elapsed_s: int = 0
    broker_port: int = 0
    push_every_s: int = 30

    def arguments(self) -> list[str]:
        """Give the command line that makes this configuration."""
        return [
            f"--devices={self.devices}",
            f"--seed={self.seed}",
            f"--port={self.port}",
            f"--regions={self.regions}",
            f"--elapsed={self.elapsed_s}",
            f"--broker-port={self.broker_port}",
            f"--push-every={self.push_every_s}",
        ]


def make_crowd(config: FleetConfig, *, started: float) -> Crowd:
    """Make the devices of a configuration; `started` is the monotonic instant of the script's start.

    Raises:
        ValueError: the regions cannot be read, or the devices have no room.
    """
    layout = plan_layout(devices=config.devices, seed=config.seed, regions=read_regions(config.regions))
    behaviours = assign_behaviours(layout, seed=config.seed)
    return Crowd(
        layout,
        behaviours,
        write_script(layout, behaviours, seed=config.seed),
        now=time.time,
        elapsed=lambda: time.monotonic() - started + config.elapsed_s,
        seed=config.seed,
    )


async def run_fleet(config: FleetConfig, *, with_parent: bool = False) -> None:
    """Be the devices until told to stop; prints `ready PORT` once they can be reached.

    Raises:
        FleetError: the port cannot be listened on.
        ValueError: the regions cannot be read, or the devices have no room.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    listener = open_listener(config.port)
    raise_file_limit()
    started = time.monotonic()
    crowd = make_crowd(config, started=started)
    streams = RtspServer(Stream(_live_units()))
    crowd.rtsp_port = await streams.start(sock=open_listener(0))
    plan = plan_told(crowd.layout, seed=config.seed)
    platform = DemoPlatform(plan, now=time.time, elapsed=lambda: time.monotonic() - started + config.elapsed_s)
    connections: set[asyncio.Transport] = set()
    server = await loop.create_server(
        lambda: DeviceProtocol(crowd, connections, platform), sock=listener, backlog=BACKLOG
    )
    pushing = [
        loop.create_task(push(gateway, port=config.broker_port, every_s=config.push_every_s))
        for gateway in (plan.gateways if config.broker_port else ())
    ]
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end_of_input, stop)
    print(f"ready {listener.getsockname()[1]}", flush=True)
    await stop.wait()
    for task in pushing:
        task.cancel()
    await asyncio.gather(*pushing, return_exceptions=True)
    server.close()
    await streams.close()
    for transport in list(connections):
        transport.abort()
    await server.wait_closed()


def _live_units() -> Callable[[], tuple[bytes, ...]]:
    """Give what gives the streams' picture, another moment of it to each viewer, encoded when first asked for."""
    kept: dict[int, tuple[bytes, ...]] = {}
    viewers = itertools.count()

    def units() -> tuple[bytes, ...]:
        moment = next(viewers) % LIVES
        if moment not in kept:
            kept[moment] = encode(street(0, moment))
        return kept[moment]

    return units


def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not built for this platform: slower, and all the same otherwise
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fleet from the command line and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m monitor.demo.fleet", description=__doc__)
    parser.add_argument("--devices", type=int, required=True, help="number of devices")
    parser.add_argument("--seed", type=int, required=True, help="the city's seed")
    parser.add_argument("--port", type=int, required=True, help="port of all devices, 0: any free one")
    parser.add_argument("--regions", type=Path, required=True, help="CSV file of the region tree")
    parser.add_argument("--elapsed", type=int, default=0, help="start this many seconds into the incidents")
    parser.add_argument("--broker-port", type=int, default=0, help="where gateways push to, 0: nowhere")
    parser.add_argument("--push-every", type=int, default=30, help="how often they do, seconds")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input ends")
    chosen = parser.parse_args(arguments)
    config = FleetConfig(
        devices=chosen.devices,
        seed=chosen.seed,
        port=chosen.port,
        regions=chosen.regions,
        elapsed_s=chosen.elapsed,
        broker_port=chosen.broker_port,
        push_every_s=chosen.push_every,
    )
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(run_fleet(config, with_parent=chosen.with_parent))
    except (FleetError, ValueError) as error:
        print("error " + str(error).replace("\n", "; "), flush=True)
        return EXIT_CANNOT_RUN
    return 0


if __name__ == "__main__":
    sys.exit(main())
