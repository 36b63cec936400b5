"""Reading a whole period's facts in one go (`ports.ReportFacts`): columns, not objects.

3.5 million changes of a week come as one integer each (`monitor.domain.packed`), made by the database: through a
cursor of the SQLite driver, or as binary COPY from PostgreSQL. numpy puts them in order.

Where the reading begins is told by `fact_mark`, a row an hour that says "every fact up to this seq was committed before
this instant". A fact tells of the past, so none up to the mark can be about a later second; what stood before is the
`old` of a device's first change after it, or its state where it has none.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, insert, literal_column, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db import schema
from monitor.adapters.db.codes import CAUSE_OF, STATES
from monitor.adapters.db.decision_rows import exemption_of, withdrawal_of
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fact_rows import change_of, correction_of, inventory_change_of
from monitor.adapters.db.inventory_rows import DeviceReader, PointReader, region_of
from monitor.adapters.db.reading import rows
from monitor.domain.device import Device
from monitor.domain.facts import ExemptionState, InventoryChange, StateChange
from monitor.domain.history import as_before
from monitor.domain.packed import (
    AT_BITS,
    AT_MASK,
    AXIS_SHIFT,
    BASE_BEFORE_S,
    CAUSE_SHIFT,
    KEY_SHIFT,
    LOW_BITS,
    MAX_KEY,
    OLD_SHIFT,
    STATE_MASK,
    PackedChanges,
)
from monitor.domain.period_facts import PeriodFacts
from monitor.domain.point import PointClass
from monitor.ports import StoreRefusedError

Column = NDArray[np.int64]
MARK_MARGIN_S: Final = 600
"""A mark counts only so long before a period: the clocks of two processes may differ."""

_ROWS_AT_A_TIME: Final = 50_000
_IDS_AT_A_TIME: Final = 500
_COPY_HEADER, _COPY_ROW = 19, 14
"""Bytes of a binary COPY: its header without extensions; a row of one bigint (count, length, value)."""


class SqlReportFacts:
    """`ports.ReportFacts` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self, at: int) -> None:
        """Note that every fact so far was committed before an instant; called about once an hour."""

        async def work(connection: AsyncConnection) -> None:
            newest = select(schema.sequence.c.value).where(schema.sequence.c.name == "fact")
            if (await connection.scalar(select(func.max(schema.fact_mark.c.at))) or 0) < at:
                seq = await connection.scalar(newest) or 0
                await connection.execute(insert(schema.fact_mark).values(at=at, seq=seq))

        await self._database.write(work)

    async def read(self, *, start: int, upto: int | None = None, as_of: int | None = None) -> PeriodFacts:
        """Read all that a period from `start` on needs, as known at a seq (None: now), as of one instant.

        Args:
            start: the period's first second.
            upto: the seq K; None for the newest.
            as_of: devices recorded after this instant are left out; None leaves none out.

        Raises:
            StoreBusyError: it cannot be read now.
            StoreRefusedError: there are more devices than a packed change can name.
        """
        keys = self._database.keys
        async with self._database.read() as connection:
            newest = await connection.scalar(select(schema.sequence.c.value).where(schema.sequence.c.name == "fact"))
            known = (newest or 0) if upto is None else min(upto, newest or 0)
            ledger = [
                inventory_change_of(row)
                async for part in rows(
                    connection, select(schema.inventory_change).order_by(schema.inventory_change.c.seq)
                )
                for row in part
            ]
            before = [change for change in ledger if change.seq <= known]
            later = _by_entity([change for change in ledger if change.seq > known])
            await keys.refresh(connection)
            device_keys, devices = await self._devices(connection, later=later, as_of=as_of)
            if device_keys and device_keys[-1] > MAX_KEY:
                raise StoreRefusedError(f"报表最多支持 {MAX_KEY:,} 台设备 · a report takes at most {MAX_KEY:,} devices")
            size = (device_keys[-1] if device_keys else 0) + 1
            regions = sorted((region_of(row) for row in await _all(connection, select(schema.region))), key=_code)
            reader = PointReader()
            # Only required points of these classes are reported, and what once was of them.
            of_class = schema.point.c.point_class.in_([PointClass.FIRST.value, PointClass.SECOND.value])
            once = schema.point.c.id.in_({change.entity_id for change in ledger if change.entity == "point"})
            statement = select(schema.point).where(of_class | once)
            points = sorted((reader.point(row) for row in await _all(connection, statement)), key=_id)
            return PeriodFacts(
                upto=known,
                regions=[_before(each, later.get(("region", each.code))) for each in regions],
                points=[_before(each, later.get(("point", each.id))) for each in points],
                devices=devices,
                keys=device_keys,
                changes=await self._changes(connection, start=start, known=known, size=size),
                corrections=await self._corrections(connection, known=known),
                exemptions=await self._exemptions(connection, known=known),
                inventory_changes=before,
            )

    async def names(self, device_ids: list[str]) -> dict[str, str]:
        """Give the names of some devices."""
        found: dict[str, str] = {}
        device, record = schema.device, schema.device_record
        async with self._database.read() as connection:
            for first in range(0, len(device_ids), _IDS_AT_A_TIME):
                part = device_ids[first : first + _IDS_AT_A_TIME]
                statement = select(device.c.id, record.c.name).join(record, record.c.device == device.c.key)
                for device_id, name in await _all(connection, statement.where(device.c.id.in_(part))):
                    found[device_id] = name
        return found

    async def changes_of(self, device_ids: list[str], *, upto: int) -> dict[str, list[StateChange]]:
        """Give all changes of some devices in seq order, as known at a seq."""
        table, keys = schema.state_change, self._database.keys
        found: dict[str, list[StateChange]] = {each: [] for each in device_ids}
        async with self._database.read() as connection:
            await keys.refresh(connection)
            wanted = [keys.key(each) for each in device_ids if each in keys]
            for first in range(0, len(wanted), _IDS_AT_A_TIME):
                part = wanted[first : first + _IDS_AT_A_TIME]
                statement = select(table).where(table.c.device.in_(part), table.c.seq <= upto).order_by(table.c.seq)
                for row in await _all(connection, statement):
                    device_id = keys.id(row[1])
                    found[device_id].append(change_of(row, device_id=device_id))
        return found

    async def _devices(
        self, connection: AsyncConnection, *, later: Mapping[tuple[str, str], list[InventoryChange]], as_of: int | None
    ) -> tuple[list[int], list[Device]]:
        """Give the devices without their endpoints, which no figure depends on."""
        table = schema.device
        without = {"protocol", "address", "credential"}
        columns = [null().label(column.name) if column.name in without else column for column in table.columns]
        statement = select(*columns).order_by(table.c.key)
        if as_of is not None:
            statement = statement.where(table.c.created_at <= as_of)
        reader, ids = DeviceReader(), self._database.keys
        keys: list[int] = []
        devices: list[Device] = []
        async for part in _plain_rows(connection, statement):
            keys += [row[0] for row in part]
            devices += [reader.device(row, ids.id(row[0])) for row in part]
        if later:
            devices = [_before(device, later.get(("device", device.id))) for device in devices]
        return keys, devices

    async def _changes(self, connection: AsyncConnection, *, start: int, known: int, size: int) -> PackedChanges:
        mark = schema.fact_mark
        marked = select(func.max(mark.c.seq)).where(mark.c.at <= start - MARK_MARGIN_S)
        first = await connection.scalar(marked) or 0
        first = min(first, known)
        base = max(0, start - BASE_BEFORE_S)
        packed = await self._packed(connection, after=first, upto=known, base=base)
        connectivity, condition = await _current(connection, size)
        seen = [np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)]
        _take_old(packed, (connectivity, condition), seen)
        async for part in self._parts(connection, after=known, upto=None, base=base):
            _take_old(part, (connectivity, condition), seen)
        order = np.argsort(packed >> LOW_BITS, kind="stable")
        ordered = packed[order]
        irregular = _irregular(ordered, order)
        del order
        offsets = np.searchsorted(ordered >> KEY_SHIFT, np.arange(size + 1))
        for key in irregular:
            ordered[offsets[key] : offsets[key + 1]] = packed[packed >> KEY_SHIFT == key]
        del packed
        return PackedChanges(
            base=base,
            values=_array(ordered),
            offsets=_array(offsets.astype(np.int64)),
            irregular=irregular,
            connectivity=connectivity.tobytes(),
            condition=condition.tobytes(),
            causes=CAUSE_OF,
        )

    async def _packed(self, connection: AsyncConnection, *, after: int, upto: int, base: int) -> Column:
        parts = [part async for part in self._parts(connection, after=after, upto=upto, base=base)]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    async def _parts(
        self, connection: AsyncConnection, *, after: int, upto: int | None, base: int
    ) -> AsyncIterator[Column]:
        """Give the packed changes with after < seq ≤ upto in seq order, a part at a time."""
        if upto is not None and upto <= after:
            return
        raw: Any = (await connection.get_raw_connection()).driver_connection
        sql = _packing(base, sqlite=connection.dialect.name == "sqlite", after=after, upto=upto)
        if connection.dialect.name == "sqlite":
            cursor = await raw.execute(sql)
            try:
                while found := await cursor.fetchmany(_ROWS_AT_A_TIME):
                    yield np.fromiter(chain.from_iterable(found), dtype=np.int64, count=len(found))
            finally:
                await cursor.close()
        else:
            sink = _CopySink()
            await raw.copy_from_query(sql, output=sink.write, format="binary")
            yield sink.column()

    async def _corrections(self, connection: AsyncConnection, *, known: int) -> list[Any]:
        withdrawal, correction, keys = schema.withdrawal, schema.correction, self._database.keys
        found = await _all(connection, select(withdrawal).where(withdrawal.c.seq <= known))
        withdrawn = {withdrawal_of(row).correction for row in found}
        corrections = [
            correction_of(row, device_id=keys.id(row[1]))
            async for part in rows(
                connection, select(correction).where(correction.c.seq <= known).order_by(correction.c.seq)
            )
            for row in part
        ]
        return [replace(each, withdrawn=True) if each.seq in withdrawn else each for each in corrections]

    async def _exemptions(self, connection: AsyncConnection, *, known: int) -> list[Any]:
        table = schema.exemption
        counting = [state.value for state in ExemptionState if state.counts]
        newest = select(func.max(table.c.seq)).where(table.c.state.in_(counting), table.c.seq <= known)
        statement = select(table).where(table.c.seq.in_(newest.group_by(table.c.id))).order_by(table.c.seq)
        return [exemption_of(row) for row in await _all(connection, statement)]


