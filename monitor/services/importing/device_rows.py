"""Rows of a sheet of devices as devices with their records: every problem of a row at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from typing import Final

from monitor.domain import national_id
from monitor.domain.coordinates import Bounds, Datum, to_wgs84
from monitor.domain.device import Device, DeviceKind, DeviceRecord, Endpoint, Lifecycle, Organisations, Parent
from monitor.domain.point import PointClass
from monitor.domain.profile import FIELDS, Profile, SheetKind
from monitor.domain.region import RegionTree
from monitor.domain.weeks import midnight
from monitor.services.importing.cells import BadValueError, read_date, read_degrees, text_of
from monitor.services.importing.codes import Words
from monitor.services.importing.device_texts import DeviceTexts, Say
from monitor.services.importing.layout import Layout
from monitor.services.importing.problems import Problem
from monitor.services.importing.regions_of import RegionFinder
from monitor.services.importing.sheet import Cell, Row

_RECORD_FIELDS: Final = tuple(field.name for field in fields(DeviceRecord))[1:]
_DAMAGED = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_STATION = re.compile(r"[0-9A-Z]{12}")


@dataclass(frozen=True, slots=True)
class City:
    """What a city's rows are held against.

    Attributes:
        tree: its regions.
        bounds: where its devices stand; None for anywhere.
        zone: its zone.
        protocols: protocols that are known.
        points: ids of its points.
        retention_days: recordings kept for less are warned of.
        at: now, epoch seconds.
    """

    tree: RegionTree
    bounds: Bounds | None
    zone: tzinfo
    protocols: Collection[str]
    points: Collection[str]
    retention_days: int
    at: int


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """What a row says: the device with its record, and the sheet's word for its status."""

    device: Device
    record: DeviceRecord
    status: str


