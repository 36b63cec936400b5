"""The service as it is run, `vidnet run`, seen from outside: its CPU, its memory, its metrics, its database."""

from __future__ import annotations

import sqlite3
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.children import BenchError, child, cpu_s, free_port, memory_mb, wait_until
from bench.fleet import Fleet
from bench.town import DATABASE_FILE, SETTINGS_FILE, write_settings

START_WITHIN_S = 240.0


@dataclass(frozen=True, slots=True)
class Running:
    """A running service.

    Attributes:
        pid: its process.
        port: where it serves its metrics.
        started: when its process was started, on `time.monotonic`.
        start_s: from there to the first look that reached the fleet.
    """

    pid: int
    port: int
    started: float
    start_s: float

    def cpu_s(self) -> float:
        """Give its CPU time so far."""
        return cpu_s(self.pid)

    def memory_mb(self) -> dict[str, float]:
        """Give what it holds now and held at most, MB."""
        return memory_mb(self.pid)

    def scrape(self) -> str:
        """Give its metrics."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
            text: str = answer.read().decode()
            return text

    def metric(self, name: str) -> float:
        """Give the sum of all series of a metric."""
        lines = self.scrape().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith((name + " ", name + "{")))

    def written_bytes(self) -> int:
        """Give how many bytes it has had written to disk."""
        fields = dict(
            line.split(": ") for line in Path(f"/proc/{self.pid}/io").read_text(encoding="ascii").splitlines()
        )
        return int(fields["write_bytes"])


@contextmanager
def service(folder: Path, fleet: Fleet, **settings: Any) -> Iterator[Running]:
    """Run the service of a folder with such settings; it is there once its first look has reached the fleet.

    Raises:
        BenchError: it ended, or did not start in time.
    """
    port = free_port()
    write_settings(folder, web_port=port, **settings)
    before = fleet.requests()
    log = folder / "service.log"
    with log.open("ab") as messages:
        command = [sys.executable, "-m", "monitor", "run", "-c", str(folder / SETTINGS_FILE)]
        started = time.monotonic()
        with child(command, stdout=messages, stderr=messages) as process:

            def looks() -> bool:
                if process.poll() is not None:
                    raise BenchError(f"vidnet run ended: {log.read_text(encoding='utf-8')[-2_000:]}")
                return fleet.requests() > before

            wait_until(looks, within_s=START_WITHIN_S, what="the first look")
            yield Running(process.pid, port, started, time.monotonic() - started)
            process.terminate()
            if process.wait(60):
                raise BenchError(
                    f"vidnet run: exit code {process.returncode}: {log.read_text(encoding='utf-8')[-2_000:]}"
                )


def query(folder: Path, statement: str) -> list[Any]:
    """Read from the service's database, beside it."""
    with closing(sqlite3.connect(folder / DATABASE_FILE, timeout=30)) as connection:
        return connection.execute(statement).fetchall()


def change(folder: Path, *statements: str) -> None:
    """Change the database of a service that does not run, and leave no log behind that its next start must read."""
    with closing(sqlite3.connect(folder / DATABASE_FILE, timeout=30)) as connection:
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def size(folder: Path) -> tuple[int, dict[str, int]]:
    """Give the bytes of the database with its log, after a checkpoint, and the rows of each of its tables."""
    with closing(sqlite3.connect(folder / DATABASE_FILE, timeout=30)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
    files = folder.glob(DATABASE_FILE + "*")
    return sum(file.stat().st_size for file in files if not file.name.endswith("-shm")), rows
