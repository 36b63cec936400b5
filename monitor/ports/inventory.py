"""Regions, points, devices, exemptions and requests as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.domain.archive import ArchiveCount, Requirements
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.facts import Correction, Exemption, InventoryChange, Withdrawal
from monitor.domain.point import Point
from monitor.domain.region import Region
from monitor.domain.request import Request
from monitor.domain.target import TargetSet


@dataclass(slots=True)
class InventoryBatch:
    """Entities to upsert together with the facts that say who changed what; one transaction.

    Facts get their seqs in the order of the fields: versions of exemptions, inventory changes, versions of requests,
    corrections, withdrawals, sets of targets.

    Attributes:
        made_at: the revision of the inventory that the batch was decided on; the store refuses it where there is a
            newer one. None for a batch that does not depend on what is stored.
    """

    regions: Sequence[Region] = ()
    points: Sequence[Point] = ()
    devices: Sequence[Device] = ()
    records: Sequence[DeviceRecord] = ()
    exemptions: Sequence[Exemption] = ()
    changes: Sequence[InventoryChange] = field(default_factory=tuple)
    requests: Sequence[Request] = ()
    corrections: Sequence[Correction] = ()
    withdrawals: Sequence[Withdrawal] = ()
    target_sets: Sequence[TargetSet] = ()
    made_at: int | None = None


class ArchiveCounts(Protocol):
    """How complete the records are, counted where they are kept."""

    async def archive_counts(self, requirements: Requirements) -> list[ArchiveCount]:
        """Count the records of devices that are not retired, by region and class."""


class Inventory(Protocol):
    """Regions, points, devices, exemptions and requests as they are now.

    Every batch recorded makes a new revision of the inventory; `since` asks for what was written after one.
    """

    async def revision(self) -> int:
        """Give the number of the newest revision, 0 for an inventory never recorded."""

    async def regions(self) -> list[Region]:
        """Give all regions."""

    async def points(self, *, since: int = 0) -> list[Point]:
        """Give all points, or those written after a revision."""

    async def devices(self, *, since: int = 0) -> list[Device]:
        """Give all devices, retired ones too, or those written after a revision."""

    async def device(self, device_id: str) -> tuple[Device, DeviceRecord] | None:
        """Give one device with its record, or None."""

    async def records(self) -> list[DeviceRecord]:
        """Give the record of every device that has one, in the order in which the devices were first recorded."""

    async def exemptions(self, *, upto_seq: int | None = None) -> list[Exemption]:
        """Give of every exemption the version that counts: the newest that is approved or ended, as known at a seq."""

    async def exemption_versions(self, *, exemption_id: str | None = None) -> list[Exemption]:
        """Give all versions of one exemption or all, in seq order: drafts, pending and refused ones too."""

    async def requests(self, *, request_id: str | None = None) -> list[Request]:
        """Give all versions of one request or all, in seq order; the newest of an id holds."""

    async def target_sets(self, *, upto_seq: int | None = None) -> list[TargetSet]:
        """Give all imported sets of targets, in seq order, as known at a seq; the newest holds."""

    async def record(self, batch: InventoryBatch) -> tuple[InventoryChange, ...]:
        """Store a batch in one transaction and give its changes with seq.

        Raises:
            StoreBusyError: nothing was stored; the same batch may be given again.
            StoreChangedError: nothing was stored; the inventory is newer than the batch's `made_at`.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the batch names a device that is not recorded.
        """


class Directory(Protocol):
    """Names of devices and points, for those few that are shown, and who bears a name."""

    async def records_of(self, device_ids: Sequence[str]) -> dict[str, DeviceRecord]:
        """Give the records of some devices, by id."""

    async def devices_like(self, text: str, *, limit: int) -> list[str]:
        """Give the ids of devices whose id, name or address holds a text."""

    async def points_of(self, point_ids: Sequence[str]) -> dict[str, Point]:
        """Give some points, by id."""

    async def points_like(self, text: str, *, limit: int) -> list[str]:
        """Give the ids of points whose id or name holds a text."""
