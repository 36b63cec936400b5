"""Checkpoints 卡口: tollgates, their lanes, and the units that serve these; and silence that is no loss of connection.

A tollgate is a place where roads are watched lane by lane (GA/T 1400.3); each lane is served by a unit, a device of the
inventory. What a unit records is nobody's business here: only how many records it made in an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import median

from monitor.domain.state import Connectivity
from monitor.domain.values import dataclass

HOUR_S = 3_600
HOURS_A_DAY = 24
KEPT_HOURS = 14 * HOURS_A_DAY
"""Counts of so many hours make what is usual."""

_ENOUGH_DAYS = 5
_ENOUGH_HOURS = 24


class CityPass(StrEnum):
    """Which way a lane leads at the city's edge."""

    IN = "in"
    OUT = "out"
    NEITHER = "neither"
    BOTH = "both"
    UNSAID = "unsaid"


CITY_PASS_OF: Mapping[int, CityPass] = {
    1: CityPass.IN,
    2: CityPass.OUT,
    3: CityPass.NEITHER,
    4: CityPass.BOTH,
}
"""By the codes of GA/T 1400.3."""


@dataclass(frozen=True, slots=True)
class Tollgate:
    """One checkpoint as a platform describes it; codes are 0 where it says nothing.

    Attributes:
        reporter: the device that told of it.
        status: 1 in order, 2 out of use, 9 other.
        category: 10 national, 20 provincial, 30 city border, 31 city district, 40 county border, 41 county, 99 other.
        usage: 80 public security, 81 traffic, 82 other.
        lanes: how many lanes it says to have.
        place_code: the region that it stands in, by its own account.
    """

    id: str
    name: str = ""
    reporter: str = ""
    status: int = 0
    category: int = 0
    usage: int = 0
    lanes: int = 0
    place_code: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of a tollgate: its number (the leftmost is 1), its direction, and the unit that serves it, if any."""

    tollgate: str
    number: int
    direction: str = ""
    city_pass: CityPass = CityPass.UNSAID
    device: str = ""


@dataclass(frozen=True, slots=True)
class LaneCoverage:
    """How many lanes are served now: by a unit that is online, by one that may be, and by none."""

    lanes: int = 0
    covered: int = 0
    unknown: int = 0

    @property
    def uncovered(self) -> int:
        """Lanes that nobody serves now."""
        return self.lanes - self.covered - self.unknown


@dataclass(frozen=True, slots=True)
class SilenceRule:
    """When a unit is silent: below `share` of what is usual, where at least `least` records an hour are."""

    share: float = 0.1
    least: int = 20


def lane_coverage(lanes: Iterable[Lane], connectivity: Mapping[str, Connectivity]) -> LaneCoverage:
    """Count lanes by whether they are served; a unit that the inventory does not know serves none.

    Args:
        lanes: the lanes.
        connectivity: of the units in service, by their ids.
    """
    count = covered = unknown = 0
    for lane in lanes:
        state = connectivity.get(lane.device)
        count += 1
        covered += state is Connectivity.ONLINE
        unknown += state is Connectivity.UNKNOWN
    return LaneCoverage(count, covered, unknown)


def missing_lanes(tollgate: Tollgate, lanes: Sequence[Lane]) -> int:
    """Give how many lanes a tollgate says to have beyond those that are listed: nobody serves these."""
    return max(0, tollgate.lanes - len(lanes))


def usual_count(earlier: Mapping[int, int], *, hour_at: int) -> int | None:
    """Give how many records are usual in an hour: the median of that hour of the day, else of all hours.

    Args:
        earlier: counts of earlier hours, by the hour's first instant.
        hour_at: the first instant of the hour in question.

    Returns:
        None where too little is known: fewer than 5 days, or 24 hours.
    """
    day_s = HOURS_A_DAY * HOUR_S
    alike = [count for at, count in earlier.items() if at < hour_at and (hour_at - at) % day_s == 0]
    if len(alike) >= _ENOUGH_DAYS:
        return int(median(alike))
    before = [count for at, count in earlier.items() if at < hour_at]
    return int(median(before)) if len(before) >= _ENOUGH_HOURS else None


def is_silent(count: int, usual: int | None, rule: SilenceRule) -> bool:
    """Tell whether a unit that is online makes far fewer records than it usually does."""
    return usual is not None and usual >= rule.least and count < rule.share * usual
