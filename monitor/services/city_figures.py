"""The figures of any region as the page shows them: added up over the tree once a moment, not once a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from monitor.domain.assessment import is_valid
from monitor.domain.coverage import Coverage
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.ranking import Entrant, Placing, rank
from monitor.domain.rate import Rate, online_rate
from monitor.domain.region import RegionLevel, RegionTree
from monitor.ports import TrendPoint
from monitor.services.clock_figures import ClockRates
from monitor.services.evaluation import NO_RATE, Evaluator, Overview, Rollup, Row, overview_of, rolled_up
from monitor.services.live_counts import LiveCounts

FRESH_FOR_S = 1
"""Sums are made anew after so many seconds."""

WORST_LEAST_DEVICES = 20
"""Towns with fewer assessed devices are not among the worst: one device would decide."""


@dataclass(frozen=True, slots=True)
class RegionFigures:
    """A region's figures with those of the regions right below it, as of one instant.

    Attributes:
        at: epoch seconds.
        whole: the region itself.
        parts: the regions right below, in the order of the tree.
        placings: their ranks by online rate, by code.
        worst: the towns below with the lowest online rates, the worst first.
    """

    at: int
    whole: Row
    parts: tuple[Row, ...]
    placings: Mapping[str, Placing]
    worst: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Sums:
    at: int
    counts: LiveCounts
    tallies: Rollup
    coverages: Mapping[tuple[str, PointClass], Coverage]


class CityFigures:
    """Figures of regions from the live counts.

    Args:
        evaluator: gives what judges them now; it changes with the inventory.
        counts: gives the live counts; likewise.
        now: gives epoch seconds.
        clocks: gives clock compliances by region, class and kind; None while our own clock is not trusted.
    """

    def __init__(
        self,
        evaluator: Callable[[], Evaluator],
        counts: Callable[[], LiveCounts],
        now: Callable[[], float],
        clocks: Callable[[], ClockRates | None] = lambda: None,
    ) -> None:
        self._evaluator = evaluator
        self._counts = counts
        self._now = now
        self._clocks = clocks
        self._sums: _Sums | None = None

    def cut(self, region: str, *, by: str) -> Overview:
        """Give a region's figures with its parts by "region", "class" or "kind"."""
        at, clocks = int(self._now()), self._clocks()
        return overview_of(self._evaluator(), self._counts(), at=at, region=region, by=by, clocks=clocks)

    @property
    def tree(self) -> RegionTree:
        """The regions as they are now."""
        return self._evaluator().tree

    @property
    def evaluator(self) -> Evaluator:
        """What judges figures now."""
        return self._evaluator()

    def of(self, region: str, *, worst: int = 10) -> RegionFigures:
        """Give the figures of a region in the tree, of its parts, and of its worst towns."""
        sums, evaluator = self._current(), self._evaluator()
        tree = evaluator.tree
        counts = sums.counts
        clocks = self._clocks()
        whole = evaluator.rows(
            [region],
            sums.tallies,
            sums.coverages,
            at=sums.at,
            networked_regions=counts.networked_regions(),
            connected=counts.connected(),
        )
        children = [child.code for child in tree.children(region)]
        parts = evaluator.with_clocks(
            evaluator.rows(children, sums.tallies, sums.coverages, at=sums.at), clocks, at=sums.at
        )
        entrants = [
            Entrant(
                key=row.region.code,
                group=row.region.rank_group,
                value=row.online.rate.value,
                valid=is_valid(row.tally, Indicator.ONLINE),
                devices=row.tally.in_service,
            )
            for row in parts
        ]
        return RegionFigures(
            at=sums.at,
            whole=evaluator.with_clocks(whole, clocks, at=sums.at)[0],
            parts=parts,
            placings={placing.key: placing for placing in rank(entrants)},
            worst=tuple(
                evaluator.rows(self._worst(tree, sums, region, worst), sums.tallies, sums.coverages, at=sums.at)
            ),
        )

    def trend_points(self) -> list[TrendPoint]:
        """Give the counts of every region that has devices or required points, communities aside."""
        sums, clocks = self._current(), self._clocks() or {}
        return [
            point
            for region in self.tree
            if region.level is not RegionLevel.COMMUNITY
            for point in _trend_point(region.code, sums, clocks.get((region.code, None, None), NO_RATE))
        ]

    def _worst(self, tree: RegionTree, sums: _Sums, region: str, count: int) -> list[str]:
        found = []
        for town in tree.at_level(RegionLevel.TOWN):
            if town.code != region and region in tree.lineage(town.code):
                rate = online_rate(sums.tallies.of(town.code))
                if rate.value is not None and rate.denominator >= WORST_LEAST_DEVICES:
                    found.append((rate.numerator / rate.denominator, town.code))
        return [code for _, code in sorted(found)[:count]]

    def _current(self) -> _Sums:
        at, counts = int(self._now()), self._counts()
        sums = self._sums
        if sums is None or sums.counts is not counts or not 0 <= at - sums.at < FRESH_FOR_S:
            tree = self.tree
            sums = self._sums = _Sums(at, counts, Rollup(tree, counts.cells()), rolled_up(tree, counts.coverage()))
        return sums


def _trend_point(code: str, sums: _Sums, clock: Rate) -> Iterable[TrendPoint]:
    tally = sums.tallies.of(code)
    first = sums.coverages.get((code, PointClass.FIRST), Coverage())
    second = sums.coverages.get((code, PointClass.SECOND), Coverage())
    if tally.in_service or first.required or second.required:
        online = tally.intact + tally.faulty + tally.condition_unknown
        yield TrendPoint(
            region=code,
            at=sums.at,
            online=online,
            offline=tally.offline,
            unknown=tally.unknown,
            exempt=tally.in_service - online - tally.offline - tally.unknown,
            intact=tally.intact,
            judged=tally.intact + tally.faulty + tally.offline,
            first_required=first.required,
            first_networked=first.networked,
            second_required=second.required,
            second_networked=second.networked,
            clock_within=clock.numerator,
            clock_read=clock.denominator,
        )
