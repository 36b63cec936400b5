"""Regions, points, devices and exemptions as they are now, in the database (`ports.Inventory`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db import schema
from monitor.adapters.db.decision_rows import (
    exemption_of,
    exemption_row,
    request_of,
    request_row,
    target_set_of,
    target_set_row,
    withdrawal_row,
)
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import correction_row, inventory_change_row
from monitor.adapters.db.inventory_rows import (
    DeviceReader,
    PointReader,
    RecordReader,
    device_row,
    point_row,
    record_row,
    region_of,
    region_row,
)
from monitor.adapters.db.keys import refuse_unknown
from monitor.adapters.db.numbering import facts_in, refuse_changed, with_seqs
from monitor.adapters.db.reading import rows
from monitor.adapters.db.writing import RowWriter, take
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.facts import Exemption, ExemptionState, InventoryChange
from monitor.domain.point import Point
from monitor.domain.region import Region
from monitor.domain.request import Request
from monitor.domain.target import TargetSet
from monitor.ports import InventoryBatch

_COUNTING = [state.value for state in ExemptionState if state.counts]


def device_in(connection: Connection, device_id: str) -> tuple[Device, DeviceRecord] | None:
    """Give one device with its record, or None."""
    record = schema.device_record
    row = connection.execute(select(schema.device).where(schema.device.c.id == device_id)).first()
    if row is None:
        return None
    texts = connection.execute(select(record).where(record.c.device == row[0])).first()
    found = RecordReader().record(texts, device_id) if texts else DeviceRecord(device_id)
    return DeviceReader().device(tuple(row), device_id), found


class SqlInventory:
    """`ports.Inventory` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        engine = database.engine
        self._regions = RowWriter(schema.region, engine, key="code")
        self._points = RowWriter(schema.point, engine, key="id")
        self._devices = RowWriter(schema.device, engine, key="id", keep=("key",))
        self._records = RowWriter(schema.device_record, engine, key="device")
        self._exemptions = RowWriter(schema.exemption, engine)
        self._changes = RowWriter(schema.inventory_change, engine)
        self._requests = RowWriter(schema.request, engine)
        self._corrections = RowWriter(schema.correction, engine)
        self._withdrawals = RowWriter(schema.withdrawal, engine)
        self._target_sets = RowWriter(schema.target_set, engine)

    async def regions(self) -> list[Region]:
        """Give all regions by code."""
        # Sorted here: what order a database gives texts depends on its locale.
        return sorted((region_of(row) for row in await self._all(select(schema.region))), key=lambda each: each.code)

    async def points(self, *, since: int = 0) -> list[Point]:
        """Give all points by id, or those written after a revision."""
        reader = PointReader()
        points: list[Point] = []
        statement = select(schema.point)
        if since:
            statement = statement.where(schema.point.c.revision > since)
        async with self._database.read() as connection:
            async for part in rows(connection, statement):
                points += [reader.point(row) for row in part]
        return sorted(points, key=lambda each: each.id)

    async def revision(self) -> int:
        """Give the number of the newest revision, 0 for an inventory never recorded."""
        statement = select(schema.sequence.c.value).where(schema.sequence.c.name == "inventory")
        return await self._database.look_up(lambda connection: connection.scalar(statement) or 0)

    async def devices(self, *, since: int = 0) -> list[Device]:
        """Give all devices, retired ones too, in the order in which they were first recorded.

        With `since` only those written after that revision.
        """
        keys = self._database.keys
        reader = DeviceReader()
        statement = select(schema.device).order_by(schema.device.c.key)
        if since:
            statement = statement.where(schema.device.c.revision > since)
        devices: list[Device] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            async for part in rows(connection, statement):
                for row in part:
                    keys.add(row[1], row[0])
                devices += [reader.device(row, keys.id(row[0])) for row in part]
        return devices

    async def device(self, device_id: str) -> tuple[Device, DeviceRecord] | None:
        """Give one device with its record, or None."""
        return await self._database.look_up(lambda connection: device_in(connection, device_id))

    async def records(self) -> list[DeviceRecord]:
        """Give the record of every device that has one, in the order in which the devices were first recorded."""
        keys = self._database.keys
        reader = RecordReader()
        table = schema.device_record
        records: list[DeviceRecord] = []
        async with self._database.read() as connection:
            await keys.refresh(connection)
            async for part in rows(connection, select(table).order_by(table.c.device)):
                records += [reader.record(row, keys.id(row[0])) for row in part]
        return records

    async def exemptions(self, *, upto_seq: int | None = None) -> list[Exemption]:
        """Give of every exemption the version that counts, in seq order, as known at a seq."""
        table = schema.exemption
        newest = select(func.max(table.c.seq)).where(table.c.state.in_(_COUNTING)).group_by(table.c.id)
        if upto_seq is not None:
            newest = newest.where(table.c.seq <= upto_seq)
        statement = select(table).where(table.c.seq.in_(newest)).order_by(table.c.seq)
        return [exemption_of(row) for row in await self._all(statement)]

    async def exemption_versions(self, *, exemption_id: str | None = None) -> list[Exemption]:
        """Give all versions of one exemption or all, in seq order."""
        table = schema.exemption
        statement = select(table).order_by(table.c.seq)
        if exemption_id is not None:
            statement = statement.where(table.c.id == exemption_id)
        return [exemption_of(row) for row in await self._all(statement)]

    async def requests(self, *, request_id: str | None = None) -> list[Request]:
        """Give all versions of one request or all, in seq order."""
        table = schema.request
        statement = select(table).order_by(table.c.seq)
        if request_id is not None:
            statement = statement.where(table.c.id == request_id)
        return [request_of(row) for row in await self._all(statement)]

    async def target_sets(self, *, upto_seq: int | None = None) -> list[TargetSet]:
        """Give all imported sets of targets, in seq order, as known at a seq."""
        table = schema.target_set
        statement = select(table).order_by(table.c.seq)
        if upto_seq is not None:
            statement = statement.where(table.c.seq <= upto_seq)
        return [target_set_of(row) for row in await self._all(statement)]

    async def record(self, batch: InventoryBatch) -> tuple[InventoryChange, ...]:
        """Store a batch in one transaction and give its changes with seq.

        Raises:
            StoreBusyError: nothing was stored; the same batch may be given again.
            StoreChangedError: nothing was stored; the inventory is newer than the batch's `made_at`.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; a record or correction names a device that is neither recorded nor in the
                batch, or a correction's state is none.
        """
        new_keys, changes = await self._database.write(lambda connection: self._record(connection, batch))
        for device_id, key in new_keys.items():
            self._database.keys.add(device_id, key)
        return changes

    async def _record(
        self, connection: AsyncConnection, batch: InventoryBatch
    ) -> tuple[dict[str, int], tuple[InventoryChange, ...]]:
        keys = self._database.keys
        revision = await take(connection, "inventory", 1)
        refuse_changed(batch, revision=revision - 1)
        new_keys = await self._new_keys(connection, batch)

        def key(device_id: str) -> int:
            return new_keys.get(device_id) or keys.key(device_id)

        refuse_unknown([each for each in keys.unknown(_named(batch)) if each not in new_keys])
        await self._regions.write(connection, map(region_row, batch.regions))
        await self._points.write(connection, (point_row(one, revision=revision) for one in batch.points))
        device_rows = (device_row(one, key=key(one.id), revision=revision) for one in batch.devices)
        await self._devices.write(connection, device_rows)
        await self._records.write(connection, (record_row(one, key=key(one.device_id)) for one in batch.records))
        facts = await self._facts(connection, batch)
        correction_rows = (correction_row(one, key=key(one.device_id)) for one in facts.corrections)
        await self._corrections.write(connection, correction_rows)
        return new_keys, tuple(facts.changes)

    async def _new_keys(self, connection: AsyncConnection, batch: InventoryBatch) -> dict[str, int]:
        """Give the devices that are new a key each.

        Taking keys waits for every other process that is recording devices, so the refresh after it sees all of theirs.
        """
        keys = self._database.keys
        unknown = keys.unknown(one.id for one in batch.devices)
        named = keys.unknown(_named(batch))
        if not unknown and not named:
            return {}
        first = await take(connection, "device", len(unknown))
        await keys.refresh(connection)
        return {device_id: key for key, device_id in enumerate(unknown, first) if device_id not in keys}

    async def _facts(self, connection: AsyncConnection, batch: InventoryBatch) -> InventoryBatch:
        """Give the facts their seqs and append them, but for the corrections, whose rows need a device's key."""
        count = facts_in(batch)
        if not count:
            return batch
        batch = with_seqs(batch, first=await take(connection, "fact", count))
        await self._exemptions.write(connection, map(exemption_row, batch.exemptions))
        await self._changes.write(connection, map(inventory_change_row, batch.changes))
        await self._requests.write(connection, map(request_row, batch.requests))
        await self._withdrawals.write(connection, map(withdrawal_row, batch.withdrawals))
        await self._target_sets.write(connection, map(target_set_row, batch.target_sets))
        return batch

    async def _all(self, statement: Select[Any]) -> list[Any]:
        async with self._database.read() as connection:
            return [row async for part in rows(connection, statement) for row in part]


def _named(batch: InventoryBatch) -> Iterator[str]:
    """Give the devices that the batch takes as recorded."""
    yield from (one.device_id for one in batch.records)
    yield from (one.device_id for one in batch.corrections)
