"""Devices written back as rows of a profile's sheet: what an import of them would read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, tzinfo

from monitor.domain.coordinates import Datum, to_gcj02
from monitor.domain.device import Device, DeviceRecord, ParentRole
from monitor.domain.profile import CODED, Profile, SheetKind
from monitor.domain.region import RegionTree
from monitor.services.importing.device_texts import DISMANTLED, IN_USE
from monitor.services.importing.regions_of import RegionFinder

_NO_RECORD = DeviceRecord("")
_SEVERAL = frozenset({"function_type", "position_type", "department"})


class DeviceExport:
    """Writes devices as a profile's rows.

    Args:
        profile: how the sheet is written.
        tree: the regions.
        zone: the city's zone.
    """

    def __init__(self, profile: Profile, tree: RegionTree, *, zone: tzinfo) -> None:
        self._profile = profile
        self._tree = tree
        self._zone = zone
        self._regions = RegionFinder(tree)
        field_of = {heading: field for field, headings in profile.columns.items() for heading in headings}
        self.headings = profile.template or tuple(headings[0] for headings in profile.columns.values())
        self._fields = [field_of.get(heading, "") for heading in self.headings]
        self._codes = {
            field: {word: code for code, word in reversed(list(profile.codes.get(field, {}).items()))}
            for field in CODED[SheetKind.DEVICES]
        }
        self._region_texts: dict[str, str] = {}

    def rows(
        self, devices: Iterable[Device], records: Mapping[str, DeviceRecord], *, region: str | None
    ) -> Iterator[list[str]]:
        """Give a row for every device of a region (None: the city), in the order of their ids."""
        chosen = [each for each in devices if region is None or region in self._tree.lineage(each.region or "")]
        for device in sorted(chosen, key=lambda each: each.id):
            record = records.get(device.id, _NO_RECORD)
            values = self._values(device, record)
            yield [values(field) if field else "" for field in self._fields]

    def _values(self, device: Device, record: DeviceRecord) -> Callable[[str], str]:
        organisations = device.organisations
        longitude, latitude = self._place(record)
        of_device = {
            "id": device.id,
            "kind": device.kind.value,
            "point_class": device.point_class.value,
            "region": self._region(device.region),
            "point": device.point or "",
            "protocol": device.endpoint.protocol if device.endpoint else "",
            "address": device.endpoint.address if device.endpoint else "",
            "port": "",
            "parent": next((each.device_id for each in device.parents if each.role is ParentRole.PATH), ""),
            "owner_unit": organisations.owner_unit,
            "maintainer": organisations.maintainer,
            "contract": organisations.contract,
            "police_station": organisations.police_station,
            "in_service_on": self._day(device.lifecycle.in_service_from),
            "status": IN_USE if device.lifecycle.retired_at is None else DISMANTLED,
            "longitude": longitude,
            "latitude": latitude,
        }

        def value(field: str) -> str:
            text: str = of_device[field] if field in of_device else getattr(record, field)
            return self._coded(field, text) if text and field in self._codes else text

        return value

    def _coded(self, field: str, text: str) -> str:
        codes = self._codes[field]
        if field in _SEVERAL:
            return "/".join(codes.get(part, part) for part in text.split("/"))
        return codes.get(text, text)

    def _region(self, code: str | None) -> str:
        """Give a town as the eight digits that GB/T 28181 knows, where they are read as that town again."""
        if code is None:
            return ""
        if code not in self._region_texts:
            short = code[:6] + code[7:]
            is_town = self._profile.national_ids and len(code) == 9 and self._regions.find(short) == code
            self._region_texts[code] = short if is_town else code
        return self._region_texts[code]

    def _place(self, record: DeviceRecord) -> tuple[str, str]:
        if self._profile.datum is Datum.WGS84 or not (record.longitude and record.latitude):
            return record.longitude, record.latitude
        longitude, latitude = to_gcj02(float(record.longitude), float(record.latitude))
        return f"{longitude:.8f}", f"{latitude:.8f}"  # two digits more, so that they are read as the same place

    def _day(self, at: int | None) -> str:
        return "" if at is None else datetime.fromtimestamp(at, self._zone).date().isoformat()
