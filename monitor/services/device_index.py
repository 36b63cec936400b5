"""What devices share and through what they are reached, by number: small arrays that incidents are found with."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Protocol

from monitor.domain.device import Device, Parent, ParentRole, Route
from monitor.domain.incident import Shared
from monitor.domain.region import RegionLevel, RegionTree

KINDS: tuple[Shared, ...] = tuple(kind for kind in Shared if kind is not Shared.CITY)
"""The attributes in the order of `Shared`; a kind's place is its number."""

_POINT, _SUBNET, _CARRIER = (KINDS.index(kind) for kind in (Shared.POINT, Shared.SUBNET, Shared.CARRIER))
_OF_ALIKE = tuple(place for place in range(len(KINDS)) if place not in (_POINT, _SUBNET, _CARRIER))
"""Places of the attributes that many devices have from the same objects: their parents, region, organisations."""


class Numbered(Protocol):
    """All devices by number (0 …), as the live counts have them; a device keeps its number."""

    def number(self, device_id: str) -> int | None:
        """Give the number of a device, None for one that is not known."""

    def device(self, number: int) -> Device:
        """Give the device of a number, as it is now."""


class DeviceIndex:
    """The attributes of all devices by number, and who is behind whom.

    Only devices that are looked at, or told about, are held against chance: of the others nobody knows whether they
    failed.

    Args:
        tree: the regions.
        devices: all devices by number.
        carriers: the networks of each carrier.
    """

    def __init__(
        self, tree: RegionTree, devices: Numbered, *, carriers: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.attributes: list[array[int]] = [array("I") for _ in KINDS]
        self.totals: list[list[int]] = [[0] for _ in KINDS]
        self.counted = 0
        self._tree = tree
        self._devices = devices
        self._carriers = [(name, ip_network(each)) for name, networks in (carriers or {}).items() for each in networks]
        self._parent_ids: set[str] = set()
        self._known: list[dict[str, int]] = [{} for _ in KINDS]
        self._names: list[list[str]] = [[""] for _ in KINDS]
        self._is_counted = bytearray()

    def know_parents(self, devices: Iterable[Device]) -> None:
        """Note which devices others are reached through; `put` does so, too, and takes twenty times as long."""
        for device in devices:
            for parent in device.parents:
                self._parent_ids.add(parent.device_id)

    def put(self, devices: Sequence[Device]) -> None:
        """Take in devices that are new or have changed, once they are known by number."""
        self.know_parents(devices)
        alike: dict[tuple[int, str | None, int], tuple[int, ...]] = {}
        for device in devices:
            number = self.number(device.id)
            if number is None:
                continue
            self._make_room(number)
            self._take_out(number)
            # While `devices` lives, so do the objects that its devices share.
            key = (id(device.parents), device.region, id(device.organisations))
            values = alike.get(key)
            if values is None:
                values = alike[key] = self._values_of_alike(device)
            for place, value in zip(_OF_ALIKE, values, strict=True):
                self.attributes[place][number] = value
            host = _host(device)
            self.attributes[_POINT][number] = self._value(_POINT, device.point or "")
            self.attributes[_SUBNET][number] = self._value(_SUBNET, _subnet(host))
            if self._carriers:
                self.attributes[_CARRIER][number] = self._value(_CARRIER, self._carrier(host))
            if device.endpoint is not None or device.route is not Route.DIRECT:
                self._count(number, 1)

    def number(self, device_id: str) -> int | None:
        """Give the number of a device, None for one that is not known."""
        return self._devices.number(device_id)

    def id(self, number: int) -> str:
        """Give the id of a device."""
        return self._devices.device(number).id

    def parents(self) -> list[str]:
        """Give the ids of all devices that others hang on."""
        return sorted(self._parent_ids)

    def is_parent(self, device_id: str) -> bool:
        """Tell whether others are reached through a device, or told about by it, or were."""
        return device_id in self._parent_ids

    def dead_root(self, number: int, is_dead: Callable[[str], bool]) -> tuple[str, bool] | None:
        """Give the dead ancestor farthest from a device, and whether one of ours lies on the way; None for none."""
        found: tuple[str, bool] | None = None
        seen = {self.id(number)}
        ahead = [(number, False)]
        while ahead:
            current, was_ours = ahead.pop()
            for parent in self._devices.device(current).parents:
                if parent.device_id in seen:
                    continue
                seen.add(parent.device_id)
                ours = parent.ours or was_ours
                if is_dead(parent.device_id):
                    found = (parent.device_id, ours)
                above = self.number(parent.device_id)
                if above is not None:
                    ahead.append((above, ours))
        return found

    def value(self, kind: Shared, number: int) -> str:
        """Give a device's value of an attribute, "" for none."""
        place = KINDS.index(kind)
        return self._names[place][self.attributes[place][number]]

    def value_of(self, kind: int, value: int) -> str:
        """Give the value of an attribute by both numbers."""
        return self._names[kind][value]

    def _make_room(self, number: int) -> None:
        missing = number + 1 - len(self._is_counted)
        if missing > 0:
            self._is_counted.extend(bytes(missing))
            for values in self.attributes:
                values.extend([0] * missing)

    def _take_out(self, number: int) -> None:
        if self._is_counted[number]:
            self._count(number, -1)

    def _count(self, number: int, sign: int) -> None:
        self._is_counted[number] = sign > 0
        self.counted += sign
        for totals, values in zip(self.totals, self.attributes, strict=True):
            totals[values[number]] += sign

    def _values_of_alike(self, device: Device) -> tuple[int, ...]:
        region, organisations = device.region or "", device.organisations
        values = {
            Shared.UPLINK: self._uplink(device.id, device.parents),
            Shared.PARENT: device.parents[0].device_id if device.parents else "",
            Shared.CONTRACT: organisations.contract,
            Shared.MAINTAINER: organisations.maintainer,
            Shared.TOWN: self._tree.ancestor_at(region, RegionLevel.TOWN),
            Shared.COUNTY: self._tree.ancestor_at(region, RegionLevel.COUNTY),
        }
        return tuple(self._value(place, values[KINDS[place]]) for place in _OF_ALIKE)

    def _uplink(self, device_id: str, parents: Iterable[Parent]) -> str:
        """Give the farthest path ancestor of a device, "" for none."""
        found = ""
        seen = {device_id}
        while True:
            path = next((parent.device_id for parent in parents if parent.role is ParentRole.PATH), "")
            if not path or path in seen:
                return found
            found = path
            seen.add(path)
            above = self.number(path)
            parents = () if above is None else self._devices.device(above).parents

    def _value(self, place: int, value: str) -> int:
        """Give the number of an attribute's value; 0 for none."""
        if not value:
            return 0
        known = self._known[place]
        number = known.get(value)
        if number is None:
            number = known[value] = len(self._names[place])
            self._names[place].append(value)
            self.totals[place].append(0)
        return number

    def _carrier(self, host: str) -> str:
        try:
            address = ip_address(host)
        except ValueError:
            return ""
        return next((name for name, network in self._carriers if address in network), "")


def _host(device: Device) -> str:
    """Give the host of a device's endpoint, "" for none."""
    if device.endpoint is None:
        return ""
    rest = device.endpoint.address.partition("://")[2] or device.endpoint.address
    rest = rest.partition("/")[0].rpartition("@")[2]
    if rest.startswith("["):
        return rest[1:].partition("]")[0]
    return rest.partition(":")[0] if rest.count(":") == 1 else rest


def _subnet(host: str) -> str:
    """Give the /24 of an IPv4 address or the /64 of an IPv6 one, "" for a name."""
    network, _, last = host.rpartition(".")
    if last.isdecimal() and network.count(".") == 2:
        return f"{network}.0/24"
    if ":" not in host:
        return ""
    try:
        return str(ip_network(f"{host.partition('%')[0]}/64", strict=False))
    except ValueError:
        return ""
