"""A running service follows the inventory: what is imported or approved beside it holds without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from monitor.adapters.files.targets import TargetsFileError, read_targets
from monitor.app.wiring import LoadedCity
from monitor.domain.device import Device
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.region import RegionTree
from monitor.domain.target import Target
from monitor.ports import Inventory, StoreBusyError
from monitor.services.ingest import Ingest
from monitor.services.inventory_news import InventoryNews, news_since
from monitor.services.live_counts import LiveCounts
from monitor.services.own_network import OwnNetwork
from monitor.services.polling import Polling

log = structlog.get_logger()

FINISH_WITHIN_S = 5.0
PUT_AT_ONCE = 1_000
STAND_AT_ONCE = 5_000
LOOK_AT_ONCE = 2_000
"""Devices dealt with between two turns of the event loop: about 20 ms of work each."""


@dataclass(frozen=True, slots=True)
class Followers:
    """The parts of the service that hold something of the inventory.

    Attributes:
        on_city: told the city with every change of its regions, exemptions or targets.
        know_protocol: makes sure that there is a poller for a protocol.
    """

    ingest: Ingest
    counts: LiveCounts
    polling: Polling
    own_network: OwnNetwork
    on_city: Callable[[LoadedCity], None]
    know_protocol: Callable[[str], None]


class Following:
    """Finds what is new in the inventory every few seconds and lets the service's parts take it in.

    Every step may be done twice without harm: where the store is lost half-way, the same news is found again.

    Args:
        inventory: what is followed.
        city: the city as it was loaded.
        targets_file: gives the file where targets are read while none is imported.
        parts: what takes the news in.
        now: our time, epoch seconds.
    """

    def __init__(
        self,
        inventory: Inventory,
        city: LoadedCity,
        *,
        targets_file: Callable[[], Path],
        parts: Followers,
        now: Callable[[], float],
    ) -> None:
        self.revision = city.revision
        self._inventory = inventory
        self._city = city
        self._targets_file = targets_file
        self._targets_read = _written(targets_file())
        self._parts = parts
        self._now = now
        self._no_tree_in = 0
        self._listeners: list[Callable[[InventoryNews], None]] = []

    def on_news(self, listener: Callable[[InventoryNews], None]) -> None:
        """Call a listener with the news, once all parts of the service have taken it in."""
        self._listeners.append(listener)

    async def keep_following(self, *, every_s: float) -> None:
        """Follow until cancelled; a busy store is asked again the next time.

        What is under way is finished first, for a bounded time: a read cut short costs its connection.
        """
        while True:
            await asyncio.sleep(every_s)
            under_way = asyncio.create_task(self.follow())
            try:
                await asyncio.shield(under_way)
            except asyncio.CancelledError:
                _, late = await asyncio.wait((under_way,), timeout=FINISH_WITHIN_S)
                for task in late:
                    task.cancel()
                raise
            except StoreBusyError as error:
                log.debug("inventory.not_followed", error=" ".join(str(error).split()))

    async def follow(self) -> bool:
        """Take in what is new; give whether anything was.

        Raises:
            StoreBusyError: the store is lost; what was not taken in will be found again.
        """
        news = await news_since(self._inventory, self.revision)
        targets = self._targets(news)
        if targets is not None:
            self._tell(replace(self._city, targets=targets))
        if news is None:
            return targets is not None
        tree = self._tree(news)
        if tree is None:
            return False
        await self._take_in(news, tree)
        self.revision = news.revision
        log.info("inventory.followed", revision=news.revision, devices=len(news.devices), points=len(news.points))
        for listener in self._listeners:
            listener(news)
        return True

    async def _take_in(self, news: InventoryNews, tree: RegionTree) -> None:
        parts, city = self._parts, self._city
        tree_changed = tree is not city.tree
        changed = frozenset(city.exemptions) ^ frozenset(news.exemptions)
        if tree_changed or changed:
            rules = replace(city.rules, tree=tree)
            city = replace(
                city, tree=tree, rules=rules, exemptions=news.exemptions, book=ExemptionBook(news.exemptions)
            )
        await parts.ingest.commit()
        parts.counts.put_points(news.points, at=self._at())
        if city is not self._city:
            parts.counts.judge_by(city.rules, city.book)
        paths_changed = await self._put(news.devices)
        if tree_changed:
            await self._put_all()
        else:
            behind = [each for each in news.exemptions if each.scope is ExemptionScope.PATH] if paths_changed else []
            await self._stand_anew([*changed, *behind])
        await self._look_at(news.devices)
        if city is not self._city:
            self._tell(city)

    async def _put(self, devices: Sequence[Device]) -> bool:
        """Let the counts take devices in, a part at a time; give whether paths may have changed."""
        paths_changed = False
        for first in range(0, len(devices), PUT_AT_ONCE):
            part = devices[first : first + PUT_AT_ONCE]
            self._parts.ingest.add((device.id, device.lifecycle.created_at) for device in part)
            # Counts are as of the last commit: just after one, our states are those of the store.
            await self._parts.ingest.commit()
            paths_changed |= self._parts.counts.put_devices(part, self._parts.ingest.states, at=self._at())
            await asyncio.sleep(0)
        return paths_changed

    async def _put_all(self) -> None:
        first = 0
        while part := self._parts.counts.devices(first, PUT_AT_ONCE):
            await self._put(part)
            first += len(part)

    async def _stand_anew(self, changed: Sequence[Exemption]) -> None:
        """Let all devices that one of the exemptions covers stand anew, a part of the city at a time."""
        if not changed:
            return
        within = ExemptionBook(changed)
        first = 0
        while self._parts.counts.stand_anew(first, STAND_AT_ONCE, at=self._at(), within=within):
            first += STAND_AT_ONCE
            await asyncio.sleep(0)

    async def _look_at(self, devices: Sequence[Device]) -> None:
        for protocol in {device.endpoint.protocol for device in devices if device.endpoint is not None}:
            self._parts.know_protocol(protocol)
        for first in range(0, len(devices), LOOK_AT_ONCE):
            part = devices[first : first + LOOK_AT_ONCE]
            self._parts.polling.look_at({device.id: device.endpoint for device in part})
            await asyncio.sleep(0)
        self._parts.own_network.looks_at(self._parts.polling.devices)

    def _tree(self, news: InventoryNews) -> RegionTree | None:
        """Give the tree as it is now, the very one that is known where it has not changed; None where it is none."""
        if list(self._city.tree) == list(news.regions):
            return self._city.tree
        try:
            return RegionTree(news.regions)
        except ValueError as error:
            if self._no_tree_in != news.revision:
                self._no_tree_in = news.revision
                log.warning("inventory.no_tree", revision=news.revision, error=str(error))
            return None

    def _targets(self, news: InventoryNews | None) -> Sequence[Target] | None:
        """Give the targets where others hold now: a set that was imported, or the file where none ever was."""
        imported = self._city.targets_imported
        if news is not None and news.target_set is not None:
            targets = news.target_set.targets
            if imported and targets == tuple(self._city.targets):
                return None
            self._city = replace(self._city, targets_imported=True)
            return targets
        path = self._targets_file()
        if imported or _written(path) == self._targets_read:
            return None
        self._targets_read = _written(path)
        try:
            return read_targets(path, zone=self._city.rules.zone)
        except TargetsFileError as error:
            log.warning("targets.not_followed", error=str(error))
            return None

    def _tell(self, city: LoadedCity) -> None:
        self._city = city
        self._parts.on_city(city)

    def _at(self) -> int:
        return int(self._now())


def _written(path: Path) -> tuple[Path, int]:
    """Give a file and when it was last written, 0 where it is missing."""
    try:
        return path, path.stat().st_mtime_ns
    except OSError:
        return path, 0
