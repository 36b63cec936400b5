"""`vidnet import history`: a past from elsewhere, held against what is known and recorded whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.period_facts import SqlReportFacts
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.files.history import HistoryFileError, in_short, read_history
from monitor.domain.facts import Correction
from monitor.domain.past_states import fill
from monitor.domain.timeline import build_timeline
from monitor.ports import InventoryBatch

DEVICES_AT_A_TIME = 2_000
AUTHOR = "import"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: statements read, devices they are about, seconds filled, corrections recorded."""

    statements: int
    devices: int
    corrections: int
    seconds: int


async def import_history(database: Database, path: Path, *, zone: tzinfo, at: int) -> Imported:
    """Record a past from elsewhere.

    Args:
        database: where the facts are.
        path: the file.
        zone: the city's zone.
        at: now.

    Raises:
        HistoryFileError: the file holds mistakes, unknown devices, a future, or contradicts what was measured.
        StoreError: the database cannot be used.
    """
    statements = read_history(path, zone=zone)
    await require_current(database)
    inventory, facts, queries = SqlInventory(database), SqlReportFacts(database), SqlQueries(database)
    known_ids = {device.id for device in await inventory.devices()}
    problems = [
        f"{path}:{each[0].line}: 没有设备 {device_id} · there is no device {device_id}"
        for (device_id, _), each in statements.items()
        if device_id not in known_ids
    ]
    problems += [
        f"{path}:{each.line}: 时间在未来 · lies in the future"
        for found in statements.values()
        for each in found
        if each.at > at
    ]
    if problems:
        raise HistoryFileError(in_short(problems))
    upto = await queries.last_seq()
    of_device: dict[str, list[Correction]] = {}
    for correction in await queries.corrections():
        of_device.setdefault(correction.device_id, []).append(correction)
    ids = sorted({device_id for device_id, _ in statements})
    made: list[Correction] = []
    for first in range(0, len(ids), DEVICES_AT_A_TIME):
        part = set(ids[first : first + DEVICES_AT_A_TIME])
        changes = await facts.changes_of(sorted(part), upto=upto)
        for (device_id, axis), stated in statements.items():
            if device_id in part:
                known = build_timeline(axis, changes[device_id], of_device.get(device_id, ()))
                corrections, wrong = fill(
                    device_id, axis, stated, known, now=at, source=f"import {path.name}", author=AUTHOR
                )
                made += corrections
                problems += [
                    f"{path}:{each.line}: {device_id} 与实测矛盾：{each.stated}，而当时为 {each.known} · "
                    f"contradicts what is known: {each.stated}, but it was {each.known} at {each.at}"
                    for each in wrong
                ]
    if problems:
        raise HistoryFileError(in_short(problems))
    if made:
        await inventory.record(InventoryBatch(corrections=made))
    count = sum(map(len, statements.values()))
    return Imported(count, len(ids), len(made), sum(each.end - each.start for each in made))
