from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import rate
from monitor.domain.assessment import (
    Verdict,
    assess,
    assess_count,
    assess_tally,
    devices_short_now,
    devices_short_over,
    is_valid,
)
from monitor.domain.indicator import Indicator
from monitor.domain.rate import Rate
from monitor.domain.tally import BUCKETS, Tally
from monitor.domain.target import read_target
from tests.domain.past import SHANGHAI

ONLINE, INTACT = Indicator.ONLINE, Indicator.INTACT
WEEK_S = 604_800


def target(value="0.95", indicator=ONLINE):
    return read_target(indicator, value, effective_on=date(2026, 1, 1), source="plan", zone=SHANGHAI)


@pytest.mark.parametrize(
    ("part", "whole", "verdict"),
    [
        (95, 100, Verdict.MET),
        (94_999, 100_000, Verdict.MISSED),  # RULES worked example 11
        (949_996, 1_000_000, Verdict.MISSED),  # RULES worked example 11
        (950_000, 1_000_000, Verdict.MET),
        (949_999_999_999, 10**12, Verdict.MISSED),
        (0, 0, Verdict.NO_DATA),
    ],
)
def test_a_target_is_met_exactly_or_not(part, whole, verdict):
    assert assess(Rate(part, whole), target()).verdict is verdict


def test_no_data_comes_before_not_valid():
    assert assess(Rate(0, 0), target(), valid=False).verdict is Verdict.NO_DATA
    assert assess(Rate(1, 1), target(), valid=False).verdict is Verdict.NOT_VALID
    assert assess_tally(Tally(unknown=100), target()).verdict is Verdict.NO_DATA
    assert assess_tally(Tally(exempt_online=100), target()).verdict is Verdict.NO_DATA


def test_example_8_a_dead_recorder_shows_in_full():
    assert rate.online_rate(Tally(condition_unknown=78, offline=22)).value == Fraction(78, 100)


def test_example_9_a_few_judged_devices_do_not_speak_for_the_rest():
    tally = Tally(intact=19 * WEEK_S, condition_unknown=76 * WEEK_S, offline=5 * WEEK_S)
    low, high = rate.intact_bounds(tally)
    assert rate.intact_rate(tally).value == Fraction(19, 24)
    assert (low.value, high.value) == (Fraction(19, 100), Fraction(95, 100))
    assert rate.judged_share(tally).value == Fraction(24, 100)
    assert assess_tally(tally, target(indicator=INTACT)).verdict is Verdict.NOT_VALID
    assert assess_tally(tally, target(indicator=ONLINE)).verdict is Verdict.MET


def test_example_9_unplugging_the_faulty_changes_nothing():
    plugged = Tally(intact=80, faulty=5, condition_unknown=15)
    unplugged = Tally(intact=80, offline=5, condition_unknown=15)
    for tally in (plugged, unplugged):
        assert rate.intact_rate(tally).value == Fraction(80, 85)
        assert rate.judged_share(tally).value == Fraction(85, 100)
        assert not is_valid(tally, INTACT)


def test_example_9_all_judged_is_valid():
    assessment = assess_tally(Tally(intact=96, faulty=4), target(indicator=INTACT))
    assert (assessment.rate.value, assessment.verdict) == (Fraction(96, 100), Verdict.MET)


@pytest.mark.parametrize(("unknown", "valid"), [(5, True), (6, False)])
def test_validity_begins_at_exactly_the_minimum(unknown, valid):
    assert is_valid(Tally(intact=100 - unknown, unknown=unknown), ONLINE) is valid


def test_exempt_devices_need_not_be_measured():
    assert is_valid(Tally(intact=1, exempt_unknown=99), ONLINE)


def test_a_tally_speaks_for_online_and_intact_only():
    with pytest.raises(ValueError, match="no clock"):
        assess_tally(Tally(intact=1), target(indicator=Indicator.CLOCK))


