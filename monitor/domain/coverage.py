"""Coverage 覆盖率: how many required points are networked, and how many have what they need now (RULES §6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from monitor.domain.device import Device, DeviceKind
from monitor.domain.history import DevicePast
from monitor.domain.point import Point, PointClass, PointStatus
from monitor.domain.policy import DAY_S
from monitor.domain.rate import Rate
from monitor.domain.region import RegionLevel, RegionTree
from monitor.domain.service_time import ServiceRules, service_life, service_spans
from monitor.domain.spans import intersect
from monitor.domain.state import Connectivity, DeviceState
from monitor.domain.values import dataclass

NETWORKED_WINDOW_S = 30 * DAY_S
HEADLINE_KINDS: frozenset[str] = frozenset({DeviceKind.CAMERA.value, DeviceKind.CHECKPOINT.value})


class Presence(StrEnum):
    """Whether a point has what it needs at this moment."""

    COVERED = "covered"
    UNKNOWN = "unknown"
    UNCOVERED = "uncovered"


@dataclass(frozen=True, slots=True)
class PointCounts:
    """Devices of a point's required kinds that stand at it and are in their service life.

    Attributes:
        recently: those online, standing there and in service, at some second of the networked window.
        online: those online now.
        unknown: those unknown now.
    """

    recently: int = 0
    online: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Required points, and how many of them are networked and how many covered or perhaps covered now; adds up."""

    required: int = 0
    networked: int = 0
    covered: int = 0
    unknown: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.required + other.required,
            self.networked + other.networked,
            self.covered + other.covered,
            self.unknown + other.unknown,
        )

    @property
    def uncovered(self) -> int:
        """Points that lack what they need, whatever the unknown devices are."""
        return self.required - self.covered - self.unknown

    @property
    def networked_rate(self) -> Rate:
        """Networked ÷ required points."""
        return Rate(self.networked, self.required)

    @property
    def effective_rate(self) -> Rate:
        """Covered ÷ required points; unknown ones stay in the denominator."""
        return Rate(self.covered, self.required)


def is_required(point: Point, *, at: int) -> bool:
    """Tell whether the plan wants a point networked at an instant."""
    if point.status is PointStatus.RETIRED or (point.required_from is not None and point.required_from > at):
        return False
    if point.point_class is PointClass.THIRD:
        return point.to_be_networked
    return point.point_class in (PointClass.FIRST, PointClass.SECOND)


def suits(device: Device, point: Point, *, headline_kinds: frozenset[str] = HEADLINE_KINDS) -> bool:
    """Tell whether a device stands at a point and is of a kind that the point needs (any headline kind by default)."""
    return device.point == point.id and device.kind in (point.required_kinds or headline_kinds)


def is_networked(point: Point, counts: PointCounts) -> bool:
    """Tell whether enough of a point's devices were online in the window."""
    return counts.recently >= point.count


def presence(point: Point, counts: PointCounts) -> Presence:
    """Tell whether enough of a point's devices are online now, or might be."""
    if counts.online >= point.count:
        return Presence.COVERED
    return Presence.UNKNOWN if counts.online + counts.unknown >= point.count else Presence.UNCOVERED


def coverage_of(points: Iterable[tuple[Point, PointCounts]], *, at: int) -> Coverage:
    """Count the coverage of the points of one scope at an instant; those not required are passed over."""
    required = networked = covered = unknown = 0
    for point, counts in points:
        if is_required(point, at=at):
            now = presence(point, counts)
            required += 1
            networked += is_networked(point, counts)
            covered += now is Presence.COVERED
            unknown += now is Presence.UNKNOWN
    return Coverage(required, networked, covered, unknown)


def online_within(state: DeviceState, *, since: int, at: int, window_s: int = NETWORKED_WINDOW_S) -> bool:
    """Tell from the present state whether a device was online at some second of [at − window, at).

    Args:
        state: the device's state as of `at`.
        since: when it came to its point and into service, whichever was later; what it did before does not count.
        at: now.
        window_s: the networked window.
    """
    first = max(since, at - window_s)
    if state.connectivity is Connectivity.ONLINE:
        return max(first, state.connectivity_since) < at
    return state.last_online_until is not None and first < min(at, state.last_online_until)


def was_connected(past: DevicePast, rules: ServiceRules, *, at: int, window_s: int = NETWORKED_WINDOW_S) -> bool:
    """Tell from the facts whether a device in its service life at `at` was online in service in the window before."""
    return _is_alive(past, rules, at) and _was_online(past, rules, point=None, start=at - window_s, end=at)


def point_counts_at(
    point: Point,
    pasts: Iterable[DevicePast],
    rules: ServiceRules,
    *,
    at: int,
    window_s: int = NETWORKED_WINDOW_S,
    headline_kinds: frozenset[str] = HEADLINE_KINDS,
) -> PointCounts:
    """Count a point's devices at an instant from the facts, exactly.

    Daily service hours say which seconds of the window count, and not whether a device belongs to the point at `at`:
    a week ends at 00:00, and points served by day only would never be networked.

    Args:
        point: the point as it was at `at`.
        pasts: devices that may stand at it; others are passed over.
        rules: what decides over service.
        at: the instant, a week's end as a rule.
        window_s: the networked window.
        headline_kinds: kinds that a point without required kinds needs.
    """
    recently = online = unknown = 0
    for past in pasts:
        device = past.version_at(at).device
        if suits(device, point, headline_kinds=headline_kinds) and _is_alive(past, rules, at):
            state = past.connectivity.state_at(at)
            recently += _was_online(past, rules, point=point.id, start=at - window_s, end=at)
            online += state == Connectivity.ONLINE
            unknown += state == Connectivity.UNKNOWN
    return PointCounts(recently, online, unknown)


def networked_communities(regions: Iterable[str], tree: RegionTree) -> frozenset[str]:
    """Give the codes of the communities in which one of the regions lies that hold a networked point.

    Any networked point makes its community so, whether the plan requires it or not: most points of a community are of
    the third class. One that is retired does not.
    """
    found = {tree.ancestor_at(region, RegionLevel.COMMUNITY) for region in regions}
    return frozenset(found - {""})


def community_rates(networked: frozenset[str], tree: RegionTree) -> dict[str, Rate]:
    """Give networked communities ÷ communities at or below every region that has any.

    Args:
        networked: codes of communities, of which only those in the tree count.
        tree: the regions.
    """
    wholes: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for community in tree.at_level(RegionLevel.COMMUNITY):
        lineage = tree.lineage(community.code)
        wholes.update(lineage)
        if community.code in networked:
            parts.update(lineage)
    return {code: Rate(parts[code], whole) for code, whole in wholes.items()}


def _is_alive(past: DevicePast, rules: ServiceRules, at: int) -> bool:
    life = service_life(past.version_at(at).device, rules)
    return life is not None and life[0] <= at < life[1]


def _was_online(past: DevicePast, rules: ServiceRules, *, point: str | None, start: int, end: int) -> bool:
    for since, until, version in past.pieces(start, end):
        if point is None or version.device.point == point:
            online = past.connectivity.where(Connectivity.ONLINE, start=since, end=until)
            if online and intersect(online, service_spans(version.device, rules, start=since, end=until)):
                return True
    return False
