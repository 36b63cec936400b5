"""Requests: what moves a denominator, corrects an interval or decides a fault, at approval (RULES §3, §4, §5).

A request is kept as versions, each a fact with a seq, the newest of an id holding; approval writes the inventory
changes, the correction or the withdrawal that it asked for, in the same transaction.
"""

from __future__ import annotations

from enum import StrEnum

from monitor.domain.facts import Correction
from monitor.domain.values import dataclass


class RequestKind(StrEnum):
    """What is asked for."""

    RETIRE = "retire"
    SUSPEND = "suspend"
    RETURN = "return"
    RECLASSIFY = "reclassify"
    MOVE = "move"
    BACK_DATE = "back_date"
    HOURS = "hours"
    PARENTS = "parents"
    POINT = "point"
    REGION = "region"
    CLEAR_FAULT = "clear_fault"
    CONFIRM_FAULT = "confirm_fault"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


FAULT_FIELD = "fault"
"""The field of a device's ledger entry by which a person clears (old: its code) or confirms (new: its code) a fault."""


class RequestState(StrEnum):
    """Where a request stands; only a submitted one can be decided."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


AT_EFFECT = "@"
"""As a new value: the instant from which the request holds, known only at approval."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field asked to change, in the text form of `monitor.domain.history`; `new` may be `AT_EFFECT`.

    `old` is what stood when it was asked; where something else stands at approval, the request is stale.
    """

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Request:
    """One version of a request.

    Attributes:
        entity: "device", "point", "region" or "correction".
        entity_id: its id or code; for a withdrawal the seq of the correction.
        changes: the fields to change.
        effective_at: from when they hold, epoch seconds; None for the instant of approval.
        correction: the correction asked for, its author, approver and seq not set yet.
        reason: why.
        document: the number of the document behind it.
        attachment: the sha256 of an attached file, in hexadecimal.
        proposer: who asked; never the approver.
        approver: who decided, "" while nobody has.
        author: who made this version.
        note: what the author says of this version (why refused).
        at: when this version was recorded.
    """

    id: str
    kind: RequestKind
    entity: str
    entity_id: str
    reason: str
    proposer: str
    changes: tuple[FieldChange, ...] = ()
    effective_at: int | None = None
    correction: Correction | None = None
    document: str = ""
    attachment: str = ""
    state: RequestState = RequestState.SUBMITTED
    approver: str = ""
    author: str = ""
    note: str = ""
    at: int = 0
    seq: int = 0
