from __future__ import annotations

import pytest

from monitor.domain.exemption import ExemptionBook, exempt_spans
from monitor.domain.facts import ExemptionScope
from monitor.domain.history import DeviceVersion
from monitor.domain.spans import FROM_EVER
from tests.domain.past import TREE, device, exemption

CAMERA = DeviceVersion(FROM_EVER, device(), frozenset({"switch", "core"}))
DEVICE, POINT, REGION, PATH = ExemptionScope


def spans(*exemptions, version=CAMERA):
    return exempt_spans(version, ExemptionBook(exemptions), TREE, start=0, end=100)


@pytest.mark.parametrize(
    ("scope", "scope_id", "covered"),
    [
        (DEVICE, "cam-1", True),
        (DEVICE, "cam-2", False),
        (POINT, "p-1", True),
        (POINT, "p-2", False),
        (REGION, "370724100", True),
        (REGION, "370724", True),
        (REGION, "3707", True),
        (REGION, "370725", False),
        (REGION, "370724100001", False),
        (PATH, "switch", True),
        (PATH, "core", True),
        (PATH, "cam-1", False),
        (DEVICE, "switch", False),
    ],
)
def test_what_an_exemption_covers(scope, scope_id, covered):
    assert spans(exemption(scope, scope_id, 10, 20)) == (((10, 20),) if covered else ())


def test_exemptions_of_every_scope_join():
    assert spans(
        exemption(DEVICE, "cam-1", 10, 20),
        exemption(REGION, "3707", 15, 30),
        exemption(POINT, "p-1", 30, 35),
        exemption(PATH, "switch", 90, 200),
    ) == ((10, 35), (90, 100))


def test_windows_that_end_before_they_begin_cover_nothing():
    assert spans(exemption(DEVICE, "cam-1", 20, 10), exemption(DEVICE, "cam-1", 5, 5)) == ()


def test_a_device_without_point_and_region_is_covered_by_its_own_alone():
    lone = DeviceVersion(FROM_EVER, device(point=None, region=None))
    assert spans(exemption(REGION, "3707", 0, 9), exemption(DEVICE, "cam-1", 5, 7), version=lone) == ((5, 7),)
