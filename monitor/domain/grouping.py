"""Devices that fail together are one incident: the attribute that they share is found by its binomial probability.

Where no dead parent explains it, devices that fail inside one window are held against chance: if every device of a
subnet, a pole or a contractor failed as often as all others do, would so many of them fail at once?
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from math import exp, inf, lgamma, log, log1p

from monitor.domain.values import dataclass

LEAST_DEVICES = 5
MAX_LOG_P = log(1e-6)
"""Less likely than one in a million by chance."""

BACKGROUND = 1 / 1_000
"""The share of devices that fails in any window without a reason, at least, however quiet the city is."""


EVERYTHING = -1
"""The kind of a group that is more than half of all devices: what nearly all share names no cause."""


@dataclass(frozen=True, slots=True)
class Group:
    """Devices that failed together: by number, with the shared attribute (its kind and its value's number)."""

    kind: int
    value: int
    members: tuple[int, ...]
    log_p: float


def log_tail(failed: int, total: int, share: float) -> float:
    """Give log P(X ≥ failed) for a binomial X of `total` devices that each fail with probability `share`.

    Bounded from above by a geometric series; 0 (certain) where so many are to be expected.
    """
    if failed <= total * share:
        return 0.0
    if share <= 0.0:
        return -inf
    term = (
        lgamma(total + 1)
        - lgamma(failed + 1)
        - lgamma(total - failed + 1)
        + failed * log(share)
        + (total - failed) * log1p(-share)
    )
    ratio = (total - failed) * share / ((failed + 1) * (1 - share))
    return min(0.0, term - log1p(-ratio)) if ratio < 1 else 0.0


def groups(
    failed: Iterable[int],
    attributes: Sequence[Sequence[int]],
    totals: Sequence[Sequence[int]],
    *,
    devices: int,
    least: int = LEAST_DEVICES,
    max_log_p: float = MAX_LOG_P,
) -> list[Group]:
    """Group failed devices by the attributes that explain them best, the least likely first.

    A device is in one group at most; where two attributes are as unlikely, the kind that stands first wins.

    Args:
        failed: the numbers of the devices that failed in the window.
        attributes: by kind, the number of every device's value (0: it has none).
        totals: by kind, how many devices have each value.
        devices: how many devices there are.
        least: fewer devices make no group.
        max_log_p: how unlikely it must be by chance, as a logarithm.
    """
    left = set(failed)
    if len(left) >= least and 2 * len(left) > devices:
        return [Group(EVERYTHING, 0, tuple(sorted(left)), -inf)]
    members = _members(left, attributes)
    all_failed = len(left)
    candidates = []
    for (kind, value), found in members.items():
        if len(found) >= least:
            candidates.append((_log_p(len(found), totals[kind][value], all_failed, devices), kind, value, len(found)))
    heapq.heapify(candidates)
    made = []
    while candidates:
        log_p, kind, value, count = heapq.heappop(candidates)
        if log_p > max_log_p:
            break
        here = [number for number in members[kind, value] if number in left]
        if len(here) < least:
            continue
        if len(here) < count:  # another group took some: it is judged anew by what is left
            again = _log_p(len(here), totals[kind][value], all_failed, devices)
            heapq.heappush(candidates, (again, kind, value, len(here)))
            continue
        left.difference_update(here)
        made.append(Group(kind, value, tuple(here), log_p))
    return made


def _members(failed: Iterable[int], attributes: Sequence[Sequence[int]]) -> Mapping[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for number in sorted(failed):
        for kind, values in enumerate(attributes):
            if value := values[number]:
                found.setdefault((kind, value), []).append(number)
    return found


def _log_p(failed: int, total: int, all_failed: int, devices: int) -> float:
    """Hold a value's devices against how often all others fail in the same window."""
    others = devices - total
    share = (all_failed - failed) / others if others > 0 else 0.0
    return log_tail(failed, total, min(0.5, max(BACKGROUND, share)))


def probability(log_p: float) -> float:
    """Give the probability of a logarithm."""
    return exp(log_p)
