from __future__ import annotations

from fractions import Fraction

import pytest

from monitor.domain.assessment import Validity, Verdict
from monitor.domain.coverage import Coverage
from monitor.domain.device import DeviceKind
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.rate import Rate
from monitor.domain.region import RegionTree
from monitor.domain.scope import Scope
from monitor.domain.tally import EMPTY, Tally
from monitor.domain.target import Target
from monitor.services.evaluation import Evaluator, Rollup, rolled_up
from monitor.services.live_counts import CellKey
from tests.domain.past import TREE

AT = 1_767_225_600
FIRST, SECOND, OTHER = PointClass.FIRST, PointClass.SECOND, PointClass.OTHER
CAMERA, CHECKPOINT, RECORDER = DeviceKind.CAMERA, DeviceKind.CHECKPOINT, DeviceKind.RECORDER
CITY, LINQU, CHANGLE = "3707", "370724", "370725"


def target(indicator: Indicator, value: str, *, since: int = 0, **scope: object) -> Target:
    return Target(indicator, Scope(**scope), Fraction(value), since, "plan")


TARGETS = [
    target(Indicator.ONLINE, "0.95"),
    target(Indicator.INTACT, "0.95"),
    target(Indicator.NETWORKED, "1", point_class=FIRST),
    target(Indicator.NETWORKED, "0.75", point_class=SECOND),
    target(Indicator.ONLINE, "0.9", region=CHANGLE),
    target(Indicator.ONLINE, "0.99", kind=CHECKPOINT),
    target(Indicator.ONLINE, "1", since=AT + 1),
]
CELLS = [
    (CellKey("370724100", FIRST, CAMERA), Tally(intact=90, faulty=5, offline=4, unknown=1, exempt_offline=7)),
    (CellKey("370724100", SECOND, CHECKPOINT), Tally(intact=90, offline=1)),
    (CellKey("370724100", FIRST, RECORDER), Tally(offline=50)),
    (CellKey("370725100", FIRST, CAMERA), Tally(condition_unknown=91, offline=9)),
    (CellKey("3707", OTHER, CAMERA), Tally(intact=1)),
    (CellKey("", FIRST, CAMERA), EMPTY),
]
COVERAGE = {
    ("370724100001", FIRST): Coverage(10, 9, 8, 1),
    ("370724100", FIRST): Coverage(5, 5, 5, 0),
    ("370725100", SECOND): Coverage(10, 7, 7, 0),
}


def overview(*, region: str | None = None, by: str = "region", targets: list[Target] | None = None):
    return Evaluator(TREE, TARGETS if targets is None else targets).overview(
        CELLS, COVERAGE, at=AT, region=region, by=by
    )


def test_the_city_is_the_sum_of_its_devices_of_headline_kinds():
    whole = overview().whole
    assert whole.region.code == CITY
    assert whole.tally == Tally(intact=181, faulty=5, condition_unknown=91, offline=14, unknown=1, exempt_offline=7)
    assert whole.online.rate == Rate(277, 291)
    assert whole.measured == Rate(291, 292)


def test_the_parts_are_the_regions_right_below_in_their_order():
    result = overview()
    assert result.at == AT
    assert [row.region.code for row in result.parts] == [LINQU, CHANGLE]
    assert [row.scope for row in result.parts] == [Scope(region=LINQU), Scope(region=CHANGLE)]
    linqu, changle = result.parts
    assert linqu.online.rate == Rate(185, 190)
    assert changle.online.rate == Rate(91, 100)


def test_each_row_is_held_against_the_target_that_judges_it():
    linqu, changle = overview().parts
    assert (linqu.online.assessment.verdict, linqu.online.assessment.target.value) == (Verdict.MET, Fraction("0.95"))
    assert (changle.online.assessment.verdict, changle.online.assessment.target.value) == (
        Verdict.MET,
        Fraction("0.9"),
    )
    whole = overview().whole
    assert (whole.online.assessment.verdict, whole.online.short) == (Verdict.MET, 0)
    assert overview(targets=TARGETS[-1:]).whole.online.assessment is None, "it is not effective yet"


def test_devices_short_are_whole_devices_of_what_is_assessed():
    cells = [(CellKey("370724100", FIRST, CAMERA), Tally(intact=94_999, offline=5_001))]
    whole = Evaluator(TREE, TARGETS).overview(cells, {}, at=AT).whole
    assert (whole.online.assessment.verdict, whole.online.short) == (Verdict.MISSED, 1)
    assert (whole.intact.assessment.verdict, whole.intact.short) == (Verdict.MISSED, 1)


def test_a_rate_of_too_little_is_not_valid_and_of_nothing_has_no_data():
    linqu, changle = overview().parts
    assert linqu.intact.rate == Rate(180, 190)
    assert linqu.intact.assessment.verdict is Verdict.MISSED
    assert linqu.intact.short == 1
    assert changle.intact.assessment.verdict is Verdict.NOT_VALID, "91 of 100 are not judged"
    empty = Evaluator(TREE, TARGETS).overview([], {}, at=AT).whole
    assert (empty.online.rate.value, empty.online.assessment.verdict, empty.online.short) == (None, Verdict.NO_DATA, 0)
    lax = Evaluator(TREE, TARGETS, validity=Validity(Fraction(0), Fraction(0))).overview(CELLS, COVERAGE, at=AT)
    assert lax.parts[1].intact.assessment.verdict is Verdict.MISSED


