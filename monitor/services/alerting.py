"""Alerting: round after round incidents are kept up, rules decided over, and what is to be told put into the outbox.

A round is stored in one transaction: alerts, incidents, work orders and the rows of the outbox. Nothing is sent that is
not stored, and a round that could not be stored is given again as it was, before there is another one. Receivers are
served elsewhere (`services.delivery`), so that none of them holds up a round, and no round the looks.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

import structlog

from monitor.domain.alert import Alert, Happening, Reading, Severity, Subject, Telling
from monitor.domain.alert_rule import AlertRule
from monitor.domain.alert_words import words_en, words_zh
from monitor.domain.alerting import Decision, decide_rule
from monitor.domain.incident import Incident, Shared, title_of
from monitor.domain.notification import Message, Waiting
from monitor.domain.silence import Silence
from monitor.domain.state import Connectivity, DeviceState
from monitor.domain.work_order import WorkOrder, judged, reopened, reopens
from monitor.ports import AlertBatch, AlertStore, StoreBusyError
from monitor.services.alert_readings import AlertReadings, Health
from monitor.services.incident_tracker import IncidentTracker, Updates
from monitor.services.live_counts import LiveCounts

log = structlog.get_logger()

ORDERS_EVERY_S = 60
MOST_ORDER_DEVICES = 5_000


@dataclass(frozen=True, slots=True)
class Receiver:
    """What decides whether a receiver is told.

    Attributes:
        name: as the rules name it.
        counties: only alerts of these counties; empty for all, and for those of the whole city.
        least: nothing milder.
        is_default: told by rules that name no receiver.
    """

    name: str
    counties: frozenset[str] = frozenset()
    least: Severity = Severity.INFO
    is_default: bool = True

    def takes(self, severity: Severity, county: str) -> bool:
        """Tell whether it is told of an alert of this severity and county."""
        return severity.rank <= self.least.rank and (not self.counties or county in self.counties)


class Alerting:
    """Decides, keeps and tells.

    Args:
        store: where all of it is kept.
        rules: the alert rules.
        receivers: who may be told.
        readings: gives what the rules are asked about.
        tracker: the incidents.
        counts: gives the live counts.
        state_of: gives a device's state, None for one that is not in the inventory.
        lineage: gives the codes of a region and of those above.
        zone: the city's zone.
        good_looks: how many good looks close a work order.
        orders_to: names of the receivers that work orders are sent to.
    """

    def __init__(
        self,
        store: AlertStore,
        *,
        rules: Sequence[AlertRule],
        receivers: Sequence[Receiver],
        readings: AlertReadings,
        tracker: IncidentTracker,
        counts: Callable[[], LiveCounts],
        state_of: Callable[[str], DeviceState | None],
        lineage: Callable[[str], Sequence[str]],
        zone: tzinfo,
        good_looks: int = 3,
        orders_to: Sequence[str] = (),
    ) -> None:
        self.rounds = 0
        self.store_error = ""
        self.counters: Counter[tuple[str, str]] = Counter()
        self._store = store
        self._rules = {rule.id: rule for rule in rules}
        self._receivers = {receiver.name: receiver for receiver in receivers}
        self._readings = readings
        self._tracker = tracker
        self._counts = counts
        self._state_of = state_of
        self._lineage = lineage
        self._zone = zone
        self._good_looks = good_looks
        self._orders_to = tuple(orders_to)
        self._alerts: dict[str, dict[str, Alert]] = {rule: {} for rule in self._rules}
        self._orders: dict[str, WorkOrder] = {}
        self._silences: Sequence[Silence] = ()
        self._numbers: Counter[str] = Counter()
        self._unsaved: AlertBatch | None = None
        self._judged_at = 0
        self._listeners: list[Callable[[Sequence[Waiting]], None]] = []

    def on_told(self, listener: Callable[[Sequence[Waiting]], None]) -> None:
        """Call a listener with what a stored round put into the outbox."""
        self._listeners.append(listener)

    @property
    def raised(self) -> list[Alert]:
        """The alerts that are raised now, the most severe first."""
        found = [alert for alerts in self._alerts.values() for alert in alerts.values() if alert.is_raised]
        return sorted(found, key=lambda alert: (alert.severity.rank, alert.raised_at or 0))

    @property
    def incidents(self) -> list[Incident]:
        """The open incidents, the largest first."""
        found = [one.incident for one in self._tracker.open.values()]
        return sorted(found, key=lambda incident: -incident.down)

    @property
    def open_orders(self) -> int:
        """How many work orders are open."""
        return sum(order.closed_at is None for order in self._orders.values())

    async def load(self, *, at: int, last_seq: int) -> None:
        """Take up what is stored, and take note of the changes that came after it.

        Args:
            at: now.
            last_seq: the newest seq; at the very first start what was before it is history.

        Raises:
            StoreError: it cannot be read.
        """
        book = await self._store.load(at=at)
        cursor = book.cursor or last_seq
        dead = [
            (device.id, since)
            for device, since in self._counts().all_offline()
            if self._tracker.index.is_parent(device.id)
        ]
        self._tracker.restore(book.incidents, book.members, number=book.numbers["incident"], cursor=cursor, dead=dead)
        self._tracker.note(await self._store.facts_after(cursor))
        self._numbers.update(book.numbers)
        self._orders = {order.id: order for order in book.orders}
        for (rule, key), since in book.pending.items():
            if rule in self._alerts:
                self._alerts[rule][key] = _pending(self._rules[rule], key, since)
        orphans = []
        for alert in book.alerts:
            if alert.rule in self._alerts:
                self._alerts[alert.rule][alert.subject.key] = alert
            else:
                orphans.append(replace(alert, cleared_at=at))
        if orphans:
            happened = [Happening(alert.id, at, "rule_gone", note=alert.rule) for alert in orphans]
            await self._store.save(AlertBatch(alerts=orphans, happenings=happened))

    async def work(
        self,
        health: Callable[[], Awaitable[Health]],
        *,
        now: Callable[[], float],
        blind: Callable[[], bool],
        every_s: float,
    ) -> None:
        """Do a round now and then until cancelled.

        Args:
            health: gives what the service knows of itself.
            now: our time, epoch seconds.
            blind: tells whether our own network is down, or decisions over a mass failure are held.
            every_s: pause between two rounds, seconds.
        """
        while True:
            try:
                await self.round(await health(), at=int(now()), blind=blind())
            except StoreBusyError as error:
                self._note_lost(str(error))
            await asyncio.sleep(every_s)

    async def round(self, health: Health, *, at: int, blind: bool = False) -> None:
        """Do one round.

        Raises:
            StoreBusyError: it is not stored; the next call gives the same again before anything else.
            StoreRefusedError: the store cannot be used as it is.
        """
        if self._unsaved is not None:
            await self._save(self._unsaved)
        await self._take_decisions(at)
        updates = self._tracker.step(at, blind=blind)
        closed = [incident for incident in updates.incidents if not incident.is_open]
        self._readings.begin(at=at, health=health, closed=closed, blind=blind)
        batch = AlertBatch(
            incidents=updates.incidents,
            members=updates.members,
            happenings=list(updates.happenings),
            cursor=updates.cursor,
        )
        self._decide(batch, at=at, blind=blind)
        self._mind_orders(batch, updates, at=at)
        self.rounds += 1
        if not _is_empty(batch):
            batch.numbers = {"incident": self._tracker.number} | {n: self._numbers[n] for n in ("alert", "outbox")}
            self._unsaved = batch
            await self._save(batch)

    def messages_of_raised(self, receiver: str, *, at: int) -> list[Message]:
        """Give what is raised and a receiver was told of, as messages of now."""
        found = []
        for alert in self.raised:
            rule = self._rules[alert.rule]
            if alert.tellings and receiver in self._told(rule, alert, Telling.REMINDED):
                found.append(self._message(rule, alert, Telling.REMINDED, at=at))
        return found

    async def _save(self, batch: AlertBatch) -> None:
        await self._store.save(batch)
        self._unsaved = None
        if self.store_error:
            self.store_error = ""
            log.info("alerting.store_back")
        for happening in batch.happenings:
            log.info("alerting.happened", subject=happening.subject, kind=happening.kind, note=happening.note)
        if batch.outbox:
            for listener in self._listeners:
                listener(batch.outbox)

    def _note_lost(self, error: str) -> None:
        if not self.store_error:
            log.warning("alerting.store_lost", error=" ".join(error.split()))
        self.store_error = error

    async def _take_decisions(self, at: int) -> None:
        """Take in what people decided since."""
        decided = await self._store.decided(at=at)
        self._silences = decided.silences
        for alerts in self._alerts.values():
            for key, alert in alerts.items():
                if alert.id in decided.acks:
                    acked_at, acked_by = decided.acks[alert.id]
                    alerts[key] = replace(alert, acked_at=acked_at, acked_by=acked_by)
        for incident_id, party in decided.parties.items():
            self._tracker.decide_party(incident_id, party)
        fresh = {order.id: order for order in decided.orders}
        self._orders = {
            order_id: order for order_id, order in self._orders.items() if order.closed_at is not None
        } | fresh

    def _decide(self, batch: AlertBatch, *, at: int, blind: bool) -> None:
        alerts: list[Alert] = []
        outbox: list[Waiting] = []
        pending_before = self._pending()
        for rule in self._rules.values():
            known = self._alerts[rule.id]
            readings = self._readings.of(rule, known.values())
            silenced = self._is_silenced_at(at)
            decisions = decide_rule(
                rule, readings, known, at=at, zone=self._zone, is_silenced=silenced, blind=blind and _is_theirs(rule)
            )
            now: dict[str, Alert] = {}
            for decision in decisions:
                if decision.alert is None:
                    continue
                alert = self._kept(rule, decision, batch, at)
                if alert.id and decision.changed:
                    alerts.append(alert)
                outbox += self._rows(rule, alert, decision, batch, at)
                if alert.cleared_at is None:
                    now[alert.subject.key] = alert
            if blind and _is_theirs(rule):
                now = known | now
            self._alerts[rule.id] = now
        batch.alerts = alerts
        batch.outbox = outbox
        pending = self._pending()
        if pending != pending_before:
            batch.pending = pending

    def _kept(self, rule: AlertRule, decision: Decision, batch: AlertBatch, at: int) -> Alert:
        """Give an alert that was just raised its id, and note in its timeline what happened."""
        alert = decision.alert
        assert alert is not None  # noqa: S101 - asked before
        happenings = batch.happenings
        if alert.raised_at is not None and not alert.id:
            self._numbers["alert"] += 1
            alert = replace(alert, id=f"A{self._numbers['alert']}")
            self.counters["raised", rule.severity.value] += 1
            happenings.append(Happening(alert.id, at, "raised", note=rule.id))
            if alert.incident:
                happenings.append(Happening(alert.incident, at, "alert", note=alert.id))
        if alert.cleared_at is not None:
            self.counters["cleared", rule.severity.value] += 1
            happenings.append(Happening(alert.id, at, "cleared"))
        return alert

    def _rows(self, rule: AlertRule, alert: Alert, decision: Decision, batch: AlertBatch, at: int) -> list[Waiting]:
        """Give the rows of the outbox that a decision makes."""
        rows = []
        happenings = batch.happenings
        for telling in decision.tellings:
            receivers = self._told(rule, alert, telling)
            happenings.append(Happening(alert.id, at, f"told_{telling}", note=", ".join(receivers)))
            if telling is Telling.RAISED and rule.order:
                rows += self._order(alert, batch, at)
            if receivers:
                message = self._message(rule, alert, telling, at=at)
                rows += [self._row(receiver, message) for receiver in receivers]
        return rows

    def _row(self, receiver: str, message: Message) -> Waiting:
        self._numbers["outbox"] += 1
        return Waiting(self._numbers["outbox"], receiver, message)

    def _told(self, rule: AlertRule, alert: Alert, telling: Telling) -> list[str]:
        """Give the names of the receivers that a telling goes to."""
        if telling is Telling.ESCALATED:
            names: list[str] = [rule.escalate_to[alert.escalated - 1]]
        else:
            default = [receiver.name for receiver in self._receivers.values() if receiver.is_default]
            names = [*(rule.receivers or default), *rule.escalate_to[: alert.escalated]]
        takers = [self._receivers[name] for name in dict.fromkeys(names)]
        return [each.name for each in takers if each.takes(alert.severity, alert.subject.county)]

    def _message(self, rule: AlertRule, alert: Alert, telling: Telling, *, at: int) -> Message:
        detail = self._readings.detail(rule, alert)
        zh = words_zh(rule, alert, telling, detail, at=at, zone=self._zone)
        en = words_en(rule, alert, telling, detail, at=at, zone=self._zone)
        number = alert.escalated if telling is Telling.ESCALATED else alert.tellings
        return Message(
            key=f"{alert.id}:{telling}:{number}",
            telling=telling,
            alert=alert.id,
            rule=rule.id,
            severity=alert.severity,
            at=at,
            title_zh=zh.title,
            body_zh=zh.body,
            title_en=en.title,
            body_en=en.body,
            county=alert.subject.county,
            place_zh=alert.subject.name_zh,
            place_en=alert.subject.name_en,
            incident=alert.incident,
            subject=alert.subject.key,
            raised_at=alert.raised_at or at,
            devices=detail.devices,
        )

    def _is_silenced_at(self, at: int) -> Callable[[AlertRule, Reading], bool]:
        holding = [silence for silence in self._silences if silence.holds_at(at, self._zone)]

        def is_silenced(rule: AlertRule, reading: Reading) -> bool:
            if not holding:
                return False
            lineage = self._lineage(reading.subject.region)
            return any(silence.covers(rule.id, reading.subject, lineage) for silence in holding)

        return is_silenced

    def _pending(self) -> dict[tuple[str, str], int]:
        return {
            (rule, key): alert.since
            for rule, alerts in self._alerts.items()
            for key, alert in alerts.items()
            if not alert.id
        }

    # -- work orders -------------------------------------------------------------------------------------------------

    def _order(self, alert: Alert, batch: AlertBatch, at: int) -> list[Waiting]:
        """Make a work order of an alert, or open the closed one of the same fault again."""
        incident = self._tracker.incident(alert.incident) if alert.incident else None
        if incident is not None:
            subject, fault = incident.id, f"{incident.kind}:{incident.shared}:{incident.value}"
            title_zh, title_en = title_of(incident)
            devices = tuple(self._tracker.ever_in(incident.id)[:MOST_ORDER_DEVICES])
        else:
            subject, fault = alert.id, f"{alert.rule}:{alert.subject.key}"
            title_zh, title_en = alert.subject.name_zh, alert.subject.name_en
            devices = self._readings.detail(self._rules[alert.rule], alert).devices
        index = self._tracker.index
        numbers = [number for number in map(index.number, devices) if number is not None]
        before = next((order for order in self._orders.values() if reopens(order, fault=fault, at=at)), None)
        happenings = batch.happenings
        if before is not None:
            order = reopened(before, subject=subject, devices=devices, at=at)
            batch.reopened = [*batch.reopened, order]
            happenings.append(Happening(order.id, at, "reopened", note=subject))
        else:
            order = WorkOrder(
                id=f"W-{subject}",
                fault=fault,
                subject=subject,
                title_zh=title_zh,
                title_en=title_en,
                opened_at=at,
                county=alert.subject.county,
                maintainer=_most(index.value(Shared.MAINTAINER, number) for number in numbers),
                contract=_most(index.value(Shared.CONTRACT, number) for number in numbers),
                devices=devices,
            )
            batch.orders = [*batch.orders, order]
            happenings.append(Happening(order.id, at, "opened", note=subject))
        self._orders[order.id] = order
        return [self._row(name, _order_message(order, alert, at=at)) for name in self._orders_to]

    def _mind_orders(self, batch: AlertBatch, updates: Updates, *, at: int) -> None:
        """Close orders whose devices have proved it, and keep up those of incidents that grew."""
        grown = {member.incident for member in updates.members if member.left_at is None}
        changed: dict[str, WorkOrder] = {}
        for order in list(self._orders.values()):
            if order.closed_at is None and order.subject in grown and order.subject in self._tracker.open:
                devices = tuple(self._tracker.ever_in(order.subject)[:MOST_ORDER_DEVICES])
                changed[order.id] = self._orders[order.id] = replace(order, devices=devices)
        if at - self._judged_at >= ORDERS_EVERY_S or any(not each.is_open for each in updates.incidents):
            self._judged_at = at
            lasting = {alert.id for alert in self.raised} | set(self._tracker.open)
            for order in list(self._orders.values()):
                if order.closed_at is None and order.subject not in lasting:
                    after = judged(order, map(self._committed, order.devices), at=at, looks=self._good_looks)
                    if after is not order:
                        changed[order.id] = self._orders[order.id] = after
        opened = {order.id for order in (*batch.orders, *batch.reopened)}
        happenings = batch.happenings
        happenings += [Happening(each.id, at, "closed") for each in changed.values() if each.closed_at is not None]
        batch.orders = [*batch.orders, *(order for order in changed.values() if order.id not in opened)]

    def _committed(self, device_id: str) -> DeviceState | None:
        """Give a device's state where its connectivity is committed as it says; else one that proves nothing."""
        state = self._state_of(device_id)
        if state is None or self._counts().connectivity(device_id) is state.connectivity:
            return state
        return replace(state, connectivity=Connectivity.UNKNOWN)


