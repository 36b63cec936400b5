"""kill -9 while writes are in flight: what a witness outside has seen is there afterwards, once, and in order."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import pytest

from monitor.adapters.db.engine import Database
from monitor.app.wiring import database_of
from monitor.settings import read_settings
from tests.journeys.devices import Fleet, Mood, living
from tests.journeys.facts import CHANGES, Replay, check, check_timelines, select
from tests.journeys.running import metric, record, until, write_settings
from tests.servers import PostgresServer

DEVICES = 120


def flapping(index: int) -> Mood:
    """Two of three seconds a device answers, each in its own turn: every look may be a change."""
    return Mood.RESET if (int(time.time()) + index) % 3 == 0 else Mood.CLEAN


class Killable(Protocol):
    """A service that can be started and killed again and again."""

    port: int

    async def start(self) -> None:
        """Have it start; it is ready when this returns."""

    async def kill(self) -> None:
        """Kill it and wait for its end."""

    async def stop(self) -> None:
        """Stop it cleanly and wait for its end."""


@dataclass
class Children:
    """The process that lends its copies to be killed, and what it says."""

    process: asyncio.subprocess.Process
    config: Path
    port: int = 0
    pid: int = 0
    ahead_s: float = 0

    async def start(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{self.config}\t{self.ahead_s}\n".encode())
        self.pid = self.port = 0
        while not (self.pid and self.port):
            word, number = await self._hear()
            assert word != "ended", f"the service ended with {number}"
            if word == "pid":
                self.pid = number
            else:
                self.port = number

    async def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert await self._hear() == ("ended", signal.SIGKILL)

    async def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        assert await self._hear() == ("ended", 0)

    async def _hear(self) -> tuple[str, int]:
        assert self.process.stdout is not None
        word, number = (await asyncio.wait_for(self.process.stdout.readline(), 20)).split()
        return word.decode(), int(number)


@asynccontextmanager
async def children(config: Path, log: Path) -> AsyncIterator[Children]:
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.journeys.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        yield Children(process, config)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]


@dataclass
class Command:
    """`vidnet run` itself."""

    config: Path
    log: Path
    port: int = 0
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", "run", "-c", str(self.config)), stderr=asyncio.subprocess.PIPE
        )
        assert self.process.stderr is not None
        while not (running := re.search(rb"http://[^:]+:(\d+)/metrics", await self._read_line(self.process.stderr))):
            pass
        self.port = int(running[1])

    async def kill(self) -> None:
        assert await self._end(signal.SIGKILL) == -signal.SIGKILL

    async def stop(self) -> None:
        assert await self._end(signal.SIGTERM) == 0

    async def _end(self, number: signal.Signals) -> int | None:
        assert self.process is not None
        self.process.send_signal(number)
        _, rest = await self.process.communicate()
        self._note(rest)
        return self.process.returncode

    async def _read_line(self, stderr: asyncio.StreamReader) -> bytes:
        line = await asyncio.wait_for(stderr.readline(), 20)
        assert line, "it ended"
        self._note(line)
        return line

    def _note(self, said: bytes) -> None:
        with self.log.open("ab") as log:
            log.write(said)


@asynccontextmanager
async def commands(config: Path, log: Path) -> AsyncIterator[Command]:
    command = Command(config, log)
    try:
        yield command
    finally:
        if command.process is not None and command.process.returncode is None:
            await command.kill()


@dataclass
class Witness:
    """Who looks on from outside: `/metrics` for what the service says is committed, SQL for what is in its database."""

    open_database: Callable[[], Database]
    session: aiohttp.ClientSession
    replay: Replay = field(default_factory=Replay)
    seen: list[Any] = field(default_factory=list)
    committed: int = 0

    async def metrics(self, port: int) -> str:
        async with self.session.get(f"http://127.0.0.1:{port}/metrics") as response:
            text = await response.text()
        self.committed = int(metric(text, "vidnet_state_changes_total"))
        return text

    async def read(self) -> None:
        """See the changes that are new; nothing stays open, so that the killed service leaves the file to recovery."""
        database = self.open_database()
        try:
            self.seen = list(await select(database, CHANGES, seq=self.replay.seq))
        finally:
            await database.close()

    async def check(self) -> None:
        """Hold the database against what was seen."""
        database = self.open_database()
        try:
            stored = await select(database, CHANGES, seq=self.replay.seq)
            assert list(stored[: len(self.seen)]) == self.seen, "what was read before the kill is there, unchanged"
            before = self.replay.count
            await check(database, self.replay)
            assert self.replay.count - before >= self.committed, "what was said to be committed is there"
            [(states,)] = await select(database, "SELECT count(*) FROM device_state")
            assert states <= DEVICES
        finally:
            await database.close()
        self.seen, self.committed = [], 0


async def kill_again_and_again(
    folder: Path,
    url: str,
    *,
    kills: int,
    services: Callable[[Path, Path], AbstractAsyncContextManager[Killable]] = children,
) -> None:
    config = write_settings(folder, url=url, commit_every_s=0.01)
    settings = read_settings(config)
    chance = random.Random(kills)
    fleet = Fleet(DEVICES)
    fleet.mood = flapping
    async with (
        living(fleet),
        aiohttp.ClientSession() as session,
        services(config, folder / "service.log") as service,
    ):
        await record(fleet, config)
        witness = Witness(lambda: database_of(settings, folder=folder), session)
        for cycle in range(kills):
            await service.start()
            first = await witness.metrics(service.port)
            assert metric(first, "vidnet_devices") == DEVICES, "no device is lost or doubled"

            async def rises() -> bool:
                before = witness.committed
                await witness.metrics(service.port)
                return witness.committed > before

            for _ in range(2):
                await until(rises, every_s=0.01)
            await witness.read()
            kill_at = time.monotonic() + chance.uniform(0, 0.3)
            while time.monotonic() < kill_at:
                await witness.metrics(service.port)
            await service.kill()
            await witness.check()
            assert witness.replay.unknowns == 0, f"kill {cycle}: so short a gap leaves no trace"
        await service.start()

        async def all_seen() -> bool:
            return metric(await witness.metrics(service.port), "vidnet_devices", state="unknown") == 0

        await until(all_seen, every_s=0.1)
        await service.stop()
        await witness.check()
        database = witness.open_database()
        await check_timelines(database)
        assert len(await select(database, "SELECT device FROM device_state")) == DEVICES
        await database.close()
    assert witness.replay.count > kills
    assert b"Traceback" not in (folder / "service.log").read_bytes()


def url_of(postgres: PostgresServer) -> str:
    return postgres.url(postgres.new_database()).replace("+asyncpg", "")


async def test_thirty_eight_kills_on_sqlite(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, "sqlite:///vidnet.db", kills=38)


async def test_two_kills_of_the_command_itself(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, "sqlite:///vidnet.db", kills=2, services=commands)


async def test_ten_kills_on_postgresql(tmp_path: Path, postgres: PostgresServer) -> None:
    await kill_again_and_again(tmp_path, url_of(postgres), kills=10)


@pytest.mark.soak
async def test_a_thousand_kills(tmp_path: Path, postgres: PostgresServer) -> None:
    for name, url, kills in (("sqlite", "sqlite:///vidnet.db", 800), ("postgresql", url_of(postgres), 200)):
        folder = tmp_path / name
        folder.mkdir()
        await kill_again_and_again(folder, url, kills=kills)
