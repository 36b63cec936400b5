from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.printing import percent, percent_digits


@pytest.mark.parametrize(
    ("value", "target", "printed"),
    [
        ("94999/100000", "0.95", "94.999 %"),  # RULES worked example 11
        ("949996/1000000", "0.95", "94.9996 %"),  # RULES worked example 11
        ("590400/597600", "0.95", "98.80 %"),  # RULES worked example 6
        ("590400/604800", "0.95", "97.62 %"),
        ("0.95", "0.95", "95.00 %"),
        ("950001/1000000", "0.95", "95.0001 %"),
        ("0.98765", "0.98765", "98.765 %"),
        ("0.00005", None, "0.01 %"),
        ("0.000049", None, "0.00 %"),
        ("1", "0.95", "100.00 %"),
        ("0", "0.95", "0.00 %"),
        ("1/3", None, "33.33 %"),
        ("99999999/100000000", "1", "99.999999 %"),
        ("1/100000000", "0", "0.000001 %"),
    ],
)
def test_prints_as_many_decimals_as_the_target_needs(value, target, printed):
    assert percent(Fraction(value), None if target is None else Fraction(target)) == printed


def test_no_value_is_a_dash():
    assert percent(None, Fraction("0.95")) == "–"


def test_a_negative_share_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        percent_digits(Fraction(-1, 2))


def test_a_target_that_no_decimal_writes_is_refused_where_the_value_equals_it():
    with pytest.raises(ValueError, match="no decimal"):
        percent_digits(Fraction(1, 3), Fraction(1, 3))


SHARES = st.tuples(st.integers(0, 10**7), st.integers(1, 10**7)).map(lambda pair: Fraction(min(pair), max(pair)))
TARGETS = st.integers(0, 10**5).map(lambda digits: Fraction(digits, 10**5))


def side(value, target):
    return (value > target) - (value < target)


@given(SHARES | TARGETS, TARGETS)
def test_the_print_stands_to_the_target_as_the_value_does(value, target):
    assert side(Fraction(percent_digits(value, target)) / 100, target) == side(value, target)


@given(TARGETS, st.integers(1, 10**12), st.sampled_from([-1, 1]))
def test_so_it_does_however_near_the_target(target, denominator, sign):
    value = target + Fraction(sign, denominator)
    if 0 <= value <= 1:
        assert side(Fraction(percent_digits(value, target)) / 100, target) == sign


@given(SHARES, TARGETS)
def test_the_print_is_within_half_of_its_last_digit(value, target):
    digits = percent_digits(value, target)
    decimals = len(digits.partition(".")[2])
    assert decimals >= 2
    assert abs(Fraction(digits) / 100 - value) <= Fraction(1, 2 * 100 * 10**decimals)
