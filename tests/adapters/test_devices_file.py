from __future__ import annotations

from pathlib import Path

import pytest

from monitor.adapters.files.inventory import DevicesFileError, read_devices
from monitor.domain.device import DeviceKind, DeviceRecord, Endpoint
from monitor.domain.point import PointClass

HEADER = "id,kind,class,region,protocol,address,name\n"
T0 = 1_767_225_600


def read(tmp_path: Path, text: str | bytes):
    path = tmp_path / "devices.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_devices(path, created_at=T0, protocols=frozenset({"onvif", "mqtt"}))


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    with pytest.raises(DevicesFileError) as caught:
        read(tmp_path, text)
    return [line.removeprefix(f"{tmp_path / 'devices.csv'}") for line in str(caught.value).splitlines()]


def test_devices_are_read_in_the_order_of_the_file(tmp_path):
    text = (
        HEADER + "37070200001320000001,camera,first,370702,onvif,http://192.0.2.10/onvif/device_service,月河路口\n"
        '2,checkpoint,other,,mqtt,"mqtt://a,b",\n'
    )
    (first, record), (second, _) = read(tmp_path, "\ufeff" + text)
    assert (first.id, first.kind, first.point_class) == ("37070200001320000001", DeviceKind.CAMERA, PointClass.FIRST)
    assert first.endpoint == Endpoint("onvif", "http://192.0.2.10/onvif/device_service")
    assert first.lifecycle.created_at == T0
    assert record == DeviceRecord("37070200001320000001", "月河路口")
    assert (second.region, second.endpoint) == (None, Endpoint("mqtt", "mqtt://a,b"))


def test_columns_may_be_in_any_order_without_a_name_and_with_what_a_sheet_leaves_behind(tmp_path):
    ((device, record),) = read(
        tmp_path, "address,protocol,region,class,kind,id,\r\nhttp://192.0.2.1/,onvif,,first,camera,7,\r\n"
    )
    assert (device.id, record.name) == ("7", "")


def test_a_header_alone_is_a_list_of_no_device(tmp_path):
    assert read(tmp_path, HEADER) == []


def test_all_wrong_lines_are_named_at_once(tmp_path):
    text = HEADER + (
        "1,camera,first,370702,onvif,http://192.0.2.1/,ok\n"
        "1,camera,first,370702,onvif,http://192.0.2.2/,twice\n"
        "3,cam,1st,370702,snmp,,wrong\n"
        f"4,camera,first,370702,onvif,http://192.0.2.4/,{'长' * 257}\n"
        "5,camera,first,370702,onvif,http://192.0.2.5/,a,b\n"
        "6,camera\n"
    )
    assert problems(tmp_path, text) == [
        ":3: id '1' stands on line 2 already",
        ":4: address is empty",
        ":4: kind must be one of camera, checkpoint, recorder, gateway, platform, sensor, other, not 'cam'",
        ":4: class must be one of first, second, third, internal, other, not '1st'",
        ":4: protocol must be one of mqtt, onvif, not 'snmp'",
        ":5: name is longer than 256 characters",
        ":6: has more values than the header has columns",
        ":7: address is empty",
        ":7: class must be one of first, second, third, internal, other, not ''",
        ":7: protocol must be one of mqtt, onvif, not ''",
    ]


@pytest.mark.parametrize("text", ["", "\n", "id,kind\n1,camera\n"])
def test_missing_columns_are_named(tmp_path, text):
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(":1: column ")
    assert problem.endswith("class, region, protocol, address is missing")


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    assert problems(tmp_path, "编号".encode("gb18030")) == [": is not UTF-8 (byte 0): save it as CSV UTF-8"]
    with pytest.raises(DevicesFileError, match="cannot be read: No such file"):
        read_devices(tmp_path / "none.csv", created_at=T0, protocols=frozenset())
