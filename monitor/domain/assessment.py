"""Assessments 考核: a rate or a coverage against its target, in exact arithmetic (RULES §5, §7)."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from math import ceil

from monitor.domain.indicator import Indicator
from monitor.domain.rate import Rate, intact_rate, judged_share, measured_share, online_rate
from monitor.domain.tally import Tally
from monitor.domain.target import Target
from monitor.domain.values import dataclass


class Verdict(StrEnum):
    """How a figure stands to its target."""

    MET = "met"
    MISSED = "missed"
    NOT_VALID = "not_valid"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Validity:
    """How much must have been measured and judged for a figure to be valid, as exact shares (RULES §5)."""

    min_measured: Fraction = Fraction(95, 100)
    min_judged: Fraction = Fraction(95, 100)


DEFAULT_VALIDITY = Validity()


@dataclass(frozen=True, slots=True)
class Assessment:
    """A rate (a coverage's too) held against its target; for connected devices a count over the count wanted."""

    rate: Rate
    target: Target
    verdict: Verdict


def assess(rate: Rate, target: Target, *, valid: bool = True) -> Assessment:
    """Hold a rate against a share: met ⇔ target ≤ rate, exactly; without data that is the verdict, valid or not."""
    if rate.value is None:
        verdict = Verdict.NO_DATA
    elif not valid:
        verdict = Verdict.NOT_VALID
    else:
        verdict = Verdict.MET if target.value <= rate.value else Verdict.MISSED
    return Assessment(rate, target, verdict)


def assess_tally(tally: Tally, target: Target, *, validity: Validity = DEFAULT_VALIDITY) -> Assessment:
    """Hold a tally's online or intact rate, whichever the target is for, against it.

    Raises:
        ValueError: the target is for another indicator.
    """
    part, whole = _parts(tally, target.indicator)
    return assess(Rate(part, whole), target, valid=is_valid(tally, target.indicator, validity=validity))


def assess_count(count: int, target: Target) -> Assessment:
    """Hold a number of connected devices against the number wanted; the rate is the one over the other.

    Raises:
        ValueError: the target is not a count.
    """
    if not target.indicator.is_count:
        raise ValueError(f"a target for {target.indicator} is not a count")
    verdict = Verdict.MET if target.value <= count else Verdict.MISSED
    return Assessment(Rate(count, int(target.value)), target, verdict)


def is_valid(tally: Tally, indicator: Indicator, *, validity: Validity = DEFAULT_VALIDITY) -> bool:
    """Tell whether enough was measured and, for the intact rate, judged; nothing at all is no reason against it."""
    if not _reaches(measured_share(tally), validity.min_measured):
        return False
    return indicator is not Indicator.INTACT or _reaches(judged_share(tally), validity.min_judged)


def devices_short_now(tally: Tally, target: Target) -> int:
    """Give how many more devices must be online (intact) at this instant for the target to be met.

    Raises:
        ValueError: the target is for an indicator other than online and intact.
    """
    part, whole = _parts(tally, target.indicator)
    return max(0, ceil(target.value * whole - part))


def devices_short_over(tally: Tally, target: Target, *, devices: int) -> int:
    """Give how many more devices, online (intact) throughout, would have met the target over a period.

    Args:
        tally: device-seconds of the period.
        target: for online or intact.
        devices: how many devices have assessed (for intact: judged) seconds in it.

    Raises:
        ValueError: the target is for an indicator other than online and intact, or no device has these seconds.
    """
    part, whole = _parts(tally, target.indicator)
    if whole == 0:
        return 0
    if devices < 1:
        raise ValueError(f"{whole} seconds of no device")
    return max(0, ceil((target.value * whole - part) / Fraction(whole, devices)))


def _parts(tally: Tally, indicator: Indicator) -> tuple[int, int]:
    if indicator is Indicator.ONLINE:
        rate = online_rate(tally)
    elif indicator is Indicator.INTACT:
        rate = intact_rate(tally)
    else:
        raise ValueError(f"a tally has no {indicator}")
    return rate.numerator, rate.denominator


def _reaches(share: Rate, least: Fraction) -> bool:
    return share.value is None or share.value >= least
