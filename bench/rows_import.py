"""Rows of importing a city's sheet, `vidnet import` seen from outside: time, and the memory of its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.children import BenchError, child, memory_mb
from bench.report import Row
from bench.rows_look import Say
from bench.sheet import write_sheets
from bench.sizes import Sizes
from monitor.app.wiring import config_folder

WITHIN_S = 600.0


def import_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Import the same sheet as CSV, again, and as XLSX into a new inventory, a share of whose rows is bad."""
    rows, bad = sizes.sheet, sizes.sheet_bad
    as_csv, as_xlsx = write_sheets(folder, rows=rows, bad=bad)
    say(f"sheets written: {as_csv.stat().st_size >> 20} MB, {as_xlsx.stat().st_size >> 20} MB")
    details = {}
    for name, file, is_new in (("csv", as_csv, True), ("again", as_csv, False), ("xlsx", as_xlsx, True)):
        if is_new:
            _new_inventory(folder)
        details[name] = _import(folder, "devices", str(file), rows=rows, bad=bad)
        say(f"{name}: {details[name]}")
    first, again, xlsx = details["csv"], details["again"], details["xlsx"]
    return [
        Row(f"import of {rows:,} rows, CSV", "s", first["wall_s"], 30, None, _how(first, bad)),
        Row("memory of that", "MB", first["peak_mb"], 500, None, "the sheet is read in a process of its own"),
        Row("the same again, nothing changed", "s", again["wall_s"], 30, None, _how(again, bad)),
        Row(f"import of {rows:,} rows, XLSX", "s", xlsx["wall_s"], 60, None, _how(xlsx, bad)),
    ], details


def _new_inventory(folder: Path) -> None:
    for file in folder.glob("import.db*"):
        file.unlink()
    (folder / "import.toml").write_text('[store]\nurl = "sqlite:///import.db"\n', encoding="utf-8")
    _run(folder, "regions", str(config_folder() / "weifang-regions.csv"))


def _import(folder: Path, *arguments: str, rows: int, bad: int) -> dict[str, Any]:
    found = _run(folder, *arguments)
    if found["rows"] != rows or found["rejected"] != bad:
        raise BenchError(f"{found['rows']} rows and {found['rejected']} rejected instead of {rows} and {bad}")
    return {name: found[name] for name in ("wall_s", "peak_mb", "added", "unchanged")}


def _run(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run one import, and give what it prints with its time and the most memory that it held."""
    command: Sequence[str] = (sys.executable, "-m", "monitor", "import", *arguments)
    options = ("-c", str(folder / "import.toml"), "--json")
    started, peak_mb = time.monotonic(), 0.0
    out = folder / "import.out"
    with out.open("wb") as file, child([*command, *options], stdout=file, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            if time.monotonic() - started > WITHIN_S:
                raise BenchError(f"import: not done within {WITHIN_S:.0f} s")
            peak_mb = max(peak_mb, _peak(process.pid))
            time.sleep(0.05)
        wall_s = time.monotonic() - started
        if process.returncode:
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise BenchError(f"import: exit code {process.returncode}\n{said[-2_000:]}")
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found | {"wall_s": round(wall_s, 1), "peak_mb": peak_mb}


def _peak(pid: int) -> float:
    try:
        return memory_mb(pid).get("peak", 0.0) if os.path.exists(f"/proc/{pid}/status") else 0.0
    except (OSError, ValueError):
        return 0.0


def _how(found: dict[str, Any], bad: int) -> str:
    return f"{found['added']:,} added, {found['unchanged']:,} unchanged, {bad:,} rejected; {found['peak_mb']:.0f} MB"
