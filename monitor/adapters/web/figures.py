"""Figures over HTTP: the overview, any region, and the trend of its rates."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.assessment import Assessment
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.printing import percent_digits
from monitor.domain.rate import Rate, intact_bounds, judged_share
from monitor.domain.region import Region
from monitor.ports import TrendPoint
from monitor.services.city_figures import RegionFigures
from monitor.services.evaluation import NO_RATE, Figure, Row

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
DAY_S = 86_400


class RegionOut(msgspec.Struct, frozen=True):
    """A region: its code, names, level (city, county, town, community), parent and rank group."""

    code: str
    name: str
    name_en: str
    level: str
    parent: str | None
    rank_group: str


class TargetOut(msgspec.Struct, frozen=True):
    """A target: its exact value as a decimal share (a number for connected devices), its print, and its source."""

    value: str
    text: str
    source: str


class FigureOut(msgspec.Struct, frozen=True):
    """One figure: exact counts, the value rounded for drawing, its print, and how it stands to its target.

    `verdict` is met, missed, not_valid, no_data, or null without a target; `short` how many more the target takes.
    """

    numerator: int
    denominator: int
    value: float | None
    text: str
    verdict: str | None
    target: TargetOut | None
    short: int


class CountsOut(msgspec.Struct, frozen=True):
    """Devices of headline kinds by what they are now."""

    in_service: int
    online: int
    offline: int
    unknown: int
    exempt: int
    intact: int
    faulty: int
    condition_unknown: int


class RowOut(msgspec.Struct, frozen=True):
    """The figures of one region.

    `intact_low` and `intact_high` bound the intact rate while some are not judged; `judged` is the share that is.
    `clock` is of devices whose clock is within the limit, of those whose clock was read; null while ours is not
    trusted.
    """

    region: RegionOut
    counts: CountsOut
    online: FigureOut
    intact: FigureOut
    intact_low: FigureOut
    intact_high: FigureOut
    judged: FigureOut
    measured: FigureOut
    clock: FigureOut | None
    first: FigureOut
    second: FigureOut
    communities: FigureOut | None
    connected: FigureOut | None
    rank: int | None
    small_sample: bool


class FreshnessOut(msgspec.Struct, frozen=True):
    """How old the figures are: `as_of` is the newest instant they can be of, and `problems` what is wrong with us."""

    now: int
    as_of: int | None
    stale_after_s: int
    problems: list[str]


class OverviewOut(msgspec.Struct, frozen=True):
    """A region with the regions right below it, its worst towns, and the regions that the caller may see."""

    freshness: FreshnessOut
    zone: str
    lineage: list[RegionOut]
    mine: list[str]
    whole: RowOut
    parts: list[RowOut]
    worst: list[RowOut]


class RegionsOut(msgspec.Struct, frozen=True):
    """Regions in the order of their codes."""

    regions: list[RegionOut]


class TrendOut(msgspec.Struct, frozen=True):
    """Counts over time; each point is `at` and the counts named in `columns`, as integers."""

    region: str
    columns: list[str]
    points: list[list[int]]
    target_online: float | None
    target_intact: float | None


class CutOut(msgspec.Struct, frozen=True):
    """One line: what it is about (`point_class` or `kind`, "" for a region) and its figures."""

    point_class: str
    kind: str
    figures: RowOut


class RatesOut(msgspec.Struct, frozen=True):
    """The figures of a region and of its parts, as of an instant."""

    as_of: int
    whole: RowOut
    parts: list[CutOut]


class RatesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which region, cut by the regions right below, by class or by kind."""

    region: Code | None = None
    by: Literal["region", "class", "kind"] = "region"


class OverviewQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which region; the caller's own where none is named."""

    region: Code | None = None


class RegionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Regions below this one; all of the caller's where none is named."""

    below: Code | None = None


class TrendQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which region, and how many days back."""

    region: Code | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=400)] = 7


async def overview(call: Call) -> OverviewOut:
    """Give the figures of a region and of what lies below it."""
    code = call.regions(call.query.region)[0]
    found = call.parts.figures.of(code)
    return overview_out(call, found)


async def rates(call: Call) -> RatesOut:
    """Give the figures of a region, cut by regions, classes or kinds."""
    found = call.parts.figures.cut(call.regions(call.query.region)[0], by=call.query.by)
    return RatesOut(
        found.at,
        row_out(found.whole, None),
        [CutOut(each.scope.point_class or "", each.scope.kind or "", row_out(each, None)) for each in found.parts],
    )


async def regions(call: Call) -> RegionsOut:
    """Give the regions that the caller may see."""
    tree = call.tree
    within = set(call.regions(call.query.below))
    found = [region_out(each) for each in tree if not within.isdisjoint(tree.lineage(each.code))]
    return RegionsOut(found)


async def trend(call: Call) -> TrendOut:
    """Give how a region's counts went."""
    code = call.regions(call.query.region)[0]
    points = await call.parts.trend.trend(code, since=call.at - call.query.days * DAY_S)
    whole = call.parts.figures.of(code, worst=0).whole
    columns = list(TrendPoint.__slots__[1:])
    return TrendOut(
        region=code,
        columns=columns,
        points=[[getattr(point, name) for name in columns] for point in thinned(points)],
        target_online=_target_value(whole.online.assessment),
        target_intact=_target_value(whole.intact.assessment),
    )


