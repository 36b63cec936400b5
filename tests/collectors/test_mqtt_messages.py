"""What comes over MQTT is read strictly; what cannot be used is named, and nothing of it is kept."""

from __future__ import annotations

import json
import zlib

import pytest

from collectors.mqtt.messages import MAX_BYTES, MAX_JSON_BYTES, read_message
from collectors.pushed import Message, Records, Report

BATCH, STATUS = "vidnet/v1/gateways/g-1/batch", "vidnet/v1/devices/d-1/status"
NOW = 1_795_000_000
ONE = {"device": "d-1", "at": NOW, "online": True}


def read(payload: object, *, topic: str = BATCH, retained: bool = False) -> Message:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return read_message(topic, body, retained=retained, received_at=NOW + 5)


def test_a_batch_with_everything() -> None:
    full = ONE | {
        "asleep": True, "clock": NOW - 3, "faults": ["slow"], "checked": ["slow", "tls"],
        "records": {"hour": NOW - 3_600, "count": 12},
    }  # fmt: skip
    message = read({"sent_at": NOW, "interval_s": 60, "observations": [full, ONE]})

    assert (message.sender, message.refusal, message.alive) == ("g-1", "", True)
    assert (message.sent_at, message.interval_s) == (NOW, 60)
    assert message.reports == [
        Report("d-1", NOW, True, True, NOW - 3, ("slow",), ("slow", "tls"), Records(NOW - 3_600, 12)),
        Report("d-1", NOW, True),
    ]


def test_zlib_is_unpacked() -> None:
    assert read(zlib.compress(json.dumps({"observations": [ONE]}).encode())).reports == [Report("d-1", NOW, True)]


def test_a_status_speaks_of_itself_and_a_will_of_now() -> None:
    assert read({"online": True, "at": NOW}, topic=STATUS).reports == (Report("d-1", NOW, True),)
    assert read({"online": False}, topic=STATUS).reports == (Report("d-1", NOW + 5, False),)
    assert read({"online": False}, topic=STATUS, retained=True).reports == ()
    assert not read({"online": True}, topic=STATUS).alive


BOMB = zlib.compress(b" " * (MAX_JSON_BYTES + 1))
BAD: dict[str, tuple[object, str]] = {
    "no JSON": (b"{", "payload is not JSON"),
    "nothing": (b"", "payload is not JSON"),
    "no UTF-8": (b'{"observations":[{"device":"\xff"}]}', "payload is not JSON"),
    "deep": (b"[" * 100_000, "does not follow the schema"),
    "deep inside": (b'{"observations":' + b"[" * 100_000, "does not follow the schema"),
    "half of zlib": (zlib.compress(b'{"observations":[]}')[:-3], "neither JSON nor zlib"),
    "a bomb": (BOMB, "unpacks to more"),
    "too large": (b" " * (MAX_BYTES + 1), "payload of more than"),
    "too many": ({"observations": [ONE] * 501}, "does not follow the schema"),
    "an instant as text": ({"observations": [ONE | {"at": "2026"}]}, "Expected `int`"),
    "milliseconds": ({"observations": [ONE | {"at": NOW * 1_000}]}, "<= 4102444800"),
    "an id with a slash": ({"observations": [ONE | {"device": "a/b"}]}, "matching regex"),
    "a fault that is no code": ({"observations": [ONE | {"faults": ["张三"]}]}, "matching regex"),
    "another key": ({"observations": [ONE | {"speed": 1}]}, "unknown field `speed`"),
    "a status as batch": ({"online": True}, "unknown field `online`"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_named(case: str) -> None:
    payload, words = BAD[case]
    message = read(payload)

    assert words in message.refusal
    assert message.reports == ()
    assert len(message.digest) == 64
    assert not message.alive


@pytest.mark.parametrize(
    "key",
    ["FaceListObject", "PersonObject", "MotorVehicleListObject", "NonMotorVehicleObject", "PlateNo", "ImageList",
     "SubImageList", "DispositionListObject", "face", "plate_no", "image"],
)  # fmt: skip
def test_what_belongs_to_people_is_refused_as_that_and_not_kept(key: str) -> None:
    message = read({"observations": [ONE | {key: {"name": "张三", "PlateNo": "鲁G12345"}}]})

    assert message.refusal == "payload holds what belongs to people or vehicles: devices only"
    assert "张三" not in repr(message)
    assert "鲁G" not in repr(message)


def test_a_name_of_a_strange_field_that_may_be_a_value_is_not_repeated() -> None:
    assert "鲁G" not in read({"observations": [ONE | {"鲁G12345": 1}]}).refusal


@pytest.mark.parametrize(
    "topic", ["vidnet/v1/gateways//batch", "vidnet/v1/gateways/a/b/batch", "vidnet/v2/gateways/a/batch", "x", ""]
)
def test_other_topics_are_none_of_ours(topic: str) -> None:
    assert read({"observations": [ONE]}, topic=topic).refusal == "topic is not one of ours"
