"""Metrics of the city: counts by region, class, kind and state; never a series per device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.adapters.metrics.archive import ArchiveExposition
from monitor.adapters.metrics.devices import DeviceExposition
from monitor.adapters.metrics.exposition import GaugeText
from monitor.domain.archive import ArchiveCount
from monitor.domain.coverage import HEADLINE_KINDS, Coverage, community_rates, networked_communities
from monitor.domain.device import Device
from monitor.domain.region import RegionLevel, RegionTree
from monitor.domain.state import Connectivity
from monitor.domain.tally import Tally
from monitor.domain.target import Target
from monitor.services.clock_figures import ClockCell
from monitor.services.live_counts import CellKey
from monitor.services.live_points import PointKey

HOUR_S = 3_600
AGE_LIMITS_S = (24 * HOUR_S, 72 * HOUR_S, 7 * 24 * HOUR_S)
AGES = ("lt24h", "24h_72h", "72h_7d", "gt7d")
ANY = "any"
"""The class of a target that names none."""

Sample = tuple[tuple[str, ...], float]
_Sums = dict[tuple[str, ...], list[int]]
"""Points required, networked, covered and unknown, by labels."""

Place = tuple[str, str, str, str]
"""County, town, class and kind: the labels of a tally; the town is "" for kinds that no headline counts.

