"""The objects of GA/T 1400 (视图库) that are about devices, read as deployments really write them.

Only the fields that are needed are read: an APE object carries a user name and a password, which are never even made
into objects here. Keys, envelopes and types deviate between platforms, and all that is known to occur is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from collectors.pushed import Crossing, Report, Tollgate

CHINA_S = 8 * 3_600
"""Local times are those of China unless they say otherwise: it has one zone and no summer time."""

_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[ T]?(\d\d):?(\d\d):?(\d\d)(?:\.?\d{1,3})?(Z|[+-]\d\d:?\d\d)?")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-]?)(\d{1,2})(?::?(\d\d))?")
_ONLINE: dict[str, bool] = {"1": True, "True": True, "2": False, "0": False, "False": False}
"""IsOnline: 1 online, 2 offline, 9 other; some write 0 for offline. What is neither says nothing."""

Loose = Any
"""Whatever stands there: one odd field must not cost the whole list."""


class BadAnswerError(ValueError):
    """It is not what was asked for; says why, without any of its content."""


class _Ape(Struct):
    id: Loose = field(default=None, name="ApeID")
    online: Loose = field(default=None, name="IsOnline")
    other_online: Loose = field(default=None, name="IsOnLine")
    third_online: Loose = field(default=None, name="isOnline")


class _Aps(Struct):
    id: Loose = field(default=None, name="ApsID")
    online: Loose = field(default=None, name="IsOnline")
    other_online: Loose = field(default=None, name="IsOnLine")


class _Status(Struct):
    id: Loose = field(default=None, name="ApeID")
    time: Loose = field(default=None, name="CurrentTime")
    online: Loose = field(default=None, name="IsOnline")
    other_online: Loose = field(default=None, name="IsOnLine")


class _Tollgate(Struct):
    id: Loose = field(default=None, name="TollgateID")
    name: Loose = field(default=None, name="Name")
    status: Loose = field(default=None, name="Status")
    category: Loose = field(default=None, name="TollgateCat")
    usage: Loose = field(default=None, name="TollgateUsage")
    lanes: Loose = field(default=None, name="LaneNum")
    place_code: Loose = field(default=None, name="PlaceCode")


class _Lane(Struct):
    tollgate: Loose = field(default=None, name="TollgateID")
    number: Loose = field(default=None, name="LaneNo")
    id: Loose = field(default=None, name="LaneId")
    direction: Loose = field(default=None, name="Direction")
    city_pass: Loose = field(default=None, name="CityPass")
    ape: Loose = field(default=None, name="ApeID")


class _SystemTime(Struct):
    server: Loose = field(default=None, name="VIIDServerID")
    mode: Loose = field(default=None, name="TimeMode")
    time: Loose = field(default=None, name="LocalTime")
    zone: Loose = field(default=None, name="TimeZone")


T = TypeVar("T")


class Page(Struct):
    """One page of a list: what stands in it, and how many there are in all where the platform says so."""

    items: list[Any]
    total: int | None = None


def _envelope(kind: str, item: type) -> msgspec.json.Decoder[Any]:
    """Make the decoder of a list: `{"APEListObject": {"APEObject": [...]}}`, and how else it is written."""
    objects = item | list[item] | None  # type: ignore[valid-type]
    inner = msgspec.defstruct(
        f"{kind}Inner",
        [
            ("objects", objects, field(default=None, name=f"{kind}Object")),
            ("total", Loose, field(default=None, name="TotalNum")),
            ("count", Loose, field(default=None, name="TotalCount")),
        ],
    )
    wrapped = inner | list[item] | None  # type: ignore[valid-type]
    outer = msgspec.defstruct(
        f"{kind}Outer",
        [
            ("one", wrapped, field(default=None, name=f"{kind}ListObject")),
            ("two", wrapped, field(default=None, name=f"{kind}ObjectList")),
            ("three", wrapped, field(default=None, name=f"{kind}List")),
            ("bare", objects, field(default=None, name=f"{kind}Object")),
        ],
    )
    return msgspec.json.Decoder(outer)


_APES = _envelope("APE", _Ape)
_APSS = _envelope("APS", _Aps)
_STATUSES = _envelope("APEStatus", _Status)
_TOLLGATES = _envelope("Tollgate", _Tollgate)
_LANES = _envelope("Lane", _Lane)


class _Time(Struct):
    one: _SystemTime | None = field(default=None, name="SystemTimeObject")
    two: _SystemTime | None = field(default=None, name="SystemTime")


_TIME_ANSWER = msgspec.json.Decoder(_Time)


def read_apes(body: bytes) -> Page:
    """Give a page of (id, online) of acquisition devices.

    Raises:
        BadAnswerError: it is no such list.
    """
    page = _page(_APES, body)
    page.items = [
        (name, _online(ape.online, ape.other_online, ape.third_online)) for ape in page.items if (name := _id(ape.id))
    ]
    return page


def read_apss(body: bytes) -> Page:
    """Give a page of (id, online) of acquisition systems.

    Raises:
        BadAnswerError: it is no such list.
    """
    page = _page(_APSS, body)
    page.items = [(name, _online(aps.online, aps.other_online)) for aps in page.items if (name := _id(aps.id))]
    return page


def read_statuses(body: bytes, *, at: int) -> list[Report]:
    """Give what a status notification says; its CurrentTime is the device's own clock.

    Raises:
        BadAnswerError: it is no such notification.
    """
    page = _page(_STATUSES, body)
    return [
        Report(name, at, _online(one.online, one.other_online), clock_s=read_instant(_text(one.time)))
        for one in page.items
        if (name := _id(one.id))
    ]


def read_tollgates(body: bytes) -> Page:
    """Give a page of tollgates.

    Raises:
        BadAnswerError: it is no such list.
    """
    page = _page(_TOLLGATES, body)
    page.items = [
        Tollgate(
            id=name,
            name=_text(one.name)[:100],
            status=_number(one.status),
            category=_number(one.category),
            usage=_number(one.usage),
            lanes=_number(one.lanes),
            place_code=_text(one.place_code)[:20],
        )
        for one in page.items
        if (name := _id(one.id))
    ]
    return page


def read_lanes(body: bytes) -> Page:
    """Give a page of lanes.

    Raises:
        BadAnswerError: it is no such list.
    """
    page = _page(_LANES, body)
    page.items = [
        Crossing(
            tollgate=name,
            number=_number(one.number) or _number(one.id),
            direction=_text(one.direction)[:20],
            city_pass=_number(one.city_pass),
            device=_id(one.ape),
        )
        for one in page.items
        if (name := _id(one.tollgate))
    ]
    return page


def read_time(body: bytes) -> tuple[int, str, str]:
    """Give (clock, zone, mode) of a platform; the clock in epoch seconds.

    Raises:
        BadAnswerError: it is no such answer.
    """
    answer = _decoded(_TIME_ANSWER, body)
    said = answer.one or answer.two
    if said is None:
        raise BadAnswerError("no SystemTimeObject")
    zone = _text(said.zone)
    instant = read_instant(_text(said.time), zone=zone)
    if instant is None:
        raise BadAnswerError("LocalTime is no time")
    return instant, zone[:32], {"1": "NTP", "2": "Manual"}.get(_text(said.mode), "")


def read_instant(text: str, *, zone: str = "") -> int | None:
    """Give a time as it is written (`yyyyMMddHHmmss`, with separators, with an offset) in epoch seconds, or None."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    offset = _offset(match[7]) if match[7] else _offset(zone)
    try:
        moment = datetime(*map(int, match.group(1, 2, 3, 4, 5, 6)), tzinfo=timezone(timedelta(seconds=offset)))  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    seconds = int(moment.timestamp())
    return seconds if seconds >= 0 else None


