"""Evaluation: from counts to rates and coverage, held against their targets, for the city and every region below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.domain.assessment import (
    DEFAULT_VALIDITY,
    Assessment,
    Validity,
    assess,
    assess_count,
    assess_tally,
    devices_short_now,
)
from monitor.domain.coverage import HEADLINE_KINDS, Coverage, community_rates, networked_communities
from monitor.domain.device import DeviceKind
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.rate import Rate, intact_rate, measured_share, online_rate
from monitor.domain.region import Region, RegionTree
from monitor.domain.scope import Scope
from monitor.domain.tally import BUCKETS, EMPTY, Tally
from monitor.domain.target import Target, target_in_force
from monitor.services.clock_figures import ClockRates
from monitor.services.live_counts import CellKey, LiveCounts

ASSESSED_CLASSES = (PointClass.FIRST, PointClass.SECOND)
"""Classes whose points the plan wants networked."""

NO_RATE = Rate(0, 0)


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate beside its target: `assessment` is None where no target is in force.

    `short` is how many devices, points or communities more the target takes. For connected devices the rate is their
    number over the number wanted, and over 0 where none is.
    """

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
        communities: networked communities; None for a class or a kind, or where it was not asked for.
        connected: connected devices of headline kinds; None like `communities`.
        clock: devices whose clock is within the limit of those whose clock was read; None where ours is not trusted.
    """

    scope: Scope
    region: Region
    tally: Tally
    online: Figure
    intact: Figure
    measured: Rate
    coverage: Mapping[PointClass, Figure]
    communities: Figure | None = None
    connected: Figure | None = None
    clock: Figure | None = None


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
        networked_regions: Iterable[str] | None = None,
        connected: Iterable[tuple[CellKey, int]] | None = None,
    ) -> Overview:
        """Give the figures of a region (None: the city) and of its parts.

        Args:
            cells: tallies by town, class and kind.
            coverage: coverage by (region of the points, class).
            at: the instant that the counts are of.
            region: a region's code; None for the root of the tree.
            by: what the parts are: "region" (the regions right below), "class" or "kind".
            networked_regions: regions in which a networked point stands; None leaves communities out.
            connected: connected devices by town, class and kind; None leaves them out.

        Raises:
            KeyError: the tree has no such region, or no region at all.
        """
        root = self.tree[region] if region is not None else self._root()
        tallies = Rollup(self.tree, cells, headline_kinds=self._headline_kinds)
        coverages = rolled_up(self.tree, coverage)
        whole = self._row(Scope(region=root.code), root, tallies.of(root.code), coverages, at)
        parts = self._parts(root, by, tallies, coverages, at)
        add = self._completion(networked_regions, connected, at)
        return Overview(at, add(whole), tuple(add(row) for row in parts))

    def rows(
        self,
        regions: Iterable[str],
        tallies: Rollup,
        coverages: Mapping[tuple[str, PointClass], Coverage],
        *,
        at: int,
        networked_regions: Iterable[str] | None = None,
        connected: Iterable[tuple[CellKey, int]] | None = None,
    ) -> list[Row]:
        """Give the figures of regions from counts that are added up over the tree already.

        Args:
            regions: codes in the tree.
            tallies: of devices, added up.
            coverages: of points, added up (`rolled_up`).
            at: the instant that the counts are of.
            networked_regions: as for `overview`.
            connected: as for `overview`.
        """
        add = self._completion(networked_regions, connected, at)
        return [
            add(self._row(Scope(region=code), self.tree[code], tallies.of(code), coverages, at)) for code in regions
        ]

    def of_points(self, indicator: Indicator, scope: Scope, coverage: Coverage, *, at: int) -> Figure:
        """Hold the networked or the effective coverage of a scope's required points against its target."""
        rate = coverage.networked_rate if indicator is Indicator.NETWORKED else coverage.effective_rate
        return self._share(indicator, scope, rate, at)

    def of_communities(self, region: str, rate: Rate, *, at: int) -> Figure:
        """Hold a region's networked communities against their target."""
        return self._share(Indicator.COMMUNITIES, Scope(region=region), rate, at)

    def of_connected(self, region: str, count: int, *, at: int) -> Figure:
        """Hold a region's connected devices against the number wanted of it."""
        target = target_in_force(self.targets, Indicator.CONNECTED, Scope(region=region), at=at, tree=self.tree)
        if target is None:
            return Figure(Rate(count, 0), None, 0)
        return Figure(Rate(count, int(target.value)), assess_count(count, target), max(0, int(target.value) - count))

    def with_clocks(self, rows: Iterable[Row], clocks: ClockRates | None, *, at: int) -> tuple[Row, ...]:
        """Give rows with their clock compliance, held against its target; as they are where no clock is judged."""
        if clocks is None:
            return tuple(rows)

        def add(row: Row) -> Row:
            rate = clocks.get((row.region.code, row.scope.point_class, row.scope.kind), NO_RATE)
            return replace(row, clock=self._share(Indicator.CLOCK, row.scope, rate, at))

        return tuple(map(add, rows))

    def connected_by_region(self, connected: Iterable[tuple[CellKey, int]]) -> Mapping[str, int]:
        """Add up the connected devices of headline kinds over the tree."""
        sums: Counter[str] = Counter()
        for key, count in connected:
            if count and key.kind in self._headline_kinds:
                for code in self.tree.lineage(key.region):
                    sums[code] += count
        return sums

    def _completion(
        self,
        networked_regions: Iterable[str] | None,
        connected: Iterable[tuple[CellKey, int]] | None,
        at: int,
    ) -> Callable[[Row], Row]:
        """Give what adds communities and connected devices to the rows of regions, as far as they are asked for."""
        sums = None if connected is None else self.connected_by_region(connected)
        rates = None
        if networked_regions is not None:
            rates = community_rates(networked_communities(networked_regions, self.tree), self.tree)

        def add(row: Row) -> Row:
            code = row.region.code
            if row.scope != Scope(region=code):
                return row
            return replace(
                row,
                communities=None if rates is None else self.of_communities(code, rates.get(code, NO_RATE), at=at),
                connected=None if sums is None else self.of_connected(code, sums.get(code, 0), at=at),
            )

        return add

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
                each: self.of_points(
                    Indicator.NETWORKED,
                    Scope(region=region.code, point_class=each),
                    coverages.get((region.code, each), Coverage()),
                    at=at,
                )
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

    def _share(self, indicator: Indicator, scope: Scope, rate: Rate, at: int) -> Figure:
        target = target_in_force(self.targets, indicator, scope, at=at, tree=self.tree)
        if target is None:
            return Figure(rate, None, 0)
        wanted = -(-target.value.numerator * rate.denominator // target.value.denominator)
        return Figure(rate, assess(rate, target), max(0, wanted - rate.numerator))

    def _root(self) -> Region:
        roots = self.tree.children(None)
        if not roots:
            raise KeyError("the inventory has no region")
        return roots[0]


def overview_of(
    evaluator: Evaluator,
    counts: LiveCounts,
    *,
    at: int,
    region: str | None = None,
    by: str = "region",
    clocks: ClockRates | None = None,
) -> Overview:
    """Give the figures of a region and of its parts from the live counts, communities and connected devices too.

    Args and errors are those of `Evaluator.overview`; `clocks` are clock compliances by region, class and kind
    (`clock_figures.clock_rates`), None where our own clock is not trusted.
    """
    overview = evaluator.overview(
        counts.cells(),
        counts.coverage(),
        at=at,
        region=region,
        by=by,
        networked_regions=counts.networked_regions(),
        connected=counts.connected(),
    )
    whole, *parts = evaluator.with_clocks((overview.whole, *overview.parts), clocks, at=at)
    return Overview(overview.at, whole, tuple(parts))


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
