"""What is pushed, through the commit into a SQLite store: batches, single messages, a platform's answer, keepalives."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from bench.children import BenchError
from bench.pusher import SECRET
from collectors.base import Look
from collectors.deep import Secret
from collectors.mqtt import Broker, MqttListener
from collectors.mqtt.messages import read_message
from collectors.viid import ViidPoller
from collectors.viid.listener import ViidListener
from monitor.adapters.db.checkpoints import SqlCheckpointStore
from monitor.adapters.db.engine import Database
from monitor.adapters.db.intake import SqlIntakeStore
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.late import SqlLateStore
from monitor.adapters.db.migrate import upgrade
from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.process import loading
from monitor.demo.broker import free_port, start_broker
from monitor.domain.checkpoint import SilenceRule
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle, Parent, ParentRole
from monitor.domain.exemption import ExemptionBook
from monitor.domain.intake import IntakeRule
from monitor.domain.point import PointClass
from monitor.domain.policy import Policy
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.ports import InventoryBatch
from monitor.services.checkpoints import Checkpoints
from monitor.services.ingest import Ingest
from monitor.services.kin import Kin
from monitor.services.late_evidence import LateEvidence
from monitor.services.live_counts import LiveCounts
from monitor.services.parents import Parents
from monitor.services.receiving import Receiving
from monitor.settings import Settings

BATCH = 500
TOGETHER = 20
UNCHANGED_OF = 20
"""In every round one device in so many changes: 95 % are unchanged."""

REGION = Region("370700", "潍坊市", RegionLevel.CITY, None)


@dataclass
class Site:
    """Everything between what is pushed and its commit, as the service puts it together."""

    database: Database
    ingest: Ingest
    receiving: Receiving
    now: float


async def make_site(folder: Path, devices: Sequence[Device]) -> Site:
    """Record devices in a database of a folder and put the rest upon it."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'vidnet.db'}")
    await upgrade(database)
    await SqlInventory(database).record(InventoryBatch(regions=[REGION], devices=devices))
    policy = Policy()
    with loading():
        ingest = Ingest(
            SqlStateStore(database), policy=policy, mark=lambda: None, on_write=lambda _: None, writer="bench"
        )
        await ingest.load((device.id, device.lifecycle.created_at) for device in devices)
        rules = ServiceRules(tree=RegionTree([REGION]), zone=Settings().zone(), commissioning_days=0)
        counts = LiveCounts(devices, (), rules=rules, book=ExemptionBook([]), at=int(time.time()))
        kin = Kin(devices)
        site = Site.__new__(Site)
        late = LateEvidence(ingest, SqlLateStore(database), policy=policy, now=lambda: site.now)
        receiving = Receiving(
            ingest,
            late=late,
            notes=SqlIntakeStore(database),
            checkpoints=Checkpoints(SqlCheckpointStore(database), rule=SilenceRule()),
            kin=kin,
            policy=policy,
            rule=IntakeRule(per_second=100_000, burst=1_000_000),
            now=lambda: site.now,
            own_clock_trusted=lambda: True,
        )
        Parents(ingest, kin)
        ingest.on_commit(lambda states, _: counts.take(states, at=int(site.now)))
        Site.__init__(site, database, ingest, receiving, time.time())
    return site


def units(count: int, *, reporter: str = "", name: str = "d{}") -> list[Device]:
    """Give so many devices that are told of."""
    life = Lifecycle(int(time.time()) - 86_400)
    parents = (Parent(reporter, ParentRole.REPORTER),) if reporter else ()
    return [
        Device(name.format(number), DeviceKind.CHECKPOINT, PointClass.FIRST, "370700", life, parents=parents)
        for number in range(count)
    ]


