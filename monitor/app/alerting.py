"""Alerting put together: the tracker, the rules, the receivers of the settings, and what serves each of them."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from monitor.adapters.db.alerts import SqlAlertStore, SqlOutbox
from monitor.adapters.db.directory import SqlDirectory
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.trend import SqlTrend
from monitor.adapters.files.alert_rules import read_alert_rules
from monitor.adapters.metrics.alerts import AlertMetrics, ReceiverFigures
from monitor.adapters.notify.alertmanager import AlertmanagerNotifier
from monitor.adapters.notify.apprise import AppriseNotifier, AppriseUrlError
from monitor.adapters.notify.spool import SpoolNotifier
from monitor.adapters.notify.syslog import SyslogNotifier
from monitor.adapters.notify.webhook import WebhookNotifier
from monitor.app.wiring import alert_rules_file
from monitor.domain.alert import Severity
from monitor.domain.device import Device
from monitor.domain.incident import Shared
from monitor.domain.notification import Message
from monitor.ports import Notifier, StoreError
from monitor.services.alert_details import AlertDetails
from monitor.services.alert_readings import AlertReadings, Health, Past
from monitor.services.alerting import Alerting, Receiver
from monitor.services.delivery import ReceiverDelivery, Terms
from monitor.services.device_index import DeviceIndex
from monitor.services.evaluation import Evaluator
from monitor.services.incident_tracker import IncidentTracker, Pace
from monitor.services.ingest import Ingest
from monitor.services.live_counts import LiveCounts
from monitor.services.order_keeper import OrderKeeper
from monitor.services.own_network import OwnNetwork, Phase
from monitor.services.polling import Polling
from monitor.settings import ReceiverSettings, Settings, SettingsError

SLOW_EVERY_S = 300.0
OUTBOX_KEPT_S = 30 * 86_400
PAST_KEPT_S = 8 * 86_400
_PART = 250


class AlertingParts:
    """All that alerting runs.

    Args:
        settings: of the whole service.
        database: where everything is kept.
        folder: what relative paths in the settings are relative to.
        evaluator: gives the tree and the targets.
        counts: gives the live counts.
        ingest: whose commits are followed, and which knows the states.
        own_network: tells of our own outage.
        polling: tells how far looks are behind.
        clock_trusted: tells whether our clock is known to be right.
        broken_credentials: gives the groups whose present version many devices refuse.
        now: our time, epoch seconds.

    Raises:
        AlertRulesFileError: the rules file holds mistakes.
        SettingsError: a receiver cannot be made.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        folder: Path,
        evaluator: Callable[[], Evaluator],
        counts: Callable[[], LiveCounts],
        ingest: Ingest,
        own_network: OwnNetwork,
        polling: Polling,
        clock_trusted: Callable[[], bool],
        broken_credentials: Callable[[], Sequence[str]],
        now: Callable[[], float],
    ) -> None:
        site = settings.alerting
        self._settings = settings
        self._folder = folder
        self._now = now
        self._counts = counts
        self._evaluator = evaluator
        self._ingest = ingest
        self._own_network = own_network
        self._polling = polling
        self._clock_trusted = clock_trusted
        self._broken_credentials = broken_credentials
        self._inventory = SqlInventory(database)
        self._queries = SqlQueries(database)
        self._trend = SqlTrend(database)
        self._directory = SqlDirectory(database)
        self._parent_names: dict[str, str] = {}
        self.outbox = SqlOutbox(database)
        if problems := problems_of_receivers(settings, folder=folder):
            raise SettingsError(folder, problems)
        rules = read_alert_rules(alert_rules_file(settings, folder=folder), receivers=settings.receivers)
        self.tracker = IncidentTracker(
            DeviceIndex(evaluator().tree, _Counted(counts), carriers=site.carriers),
            standing=counts,
            assessed_in=lambda county: self.readings.assessed_in(county),
            name_of=self._name_of,
            pace=Pace(hold_down_s=site.hold_down_s, window_s=site.window_s, settle_s=site.settle_s),
        )
        self.readings = AlertReadings(evaluator, counts=counts, incidents=self.tracker.incidents, zone=settings.zone())
        self._orders = OrderKeeper(
            self.tracker,
            counts=counts,
            state_of=ingest.states.get,
            good_looks=site.good_looks,
            receivers=site.orders_to,
        )
        self.alerting = Alerting(
            SqlAlertStore(database),
            rules=rules,
            receivers=[_receiver(name, each) for name, each in settings.receivers.items()],
            readings=self.readings,
            details=AlertDetails(
                self.readings,
                evaluator=evaluator,
                incidents=self.tracker.incidents,
                page=site.page,
                handbook=site.handbook,
            ),
            tracker=self.tracker,
            counts=counts,
            orders=self._orders,
            lineage=lambda code: evaluator().tree.lineage(code),
            zone=settings.zone(),
            send_now=self._send_now,
            names=self._names_of,
        )
        self.deliveries = [
            ReceiverDelivery(
                name,
                self.outbox,
                notifier_of(name, each, folder=folder),
                terms=Terms(
                    wait_s=site.group_wait_s,
                    urgent_wait_s=site.urgent_wait_s,
                    per_minute=each.per_minute,
                    timeout_s=each.timeout_s,
                    result_within_s=each.result_within_s,
                ),
                raised=lambda name=name: self.alerting.messages_of_raised(name, at=int(now())),  # type: ignore[misc]
            )
            for name, each in settings.receivers.items()
        ]
        self.alerting.on_told(lambda _rows: self._wake())

    async def load(self) -> None:
        """Take up what is stored; before any further commit.

        Raises:
            StoreError: it cannot be read.
        """
        if not self._settings.alerting.enabled:
            return
        for part in self._parts_of_devices():
            self.tracker.index.know_parents(part)
        await self.alerting.load(at=int(self._now()), last_seq=await self._queries.last_seq())
        self._ingest.on_commit(lambda _states, changes: self.tracker.note(changes))
        self._own_network.on_phase(self._note_phase)
        await self._read_slow_things()

    def work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Give what runs until the service stops."""
        if not self._settings.alerting.enabled:
            return
        yield self._rounds()
        yield self._keep_up()
        for delivery in self.deliveries:
            yield delivery.work(self._now)

    def follow(self, devices: Sequence[Device]) -> None:
        """Take in devices that are new or have changed."""
        self.tracker.index.put(devices)

    def figures(self) -> AlertMetrics:
        """Give what the metrics show."""
        incidents: Counter[tuple[str, str]] = Counter()
        devices: Counter[tuple[str, str]] = Counter()
        for incident in self.alerting.incidents:
            labels = (incident.kind.value, incident.party.value)
            incidents[labels] += 1
            devices[labels] += incident.down
        severities = Counter(alert.severity.value for alert in self.alerting.raised)
        return AlertMetrics(
            raised={severity.value: severities[severity.value] for severity in Severity},
            happened=self.alerting.counters,
            incidents=incidents,
            incident_devices=devices,
            orders=self._orders.open,
            rounds=self.alerting.rounds,
            errors=self.alerting.errors,
            store_ok=not self.alerting.store_error,
            receivers={
                each.name: ReceiverFigures(each.sent, each.failures, each.waiting, is_up=not each.error)
                for each in self.deliveries
            },
        )

    async def close(self) -> None:
        """Let go of the receivers."""
        for delivery in self.deliveries:
            await delivery.close()

    async def _rounds(self) -> None:
        """Find what all devices share, a part at a time beside the looks; then do round after round."""
        for part in self._parts_of_devices():
            self.tracker.index.put(part)
            await asyncio.sleep(0.002)
        await self.alerting.work(
            self._health, now=self._now, blind=self._is_blind, every_s=self._settings.alerting.every_s
        )

    def _parts_of_devices(self) -> Iterator[Sequence[Device]]:
        first = 0
        while part := self._counts().devices(first, _PART):
            yield part
            first += _PART

    async def _health(self) -> Health:
        last = self._polling.last_look_at
        return Health(
            last_look_age_s=None if last is None else max(0.0, self._now() - last),
            queue_lag_s=self._polling.lag_s(),
            store_ok=self._ingest.store_ok,
            disk_free=await asyncio.to_thread(self._disk_free),
            clock_trusted=self._clock_trusted(),
            broken_credentials=self._broken_credentials(),
            backlog=await self.outbox.backlog(),
        )

    def _disk_free(self) -> Fraction | None:
        if not self._settings.store.url.startswith("sqlite"):
            return None
        usage = shutil.disk_usage(self._folder)
        return Fraction(usage.free, usage.total) if usage.total else None

    def _is_blind(self) -> bool:
        return self._own_network.phase in (Phase.HOLDING, Phase.SET_ASIDE) or not self._own_network.up

    def _note_phase(self, phase: Phase, since: int, _at: int) -> None:
        self.tracker.own_network(down_since=since if phase is Phase.SET_ASIDE else None)

    async def _keep_up(self) -> None:
        """Now and then: read what changes slowly, and forget what was delivered long ago."""
        while True:
            await asyncio.sleep(SLOW_EVERY_S)
            try:
                await self._read_slow_things()
                await self.outbox.forget(before=int(self._now()) - OUTBOX_KEPT_S)
            except StoreError:
                continue  # the rounds say so

    async def _read_slow_things(self) -> None:
        self.readings.exemptions = await self._inventory.exemptions()
        self._parent_names = await self._names_of(self.tracker.index.parents())
        tree = self._evaluator().tree
        regions = [*tree.children(None), *tree.children(tree.children(None)[0].code)] if len(tree) else []
        since = int(self._now()) - PAST_KEPT_S
        past = {}
        for region in regions:
            points = await self._trend.trend(region.code, since=since)
            past[region.code] = [Past(each.at, each.online, each.online + each.offline) for each in points]
        self.readings.past = past

    def _name_of(self, shared: Shared, value: str) -> str:
        if shared in (Shared.TOWN, Shared.COUNTY):
            region = self._evaluator().tree.get(value)
            return region.name if region is not None else value
        return self._parent_names.get(value) or value

    async def _names_of(self, device_ids: Sequence[str]) -> dict[str, str]:
        return {device_id: each.name for device_id, each in (await self._directory.records_of(device_ids)).items()}

    async def _send_now(self, receiver: str, message: Message) -> bool:
        return await next(each for each in self.deliveries if each.name == receiver).send_now(message)

    def _wake(self) -> None:
        for delivery in self.deliveries:
            delivery.wake()


class _Counted:
    """The devices by number, from the live counts that there are by the time they are asked."""

    def __init__(self, counts: Callable[[], LiveCounts]) -> None:
        self._counts = counts

    def number(self, device_id: str) -> int | None:
        """Give the number of a device, None for one that is not known."""
        return self._counts().number(device_id)

    def device(self, number: int) -> Device:
        """Give the device of a number, as it is now."""
        return self._counts().device(number)


def problems_of_receivers(settings: Settings, *, folder: Path) -> list[str]:
    """Give what is wrong with the addresses of the receivers, all of it; no address is repeated."""
    problems: list[str] = []
    for name, each in settings.receivers.items():
        try:
            notifier_of(name, each, folder=folder)
        except SettingsError as error:
            problems += error.problems
    return problems


def notifier_of(name: str, settings: ReceiverSettings, *, folder: Path) -> Notifier:
    """Make the way to a receiver.

    Raises:
        SettingsError: its address is of no use; it is not repeated.
    """
    timeout_s = settings.timeout_s
    if settings.kind == "webhook":
        return WebhookNotifier(settings.url, secret=settings.secret, language=settings.language, timeout_s=timeout_s)
    if settings.kind == "alertmanager":
        return AlertmanagerNotifier(settings.url, resend_s=settings.resend_s, timeout_s=timeout_s)
    if settings.kind == "syslog":
        return SyslogNotifier(settings.url, timeout_s=timeout_s)
    if settings.kind == "spool":
        return SpoolNotifier(folder / settings.folder, secret=settings.secret, language=settings.language)
    try:
        return AppriseNotifier(settings.url, language=settings.language, timeout_s=timeout_s)
    except AppriseUrlError as error:
        raise SettingsError(folder, [f"receivers.{name}.url: {error}"]) from error


def _receiver(name: str, settings: ReceiverSettings) -> Receiver:
    return Receiver(
        name,
        counties=frozenset(settings.counties),
        least=Severity(settings.least),
        is_default=settings.default,
    )
