"""Our own cable is cut for real: the service runs in a network namespace of its own, and the wire to it goes down."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.adapters.db.alert_queries import SqlAlertQueries
from monitor.adapters.db.engine import Database
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.app.wiring import database_of
from monitor.domain.facts import Party
from monitor.domain.incident import IncidentKind
from monitor.domain.state import Connectivity
from monitor.settings import read_settings
from tests.journeys.devices import Conversation, Fleet
from tests.journeys.running import record, until, write_settings
from tests.programs import need_program

DEVICES = 100


class Cable:
    """A namespace `name` with one wire to this host; the devices' addresses are routed over it."""

    def __init__(self, name: str, program: str) -> None:
        self.name = name
        self.wire = name[:11] + "0"
        self._program = program

    def lay(self) -> None:
        self._ip("netns", "add", self.name)
        self._ip("link", "add", self.wire, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        self._ip("addr", "add", "10.253.7.1/24", "dev", self.wire)
        self._ip("link", "set", self.wire, "up")
        for arguments in (
            ("link", "set", "lo", "up"),
            ("addr", "add", "10.253.7.2/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("route", "add", "default", "via", "10.253.7.1"),
        ):
            self._ip("-n", self.name, *arguments)

    def add_addresses(self, addresses: list[str]) -> None:
        for address in addresses:
            self._ip("addr", "add", f"{address}/32", "dev", self.wire)

    def cut(self) -> None:
        self._ip("link", "set", self.wire, "down")

    def mend(self) -> None:
        self._ip("link", "set", self.wire, "up")

    def take_away(self) -> None:
        subprocess.run([self._program, "netns", "del", self.name], check=False, capture_output=True)

    def _ip(self, *arguments: str) -> None:
        subprocess.run([self._program, *arguments], check=True, capture_output=True)


@pytest.fixture
def cable() -> Iterator[Cable]:
    cable = Cable(f"vid{os.getpid()}", need_program("ip", package="iproute2"))
    try:
        cable.lay()
    except subprocess.CalledProcessError as error:
        cable.take_away()
        pytest.skip(f"no network namespace may be made here: {error.stderr.decode().strip()}")
    yield cable
    cable.take_away()


class NearFleet(Fleet):
    """Devices whose addresses lie at our end of the wire."""

    def address(self, index: int) -> str:
        return f"10.253.8.{index + 1}"

    def index_of(self, address: str) -> int:
        return int(address.rpartition(".")[2]) - 1


@asynccontextmanager
async def living_there(fleet: Fleet) -> AsyncIterator[Fleet]:
    """Let the fleet live on every address of this host: the shipped one listens on loopback alone."""
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(fleet), "0.0.0.0", 0)  # noqa: S104
    fleet.port = server.sockets[0].getsockname()[1]
    try:
        yield fleet
    finally:
        server.close()
        for transport in list(fleet.open):
            transport.abort()
        await server.wait_closed()


@asynccontextmanager
async def service_behind(cable: Cable, config: Path, log: Path) -> AsyncIterator[None]:
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", cable.name, sys.executable, "-m", "monitor", "run", "-c", str(config)),
            stderr=stderr,
        )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()
    assert process.returncode == 0


async def states(database: Database) -> list[Connectivity]:
    return [state.connectivity for state in await SqlStateStore(database).load_states()]


ALERTS = """
[alerting]
every_s = 0.2
hold_down_s = 1
"""
RULES = """
[[rule]]
id = "own-network"
measure = "own_network"
severity = "critical"
[[rule]]
id = "incident"
measure = "incident"
severity = "critical"
[[rule]]
id = "online-county"
measure = "online"
threshold = "0.95"
severity = "warning"
[[rule]]
id = "county-drop"
measure = "drop"
threshold = "0.02"
severity = "critical"
"""


async def test_a_cut_of_our_own_cable_puts_nobody_offline_and_is_one_incident(tmp_path: Path, cable: Cable) -> None:
    config = write_settings(tmp_path, interval_s=2, offline_after=2, mass_share="0.2")
    text = config.read_text().replace("[rules]", 'sentinels = ["10.253.7.1:9"]\nsentinel_every_s = 0.2\n[rules]')
    config.write_text(text + ALERTS, encoding="utf-8")
    (tmp_path / "alerts.toml").write_text(RULES, encoding="utf-8")
    fleet = NearFleet(DEVICES)
    cable.add_addresses([fleet.address(index) for index in range(DEVICES)])
    log = tmp_path / "service.log"
    async with living_there(fleet):
        await record(fleet, config)
        database = database_of(read_settings(config), folder=tmp_path)
        async with service_behind(cable, config, log):

            async def all_online() -> bool:
                return await states(database) == [Connectivity.ONLINE] * DEVICES

            await until(all_online, every_s=0.2)
            before = await SqlQueries(database).last_seq()
            cable.cut()
            await until(lambda: b"set_aside" in log.read_bytes(), every_s=0.2)

            async def none_offline() -> bool:
                return Connectivity.OFFLINE not in await states(database)

            await until(none_offline, every_s=0.2)
            cable.mend()
            await until(lambda: b"calm" in log.read_bytes(), every_s=0.2)
            await until(all_online, every_s=0.2)
            await until(lambda: b"kind=cleared" in log.read_bytes() or b'"cleared"' in log.read_bytes(), every_s=0.2)
        changes = [change for change in await SqlQueries(database).changes() if change.seq > before]
        confirmed = [change for change in changes if change.new == Connectivity.OFFLINE]
        corrected = await SqlQueries(database).corrections()
        # What was confirmed before fifty had failed is taken back, second for second.
        assert {(one.device_id, one.at) for one in confirmed} == {(one.device_id, one.start) for one in corrected}
        queries = SqlAlertQueries(database)
        [incident] = await queries.incidents()
        assert (incident.kind, incident.party, incident.is_open) == (IncidentKind.OWN_NETWORK, Party.CITY, False)
        assert [alert.rule for alert in await queries.alerts()] == ["own-network"]
        await database.close()
