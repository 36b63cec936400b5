"""Packs facts in memory, plainly: what the store's SQL and numpy do to millions of rows, for tests to compare with."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

from monitor.adapters.db.codes import AXES, CAUSE_OF, CAUSES, STATES
from monitor.domain.facts import Axis, StateChange
from monitor.domain.packed import BASE_BEFORE_S, PackedChanges, pack


def packed_changes(
    changes: Iterable[StateChange], *, keys: Mapping[str, int], start: int, initial: str = "unknown"
) -> PackedChanges:
    """Pack all changes of devices, given in seq order; before the first of a device stands `initial`."""
    base, size = max(0, start - BASE_BEFORE_S), max(keys.values(), default=0) + 1
    mine: dict[int, list[StateChange]] = {}
    for change in changes:
        mine.setdefault(keys[change.device_id], []).append(change)
    values, offsets, irregular = array("q"), array("q"), set()
    for key in range(size):
        offsets.append(len(values))
        found = mine.get(key, [])
        for axis in Axis:
            instants = [max(base, change.at) for change in found if change.axis is axis]
            if instants != sorted(instants):
                irregular.add(key)
        if key not in irregular:
            found = sorted(found, key=lambda change: max(base, change.at))
        for change in found:
            values.append(
                pack(
                    key,
                    change.at,
                    cause=CAUSES[change.cause],
                    axis=change.axis,
                    old=STATES.get(change.old, 0),
                    new=STATES[change.new],
                    base=base,
                )
            )
    offsets.append(len(values))
    code = bytes([STATES[initial]] * size)
    assert AXES[Axis.CONDITION] == 1
    return PackedChanges(base, values, offsets, frozenset(irregular), code, bytes(size), CAUSE_OF)
