"""What a report is made from, and what is decided over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from monitor.domain.facts import Correction, StateChange
from monitor.domain.objecting import Objection
from monitor.domain.period_facts import PeriodFacts

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The counts of a region with all below it at one instant: what a line of rates over time is drawn from.

    `clock_within` of `clock_read` devices have their clock within the limit; 0 of 0 where no clock may be judged.
    """

    region: str
    at: int
    online: int
    offline: int
    unknown: int
    exempt: int
    intact: int
    judged: int
    first_required: int
    first_networked: int
    second_required: int
    second_networked: int
    clock_within: int = 0
    clock_read: int = 0


class Trend(Protocol):
    """Snapshot counts over time, by region."""

    async def keep(self, points: Sequence[TrendPoint], *, forget_before: int) -> None:
        """Store counts, and forget those before an instant."""

    async def trend(self, region: str, *, since: int) -> list[TrendPoint]:
        """Give a region's counts since an instant, oldest first."""

    async def clocks(self, *, start: int, end: int) -> dict[str, tuple[int, int, int]]:
        """Give by region how often clocks were counted in [start, end), and the sums within and read."""

    async def newest_at(self) -> int | None:
        """Give the instant of the newest counts, None before the first."""


class ReportFacts(Protocol):
    """Reading all that a report on a period is made from."""

    async def mark(self, at: int) -> None:
        """Note that every fact so far was committed before an instant: where the reading of a period may begin."""

    async def read(self, *, start: int, upto: int | None = None, as_of: int | None = None) -> PeriodFacts:
        """Give the facts of a period from `start` on, as known at a seq (None: now), as of one instant.

        Devices recorded after `as_of` are left out; None leaves none out.
        """

    async def names(self, device_ids: list[str]) -> dict[str, str]:
        """Give the names of some devices."""

    async def changes_of(self, device_ids: list[str], *, upto: int) -> dict[str, list[StateChange]]:
        """Give all changes of some devices in seq order, as known at a seq."""


class Beside(Protocol):
    """Doing pure work beside one's own, on another core where there is one."""

    def __call__(self, work: Callable[[], Result]) -> AbstractContextManager[Callable[[], Result]]:
        """Start work, and give what waits for its result; leaving the context ends it."""


class Objections(Protocol):
    """Objections to draft reports, in versions."""

    async def objections(self, *, period: str | None = None) -> list[Objection]:
        """Give the newest version of every objection, or of those to one period, by id."""

    async def record(self, versions: Sequence[Objection], corrections: Sequence[Correction] = ()) -> None:
        """Append versions, and the corrections that they write, in one transaction."""


class ReportRuns(Protocol):
    """Who makes which scheduled report: of several processes one."""

    async def claim(self, period: str, status: str, *, by: str, at: int, stale_s: int) -> bool:
        """Take a report on oneself, unless it is made already or somebody has been making it for less than so long."""

    async def is_open(self, period: str, status: str, *, at: int, stale_s: int) -> bool:
        """Tell whether a report is neither made, nor somebody has been making it for less than so long."""

    async def finish(self, period: str, status: str, *, revision: int, at: int) -> None:
        """Note that a claimed report is published."""

    async def release(self, period: str, status: str) -> None:
        """Give back a claimed report that was not made."""

    async def anything_known(self, *, start: int, end: int) -> bool:
        """Tell whether anything is known of a period."""
