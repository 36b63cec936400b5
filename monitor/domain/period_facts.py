"""What a report on a period is made from: all facts as known at one seq, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from monitor.domain.device import Device, ParentRole
from monitor.domain.facts import Axis, Correction, Exemption, ExemptionScope, InventoryChange
from monitor.domain.history import DevicePast, DeviceVersion, Versions, versions_of, with_path_ancestors
from monitor.domain.packed import PackedChanges
from monitor.domain.point import Point
from monitor.domain.region import Region, RegionTree
from monitor.domain.spans import FROM_EVER
from monitor.domain.timeline import Timeline, build_timeline, timeline_of
from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """The facts of a period, as known at `upto`.

    Attributes:
        upto: the seq K of RULES §0.
        regions: the region tree's nodes as recorded.
        points: the points as recorded.
        devices: the devices as recorded, by key.
        keys: their keys, in the same order.
        changes: state changes, packed.
        corrections: in seq order; withdrawn ones are marked so.
        exemptions: of each the version that counts.
        inventory_changes: in seq order.
    """

    upto: int
    regions: Sequence[Region]
    points: Sequence[Point]
    devices: Sequence[Device]
    keys: Sequence[int]
    changes: PackedChanges
    corrections: Sequence[Correction]
    exemptions: Sequence[Exemption]
    inventory_changes: Sequence[InventoryChange]


class Pasts:
    """Gives the past of any device of a period's facts; what few devices have is looked up, not kept for all."""

    def __init__(self, facts: PeriodFacts) -> None:
        self.facts = facts
        self.changed = _by_entity(facts.inventory_changes, "device")
        self.corrections: dict[str, list[Correction]] = {}
        for correction in facts.corrections:
            if not correction.withdrawn:
                self.corrections.setdefault(correction.device_id, []).append(correction)
        self.behind = _behind_exempt_paths(facts, self.changed)
        self._index = {device.id: index for index, device in enumerate(facts.devices)} if self.behind else {}

    def past(self, index: int) -> DevicePast:
        """Give the past of the device at an index of the facts."""
        device, key = self.facts.devices[index], self.facts.keys[index]
        return DevicePast(
            self._versions(device), self.timeline(device.id, key, Axis.CONNECTIVITY), self._condition(device, key)
        )

    def timeline(self, device_id: str, key: int, axis: Axis) -> Timeline:
        """Give one axis of a device over the period; what was before the facts' first change stands from ever."""
        steps = self.facts.changes.steps(key, axis)
        line = timeline_of(steps[1:], initial=steps[0][1])
        corrections = [each for each in self.corrections.get(device_id, ()) if each.axis is axis]
        return overlaid(line, corrections) if corrections else line

    def _condition(self, device: Device, key: int) -> Timeline:
        return self.timeline(device.id, key, Axis.CONDITION)

    def _versions(self, device: Device) -> tuple[DeviceVersion, ...]:
        if device.id in self.behind:
            return with_path_ancestors(device.id, _Histories(self))
        if device.id not in self.changed:
            return (DeviceVersion(FROM_EVER, device),)
        return tuple(DeviceVersion(at, each) for at, each in versions_of(device, self.changed[device.id]))

    def history(self, device_id: str) -> Versions[Device] | None:
        """Give what a device was over time, None for one that is not recorded."""
        index = self._index.get(device_id)
        if index is None:
            return None
        return versions_of(self.facts.devices[index], self.changed.get(device_id, ()))


def overlaid(line: Timeline, corrections: Sequence[Correction]) -> Timeline:
    """Lay corrections, in seq order, over a timeline that the changes made (RULES §4)."""
    axis = corrections[0].axis
    return build_timeline(axis, (), corrections, line=line)


def trees_of(facts: PeriodFacts, *, start: int, end: int) -> list[tuple[int, int, RegionTree]]:
    """Cut [start, end) wherever the region tree changed and give (from, to, the tree that held)."""
    changed = _by_entity(facts.inventory_changes, "region")
    if not changed:
        return [(start, end, RegionTree(facts.regions))]
    histories = [versions_of(region, changed.get(region.code, ())) for region in facts.regions]
    cuts = {at for history in histories for at, _ in history if start < at < end}
    edges = [start, *sorted(cuts), end]
    return [
        (since, until, RegionTree(_version_at(history, since) for history in histories))
        for since, until in pairwise(edges)
    ]


class _Histories(Mapping[str, Versions[Device]]):
    """The versions of every device, made when asked for."""

    def __init__(self, pasts: Pasts) -> None:
        self._pasts = pasts

    def __getitem__(self, device_id: str) -> Versions[Device]:
        found = self._pasts.history(device_id)
        if found is None:
            raise KeyError(device_id)
        return found

    def __iter__(self) -> Iterator[str]:
        return (device.id for device in self._pasts.facts.devices)

    def __len__(self) -> int:
        return len(self._pasts.facts.devices)


def _version_at(history: Versions[Region], at: int) -> Region:
    return next(region for since, region in reversed(history) if since <= at)


def _by_entity(changes: Iterable[InventoryChange], entity: str) -> dict[str, list[InventoryChange]]:
    found: dict[str, list[InventoryChange]] = {}
    for change in changes:
        if change.entity == entity and change.field:
            found.setdefault(change.entity_id, []).append(change)
    return found


def _behind_exempt_paths(facts: PeriodFacts, changed: Mapping[str, Sequence[InventoryChange]]) -> frozenset[str]:
    """Give the ids of devices that lie, or once lay, behind a path that an exemption names."""
    waiting = [each.scope_id for each in facts.exemptions if each.scope is ExemptionScope.PATH]
    if not waiting:
        return frozenset()
    children: dict[str, list[str]] = {}
    for device in facts.devices:
        versions = versions_of(device, changed[device.id]) if device.id in changed else ((FROM_EVER, device),)
        for _, version in versions:
            for parent in version.parents:
                if parent.role is ParentRole.PATH:
                    children.setdefault(parent.device_id, []).append(device.id)
    found: set[str] = set()
    while waiting:
        fresh = set(children.get(waiting.pop(), ())) - found
        found |= fresh
        waiting.extend(fresh)
    return frozenset(found)
