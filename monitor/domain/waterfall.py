"""The waterfall: what led from the last period's online rate to this one's, so that the steps add up exactly.

Every device has one reason in every row that it is in: the denominator, where its seconds in service changed; else the
exemptions, where its exempt seconds did; else repairs or new failures, where its offline seconds did; else what was
measured of it. The devices are exchanged reason by reason, last period's seconds for this one's, and each step is the
difference that this makes to the row's rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction

from monitor.domain.facts import Party
from monitor.domain.period_counting import assessed_s, online_s
from monitor.domain.values import dataclass

Step = tuple["Reason", Party | None]
Pair = tuple[int, int]


class Reason(StrEnum):
    """Why a device's part of a rate is another one than in the last period, in the order of the steps."""

    DENOMINATOR = "denominator"
    EXEMPTIONS = "exemptions"
    MEASUREMENT = "measurement"
    REPAIRS = "repairs"
    FAILURES = "failures"


@dataclass(frozen=True, slots=True)
class Fall:
    """The way from one rate to the next: `steps` add up to `after` − `before` where both are known."""

    before: Fraction | None
    steps: tuple[tuple[Step, Fraction], ...]
    after: Fraction | None


def reason_of(before: Sequence[int], after: Sequence[int], *, lengths: Pair) -> Reason | None:
    """Give the reason of one device in one row, None where nothing changed.

    Args:
        before: seconds by bucket in the last period, all 0 where it was not in the row.
        after: in this one.
        lengths: how long both periods are; what is as long in proportion is the same.
    """

    def changed(one: int, other: int) -> int:
        return other * lengths[0] - one * lengths[1]

    if changed(sum(before), sum(after)):
        return Reason.DENOMINATOR
    if changed(sum(before[:3]), sum(after[:3])):
        return Reason.EXEMPTIONS
    more = changed(before[4], after[4])
    if more:
        return Reason.FAILURES if more > 0 else Reason.REPAIRS
    return Reason.MEASUREMENT if list(before) != list(after) else None


def fall(before: Pair, deltas: Mapping[Step, Pair]) -> Fall:
    """Exchange the devices reason by reason.

    Args:
        before: online and assessed seconds of the row in the last period.
        deltas: by reason and party, what the exchange adds to both.
    """
    online, assessed = before
    rate = first = _rate(online, assessed)
    steps = []
    for step in sorted(deltas, key=_order):
        online, assessed = online + deltas[step][0], assessed + deltas[step][1]
        following = _rate(online, assessed)
        if rate is not None and following is not None:
            steps.append((step, following - rate))
        # Where a step leaves nothing assessed, the next one that does starts from the last known rate.
        rate = following if following is not None else rate
    return Fall(first, tuple(steps), _rate(online, assessed))


def online_pair(seconds: Iterable[int]) -> Pair:
    """Give (online, assessed) of seconds by bucket."""
    found = list(seconds)
    return online_s(found), assessed_s(found)


def _rate(online: int, assessed: int) -> Fraction | None:
    return Fraction(online, assessed) if assessed else None


def _order(step: Step) -> tuple[int, int]:
    return list(Reason).index(step[0]), -1 if step[1] is None else list(Party).index(step[1])
