"""Our own clock: whether it may judge others, and how the devices' clocks stand to it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from monitor.adapters import own_clock
from monitor.domain.region import RegionTree
from monitor.services.clock_figures import ClockCell, ClockRates, clock_cells, clock_rates, many_are_off_alike
from monitor.services.live_counts import CellKey, LiveCounts

log = structlog.get_logger()


class OwnTime:
    """Judges our own clock, and by it those of the devices.

    Args:
        kind: "check" the kernel, or hold our clock for "trusted" or "untrusted".
        limit_s: how far a device's clock may be off, seconds.
        counts: gives the live counts.
        tree: gives the regions as they are.

    Attributes:
        trusted: whether our clock may judge others.
        cells: the devices' clocks by region, class and kind; None where ours may not judge.
        rates: clock compliance by region; None likewise.
    """

    def __init__(
        self, kind: str, *, limit_s: int, counts: Callable[[], LiveCounts], tree: Callable[[], RegionTree]
    ) -> None:
        self.trusted = kind == "trusted"
        self.cells: dict[CellKey, ClockCell] | None = None
        self.rates: ClockRates | None = None
        self._kind = kind
        self._limit_s = limit_s
        self._counts = counts
        self._tree = tree
        self._alike_s: float | None = None

    def judge(self) -> None:
        """Ask the kernel whether our clock is right, and the devices: many that are off alike are right."""
        is_right = own_clock.is_synchronised() if self._kind == "check" else self._kind == "trusted"
        columns = self._counts().columns()
        alike_s = many_are_off_alike(columns, limit_s=self._limit_s)
        if alike_s is not None and self._alike_s is None:
            log.error("clock.ours_is_off", devices_are_ahead_s=alike_s)
        elif alike_s is None and self._alike_s is not None:
            log.info("clock.ours_is_right_again")
        self._alike_s = alike_s
        self.trusted = is_right and alike_s is None
        self.cells = clock_cells(columns, limit_s=self._limit_s) if self.trusted else None
        self.rates = None if self.cells is None else clock_rates(self._tree(), self.cells)
