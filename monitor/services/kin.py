"""Who hangs on whom: parents and children of all devices, and which of them we look at ourselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from monitor.domain.device import Device, Parent

_NOBODY: frozenset[str] = frozenset()


class Kin:
    """The family of all devices, as the inventory is now; what is below a device is found when it is first asked.

    Args:
        devices: all devices.
    """

    def __init__(self, devices: Iterable[Device]) -> None:
        self._told_of: set[str] = set()  # those that are looked at are nearly all: a set of them would weigh 8 MB
        self._parents: dict[str, tuple[Parent, ...]] = {}
        self._children: dict[str, list[str]] = {}
        self._below: dict[str, frozenset[str]] = {}
        self.put(devices)

    @property
    def parents(self) -> Mapping[str, tuple[Parent, ...]]:
        """The parents of every device that has any, by its id."""
        return self._parents

    def is_looked_at(self, device_id: str) -> bool:
        """Tell whether a known device is looked at itself, not only told of by others."""
        return device_id not in self._told_of

    def put(self, devices: Iterable[Device]) -> bool:
        """Take in devices as they are now, new or changed; say whether that changes the family."""
        changed = False
        for device in devices:
            is_told_of = device.endpoint is None
            if is_told_of != (device.id in self._told_of):
                changed = True
                (self._told_of.add if is_told_of else self._told_of.discard)(device.id)
            if device.parents != self._parents.get(device.id, ()):
                changed = True
                if device.parents:
                    self._parents[device.id] = device.parents
                else:
                    del self._parents[device.id]
        if changed:
            children: dict[str, list[str]] = defaultdict(list)
            for device_id, parents in self._parents.items():
                for parent in parents:
                    children[parent.device_id].append(device_id)
            self._children = dict(children)
            self._below = {}
        return changed

    def below(self, device_id: str) -> frozenset[str]:
        """Give all devices that hang on one, near and far."""
        if device_id not in self._children:
            return _NOBODY
        found = self._below.get(device_id)
        if found is None:
            below: set[str] = set()
            ahead = [device_id]
            while ahead:
                fresh = [each for each in self._children.get(ahead.pop(), ()) if each not in below]
                below.update(fresh)
                ahead += fresh
            found = self._below[device_id] = frozenset(below)
        return found
