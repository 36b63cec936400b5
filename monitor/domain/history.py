"""The past of the inventory: what a device, a point or a region was at each second (RULES §4, §5).

Values of `InventoryChange` are in the text form of `monitor.domain.fields`. Changes of other fields (names, places,
endpoints) move no rate and are passed over; so is the appearance of an entity, which a device's `created_at` tells
already. Entities are never deleted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from monitor.domain.device import Device, ParentRole
from monitor.domain.facts import InventoryChange
from monitor.domain.fields import FIELDS, AnyEntity, Entity, id_of, name_of, with_field
from monitor.domain.spans import FROM_EVER
from monitor.domain.timeline import Timeline, timeline_of
from monitor.domain.values import dataclass

Versions = tuple[tuple[int, Entity], ...]
"""(from, entity) pairs in order of time; the first is from `FROM_EVER`."""


@dataclass(frozen=True, slots=True)
class DeviceVersion:
    """A device as it was from an instant on, with the ids of all path ancestors it had then."""

    from_at: int
    device: Device
    path_ancestors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DevicePast:
    """All that seconds and coverage ask about one device: its versions (first from `FROM_EVER`) and its timelines."""

    versions: tuple[DeviceVersion, ...]
    connectivity: Timeline
    condition: Timeline

    def version_at(self, at: int) -> DeviceVersion:
        """Give the version that held at the second that begins at `at`."""
        return self.versions[bisect_right(self.versions, at, key=lambda version: version.from_at) - 1]

    def pieces(self, start: int, end: int) -> list[tuple[int, int, DeviceVersion]]:
        """Give (from, to, version) for every version that held in [start, end), clipped to it."""
        if len(self.versions) == 1:
            return [(start, end, self.versions[0])] if start < end else []
        edges = [version.from_at for version in self.versions[1:]] + [end]
        cut = [
            (max(start, version.from_at), min(end, edge), version)
            for version, edge in zip(self.versions, edges, strict=True)
        ]
        return [piece for piece in cut if piece[0] < piece[1]]


def versions_of(current: Entity, changes: Iterable[InventoryChange]) -> Versions[Entity]:
    """Give what an entity was over time, from what it is now and its changes.

    A change gives a field its value from its `at` on and replaces what stood later, as a StateChange does; before the
    first there stood that one's `old`. Fields without a change always were as they are.

    Args:
        current: the entity as its record stands.
        changes: changes of the inventory in seq order; those of other entities are passed over.

    Raises:
        ValueError: a value is not in the text form.
    """
    fields = _field_timelines(current, changes)
    if not fields:
        return ((FROM_EVER, current),)
    versions: list[tuple[int, Entity]] = []
    for at in sorted({start for timeline in fields.values() for start in timeline.starts}):
        entity = current
        for field, timeline in fields.items():
            entity = with_field(entity, field, timeline.state_at(at))
        if not versions or versions[-1][1] != entity:
            versions.append((at, entity))
    return tuple(versions)


def as_before(current: Entity, later: Iterable[InventoryChange]) -> Entity:
    """Give an entity as its record stood before these changes, given in seq order, were written down.

    Raises:
        ValueError: a value is not in the text form.
    """
    name, entity_id = name_of(current), id_of(current)
    first: dict[str, str] = {}
    for change in later:
        if change.entity == name and change.entity_id == entity_id and change.field in FIELDS[name]:
            first.setdefault(change.field, change.old)
    for field, old in first.items():
        current = with_field(current, field, old)
    return current


def with_path_ancestors(device_id: str, histories: Mapping[str, Versions[Device]]) -> tuple[DeviceVersion, ...]:
    """Give a device's versions with the path ancestors of each, cut anew wherever one of theirs changed.

    Args:
        device_id: the device; it must have a history.
        histories: versions of all devices by id; an ancestor without one has no ancestors that are known.
    """
    versions: list[DeviceVersion] = []
    at: int | None = FROM_EVER
    while at is not None:
        ancestors, next_at = _ancestors_at(device_id, histories, at)
        device = _at(histories[device_id], at)[0]
        if not versions or (versions[-1].device, versions[-1].path_ancestors) != (device, ancestors):
            versions.append(DeviceVersion(at, device, ancestors))
        at = next_at
    return tuple(versions)


def _ancestors_at(
    device_id: str, histories: Mapping[str, Versions[Device]], at: int
) -> tuple[frozenset[str], int | None]:
    """Give the ancestors at an instant, and the next instant at which they may be others."""
    seen, waiting = {device_id}, [device_id]
    next_at: int | None = None
    while waiting:
        history = histories.get(waiting.pop())
        if history is None:
            continue
        device, until = _at(history, at)
        if until is not None and (next_at is None or until < next_at):
            next_at = until
        fresh = {parent.device_id for parent in device.parents if parent.role is ParentRole.PATH} - seen
        seen |= fresh
        waiting.extend(fresh)
    return frozenset(seen - {device_id}), next_at


def _at(history: Versions[Device], at: int) -> tuple[Device, int | None]:
    index = bisect_right(history, at, key=lambda version: version[0])
    return history[index - 1][1], history[index][0] if index < len(history) else None


def _field_timelines(current: AnyEntity, changes: Iterable[InventoryChange]) -> dict[str, Timeline]:
    name, entity_id = name_of(current), id_of(current)
    by_field: dict[str, list[InventoryChange]] = {}
    for change in changes:
        if change.entity == name and change.entity_id == entity_id and change.field in FIELDS[name]:
            by_field.setdefault(change.field, []).append(change)
    return {
        field: timeline_of(((change.at, change.new) for change in found), initial=found[0].old)
        for field, found in by_field.items()
    }
