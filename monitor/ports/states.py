"""The states of devices and the facts that made them: kept, read, and filled in late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.domain.facts import Axis, Correction, InventoryChange, StateChange, Withdrawal
from monitor.domain.observation import Observation
from monitor.domain.state import DeviceState


@dataclass(frozen=True, slots=True)
class CollectorMark:
    """What must survive a stop of a collector so that its pauses are known (RULES §2).

    Attributes:
        name: the collector's name in the settings.
        last_look_at: when its last look finished, epoch seconds.
        next_due_at: when its next look was due then, epoch seconds.
    """

    name: str
    last_look_at: int
    next_due_at: int


@dataclass(slots=True)
class Batch:
    """What one write transaction stores: all of it or nothing.

    Attributes:
        states: whole states to upsert, one a device.
        changes: changes to append, in order.
        corrections: corrections to append, in order.
        mark: the collector's mark to upsert, if any.
        writer: who gives it; "" for nobody in particular.
        token: marks this batch among all of its writer's, so that one given again after a lost answer is stored once;
            "" for a batch that is never given again.
    """

    states: Sequence[DeviceState] = ()
    changes: Sequence[StateChange] = ()
    corrections: Sequence[Correction] = ()
    mark: CollectorMark | None = None
    writer: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch became: its changes and corrections with the seq they were given."""

    changes: tuple[StateChange, ...] = ()
    corrections: tuple[Correction, ...] = ()


class StateStore(Protocol):
    """The states of all devices and the facts that made them."""

    async def load_states(self) -> list[DeviceState]:
        """Give the state of every device that has one."""

    async def load_mark(self, name: str) -> CollectorMark | None:
        """Give the mark of a collector, None before its first."""

    async def apply(self, batch: Batch) -> Applied:
        """Store a batch in one transaction: states upserted, facts appended with seq.

        A batch with the token of its writer's last one is stored already: it gets the seqs that it got then.

        Raises:
            StoreBusyError: nothing was stored, or the commit's answer was lost; give the same batch again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

    async def close(self) -> None:
        """Finish and let go of connections."""


class States(Protocol):
    """The state of one device at a time, as stored."""

    async def state(self, device_id: str) -> DeviceState | None:
        """Give the state of a device, or None."""


class FaultDecisions(Protocol):
    """What people decided about faults: entries of the ledger, taken in by whoever keeps the states."""

    async def after(self, seq: int) -> list[InventoryChange]:
        """Give the decisions after a seq, in seq order."""

    async def newest(self) -> int:
        """Give a seq up to which all entries of the ledger are there now, decisions or not; 0 before the first."""

    async def is_taken_in(self, decision: InventoryChange) -> bool:
        """Tell whether the change that a decision makes is stored."""


@dataclass(frozen=True, slots=True)
class LatePast:
    """What late evidence for one device is held against: its changes and corrections in seq order, its late looks."""

    device_id: str
    created_at: int
    changes: Sequence[StateChange]
    corrections: Sequence[Correction]
    looks: Sequence[Observation]


class LateStore(Protocol):
    """Late looks (RULES §4) and the facts around them."""

    async def keep(self, looks: Sequence[Observation], *, received_at: int) -> None:
        """Keep late looks; of one device and instant the first stays.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

    async def past(self, device_ids: Sequence[str]) -> list[LatePast]:
        """Give what is known of devices: connectivity changes, corrections by late evidence, late looks."""

    async def devices(self) -> list[str]:
        """Give the devices that have late looks."""

    async def forget(self, *, before: int) -> None:
        """Drop late looks of instants before one."""


class Queries(Protocol):
    """Reading the facts."""

    async def last_seq(self) -> int:
        """Give the newest seq, 0 before the first fact."""

    async def changes(
        self, *, device_id: str | None = None, axis: Axis | None = None, upto_seq: int | None = None
    ) -> list[StateChange]:
        """Give changes in seq order, of one device or all, as known at a seq."""

    async def corrections(self, *, device_id: str | None = None, upto_seq: int | None = None) -> list[Correction]:
        """Give corrections in seq order, of one device or all, as known at a seq; withdrawn ones are marked so."""

    async def correction(self, seq: int) -> Correction | None:
        """Give the correction of a seq, marked so where it is withdrawn, or None."""

    async def withdrawals(self, *, upto_seq: int | None = None) -> list[Withdrawal]:
        """Give withdrawals of corrections in seq order, as known at a seq."""

    async def inventory_changes(self, *, upto_seq: int | None = None) -> list[InventoryChange]:
        """Give inventory changes in seq order, as known at a seq."""