class DeviceRows:
    """Reads the rows of one sheet.

    Args:
        layout: where its fields are.
        profile: how it is written.
        city: what it is held against.
        owners: which recorded device has an address or a MAC, by either; it grows with the rows.
    """

    def __init__(self, layout: Layout, profile: Profile, city: City, *, owners: dict[str, str]) -> None:
        self._layout = layout
        self._profile = profile
        self._city = city
        self._texts = DeviceTexts(layout, profile)
        self._regions = RegionFinder(city.tree)
        self._today = datetime.fromtimestamp(city.at, city.zone).date()
        self._required = profile.required
        self._organisations: dict[tuple[str, ...], Organisations] = {}
        self._lifecycles: dict[str, Lifecycle] = {}
        self._ids: dict[str, int] = {}
        self._owners = owners

    @property
    def words(self) -> Mapping[str, Words]:
        """Give the code lists with what they did not know."""
        return self._texts.words

    @property
    def lines(self) -> Mapping[str, int]:
        """Give the line of every id that the sheet names, whether or not its row was taken."""
        return self._ids

    def read(self, row: Row) -> tuple[DeviceRow | None, list[Problem]]:
        """Give what a row says, and all of its problems; None where errors are among them."""
        line, cells = row
        problems: list[Problem] = []

        def say(name: str, value: str, expected: str, *, is_error: bool = True) -> None:
            problems.append(Problem(line, self._layout.heading(name), value, expected, is_error))

        values = self._texts.read(cells, say)
        beyond = cells[len(self._layout.headings) :]
        if beyond and any(map(text_of, beyond)):
            say("id", values["id"], "列数多于表头 · the row has more values than the headings have columns")
        for name in self._required:
            if not values[name] and not any(problem.column == self._layout.heading(name) for problem in problems):
                say(name, "", "必填 · a value: it is required")
        kind = self._kind(values, cells, say)
        region = self._region(values, say)
        longitude, latitude = self._place(values, say)
        self._dates(values, say)
        if values["police_station"] and _STATION.fullmatch(values["police_station"]) is None:
            say("police_station", values["police_station"], "12 位机构代码 · a code of 12 digits", is_error=False)
        endpoint = self._endpoint(values, kind, say)
        if values["point"] and values["point"] not in self._city.points:
            say("point", values["point"], "清单中没有此点位 · a point that is recorded: import points first")
        self._duplicates(line, values, endpoint, say)
        if kind is None and not problems:
            say("kind", "", "设备类型，编码看不出 · a kind, which the id does not tell")
        if kind is None or any(problem.is_error for problem in problems):
            return None, problems
        device = Device(
            id=values["id"],
            kind=kind,
            point_class=PointClass(values["point_class"]),
            region=region,
            lifecycle=self._lifecycle(values["in_service_on"]),
            point=values["point"] or None,
            endpoint=endpoint,
            parents=(Parent(values["parent"]),) if values["parent"] else (),
            organisations=self._organisation(values),
        )
        values["longitude"], values["latitude"] = longitude, latitude
        record = DeviceRecord(device.id, *[values[name] for name in _RECORD_FIELDS])
        return DeviceRow(device, record, values["status"]), problems

    def _kind(self, values: dict[str, str], cells: Sequence[Cell], say: Say) -> DeviceKind | None:
        """Check the id, and give the kind: what the sheet says, else what the id's type and the function say."""
        device_id, at = values["id"], self._layout.columns["id"]
        if not device_id:
            return None
        cell = cells[at] if at < len(cells) else ""
        if (not isinstance(cell, str) and len(device_id) > 15) or _DAMAGED.fullmatch(device_id):
            say("id", device_id, _AS_NUMBER)
            return None
        national = national_id.is_well_formed(device_id)
        stated = DeviceKind(values["kind"]) if values["kind"] else None
        if not national:
            if self._profile.national_ids:
                say(
                    "id",
                    device_id,
                    f"20 位数字，现为 {len(device_id)} 位 · 20 digits; these are {len(device_id)} characters",
                )
            return stated
        if device_id.endswith("00000"):
            say("id", device_id, _ROUNDED, is_error=False)
        usual = national_id.kind_of(device_id)
        if usual is None:
            expected = "第 11-13 位应为设备类型编码，如 132 · a type code of a device in digits 11-13, such as 132"
            say("id", device_id, expected)
            return None
        if not national_id.industry_is_known(device_id):
            say("id", device_id, "第 9-10 位应为行业编码 · an industry code in digits 9-10", is_error=False)
        kind = stated or usual
        words = values["function_type"]
        if stated is None and words and not self._profile.checkpoints.isdisjoint(words.split("/")):
            kind = DeviceKind.CHECKPOINT if national_id.may_be(device_id, DeviceKind.CHECKPOINT) else usual
        if not national_id.may_be(device_id, kind):
            types = ", ".join(national_id.types_of(kind))
            say(
                "id",
                device_id,
                f"类型 {kind} 的第 11-13 位应为 {types}，现为 {national_id.type_code(device_id)} · "
                f"digits 11-13 of a {kind} are {types}",
            )
        return kind

    def _region(self, values: dict[str, str], say: Say) -> str | None:
        text, device_id = values["region"], values["id"]
        if not text:
            if "region" not in self._required:
                say("region", "", "行政区划，否则不计入 · a region: without one it never counts", is_error=False)
            return None
        region = self._regions.find(text)
        if region is None:
            say("region", text, "清单中没有此区划 · a region that is recorded")
            return None
        expected = self._regions.prefix(region)
        fits = not expected or device_id.startswith((expected, self._regions.of_city(expected)))
        if not fits and national_id.is_well_formed(device_id):
            say(
                "region",
                text,
                f"与设备编码前 6 位 {device_id[:6]} 一致 · the region of the id, which begins with {device_id[:6]}",
            )
        return region

    def _place(self, values: dict[str, str], say: Say) -> tuple[str, str]:
        """Give the coordinates in WGS-84 with six decimals, "" for both where one is missing or wrong."""
        texts = values["longitude"], values["latitude"]
        if not any(texts):
            return "", ""
        degrees = []
        for name, text, most in (("longitude", texts[0], 180.0), ("latitude", texts[1], 90.0)):
            try:
                degrees.append(read_degrees(text, most=most))
            except BadValueError as error:
                say(name, text, str(error))
        if len(degrees) < 2:
            return "", ""
        longitude, latitude = degrees
        if self._profile.datum is Datum.GCJ02:
            longitude, latitude = to_wgs84(longitude, latitude)
        bounds = self._city.bounds
        if bounds is not None and not bounds.hold(longitude, latitude):
            swapped = "；经纬度似颠倒 · they look swapped" if bounds.hold(latitude, longitude) else ""
            box = f"{bounds.west}-{bounds.east}, {bounds.south}-{bounds.north}"
            say(
                "longitude",
                f"{texts[0]}, {texts[1]}",
                f"位于本市范围（{box}）内 · a place inside the city's bounds ({box}){swapped}",
            )
        return f"{longitude:.6f}", f"{latitude:.6f}"

    def _dates(self, values: dict[str, str], say: Say) -> None:
        if values["installed_on"] > self._today.isoformat():
            say("installed_on", values["installed_on"], "不晚于今天 · a day that has come", is_error=False)
        if values["retention_days"] and int(values["retention_days"]) < self._city.retention_days:
            days = self._city.retention_days
            say("retention_days", values["retention_days"], f"至少 {days} 天 · at least {days} days", is_error=False)

    def _endpoint(self, values: dict[str, str], kind: DeviceKind | None, say: Say) -> Endpoint | None:
        protocol, address = values["protocol"], values["address"]
        if protocol and protocol not in self._city.protocols:
            say("protocol", protocol, f"已知协议之一 · one of {', '.join(sorted(self._city.protocols))}")
            return None
        if "@" in address:
            say("address", "…@…", "地址中不含用户名和口令 · an address without a user name and password in it")
            return None
        if protocol and address:
            return Endpoint(protocol, address)
        form = self._profile.endpoints.get(kind or "")
        if form is None or not values["ip"]:
            return None
        return Endpoint(form.protocol, form.address.format(ip=values["ip"], port=values["port"] or form.port))

    def _duplicates(self, line: int, values: dict[str, str], endpoint: Endpoint | None, say: Say) -> None:
        device_id = values["id"]
        if device_id:
            first = self._ids.setdefault(device_id, line)
            if first != line:
                say("id", device_id, f"编码唯一，第 {first} 行已有 · an id of its own; line {first} has it already")
        if device_id:
            address = endpoint.address if endpoint else values["ip"]
            self._owned_by_another(device_id, "ip" if values["ip"] else "address", address, say)
            self._owned_by_another(device_id, "mac", values["mac"], say)

    def _owned_by_another(self, device_id: str, name: str, value: str, say: Say) -> None:
        """Warn where another device has an address and port, or a MAC: one of the two is recorded twice, or wrong."""
        owner = self._owners.setdefault(value, device_id) if value else device_id
        if owner != device_id:
            say(name, value, f"唯一，{owner} 已有 · one of its own; {owner} has it already", is_error=False)

    def _organisation(self, values: dict[str, str]) -> Organisations:
        key = (values["owner_unit"], values["maintainer"], values["contract"], values["police_station"])
        return self._organisations.get(key) or self._organisations.setdefault(key, Organisations(*key))

    def _lifecycle(self, day: str) -> Lifecycle:
        found = self._lifecycles.get(day)
        if found is None:
            begins = midnight(read_date(day), self._city.zone) if day else None
            found = self._lifecycles[day] = Lifecycle(self._city.at, begins)
        return found


_AS_NUMBER = (
    "文本格式的 20 位编码；此单元格存为数字，编码已损坏，请从原始资料重填 · an id stored as text: this one was "
    "stored as a number and is damaged; fill it in again from its source"
)
_ROUNDED = (
    "核对末 5 位：全为 0 可能是存为数字后损坏 · check its last five digits: all zeros may be the damage of a number"
)
_SHARED = frozenset(FIELDS[SheetKind.DEVICES]) - {
    "id",
    "address",
    "name",
    "longitude",
    "latitude",
    "ip",
    "mac",
    "serial",
    "place",
}
