"""The denominator's ledger: what changes of the inventory do to the online rate, in exact points.

The states are those of one instant; what is exchanged is the inventory: first as it was, then as it is, step by step,
so that the steps add up to the difference exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction

from monitor.domain.device import DeviceKind
from monitor.domain.point import PointClass
from monitor.domain.values import dataclass


class Step(StrEnum):
    """What became of a device between two inventories, in the order in which the steps are made."""

    ADDED = "added"
    CAME = "came"
    LEFT = "left"
    MOVED_IN = "moved_in"
    MOVED_OUT = "moved_out"
    RECLASSIFIED = "reclassified"
    EXEMPTED = "exempted"
    EXEMPTION_ENDED = "exemption_ended"


@dataclass(frozen=True, slots=True)
class Membership:
    """How a device in service counts in one inventory.

    Attributes:
        counts: whether its class and kind are among those that the rate is of.
    """

    region: str
    point_class: PointClass
    kind: DeviceKind
    counts: bool
    exempt: bool


@dataclass(frozen=True, slots=True)
class Count:
    """Devices of a row that are online, of those that are assessed (online or offline, not exempt); adds up."""

    online: int = 0
    assessed: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.online + other.online, self.assessed + other.assessed)

    def __sub__(self, other: Count) -> Count:
        return Count(self.online - other.online, self.assessed - other.assessed)

    @property
    def rate(self) -> Fraction | None:
        """The online rate, None where nothing is assessed."""
        return Fraction(self.online, self.assessed) if self.assessed else None


NOTHING = Count()


def counted(membership: Membership | None, state: str) -> Count:
    """Give what a device with a connectivity counts for, as a member of a row or (None) as none."""
    if membership is None or not membership.counts or membership.exempt or state == "unknown":
        return NOTHING
    return Count(int(state == "online"), 1)


def step_of(before: Membership | None, after: Membership | None, *, is_new: bool, stays: bool = True) -> Step | None:
    """Tell what became of a device in a row of which it was a member, is one, or both; None where nothing did.

    Args:
        before: its membership in the earlier inventory, None where it was out of service or in no region of the row.
        after: the same in the later one.
        is_new: whether it was recorded in between.
        stays: whether it is in service in both, be it in another region.
    """
    if before is None and after is None:
        return None
    if before is None or after is None:
        if stays:
            return Step.MOVED_OUT if after is None else Step.MOVED_IN
        if after is None:
            return Step.LEFT
        return Step.ADDED if is_new else Step.CAME
    if before.counts != after.counts or (before.point_class, before.kind) != (after.point_class, after.kind):
        return Step.RECLASSIFIED
    if before.exempt != after.exempt:
        return Step.EXEMPTED if after.exempt else Step.EXEMPTION_ENDED
    return None


def effects(before: Count, deltas: Mapping[Step, Count]) -> dict[Step, Fraction | None]:
    """Make the steps one after the other and give what each does to the rate; they add up to the whole.

    None where there is no rate before or after the step.
    """
    found: dict[Step, Fraction | None] = {}
    count = before
    for step in Step:
        if step in deltas:
            following = count + deltas[step]
            found[step] = difference(count.rate, following.rate)
            count = following
    return found


def difference(before: Fraction | None, after: Fraction | None) -> Fraction | None:
    """Give by how much a rate rose, None where either is no data."""
    return None if before is None or after is None else after - before


def written_points(effect: Fraction | None) -> str:
    """Write a difference of rates in percentage points with its sign, "" for none.

    Rounded half away from zero to two decimals, or to as many more as it takes not to write 0 for what is something.
    """
    if effect is None:
        return ""
    points, decimals = abs(effect) * 100, 2
    while (scaled := int(points * 10**decimals + Fraction(1, 2))) == 0 and points and decimals < 12:
        decimals += 1
    digits = str(scaled).rjust(decimals + 1, "0")
    sign = "-" if effect < 0 else "+" if effect > 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
