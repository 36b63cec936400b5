"""Condition by worked example 13 of RULES.md and by the sentences of its §3."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.advance import advance, expire
from monitor.domain.condition import decide_fault
from monitor.domain.facts import Axis
from monitor.domain.observation import LookKind
from monitor.domain.policy import Policy
from monitor.domain.state import Cause, Condition
from tests.domain.histories import answered, clock, run, silent, spans

A, B = frozenset({"a"}), frozenset({"b"})
POLICY = replace(Policy(), interval_s=7200, counting_faults=frozenset({"a", "b"}))


def _look(text: str, could_show: frozenset[str], *faults: str):
    return answered(text, could_show=could_show, faults=faults, interval_s=7200)


def test_example_13_a_fault_confirmed_later_reaches_back_over_another():
    state, changes = run(
        [
            _look("05:00:00", A | B),
            _look("06:00:00", A, "a"),
            _look("08:00:00", B, "b"),
            _look("09:00:00", B, "b"),
            _look("10:00:00", B),
            _look("12:00:00", A, "a"),
        ],
        policy=POLICY,
    )

    assert state.condition is Condition.FAULTY
    assert state.condition_since == clock("06:00:00")
    assert spans(changes, axis=Axis.CONDITION) == [("05:00:00", "intact"), ("06:00:00", "faulty")]


def test_a_second_earlier_fault_moves_faulty_back():
    _, changes = run(
        [
            _look("05:00:00", A | B),
            _look("06:00:00", A, "a"),
            _look("07:00:00", B, "b"),
            _look("08:00:00", B, "b"),
            _look("09:00:00", A, "a"),
        ],
        policy=POLICY,
    )

    condition = [change for change in changes if change.axis is Axis.CONDITION]
    assert [(c.old, c.new, c.fault) for c in condition] == [
        ("unknown", "intact", ""),
        ("intact", "faulty", "b"),
        ("faulty", "faulty", "a"),
    ]


def test_a_fault_seen_once_is_not_confirmed_and_one_look_without_it_clears_it():
    state, changes = run([answered("10:00:00"), answered("10:05:00", faults=("clock_off",)), answered("10:10:00")])

    assert state.faults == ()
    assert spans(changes, axis=Axis.CONDITION) == [("10:00:00", "intact")]


def test_a_look_that_could_not_have_shown_it_clears_nothing():
    state, _ = run(
        [
            answered("10:00:00", faults=("clock_off",)),
            answered("10:05:00", faults=("clock_off",)),
            answered("10:10:00", could_show=frozenset({"tls"})),
            silent("10:15:00"),
            silent("10:15:30"),
            silent("10:16:00"),
        ]
    )

    assert state.condition is Condition.FAULTY
    assert state.condition_since == clock("10:00:00")


def test_a_fault_that_informs_does_not_make_faulty():
    state, _ = run([answered("10:00:00", faults=("slow",)), answered("10:05:00", faults=("slow",))])

    assert state.faults[0].confirmed
    assert state.condition is Condition.INTACT


def test_going_dark_clears_nothing_and_does_not_age_the_evidence():
    policy = replace(Policy(), evidence_max_age_s=1000)
    looks = [answered("10:00:00"), silent("10:05:00"), silent("10:05:30"), silent("10:06:00")]
    state, _ = run(looks, policy=policy)

    state, changes = expire(state, at=clock("10:25:00"), policy=policy)
    assert state.condition is Condition.INTACT
    assert [change.axis for change in changes] == [Axis.CONNECTIVITY]


def test_evidence_grows_too_old_while_unknown():
    policy = replace(Policy(), evidence_max_age_s=2000)
    state, _ = run([answered("10:00:00")], policy=policy)

    before, _ = expire(state, at=clock("10:00:00") + 1999, policy=policy)
    after, changes = expire(state, at=clock("10:00:00") + 5000, policy=policy)
    assert before.condition is Condition.INTACT
    assert (after.condition, after.condition_since) == (Condition.UNKNOWN, clock("10:00:00") + 2000)
    assert changes[0].cause is Cause.EVIDENCE_OLD


def test_deep_evidence_stands_still_while_confirmed_offline():
    policy = replace(Policy(), intact_requires=("health", "deep"), evidence_max_age_s=3600)
    looks = [
        answered("10:00:00", kind=LookKind.DEEP),
        answered("10:05:00"),
        silent("10:10:00"),
        silent("10:10:30"),
        silent("10:11:00"),
        silent("10:30:00", interval_s=1800),
        answered("11:11:00"),
    ]
    state, _ = run(looks, policy=policy)

    assert state.condition is Condition.INTACT
    assert dict(state.evidence)["deep"] == clock("11:00:00")
    state, changes = advance(state, answered("12:00:00"), policy)
    assert state.condition is Condition.UNKNOWN
    assert spans(changes, axis=Axis.CONDITION) == [("12:00:00", "unknown")]


@pytest.mark.parametrize("missing", ["deep", "picture"])
def test_a_required_kind_that_never_came_leaves_the_condition_unknown(missing):
    policy = replace(Policy(), intact_requires=("health", missing))
    state, changes = run([answered("10:00:00"), answered("10:05:00")], policy=policy)

    assert state.condition is Condition.UNKNOWN
    assert spans(changes, axis=Axis.CONDITION) == []


def _faulty():
    """Give a device that shows `a`, confirmed, and `b`, seen once."""
    state, _ = run(
        [
            _look("05:00:00", A | B),
            _look("06:00:00", A, "a"),
            _look("07:00:00", A, "a"),
            _look("08:00:00", B, "b"),
        ],
        policy=POLICY,
    )
    return state


def test_a_person_clears_a_fault_and_the_condition_is_judged_anew():
    state, (change,) = decide_fault(_faulty(), "a", confirmed=False, at=clock("08:30:00"), author="as:x", policy=POLICY)
    assert [fault.code for fault in state.faults] == ["b"]
    assert (change.old, change.new, change.at, change.cause, change.fault, change.author) == (
        *("faulty", "intact", clock("08:30:00")),
        *(Cause.DECISION, "a", "as:x"),
    )
    assert (state.condition, state.condition_since) == (Condition.INTACT, clock("08:30:00"))


def test_a_fault_cleared_while_the_evidence_is_old_leaves_the_condition_unknown():
    late = clock("08:30:00") + POLICY.evidence_max_age_s
    state, (change,) = decide_fault(_faulty(), "a", confirmed=False, at=late, author="as:x", policy=POLICY)
    assert (change.new, state.condition, state.condition_since) == ("unknown", Condition.UNKNOWN, late)


def test_a_cleared_fault_beside_another_changes_nothing_but_is_a_fact():
    both = replace(_faulty(), faults=tuple(replace(fault, confirmed=True) for fault in _faulty().faults))
    state, (change,) = decide_fault(both, "b", confirmed=False, at=clock("08:30:00"), author="as:x", policy=POLICY)
    assert (change.old, change.new, change.at, change.fault) == ("faulty", "faulty", clock("06:00:00"), "b")
    assert state.condition_since == clock("06:00:00")


def test_a_person_confirms_a_fault_since_it_was_first_seen_or_said():
    cleared, _ = decide_fault(_faulty(), "a", confirmed=False, at=clock("08:30:00"), author="as:x", policy=POLICY)
    seen, (change,) = decide_fault(cleared, "b", confirmed=True, at=clock("09:00:00"), author="as:x", policy=POLICY)
    assert (change.new, change.at, seen.condition_since) == ("faulty", clock("08:00:00"), clock("08:00:00"))
    unseen = replace(POLICY, counting_faults=frozenset({"c"}))
    said, (change,) = decide_fault(cleared, "c", confirmed=True, at=clock("09:00:00"), author="as:x", policy=unseen)
    assert (change.at, said.faults[-1].confirmed) == (clock("09:00:00"), True)
