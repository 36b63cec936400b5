"""Devices 设备: cameras, checkpoint units, recorders, gateways and platforms, one record each (一机一档)."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from monitor.domain.point import PointClass
from monitor.domain.values import dataclass


class DeviceKind(StrEnum):
    """What a device is; camera and checkpoint are the headline kinds."""

    CAMERA = "camera"
    CHECKPOINT = "checkpoint"
    RECORDER = "recorder"
    GATEWAY = "gateway"
    PLATFORM = "platform"
    SENSOR = "sensor"
    OTHER = "other"


class Route(StrEnum):
    """How facts about a device reach us."""

    DIRECT = "direct"
    RECORDER = "recorder"
    PLATFORM = "platform"
    FILE = "file"


class ParentRole(StrEnum):
    """A *path* is what a device is reached through; a *reporter* tells about it."""

    PATH = "path"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is polled: a protocol's registry name, an address in that protocol's form, a credential's reference."""

    protocol: str
    address: str
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent of a device; `ours` marks the city's own core or broker (RULES §2)."""

    device_id: str
    role: ParentRole = ParentRole.PATH
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Organisations:
    """Organisations that answer for a device: dimensions beside the region, never persons."""

    owner_unit: str = ""
    maintainer: str = ""
    contract: str = ""
    police_station: str = ""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """When a device counts: instants, and daily service windows.

    Attributes:
        created_at: instant the record was made.
        in_service_from: instant (00:00 city time of the in-service date) or None for the record's own day.
        retired_at: instant at which an approved retirement takes effect, or None.
        service_windows: daily windows (from, to) in seconds after midnight, city time; empty means always. A window
            whose `to` is not after its `from` runs over midnight.
    """

    created_at: int
    in_service_from: int | None = None
    retired_at: int | None = None
    service_windows: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """One device as rates and looks need it; what else its record says is a `DeviceRecord`."""

    id: str
    kind: DeviceKind
    point_class: PointClass
    region: str | None
    lifecycle: Lifecycle
    point: str | None = None
    endpoint: Endpoint | None = None
    route: Route = Route.DIRECT
    parents: tuple[Parent, ...] = ()
    organisations: Organisations = field(default=Organisations())


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """The describing part of one device, one record (一机一档): names and places that no rate depends on.

    All of it is text, "" where nothing is recorded; persons, phones and logins have no field.

    Attributes:
        longitude, latitude: WGS-84, degrees with 6 decimals.
        common_name: what people call its point (点位俗称).
        mac: like "00-1A-2B-3C-4D-5E".
        camera_type, function_type, supply_light, encoding, position_type, direction, department: the words of the
            sheet's code lists; several are joined by "/", a code that its list does not know is kept as it came.
        place: where it is installed (安装地址).
        networked: "yes" or "no", what the sheet says of its networking (联网属性).
        installed_on: a day, like "2019-05-01".
        retention_days: how many days recordings must reach back, digits.
        pole: the number of its pole (立杆编号).
    """

    device_id: str
    name: str = ""
    vendor: str = ""
    model: str = ""
    longitude: str = ""
    latitude: str = ""
    common_name: str = ""
    ip: str = ""
    ipv6: str = ""
    mac: str = ""
    serial: str = ""
    camera_type: str = ""
    function_type: str = ""
    supply_light: str = ""
    encoding: str = ""
    place: str = ""
    position_type: str = ""
    direction: str = ""
    networked: str = ""
    installed_on: str = ""
    retention_days: str = ""
    department: str = ""
    pole: str = ""
