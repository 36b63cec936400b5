"""Which counties lost devices within ten minutes, and how much of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Set
from dataclasses import dataclass
from fractions import Fraction

WINDOW_S = 600
KEPT_S = 86_400
"""How long a county that fell is held against what it was before."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The share of a county's devices that was online within the window and is offline now."""

    value: Fraction
    denominator: int


class CountyDrops:
    """The newest counts of every county, (online, offline), and what fell."""

    def __init__(self) -> None:
        self._ring: deque[tuple[int, Mapping[str, tuple[int, int]]]] = deque()
        self._fell_from: dict[str, tuple[int, tuple[int, int]]] = {}

    def note(self, at: int, counts: Mapping[str, tuple[int, int]]) -> None:
        """Take in the counts of an instant."""
        self._ring.append((at, counts))
        while self._ring[0][0] < at - WINDOW_S:
            self._ring.popleft()

    def fallen(self, threshold: Fraction, raised: Set[str]) -> dict[str, Drop]:
        """Give for every county that has devices how much of it fell.

        Devices that were unknown and turn out to be offline, as after a start, have not fallen. A county whose alert is
        raised is held against what it was before, or it would seem to have recovered ten minutes later.

        Args:
            threshold: more than this share is a fall.
            raised: counties whose alert is raised.
        """
        if not self._ring:
            return {}
        at, now = self._ring[-1]
        self._fell_from = {
            county: fell for county, fell in self._fell_from.items() if county in raised and at - fell[0] < KEPT_S
        }
        found = {}
        for county, (online, offline) in now.items():
            assessed = online + offline
            if not assessed:
                continue
            fell = self._fell_from.get(county)
            before = [fell[1]] if fell is not None else [counts[county] for _, counts in self._ring if county in counts]
            most = max(before, key=lambda each: min(each[0] - online, offline - each[1]))
            value = Fraction(max(0, min(most[0] - online, offline - most[1])), assessed)
            if fell is None and value > threshold:
                self._fell_from[county] = (at, most)
            found[county] = Drop(value, assessed)
        return found
