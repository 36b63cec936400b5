"""Metrics of the records 一机一档: how many devices have one, and how much of what it must hold it holds.

Records change when a sheet is imported, not between two scrapes: the text is made once for each counting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from monitor.adapters.metrics.exposition import GaugeText
from monitor.domain.archive import ArchiveCount
from monitor.domain.region import RegionLevel, RegionTree


class ArchiveExposition:
    """Writes `vidnet_archive_devices`, `vidnet_archive_fields` and `vidnet_archive_class_fields`.

    Args:
        tree: the regions; the label is the county's code.
    """

    def __init__(self, tree: RegionTree) -> None:
        self._tree = tree
        self._devices = GaugeText(
            "vidnet_archive_devices",
            "Devices of headline kinds, by whether they have a record at all.",
            ("county", "archived"),
        )
        self._fields = GaugeText(
            "vidnet_archive_fields",
            "Fields required of the records of devices, by whether they are filled.",
            ("county", "filled"),
        )
        self._class_fields = GaugeText(
            "vidnet_archive_class_fields",
            "Fields required of the records of devices of a class in the whole city, by whether they are filled.",
            ("class", "filled"),
        )
        self._made_of: Sequence[ArchiveCount] | None = None
        self._made = ""

    def families(self) -> tuple[GaugeText, ...]:
        """Give the families, in the order of the text."""
        return (self._devices, self._fields, self._class_fields)

    def text(self, counts: Sequence[ArchiveCount]) -> str:
        """Give the families with their samples; none before the records were counted."""
        if counts is not self._made_of:
            self._made, self._made_of = self._text(counts), counts
        return self._made

    def _text(self, counts: Sequence[ArchiveCount]) -> str:
        devices: Counter[tuple[str, str]] = Counter()
        fields: Counter[tuple[str, str]] = Counter()
        class_fields: Counter[tuple[str, str]] = Counter()
        for each in counts:
            county = self._tree.ancestor_at(each.region, RegionLevel.COUNTY)
            devices[county, "yes"] += each.archived
            devices[county, "no"] += each.known - each.archived
            for sums, label in ((fields, county), (class_fields, each.point_class.value)):
                sums[label, "yes"] += each.filled
                sums[label, "no"] += each.required - each.filled
        families = zip(self.families(), (devices, fields, class_fields), strict=True)
        return "".join(family.text(sorted(sums.items())) for family, sums in families)
