"""The service in a process that can be killed: `python -m tests.journeys.child`.

Imports are paid once: for each settings file named on standard input, perhaps with how many seconds its clock is ahead,
a copy of this process is forked that runs the service as `vidnet run` does and prints `ready PORT`; `pid N` and `ended
STATUS` tell of its life.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import uvloop

from monitor.app import report_schedule
from monitor.app.logs import configure_logs
from monitor.app.service import Service
from monitor.app.wiring import database_of
from monitor.settings import read_settings

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def serve(config: Path, ahead_s: float) -> None:
    settings = read_settings(config)
    configure_logs(settings.log)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = database_of(settings, folder=config.parent)
    service = await Service.load(settings, database, folder=config.parent, wall=lambda: time.time() + ahead_s)
    await service.run(stop, on_ready=lambda port: print("ready", port, flush=True))


def live(config: Path, ahead_s: float) -> int:
    die_with_parent()
    if ahead_s:
        report_schedule.FIRST_LOOK_S = 1.0  # only what is due by the clock is waited for
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(config, ahead_s))
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    die_with_parent()
    print("waiting 0", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            config, _, ahead_s = line.strip().partition("\t")
            os._exit(live(Path(config), float(ahead_s or 0)))
        print("pid", pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print("ended", status, flush=True)


if __name__ == "__main__":
    main()
