"""Evaluation: from counts to rates and coverage, held against their targets, for the city and every region below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.domain.assessment import (
    DEFAULT_VALIDITY,
    Assessment,
    Validity,
    assess,
    assess_tally,
    devices_short_now,
)
from monitor.domain.coverage import HEADLINE_KINDS, Coverage
from monitor.domain.device import DeviceKind
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.rate import Rate, intact_rate, measured_share, online_rate
from monitor.domain.region import Region, RegionTree
from monitor.domain.scope import Scope
from monitor.domain.tally import BUCKETS, EMPTY, Tally
from monitor.domain.target import Target, target_in_force
from monitor.services.live_counts import CellKey

ASSESSED_CLASSES = (PointClass.FIRST, PointClass.SECOND)
"""Classes whose points the plan wants networked."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate beside its target: `assessment` is None where no target is in force."""

    rate: Rate
    assessment: Assessment | None
    short: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an overview: a region, a class or a kind, with its figures at one instant.

    Attributes:
        scope: what the line is about.
        region: the region of the line.
        tally: its devices by bucket (headline kinds, unless the line names a kind).
        online: the online rate; `short` in devices.
        intact: the intact rate; `short` in devices.
        measured: how much of what counts was really seen.
        coverage: networked coverage of required points by class; `short` in points.
    """

    scope: Scope
    region: Region
    tally: Tally
    online: Figure
    intact: Figure
    measured: Rate
    coverage: Mapping[PointClass, Figure]


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of a region and of its parts, as of one instant (epoch seconds)."""

    at: int
    whole: Row
    parts: tuple[Row, ...]


class Evaluator:
    """Turns counts into assessed rows; it keeps the tree, the targets and the validity, and nothing else.

    Args:
        tree: the regions.
        targets: all targets.
        validity: how much must have been measured and judged.
        headline_kinds: kinds of devices that make a headline figure.
    """

    def __init__(
        self,
        tree: RegionTree,
        targets: Sequence[Target],
        *,
        validity: Validity = DEFAULT_VALIDITY,
        headline_kinds: frozenset[str] = HEADLINE_KINDS,
    ) -> None:
        self.tree = tree
        self.targets = targets
        self._validity = validity
        self._headline_kinds = headline_kinds

    def overview(
        self,
        cells: Iterable[tuple[CellKey, Tally]],
        coverage: Mapping[tuple[str, PointClass], Coverage],
        *,
        at: int,
        region: str | None = None,
        by: str = "region",
    ) -> Overview:
        """Give the figures of a region (None: the city) and of its parts.

        Args:
            cells: tallies by town, class and kind.
            coverage: coverage by (region of the points, class).
            at: the instant that the counts are of.
            region: a region's code; None for the root of the tree.
            by: what the parts are: "region" (the regions right below), "class" or "kind".

        Raises:
            KeyError: the tree has no such region, or no region at all.
        """
        root = self.tree[region] if region is not None else self._root()
        tallies = Rollup(self.tree, cells, headline_kinds=self._headline_kinds)
        coverages = rolled_up(self.tree, coverage)
        whole = self._row(Scope(region=root.code), root, tallies.of(root.code), coverages, at)
        return Overview(at, whole, tuple(self._parts(root, by, tallies, coverages, at)))

    def _parts(
        self,
        root: Region,
        by: str,
        tallies: Rollup,
        coverages: Mapping[tuple[str, PointClass], Coverage],
        at: int,
    ) -> Iterable[Row]:
        if by == "class":
            for point_class in PointClass:
                scope = Scope(region=root.code, point_class=point_class)
                yield self._row(scope, root, tallies.of(root.code, point_class=point_class), coverages, at)
        elif by == "kind":
            for kind in DeviceKind:
                tally = tallies.of(root.code, kind=kind)
                if tally.in_service:
                    yield self._row(Scope(region=root.code, kind=kind), root, tally, {}, at)
        else:
            for child in self.tree.children(root.code):
                yield self._row(Scope(region=child.code), child, tallies.of(child.code), coverages, at)

    def _row(
        self,
        scope: Scope,
        region: Region,
        tally: Tally,
        coverages: Mapping[tuple[str, PointClass], Coverage],
        at: int,
    ) -> Row:
        classes = [each for each in ASSESSED_CLASSES if scope.point_class in (None, each)]
        return Row(
            scope=scope,
            region=region,
            tally=tally,
            online=self._of_devices(Indicator.ONLINE, scope, tally, at),
            intact=self._of_devices(Indicator.INTACT, scope, tally, at),
            measured=measured_share(tally),
            coverage={
                each: self._of_points(region.code, each, coverages.get((region.code, each), Coverage()), at)
                for each in classes
            },
        )

    def _of_devices(self, indicator: Indicator, scope: Scope, tally: Tally, at: int) -> Figure:
        rate = online_rate(tally) if indicator is Indicator.ONLINE else intact_rate(tally)
        target = target_in_force(self.targets, indicator, scope, at=at, tree=self.tree)
        if target is None:
            return Figure(rate, None, 0)
        assessment = assess_tally(tally, target, validity=self._validity)
        return Figure(rate, assessment, devices_short_now(tally, target))

    def _of_points(self, region: str, point_class: PointClass, coverage: Coverage, at: int) -> Figure:
        rate = coverage.networked_rate
        scope = Scope(region=region, point_class=point_class)
        target = target_in_force(self.targets, Indicator.NETWORKED, scope, at=at, tree=self.tree)
        if target is None:
            return Figure(rate, None, 0)
        wanted = -(-target.value.numerator * rate.denominator // target.value.denominator)
        return Figure(rate, assess(rate, target), max(0, wanted - rate.numerator))

    def _root(self) -> Region:
        roots = self.tree.children(None)
        if not roots:
            raise KeyError("the inventory has no region")
        return roots[0]


class Rollup:
    """Tallies added up over the region tree, for headline kinds, for each class and for each kind."""

    def __init__(
        self,
        tree: RegionTree,
        cells: Iterable[tuple[CellKey, Tally]],
        *,
        headline_kinds: frozenset[str] = HEADLINE_KINDS,
    ) -> None:
        self._sums: dict[tuple[str, PointClass | None, DeviceKind | None], list[int]] = {}
        for key, tally in cells:
            parts: list[tuple[PointClass | None, DeviceKind | None]] = [(None, key.kind)]
            if key.kind in headline_kinds:
                parts += [(None, None), (key.point_class, None)]
            counts = [getattr(tally, bucket) for bucket in BUCKETS]
            for code in tree.lineage(key.region):
                for point_class, kind in parts:
                    self._add((code, point_class, kind), counts)

    def of(self, region: str, *, point_class: PointClass | None = None, kind: DeviceKind | None = None) -> Tally:
        """Give the tally of a region with all below it; None in a dimension is all of it."""
        counts = self._sums.get((region, point_class, kind))
        return EMPTY if counts is None else Tally(*counts)

    def _add(self, key: tuple[str, PointClass | None, DeviceKind | None], counts: Sequence[int]) -> None:
        sums = self._sums.get(key)
        if sums is None:
            self._sums[key] = list(counts)
        else:
            for index, count in enumerate(counts):
                sums[index] += count


def rolled_up(
    tree: RegionTree, coverage: Mapping[tuple[str, PointClass], Coverage]
) -> dict[tuple[str, PointClass], Coverage]:
    """Give the coverage of required points for every region (with all below it) and class of point."""
    found: dict[tuple[str, PointClass], Coverage] = {}
    for (leaf, point_class), part in coverage.items():
        for code in tree.lineage(leaf):
            found[code, point_class] = found.get((code, point_class), Coverage()) + part
    return found