MOST_POINTS = 800
"""More points than a screen has columns say nothing more."""


def thinned(points: list[TrendPoint]) -> list[TrendPoint]:
    """Give at most so many points, evenly, the newest among them."""
    step = -(-len(points) // MOST_POINTS) or 1
    return points[::-1][::step][::-1]


def overview_out(call: Call, found: RegionFigures) -> OverviewOut:
    """Give a region's figures in the form of the API."""
    parts = call.parts
    health = parts.health()
    as_of = None if health.last_look_at is None else min(found.at, health.last_look_at)
    tree = call.tree
    lineage = [code for code in reversed(tree.lineage(found.whole.region.code)) if call.sees(code)]
    return OverviewOut(
        freshness=FreshnessOut(found.at, as_of, health.stale_after_s, list(health.problems)),
        zone=parts.zone,
        lineage=[region_out(tree[code]) for code in lineage],
        mine=list(call.regions()),
        whole=row_out(found.whole, None),
        parts=[row_out(row, found) for row in found.parts],
        worst=[row_out(row, None) for row in found.worst],
    )


def row_out(row: Row, figures: RegionFigures | None) -> RowOut:
    """Give one region's figures in the form of the API."""
    placing = None if figures is None else figures.placings.get(row.region.code)
    tally = row.tally
    low, high = intact_bounds(tally)
    return RowOut(
        region=region_out(row.region),
        counts=CountsOut(
            in_service=tally.in_service,
            online=tally.online,
            offline=tally.offline,
            unknown=tally.unknown,
            exempt=tally.exempt,
            intact=tally.intact,
            faulty=tally.faulty,
            condition_unknown=tally.condition_unknown,
        ),
        online=figure_out(row.online),
        intact=figure_out(row.intact),
        intact_low=rate_out(low),
        intact_high=rate_out(high),
        judged=rate_out(judged_share(tally)),
        measured=rate_out(row.measured),
        clock=None if row.clock is None else figure_out(row.clock),
        first=_coverage(row, PointClass.FIRST),
        second=_coverage(row, PointClass.SECOND),
        communities=None if row.communities is None else figure_out(row.communities),
        connected=None if row.connected is None else figure_out(row.connected),
        rank=None if placing is None else placing.rank,
        small_sample=placing is not None and placing.small_sample,
    )


def _coverage(row: Row, point_class: PointClass) -> FigureOut:
    """Give the coverage of a class; a line of another class, or of a kind, has none."""
    found = row.coverage.get(point_class)
    return rate_out(NO_RATE) if found is None else figure_out(found)


def region_out(region: Region) -> RegionOut:
    """Give a region in the form of the API."""
    return RegionOut(region.code, region.name, region.name_en, region.level.value, region.parent, region.rank_group)


def figure_out(figure: Figure) -> FigureOut:
    """Give a figure in the form of the API, printed so that it stands to its target as the exact value does."""
    assessment = figure.assessment
    if assessment is None:
        return rate_out(figure.rate)
    target = assessment.target
    value = figure.rate.value
    if target.indicator is Indicator.CONNECTED:
        text, wanted = f"{figure.rate.numerator:,}", f"{int(target.value):,}"
    else:
        text = "" if value is None else percent_digits(value, target.value) + "%"
        wanted = percent_digits(target.value) + "%"
    return FigureOut(
        numerator=figure.rate.numerator,
        denominator=figure.rate.denominator,
        value=_float(figure.rate),
        text=text,
        verdict=assessment.verdict.value,
        target=TargetOut(str(float(target.value)), wanted, target.source),
        short=figure.short,
    )


def rate_out(rate: Rate) -> FigureOut:
    """Give a rate that no target is for."""
    value = rate.value
    text = "" if value is None else percent_digits(value) + "%" if value <= 1 else f"{rate.numerator:,}"
    return FigureOut(rate.numerator, rate.denominator, _float(rate), text, None, None, 0)


def _float(rate: Rate) -> float | None:
    return None if rate.value is None else round(rate.numerator / rate.denominator, 6)


def _target_value(assessment: Assessment | None) -> float | None:
    return None if assessment is None else float(assessment.target.value)


ROUTES = (
    Route(
        "GET",
        "/overview",
        overview,
        Right.READ,
        "figures of a region and below",
        query=OverviewQuery,
        answer=OverviewOut,
    ),
    Route("GET", "/rates", rates, Right.READ, "figures by class or kind", query=RatesQuery, answer=RatesOut),
    Route("GET", "/regions", regions, Right.READ, "regions", query=RegionsQuery, answer=RegionsOut),
    Route("GET", "/trend", trend, Right.READ, "a region's counts over time", query=TrendQuery, answer=TrendOut),
)