Gateways and recorders are counted by county: by town they made a thousand series that no dashboard asks for.
"""


@dataclass(frozen=True, slots=True)
class CityMetrics:
    """What the metrics show of the city at one instant.

    Attributes:
        cells: tallies by town, class and kind.
        points: coverage of required points by region, class, ring and site kind.
        networked_regions: regions in which a networked point stands.
        connected: connected devices by town, class and kind.
        faults: assessed devices by (county, fault).
        offline_ages: assessed offline devices by (county, index of `AGES`).
        targets: (indicator, class, target) in force for the whole city, shares and numbers of devices.
        clocks: devices by (town, class, kind) whose clock was read, and those within the limit.
        archive: how complete the records are, by region and class; empty until they were counted.
        devices: devices that have a series of their own, each with its connectivity; None where none has.
    """

    cells: list[tuple[CellKey, Tally]]
    points: Sequence[tuple[PointKey, Coverage]]
    networked_regions: Collection[str]
    connected: Sequence[tuple[CellKey, int]]
    faults: Mapping[tuple[str, str], int]
    offline_ages: Mapping[tuple[str, int], int]
    targets: list[tuple[str, str, Target]]
    devices: Iterable[tuple[Device, Connectivity]] | None = None
    clocks: Mapping[CellKey, ClockCell] = field(default_factory=dict)
    archive: Sequence[ArchiveCount] = ()


class CityExposition:
    """Writes the metrics of one city; only combinations that exist are exported, with zeros for their states.

    Args:
        tree: the regions; labels are their codes, their names are in `vidnet_region_info`.
    """

    def __init__(self, tree: RegionTree) -> None:
        self._tree = tree
        self._places: dict[str, tuple[str, str]] = {}
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
        self._ring_points = GaugeText(
            "vidnet_ring_points",
            "Required points on a ring around the city: networked within the window, and covered now.",
            ("ring", "basis", "coverage"),
        )
        self._site_points = GaugeText(
            "vidnet_site_points",
            "Required points of a site kind in the city: networked within the window, and covered now.",
            ("site_kind", "basis", "coverage"),
        )
        self._communities = GaugeText(
            "vidnet_communities", "Communities, by whether a networked point stands in them.", ("county", "coverage")
        )
        self._connected = GaugeText(
            "vidnet_connected_devices", "Devices of headline kinds in service and online in the window.", ("county",)
        )
        self._faults = GaugeText(
            "vidnet_device_faults", "Assessed devices with a confirmed fault.", ("county", "fault")
        )
        self._ages = GaugeText("vidnet_offline_devices", "Assessed devices offline, by how long.", ("county", "age"))
        self._clocks = GaugeText(
            "vidnet_device_clocks",
            "Online devices whose clock was read, by whether it is within the limit.",
            ("county", "class", "clock"),
        )
        self._judged = GaugeText(
            "vidnet_devices_judged",
            "Assessed devices of headline kinds, by whether intact or not is known of them.",
            ("county", "judged"),
        )
        self._targets = GaugeText(
            "vidnet_target_ratio", "Targets in force for the whole city, as shares.", ("indicator", "class")
        )
        self._counts = GaugeText(
            "vidnet_target_devices", "Targets in force for the whole city, as numbers of devices.", ("indicator",)
        )
        self._archive = ArchiveExposition(tree)
        self._single = DeviceExposition(tree)
        self._regions = GaugeText(
            "vidnet_region_info", "Names of counties and towns by their codes.", ("county", "town", "name", "name_en")
        )

    def families(self) -> tuple[GaugeText, ...]:
        """Give all families, in the order of the text."""
        return (
            self._devices,
            self._conditions,
            self._points,
            self._ring_points,
            self._site_points,
            self._communities,
            self._connected,
            self._faults,
            self._ages,
            self._clocks,
            self._judged,
            self._targets,
            self._counts,
            self._regions,
            *self._archive.families(),
            *self._single.families(),
        )

    def text(self, city: CityMetrics) -> str:
        """Give all families with their samples of one instant."""
        tallies = self._by_place(city)
        by_class, by_ring, by_site = self._coverages(city)
        return "".join(
            (
                self._devices.text(_states(tallies)),
                self._conditions.text(_conditions(tallies)),
                self._points.text(_coverage(by_class)),
                self._ring_points.text(_coverage(by_ring)),
                self._site_points.text(_coverage(by_site)),
                self._communities.text(self._networked(city)),
                self._connected.text(self._connected_by_county(city)),
                self._faults.text((labels, count) for labels, count in sorted(city.faults.items())),
                self._ages.text(self._offline(city)),
                self._clocks.text(self._clock_counts(city)),
                self._judged.text(_judged(tallies)),
                self._targets.text(
                    ((name, each), float(target.value))
                    for name, each, target in city.targets
                    if not target.indicator.is_count
                ),
                self._counts.text(
                    ((name,), int(target.value))
                    for name, each, target in city.targets
                    if target.indicator.is_count and each == ANY
                ),
                self._regions.text(self._names()),
                self._archive.text(city.archive),
                "" if city.devices is None else self._single.text(city.devices),
            )
        )

    def _by_place(self, city: CityMetrics) -> dict[Place, Tally]:
        """Give the tallies by their labels; what stands above the towns, or in no region, shares those it has."""
        tallies: dict[Place, Tally] = {}
        for key, tally in city.cells:
            county, town = self._place(key.region)
            if key.kind not in HEADLINE_KINDS:
                town = ""
            place = (county, town, key.point_class, key.kind)
            tallies[place] = tallies[place] + tally if place in tallies else tally
        return tallies

    def _networked(self, city: CityMetrics) -> Iterator[Sample]:
        rates = community_rates(networked_communities(city.networked_regions, self._tree), self._tree)
        for county in self._tree.at_level(RegionLevel.COUNTY):
            if county.code in rates:
                rate = rates[county.code]
                yield (county.code, "covered"), rate.numerator
                yield (county.code, "uncovered"), rate.denominator - rate.numerator

    def _connected_by_county(self, city: CityMetrics) -> Iterator[Sample]:
        counts: Counter[str] = Counter()
        for key, count in city.connected:
            if key.kind in HEADLINE_KINDS:
                counts[self._place(key.region)[0]] += count
        for county, count in sorted(counts.items()):
            yield (county,), count

    def _coverages(self, city: CityMetrics) -> tuple[_Sums, _Sums, _Sums]:
        """Add up the coverage by county and class, by ring, and by site kind, in one pass."""
        found: tuple[_Sums, _Sums, _Sums] = {}, {}, {}
        by_class, by_ring, by_site = found
        for key, part in city.points:
            county = self._place(key.region)[0]
            _add(by_class, (county, key.point_class), part)
            if key.ring is not None:
                _add(by_ring, (key.ring,), part)
            if key.site_kind:
                _add(by_site, (key.site_kind,), part)
        return found

    def _clock_counts(self, city: CityMetrics) -> Iterator[Sample]:
        sums: dict[tuple[str, str], list[int]] = {}
        for key, cell in city.clocks.items():
            if key.kind not in HEADLINE_KINDS:
                continue
            found = sums.setdefault((self._place(key.region)[0], key.point_class), [0, 0])
            found[0] += cell.within
            found[1] += cell.read - cell.within
        for labels, (within, off) in sorted(sums.items()):
            yield (*labels, "within"), within
            yield (*labels, "off"), off

    def _offline(self, city: CityMetrics) -> Iterator[Sample]:
        for county in self._tree.at_level(RegionLevel.COUNTY):
            for index, age in enumerate(AGES):
                yield (county.code, age), city.offline_ages.get((county.code, index), 0)

    def _names(self) -> Iterator[Sample]:
        for region in self._tree:
            if region.level in (RegionLevel.COUNTY, RegionLevel.TOWN):
                yield (*self._place(region.code), region.name, region.name_en), 1

    def _place(self, code: str) -> tuple[str, str]:
        """Give the county and the town of a region, found once."""
        place = self._places.get(code)
        if place is None:
            county = self._tree.ancestor_at(code, RegionLevel.COUNTY)
            place = self._places[code] = (county, self._tree.ancestor_at(code, RegionLevel.TOWN))
        return place


def _add(sums: _Sums, labels: tuple[str, ...], part: Coverage) -> None:
    found = sums.get(labels)
    if found is None:
        found = sums[labels] = [0, 0, 0, 0]
    found[0] += part.required
    found[1] += part.networked
    found[2] += part.covered
    found[3] += part.unknown


def _coverage(sums: _Sums) -> Iterator[Sample]:
    for values, each in sorted(sums.items()):
        coverage = Coverage(*each)
        yield (*values, "networked", "covered"), coverage.networked
        yield (*values, "networked", "uncovered"), coverage.required - coverage.networked
        yield (*values, "now", "covered"), coverage.covered
        yield (*values, "now", "unknown"), coverage.unknown
        yield (*values, "now", "uncovered"), coverage.uncovered


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


def _judged(tallies: Mapping[Place, Tally]) -> Iterator[Sample]:
    sums: dict[str, Tally] = {}
    for (county, _town, _class, kind), tally in tallies.items():
        if kind in HEADLINE_KINDS:
            sums[county] = sums[county] + tally if county in sums else tally
    for county, tally in sorted(sums.items()):
        yield (county, "yes"), tally.judged
        yield (county, "no"), tally.assessed - tally.judged