def _pending(rule: AlertRule, key: str, since: int) -> Alert:
    return Alert(rule.id, Subject(key, "", ""), rule.severity, since)


def _is_theirs(rule: AlertRule) -> bool:
    """Tell whether a rule is about devices, so that it decides nothing while our own network is down."""
    return rule.measure.is_regional or rule.measure.value in ("dark_point", "exemption_over")


def _most(values: Iterable[str]) -> str:
    counted = Counter(value for value in values if value)
    return counted.most_common(1)[0][0] if counted else ""


def _order_message(order: WorkOrder, alert: Alert, *, at: int) -> Message:
    zh = f"责任运维 {order.maintainer or '–'}，合同 {order.contract or '–'}，设备 {len(order.devices):,} 台"
    en = f"maintainer {order.maintainer or '–'}, contract {order.contract or '–'}, {len(order.devices):,} devices"
    again = order.reopened > 0
    return Message(
        key=f"{order.id}:{order.reopened}:opened",
        telling=Telling.RAISED,
        alert=alert.id,
        rule="work-order",
        severity=alert.severity,
        at=at,
        title_zh=f"【{'重开' if again else ''}工单】{order.id} {alert.subject.name_zh} {order.title_zh}",
        body_zh=zh,
        title_en=f"[{'reopened ' if again else ''}work order] {order.id} {alert.subject.name_en}: {order.title_en}",
        body_en=en,
        county=order.county,
        place_zh=alert.subject.name_zh,
        place_en=alert.subject.name_en,
        incident=alert.incident,
        subject=order.subject,
        raised_at=order.opened_at,
        devices=order.devices,
        order=order.id,
    )


def _is_empty(batch: AlertBatch) -> bool:
    return not (
        batch.alerts
        or batch.pending is not None
        or batch.incidents
        or batch.members
        or batch.orders
        or batch.reopened
        or batch.happenings
        or batch.outbox
        or batch.cursor is not None
    )
