from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.facts import Axis, Correction, StateChange
from monitor.domain.spans import FROM_EVER
from monitor.domain.state import Cause
from monitor.domain.timeline import build_timeline, timeline_of

STATES = ("online", "offline", "unknown")
LAST = 40


def change(at, new, *, axis=Axis.CONNECTIVITY, old="unknown"):
    return StateChange("cam-1", axis, old, new, at, Cause.ANSWERED)


def correction(start, end, state, *, by_person=False, withdrawn=False, axis=Axis.CONNECTIVITY):
    return Correction("cam-1", axis, start, end, state, Cause.DECISION, by_person=by_person, withdrawn=withdrawn)


def connectivity(changes, corrections=(), **more):
    return build_timeline(Axis.CONNECTIVITY, changes, corrections, **more)


def test_a_device_is_unknown_from_ever_until_its_first_change():
    timeline = connectivity([change(100, "online")])
    assert timeline.state_at(-(10**12)) == "unknown"
    assert (timeline.state_at(99), timeline.state_at(100), timeline.state_at(10**12)) == ("unknown", "online", "online")
    assert timeline.spans(90, 110) == [(90, 100, "unknown"), (100, 110, "online")]


def test_a_change_replaces_whatever_stood_later():
    timeline = connectivity([change(100, "online"), change(200, "offline"), change(150, "unknown")])
    assert timeline.spans(0, 300) == [(0, 100, "unknown"), (100, 150, "online"), (150, 300, "unknown")]


def test_a_change_at_the_same_instant_replaces_the_one_before_it():
    timeline = connectivity([change(100, "online"), change(100, "offline")])
    assert timeline.spans(0, 200) == [(0, 100, "unknown"), (100, 200, "offline")]


def test_an_earlier_instant_that_comes_out_moves_the_fault_back():
    """RULES worked example 13, as seen from its changes: faulty from 06:00 on, though 10:00 had cleared another."""
    changes = [
        change(9, "faulty", axis=Axis.CONDITION),
        change(10, "intact", axis=Axis.CONDITION),
        change(6, "faulty", axis=Axis.CONDITION, old="intact"),
    ]
    timeline = build_timeline(Axis.CONDITION, changes)
    assert timeline.spans(0, 20) == [(0, 6, "unknown"), (6, 20, "faulty")]


def test_facts_of_the_other_axis_are_passed_over():
    facts = [change(5, "online"), change(6, "faulty", axis=Axis.CONDITION)]
    timeline = connectivity(facts, [correction(7, 9, "intact", axis=Axis.CONDITION)])
    assert timeline.spans(0, 10) == [(0, 5, "unknown"), (5, 10, "online")]


def test_a_correction_overlays_its_stretch_only():
    timeline = connectivity([change(10, "online"), change(20, "unknown")], [correction(20, 30, "online")])
    assert timeline.spans(0, 40) == [(0, 10, "unknown"), (10, 30, "online"), (30, 40, "unknown")]


def test_corrections_lie_over_changes_that_became_known_later():
    timeline = connectivity([change(10, "online"), change(12, "offline")], [correction(10, 14, "online")])
    assert timeline.spans(10, 20) == [(10, 14, "online"), (14, 20, "offline")]


def test_the_later_correction_wins_among_equals():
    timeline = connectivity([change(0, "online")], [correction(10, 30, "offline"), correction(20, 40, "unknown")])
    assert timeline.spans(0, 50) == [
        (0, 10, "online"),
        (10, 20, "offline"),
        (20, 40, "unknown"),
        (40, 50, "online"),
    ]


def test_an_automatic_correction_never_overrides_a_persons():
    decided = correction(10, 20, "offline", by_person=True)
    timeline = connectivity([change(0, "unknown")], [decided, correction(5, 25, "online")])
    assert timeline.spans(0, 30) == [
        (0, 5, "unknown"),
        (5, 10, "online"),
        (10, 20, "offline"),
        (20, 25, "online"),
        (25, 30, "unknown"),
    ]


def test_a_person_overrides_an_automatic_correction_and_an_earlier_person():
    corrections = [
        correction(5, 25, "online"),
        correction(10, 20, "offline", by_person=True),
        correction(15, 18, "unknown", by_person=True),
    ]
    timeline = connectivity([], corrections)
    assert [timeline.state_at(at) for at in (9, 14, 15, 18, 20)] == [
        "online",
        "offline",
        "unknown",
        "offline",
        "online",
    ]


def test_withdrawn_and_empty_corrections_do_not_count():
    corrections = [correction(5, 9, "offline", by_person=True, withdrawn=True), correction(9, 9, "online")]
    assert connectivity([change(0, "online")], corrections) == connectivity([change(0, "online")])


def test_a_caller_may_begin_from_a_known_state():
    assert connectivity([change(10, "offline")], initial="online").spans(0, 20) == [
        (0, 10, "online"),
        (10, 20, "offline"),
    ]


def test_where_gives_the_seconds_of_one_state():
    timeline = timeline_of([(10, "online"), (20, "offline"), (30, "online")])
    assert timeline.where("online", start=15, end=35) == ((15, 20), (30, 35))


def test_an_empty_stretch_has_no_spans():
    assert timeline_of([(10, "online")]).spans(20, 20) == []


CHANGES = st.lists(st.builds(change, st.integers(0, LAST), st.sampled_from(STATES)), max_size=12)
CORRECTIONS = st.lists(
    st.builds(
        correction,
        st.integers(0, LAST),
        st.integers(0, LAST),
        st.sampled_from(STATES),
        by_person=st.booleans(),
        withdrawn=st.booleans(),
    ),
    max_size=8,
)


def second_by_second(changes, corrections):
    """Give the states of the seconds -5 … LAST + 5, painted one second at a time."""
    painted = dict.fromkeys(range(-5, LAST + 5), "unknown")
    for fact in changes:
        painted.update((second, fact.new) for second in painted if second >= fact.at)
    by_person = set()
    for fact in corrections:
        if fact.withdrawn:
            continue
        seconds = set(range(fact.start, fact.end)) - (set() if fact.by_person else by_person)
        painted.update((second, fact.state) for second in seconds)
        by_person |= seconds if fact.by_person else set()
    return painted


@given(CHANGES, CORRECTIONS)
def test_a_timeline_is_what_painting_second_by_second_gives(changes, corrections):
    timeline = connectivity(changes, corrections)
    for second, state in second_by_second(changes, corrections).items():
        assert timeline.state_at(second) == state


@given(CHANGES, CORRECTIONS, st.integers(-5, LAST + 5), st.integers(-5, LAST + 5))
def test_spans_cover_the_stretch_without_gap_and_are_as_long_as_can_be(changes, corrections, start, end):
    timeline = connectivity(changes, corrections)
    spans = timeline.spans(start, end)
    assert sum(until - since for since, until, _ in spans) == max(0, end - start)
    assert all(left[1] == right[0] and left[2] != right[2] for left, right in pairwise(spans))
    assert all(timeline.state_at(second) == state for since, until, state in spans for second in range(since, until))
    assert timeline.starts[0] == FROM_EVER