def _offset(text: str) -> int:
    if text == "Z":
        return 0
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return CHINA_S
    seconds = int(match[2]) * 3_600 + int(match[3] or 0) * 60
    return 0 if seconds > 14 * 3_600 else (-seconds if match[1] == "-" else seconds)


def _page(decoder: msgspec.json.Decoder[Any], body: bytes) -> Page:
    outer = _decoded(decoder, body)
    found = next((each for each in (outer.one, outer.two, outer.three, outer.bare) if each is not None), None)
    if found is None:
        raise BadAnswerError("not the list asked for")
    if isinstance(found, list):
        return Page(found)
    if not hasattr(found, "objects"):
        return Page([found])
    objects: Sequence[Any] | Any = found.objects
    items = [] if objects is None else (objects if isinstance(objects, list) else [objects])
    return Page(items, _number(found.total) or _number(found.count) or None)


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise BadAnswerError("does not follow the standard") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise BadAnswerError("JSON is too deep") from None
    try:
        return decoder.decode(body.decode("gb18030").encode())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadAnswerError("is not JSON") from None


def _online(*written: Loose) -> bool | None:
    said = next((each for each in written if each is not None), None)
    return _ONLINE.get(_text(said))


def _id(value: Loose) -> str:
    text = _text(value)
    return text if _ID.fullmatch(text) else ""


def _text(value: Loose) -> str:
    return str(value).strip() if isinstance(value, int | str) else ""


def _number(value: Loose) -> int:
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
