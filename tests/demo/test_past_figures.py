"""The trend of the simulated past: whole hours, whatever the minute at which the city is built."""

from __future__ import annotations

import pytest

from monitor.demo.past_figures import HOUR_S, past_figures
from monitor.domain.device import Device, DeviceKind, Lifecycle
from monitor.domain.facts import Axis, Correction
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.domain.state import Cause, Connectivity

T0 = 1_767_225_600
REGIONS = [
    Region("370700", "潍坊市", RegionLevel.CITY),
    Region("370702", "潍城区", RegionLevel.COUNTY, "370700"),
    Region("370702001", "城关街道", RegionLevel.TOWN, "370702"),
]
DEVICE = Device("a", DeviceKind.CAMERA, PointClass.FIRST, "370702001", Lifecycle(T0))


def known(start: int, end: int, state: Connectivity) -> Correction:
    return Correction("a", Axis.CONNECTIVITY, start, end, state.value, Cause.LATE_EVIDENCE)


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_a_change_in_the_hour_that_is_not_over_is_in_no_hour(minute: int):
    last = T0 + 3 * HOUR_S
    end = last + minute * 60 + 30
    past = [known(T0, last + minute * 60, Connectivity.ONLINE), known(last + minute * 60, end, Connectivity.OFFLINE)]

    city = [point for point in past_figures([DEVICE], REGIONS, past) if point.region == "370700"]

    assert [(point.at, point.online, point.offline) for point in city] == [(T0 + n * HOUR_S, 1, 0) for n in range(3)]