class _CopySink:
    """Collects a binary COPY of one bigint a row and gives its values."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    async def write(self, data: bytes) -> None:
        """Take what came."""
        self._parts.append(data)

    def column(self) -> Column:
        """Give the values: the header and the trailer (-1 as a count) cut off."""
        body = b"".join(self._parts)[_COPY_HEADER:-2]
        layout = np.dtype([("fields", ">i2"), ("length", ">i4"), ("value", ">i8")])
        return np.frombuffer(body, dtype=layout)["value"].astype(np.int64)


def _packing(base: int, *, sqlite: bool, after: int, upto: int | None) -> str:
    """Write the statement that packs changes; all its parts are numbers and names of ours."""
    larger = "max" if sqlite else "greatest"
    whole = "{}" if sqlite else "CAST({} AS bigint)"
    terms = [
        f"({whole.format('device')} << {KEY_SHIFT})",
        f"(({larger}(at - {base:d}, 0) & {AT_MASK}) << {LOW_BITS})",
        f"(cause << {CAUSE_SHIFT})",
        f"(axis << {AXIS_SHIFT})",
        f"(old << {OLD_SHIFT})",
        "new",
    ]
    until = "" if upto is None else f" AND seq <= {upto:d}"
    return f"SELECT {' | '.join(terms)} FROM state_change WHERE seq > {after:d}{until} ORDER BY seq"  # noqa: S608


async def _current(connection: AsyncConnection, size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give the present states by key, unknown where a device has none yet."""
    table = schema.device_state
    connectivity, condition = np.zeros(size, dtype=np.uint8), np.zeros(size, dtype=np.uint8)
    statement = select(table.c.device, table.c.connectivity, table.c.condition).where(literal_column("device") < size)
    async for part in rows(connection, statement):
        for key, one, other in part:
            connectivity[key], condition[key] = one, other
    return connectivity, condition


