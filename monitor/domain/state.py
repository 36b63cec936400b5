"""The state of a device: connectivity and condition, two axes, each with its since (RULES §2, §3)."""

from __future__ import annotations

from enum import StrEnum

from monitor.domain.values import dataclass


class Connectivity(StrEnum):
    """Whether a device can be reached; unknown is neither online nor offline."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Condition(StrEnum):
    """Whether a device is in order; an intact second is online and intact."""

    INTACT = "intact"
    FAULTY = "faulty"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why a state changed."""

    NOT_LOOKED_AT = "not_looked_at"
    ANSWERED = "answered"
    ASLEEP = "asleep"
    SILENT = "silent"
    STALE = "stale"
    COLLECTOR_PAUSE = "collector_pause"
    PARENT_DOWN = "parent_down"
    PARENT_BACK = "parent_back"
    OWN_PATH_DOWN = "own_path_down"
    LATE_EVIDENCE = "late_evidence"
    FAULT = "fault"
    NO_FAULT = "no_fault"
    EVIDENCE_OLD = "evidence_old"
    DECISION = "decision"
    OWN_OUTAGE = "own_outage"


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """A fault that a device shows: since `first_at`, in `count` looks, confirmed or not yet."""

    code: str
    first_at: int
    count: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class DeviceState:
    """All that is remembered of a device between two looks.

    Attributes:
        device_id: the device.
        connectivity: online, offline or unknown, with its since and cause.
        condition: intact, faulty or unknown, with its since and cause.
        last_evidence_at: `at` of the newest look that was evidence; None before the first.
        interval_s: interval in force at that look; with it the deadline of staleness is known.
        answered_at: `at` of the newest look that the device answered; also the age of its health evidence.
        silent_at: the silent looks of an unconfirmed streak, oldest first; empty for none.
        identity_at: when the device itself (not just some host at its address) last answered.
        realm: the authentication realm known to be the device's own.
        last_online_until: exclusive end of the newest online second; None while online or if never online.
        age_stopped_at: the look that confirmed the device (or its parent) offline; evidence does not age from it on.
        parent_down: the device is judged through a dead parent, so its silence means nothing.
        faults: faults shown and not cleared, confirmed or not.
        evidence: newest instants of the kinds of evidence beside health, as (kind, at) pairs.
        clock_offset: its clock minus ours, tenths of a second, when last read; None while it never was.
    """

    device_id: str
    connectivity: Connectivity
    connectivity_since: int
    connectivity_cause: Cause
    condition: Condition
    condition_since: int
    condition_cause: Cause
    last_evidence_at: int | None = None
    interval_s: int = 0
    answered_at: int | None = None
    silent_at: tuple[int, ...] = ()
    identity_at: int | None = None
    realm: str = ""
    last_online_until: int | None = None
    age_stopped_at: int | None = None
    parent_down: bool = False
    faults: tuple[FaultRecord, ...] = ()
    evidence: tuple[tuple[str, int], ...] = ()
    clock_offset: int | None = None

    @property
    def never_seen(self) -> bool:
        """Whether the device has never answered: a mark, not a state."""
        return self.answered_at is None


def initial_state(device_id: str, *, created_at: int) -> DeviceState:
    """Give the state in which a device starts when its record is created: unknown, not looked at."""
    return DeviceState(
        device_id=device_id,
        connectivity=Connectivity.UNKNOWN,
        connectivity_since=created_at,
        connectivity_cause=Cause.NOT_LOOKED_AT,
        condition=Condition.UNKNOWN,
        condition_since=created_at,
        condition_cause=Cause.NOT_LOOKED_AT,
    )
