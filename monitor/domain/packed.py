"""State changes as one integer each: how millions of them travel from the store into a report without an object each.

A packed change holds, from the high bits to the low ones: the device's key, seconds after a base instant, the cause,
the axis, the state before and the state after. Sorted by their high bits they are ordered by device and instant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from monitor.domain.facts import Axis
from monitor.domain.spans import FROM_EVER
from monitor.domain.state import Cause
from monitor.domain.values import dataclass

AT_BITS: Final = 30
LOW_BITS: Final = 12
CAUSE_SHIFT: Final = 7
AXIS_SHIFT: Final = 6
OLD_SHIFT: Final = 3
KEY_SHIFT: Final = AT_BITS + LOW_BITS
AT_MASK: Final = (1 << AT_BITS) - 1
CAUSE_MASK: Final = 31
STATE_MASK: Final = 7
CONDITION_BIT: Final = 1 << AXIS_SHIFT
MAX_KEY: Final = (1 << (63 - KEY_SHIFT)) - 1
BASE_BEFORE_S: Final = 400 * 86_400
"""The base lies so long before a period: changes before it count as if they had happened at it."""

STATES: Final[tuple[str, ...]] = ("unknown", "online", "offline", "intact", "faulty")
UNKNOWN, ONLINE, OFFLINE, INTACT, FAULTY = range(5)


@dataclass(frozen=True, slots=True)
class PackedChanges:
    """All changes that a period needs, ordered by device; of each device by instant, equal instants in seq order.

    Attributes:
        base: the instant that packed instants count from, epoch seconds.
        values: the packed changes.
        offsets: by device key where its changes begin; one more entry than the largest key + 1.
        irregular: keys of devices of which a change replaces a later one; their changes are in seq order instead.
        connectivity: by device key the state before its first change here.
        condition: likewise.
        causes: the cause of each code.
    """

    base: int
    values: Sequence[int]
    offsets: Sequence[int]
    irregular: frozenset[int]
    connectivity: bytes
    condition: bytes
    causes: Mapping[int, Cause]

    def of(self, key: int) -> Sequence[int]:
        """Give the changes of one device."""
        return self.values[self.offsets[key] : self.offsets[key + 1]]

    def steps(self, key: int, axis: Axis) -> list[tuple[int, str]]:
        """Give (from, state) of one axis of one device, from its state before; instants are epoch seconds."""
        first = self.connectivity[key] if axis is Axis.CONNECTIVITY else self.condition[key]
        wanted = 0 if axis is Axis.CONNECTIVITY else CONDITION_BIT
        base = self.base
        found = [(FROM_EVER, STATES[first])]
        found += [
            (base + (change >> LOW_BITS & AT_MASK), STATES[change & STATE_MASK])
            for change in self.of(key)
            if change & CONDITION_BIT == wanted
        ]
        return found


def pack(key: int, at: int, *, cause: int, axis: Axis, old: int, new: int, base: int) -> int:
    """Pack one change, as the store's own SQL does.

    Raises:
        ValueError: the key is too large, or the instant too late.
    """
    after = max(0, at - base)
    if key > MAX_KEY or after > AT_MASK:
        raise ValueError(f"a packed change has no room for key {key}, {after} s after its base")
    low = cause << CAUSE_SHIFT | (axis is Axis.CONDITION) << AXIS_SHIFT | old << OLD_SHIFT | new
    return key << KEY_SHIFT | after << LOW_BITS | low