def _take_old(
    packed: Column, states: tuple[NDArray[np.uint8], NDArray[np.uint8]], seen: list[NDArray[np.bool_]]
) -> None:
    """Put the `old` of each device's first change of an axis in place of its present state, once."""
    keys = packed >> KEY_SHIFT
    old = (packed >> OLD_SHIFT & STATE_MASK).astype(np.uint8)
    for axis in (0, 1):
        chosen = (packed >> AXIS_SHIFT & 1 == axis) & (keys < len(states[axis]))
        chosen[chosen] = ~seen[axis][keys[chosen]]
        # From the last to the first: of several values for one key the last that is written stays.
        found = keys[chosen][::-1]
        states[axis][found] = old[chosen][::-1]
        seen[axis][found] = True


def _irregular(ordered: Column, order: NDArray[np.int64]) -> frozenset[int]:
    """Give the keys of devices of which a change, in seq order, is earlier than one before it on its axis.

    Args:
        ordered: the changes by device and instant, equal ones in seq order.
        order: their places in seq order.
    """
    found: set[int] = set()
    for axis in (0, 1):
        chosen = ordered >> AXIS_SHIFT & 1 == axis
        keys, places = ordered[chosen] >> KEY_SHIFT, order[chosen]
        back = (keys[1:] == keys[:-1]) & (places[1:] < places[:-1])
        found.update(keys[1:][back].tolist())
    return frozenset(found)


