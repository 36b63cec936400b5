"""Coverage of one instant by all that the plan asks for, and the points that lack what they need, each with the reason.

One mechanism for every indicator: a scope, a rate of it, the target that holds for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.coverage import (
    HEADLINE_KINDS,
    PointCounts,
    Presence,
    community_rates,
    coverage_of,
    is_networked,
    is_required,
    networked_communities,
    online_within,
    presence,
    suits,
)
from monitor.domain.device import Device
from monitor.domain.exemption import ExemptionBook
from monitor.domain.indicator import Indicator
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.region import Region, RegionTree
from monitor.domain.scope import Scope
from monitor.domain.service_time import ServiceRules
from monitor.domain.standing import Standings
from monitor.domain.state import Connectivity, DeviceState
from monitor.services.evaluation import NO_RATE, Evaluator, Figure


class Why(StrEnum):
    """Why a point lacks what it needs."""

    NO_DEVICE = "no_device"
    NEVER_SEEN = "never_seen"
    LAST_SEEN = "last_seen"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class PointFinding:
    """What one required point has.

    Attributes:
        point: the point.
        counts: its devices, as coverage counts them.
        devices: devices of the kinds that it needs, standing there and in their service life.
        networked: whether enough of them were online within the window.
        now: whether enough of them are online now, or might be.
        last_seen_at: when the last of them was online; None for never. The present instant where one is.
    """

    point: Point
    counts: PointCounts
    devices: int
    networked: bool
    now: Presence
    last_seen_at: int | None

    @property
    def why(self) -> Why:
        """Why it is not covered, or not networked."""
        if not self.devices:
            return Why.NO_DEVICE
        if self.last_seen_at is None:
            return Why.NEVER_SEEN
        return Why.TOO_FEW if self.counts.online else Why.LAST_SEEN


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """One figure: an indicator of a scope, held against the target that holds for it."""

    indicator: Indicator
    scope: Scope
    figure: Figure


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """The coverage of a region and of its parts as of an instant, and the points that lack something.

    Attributes:
        lines: the region's own, by class, ring and site kind, communities and connected devices.
        parts: the regions right below it, each with its lines by class, communities and connected devices.
        lacking: required points that are not covered now or not networked; by region and id.
    """

    at: int
    region: Region
    lines: tuple[CoverageLine, ...]
    parts: tuple[tuple[Region, tuple[CoverageLine, ...]], ...]
    lacking: tuple[PointFinding, ...]


def coverage_report(
    points: Sequence[Point],
    devices: Iterable[Device],
    states: Mapping[str, DeviceState],
    *,
    evaluator: Evaluator,
    rules: ServiceRules,
    at: int,
    region: str | None = None,
) -> CoverageReport:
    """Give the coverage of a region (None: the city).

    Args:
        points: all points.
        devices: all devices.
        states: the states of devices by id.
        evaluator: holds figures against targets.
        rules: what decides over service.
        at: now, epoch seconds.
        region: a region's code.

    Raises:
        KeyError: the tree has no such region, or no region at all.
    """
    city = _City(points, devices, states, rules=rules, at=at)
    root = rules.tree[region] if region is not None else _root(rules.tree)
    figures = _Figures(city, evaluator, at)
    below = figures.below(root.code)
    rings = [Scope(region=root.code, ring=ring) for ring in Ring]
    kinds = sorted({each.point.site_kind for each in below if each.point.site_kind})
    sites = [Scope(region=root.code, site_kind=kind) for kind in kinds]
    lines = (
        *figures.of_classes(root.code),
        *(line for scope in (*rings, *sites) for line in figures.of_points(scope)),
        *figures.of_region(root.code),
    )
    parts = tuple(
        (child, (*figures.of_classes(child.code), *figures.of_region(child.code)))
        for child in rules.tree.children(root.code)
    )
    lacking = [each for each in below if each.now is not Presence.COVERED or not each.networked]
    lacking.sort(key=lambda each: (each.point.region, each.point.id))
    return CoverageReport(at, root, lines, parts, tuple(lacking))


class _City:
    """Every required point with what it has, the regions of networked points, and connected devices by region."""

    def __init__(
        self,
        points: Sequence[Point],
        devices: Iterable[Device],
        states: Mapping[str, DeviceState],
        *,
        rules: ServiceRules,
        at: int,
    ) -> None:
        self.tree = rules.tree
        self.connected: Counter[str] = Counter()
        self._at = at
        self._by_id = {point.id: point for point in points}
        self._have: dict[str, list[int]] = {}
        self._seen: dict[str, int] = {}
        standings = Standings(rules, ExemptionBook())
        for device in devices:
            life = standings.life(device)
            if life is not None and life[0] <= at < life[1]:
                self._count(device, states.get(device.id), since=life[0])
        found = [(point, self._counts(point)) for point in points if point.status is not PointStatus.RETIRED]
        self.findings = [self._finding(point, counts) for point, counts in found if is_required(point, at=at)]
        self.networked_regions = {point.region for point, counts in found if is_networked(point, counts)}

    def _count(self, device: Device, state: DeviceState | None, *, since: int) -> None:
        online = state is not None and state.connectivity is Connectivity.ONLINE
        recently = state is not None and online_within(state, since=since, at=self._at + online)
        if recently and device.kind in HEADLINE_KINDS and device.region is not None:
            self.connected.update(self.tree.lineage(device.region))
        point = self._by_id.get(device.point) if device.point is not None else None
        if point is None or not suits(device, point):
            return
        have = self._have.setdefault(point.id, [0, 0, 0, 0])
        have[0] += 1
        have[1] += recently
        have[2] += online
        have[3] += state is None or state.connectivity is Connectivity.UNKNOWN
        seen = self._at if online else None if state is None else state.last_online_until
        if seen is not None:
            self._seen[point.id] = max(seen, self._seen.get(point.id, seen))

    def _counts(self, point: Point) -> PointCounts:
        return PointCounts(*self._have.get(point.id, (0, 0, 0, 0))[1:])

    def _finding(self, point: Point, counts: PointCounts) -> PointFinding:
        return PointFinding(
            point=point,
            counts=counts,
            devices=self._have.get(point.id, (0,))[0],
            networked=is_networked(point, counts),
            now=presence(point, counts),
            last_seen_at=self._seen.get(point.id),
        )


class _Figures:
    """Figures of any scope of one city."""

    def __init__(self, city: _City, evaluator: Evaluator, at: int) -> None:
        self._city = city
        self._evaluator = evaluator
        self._at = at
        self._below: dict[str, list[PointFinding]] = {}
        for each in city.findings:
            for code in city.tree.lineage(each.point.region):
                self._below.setdefault(code, []).append(each)
        self._communities = community_rates(networked_communities(city.networked_regions, city.tree), city.tree)

    def below(self, region: str) -> list[PointFinding]:
        """Give the required points of a region with all below it."""
        return self._below.get(region, [])

    def of_classes(self, region: str) -> Iterable[CoverageLine]:
        """Give networked and effective coverage of a region by class: the first two, and others that are required."""
        found = {each.point.point_class for each in self.below(region)}
        for point_class in PointClass:
            if point_class in (PointClass.FIRST, PointClass.SECOND) or point_class in found:
                yield from self.of_points(Scope(region=region, point_class=point_class))

    def of_points(self, scope: Scope) -> Iterable[CoverageLine]:
        """Give networked and effective coverage of a scope of points; nothing for a ring without a required point."""
        wanted = _within(scope)
        found = [(each.point, each.counts) for each in self.below(scope.region or "") if wanted(each.point)]
        if found or scope.point_class is not None:
            coverage = coverage_of(found, at=self._at)
            for indicator in (Indicator.NETWORKED, Indicator.EFFECTIVE):
                figure = self._evaluator.of_points(indicator, scope, coverage, at=self._at)
                yield CoverageLine(indicator, scope, figure)

    def of_region(self, region: str) -> Iterable[CoverageLine]:
        """Give a region's communities and its connected devices."""
        scope = Scope(region=region)
        rate = self._communities.get(region, NO_RATE)
        if rate.denominator:
            figure = self._evaluator.of_communities(region, rate, at=self._at)
            yield CoverageLine(Indicator.COMMUNITIES, scope, figure)
        connected = self._evaluator.of_connected(region, self._city.connected[region], at=self._at)
        yield CoverageLine(Indicator.CONNECTED, scope, connected)


def _within(scope: Scope) -> Callable[[Point], bool]:
    """Give what tells whether a point of the region lies in a scope."""
    return lambda point: (
        scope.point_class in (None, point.point_class)
        and scope.ring in (None, point.ring)
        and scope.site_kind in (None, point.site_kind)
    )


def _root(tree: RegionTree) -> Region:
    roots = tree.children(None)
    if not roots:
        raise KeyError("the inventory has no region")
    return roots[0]
