"""Checking all records: how complete they are, and what is to be looked into, county by county."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.domain.archive import (
    Finding,
    FindingKind,
    Requirements,
    conflicts,
    field_of,
    is_archived,
)
from monitor.domain.assessment import Assessment, assess
from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.deep import Said
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.rate import Rate
from monitor.domain.region import Region, RegionTree
from monitor.domain.scope import Scope
from monitor.domain.target import Target, target_in_force

_NO_RECORD = DeviceRecord("")
_WHOLE = ""


@dataclass(slots=True)
class Part:
    """The two rates of a region with all below it, or of one class of its devices.

    Attributes:
        region: the region.
        point_class: the class, None for all.
        archived: devices with a record ÷ devices known (建档率).
        complete: required fields that are filled ÷ required fields (完整率).
        assessment: of the second against its target, None without one.
    """

    region: Region
    archived: Rate
    complete: Rate
    assessment: Assessment | None = None
    point_class: PointClass | None = None


@dataclass(slots=True)
class Checked:
    """What was found.

    Attributes:
        whole: the rates of the region that was asked for.
        parts: those of the regions below it.
        classes: those of its classes, of which it has devices.
        findings: everything to be looked into, by region and device.
        counts: how many findings of each kind there are.
    """

    whole: Part
    parts: list[Part]
    classes: list[Part]
    findings: list[Finding]
    counts: Counter[FindingKind] = field(default_factory=Counter)


class RecordCheck:
    """Checks records.

    Args:
        tree: the regions.
        requirements: what each record must hold.
        targets: all targets.
        at: now, epoch seconds.
    """

    def __init__(self, tree: RegionTree, *, requirements: Requirements, targets: Sequence[Target], at: int) -> None:
        self._tree = tree
        self._requirements = requirements
        self._targets = targets
        self._at = at

    def check(
        self,
        devices: Iterable[Device],
        records: Mapping[str, DeviceRecord],
        *,
        said: Mapping[str, Said],
        strangers: Iterable[str],
        region: str | None,
    ) -> Checked:
        """Check the cameras and checkpoint units of a region that are not retired.

        Args:
            devices: all devices.
            records: their records by id.
            said: what devices said of themselves.
            strangers: ids that others report and the inventory does not have; nobody knows their region, so they are
                told and counted for the whole city only.
            region: a region, None for the city.
        """
        root = self._tree[region] if region else self._tree.children(None)[0]
        living = [
            each
            for each in devices
            if each.kind in HEADLINE_KINDS
            and each.lifecycle.retired_at is None
            and (region is None or root.code in self._tree.lineage(each.region or ""))
        ]
        unknown = sorted(set(strangers)) if region is None else []
        counts: Counter[tuple[str, str]] = Counter()
        findings = [Finding(each, "", FindingKind.STRANGER) for each in unknown]
        for device in living:
            record = records.get(device.id, _NO_RECORD)
            required = self._requirements.of(device.point_class)
            missing = [name for name in required if not field_of(device, record, name)]
            archived = is_archived(device, record)
            for code in (_WHOLE, device.point_class, *self._tree.lineage(device.region or "")):
                counts[code, "known"] += 1
                counts[code, "archived"] += archived
                counts[code, "required"] += len(required)
                counts[code, "filled"] += len(required) - len(missing)
            findings += self._of_one(device, record, missing, said.get(device.id), archived=archived)
        findings += _duplicates(living, records)
        findings.sort(key=lambda each: (each.region, each.device_id, each.kind, each.field))
        counts[_WHOLE, "known"] += len(unknown)
        return Checked(
            whole=self._part(root, _WHOLE, counts),
            parts=[self._part(each, each.code, counts) for each in self._tree.children(root.code)],
            classes=[self._part(root, each, counts, each) for each in PointClass if counts[each, "known"]],
            findings=findings,
            counts=Counter(each.kind for each in findings),
        )

    def _of_one(
        self,
        device: Device,
        record: DeviceRecord,
        missing: Sequence[str],
        said: Said | None,
        *,
        archived: bool,
    ) -> Iterator[Finding]:
        region = device.region or ""
        if not archived:
            yield Finding(device.id, region, FindingKind.NOT_ARCHIVED)
        places = {"longitude", "latitude"}
        for name in missing:
            if name not in places:
                yield Finding(device.id, region, FindingKind.MISSING_FIELD, name)
        if not (record.longitude and record.latitude):
            yield Finding(device.id, region, FindingKind.NO_COORDINATES)
        if said is not None:
            for name, recorded, found in conflicts(record, said):
                yield Finding(device.id, region, FindingKind.CONFLICT, name, recorded, found)

    def _part(
        self,
        region: Region,
        code: str,
        counts: Mapping[tuple[str, str], int],
        point_class: PointClass | None = None,
    ) -> Part:
        complete = Rate(counts[code, "filled"], counts[code, "required"])
        scope = Scope(region=region.code, point_class=point_class)
        target = target_in_force(self._targets, Indicator.ARCHIVE, scope, at=self._at, tree=self._tree)
        return Part(
            region=region,
            archived=Rate(counts[code, "archived"], counts[code, "known"]),
            complete=complete,
            assessment=assess(complete, target) if target else None,
            point_class=point_class,
        )


def _duplicates(devices: Sequence[Device], records: Mapping[str, DeviceRecord]) -> Iterator[Finding]:
    """Name devices that share what each has of its own; all but the first of them, with the first."""
    fields = (
        ("address", FindingKind.DUPLICATE_ADDRESS),
        ("mac", FindingKind.DUPLICATE_MAC),
        ("serial", FindingKind.DUPLICATE_SERIAL),
    )
    for name, kind in fields:
        owners: dict[str, str] = {}
        for device in devices:
            text = field_of(device, records.get(device.id, _NO_RECORD), name)
            owner = owners.setdefault(text, device.id) if text else device.id
            if owner != device.id:
                yield Finding(device.id, device.region or "", kind, name, text, owner)
