"""The running service's deep side: the vault, the desk of logins, the deep looks, and what is left of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

import structlog

from collectors.deep import DeepPoller
from collectors.registry import COLLECTORS, make_deep_poller
from monitor.adapters.db.deep_looks import SqlDeepStore, SqlOrders
from monitor.adapters.db.engine import Database
from monitor.adapters.metrics.deep import DeepMetrics
from monitor.adapters.metrics.service import Durations
from monitor.app.wiring import vault_of
from monitor.domain.device import Device
from monitor.domain.region import RegionTree
from monitor.ports import Order, StoreBusyError
from monitor.services.deep_book import DeepBook
from monitor.services.deep_looking import DeepLooking, DeepPace
from monitor.services.ingest import Ingest
from monitor.services.logins import Logins
from monitor.settings import Settings

log = structlog.get_logger()

HEAR_EVERY_S = 2.0
DEEP_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def deep_pace(settings: Settings) -> DeepPace:
    """Give the settings of deep looks as the service takes them."""
    deep = settings.deep
    return DeepPace(
        interval_s=deep.interval_s,
        recheck_s=deep.recheck_s,
        faulty_s=deep.faulty_s,
        timeout_s=deep.timeout_s,
        total_s=deep.total_s,
        concurrency=deep.concurrency,
        per_subnet=deep.per_subnet,
        other_hosts=deep.other_hosts,
        retention_days=deep.retention_days,
    )


def deep_pollers(*, wall_clock: Callable[[], float]) -> dict[str, DeepPoller]:
    """Make a deep poller for each protocol that has one."""
    made = {protocol: make_deep_poller(protocol, wall_clock=wall_clock) for protocol in COLLECTORS}
    return {protocol: poller for protocol, poller in made.items() if poller is not None}


class Deep:
    """Deep looks, put together; `work` is what runs until the service stops.

    Args:
        settings: of the whole service.
        database: where everything is kept.
        folder: what relative paths in the settings are relative to.
        ingest: where observations go.
        tree: gives the regions as they are.
        now: our time, epoch seconds.
        own_clock_trusted: whether our clock may judge others at this instant.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        folder: Path,
        ingest: Ingest,
        tree: Callable[[], RegionTree],
        now: Callable[[], float],
        own_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = SqlDeepStore(database)
        self._orders = SqlOrders(database)
        self._durations = Durations(DEEP_BUCKETS_S)
        self._heard = 0
        self.book = DeepBook(self._store)
        self.logins = Logins(
            vault_of(settings, folder=folder),
            lineage=lambda region: tuple(tree().lineage(region)) if region in tree() else (),
            on_change=self.book.login,
            may_forget=lambda: bool(self.book.store_error),
        )
        self.looking = DeepLooking(
            pollers=deep_pollers(wall_clock=now),
            ingest=ingest,
            logins=self.logins,
            store=self._store,
            book=self.book,
            policy=settings.policy(),
            pace=deep_pace(settings),
            now=now,
            own_clock_trusted=own_clock_trusted,
            on_duration=self._durations.add,
        )

    async def load(self, devices: Sequence[Device]) -> None:
        """Take what was stored, and begin with the devices' slots.

        Raises:
            StoreError: the database cannot be used.
        """
        self.logins.load(await self._store.logins())
        self._heard = await self._orders.newest()
        self.looking.assign(devices)
        await self.looking.prepare()

    def work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Give what runs until the service stops."""
        yield self.looking.rounds.run()
        yield self._hear()
        yield self.book.keep_writing()

    def metrics(self) -> DeepMetrics:
        """Give the figures of this instant."""
        rounds = self.looking.rounds
        return DeepMetrics(
            looks=self.looking.looks,
            look_errors=rounds.errors,
            durations=self._durations,
            under_way=rounds.under_way,
            lag_s=rounds.lag_s(),
            out_of_turn=rounds.out_of_turn,
            logins=self.logins.results,
            held=self.logins.held_by_group(),
            broken=self.logins.broken,
            readable=not self.logins.error,
            waiting=self.book.waiting,
        )

    async def _hear(self) -> None:
        """Follow changed credentials and operators' orders."""
        while True:
            await asyncio.sleep(HEAR_EVERY_S)
            self.logins.refresh()
            try:
                orders = await self._orders.after(self._heard)
            except StoreBusyError:
                continue  # the book says when the store is lost
            for order in orders:
                self._follow(order)
                self._heard = order.number

    def _follow(self, order: Order) -> None:
        if order.kind == "login":
            devices = self.logins.allow_again(device_id=order.device_id, group=order.group)
            log.info("login.allowed_again", group=order.group, devices=len(devices), author=order.author)
        if order.device_id:
            self.looking.rounds.call(order.device_id)
