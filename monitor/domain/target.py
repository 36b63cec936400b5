"""Targets 目标: thresholds with scope, effective date and source, and which of them judges a row (RULES §7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, tzinfo
from fractions import Fraction

from monitor.domain.indicator import Indicator
from monitor.domain.region import RegionTree
from monitor.domain.scope import EVERYTHING, Scope
from monitor.domain.values import dataclass
from monitor.domain.weeks import midnight

_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Target:
    """One threshold.

    Attributes:
        indicator: what it is for.
        scope: what it is about.
        value: the exact share in [0, 1]; for connected devices their number.
        effective_from: instant (00:00 city time of its date) from which it holds.
        source: the document it comes from.
        withdrawn_on: instant (00:00 city time of its date) from which it no longer holds, or None.

    Raises:
        ValueError: the value is out of bounds, or the scope names a dimension that the indicator does not have.
    """

    indicator: Indicator
    scope: Scope
    value: Fraction
    effective_from: int
    source: str
    withdrawn_on: int | None = None

    def __post_init__(self) -> None:
        if self.indicator.is_count:
            if self.value.denominator != 1 or self.value < 1:
                raise ValueError(f"the target for {self.indicator} is a number of devices, not {self.value}")
        elif not 0 <= self.value <= 1:
            raise ValueError(f"a target is a share between 0 and 1, not {self.value}")
        strange = sorted(self.scope.named - self.indicator.scopes)
        if strange:
            raise ValueError(f"a target for {self.indicator} cannot name {', '.join(strange)}")

    def holds_at(self, at: int) -> bool:
        """Tell whether it is effective and not withdrawn at an instant."""
        return self.effective_from <= at and (self.withdrawn_on is None or at < self.withdrawn_on)


@dataclass(frozen=True, slots=True)
class TargetSet:
    """All targets as they were imported at one time; the newest set holds in place of every other.

    Attributes:
        targets: the targets.
        at: when they were imported.
        author: who imported them.
        file: the name of the file.
        sha256: of the file, in hexadecimal.
    """

    targets: tuple[Target, ...]
    at: int
    author: str
    file: str
    sha256: str
    seq: int = 0


def read_target(
    indicator: Indicator,
    value: str,
    *,
    effective_on: date,
    source: str,
    zone: tzinfo,
    scope: Scope = EVERYTHING,
    withdrawn_on: date | None = None,
) -> Target:
    """Make a target from what people write: a decimal string and dates of the city.

    Raises:
        ValueError: the value is no decimal string (a float is not exact), or `Target` refuses it.
    """
    return Target(
        indicator=indicator,
        scope=scope,
        value=target_value(value),
        effective_from=midnight(effective_on, zone),
        source=source,
        withdrawn_on=None if withdrawn_on is None else midnight(withdrawn_on, zone),
    )


def target_value(text: object) -> Fraction:
    """Read a decimal string exactly.

    Raises:
        ValueError: it is not a string of digits with at most one point.
    """
    if not isinstance(text, str) or _DECIMAL.fullmatch(text) is None:
        raise ValueError(f'a target is a decimal string such as "0.95", not {text!r}')
    return Fraction(text)


def target_in_force(
    targets: Iterable[Target],
    indicator: Indicator,
    row: Scope,
    *,
    at: int,
    tree: RegionTree,
) -> Target | None:
    """Give the target that judges a row, or None.

    Of those in effect whose scope contains the row's: the one that names the class, then the kind, then any other
    dimension, then the nearest region, then the latest, then the strictest. A number of devices is wanted of the region
    it names (of the whole tree where it names none) and of no part of it: a county does not owe the city's 250,000.

    Args:
        targets: all targets, withdrawn and future ones too.
        indicator: what the row measures.
        row: the row's scope.
        at: the first instant of the period that is judged.
        tree: the regions.
    """
    eligible = [
        target
        for target in targets
        if target.indicator is indicator and target.holds_at(at) and judges(target, row, tree)
    ]
    return max(eligible, key=lambda target: _precedence(target, row, tree), default=None)


def judges(target: Target, row: Scope, tree: RegionTree) -> bool:
    """Tell whether a row lies in a target's scope; for a number of devices, whether it is that scope's own row."""
    if not target.scope.contains(row, tree):
        return False
    if not target.indicator.is_count or row.region is None or target.scope.region == row.region:
        return True
    region = tree.get(row.region)
    return target.scope.region is None and region is not None and region.parent is None


def _precedence(target: Target, row: Scope, tree: RegionTree) -> tuple[bool, bool, bool, int, int, Fraction]:
    named = target.scope.named
    return (
        "point_class" in named,
        "kind" in named,
        bool(named - {"point_class", "kind", "region"}),
        -_distance(target.scope.region, row, tree),
        target.effective_from,
        target.value,
    )


def _distance(region: str | None, row: Scope, tree: RegionTree) -> int:
    """Count the steps up the tree from the row's region; a target that names no region is farther than the root."""
    lineage = tree.lineage(row.region) if row.region is not None else ()
    return len(lineage) if region is None else lineage.index(region)
