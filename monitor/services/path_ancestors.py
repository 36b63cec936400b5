"""Path ancestors: through which other devices a device is reached now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.domain.device import Device, ParentRole


class PathAncestors:
    """The ids of all path ancestors of a device, found once for each set of parents.

    Args:
        devices: all devices.
        index: the number of each in `devices`, by id, where the caller has it already.
    """

    def __init__(self, devices: Sequence[Device], index: Mapping[str, int] | None = None) -> None:
        self._devices = devices
        self._index = {device.id: number for number, device in enumerate(devices)} if index is None else index
        self._known: dict[tuple[str, ...], frozenset[str]] = {(): frozenset()}

    def of(self, device: Device) -> frozenset[str]:
        """Give the ids of all devices that a device is reached through, near and far."""
        if not device.parents:
            return self._known[()]
        parents = tuple(parent.device_id for parent in device.parents if parent.role is ParentRole.PATH)
        known = self._known.get(parents)
        if known is None:
            known = self._known[parents] = self._climb(parents)
        return known

    def _climb(self, parents: tuple[str, ...]) -> frozenset[str]:
        found: set[str] = set()
        ahead = list(parents)
        while ahead:
            device_id = ahead.pop()
            if device_id not in found:
                found.add(device_id)
                number = self._index.get(device_id)
                if number is not None:
                    above = self._devices[number].parents
                    ahead += [parent.device_id for parent in above if parent.role is ParentRole.PATH]
        return frozenset(found)