def _array(values: NDArray[np.int64]) -> array[int]:
    found = array("q")
    found.frombytes(values.data.cast("B"))  # a copy less than by way of bytes
    return found


def _by_entity(changes: list[InventoryChange]) -> dict[tuple[str, str], list[InventoryChange]]:
    found: dict[tuple[str, str], list[InventoryChange]] = {}
    for change in changes:
        found.setdefault((change.entity, change.entity_id), []).append(change)
    return found


def _before(entity: Any, later: list[InventoryChange] | None) -> Any:
    return entity if later is None else as_before(entity, later)


async def _plain_rows(connection: AsyncConnection, statement: Any) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Stream many rows as the driver's own tuples: SQLAlchemy's rows would cost as much again."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    if connection.dialect.name == "sqlite":
        cursor = await raw.execute(str(compiled))
        try:
            while found := await cursor.fetchmany(_ROWS_AT_A_TIME):
                yield list(found)
        finally:
            await cursor.close()
    else:
        async for part in _batches(raw, str(compiled)):
            yield [tuple(row) for row in part]


async def _batches(raw: Any, sql: str) -> AsyncIterator[list[Any]]:
    """Read through a cursor of asyncpg, whose transaction is the one that SQLAlchemy has begun."""
    cursor = await raw.cursor(sql)
    while found := await cursor.fetch(_ROWS_AT_A_TIME):
        yield found


async def _all(connection: AsyncConnection, statement: Any) -> list[Any]:
    return [row async for part in rows(connection, statement) for row in part]


def _code(region: Any) -> str:
    return str(region.code)


def _id(point: Any) -> str:
    return str(point.id)


if STATES["faulty"] > STATE_MASK or max(CAUSE_OF) > 31 or AT_BITS + LOW_BITS != KEY_SHIFT:
    raise ValueError("a packed change has no room for these codes")
