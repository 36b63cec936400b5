"""The stores without a database: for a single sweep, and as the plainest reading of what the ports promise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from monitor.adapters.db.keys import refuse_unknown
from monitor.adapters.db.numbering import numbered
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.facts import Axis, Correction, Exemption, InventoryChange, StateChange
from monitor.domain.point import Point
from monitor.domain.region import Region
from monitor.domain.state import DeviceState
from monitor.ports import Applied, Batch, CollectorMark, InventoryBatch

Fact = TypeVar("Fact", StateChange, Correction, InventoryChange, Exemption)


class MemoryStore:
    """`ports.StateStore`, `ports.Inventory` and `ports.Queries` in memory; all is gone with the object."""

    def __init__(self) -> None:
        self._regions: dict[str, Region] = {}
        self._points: dict[str, Point] = {}
        self._devices: dict[str, Device] = {}
        self._records: dict[str, DeviceRecord] = {}
        self._exemptions: dict[str, Exemption] = {}
        self._states: dict[str, DeviceState] = {}
        self._marks: dict[str, CollectorMark] = {}
        self._last: dict[str, tuple[str, Applied]] = {}
        self._changes: list[StateChange] = []
        self._corrections: list[Correction] = []
        self._inventory_changes: list[InventoryChange] = []
        self._seq = 0

    async def load_states(self) -> list[DeviceState]:
        """Give the state of every device that has one."""
        return list(self._states.values())

    async def load_mark(self, name: str) -> CollectorMark | None:
        """Give the mark of a collector, None before its first."""
        return self._marks.get(name)

    async def apply(self, batch: Batch) -> Applied:
        """Store a batch: states upserted, facts appended with seq; one given again is known by its token.

        Raises:
            ValueError: nothing was stored; the batch names a device that is not recorded.
        """
        token, applied = self._last.get(batch.writer, ("", Applied()))
        if batch.token and batch.token == token:
            return applied
        self._refuse_unknown(state.device_id for state in batch.states)
        self._refuse_unknown(change.device_id for change in batch.changes)
        self._refuse_unknown(correction.device_id for correction in batch.corrections)
        applied = numbered(batch, first=self._seq + 1)
        self._seq += len(applied.changes) + len(applied.corrections)
        self._changes += applied.changes
        self._corrections += applied.corrections
        self._states.update((state.device_id, state) for state in batch.states)
        if batch.mark:
            self._marks[batch.mark.name] = batch.mark
        if batch.token:
            self._last[batch.writer] = (batch.token, applied)
        return applied

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    async def regions(self) -> list[Region]:
        """Give all regions by code."""
        return [self._regions[code] for code in sorted(self._regions)]

    async def points(self) -> list[Point]:
        """Give all points by id."""
        return [self._points[point_id] for point_id in sorted(self._points)]

    async def devices(self) -> list[Device]:
        """Give all devices, retired ones too, in the order in which they were first recorded."""
        return list(self._devices.values())

    async def device(self, device_id: str) -> tuple[Device, DeviceRecord] | None:
        """Give one device with its record, or None."""
        device = self._devices.get(device_id)
        return (device, self._records.get(device_id, DeviceRecord(device_id))) if device else None

    async def exemptions(self) -> list[Exemption]:
        """Give the newest version of every exemption, in seq order."""
        return sorted(self._exemptions.values(), key=lambda exemption: exemption.seq)

    async def record(self, batch: InventoryBatch) -> tuple[InventoryChange, ...]:
        """Store a batch and give its changes with seq.

        Raises:
            ValueError: nothing was stored; a record names a device that is neither recorded nor in the batch.
        """
        new = {device.id: device for device in batch.devices}
        self._refuse_unknown(record.device_id for record in batch.records if record.device_id not in new)
        self._regions.update((region.code, region) for region in batch.regions)
        self._points.update((point.id, point) for point in batch.points)
        self._devices.update(new)
        self._records.update((record.device_id, record) for record in batch.records)
        self._exemptions.update((exemption.id, exemption) for exemption in self._numbered(batch.exemptions))
        changes = self._numbered(batch.changes)
        self._inventory_changes += changes
        return changes

    async def last_seq(self) -> int:
        """Give the newest seq, 0 before the first fact."""
        return self._seq

    async def changes(
        self, *, device_id: str | None = None, axis: Axis | None = None, upto_seq: int | None = None
    ) -> list[StateChange]:
        """Give changes in seq order, of one device or all, as known at a seq."""
        return [
            change
            for change in _upto(self._changes, upto_seq)
            if device_id in (None, change.device_id) and axis in (None, change.axis)
        ]

    async def corrections(self, *, device_id: str | None = None, upto_seq: int | None = None) -> list[Correction]:
        """Give corrections in seq order, of one device or all, as known at a seq."""
        return [one for one in _upto(self._corrections, upto_seq) if device_id in (None, one.device_id)]

    async def inventory_changes(self, *, upto_seq: int | None = None) -> list[InventoryChange]:
        """Give inventory changes in seq order, as known at a seq."""
        return list(_upto(self._inventory_changes, upto_seq))

    def _numbered(self, facts: Iterable[Fact]) -> tuple[Fact, ...]:
        numbered = tuple(replace(fact, seq=seq) for seq, fact in enumerate(facts, self._seq + 1))
        self._seq += len(numbered)
        return numbered

    def _refuse_unknown(self, device_ids: Iterable[str]) -> None:
        devices = self._devices
        refuse_unknown(list(dict.fromkeys(device_id for device_id in device_ids if device_id not in devices)))


def _upto(facts: Iterable[Fact], seq: int | None) -> Iterable[Fact]:
    return facts if seq is None else (fact for fact in facts if fact.seq <= seq)
