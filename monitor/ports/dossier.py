"""Everything that is stored about one device, read at once for whoever looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.domain.deep import DeepSummary, Known
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.facts import Correction, StateChange
from monitor.domain.login import LoginRecord
from monitor.domain.picture_look import PictureMemory
from monitor.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class Dossier:
    """One device as of one instant.

    Attributes:
        device: itself.
        record: what the archive says of it.
        changes: its last changes, oldest first.
        corrections: its last corrections, oldest first; withdrawn ones are marked so.
        looks: its last deep looks, newest first.
        known: what it said of itself.
        login: what is remembered of logging in to it, None for nothing.
        pictures: what is remembered of its pictures.
        orders: its work orders that are open or were lately, newest first.
    """

    device: Device
    record: DeviceRecord
    changes: Sequence[StateChange]
    corrections: Sequence[Correction]
    looks: Sequence[DeepSummary]
    known: Known
    login: LoginRecord | None
    pictures: PictureMemory
    orders: Sequence[WorkOrder]


class Dossiers(Protocol):
    """Dossiers of devices."""

    async def dossier(self, device_id: str, *, most_facts: int, orders_since: int) -> Dossier | None:
        """Give the dossier of a device, or None where there is no such device.

        Args:
            device_id: of the device.
            most_facts: how many changes, and how many corrections, at most.
            orders_since: work orders that were open then or later.
        """
