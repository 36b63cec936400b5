"""The facts: append-only, each with seq, at, cause and author (RULES §4).

They are the one source of history, notifications and compliance; a `seq` of 0 means not stored yet.
"""

from __future__ import annotations

from enum import StrEnum

from monitor.domain.state import Cause, DeviceState
from monitor.domain.values import dataclass


class Axis(StrEnum):
    """Which of a device's two states a fact is about."""

    CONNECTIVITY = "connectivity"
    CONDITION = "condition"


class Party(StrEnum):
    """Who is responsible for a cause; undecided until a person says."""

    CITY = "city"
    COUNTY = "county"
    CARRIER = "carrier"
    POWER = "power"
    OWNER_UNIT = "owner_unit"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class StateChange:
    """From `at` on a device's axis stands at `new`; whatever stood later is replaced.

    Attributes:
        looks: the looks that confirmed it, by their `at`.
        fault: the fault's code where the cause is a fault.
        kept: the whole state before a change to unknown, so that late evidence stays computable (RULES §4).
    """

    device_id: str
    axis: Axis
    old: str
    new: str
    at: int
    cause: Cause
    looks: tuple[int, ...] = ()
    fault: str = ""
    kept: DeviceState | None = None
    author: str = ""
    seq: int = 0


Step = tuple[DeviceState, tuple[StateChange, ...]]
"""What a rule makes of a state: the new state, and the changes that led there."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What was learnt or decided later: over [start, end) the axis stood at `state`.

    `by_person` marks a person's decision, which no automatic correction overrides; `withdrawn` one that no
    longer holds.
    """

    device_id: str
    axis: Axis
    start: int
    end: int
    state: str
    cause: Cause
    by_person: bool = False
    withdrawn: bool = False
    author: str = ""
    reason: str = ""
    party: Party = Party.UNDECIDED
    document: str = ""
    approved_by: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A correction, named by its seq, no longer holds; known from this fact's own seq on.

    `at` is when it was withdrawn.
    """

    correction: int
    at: int
    author: str
    approved_by: str
    reason: str
    document: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class InventoryChange:
    """From `at` on a field of a region, point or device has another value: an entry of the denominator's ledger.

    `field` is "" and `old` or `new` is "" where the whole entity appears or disappears. Values are the texts of the
    inventory's own form.

    Attributes:
        recorded_at: when it was written down; later than `at` where it was back-dated.
        document: the number of the document behind it.
        request: the id of the request whose approval made it, "" where none was needed.
    """

    entity: str
    entity_id: str
    field: str
    old: str
    new: str
    at: int
    author: str = ""
    reason: str = ""
    approved_by: str = ""
    recorded_at: int = 0
    document: str = ""
    request: str = ""
    seq: int = 0


class ExemptionScope(StrEnum):
    """What an exemption covers."""

    DEVICE = "device"
    POINT = "point"
    REGION = "region"
    PATH = "path"


class ExemptionState(StrEnum):
    """Where a version of an exemption stands: a county drafts and submits, the city approves or refuses."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"

    @property
    def counts(self) -> bool:
        """Whether a version in this state decides which seconds are exempt; an ended one until its (earlier) end."""
        return self in (ExemptionState.APPROVED, ExemptionState.ENDED)


@dataclass(frozen=True, slots=True)
class Exemption:
    """One version of an exemption 报备: [start, end) in which a device, point, region or all behind a path is exempt.

    Versions are never overwritten. What counts is the newest version that is approved or ended: while a change to an
    approved exemption waits for its decision, or was refused, the approved one still holds.

    Attributes:
        reason: a code of `ExemptionReason`.
        approver: who approved or refused it.
        document: the number of the document behind it.
        planned: whether it is planned work, submitted ahead, and not a failure.
        party: who is responsible for what made it necessary.
        attachment: the sha256 of an attached file, in hexadecimal; the file itself is not kept.
        proposer: who submitted it; never its approver.
        author: who made this version.
        note: what the author says of this version (why refused, why ended).
        at: when this version was recorded.
    """

    id: str
    scope: ExemptionScope
    scope_id: str
    start: int
    end: int
    reason: str
    approver: str
    document: str = ""
    state: ExemptionState = ExemptionState.APPROVED
    planned: bool = False
    party: Party = Party.UNDECIDED
    attachment: str = ""
    proposer: str = ""
    author: str = ""
    note: str = ""
    at: int = 0
    seq: int = 0