@pytest.mark.parametrize(("count", "verdict"), [(250_000, Verdict.MET), (249_999, Verdict.MISSED)])
def test_connected_devices_are_a_count_against_a_count(count, verdict):
    assessment = assess_count(count, target("250000", Indicator.CONNECTED))
    assert (assessment.rate, assessment.verdict) == (Rate(count, 250_000), verdict)


def test_a_share_is_no_target_for_a_count():
    with pytest.raises(ValueError, match="not a count"):
        assess_count(3, target())


def test_example_10_devices_short_over_a_week():
    tally = Tally(condition_unknown=WEEK_S, offline=WEEK_S)
    assert rate.online_rate(tally).value == Fraction(1, 2)
    assert devices_short_over(tally, target(), devices=2) == 1


@pytest.mark.parametrize(
    ("online", "offline", "value", "short"),
    [
        (94, 6, "0.95", 1),
        (95, 5, "0.95", 0),
        (96, 4, "0.95", 0),
        (949, 52, "0.95", 2),
        (0, 20, "0.95", 19),
        (0, 0, "0.95", 0),
        (9, 1, "1", 1),
        (0, 3, "0", 0),
    ],
)
def test_devices_short_at_an_instant(online, offline, value, short):
    assert devices_short_now(Tally(condition_unknown=online, offline=offline), target(value)) == short


def test_devices_short_for_the_intact_rate_counts_the_judged():
    tally = Tally(intact=90, faulty=6, offline=4, condition_unknown=50)
    assert devices_short_now(tally, target(indicator=INTACT)) == 5
    assert devices_short_over(tally + tally, target(indicator=INTACT), devices=100) == 5


def test_nothing_assessed_is_no_device_short():
    assert devices_short_over(Tally(unknown=5), target(), devices=0) == 0


def test_seconds_of_no_device_are_a_mistake():
    with pytest.raises(ValueError, match="no device"):
        devices_short_over(Tally(offline=5), target(), devices=0)


TALLIES = st.builds(Tally, *(st.integers(0, 10**9) for _ in BUCKETS))
VALUES = st.integers(0, 1000).map(lambda thousandth: f"{thousandth / 1000:.3f}")


@given(TALLIES)
def test_every_share_lies_in_the_unit_interval_or_is_none(tally):
    low, high = rate.intact_bounds(tally)
    shares = [
        rate.online_rate(tally),
        rate.raw_online_rate(tally),
        rate.intact_rate(tally),
        rate.raw_intact_rate(tally),
        rate.measured_share(tally),
        rate.judged_share(tally),
        low,
        high,
    ]
    for share in shares:
        assert (share.value is None) == (share.denominator == 0)
        assert share.value is None or 0 <= share.value <= 1
    intact = rate.intact_rate(tally).value
    assert low.value is None or intact is None or low.value <= intact


@given(TALLIES, TALLIES, TALLIES)
def test_tallies_add_up_in_any_order(a, b, c):
    assert (a + b) + c == c + (b + a)
    assert (a + b).in_service == a.in_service + b.in_service == sum(getattr(a + b, name) for name in BUCKETS)


@given(TALLIES, VALUES, st.sampled_from([ONLINE, INTACT]))
def test_devices_short_is_the_smallest_number_that_meets_the_target(tally, value, indicator):
    wanted = target(value, indicator)
    short = devices_short_now(tally, wanted)
    part, whole = (tally.online, tally.assessed) if indicator is ONLINE else (tally.intact, tally.judged)
    assert part + short >= wanted.value * whole
    assert short == 0 or part + short - 1 < wanted.value * whole


@given(TALLIES, VALUES, st.integers(1, 1000))
def test_over_a_period_as_many_average_devices_meet_it(tally, value, devices):
    wanted = target(value)
    short = devices_short_over(tally, wanted, devices=devices)
    per_device = Fraction(tally.assessed, devices)
    assert short <= devices
    assert tally.online + short * per_device >= wanted.value * tally.assessed
    assert short == 0 or tally.online + (short - 1) * per_device < wanted.value * tally.assessed
