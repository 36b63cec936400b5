from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.weeks import IsoWeek, days_between, local_date, midnight, parse_week, week_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
HAVANA = ZoneInfo("America/Havana")


def utc(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def test_a_week_runs_from_monday_midnight_of_the_city():
    assert parse_week("2026-W47").bounds(SHANGHAI) == (utc(2026, 11, 15, 16), utc(2026, 11, 22, 16))


def test_the_last_week_of_2026_ends_on_the_third_of_january():
    week = parse_week("2026-W53")
    assert week.first_day == date(2026, 12, 28)
    last_second = week.bounds(SHANGHAI)[1] - 1
    assert local_date(last_second, SHANGHAI) == date(2027, 1, 3)
    assert week_of(last_second, SHANGHAI) == week
    assert week_of(last_second + 1, SHANGHAI).name == "2027-W01"


@pytest.mark.parametrize("name", ["2026W47", "2026-W54", "2027-W53", "2026-W00", "26-W01", "2026-W4", "", "2026-W４7"])
def test_what_is_no_week_is_refused(name):
    with pytest.raises(ValueError, match="week"):
        parse_week(name)


def test_a_week_with_a_clock_change_is_an_hour_shorter_or_longer():
    spring, autumn = week_of(utc(2026, 3, 29, 12), BERLIN), week_of(utc(2026, 10, 25, 12), BERLIN)
    assert [week.bounds(BERLIN)[1] - week.bounds(BERLIN)[0] for week in (spring, autumn)] == [601_200, 608_400]
    assert [end - start for start, end in days_between(*spring.bounds(BERLIN), BERLIN)] == [86_400] * 6 + [82_800]


def test_a_day_whose_midnight_is_skipped_begins_with_the_clock_change():
    # In Havana the clock goes from 00:00 to 01:00 on 2026-03-08.
    assert midnight(date(2026, 3, 8), HAVANA) == utc(2026, 3, 8, 5)
    assert datetime.fromtimestamp(utc(2026, 3, 8, 5), HAVANA).hour == 1


def test_days_are_cut_at_the_citys_midnights():
    start, end = utc(2026, 11, 15, 12), utc(2026, 11, 17, 0)
    assert days_between(start, end, SHANGHAI) == (
        (start, utc(2026, 11, 15, 16)),
        (utc(2026, 11, 15, 16), utc(2026, 11, 16, 16)),
        (utc(2026, 11, 16, 16), end),
    )
    assert days_between(end, end, SHANGHAI) == ()


def test_weeks_shift_over_the_year():
    assert IsoWeek(2026, 53).shifted(1) == IsoWeek(2027, 1)
    assert IsoWeek(2027, 1).shifted(-1) == IsoWeek(2026, 53)


@given(st.integers(0, 4_000_000_000), st.sampled_from([SHANGHAI, BERLIN, HAVANA, UTC]))
def test_every_instant_lies_in_its_week_and_names_read_back(at, zone):
    week = week_of(at, zone)
    start, end = week.bounds(zone)
    assert start <= at < end
    assert parse_week(week.name) == week
    assert week.shifted(1).bounds(zone)[0] == end
    days = days_between(start, end, zone)
    assert len(days) == 7
    assert (days[0][0], days[-1][1]) == (start, end)
