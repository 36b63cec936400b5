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
        self.looked_at: set[str] = set()
        self._parents: dict[str, tuple[Parent, ...]] = {}
        self._children: dict[str, list[str]] = {}
        self._below: dict[str, frozenset[str]] = {}
        self.put(devices)

    @property
    def parents(self) -> Mapping[str, tuple[Parent, ...]]:
        """The parents of every device that has any, by its id."""
        return self._parents

    def put(self, devices: Iterable[Device]) -> bool:
        """Take in devices as they are now, new or changed; say whether that changes the family."""
        changed = False
        for device in devices:
            is_looked_at = device.endpoint is not None
            if is_looked_at != (device.id in self.looked_at):
                changed = True
                (self.looked_at.add if is_looked_at else self.looked_at.discard)(device.id)
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
