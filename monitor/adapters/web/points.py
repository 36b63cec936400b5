"""Points and coverage over HTTP."""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

import msgspec

from monitor.adapters.web.devices import Classes
from monitor.adapters.web.figures import Code, FigureOut, OverviewQuery, RegionOut, figure_out, region_out
from monitor.adapters.web.paging import Cursor, Limit, Text, cursor_of, place_of
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.coverage import Coverage
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.scope import Scope
from monitor.services.device_search import PointFilter, find_points, point_coverage

FEW_TEXT_HITS = 5_000


class PointsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which points. `coverage`: networked in 30 days or not; covered, uncovered or unknown now."""

    region: Code | None = None
    point_class: Classes | None = None
    coverage: Literal["networked", "not_networked", "covered", "uncovered", "unknown"] | None = None
    required: bool | None = None
    q: Text | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class PointOut(msgspec.Struct, frozen=True):
    """One point; `networked` within 30 days, `now` covered, uncovered or unknown."""

    id: str
    name: str
    region: str
    county: str
    town: str
    point_class: str
    site_kind: str
    ring: str | None
    status: str
    required: bool
    networked: bool
    now: str
    count: int


class PointsOut(msgspec.Struct, frozen=True):
    """One page of points; `next` is the cursor of the next, null on the last."""

    total: int
    points: list[PointOut]
    next: str | None


class CoverageRowOut(msgspec.Struct, frozen=True):
    """The coverage of one region and class: networked within 30 days, and now."""

    region: RegionOut
    point_class: str
    networked: FigureOut
    effective: FigureOut
    required: int
    unknown: int


class CoverageOut(msgspec.Struct, frozen=True):
    """Coverage of a region and of those right below it, by class."""

    rows: list[CoverageRowOut]


async def points(call: Call) -> PointsOut:
    """Give one page of the points that a filter lets through."""
    query: PointsQuery = call.query
    among = None
    if query.q is not None:
        among = frozenset(await call.parts.directory.points_like(query.q, limit=FEW_TEXT_HITS))
    wanted = PointFilter(
        regions=call.regions(query.region),
        point_class=None if query.point_class is None else PointClass(query.point_class),
        coverage=query.coverage,
        required=query.required,
        among=among,
    )
    counts = call.parts.counts()
    numbers = find_points(counts, call.tree, wanted)
    after = place_of(query.cursor, str)
    columns = counts.points()
    left = numbers if after is None else [number for number in numbers if columns.ids[number] > after]
    page = left[: query.limit]
    known = await call.parts.directory.points_of([columns.ids[number] for number in page])
    rows = []
    for number in page:
        point = known.get(columns.ids[number])
        if point is None:
            continue
        required, networked, now = point_coverage(columns, number)
        names = {call.tree[code].level.value: call.tree[code].name for code in call.tree.lineage(point.region)}
        rows.append(
            PointOut(
                id=point.id,
                name=point.name,
                region=point.region,
                county=names.get("county", ""),
                town=names.get("town", ""),
                point_class=point.point_class.value,
                site_kind=point.site_kind,
                ring=None if point.ring is None else point.ring.value,
                status=point.status.value,
                required=required,
                networked=networked,
                now=now,
                count=point.count,
            )
        )
    more = len(left) > len(page)
    return PointsOut(len(numbers), rows, cursor_of(columns.ids[page[-1]]) if more else None)


async def coverage(call: Call) -> CoverageOut:
    """Give the coverage of a region and of those right below it."""
    code = call.regions(call.query.region)[0]
    tree, evaluator = call.tree, call.parts.figures.evaluator
    sums: dict[tuple[str, PointClass], Coverage] = defaultdict(Coverage)
    for (leaf, point_class), part in call.parts.counts().coverage().items():
        for above in tree.lineage(leaf):
            sums[above, point_class] += part
    rows = []
    for region in (tree[code], *tree.children(code)):
        for point_class in PointClass:
            found = sums.get((region.code, point_class))
            if found is None or not found.required:
                continue
            scope = Scope(region=region.code, point_class=point_class)
            rows.append(
                CoverageRowOut(
                    region=region_out(region),
                    point_class=point_class.value,
                    networked=figure_out(evaluator.of_points(Indicator.NETWORKED, scope, found, at=call.at)),
                    effective=figure_out(evaluator.of_points(Indicator.EFFECTIVE, scope, found, at=call.at)),
                    required=found.required,
                    unknown=found.unknown,
                )
            )
    return CoverageOut(rows)


ROUTES = (
    Route("GET", "/points", points, Right.READ, "points, by page", query=PointsQuery, answer=PointsOut, group="points"),
    Route(
        *("GET", "/coverage", coverage, Right.READ, "coverage of a region and below, by class"),
        query=OverviewQuery,
        answer=CoverageOut,
        group="points",
    ),
)
