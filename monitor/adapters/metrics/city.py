"""Metrics of the city: counts by region, class, kind and state; never a series per device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.adapters.metrics.exposition import GaugeText
from monitor.domain.coverage import HEADLINE_KINDS, Coverage
from monitor.domain.point import PointClass
from monitor.domain.region import RegionLevel, RegionTree
from monitor.domain.tally import Tally
from monitor.domain.target import Target
from monitor.services.live_counts import CellKey

HOUR_S = 3_600
AGE_LIMITS_S = (24 * HOUR_S, 72 * HOUR_S, 7 * 24 * HOUR_S)
AGES = ("lt24h", "24h_72h", "72h_7d", "gt7d")
Sample = tuple[tuple[str, ...], float]
Place = tuple[str, str, str, str]
"""County, town, class and kind: the labels of a tally; the town is "" for kinds that no headline counts.

Gateways and recorders are counted by county: by town they made a thousand series that no dashboard asks for.
"""


@dataclass(frozen=True, slots=True)
class CityMetrics:
    """What the metrics show of the city at one instant.

    Attributes:
        cells: tallies by town, class and kind.
        coverage: coverage of required points by (region of the points, class).
        faults: assessed devices by (county, fault).
        offline_ages: assessed offline devices by (county, index of `AGES`).
        targets: (indicator, class, target) in force for the whole city.
    """

    cells: list[tuple[CellKey, Tally]]
    coverage: Mapping[tuple[str, PointClass], Coverage]
    faults: Mapping[tuple[str, str], int]
    offline_ages: Mapping[tuple[str, int], int]
    targets: list[tuple[str, str, Target]]


class CityExposition:
    """Writes the metrics of one city; only combinations that exist are exported, with zeros for their states.

    Args:
        tree: the regions; labels are their codes, their names are in `vidnet_region_info`.
    """

    def __init__(self, tree: RegionTree) -> None:
        self._tree = tree
        self._devices = GaugeText(
            "vidnet_devices", "Devices in service, by state.", ("county", "town", "class", "kind", "state")
        )
        self._conditions = GaugeText(
            "vidnet_devices_condition",
            "Devices of headline kinds online and not exempt, by condition.",
            ("county", "town", "class", "kind", "condition"),
        )
        self._points = GaugeText(
            "vidnet_points",
            "Required points: networked within the window, and covered now.",
            ("county", "class", "basis", "coverage"),
        )
        self._faults = GaugeText(
            "vidnet_device_faults", "Assessed devices with a confirmed fault.", ("county", "fault")
        )
        self._ages = GaugeText("vidnet_offline_devices", "Assessed devices offline, by how long.", ("county", "age"))
        self._targets = GaugeText(
            "vidnet_target_ratio", "Targets in force for the whole city, as shares.", ("indicator", "class")
        )
        self._regions = GaugeText(
            "vidnet_region_info", "Names of counties and towns by their codes.", ("county", "town", "name", "name_en")
        )

    def families(self) -> tuple[GaugeText, ...]:
        """Give all families, in the order of the text."""
        return (
            self._devices,
            self._conditions,
            self._points,
            self._faults,
            self._ages,
            self._targets,
            self._regions,
        )

    def text(self, city: CityMetrics) -> str:
        """Give all families with their samples of one instant."""
        tallies = self._by_place(city)
        return "".join(
            (
                self._devices.text(_states(tallies)),
                self._conditions.text(_conditions(tallies)),
                self._points.text(self._coverage(city)),
                self._faults.text((labels, count) for labels, count in sorted(city.faults.items())),
                self._ages.text(self._offline(city)),
                self._targets.text(((name, each), float(target.value)) for name, each, target in city.targets),
                self._regions.text(self._names()),
            )
        )

    def _by_place(self, city: CityMetrics) -> dict[Place, Tally]:
        """Give the tallies by their labels; what stands above the towns, or in no region, shares those it has."""
        tallies: dict[Place, Tally] = {}
        for key, tally in city.cells:
            county, town = self._place(key.region)
            if key.kind not in HEADLINE_KINDS:
                town = ""
            place = (county, town, key.point_class.value, key.kind.value)
            tallies[place] = tallies[place] + tally if place in tallies else tally
        return tallies

    def _coverage(self, city: CityMetrics) -> Iterator[Sample]:
        counties: dict[tuple[str, str], Coverage] = {}
        for (region, point_class), coverage in city.coverage.items():
            key = (self._place(region)[0], point_class.value)
            counties[key] = counties.get(key, Coverage()) + coverage
        for (county, name), coverage in sorted(counties.items()):
            yield (county, name, "networked", "covered"), coverage.networked
            yield (county, name, "networked", "uncovered"), coverage.required - coverage.networked
            yield (county, name, "now", "covered"), coverage.covered
            yield (county, name, "now", "unknown"), coverage.unknown
            yield (county, name, "now", "uncovered"), coverage.uncovered

    def _offline(self, city: CityMetrics) -> Iterator[Sample]:
        for county in self._tree.at_level(RegionLevel.COUNTY):
            for index, age in enumerate(AGES):
                yield (county.code, age), city.offline_ages.get((county.code, index), 0)

    def _names(self) -> Iterator[Sample]:
        for region in self._tree:
            if region.level in (RegionLevel.COUNTY, RegionLevel.TOWN):
                yield (*self._place(region.code), region.name, region.name_en), 1

    def _place(self, code: str) -> tuple[str, str]:
        return self._tree.ancestor_at(code, RegionLevel.COUNTY), self._tree.ancestor_at(code, RegionLevel.TOWN)


def _states(tallies: Mapping[Place, Tally]) -> Iterator[Sample]:
    for place, tally in tallies.items():
        yield (*place, "online"), tally.online
        yield (*place, "offline"), tally.offline
        yield (*place, "unknown"), tally.unknown
        yield (*place, "exempt"), tally.exempt


def _conditions(tallies: Mapping[Place, Tally]) -> Iterator[Sample]:
    for place, tally in tallies.items():
        if place[-1] in HEADLINE_KINDS:
            yield (*place, "intact"), tally.intact
            yield (*place, "faulty"), tally.faulty
            yield (*place, "unknown"), tally.condition_unknown
