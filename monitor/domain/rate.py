"""Rates: exact integers until they are printed; a zero denominator is no data, never 0 or 100 % (RULES §5)."""

from __future__ import annotations

from fractions import Fraction

from monitor.domain.tally import Tally
from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """A numerator over a denominator, both integers; `value` is None where the denominator is zero."""

    numerator: int
    denominator: int

    @property
    def value(self) -> Fraction | None:
        """The exact value, within [0, 1], or None for no data."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None


def online_rate(tally: Tally) -> Rate:
    """Give online ÷ (online + offline)."""
    return Rate(tally.online, tally.assessed)


def raw_online_rate(tally: Tally) -> Rate:
    """Give (online + exempt online) ÷ in service: nothing is excluded."""
    return Rate(tally.online + tally.exempt_online, tally.in_service)


def intact_rate(tally: Tally) -> Rate:
    """Give intact ÷ (intact + faulty + offline)."""
    return Rate(tally.intact, tally.judged)


def raw_intact_rate(tally: Tally) -> Rate:
    """Give intact ÷ (in service − all exempt)."""
    return Rate(tally.intact, tally.in_service - tally.exempt)


def intact_bounds(tally: Tally) -> tuple[Rate, Rate]:
    """Give the lowest and the highest intact rate that the unjudged could make."""
    return Rate(tally.intact, tally.assessed), Rate(tally.intact + tally.condition_unknown, tally.assessed)


def measured_share(tally: Tally) -> Rate:
    """Give assessed ÷ (in service − all exempt): how much was really seen."""
    return Rate(tally.assessed, tally.in_service - tally.exempt)


def judged_share(tally: Tally) -> Rate:
    """Give judged ÷ assessed: how much of what was seen was also judged."""
    return Rate(tally.judged, tally.assessed)
