"""Coordinates: WGS-84 as GB/T 28181 wants them, GCJ-02 as Chinese maps give them, and the city's bounds."""

from __future__ import annotations

from enum import StrEnum
from math import cos, pi, sin, sqrt

from monitor.domain.values import dataclass

# The ellipsoid (Krasovsky 1940) and the published approximation of the offset between the two.
_AXIS_M = 6_378_245.0
_ECCENTRICITY = 0.006_693_421_622_965_943
_CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # outside of it GCJ-02 is WGS-84


class Datum(StrEnum):
    """What a sheet's coordinates are."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box in degrees of WGS-84; its edges belong to it."""

    west: float
    south: float
    east: float
    north: float

    def hold(self, longitude: float, latitude: float) -> bool:
        """Tell whether a place lies in the box."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north


def to_gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    """Give the GCJ-02 coordinates of a place in WGS-84."""
    west, south, east, north = _CHINA
    if not (west < longitude < east and south < latitude < north):
        return longitude, latitude
    x, y = longitude - 105.0, latitude - 35.0
    waves = 20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north_m += (waves + 20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north_m += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east_m += (waves + 20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east_m += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    radians = latitude / 180.0 * pi
    flattened = 1.0 - _ECCENTRICITY * sin(radians) ** 2
    a_degree_north = _AXIS_M * (1.0 - _ECCENTRICITY) / (flattened * sqrt(flattened)) * pi / 180.0
    a_degree_east = _AXIS_M / sqrt(flattened) * cos(radians) * pi / 180.0
    return longitude + east_m / a_degree_east, latitude + north_m / a_degree_north


def to_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """Give the WGS-84 coordinates of a place in GCJ-02, to a centimetre: the inverse of `to_gcj02`."""
    found_x, found_y = longitude, latitude
    for _ in range(4):
        x, y = to_gcj02(found_x, found_y)
        found_x, found_y = found_x + longitude - x, found_y + latitude - y
    return found_x, found_y
