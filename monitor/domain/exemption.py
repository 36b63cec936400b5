"""Exemptions 报备: which seconds of a device are approved not to be assessed (RULES §5)."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.history import DeviceVersion
from monitor.domain.region import RegionTree
from monitor.domain.spans import Span, Spans, clip, union


class ExemptionBook:
    """All approved exemptions as known at one seq, found by what they cover."""

    def __init__(self, exemptions: Iterable[Exemption] = ()) -> None:
        windows: dict[ExemptionScope, dict[str, list[Span]]] = {scope: {} for scope in ExemptionScope}
        for exemption in exemptions:
            windows[exemption.scope].setdefault(exemption.scope_id, []).append((exemption.start, exemption.end))
        self._by_device = windows[ExemptionScope.DEVICE]
        self._by_point = windows[ExemptionScope.POINT]
        self._by_region = windows[ExemptionScope.REGION]
        self._by_path = windows[ExemptionScope.PATH]
        self._is_empty = not any(windows.values())

    def covering(self, version: DeviceVersion, tree: RegionTree) -> Spans:
        """Give the windows, joined, that cover a device as it is in this version.

        These are the windows of the device itself, its point, its region and those above, and of the paths it lies
        behind. A path's window covers what is behind the path, not the parent itself; a parent's own device window
        covers nothing behind it.
        """
        if self._is_empty:
            return ()
        device = version.device
        found = list(self._by_device.get(device.id, ()))
        if device.point is not None:
            found += self._by_point.get(device.point, ())
        if device.region is not None and self._by_region:
            for code in tree.lineage(device.region):
                found += self._by_region.get(code, ())
        if self._by_path:
            for ancestor in version.path_ancestors:
                found += self._by_path.get(ancestor, ())
        return union(found) if found else ()


def exempt_spans(version: DeviceVersion, book: ExemptionBook, tree: RegionTree, *, start: int, end: int) -> Spans:
    """Give the seconds of [start, end) in which a device, as it is in this version, is exempt."""
    covering = book.covering(version, tree)
    return clip(covering, start=start, end=end) if covering else ()
