"""Ranks within a rank group, by exact rate (RULES §7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from monitor.domain.values import dataclass

SMALL_SAMPLE = 20
"""A row of fewer devices is marked (`small_sample`)."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A row that may be ranked.

    Attributes:
        key: what the row is, a region's code as a rule.
        group: its rank group; counties and functional zones do not compete.
        value: its exact rate, None for no data.
        valid: whether enough of it was measured and judged.
        devices: how many devices it is made of.
    """

    key: str
    group: str
    value: Fraction | None
    valid: bool
    devices: int


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a row stands: `rank` counts from 1 within its group, None for no data and not valid."""

    key: str
    group: str
    rank: int | None
    small_sample: bool


def rank(entrants: Iterable[Entrant], *, small_sample: int = SMALL_SAMPLE) -> tuple[Placing, ...]:
    """Rank rows and give them as a list reads: group by group, the ranked, then the not valid, then those without data.

    Equal rates share a rank and the next is skipped (1, 1, 3). Groups come in the order of their first row, and rows
    that nothing tells apart in the order given.
    """
    groups: dict[str, list[Entrant]] = {}
    for entrant in entrants:
        groups.setdefault(entrant.group, []).append(entrant)
    return tuple(placing for group in groups.values() for placing in _placed(group, small_sample))


def _placed(group: Sequence[Entrant], small_sample: int) -> list[Placing]:
    in_order = sorted(group, key=_reading_order)
    values = [entrant.value for entrant in in_order if _is_ranked(entrant)]
    return [
        Placing(
            key=entrant.key,
            group=entrant.group,
            rank=values.index(entrant.value) + 1 if _is_ranked(entrant) else None,
            small_sample=entrant.devices < small_sample,
        )
        for entrant in in_order
    ]


def _is_ranked(entrant: Entrant) -> bool:
    return entrant.valid and entrant.value is not None


def _reading_order(entrant: Entrant) -> tuple[int, Fraction]:
    if entrant.value is None:
        return 2, Fraction(0)
    return (0 if entrant.valid else 1), -entrant.value
