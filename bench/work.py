"""Work that is measured in a process of its own: `python -m bench.work NAME '{"a": "spec"}'` prints JSON."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Coroutine
from typing import Any

import uvloop

from monitor.app.logs import configure_logs
from monitor.settings import LogSettings

WORK = {
    "alerts": "bench.work_alerts:alerts",
    "batches": "bench.work_push:batches",
    "deep": "bench.work_deep:deep",
    "floor": "bench.work_floor:floor",
    "follow": "bench.work_follow:follow",
    "journey": "bench.work_look:journey",
    "keepalives": "bench.work_push:keepalives",
    "lean": "bench.work_look:lean",
    "platform": "bench.work_push:platform",
    "prepare": "bench.work_city:prepare",
    "report_city": "bench.work_report:report_city",
    "report_city_on_postgres": "bench.work_report:report_city_on_postgres",
    "singles": "bench.work_push:singles",
    "steps": "bench.work_steps:steps",
}


def main() -> None:
    """Do one piece of work on uvloop, as the program itself does."""
    module, _, name = WORK[sys.argv[1]].partition(":")
    work: Coroutine[Any, Any, dict[str, Any]] = getattr(importlib.import_module(module), name)(json.loads(sys.argv[2]))
    configure_logs(LogSettings(level="warning"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(work)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