def test_coverage_is_of_required_points_with_points_short():
    whole = overview().whole
    first, second = whole.coverage[FIRST], whole.coverage[SECOND]
    assert (first.rate, first.assessment.verdict, first.short) == (Rate(14, 15), Verdict.MISSED, 1)
    assert (second.rate, second.assessment.verdict, second.short) == (Rate(7, 10), Verdict.MISSED, 1)
    linqu, changle = overview().parts
    assert linqu.coverage[SECOND].assessment.verdict is Verdict.NO_DATA
    assert linqu.coverage[SECOND].short == 0
    assert changle.coverage[SECOND].short == 1


def test_regions_have_their_communities_and_their_connected_devices():
    targets = [
        target(Indicator.COMMUNITIES, "0.5"),
        target(Indicator.CONNECTED, "250"),
        target(Indicator.CONNECTED, "90", region=LINQU),
    ]
    connected = [
        (CellKey("370724100", FIRST, CAMERA), 90),
        (CellKey("370725100", SECOND, CHECKPOINT), 91),
        (CellKey("370725100", FIRST, RECORDER), 5000),
        (CellKey("3707", FIRST, CAMERA), 1),
    ]

    def shown(by: str = "region"):
        evaluator = Evaluator(TREE, targets)
        networked = ["370724100001", "370724100"]
        return evaluator.overview(CELLS, COVERAGE, at=AT, by=by, networked_regions=networked, connected=connected)

    whole, (linqu, changle) = shown().whole, shown().parts
    assert (whole.communities.rate, whole.communities.assessment.verdict) == (Rate(1, 3), Verdict.MISSED)
    assert (whole.communities.short, linqu.communities.rate) == (1, Rate(1, 2))
    assert changle.communities.rate == Rate(0, 1)
    assert (whole.connected.rate, whole.connected.assessment.verdict) == (Rate(182, 250), Verdict.MISSED)
    assert whole.connected.short == 68
    assert (linqu.connected.rate, linqu.connected.assessment.verdict) == (Rate(90, 90), Verdict.MET)
    assert (changle.connected.rate, changle.connected.assessment) == (Rate(91, 0), None), "the 250 are not a county's"
    assert {row.connected for row in shown("class").parts} == {None}
    assert overview().whole.connected is overview().whole.communities is None, "nobody asked"


def test_a_town_has_its_communities_as_parts():
    result = overview(region="370724100")
    assert [row.region.code for row in result.parts] == ["370724100001", "370724100002"]
    assert [row.coverage[FIRST].rate for row in result.parts] == [Rate(9, 10), Rate(0, 0)]
    assert result.whole.coverage[FIRST].rate == Rate(14, 15)
    assert overview(region="370724100002").parts == ()


def test_by_class_every_class_has_a_row_with_the_points_of_its_own():
    result = overview(by="class")
    assert [row.scope.point_class for row in result.parts] == list(PointClass)
    rows = {row.scope.point_class: row for row in result.parts}
    assert rows[FIRST].online.rate == Rate(186, 199), "the recorders are no headline kind"
    assert rows[SECOND].online.rate == Rate(90, 91)
    assert rows[OTHER].online.rate == Rate(1, 1)
    assert list(rows[FIRST].coverage) == [FIRST]
    assert list(rows[SECOND].coverage) == [SECOND]
    assert rows[OTHER].coverage == {}
    assert sum((row.tally for row in result.parts), EMPTY) == result.whole.tally


def test_by_kind_the_kinds_that_are_there_have_rows_of_their_own():
    result = overview(region=LINQU, by="kind")
    assert [row.scope.kind for row in result.parts] == [CAMERA, CHECKPOINT, RECORDER]
    camera, checkpoint, recorder = result.parts
    assert camera.online.rate == Rate(95, 99)
    assert (checkpoint.online.rate, checkpoint.online.assessment.target.value) == (Rate(90, 91), Fraction("0.99"))
    assert (checkpoint.online.assessment.verdict, checkpoint.online.short) == (Verdict.MISSED, 1)
    assert recorder.online.rate == Rate(0, 50)
    assert result.whole.online.rate == Rate(185, 190)


def test_a_region_that_is_unknown_or_none_at_all_is_a_key_error():
    with pytest.raises(KeyError, match="999"):
        overview(region="999")
    with pytest.raises(KeyError, match="no region"):
        Evaluator(RegionTree([]), TARGETS).overview([], {}, at=AT)


def test_sums_reach_every_region_above():
    rollup = Rollup(TREE, CELLS)
    assert rollup.of("370724100", kind=RECORDER) == Tally(offline=50)
    assert rollup.of(CITY, kind=RECORDER) == Tally(offline=50)
    assert rollup.of("370724100001") == EMPTY
    sums = rolled_up(TREE, COVERAGE)
    assert sums[LINQU, FIRST] == Coverage(15, 14, 13, 1)
    assert sums[CITY, SECOND] == Coverage(10, 7, 7, 0)
    assert (CHANGLE, FIRST) not in sums
