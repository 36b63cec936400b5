"""The store in trouble while the service runs: looking goes on, people are told, nothing known is lost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from structlog.typing import EventDict

from monitor.adapters.db.states import SqlStateStore
from monitor.app.wiring import database_of, make_ready
from monitor.settings import read_settings
from tests.journeys.devices import Fleet, Mood, living
from tests.journeys.facts import Replay, check, check_timelines
from tests.journeys.running import Running, record, running, until, write_settings
from tests.servers import MAX_CONNECTIONS, PostgresServer

_LOCKER = (
    "import sqlite3, sys\n"
    "other = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "other.execute('BEGIN IMMEDIATE')\n"
    "print('locked', flush=True)\n"
    "sys.stdin.read()\n"
)


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Let another process hold the write lock of a SQLite file."""
    locker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _LOCKER, str(path), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert locker.stdout is not None
        assert await locker.stdout.readline() == b"locked\n"
        yield
    finally:
        await locker.communicate(b"")


class City:
    """A service on a fleet that never rests, and what is asked of it."""

    def __init__(self, run: Running, logs: list[EventDict]) -> None:
        self.run = run
        self.logs = logs
        self.looks_when_lost = 0

    async def is_lost(self, words: str, *, within_s: float = 12) -> None:
        """Wait until `/readyz` says that the store is lost, and why."""

        async def told() -> bool:
            status, said = await self.run.get("/readyz")
            return status == 503 and words in said

        await until(told, within_s=within_s, every_s=0.05)
        assert (await self.run.get("/healthz"))[0] == 200
        self.looks_when_lost = self._looks()

    async def goes_on_looking(self, *, for_s: float = 1.0) -> None:
        await asyncio.sleep(for_s)
        assert self._looks() - self.looks_when_lost > 20 * for_s
        assert self.run.service.ingest.waiting_devices > 0
        assert "waiting_devices" in str(self.logs)

    async def is_back(self) -> None:
        async def told() -> bool:
            return (await self.run.get("/readyz"))[0] == 200

        await until(told, within_s=40, every_s=0.05)

    def events(self) -> list[str]:
        return [entry["event"] for entry in self.logs if entry["event"].startswith("store.")]

    def _looks(self) -> int:
        return sum(self.run.service.polling.looks.values())


@asynccontextmanager
async def city(folder: Path, url: str) -> AsyncIterator[City]:
    """Run it, and afterwards hold all that it knew against what is stored."""
    config = write_settings(folder, url=url)
    settings = read_settings(config)
    fleet = Fleet(60)
    fleet.mood = lambda index: Mood.RESET if (int(time.time()) + index) % 2 else Mood.CLEAN
    async with living(fleet):
        await record(fleet, config)
        with capture_logs() as logs:
            async with running(settings, folder) as run:
                await until(lambda: run.service.ingest.committed_changes > 60)
                yield City(run, logs)
                changes = run.service.ingest.committed_changes
                await until(lambda: run.service.ingest.committed_changes > changes + 20)
    ingest = run.service.ingest
    database = database_of(settings, folder=folder)
    replay = Replay()
    await check(database, replay)
    await check_timelines(database)
    assert replay.count == ingest.committed_changes
    assert replay.unknowns == 0
    assert {state.device_id: state for state in await SqlStateStore(database).load_states()} == ingest.states
    await database.close()


async def test_sqlite_locked_by_another_process(tmp_path: Path) -> None:
    async with city(tmp_path, "sqlite:///vidnet.db") as each:
        async with locked(tmp_path / "vidnet.db"):
            await each.is_lost("The database ")
            await each.goes_on_looking()
        await each.is_back()
    assert each.events() == ["store.lost", "store.back"]


async def test_sqlite_locked_while_the_service_is_told_to_stop(tmp_path: Path) -> None:
    config = write_settings(tmp_path, url="sqlite:///vidnet.db")
    fleet = Fleet(60)
    async with living(fleet):
        await record(fleet, config)
        async with running(read_settings(config), tmp_path) as run:
            async with locked(tmp_path / "vidnet.db"):
                await until(lambda: run.service.ingest.waiting_devices > 30)
                run.stop.set()
                await asyncio.sleep(5.5)  # longer than one attempt waits for a lock
                assert not run.task.done(), "it waits for the lock"
            await run.task
    database = database_of(read_settings(config), folder=tmp_path)
    stored = {state.device_id: state for state in await SqlStateStore(database).load_states()}
    known = run.service.ingest.states.values()
    assert stored == {state.device_id: state for state in known if state.last_evidence_at is not None}
    await check(database, Replay())
    await database.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["/bin/mount", "-t", "tmpfs", "-o", "size=3m", "vidnet-test", str(folder)]
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    if subprocess.run(command, check=False, capture_output=True).returncode:
        if os.environ.get("CI"):
            pytest.fail("a small disk cannot be mounted, though we are root")
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["/bin/umount", "-l", str(folder)], check=True)


