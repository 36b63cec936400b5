"""Compliance 考核: the rows of a period, each with its seconds, its rates against their targets, and its rank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from operator import add

from monitor.domain.assessment import DEFAULT_VALIDITY, Validity, Verdict, assess_tally, devices_short_over, is_valid
from monitor.domain.coverage import HEADLINE_KINDS, Coverage
from monitor.domain.device import DeviceKind, Organisations
from monitor.domain.indicator import Indicator
from monitor.domain.period_counting import WIDTH, PeriodSums, assessed_s
from monitor.domain.point import PointClass
from monitor.domain.ranking import SMALL_SAMPLE, Entrant, rank
from monitor.domain.rate import Rate, intact_rate, online_rate
from monitor.domain.region import RegionLevel, RegionTree
from monitor.domain.scope import Scope
from monitor.domain.tally import EMPTY, Tally
from monitor.domain.target import Target, target_in_force
from monitor.domain.values import dataclass

ROW_LEVELS = (RegionLevel.CITY, RegionLevel.COUNTY, RegionLevel.TOWN)
ORGANISATIONS = ("owner_unit", "maintainer", "contract", "police_station")


class Method(StrEnum):
    """What rates are made of: seconds, or devices at the snapshot times."""

    TIME_WEIGHTED = "time-weighted"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True)
class RowKey:
    """What one row is about; None in a dimension means all of it, for kinds the headline ones.

    Attributes:
        region: the code of its region, with all below it.
        level: the region's level.
        organisation: (dimension, name), such as ("maintainer", "…").
    """

    region: str
    level: RegionLevel
    point_class: PointClass | None = None
    kind: DeviceKind | None = None
    organisation: tuple[str, str] | None = None

    @property
    def scope(self) -> Scope:
        """The scope that targets are looked up for."""
        named = dict([self.organisation]) if self.organisation else {}
        return Scope(
            region=self.region,
            point_class=self.point_class,
            kind=self.kind,
            owner_unit=named.get("owner_unit"),
            maintainer=named.get("maintainer"),
            contract=named.get("contract"),
            police_station=named.get("police_station"),
        )

    @property
    def is_region(self) -> bool:
        """Whether it is a region's own row, split by nothing."""
        return self.point_class is None and self.kind is None and self.organisation is None


@dataclass(frozen=True, slots=True)
class RowSums:
    """What was counted of a row: seconds, snapshots, and devices that have seconds in service, assessed, judged."""

    seconds: Tally
    shots: Tally
    devices: int
    assessed: int
    judged: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One rate of a row against its target; without a target there is no verdict and nothing is short."""

    rate: Rate
    target: Target | None
    verdict: Verdict | None
    short: int


@dataclass(frozen=True, slots=True)
class ComplianceRow:
    """One row of a report.

    Attributes:
        tally: what the rates are made of: seconds or snapshots, by the method.
        coverage: required points by class, of rows that are a region's own.
        rank: within its rank group by online rate, None where it is not ranked.
    """

    key: RowKey
    sums: RowSums
    tally: Tally
    online: Judged
    intact: Judged
    coverage: Mapping[PointClass, Coverage]
    rank: int | None = None
    small_sample: bool = False


@dataclass(frozen=True, slots=True)
class Judging:
    """What judges rows: the tree, the targets in force at the period's first second, and the settings."""

    tree: RegionTree
    targets: Sequence[Target]
    start: int
    validity: Validity = DEFAULT_VALIDITY
    method: Method = Method.TIME_WEIGHTED
    small_sample: int = SMALL_SAMPLE


class RowCounter:
    """Adds up what was counted into rows: for every region of a root, split by class, kind and organisation.

    Args:
        sums: the period's.
        root: the code of the region whose rows are wanted.
        headline_kinds: kinds that make a headline figure.
    """

    def __init__(self, sums: PeriodSums, *, root: str, headline_kinds: frozenset[str] = HEADLINE_KINDS) -> None:
        self._sums, self._root, self._headline = sums, root, headline_kinds
        self.keys_of_slot = [self._keys(number) for number in range(len(sums.slots))]
        self._counts: dict[RowKey, list[int]] = {}

    def rows(self) -> dict[RowKey, RowSums]:
        """Give the sums of every row that has any device in service."""
        seconds: dict[RowKey, list[int]] = {}
        shots: dict[RowKey, list[int]] = {}
        for number, keys in enumerate(self.keys_of_slot):
            for key in keys:
                for found, one in ((seconds, self._sums.seconds[number]), (shots, self._sums.shots[number])):
                    found[key] = list(map(add, found[key], one)) if key in found else list(one)
        counts = self._devices()
        empty = [0, 0, 0]
        return {
            key: RowSums(Tally(*found), Tally(*shots[key]), *counts.get(key, empty)) for key, found in seconds.items()
        }

    def _keys(self, number: int) -> tuple[RowKey, ...]:
        tree_number, (region, point_class, kind, organisations) = self._sums.slots[number]
        tree = self._sums.trees[tree_number][2]
        lineage = tree.lineage(region)
        if self._root not in lineage:
            return ()
        found: list[RowKey] = []
        for code in lineage[: lineage.index(self._root) + 1]:
            level = tree[code].level
            if level in ROW_LEVELS or code == self._root:
                found.append(RowKey(code, level, kind=kind))
                if kind in self._headline:
                    found += (RowKey(code, level), RowKey(code, level, point_class=point_class))
        if kind in self._headline:
            level = tree[self._root].level
            found += (RowKey(self._root, level, organisation=each) for each in named(organisations))
        return tuple(found)

    def _devices(self) -> dict[RowKey, list[int]]:
        """Count devices by row, one that moved once in each row that it was in."""
        sums = self._sums
        by_slot = [[0, 0, 0] for _ in sums.slots]
        counts: dict[RowKey, list[int]] = {}
        number, entries = 0, len(sums.entry_devices)
        while number < entries:
            device, first = sums.entry_devices[number], number
            while number < entries and sums.entry_devices[number] == device:
                number += 1
            if number - first == 1:
                _count(by_slot[sums.entry_slots[first]], sums.entry(first))
                continue
            mine: dict[RowKey, list[int]] = {}
            for entry in range(first, number):
                for key in self.keys_of_slot[sums.entry_slots[entry]]:
                    seconds = sums.entry(entry)
                    mine[key] = list(map(add, mine[key], seconds)) if key in mine else list(seconds)
            for key, seconds in mine.items():
                _count(counts.setdefault(key, [0, 0, 0]), seconds)
        for slot, found in enumerate(by_slot):
            for key in self.keys_of_slot[slot]:
                counts[key] = list(map(add, counts.get(key, (0, 0, 0)), found))
        return counts


