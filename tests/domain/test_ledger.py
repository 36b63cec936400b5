"""The steps of the ledger, as tables; and that they add up exactly, whatever is exchanged."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.device import DeviceKind
from monitor.domain.ledger import Count, Membership, Step, counted, difference, effects, step_of, written_points
from monitor.domain.point import PointClass


def member(region: str = "a", *, counts: bool = True, exempt: bool = False, point_class=PointClass.FIRST) -> Membership:
    return Membership(region, point_class, DeviceKind.CAMERA, counts, exempt)


@pytest.mark.parametrize(
    ("membership", "state", "count"),
    [
        (member(), "online", Count(1, 1)),
        (member(), "offline", Count(0, 1)),
        (member(), "unknown", Count()),
        (member(exempt=True), "offline", Count()),
        (member(counts=False), "online", Count()),
        (None, "online", Count()),
    ],
)
def test_what_a_device_counts_for(membership, state, count):
    assert counted(membership, state) == count


@pytest.mark.parametrize(
    ("before", "after", "options", "step"),
    [
        (None, member(), {"is_new": True, "stays": False}, Step.ADDED),
        (None, member(), {"is_new": False, "stays": False}, Step.CAME),
        (member(), None, {"is_new": False, "stays": False}, Step.LEFT),
        (member(), None, {"is_new": False, "stays": True}, Step.MOVED_OUT),
        (None, member(), {"is_new": False, "stays": True}, Step.MOVED_IN),
        (member(), member(point_class=PointClass.THIRD), {"is_new": False}, Step.RECLASSIFIED),
        (member(), member(counts=False), {"is_new": False}, Step.RECLASSIFIED),
        (member(), member(exempt=True), {"is_new": False}, Step.EXEMPTED),
        (member(exempt=True), member(), {"is_new": False}, Step.EXEMPTION_ENDED),
        (member("a"), member("b"), {"is_new": False}, None),
        (None, None, {"is_new": False}, None),
    ],
)
def test_what_became_of_a_device(before, after, options, step):
    assert step_of(before, after, **options) is step


@given(
    st.integers(0, 50),
    st.integers(1, 50),
    st.dictionaries(st.sampled_from(list(Step)), st.tuples(st.integers(0, 20), st.integers(0, 20))),
)
def test_steps_add_up_to_the_difference_exactly(online, offline, deltas):
    before = Count(online, online + offline)
    moved = {step: Count(one, one + other) for step, (one, other) in deltas.items()}
    after = before
    for delta in moved.values():
        after += delta
    found = effects(before, moved)
    assert sum((effect for effect in found.values() if effect is not None), Fraction(0)) == difference(
        before.rate, after.rate
    )


def test_a_row_that_had_nothing_has_no_effect():
    assert effects(Count(), {Step.ADDED: Count(1, 1)}) == {Step.ADDED: None}


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (None, ""),
        (Fraction(0), "0.00"),
        (Fraction(1, 10), "+10.00"),
        (Fraction(-9, 190), "-4.74"),
        (Fraction(1, 20_000), "+0.01"),
        (Fraction(1, 250_000), "+0.0004"),
        (Fraction(-1, 3_000_000), "-0.00003"),
    ],
)
def test_points_are_written_so_that_something_is_never_nothing(effect, text):
    assert written_points(effect) == text