async def batches(spec: dict[str, Any]) -> dict[str, Any]:
    """Take batches of 500 observations, 95 % unchanged, from their bytes to their commit; µs of CPU an observation."""
    gateways = -(-spec["devices"] // BATCH)
    life = Lifecycle(int(time.time()) - 86_400)
    devices: list[Device] = []
    for number in range(gateways):
        gateway = f"g{number}"
        devices.append(Device(gateway, DeviceKind.GATEWAY, PointClass.OTHER, "370700", life))
        devices += units(BATCH, reporter=gateway, name=f"{gateway}-{{}}")
    with tempfile.TemporaryDirectory(prefix="vidnet-bench-") as name:
        site = await make_site(Path(name), devices)
        begin = int(site.now) - spec["rounds"] * 300 - 300
        taken, cpu_s = 0, 0.0
        for turn in range(spec["rounds"] + 1):
            site.now = at = begin + 300 * turn
            payloads = [_batch(f"g{number}", at=at, turn=turn) for number in range(gateways)]
            cpu_before = time.process_time()
            for first in range(0, gateways, TOGETHER):
                messages = [
                    read_message(topic, payload, retained=False, received_at=at)
                    for topic, payload in payloads[first : first + TOGETHER]
                ]
                receipts = await site.receiving.sink(messages)
                taken += sum(receipt.taken for receipt in receipts)
            if turn:  # the first makes every device known
                cpu_s += time.process_time() - cpu_before
        stored = {state.last_evidence_at for state in await SqlStateStore(site.database).load_states()}
        await site.database.close()
    expected = gateways * BATCH * (spec["rounds"] + 1)
    if taken != expected or stored != {at}:
        raise BenchError(f"{taken} of {expected} observations were taken")
    return {"us": cpu_s / (gateways * BATCH * spec["rounds"]) * 1e6, "changes": site.ingest.committed_changes}


def _batch(gateway: str, *, at: int, turn: int) -> tuple[str, bytes]:
    said = [
        # One device in forty falls and one rises again in every round: one in twenty has changed.
        {"device": f"{gateway}-{number}", "at": at, "online": number % (2 * UNCHANGED_OF) != turn % (2 * UNCHANGED_OF)}
        for number in range(BATCH)
    ]
    payload = msgspec.json.encode({"sent_at": at, "interval_s": 300, "observations": said})
    return f"vidnet/v1/gateways/{gateway}/batch", payload


async def singles(spec: dict[str, Any]) -> dict[str, Any]:
    """Take single status messages from a real mosquitto, through the commit to their acknowledgement.

    One in twenty changes its device, as in the batches; all devices are known before.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="vidnet-bench-") as name:
        site = await make_site(Path(name), units(spec["messages"], name="d-{}"))
        before = int(site.now) - 60
        for first in range(0, spec["messages"], BATCH):
            known = [
                read_message(
                    f"vidnet/v1/devices/d-{number}/status",
                    msgspec.json.encode({"online": True, "at": before}),
                    retained=False,
                    received_at=before,
                )
                for number in range(first, min(first + BATCH, spec["messages"]))
            ]
            await site.receiving.sink(known)
        site.receiving.counts.clear()
        async with start_broker(Path(name), port=port, more=("max_queued_messages 0", "max_inflight_messages 0")) as up:
            if not up:
                raise BenchError("mosquitto is not installed or does not start")
            done = asyncio.Event()

            async def sink(messages: Sequence[Any]) -> Any:
                site.now = time.time()
                receipts = await site.receiving.sink(messages)
                if site.receiving.counts["mqtt", "taken"] >= spec["messages"]:
                    done.set()
                return receipts

            listener = MqttListener(Broker(port=port, receive_maximum=10_000))
            task = asyncio.create_task(listener.run(sink))
            while not listener.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            cpu_before = time.process_time()
            async with _pusher("mqtt", "--port", port, "--count", spec["messages"]):
                async with asyncio.timeout(120):
                    await done.wait()
            cpu_s = time.process_time() - cpu_before
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await site.database.close()
    return {"us": cpu_s / spec["messages"] * 1e6}


async def platform(spec: dict[str, Any]) -> dict[str, Any]:
    """Ask a platform of so many devices and take its answer through the commit, first and again; s of CPU."""
    reporter = Device("p-1", DeviceKind.PLATFORM, PointClass.OTHER, "370700", Lifecycle(int(time.time()) - 86_400))
    with tempfile.TemporaryDirectory(prefix="vidnet-bench-") as name:
        site = await make_site(Path(name), [reporter, *units(spec["devices"], reporter="p-1")])
        poller = ViidPoller(wall_clock=time.time)
        found = []
        async with _pusher("platform", "--count", spec["devices"]) as process:
            port = int(await process.stdout.readline())
            target = Endpoint("viid", f"http://127.0.0.1:{port}")
            for _ in range(1 + spec["rounds"]):
                await asyncio.sleep(1.1)  # answers of one second would be the same evidence
                site.now = time.time()
                cpu_before = time.process_time()
                [result] = await poller.poll(target, Look(timeout_s=10))
                site.now = time.time()
                await site.receiving.hear("p-1", "viid", result, int(site.now), 300)
                await site.ingest.commit(flush=True)
                found.append(time.process_time() - cpu_before)
                if not result.complete or len(result.reports) != spec["devices"]:
                    raise BenchError(f"the answer is not whole: {result.detail}")
        await poller.close()
        await site.database.close()
    return {"first_s": found[0], "s": sum(found[1:]) / spec["rounds"]}


async def keepalives(spec: dict[str, Any]) -> dict[str, Any]:
    """Serve keepalives on kept connections, each answered once it is stored; µs of CPU each."""
    with tempfile.TemporaryDirectory(prefix="vidnet-bench-") as name:
        site = await make_site(Path(name), units(spec["connections"]))
        listener = ViidListener(identity="1", secret=lambda _: Secret("bench", SECRET))

        async def sink(messages: Sequence[Any]) -> Any:
            site.now = time.time()
            return await site.receiving.sink(messages)

        app = web.Application()
        listener.mount(app)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        task = asyncio.create_task(listener.run(sink))
        arguments = (
            "--port",
            runner.addresses[0][1],
            "--count",
            spec["messages"],
            "--connections",
            spec["connections"],
        )
        async with _pusher("keepalive", *arguments) as process:
            await process.stdout.readline()
            wall, cpu_before = time.monotonic(), time.process_time()
            process.stdin.write(b"\n")
            async with asyncio.timeout(120):
                code = await process.wait()
            cpu_s, wall_s = time.process_time() - cpu_before, time.monotonic() - wall
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.cleanup()
        await site.database.close()
    if code or listener.refused:
        raise BenchError(f"keepalives failed: {code} {dict(listener.refused)}")
    return {"us": cpu_s / spec["messages"] * 1e6, "a_second": spec["messages"] / wall_s}


class _pusher:
    """Run the other side for as long as the context lasts."""

    def __init__(self, *arguments: object) -> None:
        self._arguments = [str(each) for each in arguments]

    async def __aenter__(self) -> Any:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "bench.pusher", *self._arguments)
        self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        return self._process

    async def __aexit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
