"""Drawing from a seed, fast: half a million choices make a city."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """A generator for one topic of one seed, so that a change in one topic leaves the others as they were."""

    def __init__(self, seed: int, topic: str) -> None:
        super().__init__(f"{seed}:{topic}")

    def pick(self, items: Sequence[T]) -> T:
        """Give one of the items: a third of the cost of `choice`, whose evenness in the last bit is not needed."""
        return items[int(self.random() * len(items))]


class Weighted(Generic[T]):
    """Items with weights, ready to be drawn often."""

    def __init__(self, items: Iterable[tuple[T, float]]) -> None:
        pairs = list(items)
        self._items = [item for item, _weight in pairs]
        self._bounds = list(accumulate(weight for _item, weight in pairs))
        self._inner = self._bounds[:-1]

    def draw(self, dice: Dice) -> T:
        """Give one item, by weight."""
        return self._items[bisect(self._inner, dice.random() * self._bounds[-1])]
