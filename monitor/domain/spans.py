"""Spans: sorted, disjoint, half-open stretches of seconds, and what joins, cuts and takes them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]
"""One stretch [start, end) in epoch seconds."""

Spans = tuple[Span, ...]
"""Stretches in order, none empty, none touching the next."""

FROM_EVER = -(2**62)
"""An instant before every instant."""

EVER_AFTER = 2**62
"""An instant after every instant."""


def union(spans: Iterable[Span]) -> Spans:
    """Give the seconds that lie in any of the stretches; these may be in any order, overlap or be empty."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def clip(spans: Spans, *, start: int, end: int) -> Spans:
    """Give the seconds of the spans that lie in [start, end)."""
    return tuple((max(a, start), min(b, end)) for a, b in spans if a < end and b > start and start < end)


def intersect(left: Spans, right: Spans) -> Spans:
    """Give the seconds that lie in both."""
    common: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            common.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def subtract(spans: Spans, taken: Spans) -> Spans:
    """Give the seconds of `spans` that do not lie in `taken`."""
    if not taken:
        return spans
    edges = (FROM_EVER, *(edge for span in taken for edge in span), EVER_AFTER)
    gaps = tuple((edges[i], edges[i + 1]) for i in range(0, len(edges), 2))
    return intersect(spans, gaps)


def seconds_in(spans: Sequence[Span]) -> int:
    """Give how many seconds the spans hold together."""
    return sum(end - start for start, end in spans)
