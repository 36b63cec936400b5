"""How an exemption 报备 goes from draft to its end, and what is wrong with one that may not (RULES §5).

A county drafts and submits; the city approves or refuses, never whoever proposed; it ends early when the device is
back. Every step is a new version. What would change seconds that have passed is decided again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from monitor.domain.author import same_author, shown
from monitor.domain.facts import Exemption, ExemptionState
from monitor.domain.policy import DAY_S
from monitor.domain.values import dataclass


class ExemptionReason(StrEnum):
    """Why a device may not be assessed for a while."""

    REPAIR = "repair"
    CONSTRUCTION = "construction"
    POWER = "power"
    NETWORK_CUTOVER = "network_cutover"
    FORCE_MAJEURE = "force_majeure"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ExemptionRules:
    """What a site allows.

    Attributes:
        submit_within_s: how long after its beginning a failure may be submitted.
        longest_s: how much one approval may add at most.
    """

    submit_within_s: int = DAY_S
    longest_s: int = 30 * DAY_S


class NotAllowedError(ValueError):
    """A step that the rules do not allow; `problems` names every reason, in Chinese and English."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def propose(
    terms: Exemption, versions: Sequence[Exemption], *, at: int, rules: ExemptionRules, draft: bool, back_dated: bool
) -> Exemption:
    """Give the next version of an exemption: a draft, or submitted for a decision.

    Args:
        terms: what is asked for, with its author.
        versions: those before it, in seq order; empty for a new one.
        at: now, epoch seconds.
        rules: what the site allows.
        draft: keep it a draft.
        back_dated: it is known to be later than the rules want, and the approver is to see that.

    Raises:
        NotAllowedError: the window or the reason is wrong, or it comes too late without being marked so.
    """
    problems = list(_problems(terms, _counting(versions)))
    if not draft:
        problems += _too_long(terms, _counting(versions), rules)
        if not back_dated:
            problems += _too_late(terms, versions, at, rules)
    if problems:
        raise NotAllowedError(problems)
    return replace(
        terms,
        state=ExemptionState.DRAFT if draft else ExemptionState.SUBMITTED,
        proposer="" if draft else terms.author,
        approver="",
        at=at,
        seq=0,
    )


def approve(versions: Sequence[Exemption], *, approver: str, at: int, note: str = "") -> Exemption:
    """Give the approved version of what waits for a decision.

    Raises:
        NotAllowedError: nothing waits, or the approver had a part in proposing it.
    """
    return _decided(versions, ExemptionState.APPROVED, approver=approver, at=at, note=note)


def refuse(versions: Sequence[Exemption], *, approver: str, at: int, note: str) -> Exemption:
    """Give the refused version of what waits for a decision; what was approved before still holds.

    Raises:
        NotAllowedError: nothing waits, or whoever refuses had a part in proposing it.
    """
    return _decided(versions, ExemptionState.REFUSED, approver=approver, at=at, note=note)


def end(versions: Sequence[Exemption], *, ends_at: int, author: str, at: int, note: str) -> Exemption:
    """Give the version that ends an approved exemption early.

    From now on it ends at once; an end that has passed takes back seconds that were exempt and is submitted. An
    exemption that has not begun ends where it would have begun.

    Raises:
        NotAllowedError: it is not approved, or would not end earlier.
    """
    counting = _counting(versions)
    if counting is None or counting.state is not ExemptionState.APPROVED:
        raise NotAllowedError(["报备未获批准，不能结束 · it is not approved and cannot be ended"])
    ends_at = max(ends_at, counting.start)
    if ends_at >= counting.end:
        raise NotAllowedError(["报备已结束或结束时间不早于原定时间 · it is over, or would not end any earlier"])
    passed = ends_at < min(at, counting.end) and counting.start < at
    state = ExemptionState.SUBMITTED if passed else ExemptionState.ENDED
    proposer = author if passed else counting.proposer
    return replace(counting, end=ends_at, state=state, proposer=proposer, author=author, note=note, at=at, seq=0)


def newest(versions: Iterable[Exemption]) -> dict[str, Exemption]:
    """Give the newest version of each exemption, whatever its state; versions in seq order."""
    return {version.id: version for version in versions}


def was_late(version: Exemption, rules: ExemptionRules) -> bool:
    """Tell whether a submitted version came later than the rules want."""
    return version.at > version.start + (0 if version.planned else rules.submit_within_s)


def _decided(versions: Sequence[Exemption], state: ExemptionState, *, approver: str, at: int, note: str) -> Exemption:
    if not versions or versions[-1].state is not ExemptionState.SUBMITTED:
        now = versions[-1].state if versions else "missing"
        raise NotAllowedError([f"没有等待审批的版本（当前 {now}） · nothing waits for a decision (it is {now})"])
    for version in _since_decision(versions):
        if same_author(version.author, approver):
            raise NotAllowedError(
                [
                    f"申报人不能审批自己的报备: {shown(approver)} · "
                    f"{shown(approver)} proposed it and can neither approve nor refuse it"
                ]
            )
    return replace(versions[-1], state=state, approver=approver, author=approver, note=note, at=at, seq=0)


def _since_decision(versions: Sequence[Exemption]) -> Iterator[Exemption]:
    """Give the drafts and submissions since the last decision: all who made them had a part in the proposal."""
    for version in reversed(versions):
        if version.state not in (ExemptionState.DRAFT, ExemptionState.SUBMITTED):
            return
        yield version


def _counting(versions: Sequence[Exemption]) -> Exemption | None:
    return next((version for version in reversed(versions) if version.state.counts), None)


def _problems(terms: Exemption, counting: Exemption | None) -> Iterator[str]:
    if terms.end <= terms.start:
        yield "结束时间不晚于开始时间 · it ends before it begins"
    if terms.reason not in list(ExemptionReason):
        codes = ", ".join(ExemptionReason)
        yield f"原因代码无效 {terms.reason!r}，应为 {codes} · reason must be one of {codes}"
    if counting is not None and (counting.scope, counting.scope_id) != (terms.scope, terms.scope_id):
        yield "已批准的报备不能改换对象，请另报 · an approved exemption keeps its scope; propose another"


def _too_long(terms: Exemption, counting: Exemption | None, rules: ExemptionRules) -> Iterator[str]:
    if counting is None:
        added = terms.end - terms.start
    else:
        added = max(0, counting.start - terms.start) + max(0, terms.end - counting.end)
    if added > rules.longest_s:
        days = rules.longest_s / DAY_S
        yield f"一次最长 {days:g} 天，到期前可延期 · {days:g} days at most at a time; extend it before it ends"


def _too_late(terms: Exemption, versions: Sequence[Exemption], at: int, rules: ExemptionRules) -> Iterator[str]:
    counting = _counting(versions)
    if counting is not None:
        # An extension in time adds nothing that has passed; anything else changes what was approved.
        changed = [edge for edge in ((counting.start, terms.start), (counting.end, terms.end)) if edge[0] != edge[1]]
        if any(min(edge) < at for edge in changed):
            yield f"会改动已过去的时段，须注明补报 · it changes seconds that have passed; {_MARK}"
        return
    if was_late(replace(terms, at=at), rules):
        if terms.planned:
            yield f"计划施工须事先申报，否则注明补报 · planned work is submitted ahead; {_MARK}"
        else:
            hours = rules.submit_within_s / 3_600
            yield f"故障须在 {hours:g} 小时内申报，否则注明补报 · a failure is submitted within {hours:g} h; {_MARK}"


_MARK = "mark it as back-dated (--back-date) if it is to be decided all the same"
