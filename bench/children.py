"""Child processes of a benchmark run: each private, bounded in time, and gone when we are, however we end."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

STOPPED_WITHIN_S = 10.0
WORK_WITHIN_S = 900.0
PROJECT = Path(__file__).resolve().parent.parent
_PR_SET_PDEATHSIG = 1
_TICKS = os.sysconf("SC_CLK_TCK")
_LIBC = ctypes.CDLL(None, use_errno=True)

Spec = Mapping[str, Any]


class BenchError(Exception):
    """A measurement did not come about; the message says why."""


@contextmanager
def child(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for as long as the context lasts; it dies with us even when we are killed."""
    process = subprocess.Popen(command, preexec_fn=_as_child, cwd=PROJECT, **options)
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a child: first asked, then killed."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def work(name: str, spec: Spec, *, within_s: float = WORK_WITHIN_S) -> dict[str, Any]:
    """Run a piece of work of `bench.work` in a process of its own and give what it measured.

    Raises:
        BenchError: it failed or took too long.
    """
    command = [sys.executable, "-m", "bench.work", name, json.dumps(spec)]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            out, err = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{name}: not done within {within_s:.0f} s") from None
    if process.returncode:
        raise BenchError(f"{name}: exit code {process.returncode}\n{err.decode(errors='replace')[-2_000:]}")
    found: dict[str, Any] = json.loads(out)
    return found


def wait_until(met: Callable[[], bool], *, within_s: float, every_s: float = 0.02, what: str) -> None:
    """Wait until a condition is met.

    Raises:
        BenchError: it was not within the time.
    """
    until = time.monotonic() + within_s
    while not met():
        if time.monotonic() > until:
            raise BenchError(f"{what}: not within {within_s:.0f} s")
        time.sleep(every_s)


def cpu_s(pid: int) -> float:
    """Give the CPU time (user and system, all threads) of a process so far; it has a resolution of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int | str = "self") -> dict[str, float]:
    """Give what a process holds now (`rss`) and held at most (`peak`), MB."""
    found = {}
    names = {"VmRSS": "rss", "VmHWM": "peak"}
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name in names:
            found[names[name]] = round(int(value.split()[0]) / 1024, 1)
    return found


def free_port() -> int:
    """Give a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def raise_open_files() -> int:
    """Raise our limit of open files, and with it our children's, as far as it goes; give it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _as_child() -> None:
    """Be a session of one's own, so that Ctrl-C reaches only us, who then end all in order; die when we die."""
    with suppress(OSError):
        os.setsid()
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
