from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import national_id
from monitor.domain.archive import conflicts
from monitor.domain.coordinates import Bounds, to_gcj02, to_wgs84
from monitor.domain.deep import Said
from monitor.domain.device import DeviceKind, DeviceRecord


def test_the_type_code_tells_the_kind_and_may_allow_another():
    assert national_id.is_well_formed("37070200001321000001")
    assert not national_id.is_well_formed("3707020000132100000１")  # a full-width digit is none
    assert national_id.kind_of("37070200001321000001") is DeviceKind.CAMERA
    assert national_id.kind_of("37070200001181000001") is DeviceKind.RECORDER
    assert national_id.kind_of("37070200003001000001") is None
    assert national_id.may_be("37070200001321000001", DeviceKind.CHECKPOINT)
    assert not national_id.may_be("37070200001211000001", DeviceKind.CAMERA)
    assert national_id.types_of(DeviceKind.CAMERA) == ("119", "122", "131", "132")


def test_a_place_is_moved_by_some_hundred_metres_and_beyond_china_not_at_all():
    longitude, latitude = to_gcj02(119.1063, 36.7107)
    assert 0.003 < longitude - 119.1063 < 0.008
    assert 0.0 < abs(latitude - 36.7107) < 0.003
    assert to_gcj02(2.35, 48.85) == (2.35, 48.85)


@given(st.floats(118.0, 120.2), st.floats(35.4, 37.6))
def test_there_and_back_again_is_the_same_place(longitude: float, latitude: float):
    x, y = to_wgs84(*to_gcj02(longitude, latitude))
    assert abs(x - longitude) < 1e-8
    assert abs(y - latitude) < 1e-8


def test_the_edges_belong_to_the_bounds():
    bounds = Bounds(118.1, 35.5, 120.1, 37.5)
    assert bounds.hold(118.1, 37.5)
    assert not bounds.hold(118.09, 36.0)


def test_a_record_conflicts_only_where_both_cannot_be_right():
    record = DeviceRecord("1", vendor="海康", model="DS-2CD3T45", serial="123456789", mac="00-1A-2B-3C-4D-5E")
    said = Said(0, "HIKVISION", "ds-2cd3t45-i5", serial="DS-2CD3T45123456789", macs=("00:1A:2B:3C:4D:5E",))
    assert conflicts(record, said) == ()
    assert conflicts(record, Said(0, maker="acme")) == ()
    other = Said(0, "Dahua", "IPC-HFW", serial="987", macs=("00:00:00:00:00:01",))
    assert [field for field, _, _ in conflicts(record, other)] == ["vendor", "model", "serial", "mac"]
