"""Alert rules as data: what is measured, where, from when on it is bad, and who is told (`config/alerts.toml`)."""

from __future__ import annotations

import re
from dataclasses import field
from datetime import datetime, tzinfo
from enum import StrEnum
from fractions import Fraction

from monitor.domain.alert import Severity
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.values import dataclass


class Unit(StrEnum):
    """What a threshold is written in: a share in [0, 1], seconds, or a count of devices."""

    SHARE = "share"
    SECONDS = "seconds"
    COUNT = "count"


class Measure(StrEnum):
    """What a rule looks at."""

    ONLINE = "online"
    INTACT = "intact"
    NETWORKED = "networked"
    MEASURED = "measured"
    DROP = "drop"
    WEEK = "week"
    DARK_POINT = "dark_point"
    LONG_OFFLINE = "long_offline"
    EXEMPTION_OVER = "exemption_over"
    INCIDENT = "incident"
    OWN_NETWORK = "own_network"
    COLLECTOR = "collector"
    QUEUE = "queue"
    STORE = "store"
    DISK = "disk"
    CLOCK = "clock"
    CREDENTIAL = "credential"
    OUTBOX = "outbox"

    @property
    def unit(self) -> Unit:
        """What its threshold is written in."""
        return _UNITS.get(self, Unit.SECONDS)

    @property
    def bad_below(self) -> bool:
        """Whether it is bad below its threshold; else above."""
        return self in _BAD_BELOW

    @property
    def indicator(self) -> Indicator | None:
        """The indicator whose target may be its threshold, None for none."""
        return _INDICATORS.get(self)

    @property
    def is_regional(self) -> bool:
        """Whether it is asked of regions, so that a rule names a level."""
        return self in _REGIONAL


_INDICATORS = {
    Measure.ONLINE: Indicator.ONLINE,
    Measure.INTACT: Indicator.INTACT,
    Measure.NETWORKED: Indicator.NETWORKED,
    Measure.WEEK: Indicator.ONLINE,
}
_BAD_BELOW = frozenset({*_INDICATORS, Measure.MEASURED, Measure.DISK})
_REGIONAL = frozenset({*_INDICATORS, Measure.MEASURED, Measure.DROP, Measure.LONG_OFFLINE})
_UNITS = dict.fromkeys((*_BAD_BELOW, Measure.DROP), Unit.SHARE) | {
    Measure.INCIDENT: Unit.COUNT,
    Measure.EXEMPTION_OVER: Unit.COUNT,
}

_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Hours that come again every week: days (1 Monday … 7 Sunday) and minutes after midnight from `start` to `end`.

    An `end` that is not after its `start` lies on the next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def holds_at(self, at: int, zone: tzinfo) -> bool:
        """Tell whether an instant (epoch seconds) lies in them, in the city's time."""
        now = datetime.fromtimestamp(at, zone)
        minute, today = now.hour * 60 + now.minute, now.isoweekday()
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        yesterday = (today - 2) % 7 + 1
        return (today in self.days and minute >= self.start) or (yesterday in self.days and minute < self.end)


_HOURS = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? ([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def read_weekly_hours(text: str) -> WeeklyHours:
    """Read hours such as "Mon-Fri 08:30-17:30" or "Sun 22:00-02:00".

    Raises:
        ValueError: they are not of that form.
    """
    found = _HOURS.fullmatch(text)
    if found is None or not {found[1], found[2] or found[1]} <= set(_DAYS):
        raise ValueError(f'hours such as "Mon-Fri 08:30-17:30", not {text!r}')
    first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
    count = (last - first) % 7 + 1
    start, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if start >= _DAY_MINUTES or end > _DAY_MINUTES or start == end:
        raise ValueError(f"hours from 00:00 to 24:00 that are not empty, not {text!r}")
    return WeeklyHours(frozenset((first + step) % 7 + 1 for step in range(count)), start, end)


def written_weekly_hours(hours: WeeklyHours) -> str:
    """Write hours so that `read_weekly_hours` gives them back."""
    days = sorted(hours.days)
    first = next((day for day in days if (day - 2) % 7 + 1 not in hours.days), days[0])
    last = (first + len(days) - 2) % 7 + 1
    name = _DAYS[first - 1] if len(days) == 1 else f"{_DAYS[first - 1]}-{_DAYS[last - 1]}"
    clock = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (hours.start, hours.end))
    return f"{name} {'-'.join(clock)}"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule; defaults are those of the rules file.

    Attributes:
        id: its name, unique among all rules.
        measure: what it looks at.
        severity: how much it matters.
        level: "city" or "county": of which regions it is asked.
        point_class: narrows it to a class; None for the headline figure.
        by_class: asked of every assessed class apart.
        threshold: what the figure is held against, in the measure's unit; None for the target in force.
        sustained_s: how long it must be bad before it is raised, seconds.
        margin: a raised alert is cleared only beyond threshold and margin, in the measure's unit.
        min_denominator: with fewer devices or points nothing is decided.
        min_measured: with a smaller measured share nothing is decided.
        reminder_s: how long after somebody was told they are reminded, seconds; None for never.
        working_hours: when people are told; None for always.
        digest_at: told once a day at this minute after midnight, and not otherwise; None for at once.
        receivers: names of receivers; empty for all of them.
        escalate_to: names of receivers that an unacknowledged alert goes to, one after the other.
        escalate_after_s: pause before each of these steps, seconds.
        order: whether a work order is made of it.
        title_zh: a template in place of the first line's words; "" for the usual ones.
        title_en: the same in English.
    """

    id: str
    measure: Measure
    severity: Severity
    level: str = "county"
    point_class: PointClass | None = None
    by_class: bool = False
    threshold: Fraction | None = None
    sustained_s: int = 0
    margin: Fraction = Fraction(0)
    min_denominator: int = 0
    min_measured: Fraction = Fraction(0)
    reminder_s: int | None = None
    working_hours: WeeklyHours | None = None
    digest_at: int | None = None
    receivers: tuple[str, ...] = ()
    escalate_to: tuple[str, ...] = ()
    escalate_after_s: int = 900
    order: bool = False
    title_zh: str = field(default="")
    title_en: str = field(default="")

    @property
    def tells_clear(self) -> bool:
        """Whether its clearing is told: not of a digest, nor of a week that only came to its end."""
        return self.digest_at is None and self.measure is not Measure.WEEK
