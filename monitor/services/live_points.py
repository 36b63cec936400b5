"""Live points: what every required point has now, kept up device by device, and summed by region and class."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Sequence
from dataclasses import replace

from monitor.domain.coverage import Coverage, PointCounts, Presence, is_networked, is_required, presence
from monitor.domain.point import Point, PointClass

_REQUIRED, _NETWORKED, _COVERED, _UNKNOWN = range(4)


class LivePoints:
    """The coverage of all points by (region, class).

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
        self._sums: dict[tuple[str, PointClass], list[int]] = {}
        self._begins: list[tuple[int, int]] = []
        self._begun = False
        known: dict[object, int] = {}
        for number, point in enumerate(points):
            key = _what_decides(point)
            if key not in known:
                known[key] = len(self._kinds)
                self._kinds.append(replace(point, id="", name=""))
                self._sums.setdefault((point.region, point.point_class), [0, 0, 0, 0])
            self._kind[number] = known[key]
            if point.required_from is not None:
                heapq.heappush(self._begins, (point.required_from, number))

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

    def coverage(self) -> dict[tuple[str, PointClass], Coverage]:
        """Give the coverage by (region of the points, class); regions above are not summed here."""
        return {key: Coverage(*sums) for key, sums in self._sums.items() if sums[_REQUIRED]}

    def _recount(self, number: int, *, at: int) -> None:
        point = self._kinds[self._kind[number]]
        flags = 0
        if is_required(point, at=at):
            counts = PointCounts(self._recent[number], self._online[number], self._unknown[number])
            now = presence(point, counts)
            flags = (
                1 << _REQUIRED
                | is_networked(point, counts) << _NETWORKED
                | (now is Presence.COVERED) << _COVERED
                | (now is Presence.UNKNOWN) << _UNKNOWN
            )
        before = self._flags[number]
        if flags != before:
            self._flags[number] = flags
            sums = self._sums[point.region, point.point_class]
            for bit in range(4):
                sums[bit] += (flags >> bit & 1) - (before >> bit & 1)


def _what_decides(point: Point) -> tuple[object, ...]:
    """Give what the coverage of a point depends on, beside its devices."""
    return (
        point.region,
        point.point_class,
        point.count,
        point.required_from,
        point.status,
        point.to_be_networked,
    )
