"""`vidnet sweep`: look once at each of many addresses, through the whole journey, with a store in memory."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from urllib.parse import urlsplit

from collectors.base import Outcome
from collectors.registry import make_poller
from monitor.adapters.db.memory import MemoryStore
from monitor.adapters.process import loading, raise_open_files
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle
from monitor.domain.exemption import ExemptionBook
from monitor.domain.point import PointClass
from monitor.domain.policy import Policy
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.domain.tally import EMPTY, Tally
from monitor.ports import InventoryBatch
from monitor.services.ingest import Ingest
from monitor.services.live_counts import LiveCounts
from monitor.services.polling import Pace, Polling

COMMIT_EVERY_S = 0.5
_REGION = "sweep"
_POLICY = replace(Policy(), offline_after=1)


class TargetsError(ValueError):
    """The file of addresses cannot be used; the message has a line for each problem."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep found, and what it cost this process.

    Attributes:
        devices: addresses looked at.
        online, offline, unknown: their states after one look, `offline_after` 1.
        failures: looks that were not clean, by the name of their outcome.
        wall_s: from the first look to the last commit.
        cpu_s: CPU time of this process over the same span.
        looks_per_cpu_s: looks a second of CPU time.
        max_rss_mb: most memory that this process ever held.
    """

    devices: int
    online: int
    offline: int
    unknown: int
    failures: dict[str, int]
    wall_s: float
    cpu_s: float
    looks_per_cpu_s: float
    max_rss_mb: float


def read_addresses(path: Path) -> list[str]:
    """Read a file of one ONVIF URL a line; empty lines and lines that begin with # are passed over.

    Raises:
        TargetsError: the file cannot be read, holds no address, or lines of it are no HTTP(S) URL or stand twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TargetsError(f"{path}: cannot be read: {error}") from error
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        address = line.strip()
        if not address or address.startswith("#"):
            continue
        if address in seen:
            problems.append(f"{path}:{number}: {address!r} stands on line {seen[address]} already")
        elif not _is_url(address):
            problems.append(f"{path}:{number}: not an http:// or https:// URL: {address[:100]!r}")
        seen.setdefault(address, number)
    if not seen:
        problems.append(f"{path}: holds no address")
    if problems:
        raise TargetsError("\n".join(problems))
    return list(seen)


async def sweep(
    addresses: Sequence[str],
    *,
    concurrency: int,
    timeout_s: float,
    on_progress: Callable[[int], None] = lambda done: None,
) -> SweepResult:
    """Look once at each address at the pace of a benchmark: all at once but for the concurrency.

    Raises:
        TooFewFilesError: the limit of open files cannot be raised far enough.
    """
    raise_open_files(concurrency)
    at = int(time.time())
    poller = make_poller("onvif", wall_clock=time.time)
    with loading():
        devices = [_device(address, at) for address in addresses]
        counts = _counts(devices, at=at)
        ingest = await _ingest(devices, counts, at=at)
        polling = Polling(
            {device.id: device.endpoint for device in devices if device.endpoint is not None},
            pollers={"onvif": poller},
            ingest=ingest,
            policy=_POLICY,
            pace=Pace(concurrency, per_subnet=concurrency, timeout_s=timeout_s),
            now=time.time,
            own_clock_trusted=lambda: True,
            on_duration=lambda duration_s: None,
            repeat=False,
        )
        polling.schedule_at_once()
    started, cpu_started = time.monotonic(), time.process_time()
    await _look_at_all(polling, ingest, on_progress)
    wall_s, cpu_s = time.monotonic() - started, time.process_time() - cpu_started
    await poller.close()
    return _result(counts, polling, wall_s=wall_s, cpu_s=cpu_s)


async def _ingest(devices: Sequence[Device], counts: LiveCounts, *, at: int) -> Ingest:
    """Make an ingest whose store is in memory, and whose commits are counted."""
    store = MemoryStore()
    await store.record(InventoryBatch(devices=devices))
    ingest = Ingest(store, policy=_POLICY, mark=lambda: None, on_write=lambda duration_s: None)
    await ingest.load((device.id, at) for device in devices)
    ingest.on_commit(lambda states, _changes: counts.take(states, at=at))
    return ingest


async def _look_at_all(polling: Polling, ingest: Ingest, on_progress: Callable[[int], None]) -> None:
    """Look, and commit and tell of the progress meanwhile."""
    looking = asyncio.create_task(polling.run())
    while not looking.done():
        await asyncio.wait((looking,), timeout=COMMIT_EVERY_S)
        await ingest.commit()
        on_progress(sum(polling.looks.values()))
    await looking
    await ingest.commit()


def _counts(devices: Sequence[Device], *, at: int) -> LiveCounts:
    tree = RegionTree([Region(_REGION, "", RegionLevel.TOWN)])
    rules = ServiceRules(tree=tree, zone=UTC)
    return LiveCounts(devices, (), rules=rules, book=ExemptionBook(), at=at)


def _device(address: str, at: int) -> Device:
    return Device(
        id=address,
        kind=DeviceKind.CAMERA,
        point_class=PointClass.OTHER,
        region=_REGION,
        lifecycle=Lifecycle(created_at=at),
        endpoint=Endpoint("onvif", address),
    )


def _is_url(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _result(counts: LiveCounts, polling: Polling, *, wall_s: float, cpu_s: float) -> SweepResult:
    tally: Tally = sum((tally for _, tally in counts.cells()), EMPTY)
    looks = sum(polling.looks.values())
    failures = {outcome: count for (_, outcome), count in sorted(polling.looks.items()) if outcome != Outcome.CLEAN}
    return SweepResult(
        devices=tally.in_service,
        online=tally.online,
        offline=tally.offline,
        unknown=tally.unknown,
        failures=failures,
        wall_s=round(wall_s, 3),
        cpu_s=round(cpu_s, 3),
        looks_per_cpu_s=round(looks / cpu_s, 1) if cpu_s else 0.0,
        max_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )
