"""Metrics of single devices, only where a site asks for them and only of first-class points: a series a device.

A series for each of 250,000 devices costs gigabytes and seconds a scrape (facts of Prometheus 2.42); a city's few
thousand first-class devices cost what their number says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from monitor.adapters.metrics.exposition import GaugeText
from monitor.domain.device import Device, ParentRole
from monitor.domain.region import RegionLevel, RegionTree
from monitor.domain.state import Connectivity

_VALUES = {Connectivity.ONLINE: 1.0, Connectivity.OFFLINE: 0.0, Connectivity.UNKNOWN: float("nan")}
"""Unknown is neither: in PromQL a comparison with NaN is never true."""


class DeviceExposition:
    """Writes `vidnet_device_up`.

    Args:
        tree: the regions; the label is the county's code.
    """

    def __init__(self, tree: RegionTree) -> None:
        self._tree = tree
        self._up = GaugeText(
            "vidnet_device_up",
            "First-class devices assessed now: 1 online, 0 offline, NaN unknown; only where metrics.per_device asks.",
            ("county", "point", "device", "uplink"),
        )

    def families(self) -> tuple[GaugeText, ...]:
        """Give the families, in the order of the text."""
        return (self._up,)

    def text(self, devices: Iterable[tuple[Device, Connectivity]]) -> str:
        """Give the family with its samples of one instant."""
        return self._up.text(self._samples(devices))

    def _samples(self, devices: Iterable[tuple[Device, Connectivity]]) -> Iterator[tuple[tuple[str, ...], float]]:
        for device, connectivity in devices:
            county = self._tree.ancestor_at(device.region or "", RegionLevel.COUNTY)
            uplink = next((parent.device_id for parent in device.parents if parent.role is ParentRole.PATH), "")
            yield (county, device.point or "", device.id, uplink), _VALUES[connectivity]
