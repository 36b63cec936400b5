"""The machine that the figures are of."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def facts() -> dict[str, str]:
    """Give what a reader needs to place the figures."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "CPU": _cpu_model(),
        "cores": str(os.cpu_count()),
        "load before": load,
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "uvloop": version("uvloop"),
        "nginx": _version(["/usr/sbin/nginx", "-v"]),
        "blackbox_exporter": _version(["prometheus-blackbox-exporter", "--version"]),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(command: list[str]) -> str:
    """Give the first word with a digit that a program says of itself."""
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "missing"
    words = (said.stdout + said.stderr).replace("/", " ").replace(",", " ").split()
    return next((word for word in words if word[0].isdigit()), "?")
