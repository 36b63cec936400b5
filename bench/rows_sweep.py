"""Row: a sweep with `vidnet sweep`, a twentieth of the addresses silent."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.children import BenchError, child
from bench.fleet import cameras, silence
from bench.report import Row
from bench.rows_look import Say
from bench.sizes import Sizes
from bench.work_look import camera

EVERY_SILENT = 20
CONCURRENCY = 4_000
TIMEOUT_S = 3.0
WITHIN_S = 600.0


def sweep_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Sweep at a benchmark's pace; every twentieth address, ten in each /24, accepts and says nothing."""
    with cameras(folder / "fleet") as fleet, silence() as silent_port:
        targets = folder / "addresses.txt"
        ports = (silent_port if number % EVERY_SILENT == 0 else fleet.port for number in range(sizes.sweep))
        lines = (camera(number, port=port).address for number, port in enumerate(ports))
        targets.write_text("\n".join(lines) + "\n", encoding="utf-8")
        before = fleet.requests()
        started = time.monotonic()
        found = _sweep(targets)
        all_s = time.monotonic() - started
        counted = fleet.requests() - before
    silent = -(-sizes.sweep // EVERY_SILENT)
    if not counted == found["online"] == sizes.sweep - silent:
        raise BenchError(f"sweep: {found['online']} online of {sizes.sweep - silent}, nginx counted {counted}: {found}")
    say(f"sweep: {found}")
    us = found["cpu_s"] / sizes.sweep * 1e6
    note = (
        f"{silent:,} silent; CPU {found['cpu_s']:.1f} s, {found['looks_per_cpu_s']:,.0f} looks a CPU second "
        f"({us:.0f} µs a look), at most {found['max_rss_mb']:.0f} MB; the command as a whole {all_s:.1f} s"
    )
    return [Row(f"sweep of {sizes.sweep:,}, 5 % silent", "s", found["wall_s"], 40, 25, note)], {
        "sweep": found | {"all_s": all_s}
    }


def _sweep(targets: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "monitor", "sweep", "--json", "--targets", str(targets)]
    command += ["--concurrency", str(CONCURRENCY), "--timeout", str(TIMEOUT_S)]
    with child(command, stdout=subprocess.PIPE) as process:
        out, _ = process.communicate(timeout=WITHIN_S)
    if process.returncode:
        raise BenchError(f"vidnet sweep: exit code {process.returncode}")
    found: dict[str, Any] = json.loads(out)
    return found
