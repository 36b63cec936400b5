"""Timelines: the state of one axis of one device over all time, built from the facts (RULES §4)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from monitor.domain.facts import Axis, Correction, StateChange
from monitor.domain.spans import FROM_EVER, Spans
from monitor.domain.values import dataclass

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Timeline:
    """A value for every second: `states[i]` stands from `starts[i]` until the next start, the last for good.

    Attributes:
        starts: instants, strictly rising; the first is `FROM_EVER`.
        states: as many values, neighbours different.
    """

    starts: tuple[int, ...] = (FROM_EVER,)
    states: tuple[str, ...] = (UNKNOWN,)

    def state_at(self, at: int) -> str:
        """Give the state of the second that begins at `at`."""
        return self.states[bisect_right(self.starts, at) - 1]

    def spans(self, start: int, end: int) -> list[tuple[int, int, str]]:
        """Give (from, to, state) of every span, clipped to [start, end) and covering it without a gap."""
        if start >= end:
            return []
        starts, states = self.starts, self.states
        first = bisect_right(starts, start) - 1
        last = bisect_left(starts, end)
        if last - first == 1:
            return [(start, end, states[first])]
        edges = [start, *starts[first + 1 : last], end]
        return list(zip(edges, edges[1:], states[first:last], strict=False))

    def where(self, state: str, *, start: int, end: int) -> Spans:
        """Give the seconds of [start, end) at which the state stands."""
        return tuple((a, b) for a, b, found in self.spans(start, end) if found == state)


def timeline_of(steps: Iterable[tuple[int, str]], *, initial: str = UNKNOWN) -> Timeline:
    """Build a timeline from (from, state) steps: each stands from its instant on and replaces whatever stood later.

    Args:
        steps: in the order in which they became known, not that of their instants.
        initial: what stands before the first.
    """
    starts, states = _replayed(steps, initial)
    return Timeline(tuple(starts), tuple(states))


def build_timeline(
    axis: Axis,
    changes: Iterable[StateChange],
    corrections: Iterable[Correction] = (),
    *,
    initial: str = UNKNOWN,
    line: Timeline | None = None,
) -> Timeline:
    """Build one axis of one device from its facts, both in seq order; facts of the other axis are passed over.

    First the changes, then the corrections over them: the automatic ones before those of persons, which no automatic
    one overrides, each kind in seq order. Withdrawn corrections do not count.

    Args:
        axis: connectivity or condition.
        changes: of one device, in seq order.
        corrections: of one device, in seq order.
        initial: what stands before the first change, where a caller reads only the facts since some seq.
        line: what the changes made, where a caller has that already; `changes` and `initial` are then passed over.
    """
    if line is None:
        starts, states = _replayed(((change.at, change.new) for change in changes if change.axis == axis), initial)
    else:
        starts, states = list(line.starts), list(line.states)
    counted = [fact for fact in corrections if fact.axis == axis and not fact.withdrawn and fact.start < fact.end]
    if not counted:
        return Timeline(tuple(starts), tuple(states))
    for correction in sorted(counted, key=lambda fact: fact.by_person):
        _overlay(starts, states, correction)
    return _merged(starts, states)


def _replayed(steps: Iterable[tuple[int, str]], initial: str) -> tuple[list[int], list[str]]:
    starts, states = [FROM_EVER], [initial]
    for at, state in steps:
        while starts[-1] >= at:
            starts.pop()
            states.pop()
        if states[-1] != state:
            starts.append(at)
            states.append(state)
    return starts, states


def _overlay(starts: list[int], states: list[str], correction: Correction) -> None:
    first = bisect_left(starts, correction.start)
    last = bisect_left(starts, correction.end)
    after = states[bisect_right(starts, correction.end) - 1]
    resumed = last == len(starts) or starts[last] != correction.end
    starts[first:last] = [correction.start, correction.end] if resumed else [correction.start]
    states[first:last] = [correction.state, after] if resumed else [correction.state]


def _merged(starts: list[int], states: list[str]) -> Timeline:
    kept = [i for i in range(len(starts)) if i == 0 or states[i] != states[i - 1]]
    return Timeline(tuple(starts[i] for i in kept), tuple(states[i] for i in kept))
