"""The plan's points: classes, sites, rings, requirements, and those where nothing stands yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.demo.dice import Dice, Weighted
from monitor.demo.layout import Block
from monitor.demo.sites import CITY_CENTRE, CLASS_SHARES, ROADS, SEATS, Site, sites_of
from monitor.domain.device import DeviceKind
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.policy import DAY_S

_SIZES = Weighted([(1, 35), (2, 35), (3, 16), (4, 14)])  # devices a point
_RINGS = Weighted([(Ring.CITY, 20), (Ring.COUNTY, 35), (Ring.TOWN, 45)])
_CLASSES = Weighted(CLASS_SHARES.items())
_TO_BE_NETWORKED = 0.12  # of third-class points
_TWO_REQUIRED = 0.15  # of first-class points with two devices or more, and a few with one
_LATER_REQUIRED = 0.02
_BARE = 0.035  # first- and second-class points without a device, for each with one
_PLANNED = 0.012
_RETIRED = 0.006


@dataclass(frozen=True, slots=True)
class PlacedPoint:
    """A point with what its devices need to know of it."""

    point: Point
    site: Site
    devices: int
    longitude: float
    latitude: float


class PointPlanner:
    """Makes the points of one block after another; the same order of calls gives the same points.

    `midnight` is 00:00 city time of the city's first day, the instant that all dates are derived from.
    """

    def __init__(self, rng: Dice, *, midnight: int) -> None:
        self._rng = rng
        self._midnight = midnight
        self._serials: dict[str, int] = {}
        self._sites: dict[tuple[str, PointClass], Weighted[Site]] = {}
        self._centres: dict[str, tuple[float, float]] = {}

    def plan(self, block: Block, *, town_name: str) -> Iterator[PlacedPoint]:
        """Give points that hold all devices of a block, and among them points that hold none."""
        left = block.count
        while left:
            point_class = _CLASSES.draw(self._rng)
            size = min(left, _SIZES.draw(self._rng))
            placed = self._place(block, town_name, point_class, size)
            yield placed
            left -= size
            if point_class in (PointClass.FIRST, PointClass.SECOND):
                yield from self._bare(block, town_name, point_class)

    def _place(self, block: Block, town_name: str, point_class: PointClass, size: int) -> PlacedPoint:
        rng = self._rng
        site = self._site(block.county, point_class)
        serial = self._serials[block.town] = self._serials.get(block.town, 0) + 1
        ring = _RINGS.draw(rng) if rng.random() < site.on_ring else None
        two = point_class is PointClass.FIRST and rng.random() < (_TWO_REQUIRED if size > 1 else 0.01)
        later = rng.random() < _LATER_REQUIRED
        point = Point(
            id=f"P{block.town}{serial:05d}",
            region=block.town,
            point_class=point_class,
            name=f"{town_name}{self._name(site, serial)}",
            site_kind=site.kind,
            ring=ring,
            required_kinds=(DeviceKind.CHECKPOINT.value,) if ring else (),
            count=2 if two else 1,
            required_from=self._midnight + rng.randint(-90, 180) * DAY_S if later else None,
            to_be_networked=point_class is PointClass.THIRD and rng.random() < _TO_BE_NETWORKED,
        )
        longitude, latitude = self._centre(block)
        return PlacedPoint(
            point=point,
            site=site,
            devices=size,
            longitude=longitude + rng.uniform(-0.03, 0.03),
            latitude=latitude + rng.uniform(-0.025, 0.025),
        )

    def _bare(self, block: Block, town_name: str, point_class: PointClass) -> Iterator[PlacedPoint]:
        dice = self._rng.random()
        if dice >= _BARE + _PLANNED + _RETIRED:
            return
        placed = self._place(block, town_name, point_class, 0)
        if dice < _BARE:
            yield placed
        elif dice < _BARE + _PLANNED:
            required_from = self._midnight + self._rng.randint(-30, 240) * DAY_S
            yield replace(placed, point=replace(placed.point, status=PointStatus.PLANNED, required_from=required_from))
        else:
            yield replace(placed, point=replace(placed.point, status=PointStatus.RETIRED))

    def _site(self, county: str, point_class: PointClass) -> Site:
        key = (county, point_class)
        if key not in self._sites:
            self._sites[key] = Weighted((site, site.share) for site in sites_of(point_class, county=county))
        return self._sites[key].draw(self._rng)

    def _name(self, site: Site, serial: int) -> str:
        road = self._rng.pick(ROADS)
        if site.kind == "junction":
            return f"{road}路与{self._rng.pick(ROADS)}街{site.noun}"
        return f"{road}路{serial}号{site.noun}"

    def _centre(self, block: Block) -> tuple[float, float]:
        if block.town not in self._centres:
            longitude, latitude = SEATS.get(block.county, CITY_CENTRE)
            self._centres[block.town] = (
                longitude + self._rng.uniform(-0.1, 0.1),
                latitude + self._rng.uniform(-0.08, 0.08),
            )
        return self._centres[block.town]
