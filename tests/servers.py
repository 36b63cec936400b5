"""Real servers that tests start for themselves, each in a private folder on a free loopback port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

MAX_CONNECTIONS = 24


def free_port() -> int:
    """Give a TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_binaries() -> Path | None:
    """Give the folder of PostgreSQL's server programs, the newest installed, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """A PostgreSQL of the tests' own: user `vidnet`, no password, a socket in its folder, nothing synced to disk."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.binaries = binaries
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        # PostgreSQL refuses to run as root, so root lends it the account that its package made.
        self._user = "postgres" if os.geteuid() == 0 else None

    def initialise(self) -> None:
        """Make the cluster's files."""
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "vidnet", "-A", "trust", "-E", "UTF8", "-N", "--no-locale"
        )

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "max_connections": MAX_CONNECTIONS,
            "max_prepared_transactions": 2,
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *arguments],
                user=self._user,
                group=self._group(),
                extra_groups=[] if self._user else None,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while subprocess.run(
            [self.binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
        ).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def stop(self, *, for_good: bool = False) -> None:
        """Stop the server, rolling back what runs; the files stay, in order unless it is for good."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if for_good else signal.SIGINT)
            self._process.wait(timeout=20)
            self._process = None

    def new_database(self, *, template: str = "template0") -> str:
        """Create a database, as a copy of another one, and give its name."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def url(self, name: str) -> str:
        """Give the URL of a database."""
        return f"postgresql+asyncpg://vidnet@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str) -> str:
        """Run one statement as superuser on the maintenance database, and give what it prints."""
        return self._run(
            "psql", "-h", str(self.folder), "-p", str(self.port), "-U", "vidnet", "-d", "postgres", "-XAtqc", statement
        )

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.binaries / program), *arguments],
            user=self._user,
            group=self._group(),
            extra_groups=[] if self._user else None,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")
        return done.stdout.strip()

    def _group(self) -> int | None:
        return pwd.getpwnam(self._user).pw_gid if self._user else None


@contextmanager
def running_postgres(binaries: Path) -> Iterator[PostgresServer]:
    """Give a running server and take it away again, files and all."""
    # Not pytest's folder: the postgres account may not enter that, and a socket's path must be short.
    folder = Path(mkdtemp(prefix="vidnet-pg-"))
    server = PostgresServer(binaries, folder)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.stop(for_good=True)
        shutil.rmtree(folder, ignore_errors=True)
