"""Objections 异议: what a county holds against a draft, and how the city decides it; versions, never overwritten."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from monitor.domain.author import same_author
from monitor.domain.exempting import NotAllowedError
from monitor.domain.facts import Axis, Correction, Party
from monitor.domain.past_states import STATES_OF
from monitor.domain.state import Cause
from monitor.domain.values import dataclass


class ObjectionState(StrEnum):
    """Where an objection stands; only a submitted one can be decided."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Objection:
    """One version of an objection.

    Attributes:
        id: such as O2026-00001.
        period: the name of the period of the draft.
        device_id: the device.
        axis: connectivity or condition.
        start: first second that the draft has wrong.
        end: the second after its last.
        claimed: what the axis really stood at.
        reason: why.
        document: the number of the document behind it.
        proposer: who objects; never who decides.
        state: submitted, accepted or refused.
        approver: who decided, "" while nobody has.
        author: who made this version.
        note: the reason of the decision.
        party: who is responsible for what really was.
        at: when this version was recorded.
    """

    id: str
    period: str
    device_id: str
    axis: Axis
    start: int
    end: int
    claimed: str
    reason: str
    document: str
    proposer: str
    state: ObjectionState = ObjectionState.SUBMITTED
    approver: str = ""
    author: str = ""
    note: str = ""
    party: Party = Party.UNDECIDED
    at: int = 0
    seq: int = 0


def submit(terms: Objection, *, start: int, end: int, until: int, at: int) -> Objection:
    """Give an objection as it is taken in.

    Args:
        terms: what is objected to.
        start: the period's first second.
        end: the second after its last.
        until: when the time for objections ends.
        at: now.

    Raises:
        NotAllowedError: every reason why it may not be made.
    """
    problems = []
    if at >= until:
        problems.append("异议期已过 · the time for objections is over")
    if not terms.start < terms.end:
        problems.append("结束须晚于开始 · it must end after it begins")
    elif terms.end <= start or terms.start >= end:
        problems.append(f"时段不在考核期内 · the interval lies outside of {terms.period}")
    if terms.claimed not in STATES_OF[terms.axis]:
        problems.append(f"主张应为 · the claim must be one of {', '.join(STATES_OF[terms.axis])}")
    problems += [
        f"缺少{zh} · {en} is missing"
        for zh, en, value in (("理由", "the reason", terms.reason), ("文号", "the document number", terms.document))
        if not value.strip()
    ]
    if problems:
        raise NotAllowedError(problems)
    return replace(
        terms,
        start=max(start, terms.start),
        end=min(end, terms.end),
        state=ObjectionState.SUBMITTED,
        author=terms.proposer,
        at=at,
    )


def decide(
    objection: Objection, *, accept: bool, approver: str, note: str, at: int
) -> tuple[Objection, Correction | None]:
    """Give the decided version, and the correction that an acceptance writes.

    Raises:
        NotAllowedError: every reason why it may not be decided so.
    """
    problems = []
    if objection.state is not ObjectionState.SUBMITTED:
        problems.append(f"{objection.id} 已处理 · {objection.id} was decided already")
    if same_author(objection.proposer, approver):
        problems.append(f"{objection.id}: 提出人不能处理 · whoever objected cannot decide")
    if not note.strip():
        problems.append("缺少处理理由 · the reason of the decision is missing")
    if problems:
        raise NotAllowedError(problems)
    state = ObjectionState.ACCEPTED if accept else ObjectionState.REFUSED
    decided = replace(objection, state=state, approver=approver, author=approver, note=note, at=at)
    return decided, correction_of(decided) if accept else None


def correction_of(objection: Objection) -> Correction:
    """Give the correction of an accepted objection; its reason begins with the objection's id."""
    return Correction(
        objection.device_id,
        objection.axis,
        objection.start,
        objection.end,
        objection.claimed,
        Cause.DECISION,
        by_person=True,
        author=objection.proposer,
        reason=f"{objection.id}: {objection.reason}",
        party=objection.party,
        document=objection.document,
        approved_by=objection.approver,
    )
