from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.ranking import Entrant, rank


def entrant(key, value, *, group="county", valid=True, devices=100):
    return Entrant(key, group, None if value is None else Fraction(value), valid, devices)


def ranks(placings):
    return [(placing.key, placing.rank) for placing in placings]


def test_equal_rates_share_a_rank_and_the_next_is_skipped():
    """RULES worked example 12."""
    rows = [entrant("a", "0.97"), entrant("b", "0.97"), entrant("c", "0.96")]
    assert ranks(rank(rows)) == [("a", 1), ("b", 1), ("c", 3)]


def test_rates_are_compared_exactly():
    rows = [entrant("a", Fraction(949_999_999, 10**9)), entrant("b", "0.95")]
    assert ranks(rank(rows)) == [("b", 1), ("a", 2)]


def test_not_valid_and_no_data_stand_last_without_a_rank():
    rows = [entrant("none", None), entrant("odd", "1", valid=False), entrant("low", "0.1"), entrant("high", "0.9")]
    assert ranks(rank(rows)) == [("high", 1), ("low", 2), ("odd", None), ("none", None)]


def test_a_zone_does_not_compete_with_counties():
    rows = [entrant("a", "0.9"), entrant("z", "0.99", group="zone"), entrant("b", "0.95")]
    assert ranks(rank(rows)) == [("b", 1), ("a", 2), ("z", 1)]


def test_a_small_sample_is_marked_and_ranked_all_the_same():
    marks = {placing.key: placing for placing in rank([entrant("a", "1", devices=19), entrant("b", "1", devices=20)])}
    assert (marks["a"].small_sample, marks["a"].rank) == (True, 1)
    assert not marks["b"].small_sample


ROWS = st.lists(
    st.builds(
        Entrant,
        key=st.uuids().map(str),
        group=st.sampled_from(["county", "zone"]),
        value=st.none() | st.integers(0, 5).map(lambda n: Fraction(n, 5)),
        valid=st.booleans(),
        devices=st.integers(0, 40),
    ),
    max_size=20,
)


@given(ROWS)
def test_a_rank_is_one_more_than_the_rows_that_are_better(rows):
    placings = rank(rows)
    assert sorted(placing.key for placing in placings) == sorted(row.key for row in rows)
    by_key = {placing.key: placing.rank for placing in placings}
    for row in rows:
        if row.value is None or not row.valid:
            assert by_key[row.key] is None
        else:
            rivals = [other for other in rows if other.group == row.group and other.valid and other.value is not None]
            assert by_key[row.key] == 1 + sum(other.value > row.value for other in rivals)
