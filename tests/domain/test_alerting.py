"""The table of cases of alert decisions: figures over time in, what is told and what is left out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.alert import Alert, Reading, Severity, Subject
from monitor.domain.alert_rule import AlertRule, Measure, read_weekly_hours, written_weekly_hours
from monitor.domain.alerting import decide, decide_rule
from monitor.domain.silence import Silence

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = 1_763_913_600  # 2025-11-24 00:00 in Shanghai
T0 = MONDAY + 10 * 3_600
COUNTY = Subject("370783", "寿光市", "Shouguang", region="370783", county="370783")
RATE = AlertRule(
    "online-county",
    Measure.ONLINE,
    Severity.CRITICAL,
    sustained_s=900,
    margin=Fraction("0.005"),
    min_denominator=20,
    min_measured=Fraction("0.95"),
    reminder_s=3_600,
)


def reading(value: str | None, *, denominator: int = 1_000, measured: str = "1", suppressed: bool = False) -> Reading:
    return Reading(
        COUNTY,
        None if value is None else Fraction(value),
        Fraction("0.95"),
        denominator=denominator,
        measured=Fraction(measured),
        suppressed=suppressed,
    )


def told(rule: AlertRule, course: list[tuple[int, Reading | None]], **kwargs: bool) -> list[tuple[int, str]]:
    """Run a rule over readings at minutes after T0, and give (minute, what is told)."""
    alerts: dict[str, Alert] = {}
    found = []
    for minute, one in course:
        readings = [] if one is None else [one]
        for decision in decide_rule(rule, readings, alerts, at=T0 + minute * 60, zone=ZONE, **kwargs):  # type: ignore[arg-type]
            found += [(minute, telling.value) for telling in decision.tellings]
            key = COUNTY.key
            if decision.alert is None or decision.alert.cleared_at is not None:
                alerts.pop(key, None)
            else:
                alerts[key] = decision.alert
    return found


BAD, NEAR, EDGE, GOOD = reading("0.949"), reading("0.952"), reading("0.955"), reading("0.9551")


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        # raised once after 15 min, cleared only above 95.5 %
        ([(0, BAD), (14, BAD), (15, BAD), (16, BAD)], [(15, "raised")]),
        ([(0, BAD), (15, BAD), (20, NEAR), (21, EDGE), (22, GOOD), (23, BAD)], [(15, "raised"), (22, "cleared")]),
        # just at the target is not below it
        ([(0, reading("0.95")), (15, reading("0.95"))], []),
        # exactly below it is, however near
        ([(0, reading("0.94999")), (15, reading("0.94999"))], [(15, "raised")]),
        # flapping: what is not sustained raises nothing
        ([(0, BAD), (10, NEAR), (11, BAD), (20, NEAR), (21, BAD), (35, NEAR)], []),
        ([(minute, BAD if minute % 14 else GOOD) for minute in range(60)], []),
        # reminded an hour after somebody was told, again and again
        (
            [(0, BAD), (15, BAD), (74, BAD), (75, BAD), (76, BAD), (135, BAD)],
            [(15, "raised"), (75, "reminded"), (135, "reminded")],
        ),
        # too few devices, too little measured, no data: nothing is decided, a raised alert stays
        ([(0, reading("0.5", denominator=19)), (15, reading("0.5", denominator=19))], []),
        ([(0, reading("0.5", measured="0.9499")), (15, reading("0.5", measured="0.9499"))], []),
        ([(0, reading(None)), (15, reading(None))], []),
        ([(0, BAD), (15, BAD), (16, reading("1", measured="0.5")), (17, GOOD)], [(15, "raised"), (17, "cleared")]),
        # what could not be judged in between was not sustained
        ([(0, BAD), (10, reading("0.5", denominator=1)), (15, BAD), (29, BAD), (30, BAD)], [(30, "raised")]),
        # a subject that is gone is in order
        ([(0, BAD), (15, BAD), (16, None)], [(15, "raised"), (16, "cleared")]),
        # while the cause is exempt nobody is told; afterwards they are, once
        (
            [(0, BAD), (15, reading("0.9", suppressed=True)), (40, BAD), (41, BAD)],
            [(40, "raised")],
        ),
        # and what began and ended unseen is not reported as a recovery
        ([(0, BAD), (15, reading("0.9", suppressed=True)), (40, GOOD)], []),
    ],
)
def test_a_rate_below_its_target(course: list[tuple[int, Reading | None]], expected: list[tuple[int, str]]) -> None:
    assert told(RATE, course) == expected


def test_while_our_own_network_is_down_nothing_is_decided() -> None:
    assert told(RATE, [(0, BAD), (15, BAD), (30, BAD)], blind=True) == []
    raised = replace(Alert("online-county", COUNTY, Severity.CRITICAL, since=T0), raised_at=T0, tellings=1, told_at=T0)
    [] = decide_rule(RATE, [], {COUNTY.key: raised}, at=T0 + 9_999, zone=ZONE, blind=True)
    assert decide(RATE, GOOD, raised, at=T0 + 60, zone=ZONE, blind=True).alert is raised


def test_what_is_known_to_be_so_for_longer_is_sustained_at_once() -> None:
    decision = decide(RATE, replace(BAD, since=T0 - 1_000), None, at=T0, zone=ZONE)
    assert decision.alert is not None
    assert (decision.alert.since, decision.alert.raised_at) == (T0 - 1_000, T0)


def test_what_was_short_while_it_was_raised_is_what_it_cost() -> None:
    rule = replace(RATE, sustained_s=0)
    alert = None
    for at, short in ((T0, 10), (T0 + 60, 4), (T0 + 90, 0)):
        alert = decide(rule, replace(BAD, short=short), alert, at=at, zone=ZONE).alert
    cleared = decide(rule, GOOD, alert, at=T0 + 100, zone=ZONE).alert
    assert cleared is not None
    assert cleared.cost_s == 10 * 60 + 4 * 30


def test_with_a_target_of_all_it_is_cleared_when_all_is_there() -> None:
    rule = replace(RATE, sustained_s=0)
    full = replace(reading("1"), threshold=Fraction(1))
    course = [(0, replace(reading("0.99"), threshold=Fraction(1))), (1, full)]
    assert told(rule, course) == [(0, "raised"), (1, "cleared")]


def test_a_figure_that_is_bad_above_its_threshold() -> None:
    rule = AlertRule("county-drop", Measure.DROP, Severity.CRITICAL, sustained_s=120)

    def drop(value: str) -> Reading:
        return Reading(COUNTY, Fraction(value), Fraction("0.02"))

    course = [(0, drop("0.02")), (1, drop("0.021")), (2, drop("0.05")), (3, drop("0.05")), (4, drop("0.02"))]
    assert told(rule, course) == [(3, "raised"), (4, "cleared")]


def test_outside_working_hours_it_is_raised_and_told_when_they_begin() -> None:
    rule = replace(RATE, sustained_s=0, working_hours=read_weekly_hours("Mon-Fri 12:00-17:30"))
    assert told(rule, [(0, BAD), (119, BAD), (120, BAD)]) == [(120, "raised")]
    assert told(rule, [(0, BAD), (60, GOOD)]) == []


def test_a_digest_is_told_once_a_day_and_its_end_is_not() -> None:
    rule = AlertRule("offline-24h", Measure.LONG_OFFLINE, Severity.INFO, digest_at=11 * 60)

    def count(number: int) -> Reading:
        return Reading(COUNTY, Fraction(number), Fraction(0))

    day = 24 * 60
    course = [
        (0, count(3)),
        (60, count(4)),
        (90, count(5)),
        (day, count(5)),
        (day + 60, count(2)),
        (day + 70, count(0)),
    ]
    assert told(rule, course) == [(60, "raised"), (day + 60, "reminded")]


def test_an_unacknowledged_critical_alert_goes_up_step_by_step() -> None:
    rule = replace(RATE, sustained_s=0, reminder_s=None, escalate_to=("leader", "city"), escalate_after_s=900)
    course = [(minute, BAD) for minute in (0, 14, 15, 16, 29, 30, 60)]
    assert told(rule, course) == [(0, "raised"), (15, "escalated"), (30, "escalated")]


def test_what_was_told_late_goes_up_late() -> None:
    rule = replace(RATE, sustained_s=0, reminder_s=600, escalate_to=("leader", "city"), escalate_after_s=900)
    course = [(minute, reading("0.9", suppressed=minute < 60)) for minute in (0, 59, 60, 70, 74, 75, 80, 90)]
    assert told(rule, course) == [
        (60, "raised"), (70, "reminded"), (75, "escalated"), (80, "reminded"), (90, "reminded"), (90, "escalated"),
    ]  # fmt: skip


def test_an_acknowledged_alert_is_neither_reminded_nor_escalated_but_its_end_is_told() -> None:
    rule = replace(RATE, sustained_s=0, escalate_to=("leader",), escalate_after_s=60)
    alert = decide(rule, BAD, None, at=T0, zone=ZONE).alert
    assert alert is not None
    alert = replace(alert, acked_at=T0 + 30, acked_by="as:张三")
    later = decide(rule, BAD, alert, at=T0 + 9_999, zone=ZONE)
    assert later.tellings == ()
    assert [each.value for each in decide(rule, GOOD, later.alert, at=T0 + 10_000, zone=ZONE).tellings] == ["cleared"]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (
            "Mon-Fri 08:30-17:30",
            (MONDAY + 8 * 3_600 + 1_800, MONDAY + 4 * 86_400 + 9 * 3_600),
            (MONDAY, MONDAY - 50_000),
        ),
        ("Sun 22:00-02:00", (MONDAY - 7_200, MONDAY + 7_199), (MONDAY + 7_200, MONDAY - 7_201, MONDAY - 86_400)),
        ("Sat-Mon 00:00-24:00", (MONDAY, MONDAY - 1, MONDAY - 2 * 86_400), (MONDAY + 86_400, MONDAY - 2 * 86_400 - 1)),
    ],
)
def test_weekly_hours(text: str, inside: tuple[int, ...], outside: tuple[int, ...]) -> None:
    hours = read_weekly_hours(text)
    assert [hours.holds_at(at, ZONE) for at in inside] == [True] * len(inside)
    assert [hours.holds_at(at, ZONE) for at in outside] == [False] * len(outside)
    assert written_weekly_hours(hours) == text


@pytest.mark.parametrize("text", ["", "8-17", "Mon 25:00-26:00", "Foo 08:00-09:00", "Mon 08:00-08:00"])
def test_hours_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="hours"):
        read_weekly_hours(text)


def test_a_silence_has_a_scope_an_end_and_hours() -> None:
    silence = Silence("S1", T0, T0 + 7_200, "as:张三", "检修", T0, region="370783", rule="online-county")
    lineage = ("370783101", "370783", "370700")
    assert silence.covers("online-county", COUNTY, lineage)
    assert not silence.covers("intact-county", COUNTY, lineage)
    assert not silence.covers("online-county", COUNTY, ("370702", "370700"))
    assert [silence.holds_at(at, ZONE) for at in (T0 - 1, T0, T0 + 7_199, T0 + 7_200)] == [False, True, True, False]
    assert not replace(silence, ended_at=T0 + 60).holds_at(T0 + 60, ZONE)
    weekly = replace(silence, end=T0 + 30 * 86_400, hours=read_weekly_hours("Mon 09:00-11:00"))
    assert weekly.holds_at(T0 + 7 * 86_400, ZONE)
    assert not weekly.holds_at(T0 + 86_400, ZONE)
