"""A running service takes in what people decide about faults: approved beside it, or while it was down (RULES §3)."""

from __future__ import annotations

import asyncio

import structlog

from monitor.domain.policy import DAY_S
from monitor.ports import FaultDecisions, StoreBusyError
from monitor.services.ingest import Ingest

log = structlog.get_logger()

BACK_S = 30 * DAY_S
"""A decision older than this that was never taken in is about a fault that looks have judged since."""

RETRY_S = 5.0


class FaultFollower:
    """Finds decisions that were not taken in, and lets the states follow.

    Args:
        decisions: where they are kept.
        ingest: keeps the states.
    """

    def __init__(self, decisions: FaultDecisions, ingest: Ingest) -> None:
        self._decisions = decisions
        self._ingest = ingest
        self._heard = 0
        self._news = asyncio.Event()

    def notice(self) -> None:
        """Look for decisions soon: the inventory has changed."""
        self._news.set()

    async def load(self, *, at: int) -> None:
        """Take in what was decided while no service ran.

        Raises:
            StoreError: the decisions cannot be read.
        """
        newest = await self._decisions.newest()
        await self._follow(since=at - BACK_S)
        self._heard = max(self._heard, newest)  # what is older need not be read through at every news

    async def keep_following(self) -> None:
        """Follow until cancelled; a busy store is asked again a little later."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._follow(since=0)
            except StoreBusyError:
                await asyncio.sleep(RETRY_S)
                self._news.set()

    async def _follow(self, *, since: int) -> None:
        for each in await self._decisions.after(self._heard):
            known = each.entity_id in self._ingest.states
            if known and each.recorded_at >= since and not await self._decisions.is_taken_in(each):
                code, confirmed = each.old or each.new, bool(each.new)
                self._ingest.decide_fault(
                    each.entity_id, code, confirmed=confirmed, at=each.recorded_at, author=each.author
                )
                log.info("fault.decided", device=each.entity_id, fault=code, confirmed=confirmed, request=each.request)
            self._heard = each.seq
