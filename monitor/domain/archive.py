"""The truth of the records 一机一档: what a record must hold, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from monitor.domain.deep import Said, mac_of
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.point import PointClass
from monitor.domain.values import dataclass

OF_DEVICE: Final = ("region", "point", "owner_unit", "maintainer", "contract", "police_station", "address")
"""Fields of a device that may be required of its record; the others are those of `DeviceRecord`."""

REQUIRABLE: Final = (*OF_DEVICE, *DeviceRecord.__slots__[1:])
"""All fields that may be required."""


class FindingKind(StrEnum):
    """What speaks against a record."""

    NOT_ARCHIVED = "not_archived"
    STRANGER = "stranger"
    MISSING_FIELD = "missing_field"
    NO_COORDINATES = "no_coordinates"
    DUPLICATE_ADDRESS = "duplicate_address"
    DUPLICATE_MAC = "duplicate_mac"
    DUPLICATE_SERIAL = "duplicate_serial"
    CONFLICT = "conflict"

    @property
    def text_zh(self) -> str:
        """Its Chinese words."""
        return _WORDS[self]


_WORDS = {
    FindingKind.NOT_ARCHIVED: "未建档",
    FindingKind.STRANGER: "清单外设备",
    FindingKind.MISSING_FIELD: "缺必填项",
    FindingKind.NO_COORDINATES: "缺坐标",
    FindingKind.DUPLICATE_ADDRESS: "地址重复",
    FindingKind.DUPLICATE_MAC: "MAC 重复",
    FindingKind.DUPLICATE_SERIAL: "序列号重复",
    FindingKind.CONFLICT: "与设备自报不符",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look into.

    Attributes:
        device_id: the device.
        region: its region, "" for none.
        kind: what it is.
        field: the field that it is about.
        recorded: what the record says.
        found: what speaks against it: another device's id, or what the device said of itself.
    """

    device_id: str
    region: str
    kind: FindingKind
    field: str = ""
    recorded: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the record of a device must hold, by the class of its point."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    other: tuple[str, ...]

    def of(self, point_class: PointClass) -> tuple[str, ...]:
        """Give the fields required of a class."""
        return self._by_class().get(point_class, self.other)

    def _by_class(self) -> Mapping[PointClass, tuple[str, ...]]:
        return {PointClass.FIRST: self.first, PointClass.SECOND: self.second}


@dataclass(frozen=True, slots=True)
class ArchiveCount:
    """How much of what they must hold the records of a region's devices of one class hold.

    Only cameras and checkpoint units that are not retired count.

    Attributes:
        region: where the devices stand, without what is below it; "" for none.
        point_class: of the devices.
        known: devices.
        archived: those of them that have a record (`is_archived`).
        required: fields that all their records must hold together.
        filled: those of them that are filled.
    """

    region: str
    point_class: PointClass
    known: int
    archived: int
    required: int
    filled: int


def field_of(device: Device, record: DeviceRecord, name: str) -> str:
    """Give a field of a device or of its record as text, "" where it holds nothing.

    Raises:
        AttributeError: there is no such field.
    """
    if name == "address":
        return device.endpoint.address if device.endpoint else ""
    if name in ("region", "point"):
        return getattr(device, name) or ""
    text: str = getattr(device.organisations if name in OF_DEVICE else record, name)
    return text


def is_archived(device: Device, record: DeviceRecord) -> bool:
    """Tell whether a device has a record at all: a name, and the region that it stands in."""
    return bool(record.name and device.region)


def conflicts(record: DeviceRecord, said: Said) -> tuple[tuple[str, str, str], ...]:
    """Give (field, recorded, said) wherever a record and its device cannot both be right.

    What either leaves empty speaks against nothing. A maker is compared only where both names are of makers that are
    known by both. A serial number or model that begins or ends with the other is the same: devices put one before the
    other, and an archive writes what stands on the case.
    """
    found = []
    one, other = _maker(record.vendor), _maker(said.maker)
    if one and other and one != other:
        found.append(("vendor", record.vendor, said.maker))
    for name, recorded, heard in (("model", record.model, said.model), ("serial", record.serial, said.serial)):
        if recorded and heard and not _same(recorded, heard):
            found.append((name, recorded, heard))
    if record.mac and said.macs and mac_of(record.mac) not in map(mac_of, said.macs):
        found.append(("mac", record.mac, ", ".join(said.macs)))
    return tuple(found)


# What archives call a maker, and what its devices call themselves.
_MAKERS: Final = (
    *(("海康", "hikvision"), ("大华", "dahua"), ("天地伟业", "tiandy"), ("科达", "kedacom"), ("安讯士", "axis")),
    *(("博世", "bosch"), ("亚安", "yaan"), ("英飞拓", "infinova"), ("宇视", "uniview"), ("海信", "hisense")),
    *(("中星电子", "vimicro"), ("中兴", "zte"), ("华为", "huawei")),
)


def _maker(name: str) -> str:
    text = name.casefold()
    return next((english for chinese, english in _MAKERS if chinese in text or english in text), "")


def _same(one: str, other: str) -> bool:
    one, other = one.casefold().replace(" ", ""), other.casefold().replace(" ", "")
    return one.endswith(other) or other.endswith(one) or one.startswith(other) or other.startswith(one)
