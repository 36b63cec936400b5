"""Regions, points, devices and exemptions as they are now, in the database (`ports.Inventory`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db import schema
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import exemption_of, exemption_row, inventory_change_row
from monitor.adapters.db.inventory_rows import (
    DeviceReader,
    PointReader,
    device_row,
    point_row,
    record_row,
    region_of,
    region_row,
)
from monitor.adapters.db.keys import refuse_unknown
from monitor.adapters.db.reading import rows
from monitor.adapters.db.writing import RowWriter, take
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.facts import Exemption, InventoryChange
from monitor.domain.point import Point
from monitor.domain.region import Region
from monitor.ports import InventoryBatch


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

    async def regions(self) -> list[Region]:
        """Give all regions by code."""
        # Sorted here: what order a database gives texts depends on its locale.
        return sorted((region_of(row) for row in await self._all(select(schema.region))), key=lambda each: each.code)

    async def points(self) -> list[Point]:
        """Give all points by id."""
        reader = PointReader()
        points: list[Point] = []
        async with self._database.read() as connection:
            async for part in rows(connection, select(schema.point)):
                points += [reader.point(row) for row in part]
        return sorted(points, key=lambda each: each.id)

    async def devices(self) -> list[Device]:
        """Give all devices, retired ones too, in the order in which they were first recorded."""
        keys = self._database.keys
        reader = DeviceReader()
        devices: list[Device] = []
        async with self._database.read() as connection:
            async for part in rows(connection, select(schema.device).order_by(schema.device.c.key)):
                for row in part:
                    keys.add(row[1], row[0])
                devices += [reader.device(row, keys.id(row[0])) for row in part]
        return devices

    async def device(self, device_id: str) -> tuple[Device, DeviceRecord] | None:
        """Give one device with its record, or None."""
        record = schema.device_record
        async with self._database.read() as connection:
            row = (await connection.execute(select(schema.device).where(schema.device.c.id == device_id))).first()
            if row is None:
                return None
            texts = (await connection.execute(select(record).where(record.c.device == row[0]))).first()
        return DeviceReader().device(row, device_id), DeviceRecord(device_id, *(texts[1:] if texts else ()))

    async def exemptions(self) -> list[Exemption]:
        """Give the newest version of every exemption, in seq order."""
        table = schema.exemption
        newest = select(func.max(table.c.seq)).group_by(table.c.id)
        return [
            exemption_of(row) for row in await self._all(select(table).where(table.c.seq.in_(newest)).order_by("seq"))
        ]

    async def record(self, batch: InventoryBatch) -> tuple[InventoryChange, ...]:
        """Store a batch in one transaction and give its changes with seq.

        Raises:
            StoreBusyError: nothing was stored; the same batch may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; a record names a device that is neither recorded nor in the batch.
        """
        new_keys, changes = await self._database.write(lambda connection: self._record(connection, batch))
        for device_id, key in new_keys.items():
            self._database.keys.add(device_id, key)
        return changes

    async def _record(
        self, connection: AsyncConnection, batch: InventoryBatch
    ) -> tuple[dict[str, int], tuple[InventoryChange, ...]]:
        keys = self._database.keys
        new_keys = await self._new_keys(connection, batch)

        def key(device_id: str) -> int:
            return new_keys.get(device_id) or keys.key(device_id)

        refuse_unknown([each for each in keys.unknown(one.device_id for one in batch.records) if each not in new_keys])
        await self._regions.write(connection, map(region_row, batch.regions))
        await self._points.write(connection, map(point_row, batch.points))
        await self._devices.write(connection, (device_row(one, key=key(one.id)) for one in batch.devices))
        await self._records.write(connection, (record_row(one, key=key(one.device_id)) for one in batch.records))
        changes = await self._facts(connection, batch)
        return new_keys, changes

    async def _new_keys(self, connection: AsyncConnection, batch: InventoryBatch) -> dict[str, int]:
        """Give the devices that are new a key each.

        Taking keys waits for every other process that is recording devices, so the refresh after it sees all of theirs.
        """
        keys = self._database.keys
        unknown = keys.unknown(one.id for one in batch.devices)
        named = keys.unknown(one.device_id for one in batch.records)
        if not unknown and not named:
            return {}
        first = await take(connection, "device", len(unknown))
        await keys.refresh(connection)
        return {device_id: key for key, device_id in enumerate(unknown, first) if device_id not in keys}

    async def _facts(self, connection: AsyncConnection, batch: InventoryBatch) -> tuple[InventoryChange, ...]:
        """Append versions of exemptions, then inventory changes, with the next seqs."""
        count = len(batch.exemptions) + len(batch.changes)
        if not count:
            return ()
        first = await take(connection, "fact", count)
        first_change = first + len(batch.exemptions)
        changes = tuple(replace(fact, seq=seq) for seq, fact in enumerate(batch.changes, first_change))
        await self._exemptions.write(
            connection, (exemption_row(replace(fact, seq=seq)) for seq, fact in enumerate(batch.exemptions, first))
        )
        await self._changes.write(connection, map(inventory_change_row, changes))
        return changes

    async def _all(self, statement: Select[Any]) -> list[Any]:
        async with self._database.read() as connection:
            return [row async for part in rows(connection, statement) for row in part]
