"""Live points: what every point has now, kept up device by device, and summed by all that coverage is asked by."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.domain.coverage import HEADLINE_KINDS, Coverage, PointCounts, Presence, is_networked, is_required, presence
from monitor.domain.point import Point, PointClass, PointStatus, Ring

_REQUIRED, _NETWORKED, _COVERED, _UNKNOWN, _LINKED = range(5)


@dataclass(frozen=True, slots=True)
class PointKey:
    """What coverage is asked by: the region that points stand in, their class, ring and kind of site."""

    region: str
    point_class: PointClass
    ring: Ring | None = None
    site_kind: str = ""


@dataclass(frozen=True, slots=True)
class PointColumns:
    """What is known of every point now, column by column, for searches; views that nobody writes to.

    Attributes:
        ids: of each point; the number of a point is its place in every column.
        kinds: what decides over a point's coverage, shared by points that are alike.
        kind: the place of each point in them.
        flags: of each point: bit 0 required, 1 networked, 2 covered now, 3 perhaps covered now.
    """

    ids: Sequence[str]
    kinds: Sequence[Point]
    kind: array[int]
    flags: bytearray


class LivePoints:
    """The coverage of all points by `PointKey`.

    A point is known by its number in `points`; devices are counted first, then `begin` makes the sums. Of the points
    themselves only what decides is kept, shared between points that are alike: a city has far more points than kinds
    of them.

    Args:
        points: all points.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        self._kinds: list[Point] = []
        self._kind = array("I", bytes(4 * len(points)))
        self._recent = array("H", bytes(2 * len(points)))
        self._online = array("H", bytes(2 * len(points)))
        self._unknown = array("H", bytes(2 * len(points)))
        self._flags = bytearray(len(points))
        self._sums: dict[PointKey, list[int]] = {}
        self._sums_of: list[list[int]] = []
        self._begins: list[tuple[int, int]] = []
        self._begun = False
        self._known: dict[object, int] = {}
        for number, point in enumerate(points):
            self._set(number, point)

    def append(self, point: Point, *, at: int) -> int:
        """Take in a new point, without devices, and give its number."""
        number = len(self._kind)
        for counts in (self._recent, self._online, self._unknown, self._kind):
            counts.append(0)
        self._flags.append(0)
        self._set(number, point)
        self._recount(number, at=at)
        return number

    def change(self, number: int, point: Point, *, at: int) -> bool:
        """Let a point be another one; give whether other kinds of devices suit it now."""
        before = self._kinds[self._kind[number]]
        self._sum(number, 0)
        self._set(number, point)
        self._recount(number, at=at)
        return before.required_kinds != point.required_kinds

    def suits(self, number: int, kind: str) -> bool:
        """Tell whether a kind of device is one that a point needs."""
        return kind in (self._kinds[self._kind[number]].required_kinds or HEADLINE_KINDS)

    def begin(self, *, at: int) -> None:
        """Make the sums from all that was counted, and keep them up from now on."""
        self._begun = True
        for number in range(len(self._kind)):
            self._recount(number, at=at)
        self.pass_time(at)

    def count(self, number: int, sign: int, *, recent: int, online: int, unknown: int, at: int) -> None:
        """Add a device to a point (`sign` 1) or take it away (-1); the figures are 0 or 1."""
        self._recent[number] += sign * recent
        self._online[number] += sign * online
        self._unknown[number] += sign * unknown
        if self._begun:
            self._recount(number, at=at)

    def pass_time(self, at: int) -> None:
        """Let points become required whose time has come."""
        while self._begins and self._begins[0][0] <= at:
            self._recount(heapq.heappop(self._begins)[1], at=at)

    def columns(self, ids: Sequence[str]) -> PointColumns:
        """Give what is known of every point now, with their ids as the caller numbers them."""
        return PointColumns(ids, self._kinds, self._kind, self._flags)

    def is_dark(self, number: int) -> bool:
        """Tell whether no device at a point is online, and none could be."""
        return not self._online[number] and not self._unknown[number]

    def coverage(self) -> dict[tuple[str, PointClass], Coverage]:
        """Give the coverage by (region of the points, class); regions above are not summed here."""
        found: dict[tuple[str, PointClass], list[int]] = {}
        for key, sums in self._sums.items():
            if sums[_REQUIRED]:
                place = found.setdefault((key.region, key.point_class), [0] * 4)
                for bit in range(4):
                    place[bit] += sums[bit]
        return {key: Coverage(*sums) for key, sums in found.items()}

    def cells(self) -> list[tuple[PointKey, Coverage]]:
        """Give the coverage of every combination of region, class, ring and site kind that has required points."""
        return [(key, Coverage(*sums[:_LINKED])) for key, sums in self._sums.items() if sums[_REQUIRED]]

    def networked_regions(self) -> frozenset[str]:
        """Give the regions in which a point stands that is networked, whether the plan requires it or not."""
        return frozenset(key.region for key, sums in self._sums.items() if sums[_LINKED])

    def _recount(self, number: int, *, at: int) -> None:
        point = self._kinds[self._kind[number]]
        counts = PointCounts(self._recent[number], self._online[number], self._unknown[number])
        flags = (point.status is not PointStatus.RETIRED and is_networked(point, counts)) << _LINKED
        if is_required(point, at=at):
            now = presence(point, counts)
            flags |= (
                1 << _REQUIRED
                | is_networked(point, counts) << _NETWORKED
                | (now is Presence.COVERED) << _COVERED
                | (now is Presence.UNKNOWN) << _UNKNOWN
            )
        self._sum(number, flags)

    def _set(self, number: int, point: Point) -> None:
        """Note what decides of a point."""
        key = _what_decides(point)
        kind = self._known.get(key)
        if kind is None:
            kind = self._known[key] = len(self._kinds)
            self._kinds.append(replace(point, id="", name=""))
            place = PointKey(point.region, point.point_class, point.ring, point.site_kind)
            self._sums_of.append(self._sums.setdefault(place, [0] * 5))
        self._kind[number] = kind
        if point.required_from is not None:
            heapq.heappush(self._begins, (point.required_from, number))

    def _sum(self, number: int, flags: int) -> None:
        """Count a point's flags in place of those that it had."""
        before = self._flags[number]
        if flags != before:
            self._flags[number] = flags
            sums = self._sums_of[self._kind[number]]
            for bit in range(5):
                sums[bit] += (flags >> bit & 1) - (before >> bit & 1)


def _what_decides(point: Point) -> tuple[object, ...]:
    """Give what the coverage of a point depends on, beside its devices."""
    return (
        point.region,
        point.point_class,
        point.ring,
        point.site_kind,
        point.required_kinds,
        point.count,
        point.required_from,
        point.status,
        point.to_be_networked,
    )
