from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.spans import clip, intersect, seconds_in, subtract, union

RAW = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def seconds(spans):
    return {second for start, end in spans for second in range(start, end)}


@given(RAW)
def test_union_holds_the_same_seconds_sorted_and_apart(raw):
    joined = union(raw)
    assert seconds(joined) == seconds(raw)
    assert all(start < end for start, end in joined)
    assert all(left[1] < right[0] for left, right in pairwise(joined))
    assert seconds_in(joined) == len(seconds(raw))


@given(RAW, RAW)
def test_intersect_and_subtract_are_those_of_sets(raw, other):
    left, right = union(raw), union(other)
    assert intersect(left, right) == union(intersect(left, right))
    assert seconds(intersect(left, right)) == seconds(left) & seconds(right)
    assert seconds(subtract(left, right)) == seconds(left) - seconds(right)


@given(RAW, st.integers(0, 60), st.integers(0, 60))
def test_clip_keeps_what_lies_inside(raw, start, end):
    assert seconds(clip(union(raw), start=start, end=end)) == seconds(raw) & set(range(start, end))
