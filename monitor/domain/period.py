"""Periods that reports are about: a week as a rule, a month or any days of the city (RULES §8)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo

from monitor.domain.spans import Span
from monitor.domain.values import dataclass
from monitor.domain.weeks import IsoWeek, midnight, parse_week, week_of

SNAPSHOT_TIMES: tuple[int, ...] = (2 * 3_600, 8 * 3_600, 14 * 3_600, 20 * 3_600)
"""Seconds after midnight at which the snapshot rate looks."""

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_RANGE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})_([0-9]{4}-[0-9]{2}-[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the city, [start, end) in epoch seconds.

    Attributes:
        name: `2026-W47`, `2026-11` or `2026-11-01_2026-11-14` (both days included).
        start: 00:00 of its first day.
        end: 00:00 of the day after its last.
        before: the period of the same length, or the month, right before it: (name, start, end).
    """

    name: str
    start: int
    end: int
    before: tuple[str, int, int]

    @property
    def is_week(self) -> bool:
        """Whether it is an ISO week."""
        return "-W" in self.name


def week_period(week: IsoWeek, zone: tzinfo) -> Period:
    """Give the period of an ISO week."""
    start, end = week.bounds(zone)
    earlier = week.shifted(-1)
    return Period(week.name, start, end, (earlier.name, *earlier.bounds(zone)))


def last_week(at: int, zone: tzinfo) -> Period:
    """Give the last week that is over at an instant."""
    return week_period(week_of(at, zone).shifted(-1), zone)


def parse_period(name: str, zone: tzinfo) -> Period:
    """Read a period's name.

    Raises:
        ValueError: it names no week, month or days.
    """
    if found := _RANGE.fullmatch(name):
        try:
            first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
        except ValueError:
            raise ValueError(f"{name!r} does not name two days") from None
        return range_period(first, last, zone)
    if found := _MONTH.fullmatch(name):
        if not 1 <= int(found[2]) <= 12:
            raise ValueError(f"there is no month {name}")
        return _month_period(int(found[1]), int(found[2]), zone)
    return week_period(parse_week(name), zone)


def range_period(first: date, last: date, zone: tzinfo) -> Period:
    """Give the period from a first to a last day, both included.

    Raises:
        ValueError: the last day is before the first.
    """
    if last < first:
        raise ValueError(f"{last} is before {first}")
    days = timedelta((last - first).days + 1)
    earlier = f"{first - days}_{first - timedelta(1)}"
    start, end = midnight(first, zone), midnight(last + timedelta(1), zone)
    return Period(f"{first}_{last}", start, end, (earlier, midnight(first - days, zone), start))


def snapshot_instants(span: Span, times: Iterable[int], zone: tzinfo) -> tuple[int, ...]:
    """Give the instants of the daily times that lie in a span, in order."""
    start, end = span
    day, last = datetime.fromtimestamp(start, zone).date(), datetime.fromtimestamp(end, zone).date()
    found = set()
    while day <= last:
        for seconds in times:
            clock = time(seconds // 3_600, seconds // 60 % 60, seconds % 60)
            found.add(int(datetime.combine(day, clock, zone).timestamp()))
        day += timedelta(1)
    return tuple(sorted(at for at in found if start <= at < end))


def _month_period(year: int, month: int, zone: tzinfo) -> Period:
    first = date(year, month, 1)
    following = (first + timedelta(31)).replace(day=1)
    earlier = (first - timedelta(1)).replace(day=1)
    start = midnight(first, zone)
    return Period(
        f"{first:%Y-%m}", start, midnight(following, zone), (f"{earlier:%Y-%m}", midnight(earlier, zone), start)
    )
