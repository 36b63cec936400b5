"""The stores without a database: for a single sweep, and as the plainest reading of what the ports promise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from monitor.adapters.db.keys import refuse_unknown
from monitor.adapters.db.numbering import facts_in, numbered, refuse_changed, with_seqs
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.facts import Axis, Correction, Exemption, InventoryChange, StateChange, Withdrawal
from monitor.domain.point import Point
from monitor.domain.region import Region
from monitor.domain.request import Request
from monitor.domain.state import DeviceState
from monitor.domain.target import TargetSet
from monitor.ports import Applied, Batch, CollectorMark, InventoryBatch

Fact = TypeVar("Fact", StateChange, Correction, InventoryChange, Exemption, Withdrawal, TargetSet)


class MemoryStore:
    """`ports.StateStore`, `ports.Inventory` and `ports.Queries` in memory; all is gone with the object."""

    def __init__(self) -> None:
        self._regions: dict[str, Region] = {}
        self._points: dict[str, Point] = {}
        self._devices: dict[str, Device] = {}
        self._records: dict[str, DeviceRecord] = {}
        self._exemptions: list[Exemption] = []
        self._requests: list[Request] = []
        self._withdrawals: list[Withdrawal] = []
        self._revision = 0
        self._written: dict[str, int] = {}
        self._points_written: dict[str, int] = {}
        self._target_sets: list[TargetSet] = []
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

    async def state(self, device_id: str) -> DeviceState | None:
        """Give the state of one device, or None."""
        return self._states.get(device_id)

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

    async def points(self, *, since: int = 0) -> list[Point]:
        """Give all points by id, or those written after a revision."""
        return [self._points[each] for each in sorted(self._points) if self._points_written[each] > since]

    async def revision(self) -> int:
        """Give the number of the newest revision, 0 for an inventory never recorded."""
        return self._revision

    async def devices(self, *, since: int = 0) -> list[Device]:
        """Give all devices, retired ones too, in the order in which they were first recorded."""
        return [device for device in self._devices.values() if self._written[device.id] > since]

    async def device(self, device_id: str) -> tuple[Device, DeviceRecord] | None:
        """Give one device with its record, or None."""
        device = self._devices.get(device_id)
        return (device, self._records.get(device_id, DeviceRecord(device_id))) if device else None

    async def records(self) -> list[DeviceRecord]:
        """Give the record of every device that has one, in the order in which the devices were first recorded."""
        return [self._records[device_id] for device_id in self._devices if device_id in self._records]

    async def exemptions(self, *, upto_seq: int | None = None) -> list[Exemption]:
        """Give of every exemption the version that counts, in seq order, as known at a seq."""
        counting = {each.id: each for each in _upto(self._exemptions, upto_seq) if each.state.counts}
        return sorted(counting.values(), key=lambda exemption: exemption.seq)

    async def exemption_versions(self, *, exemption_id: str | None = None) -> list[Exemption]:
        """Give all versions of one exemption or all, in seq order."""
        return [each for each in self._exemptions if exemption_id in (None, each.id)]

    async def requests(self, *, request_id: str | None = None) -> list[Request]:
        """Give all versions of one request or all, in seq order."""
        return [each for each in self._requests if request_id in (None, each.id)]

    async def target_sets(self, *, upto_seq: int | None = None) -> list[TargetSet]:
        """Give all imported sets of targets, in seq order, as known at a seq."""
        return list(_upto(self._target_sets, upto_seq))

    async def record(self, batch: InventoryBatch) -> tuple[InventoryChange, ...]:
        """Store a batch and give its changes with seq.

        Raises:
            StoreChangedError: nothing was stored; the inventory is newer than the batch's `made_at`.
            ValueError: nothing was stored; a record or correction names a device that is neither recorded nor in the
                batch.
        """
        refuse_changed(batch, revision=self._revision)
        new = {device.id: device for device in batch.devices}
        named = {record.device_id for record in batch.records} | {each.device_id for each in batch.corrections}
        self._refuse_unknown(named - new.keys())
        self._revision += 1
        self._regions.update((region.code, region) for region in batch.regions)
        self._points.update((point.id, point) for point in batch.points)
        self._devices.update(new)
        self._written.update(dict.fromkeys(new, self._revision))
        self._points_written.update((point.id, self._revision) for point in batch.points)
        self._records.update((record.device_id, record) for record in batch.records)
        facts = with_seqs(batch, first=self._seq + 1)
        self._seq += facts_in(batch)
        self._exemptions += facts.exemptions
        self._inventory_changes += facts.changes
        self._requests += facts.requests
        self._corrections += facts.corrections
        self._withdrawals += facts.withdrawals
        self._target_sets += facts.target_sets
        return tuple(facts.changes)

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
        """Give corrections in seq order, of one device or all, as known at a seq; withdrawn ones are marked so."""
        withdrawn = {each.correction for each in _upto(self._withdrawals, upto_seq)}
        found = [one for one in _upto(self._corrections, upto_seq) if device_id in (None, one.device_id)]
        return [replace(one, withdrawn=True) if one.seq in withdrawn else one for one in found]

    async def correction(self, seq: int) -> Correction | None:
        """Give the correction of a seq, marked so where it is withdrawn, or None."""
        return next((each for each in await self.corrections() if each.seq == seq), None)

    async def withdrawals(self, *, upto_seq: int | None = None) -> list[Withdrawal]:
        """Give withdrawals of corrections in seq order, as known at a seq."""
        return list(_upto(self._withdrawals, upto_seq))

    async def inventory_changes(self, *, upto_seq: int | None = None) -> list[InventoryChange]:
        """Give inventory changes in seq order, as known at a seq."""
        return list(_upto(self._inventory_changes, upto_seq))

    def _refuse_unknown(self, device_ids: Iterable[str]) -> None:
        devices = self._devices
        refuse_unknown(list(dict.fromkeys(device_id for device_id in device_ids if device_id not in devices)))


def _upto(facts: Iterable[Fact], seq: int | None) -> Iterable[Fact]:
    return facts if seq is None else (fact for fact in facts if fact.seq <= seq)
