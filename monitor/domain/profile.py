"""Profiles: what a sheet's columns are, how its codes are spelt, and what it means by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final

from monitor.domain.coordinates import Datum
from monitor.domain.values import dataclass


class SheetKind(StrEnum):
    """What the rows of a sheet are."""

    REGIONS = "regions"
    POINTS = "points"
    DEVICES = "devices"


FIELDS: Final[Mapping[SheetKind, tuple[str, ...]]] = {
    SheetKind.REGIONS: ("code", "name", "parent", "level", "name_en", "rank_group", "assessed_from"),
    SheetKind.POINTS: (
        *("id", "region", "point_class", "name", "site_kind", "ring", "required_kinds", "count", "required_from"),
        *("status", "to_be_networked"),
    ),
    SheetKind.DEVICES: (
        *("id", "kind", "point_class", "region", "point", "protocol", "address", "port", "parent"),
        *("owner_unit", "maintainer", "contract", "police_station", "in_service_on", "status"),
        *("name", "vendor", "model", "longitude", "latitude", "common_name", "ip", "ipv6", "mac", "serial"),
        *("camera_type", "function_type", "supply_light", "encoding", "place", "position_type", "direction"),
        *("networked", "installed_on", "retention_days", "department", "pole"),
    ),
}
"""The fields that a column may hold; a device's record has those from "name" on."""

CODED: Final[Mapping[SheetKind, frozenset[str]]] = {
    SheetKind.REGIONS: frozenset({"level", "rank_group"}),
    SheetKind.POINTS: frozenset({"point_class", "site_kind", "ring", "required_kinds", "status", "to_be_networked"}),
    SheetKind.DEVICES: frozenset(
        {"kind", "point_class", "status", "vendor", "camera_type", "function_type", "supply_light", "encoding"}
        | {"position_type", "direction", "networked", "department"}
    ),
}
"""The fields that have a code list."""


@dataclass(frozen=True, slots=True)
class EndpointForm:
    """How the endpoint of a device is made of its address: `address` holds {ip} and {port}."""

    protocol: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of writing a sheet.

    Attributes:
        name: its name, that of its file.
        title: what sheets it is for, in Chinese and English.
        kind: what the rows are.
        columns: headings by field, in the order in which an export writes them; the first is what it writes.
        required: fields that a sheet must have a column for, and each row a value.
        codes: by field: the sheet's codes and the words that they stand for.
        template: the headings that an export writes, in order; those without a field stay empty. () for the first
            heading of every column.
        header_line: the line that holds the headings; what stands above it is passed over.
        sheet: the name of the worksheet; "" for the first.
        national_ids: ids must be the 20 digits of GB/T 28181; else any text will do.
        datum: what the coordinates are.
        endpoints: how devices of a kind (its value) are looked at where the sheet names an IP address only.
        checkpoints: words of `function_type` that make a camera a checkpoint.
        repair_days: how long an exemption is proposed for a device that the sheet calls under repair.
        is_example: an example of a local variant, never taken without being named.
    """

    name: str
    title: str
    kind: SheetKind
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    codes: Mapping[str, Mapping[str, str]]
    template: tuple[str, ...] = ()
    header_line: int = 1
    sheet: str = ""
    national_ids: bool = True
    datum: Datum = Datum.WGS84
    endpoints: Mapping[str, EndpointForm] = field(default_factory=dict)
    checkpoints: frozenset[str] = frozenset()
    repair_days: int = 7
    is_example: bool = False
