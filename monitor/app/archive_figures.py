"""How complete the city's records are, for the metrics: counted at the start and whenever the inventory has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

import structlog

from monitor.domain.archive import ArchiveCount, Requirements
from monitor.ports import ArchiveCounts, Inventory, StoreBusyError
from monitor.settings import Settings

log = structlog.get_logger()

SEEN_EVERY_S = 60.0
FINISH_WITHIN_S = 5.0


class ArchiveFigures:
    """Keeps the counts of the records.

    Args:
        settings: say what a record must hold.
        inventory: tells when it has changed.
        store: counts.
        every_s: how often the inventory is asked whether it has changed.

    Attributes:
        counts: by region and class; empty until they are first counted.
    """

    def __init__(
        self, settings: Settings, inventory: Inventory, store: ArchiveCounts, *, every_s: float = SEEN_EVERY_S
    ) -> None:
        wanted = settings.archive
        self.counts: Sequence[ArchiveCount] = ()
        self._requirements = Requirements(tuple(wanted.first), tuple(wanted.second), tuple(wanted.other))
        self._inventory = inventory
        self._store = store
        self._every_s = every_s
        self._counted: int | None = None
        """The revision of the inventory that was counted."""

    def work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Give what runs until the service stops."""
        yield self._keep_counting()

    async def count(self) -> None:
        """Count the records where the inventory has changed.

        Raises:
            StoreBusyError: the store is lost; what was counted last stays.
        """
        revision = await self._inventory.revision()
        if revision != self._counted:
            self.counts = await self._store.archive_counts(self._requirements)
            self._counted = revision

    async def _keep_counting(self) -> None:
        while True:
            under_way = asyncio.create_task(self.count())
            try:
                await asyncio.shield(under_way)
            except asyncio.CancelledError:
                # A read cut short costs its connection: it is finished first, for a bounded time.
                _, late = await asyncio.wait((under_way,), timeout=FINISH_WITHIN_S)
                for task in late:
                    task.cancel()
                raise
            except StoreBusyError as error:
                log.debug("archive.not_counted", error=" ".join(str(error).split()))
            await asyncio.sleep(self._every_s)
