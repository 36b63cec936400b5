"""What devices share and through what they are reached, by number: small arrays that incidents are found with."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network

from monitor.domain.device import Device, Parent, ParentRole
from monitor.domain.incident import Shared
from monitor.domain.region import RegionLevel, RegionTree

KINDS: tuple[Shared, ...] = tuple(kind for kind in Shared if kind is not Shared.CITY)
"""The attributes in the order of `Shared`; a kind's place is its number."""


class DeviceIndex:
    """The attributes of all devices by number (0 …), and who is behind whom.

    Args:
        tree: the regions.
        carriers: the networks of each carrier.
    """

    def __init__(self, tree: RegionTree, *, carriers: Mapping[str, Sequence[str]] | None = None) -> None:
        self._tree = tree
        self._carriers = [(name, ip_network(each)) for name, networks in (carriers or {}).items() for each in networks]
        self._numbers: dict[str, int] = {}
        self._ids: list[str] = []
        self._parents: dict[int, tuple[Parent, ...]] = {}
        self._children: dict[str, list[int]] = {}
        self._known: list[dict[str, int]] = [{} for _ in KINDS]
        self._names: list[list[str]] = [[""] for _ in KINDS]
        self.attributes: list[array[int]] = [array("I") for _ in KINDS]
        self.totals: list[list[int]] = [[0] for _ in KINDS]

    def __len__(self) -> int:
        return len(self._ids)

    def put(self, devices: Iterable[Device]) -> None:
        """Take in devices that are new or have changed; a retired one counts on, as it did."""
        numbered = [(self._place(device), device) for device in devices]
        # Who is behind whom is known of all of them before the farthest uplink of one is asked for.
        for number, device in numbered:
            for kind, value in enumerate(self._values(device)):
                if value:
                    self._count(kind, number, value)

    def number(self, device_id: str) -> int | None:
        """Give the number of a device, None for one that is not known."""
        return self._numbers.get(device_id)

    def id(self, number: int) -> str:
        """Give the id of a device."""
        return self._ids[number]

    def is_parent(self, device_id: str) -> bool:
        """Tell whether others are reached through a device, or told about by it."""
        return device_id in self._children

    def children(self, device_id: str) -> Sequence[int]:
        """Give the numbers of the devices right behind a device."""
        return self._children.get(device_id, ())

    def dead_root(self, number: int, is_dead: Callable[[str], bool]) -> tuple[str, bool] | None:
        """Give the dead ancestor farthest from a device, and whether one of ours lies on the way; None for none."""
        found: tuple[str, bool] | None = None
        seen = {self._ids[number]}
        ahead = [(number, False)]
        while ahead:
            current, was_ours = ahead.pop()
            for parent in self._parents.get(current, ()):
                if parent.device_id in seen:
                    continue
                seen.add(parent.device_id)
                ours = parent.ours or was_ours
                if is_dead(parent.device_id):
                    found = (parent.device_id, ours)
                above = self._numbers.get(parent.device_id)
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

    def value_number(self, kind: Shared, value: str) -> int:
        """Give the number of an attribute's value, 0 for one that no device has."""
        return self._known[KINDS.index(kind)].get(value, 0)

    def _place(self, device: Device) -> int:
        """Give a device its number, taken out of all sums, and note its parents."""
        number = self._numbers.get(device.id)
        if number is None:
            number = self._numbers[device.id] = len(self._ids)
            self._ids.append(device.id)
            for values in self.attributes:
                values.append(0)
        else:
            self._take_out(number)
        if device.parents:
            self._parents[number] = device.parents
            for parent in device.parents:
                self._children.setdefault(parent.device_id, []).append(number)
        return number

    def _uplink(self, device: Device) -> str:
        """Give the farthest path ancestor of a device, "" for none."""
        found = ""
        seen = {device.id}
        parents = device.parents
        while True:
            path = next((parent.device_id for parent in parents if parent.role is ParentRole.PATH), "")
            if not path or path in seen:
                return found
            found = path
            seen.add(path)
            above = self._numbers.get(path)
            parents = () if above is None else self._parents.get(above, ())

    def _values(self, device: Device) -> tuple[str, ...]:
        """Give the values of a device's attributes in the order of `KINDS`."""
        region = device.region or ""
        host = _host(device)
        organisations = device.organisations
        values = {
            Shared.UPLINK: self._uplink(device),
            Shared.PARENT: device.parents[0].device_id if device.parents else "",
            Shared.POINT: device.point or "",
            Shared.SUBNET: _subnet(host),
            Shared.CONTRACT: organisations.contract,
            Shared.MAINTAINER: organisations.maintainer,
            Shared.CARRIER: self._carrier(host),
            Shared.TOWN: self._tree.ancestor_at(region, RegionLevel.TOWN),
            Shared.COUNTY: self._tree.ancestor_at(region, RegionLevel.COUNTY),
        }
        return tuple(values[kind] for kind in KINDS)

    def _carrier(self, host: str) -> str:
        if not self._carriers or not host:
            return ""
        try:
            address = ip_address(host)
        except ValueError:
            return ""
        return next((name for name, network in self._carriers if address in network), "")

    def _count(self, kind: int, number: int, value: str) -> None:
        known = self._known[kind]
        place = known.get(value)
        if place is None:
            place = known[value] = len(self._names[kind])
            self._names[kind].append(value)
            self.totals[kind].append(0)
        self.attributes[kind][number] = place
        self.totals[kind][place] += 1

    def _take_out(self, number: int) -> None:
        for kind, values in enumerate(self.attributes):
            if values[number]:
                self.totals[kind][values[number]] -= 1
                values[number] = 0
        for parent in self._parents.pop(number, ()):
            self._children[parent.device_id].remove(number)


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
    parts = host.split(".")
    if len(parts) == 4 and all(part.isdecimal() for part in parts):
        return f"{parts[0]}.{parts[1]}.{parts[2]}.0/24"
    if ":" not in host:
        return ""
    try:
        return str(ip_network(f"{host.partition('%')[0]}/64", strict=False))
    except ValueError:
        return ""
