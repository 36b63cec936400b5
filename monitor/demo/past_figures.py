"""What the simulated city's figures were before the demo began: hourly counts of its simulated past, for the trend."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.device import Device
from monitor.domain.facts import Axis, Correction
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.state import Condition, Connectivity
from monitor.ports import TrendPoint

HOUR_S = 3_600
_ONLINE, _OFFLINE, _INTACT = range(3)


def past_figures(
    devices: Iterable[Device], regions: Sequence[Region], past: Sequence[Correction]
) -> Iterator[TrendPoint]:
    """Give hourly counts of the city and its counties over a past; exemptions and points have none.

    Args:
        devices: all devices.
        regions: all regions.
        past: what is known of every device, axis by axis, as corrections.
    """
    if not past:
        return
    tree = RegionTree(regions)
    county = {
        device.id: tree.ancestor_at(device.region or "", RegionLevel.COUNTY)
        for device in devices
        if device.kind in HEADLINE_KINDS
    }
    faulty = {each.device_id for each in past if each.state == Condition.FAULTY}
    first = -(-min(each.start for each in past) // HOUR_S)
    hours = max(each.end for each in past) // HOUR_S - first
    roots = [region.code for region in tree.children(None)]
    steps = {code: [array("q", bytes(8 * (hours + 1))) for _ in range(3)] for code in {*county.values(), *roots}}
    for each in past:
        code = county.get(each.device_id)
        if each.axis is not Axis.CONNECTIVITY or code is None:
            continue
        kinds = [_ONLINE] if each.state == Connectivity.ONLINE else [_OFFLINE]
        if kinds == [_ONLINE] and each.device_id not in faulty:
            kinds.append(_INTACT)
        # What begins in the last hour, which is not over, is in none of them.
        begin, end = (min(hours, -(-instant // HOUR_S) - first) for instant in (each.start, each.end))
        for place in (code, *roots):
            for kind in kinds:
                steps[place][kind][begin] += 1
                steps[place][kind][end] -= 1
    for place, columns in steps.items():
        counts = zip(*(accumulate(column) for column in columns), strict=True)
        for hour, (online, offline, intact) in zip(range(hours), counts, strict=False):
            at = (first + hour) * HOUR_S
            yield TrendPoint(place, at, online, offline, 0, 0, intact, online + offline, 0, 0, 0, 0)
