"""Clock compliance: devices whose clock is within the limit, of those whose clock was read (RULES §7).

Where many clocks are off alike it is ours that is off: then no figure is given and no other clock is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.device import DeviceKind
from monitor.domain.point import PointClass
from monitor.domain.rate import Rate
from monitor.domain.region import RegionTree
from monitor.services.live_buckets import ASSESSED, IS_ONLINE
from monitor.services.live_counts import UNREAD, CellKey, DeviceColumns

MANY = 20
"""Fewer clocks than that say nothing about ours."""

ClockRates = Mapping[tuple[str, PointClass | None, DeviceKind | None], Rate]
"""Clock compliance by region (with all below it), class and kind; of headline kinds where no kind is named."""


class ClockCell(NamedTuple):
    """Devices of a cell whose clock was read, and those of them within the limit."""

    within: int
    read: int


def clock_cells(columns: DeviceColumns, *, limit_s: int) -> dict[CellKey, ClockCell]:
    """Count devices in service, not exempt and online whose clock was ever read.

    Args:
        columns: the devices as they are.
        limit_s: deviation that is still within the limit.
    """
    limit = limit_s * 10
    offsets = np.frombuffer(columns.clock_offset, np.intc)
    judged = _is_read(columns) & (np.frombuffer(columns.standing, np.uint8) == ASSESSED)
    right = judged & (offsets >= -limit) & (offsets <= limit)
    cells = np.frombuffer(columns.cell, np.uint32)
    read = np.bincount(cells[judged], minlength=len(columns.cells))
    within = np.bincount(cells[right], minlength=len(columns.cells))
    return {
        columns.cells[cell]: ClockCell(int(within[cell]), int(read[cell])) for cell in np.flatnonzero(read).tolist()
    }


def many_are_off_alike(columns: DeviceColumns, *, limit_s: int) -> float | None:
    """Give by how many seconds most clocks are off, all about as much; None where they are not.

    More than half of all clocks read, and at least `MANY`, must be off and lie within the limit of their median: so
    many devices are not wrong by the same amount by chance.

    Args:
        columns: the devices as they are.
        limit_s: deviation that is still within the limit.
    """
    read = np.frombuffer(columns.clock_offset, np.intc)[_is_read(columns)]
    if len(read) < MANY:
        return None
    limit, middle = limit_s * 10, float(np.median(read))
    alike = int(np.count_nonzero(np.abs(read - middle) <= limit))
    return middle / 10 if abs(middle) > limit and alike * 2 > len(read) and alike >= MANY else None


def clock_rates(tree: RegionTree, cells: Mapping[CellKey, ClockCell]) -> ClockRates:
    """Give the rate of every region with all below it: of headline kinds, by class of these, and by kind."""
    sums: dict[tuple[str, PointClass | None, DeviceKind | None], list[int]] = {}
    for key, cell in cells.items():
        parts: list[tuple[PointClass | None, DeviceKind | None]] = [(None, key.kind)]
        if key.kind in HEADLINE_KINDS:
            parts += [(None, None), (key.point_class, None)]
        for code in tree.lineage(key.region) if key.region in tree else ():
            for point_class, kind in parts:
                found = sums.setdefault((code, point_class, kind), [0, 0])
                found[0] += cell.within
                found[1] += cell.read
    return {key: Rate(*found) for key, found in sums.items()}


def _is_read(columns: DeviceColumns) -> npt.NDArray[np.bool_]:
    """Tell of every device whether it is online and its clock was ever read."""
    online: npt.NDArray[np.bool_] = np.frombuffer(IS_ONLINE, np.bool_)[np.frombuffer(columns.state, np.uint8)]
    online &= np.frombuffer(columns.clock_offset, np.intc) != UNREAD
    return online
