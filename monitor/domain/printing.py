"""Printing shares: rounding happens once, here, and never across a target (RULES §7)."""

from __future__ import annotations

from fractions import Fraction

NO_VALUE = "–"
"""What stands where there is no value; callers that have room write "no data" or 无数据 instead."""

DECIMALS = 2


def percent(value: Fraction | None, target: Fraction | None = None) -> str:
    """Print a share as a percentage with its sign, such as "94.999 %"; `NO_VALUE` for None.

    Args and errors are those of `percent_digits`.
    """
    return NO_VALUE if value is None else f"{percent_digits(value, target)} %"


def percent_digits(value: Fraction, target: Fraction | None = None) -> str:
    """Print a share as the digits of a percentage, such as "94.999".

    Rounded half up to two decimals, or to as many more as it takes for the print to stand to the target (below,
    equal, above) as the exact value does.

    Args:
        value: an exact share, not negative.
        target: the exact share that it is held against, or None.

    Raises:
        ValueError: the value is negative, or equal to a target that no decimal number writes.
    """
    if value < 0:
        raise ValueError(f"a share is not negative: {value}")
    decimals = DECIMALS
    if target is not None:
        if value == target and not _is_decimal(target):
            raise ValueError(f"no decimal number writes the target {target}")
        while _side(_rounded(value, decimals), target) != _side(value, target):
            decimals += 1
    digits = str(int(_rounded(value, decimals) * 100 * 10**decimals)).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


def _rounded(value: Fraction, decimals: int) -> Fraction:
    """Round a share half up to so many decimals of its percentage."""
    unit = 100 * 10**decimals
    return Fraction((value * unit + Fraction(1, 2)) // 1, unit)


def _side(value: Fraction, target: Fraction) -> int:
    return (value > target) - (value < target)


def _is_decimal(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1
