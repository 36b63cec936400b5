"""The due queue: which device is looked at next, as pure bookkeeping without clock or sleep.

A device's looks fall into its own slot of each interval, a hash of its id: the fleet is spread evenly, and a restart
finds every device in the slot that it had before, so it makes no burst.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Collection

_HASHES = 2**32


def slot_after(device_id: str, *, at: float, interval_s: float) -> float:
    """Give the first instant after `at` at which the device's slot of the interval comes round, epoch seconds."""
    phase = zlib.crc32(device_id.encode()) / _HASHES * interval_s
    return at + interval_s - (at - phase) % interval_s


class DueQueue:
    """Device ids by the instant at which their next look is due; each stands in it at most once."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, device_id: str, due_at: float) -> None:
        """Add a device that is not in the queue."""
        heapq.heappush(self._heap, (due_at, device_id))

    def hasten(self, device_id: str, due_at: float) -> bool:
        """Make a device in the queue due earlier; False where it is not in it, or is due no later anyway."""
        for place, (due, other) in enumerate(self._heap):
            if other == device_id:
                if due <= due_at:
                    return False
                self._heap[place] = (due_at, device_id)
                heapq.heapify(self._heap)
                return True
        return False

    def fill(self, due: list[tuple[float, str]]) -> None:
        """Start over with (due instant, device id) pairs, one a device."""
        self._heap = due
        heapq.heapify(self._heap)

    def drop(self, device_ids: Collection[str]) -> None:
        """Take devices out of the queue, as far as they wait in it."""
        self.fill([due for due in self._heap if due[1] not in device_ids])

    def device_ids(self) -> list[str]:
        """Give the devices that wait, in no order."""
        return [device_id for _, device_id in self._heap]

    def next_due_at(self) -> float | None:
        """Give the earliest due instant; None when the queue is empty."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> tuple[float, str] | None:
        """Take the earliest device if it is due at `now`, with the instant at which it was due."""
        if self._heap and self._heap[0][0] <= now:
            return heapq.heappop(self._heap)
        return None
