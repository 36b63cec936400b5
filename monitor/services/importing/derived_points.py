"""Points made of devices where no sheet of points is at hand: one a class and pole, or a class and place."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.point import Point


class DerivedPoints:
    """Makes points; the same class, region and pole or place always give the same one.

    Args:
        stored: ids of the points that are recorded.
        required_from: from when new points are required, epoch seconds.
    """

    def __init__(self, stored: Collection[str], *, required_from: int) -> None:
        self._stored = stored
        self._required_from = required_from
        self.made: dict[str, Point] = {}
        self.without_place = 0

    def point_for(self, device: Device, record: DeviceRecord) -> str | None:
        """Give the id of a device's point; None for a device that stands at none, or whose place is not known.

        Devices on one pole stand at one point; without a pole, those within about ten metres (four decimals of a
        degree); without coordinates, those of one common name or place of installation.
        """
        if device.kind not in HEADLINE_KINDS or device.region is None:
            return None
        place = _place(record)
        if not place:
            self.without_place += 1
            return None
        key = "|".join((device.region, device.point_class, *place))
        point_id = f"D{device.region}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"
        if point_id not in self._stored and point_id not in self.made:
            self.made[point_id] = Point(
                id=point_id,
                region=device.region,
                point_class=device.point_class,
                name=record.common_name or record.place or record.name,
                required_from=self._required_from,
            )
        return point_id


def _place(record: DeviceRecord) -> tuple[str, ...]:
    if record.pole:
        return ("pole", record.pole)
    if record.longitude and record.latitude:
        return ("at", f"{float(record.longitude):.4f}", f"{float(record.latitude):.4f}")
    name = record.common_name or record.place
    return ("name", name) if name else ()
