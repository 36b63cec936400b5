from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.region import RegionTree
from monitor.domain.service_time import service_life, service_spans, window_spans
from monitor.domain.spans import EVER_AFTER, clip, seconds_in
from monitor.domain.weeks import midnight
from tests.domain.past import DAY, END, HOUR, LONG_AGO, REGIONS, SHANGHAI, START, device, rules

BERLIN = ZoneInfo("Europe/Berlin")


def day(number):
    return midnight(date(2026, 11, number), SHANGHAI)


def tree_with(**assessed_from):
    return RegionTree(replace(region, assessed_from=assessed_from.get(f"r{region.code}")) for region in REGIONS)


@pytest.mark.parametrize(
    ("lifecycle", "more", "life"),
    [
        ({}, {}, (LONG_AGO, EVER_AFTER)),
        ({"created_at": day(17) + 15 * HOUR}, {}, (day(17), EVER_AFTER)),
        ({"created_at": day(17) + 15 * HOUR, "in_service_from": day(10)}, {}, (day(17), EVER_AFTER)),
        ({"created_at": day(17) + 15 * HOUR, "in_service_from": day(20)}, {}, (day(20), EVER_AFTER)),
        ({"created_at": day(17) + 15 * HOUR}, {"commissioning_days": 3}, (day(20), EVER_AFTER)),
        ({"retired_at": day(18) + 5}, {}, (LONG_AGO, day(18) + 5)),
        ({"created_at": day(18), "retired_at": day(18)}, {}, None),
        ({"region": None}, {}, None),
        ({"region": "999999"}, {}, None),
        ({}, {"tree": tree_with(r370724=day(19))}, (day(19), EVER_AFTER)),
        ({}, {"tree": tree_with(r3707=day(19), r370724=day(12))}, (day(19), EVER_AFTER)),
        ({}, {"tree": tree_with(r370725=day(19))}, (LONG_AGO, EVER_AFTER)),
        ({"in_service_from": day(21)}, {"tree": tree_with(r370724=day(19))}, (day(21), EVER_AFTER)),
    ],
)
def test_service_life(lifecycle, more, life):
    assert service_life(device(**lifecycle), rules(**more)) == life


def test_commissioning_days_are_days_of_the_city():
    eve = datetime(2026, 3, 28, 12, tzinfo=UTC)
    life = service_life(device(created_at=int(eve.timestamp())), rules(zone=BERLIN, commissioning_days=2))
    assert life is not None
    assert datetime.fromtimestamp(life[0], BERLIN).isoformat() == "2026-03-30T00:00:00+02:00"


def test_spans_are_clipped_to_the_period():
    assert service_spans(device(), rules(), start=START, end=END) == ((START, END),)
    retired = device(retired_at=START + 100)
    assert service_spans(retired, rules(), start=START, end=END) == ((START, START + 100),)
    assert service_spans(retired, rules(), start=START + 100, end=END) == ()


def test_daily_hours_of_the_citys_clock():
    spans = service_spans(device(windows=((8 * HOUR, 18 * HOUR),)), rules(), start=START, end=START + 2 * DAY)
    assert spans == (
        (START + 8 * HOUR, START + 18 * HOUR),
        (START + DAY + 8 * HOUR, START + DAY + 18 * HOUR),
    )


def test_hours_over_midnight_are_open_at_the_start_of_the_period():
    spans = service_spans(device(windows=((22 * HOUR, 6 * HOUR),)), rules(), start=START, end=START + DAY)
    assert spans == ((START, START + 6 * HOUR), (START + 22 * HOUR, START + DAY))


def test_hours_that_touch_or_overlap_join():
    windows = ((0, 8 * HOUR), (8 * HOUR, 12 * HOUR), (11 * HOUR, 24 * HOUR))
    assert service_spans(device(windows=windows), rules(), start=START, end=END) == ((START, END),)


@pytest.mark.parametrize(("day_of_change", "hours"), [(date(2026, 3, 29), 2), (date(2026, 10, 25), 4)])
def test_a_clock_change_makes_hours_shorter_or_longer(day_of_change, hours):
    start = midnight(day_of_change, BERLIN)
    spans = window_spans(((HOUR, 4 * HOUR),), BERLIN, start=start, end=start + DAY)
    assert seconds_in(spans) == hours * HOUR


WINDOWS = st.lists(st.tuples(st.integers(0, 23), st.integers(0, 24)), min_size=1, max_size=3)
CHANGES = [
    int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()),
    int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()),
    int(datetime(2026, 7, 1, tzinfo=UTC).timestamp()),
]


@given(WINDOWS, st.sampled_from(CHANGES), st.integers(-2 * DAY, DAY), st.integers(0, 3 * DAY))
def test_a_second_is_in_the_hours_if_the_clock_says_so(hours, around, shift, length):
    windows = tuple((opens * HOUR, closes * HOUR) for opens, closes in hours)
    start, end = around + shift, around + shift + length
    spans = window_spans(windows, BERLIN, start=start, end=end)
    for at in range(start, end, 613):
        clock = datetime.fromtimestamp(at, BERLIN)
        second = clock.hour * HOUR + clock.minute * 60 + clock.second
        open_ = any(
            opens <= second < closes if opens < closes else second >= opens or second < closes
            for opens, closes in windows
        )
        assert any(a <= at < b for a, b in spans) == open_


@given(
    st.sampled_from(CHANGES),
    st.integers(-4 * DAY, 2 * DAY),
    st.none() | st.integers(-4 * DAY, 2 * DAY),
    st.none() | st.integers(-2 * DAY, 2 * DAY),
    st.none() | st.integers(-DAY, DAY),
    st.integers(0, 2),
)
def test_spans_are_the_life_within_the_period(start, created, in_service, retired, assessed, commissioning):
    def at(offset):
        return None if offset is None else start + offset

    one = device(created_at=start + created, in_service_from=at(in_service), retired_at=at(retired))
    terms = rules(zone=BERLIN, tree=tree_with(r370724=at(assessed)), commissioning_days=commissioning)
    life = service_life(one, terms)
    expected = () if life is None else clip((life,), start=start, end=start + DAY)
    assert service_spans(one, terms, start=start, end=start + DAY) == expected
