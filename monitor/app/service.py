"""The running service: one collector, its store, its counts and its metrics, from start to clean stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from collectors.base import Poller, PollResult
from collectors.registry import make_poller
from monitor.adapters import own_clock
from monitor.adapters.db.archive_counts import SqlArchiveCounts
from monitor.adapters.db.engine import Database
from monitor.adapters.db.fault_decisions import SqlFaultDecisions
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.metrics.alerts import AlertCollector
from monitor.adapters.metrics.city import AGE_LIMITS_S, ANY, CityExposition, CityMetrics
from monitor.adapters.metrics.deep import DeepCollector
from monitor.adapters.metrics.intake import IntakeCollector
from monitor.adapters.metrics.pictures import PictureCollector
from monitor.adapters.metrics.service import Durations, ServiceCollector, ServiceMetrics
from monitor.adapters.metrics.web import WebCollector
from monitor.adapters.process import loading, raise_open_files
from monitor.adapters.reports.folder import ReportFolder
from monitor.adapters.sentinels import answers
from monitor.adapters.web.parts import Health
from monitor.adapters.web.server import serving
from monitor.app.access import seal_second_factors
from monitor.app.alerting import AlertingParts
from monitor.app.archive_figures import ArchiveFigures
from monitor.app.deep import Deep
from monitor.app.following import Followers, Following
from monitor.app.house_keeping import HouseKeeping
from monitor.app.importing import fill_if_empty
from monitor.app.intake import Intake, Logins
from monitor.app.own_time import OwnTime
from monitor.app.page import Running, WebPage
from monitor.app.picture_looks import Pictures
from monitor.app.report_schedule import ReportSchedule
from monitor.app.wiring import LoadedCity, load_city, make_ready, targets_file, vault_of
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.scope import Scope
from monitor.domain.target import Target, target_in_force
from monitor.ports import CollectorMark, StoreBusyError
from monitor.services.clock import SteadyClock
from monitor.services.evaluation import Evaluator, Overview, overview_of
from monitor.services.fault_decisions import FaultFollower
from monitor.services.ingest import Ingest
from monitor.services.live_counts import LiveCounts
from monitor.services.own_network import OwnNetwork
from monitor.services.polling import Pace, Polling
from monitor.settings import Settings

log = structlog.get_logger()

STALE_INTERVALS = 2
"""Figures whose newest look is older than so many intervals are shown as stale."""

STOP_WITHIN_S = 30.0
STOP_RETRY_S = 1.0


class Service:
    """Everything that runs, put together from the settings and the database.

    Made by `Service.load`; `run` lasts until `stop` is set.
    """

    def __init__(
        self, settings: Settings, city: LoadedCity, database: Database, clock: SteadyClock, *, folder: Path
    ) -> None:
        self.city = city
        self.clock = clock
        self.evaluator = Evaluator(city.tree, city.targets, validity=city.validity)
        self._settings = settings
        self._started_at = int(clock.now())
        self._secret = Logins(vault_of(settings, folder=folder)).secret
        self._exposition = CityExposition(city.tree)
        self._durations = Durations()
        self._writes = Durations()
        self._own_time = OwnTime(
            settings.collector.own_clock,
            limit_s=settings.rules.clock_limit_s,
            counts=lambda: self.counts,
            tree=lambda: self.city.tree,
        )
        policy = settings.policy()
        self._store = SqlStateStore(database)
        self._inventory = SqlInventory(database)
        self._archive = ArchiveFigures(settings, self._inventory, SqlArchiveCounts(database))
        self._store_name = database.where
        self.ingest = Ingest(
            self._store, policy=policy, mark=self._mark, on_write=self._writes.add, writer=settings.collector.name
        )
        self._faults = FaultFollower(SqlFaultDecisions(database), self.ingest)
        self._endpoints = {device.id: device.endpoint for device in city.devices if device.endpoint is not None}
        protocols = {endpoint.protocol for endpoint in self._endpoints.values()}
        self._pollers: dict[str, Poller] = {}
        for name in sorted(protocols):
            self._know_protocol(name)
        collector = settings.collector
        self.polling = Polling(
            self._endpoints,
            pollers=self._pollers,
            ingest=self.ingest,
            policy=policy,
            pace=Pace(collector.concurrency, collector.per_subnet, collector.timeout_s),
            now=clock.now,
            own_clock_trusted=lambda: self._own_time.trusted,
            on_duration=self._durations.add,
            on_reports=self._hear,
        )
        self.own_network = OwnNetwork(
            self.ingest,
            policy=policy,
            rule=settings.mass_rule(),
            devices=len(self._endpoints),
            sentinels=collector.sentinels,
        )
        self.ingest.guard_with(self.own_network)
        self._house = HouseKeeping(
            self._own_time,
            clock=clock,
            ingest=self.ingest,
            polling=self.polling,
            own_network=self.own_network,
            interval_s=collector.interval_s,
            backups=folder / settings.store.backups,
            reports=ReportFolder(folder / settings.report.folder),
        )
        self.intake = Intake(
            settings,
            folder=folder,
            database=database,
            ingest=self.ingest,
            devices=city.devices,
            now=clock.now,
            own_clock_trusted=lambda: self._own_time.trusted,
        )
        self._reports = ReportSchedule(settings, database, folder=folder, now=clock.now)
        self.alerting = AlertingParts(
            settings,
            database,
            folder=folder,
            evaluator=lambda: self.evaluator,
            counts=lambda: self.counts,
            ingest=self.ingest,
            own_network=self.own_network,
            polling=self.polling,
            clock_trusted=lambda: self._own_time.trusted or settings.collector.own_clock == "untrusted",
            broken_credentials=lambda: self.deep.logins.broken if self.deep is not None else (),
            now=clock.now,
        )
        self._page = WebPage(
            Running(
                evaluator=lambda: self.evaluator,
                counts=lambda: self.counts,
                state=self.ingest.states.get,
                clocks=lambda: self._own_time.rates,
                health=self.health,
                look_now=self.polling.look_now,
                now=clock.now,
            ),
            settings,
            database,
            folder=folder,
        )
        self.deep: Deep | None = None
        if settings.deep.enabled:
            self.deep = Deep(
                settings,
                database,
                folder=folder,
                ingest=self.ingest,
                tree=lambda: self.city.tree,
                now=clock.now,
                own_clock_trusted=lambda: self._own_time.trusted,
            )
        self.pictures: Pictures | None = None
        if self.deep is not None and settings.picture.enabled:
            self.pictures = Pictures(settings, database, ingest=self.ingest, logins=self.deep.logins, now=clock.now)

    @classmethod
    async def load(
        cls, settings: Settings, database: Database, *, folder: Path, wall: Callable[[], float] = time.time
    ) -> Service:
        """Load the city and its states, and find out whether the collector's last stop was a pause.

        Args:
            settings: of the whole service.
            database: where everything is kept; closed here where loading fails.
            folder: what relative paths in the settings are relative to.
            wall: gives the wall clock, epoch seconds.

        Raises:
            StoreError: the database cannot be used.
            TargetsFileError, SheetError, ProfileError: a file of the settings holds mistakes.
            TooFewFilesError: the limit of open files cannot be raised far enough.
        """
        raise_open_files(settings.collector.concurrency)
        clock = SteadyClock(wall=wall, steady=own_clock.steady_seconds)
        try:
            await make_ready(database)
            await seal_second_factors(database, settings, folder=folder)
            await fill_if_empty(database, settings, folder=folder, at=int(clock.now()))
            with loading():
                city = await load_city(database, settings, folder=folder)
                service = cls(settings, city, database, clock, folder=folder)
                del city
                await service._load_states(folder)
        except BaseException:
            await database.close()
            raise
        return service

    def overview(self, *, region: str | None = None, by: str = "region") -> Overview:
        """Give the figures of this instant, as committed."""
        at = int(self.clock.now())
        return overview_of(self.evaluator, self.counts, at=at, region=region, by=by, clocks=self._own_time.rates)

    def health(self) -> Health:
        """Tell how the service does."""
        last, interval_s = self.polling.last_look_at, self._settings.collector.interval_s
        return Health(
            version=version("vidnet"),
            started_at=self._started_at,
            last_look_at=None if last is None else int(last),
            interval_s=interval_s,
            stale_after_s=STALE_INTERVALS * interval_s,
            looks=self.polling.looks,
            under_way=self.polling.under_way,
            queue_lag_s=self.polling.lag_s(),
            loop_lag_s=self._house.loop_lag_s,
            waiting_devices=self.ingest.waiting_devices,
            store=self._store_name,
            store_ok=self.ingest.store_ok,
            own_network_up=self.own_network.up,
            problems=tuple(self._problems()),
        )

    def city_text(self) -> str:
        """Give the city's metrics of this instant, as committed, in Prometheus' text format."""
        at = int(self.clock.now())
        metrics = CityMetrics(
            cells=self.counts.cells(),
            points=self.counts.point_cells(),
            networked_regions=self.counts.networked_regions(),
            connected=self.counts.connected(),
            faults=self.counts.faults(),
            offline_ages=self.counts.offline_ages(at=at, limits_s=AGE_LIMITS_S),
            targets=self._targets(at),
            clocks=self._own_time.cells or {},
            archive=self._archive.counts,
            devices=self.counts.assessed_devices(PointClass.FIRST)
            if self._settings.metrics.per_device == "first"
            else None,
        )
        return self._exposition.text(metrics)

    async def run(self, stop: asyncio.Event, *, on_ready: Callable[[int], None] = lambda port: None) -> None:
        """Look, commit and serve until told to stop; then commit what is left.

        Args:
            stop: set to end.
            on_ready: told the port of the web server once everything runs.

        Raises:
            StoreError: the store refused to go on, or what was left could not be stored at the end.
            WebServerError: the web server cannot listen.
        """
        web = self._settings.web
        store = self._settings.store
        registry = self._registry()
        committed = asyncio.Event()
        try:
            async with (
                serving(
                    registry,
                    self.city_text,
                    host=web.host,
                    port=web.port,
                    problems=self._problems,
                    mounts=[*self._page.mounts(), *self.intake.mounts()],
                    tls=self._page.tls(),
                    on_slow=self._page.note_slow,
                ) as port,
                asyncio.TaskGroup() as tasks,
            ):
                tasks.create_task(
                    self.ingest.keep_committing(
                        committed, every_s=store.commit_every_s, flush_every_s=store.flush_every_s
                    )
                )
                working = [tasks.create_task(each) for each in self._work()]
                on_ready(port)
                await stop.wait()
                for task in working:
                    task.cancel()
                await asyncio.wait(working)
                committed.set()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            await self._close()

    def _work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Give what runs until the service stops."""
        yield self.polling.run()
        yield self._house.keep(self.counts)
        yield self.following.keep_following(every_s=self._settings.store.follow_every_s)
        yield self._faults.keep_following()
        yield from self.intake.work()
        yield from self._page.work()
        yield from self.alerting.work()
        yield from self._reports.work()
        yield from self._archive.work()
        if self.deep is not None:
            yield from self.deep.work()
        if self.pictures is not None:
            yield from self.pictures.work()
        if self._settings.collector.sentinels:
            timeout_s = self._settings.collector.timeout_s
            yield self.own_network.watch(
                lambda address: answers(address, timeout_s=timeout_s),
                now=self.clock.now,
                every_s=self._settings.collector.sentinel_every_s,
            )

    async def _load_states(self, folder: Path) -> None:
        mark = await self._store.load_mark(self._settings.collector.name)
        if mark is not None and (behind_s := self.clock.not_before(mark.last_look_at)):
            log.warning("clock.behind_last_look", behind_s=round(behind_s), last_look_at=mark.last_look_at)
        city = self.city
        await self.ingest.load((device.id, device.lifecycle.created_at) for device in city.devices)
        self.counts = LiveCounts(
            city.devices,
            city.points,
            rules=city.rules,
            book=city.book,
            at=int(self.clock.now()),
            states=self.ingest.states.values(),
        )
        # The counts keep what they need of devices and points; a city's 100,000 points weigh 35 MB.
        self.city = replace(city, points=(), devices=())
        parts = Followers(
            ingest=self.ingest,
            counts=self.counts,
            polling=self.polling,
            own_network=self.own_network,
            on_city=self._judge_by,
            know_protocol=self._know_protocol,
        )
        self.following = Following(
            self._inventory,
            self.city,
            targets_file=lambda: targets_file(self._settings, folder=folder),
            parts=parts,
            now=self.clock.now,
        )
        self.following.on_news(lambda news: self.intake.follow(news.devices))
        self.following.on_news(lambda _news: self._faults.notice())
        self.ingest.on_commit(lambda states, _changes: self.counts.take(states, at=int(self.clock.now())))
        if mark is not None:
            self.polling.last_look_at = mark.last_look_at
            self.polling.notice_pause(next_due_at=mark.next_due_at)
        await self._faults.load(at=int(self.clock.now()))
        await self.alerting.load()
        self.following.on_news(lambda news: self.alerting.follow(news.devices))
        await self.intake.begin()
        if self.deep is not None:
            await self.deep.load(city.devices)
            self.following.on_news(lambda news: self.deep.looking.follow(news.devices) if self.deep else None)
        if self.pictures is not None:
            self.pictures.load(city.devices)
            self.following.on_news(lambda news: self.pictures.looking.follow(news.devices) if self.pictures else None)
        self.polling.schedule()
        self._page.prepare()
        log.info("service.loaded", devices=len(city.devices), looked_at=self.polling.devices)

    def _judge_by(self, city: LoadedCity) -> None:
        """Judge by other regions, exemptions or targets from now on."""
        if city.tree is not self.city.tree:
            self._exposition = CityExposition(city.tree)
        self.city = city
        self.evaluator = Evaluator(city.tree, city.targets, validity=city.validity)

    def _know_protocol(self, name: str) -> None:
        if name not in self._pollers:
            self._pollers[name] = make_poller(
                name, wall_clock=self.clock.now, identity=self._settings.viid.id, secret=self._secret
            )

    async def _hear(self, reporter: str, protocol: str, result: PollResult, at: int, interval_s: int) -> None:
        """Take in what a platform said of others."""
        await self.intake.receiving.hear(reporter, protocol, result, at, interval_s)

    async def _close(self) -> None:
        """Commit what is left, and let go of everything."""
        try:
            await self._store_the_rest()
            if self.deep is not None:
                await self.deep.book.write()
        finally:
            await self.alerting.close()
            for poller in self._pollers.values():
                await poller.close()
            if self.deep is not None:
                await self.deep.looking.close()
            if self.pictures is not None:
                await self.pictures.looking.close()
            await self._store.close()
        log.info("service.stopped")

    async def _store_the_rest(self) -> None:
        """Commit what is left; a busy store is tried again for as long as a stop may take.

        Raises:
            StoreError: it could not be stored; what the last commits don't hold is lost.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + STOP_WITHIN_S
        while True:
            try:
                async with asyncio.timeout_at(until):
                    await self.ingest.commit(flush=True)
                    return
            except TimeoutError:
                waiting = self.ingest.waiting_devices
                raise StoreBusyError(
                    f"数据库在 {STOP_WITHIN_S:.0f} 秒内没有应答: {waiting} 台设备的最新状态未保存。\n"
                    f"The database did not answer within {STOP_WITHIN_S:.0f} s: "
                    f"the newest state of {waiting} devices is not stored."
                ) from None
            except StoreBusyError:
                if loop.time() + STOP_RETRY_S > until:
                    raise
                await asyncio.sleep(STOP_RETRY_S)

    def _mark(self) -> CollectorMark | None:
        if self.polling.last_look_at is None:
            return None
        last = int(self.polling.last_look_at)
        due = self.polling.next_due_at()
        return CollectorMark(self._settings.collector.name, last, last if due is None else int(due))

    def _problems(self) -> list[str]:
        found = []
        if not self.ingest.store_ok:
            reason = " ".join(self.ingest.store_error.split())
            found.append(f"store: {self.ingest.waiting_devices} devices wait: {reason}")
        found += self.intake.problems()
        if not self.own_network.up:
            found.append(f"own network: sentinels silent, looks set aside since {self.own_network.since}")
        if self.polling.lag_s() > self._settings.collector.interval_s:
            found.append(f"collector: {self.polling.lag_s():.0f} s behind")
        return found

    def _registry(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        registry.register(ServiceCollector(self._service_metrics))
        registry.register(IntakeCollector(self.intake.figures))
        registry.register(AlertCollector(self.alerting.figures))
        if self.deep is not None:
            registry.register(DeepCollector(self.deep.metrics))
        if self.pictures is not None:
            registry.register(PictureCollector(self.pictures.metrics))
        registry.register(WebCollector(self._page.refused))
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        return registry

    def _targets(self, at: int) -> list[tuple[str, str, Target]]:
        found = []
        for indicator in Indicator:
            for point_class in (None, *PointClass):
                row = Scope(point_class=point_class)
                target = target_in_force(self.city.targets, indicator, row, at=at, tree=self.city.tree)
                if target is not None:
                    found.append((indicator.value, point_class.value if point_class else ANY, target))
        return found

    def _service_metrics(self) -> ServiceMetrics:
        return ServiceMetrics(
            version=version("vidnet"),
            looks=self.polling.looks,
            look_errors=self.polling.errors,
            look_durations=self._durations,
            write_durations=self._writes,
            looks_under_way=self.polling.under_way,
            queue_lag_s=self.polling.lag_s(),
            loop_lag_s=self._house.loop_lag_s,
            last_look_at=self.polling.last_look_at or 0.0,
            changes=self.ingest.committed_changes,
            waiting_devices=self.ingest.waiting_devices,
            store_ok=self.ingest.store_ok,
            clock_behind_s=self._house.clock_behind_s,
            own_clock_trusted=self._own_time.trusted,
            own_network_up=self.own_network.up,
            held_devices=self.own_network.held_devices,
            looks_set_aside=self.own_network.looks_set_aside,
            last_backup_at=self._house.last_backup_at,
            last_report_at=self._house.last_report_at,
        )