def compliance_rows(
    sums: Mapping[RowKey, RowSums],
    judging: Judging,
    *,
    coverage: Mapping[tuple[str, PointClass], Coverage] | None = None,
) -> list[ComplianceRow]:
    """Judge rows and give them in reading order: region by region as the tree runs, its parts after the region.

    Args:
        sums: of every row.
        judging: what judges them.
        coverage: of required points by (region with all below it, class); None leaves it out.
    """
    order = {code: number for number, code in enumerate(_walk(judging.tree))}
    rows = [_row(key, found, judging, coverage or {}) for key, found in sums.items() if key.region in order]
    rows = _ranked(rows, judging)
    return sorted(rows, key=lambda row: (row.key.organisation is not None, order[row.key.region], *_parts(row.key)))


def named(organisations: Organisations) -> Iterable[tuple[str, str]]:
    """Give (dimension, name) of the organisations that have a name."""
    return [(name, getattr(organisations, name)) for name in ORGANISATIONS if getattr(organisations, name)]


def _walk(tree: RegionTree) -> Iterable[str]:
    waiting = list(reversed(tree.children(None)))
    while waiting:
        region = waiting.pop()
        yield region.code
        waiting.extend(reversed(tree.children(region.code)))


def _parts(key: RowKey) -> tuple[int, int, tuple[str, str]]:
    point_class = -1 if key.point_class is None else list(PointClass).index(key.point_class)
    kind = -1 if key.kind is None else list(DeviceKind).index(key.kind)
    organisation = ("", "") if key.organisation is None else key.organisation
    return kind, point_class, (str(ORGANISATIONS.index(organisation[0])) if organisation[0] else "", organisation[1])


def _row(
    key: RowKey, sums: RowSums, judging: Judging, coverage: Mapping[tuple[str, PointClass], Coverage]
) -> ComplianceRow:
    tally = sums.seconds if judging.method is Method.TIME_WEIGHTED else sums.shots
    row = ComplianceRow(
        key=key,
        sums=sums,
        tally=tally,
        online=judged(key, tally, Indicator.ONLINE, judging, devices=sums.assessed),
        intact=judged(key, tally, Indicator.INTACT, judging, devices=sums.judged),
        coverage={},
    )
    return with_coverage(row, coverage)


def with_coverage(row: ComplianceRow, coverage: Mapping[tuple[str, PointClass], Coverage]) -> ComplianceRow:
    """Give a row the coverage of its region; one by kind or organisation has none.

    Args:
        row: any row.
        coverage: of required points by (region with all below it, class).
    """
    key = row.key
    if key.kind is not None or key.organisation is not None:
        return row
    classes = [each for each in (PointClass.FIRST, PointClass.SECOND) if key.point_class in (None, each)]
    return replace(row, coverage={each: coverage.get((key.region, each), Coverage()) for each in classes})


def judged(key: RowKey, tally: Tally, indicator: Indicator, judging: Judging, *, devices: int) -> Judged:
    """Hold a row's online or intact rate against the target in force at the period's first second."""
    rate = online_rate(tally) if indicator is Indicator.ONLINE else intact_rate(tally)
    target = target_in_force(judging.targets, indicator, key.scope, at=judging.start, tree=judging.tree)
    if target is None:
        return Judged(rate, None, None, 0)
    verdict = assess_tally(tally, target, validity=judging.validity).verdict
    return Judged(rate, target, verdict, devices_short_over(tally, target, devices=max(1, devices)))


def _ranked(rows: list[ComplianceRow], judging: Judging) -> list[ComplianceRow]:
    """Give counties and functional zones their ranks, as a whole and for each class."""
    places: dict[RowKey, int | None] = {}
    for point_class in (None, *PointClass):
        competing = {
            row.key.region: row
            for row in rows
            if row.key == RowKey(row.key.region, RegionLevel.COUNTY, point_class=point_class)
        }
        entrants = [
            Entrant(
                code,
                judging.tree[code].rank_group,
                row.online.rate.value,
                is_valid(row.tally, Indicator.ONLINE, validity=judging.validity),
                row.sums.devices,
            )
            for code, row in competing.items()
        ]
        for placing in rank(entrants, small_sample=judging.small_sample):
            places[competing[placing.key].key] = placing.rank
    return [
        replace(row, rank=places.get(row.key), small_sample=row.sums.devices < judging.small_sample) for row in rows
    ]


def _count(counts: list[int], seconds: Sequence[int]) -> None:
    counts[0] += any(seconds)
    counts[1] += assessed_s(seconds) > 0
    counts[2] += seconds[4] + seconds[5] + seconds[6] > 0


if len(Tally.__slots__) != WIDTH:
    raise ValueError("an entry has another width than a tally")

NO_SUMS = RowSums(EMPTY, EMPTY, 0, 0, 0)
