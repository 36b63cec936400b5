"""Points 点位: the required places of the plan."""

from __future__ import annotations

from enum import StrEnum

from monitor.domain.values import dataclass


class PointClass(StrEnum):
    """Class of a point in the plan (一类 first … 公安内部 internal)."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    INTERNAL = "internal"
    OTHER = "other"


class PointStatus(StrEnum):
    """Where a point stands in its life; planned and active points are required, retired ones are not."""

    PLANNED = "planned"
    ACTIVE = "active"
    RETIRED = "retired"


class Ring(StrEnum):
    """Which of the three rings 三级防控圈 a crossing belongs to."""

    CITY = "city"
    COUNTY = "county"
    TOWN = "town"


@dataclass(frozen=True, slots=True)
class Point:
    """A required place: it has zero or more devices, and is met by `count` devices of `required_kinds`.

    `required_from` is an instant; None means from ever. `required_kinds` holds device kinds' values; empty means
    any headline kind. `to_be_networked` marks a third-class point that the plan wants networked all the same.
    """

    id: str
    region: str
    point_class: PointClass
    name: str = ""
    site_kind: str = ""
    ring: Ring | None = None
    required_kinds: tuple[str, ...] = ()
    count: int = 1
    required_from: int | None = None
    status: PointStatus = PointStatus.ACTIVE
    to_be_networked: bool = False
