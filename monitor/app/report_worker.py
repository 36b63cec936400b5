"""The worker that makes due reports: `python -m monitor.app.report_worker`, its order as JSON on standard input."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time

from monitor.app.report_schedule import WORKER_ERRORS, run_worker


def main() -> int:
    """Make what is due, print the folders, and give the exit code."""
    gc.disable()  # a report makes millions of objects and hardly a cycle; then the process ends
    try:
        published = asyncio.run(run_worker(json.load(sys.stdin), steady=time.monotonic))
    except WORKER_ERRORS as error:
        print(error, file=sys.stderr)
        return 1
    for folder in published:
        print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
