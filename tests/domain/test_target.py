from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import permutations

import pytest

from monitor.domain.device import DeviceKind
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass, Ring
from monitor.domain.scope import EVERYTHING, Scope
from monitor.domain.target import read_target, target_in_force, target_value
from monitor.domain.weeks import midnight
from tests.domain.past import SHANGHAI, START, TREE

FIRST = PointClass.FIRST
CAMERA = DeviceKind.CAMERA
ROW = Scope(region="370724100", point_class=FIRST, kind=CAMERA, owner_unit="u")


def target(value="0.95", *, indicator=Indicator.ONLINE, since=date(2026, 1, 1), until=None, **scope):
    return read_target(
        indicator,
        value,
        effective_on=since,
        source="plan",
        zone=SHANGHAI,
        scope=Scope(**scope),
        withdrawn_on=until,
    )


def in_force(targets, row=ROW, *, indicator=Indicator.ONLINE, at=START):
    return target_in_force(targets, indicator, row, at=at, tree=TREE)


# Each pair: the one that judges, the one that gives way.
PRECEDENCE = {
    "class before kind": (target("0.90", point_class=FIRST), target("0.99", kind=CAMERA)),
    "class before nearer region": (
        target("0.98", region="3707", point_class=FIRST),
        target("0.90", region="370724"),
    ),
    "class before every other dimension at once": (
        target("0.90", point_class=FIRST),
        target("0.99", kind=CAMERA, owner_unit="u", region="370724100", since=date(2026, 6, 1)),
    ),
    "kind before another dimension": (target("0.90", kind=CAMERA), target("0.99", owner_unit="u")),
    "kind before region": (target("0.90", kind=CAMERA), target("0.99", region="370724100")),
    "class and kind before class": (
        target("0.90", point_class=FIRST, kind=CAMERA),
        target("0.99", point_class=FIRST, owner_unit="u", region="370724100"),
    ),
    "another dimension before region": (target("0.90", owner_unit="u"), target("0.99", region="370724100")),
    "nearest region before latest": (
        target("0.90", region="370724"),
        target("0.99", region="3707", since=date(2026, 6, 1)),
    ),
    "a region before none": (target("0.90", region="3707"), target("0.99", since=date(2026, 6, 1))),
    "latest before strictest": (target("0.90", since=date(2026, 6, 1)), target("0.99")),
    "strictest at last": (target("0.96"), target("0.95")),
}


@pytest.mark.parametrize("name", PRECEDENCE)
def test_precedence(name):
    judging, giving_way = PRECEDENCE[name]
    assert in_force([judging, giving_way]) is judging
    assert in_force([giving_way, judging]) is judging
    assert in_force([giving_way]) is giving_way


def test_precedence_does_not_depend_on_the_order_of_the_list():
    chain = [
        target("0.91", point_class=FIRST),
        target("0.92", kind=CAMERA),
        target("0.93", owner_unit="u"),
        target("0.94", region="370724"),
    ]
    assert all(in_force(order) is chain[0] for order in permutations(chain))


def test_a_countys_general_target_does_not_undercut_the_citys_for_first_class_points():
    city, county = target("0.98", region="3707", point_class=FIRST), target("0.90", region="370724")
    assert in_force([city, county]) is city
    assert in_force([city, county], Scope(region="370724", point_class=PointClass.SECOND)) is county


@pytest.mark.parametrize(
    "scope",
    [
        {"region": "370725"},
        {"point_class": PointClass.SECOND},
        {"kind": DeviceKind.CHECKPOINT},
        {"owner_unit": "other"},
        {"region": "370724100001"},
    ],
)
def test_a_target_for_something_else_does_not_judge_the_row(scope):
    assert in_force([target(**scope)]) is None


def test_a_row_over_all_classes_is_not_judged_by_one_class():
    assert in_force([target(point_class=FIRST)], EVERYTHING) is None
    assert in_force([target(region="3707")], EVERYTHING) is None


def test_a_number_of_devices_is_wanted_of_the_region_it_names_and_not_of_its_parts():
    city = target("250000", indicator=Indicator.CONNECTED)
    county = target("20000", indicator=Indicator.CONNECTED, region="370724")

    def judging(region):
        return in_force([city, county], Scope(region=region), indicator=Indicator.CONNECTED)

    assert judging(None) is judging("3707") is city
    assert judging("370724") is county
    assert judging("370725") is judging("370724100") is judging("999") is None


def test_targets_of_other_indicators_do_not_judge():
    assert in_force([target(indicator=Indicator.INTACT)]) is None


def test_a_past_week_is_judged_by_the_target_that_held_on_its_first_day():
    old, new = target("0.90", since=date(2026, 1, 1)), target("0.95", since=date(2026, 11, 17))
    assert in_force([old, new]) is old
    assert in_force([old, new], at=START + 7 * 86_400) is new


def test_a_target_holds_from_its_date_and_not_on_the_date_of_its_withdrawal():
    one = target(since=date(2026, 11, 16), until=date(2026, 11, 23))
    assert one.effective_from == START == midnight(date(2026, 11, 16), SHANGHAI)
    assert [one.holds_at(at) for at in (START - 1, START, START + 604_799, START + 604_800)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_withdrawn_target_gives_way_to_the_one_before_it():
    old, new = target("0.90"), target("0.99", since=date(2026, 6, 1), until=date(2026, 7, 1))
    assert in_force([old, new]) is old


def test_values_are_exact():
    assert target_value("0.95") == Fraction(19, 20)
    assert target("0.1").value == Fraction(1, 10)


@pytest.mark.parametrize(
    "value", [0.95, 1, None, True, "95%", ".95", "0.", "1e-1", "-0.5", "19/20", "", " 0.9", "０.9"]
)
def test_what_is_no_decimal_string_is_refused(value):
    with pytest.raises(ValueError, match="decimal string"):
        target_value(value)


@pytest.mark.parametrize("value", ["1.01", "95"])
def test_a_share_above_one_is_refused(value):
    with pytest.raises(ValueError, match="between 0 and 1"):
        target(value)


def test_connected_devices_are_a_count():
    assert target("250000", indicator=Indicator.CONNECTED).value == 250_000
    for value in ("0.95", "0"):
        with pytest.raises(ValueError, match="number of devices"):
            target(value, indicator=Indicator.CONNECTED)


@pytest.mark.parametrize(
    ("indicator", "scope"),
    [
        (Indicator.ONLINE, {"ring": Ring.CITY}),
        (Indicator.NETWORKED, {"kind": CAMERA}),
        (Indicator.COMMUNITIES, {"point_class": FIRST}),
        (Indicator.CONNECTED, {"point_class": FIRST}),
        (Indicator.CLOCK, {"owner_unit": "u"}),
        (Indicator.ARCHIVE, {"kind": CAMERA}),
    ],
)
def test_a_scope_that_the_indicator_does_not_have_is_refused(indicator, scope):
    with pytest.raises(ValueError, match="cannot name"):
        target("1", indicator=indicator, **scope)


def test_every_indicator_has_words_in_both_languages():
    assert all(indicator.text_zh and indicator.text_en and indicator.scopes for indicator in Indicator)
