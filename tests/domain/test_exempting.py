"""Exemptions from draft to end, as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.exempting import ExemptionRules, NotAllowedError, approve, end, propose, refuse
from monitor.domain.facts import Exemption, ExemptionScope, ExemptionState

NOW = 1_800_000_000
HOUR, DAY = 3_600, 86_400
RULES = ExemptionRules(submit_within_s=DAY, longest_s=30 * DAY)


def terms(start: int = NOW - HOUR, end: int = NOW + DAY, **fields) -> Exemption:
    return Exemption("E-1", ExemptionScope.DEVICE, "cam", start, end, **({"reason": "repair", "approver": ""} | fields))


def submitted(what: Exemption | None = None, before: tuple[Exemption, ...] = (), **options) -> Exemption:
    arguments = {"at": NOW, "rules": RULES, "draft": False, "back_dated": False} | options
    return propose(what or terms(author="as:county"), before, **arguments)


def approved(what: Exemption | None = None) -> tuple[Exemption, ...]:
    version = submitted(what)
    return version, approve((version,), approver="as:city", at=NOW)


def test_a_draft_is_submitted_and_approved_by_somebody_else():
    draft = submitted(draft=True)
    version = submitted(before=(draft,))
    done = approve((draft, version), approver="as:city", at=NOW + 60, note="ok")

    assert (draft.state, draft.proposer) == (ExemptionState.DRAFT, "")
    assert (version.state, version.proposer, version.approver) == (ExemptionState.SUBMITTED, "as:county", "")
    assert (done.state, done.proposer, done.approver, done.at) == (
        ExemptionState.APPROVED,
        "as:county",
        "as:city",
        NOW + 60,
    )


@pytest.mark.parametrize("decide", [approve, refuse])
@pytest.mark.parametrize("who", ["as:county", "County", " county "])
def test_nobody_decides_on_what_they_proposed(decide, who: str):
    with pytest.raises(NotAllowedError, match="proposed it"):
        decide((submitted(),), approver=who, at=NOW, note="")


def test_nor_on_what_they_drafted_and_had_somebody_else_submit():
    draft = submitted(terms(author="as:city"), draft=True)
    with pytest.raises(NotAllowedError, match="申报人不能审批"):
        approve((draft, submitted(before=(draft,))), approver="as:city", at=NOW)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (terms(start=NOW, end=NOW), "ends before it begins"),
        (terms(start=NOW, end=NOW - 1), "结束时间不晚于开始时间"),
        (terms(reason="holiday"), "reason must be one of repair"),
        (terms(start=NOW, end=NOW + 30 * DAY + 1), "30 days at most"),
        (terms(start=NOW - DAY - 1), "within 24 h"),
        (terms(start=NOW - 1, planned=True), "submitted ahead"),
    ],
)
def test_what_may_not_be_submitted(what: Exemption, message: str):
    with pytest.raises(NotAllowedError, match=message):
        submitted(what)


def test_every_problem_is_named_at_once():
    with pytest.raises(NotAllowedError) as caught:
        submitted(terms(start=NOW - 3 * DAY, end=NOW - 4 * DAY, reason="x"))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("what", [terms(start=NOW - DAY), terms(start=NOW, planned=True, end=NOW + 30 * DAY)])
def test_what_is_just_in_time_and_just_not_too_long(what: Exemption):
    assert submitted(what).state is ExemptionState.SUBMITTED


def test_what_is_late_is_submitted_when_it_is_marked_so():
    late = terms(start=NOW - 9 * DAY, planned=True)
    assert submitted(late, back_dated=True).state is ExemptionState.SUBMITTED


def test_an_extension_may_add_as_much_again_and_no_more():
    versions = approved(terms(start=NOW, end=NOW + 30 * DAY))
    longer = replace(versions[-1], end=NOW + 60 * DAY, author="as:county")

    assert submitted(longer, versions).end == NOW + 60 * DAY
    with pytest.raises(NotAllowedError, match="30 days at most"):
        submitted(replace(longer, end=NOW + 60 * DAY + 1), versions)


@pytest.mark.parametrize("change", [{"start": NOW - 2 * HOUR}, {"end": NOW - 60}, {"start": NOW - 60}])
def test_a_change_of_what_has_passed_is_marked_as_back_dated(change: dict[str, int]):
    versions = approved()
    changed = replace(versions[-1], author="as:county", **change)
    with pytest.raises(NotAllowedError, match="seconds that have passed"):
        submitted(changed, versions)
    assert submitted(changed, versions, back_dated=True).state is ExemptionState.SUBMITTED


def test_an_approved_exemption_keeps_its_scope():
    versions = approved()
    with pytest.raises(NotAllowedError, match="keeps its scope"):
        submitted(replace(versions[-1], scope_id="another"), versions)


@pytest.mark.parametrize("last", [None, ExemptionState.DRAFT, ExemptionState.APPROVED, ExemptionState.REFUSED])
def test_only_what_was_submitted_is_decided(last: ExemptionState | None):
    versions = () if last is None else (terms(state=last, author="as:county"),)
    with pytest.raises(NotAllowedError, match="nothing waits"):
        approve(versions, approver="as:city", at=NOW)


def ended(versions: tuple[Exemption, ...], ends_at: int) -> Exemption:
    return end(versions, ends_at=ends_at, author="as:county", at=NOW + HOUR, note="back")


def test_it_ends_early_from_now_on():
    version = ended(approved(), NOW + 2 * HOUR)
    assert (version.state, version.end, version.author) == (ExemptionState.ENDED, NOW + 2 * HOUR, "as:county")


def test_an_end_that_has_passed_waits_for_a_decision():
    versions = approved()
    version = ended(versions, NOW + 60)
    assert (version.state, version.end, version.proposer) == (ExemptionState.SUBMITTED, NOW + 60, "as:county")
    assert approve((*versions, version), approver="as:city", at=NOW + HOUR).end == NOW + 60


def test_one_that_has_not_begun_ends_where_it_would_have_begun():
    version = ended(approved(terms(start=NOW + DAY, end=NOW + 2 * DAY)), NOW)
    assert (version.state, version.start, version.end) == (ExemptionState.ENDED, NOW + DAY, NOW + DAY)


@pytest.mark.parametrize("ends_at", [NOW + DAY, NOW + 2 * DAY])
def test_an_early_end_is_early(ends_at: int):
    with pytest.raises(NotAllowedError, match="any earlier"):
        ended(approved(), ends_at)


def test_only_what_is_approved_ends():
    with pytest.raises(NotAllowedError, match="not approved"):
        ended((submitted(),), NOW + 60)
