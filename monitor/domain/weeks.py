"""ISO weeks and days of the city's zone, as instants (RULES §8)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

from monitor.domain.spans import Span
from monitor.domain.values import dataclass

_NAME = re.compile(r"([0-9]{4})-W([0-9]{2})")


def local_date(at: int, zone: tzinfo) -> date:
    """Give the city's date at an instant."""
    return datetime.fromtimestamp(at, zone).date()


def midnight(day: date, zone: tzinfo) -> int:
    """Give the instant at which a day of the city begins; where a clock change skips 00:00, that of the change."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def days_between(start: int, end: int, zone: tzinfo) -> tuple[Span, ...]:
    """Cut [start, end) at the city's midnights; a day of a clock change is longer or shorter than 86,400 s."""
    pieces: list[Span] = []
    while start < end:
        until = min(end, midnight(local_date(start, zone) + timedelta(days=1), zone))
        pieces.append((start, until))
        start = until
    return tuple(pieces)


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """A week from Monday 00:00 to the next Monday 00:00, city time, named by its ISO year.

    Raises:
        ValueError: the year has no such week.
    """

    year: int
    week: int

    def __post_init__(self) -> None:
        try:
            date.fromisocalendar(self.year, self.week, 1)
        except ValueError:
            raise ValueError(f"there is no week {self.name}") from None

    @property
    def name(self) -> str:
        """The name, such as 2026-W47."""
        return f"{self.year:04d}-W{self.week:02d}"

    @property
    def first_day(self) -> date:
        """Its Monday."""
        return date.fromisocalendar(self.year, self.week, 1)

    def bounds(self, zone: tzinfo) -> Span:
        """Give (start, end): the instants of its Monday 00:00 and of the next."""
        return midnight(self.first_day, zone), midnight(self.first_day + timedelta(days=7), zone)

    def shifted(self, weeks: int) -> IsoWeek:
        """Give the week so many weeks later, or earlier when negative."""
        return _week_holding(self.first_day + timedelta(weeks=weeks))


def week_of(at: int, zone: tzinfo) -> IsoWeek:
    """Give the week that an instant lies in."""
    return _week_holding(local_date(at, zone))


def parse_week(name: str) -> IsoWeek:
    """Read a name such as 2026-W47.

    Raises:
        ValueError: it is not of that form, or the year has no such week.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is not a week; write it like 2026-W47")
    return IsoWeek(int(found[1]), int(found[2]))


def _week_holding(day: date) -> IsoWeek:
    year, week, _ = day.isocalendar()
    return IsoWeek(year, week)
