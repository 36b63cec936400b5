"""`python -m bench`: how fast, how large, how much, against what issue A2 asks; a benchmark, never a timed test."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.children import BenchError, raise_open_files
from bench.machine import facts
from bench.report import Row, show, write
from bench.rows_alerts import alert_rows
from bench.rows_boards import board_rows
from bench.rows_city import city_rows
from bench.rows_deep import deep_rows
from bench.rows_follow import follow_rows
from bench.rows_import import import_rows
from bench.rows_look import look_rows, step_rows
from bench.rows_page import page_rows
from bench.rows_picture import picture_rows
from bench.rows_push import push_rows
from bench.rows_report import report_rows
from bench.rows_sweep import sweep_rows
from bench.sizes import QUICK, Sizes

Measure = Callable[[Path, Sizes, Callable[[str], None]], tuple[list[Row], dict[str, Any]]]

MEASURES: dict[str, Measure] = {
    "look": look_rows,
    "sweep": sweep_rows,
    "city": city_rows,
    "report": report_rows,
    "alerts": alert_rows,
    "steps": step_rows,
    "push": push_rows,
    "import": import_rows,
    "boards": board_rows,
    "follow": follow_rows,
    "page": page_rows,
    "deep": deep_rows,
    "picture": picture_rows,
}


def main() -> int:
    """Measure what was asked for, show it, and give the exit code: 1 where a must is not met or nothing came out."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, only to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    parser.add_argument("--only", nargs="+", choices=sorted(MEASURES), metavar="NAME", help=", ".join(MEASURES))
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every child is stopped
    raise_open_files()
    sizes = QUICK if chosen.quick else Sizes()
    console, progress = Console(width=None if sys.stdout.isatty() else 180), Console(stderr=True)
    machine = facts()
    rows: list[Row] = []
    details: dict[str, Any] = {}
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"{time.monotonic() - began:6.0f} s  {text}", highlight=False, markup=False)

    for name in chosen.only or MEASURES:
        with tempfile.TemporaryDirectory(prefix="vidnet-bench-") as folder:
            try:
                found, raw = MEASURES[name](Path(folder), sizes, say)
            except BenchError as error:
                say(f"{name}: {error}")
                found, raw = [Row(name, "", None, 0, None, str(error).splitlines()[0])], {"error": str(error)}
        rows += found
        details |= raw
    show(console, rows, machine, quick=chosen.quick)
    if chosen.json is not None:
        write(chosen.json, rows, details, machine, quick=chosen.quick)
    return 1 if any(row.verdict == "✘" for row in rows) and not chosen.quick else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