async def test_sqlite_on_a_full_disk(small_disk: Path) -> None:
    async with city(small_disk, "sqlite:///vidnet.db") as each:
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)) == 4096:
                    pass
            except OSError:
                pass
        await each.is_lost("The disk is full", within_s=20)
        await each.goes_on_looking()
        filler.unlink()
        await each.is_back()
    assert each.events() == ["store.lost", "store.back"]


async def test_postgresql_restarted(tmp_path: Path, postgres: PostgresServer, postgres_url: str) -> None:
    async with city(tmp_path, postgres_url.replace("+asyncpg", "")) as each:
        await asyncio.to_thread(postgres.stop)
        try:
            await each.is_lost("No connection to the database")
            await each.goes_on_looking()
        finally:
            await asyncio.to_thread(postgres.start)
        await each.is_back()
    assert each.events() == ["store.lost", "store.back"]


async def test_postgresql_out_of_connections(tmp_path: Path, postgres: PostgresServer, postgres_url: str) -> None:
    url = postgres_url.replace("+asyncpg", "")
    async with city(tmp_path, url) as each:
        others: list[asyncpg.Connection] = []
        while len(others) < MAX_CONNECTIONS:
            try:
                others.append(await asyncpg.connect(url))
            except asyncpg.TooManyConnectionsError:
                cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vidnet'"
                await others[0].fetch(cut)
        await each.is_lost("no connection left")
        await each.goes_on_looking()
        for other in others:
            await other.close()
        await each.is_back()
    assert each.events() == ["store.lost", "store.back"]


def processes_of(postgres: PostgresServer) -> list[int]:
    """Give the server's processes: its first, and all that it started."""
    first = int((postgres.folder / "data" / "postmaster.pid").read_text().split("\n")[0])
    return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]


async def test_postgresql_frozen(tmp_path: Path, postgres: PostgresServer, postgres_url: str) -> None:
    async with city(tmp_path, postgres_url.replace("+asyncpg", "")) as each:
        frozen = processes_of(postgres)
        with ExitStack() as thaw:
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
                thaw.callback(os.kill, pid, signal.SIGCONT)
            await each.is_lost("The database has not answered for more than 5 s")
            await each.goes_on_looking()
        await each.is_back()
    assert each.events() == ["store.lost", "store.back"]


async def run_command(folder: Path) -> tuple[int | None, str]:
    """Run `vidnet run` on a folder's settings, and give its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", "run", "-c", str(folder / "vidnet.toml")), stderr=subprocess.PIPE
    )
    _, stderr = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, stderr.decode()


async def a_newer_database(folder: Path) -> None:
    database = database_of(read_settings(folder / "vidnet.toml"), folder=folder)
    await make_ready(database)
    await database.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await database.close()


async def no_database(folder: Path) -> None:
    (folder / "vidnet.db").write_bytes(b"minutes of a meeting\n" * 500)


async def a_read_only_database(folder: Path) -> None:
    database = database_of(read_settings(folder / "vidnet.toml"), folder=folder)
    await make_ready(database)
    await database.close()
    if os.geteuid() == 0:  # whom rights don't hold back
        remount = await asyncio.create_subprocess_exec("/bin/mount", "-o", "remount,ro", str(folder))
        assert await remount.wait() == 0
    else:
        os.chmod(folder / "vidnet.db", 0o444)
        os.chmod(folder, 0o500)


@pytest.fixture
def own_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    folder: Path = request.getfixturevalue("small_disk") if os.geteuid() == 0 else tmp_path / "small"
    folder.mkdir(exist_ok=True)
    yield folder
    if os.geteuid():
        folder.chmod(0o755)  # so that it can be taken away


@pytest.mark.parametrize(
    ("prepare", "words_zh", "words_en"),
    [
        (a_newer_database, "数据库结构比本程序新", "The database is newer than the program"),
        (no_database, "文件已损坏或不是数据库", "damaged or not a database"),
        (a_read_only_database, "只读|可写", "read-only|can be written"),
    ],
)
async def test_a_database_that_cannot_be_used_ends_the_command(
    own_disk: Path, prepare: Callable[[Path], Awaitable[None]], words_zh: str, words_en: str
) -> None:
    config = write_settings(own_disk)
    await prepare(own_disk)
    code, said = await run_command(own_disk)
    assert code == 1
    chinese, english = said.splitlines()
    assert re.search(words_zh, chinese)
    assert re.search(words_en, english)
    assert str(config.with_name("vidnet.db")) in english
