"""Alerting: round after round incidents are kept up, rules decided over, and what is to be told put into the outbox.

A round is stored in one transaction: alerts, incidents, work orders and the rows of the outbox. Nothing is sent that is
not stored, and a round that could not be stored is given again as it was, before there is another one. Receivers are
served elsewhere (`services.delivery`), so that none of them holds up a round, and no round the looks.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from fractions import Fraction

import structlog

from monitor.domain.alert import Alert, Happening, Reading, Severity, Subject, Telling
from monitor.domain.alert_rule import AlertRule, Measure
from monitor.domain.alert_words import words_en, words_zh
from monitor.domain.alerting import Decision, decide_rule
from monitor.domain.incident import Incident
from monitor.domain.notification import Message, Waiting
from monitor.domain.silence import Silence
from monitor.ports import AlertBatch, AlertStore, StoreBusyError, StoreError
from monitor.services.alert_details import AlertDetails
from monitor.services.alert_names import Names, with_names
from monitor.services.alert_readings import AlertReadings, Health
from monitor.services.incident_tracker import IncidentTracker
from monitor.services.live_counts import LiveCounts
from monitor.services.order_keeper import OrderKeeper

log = structlog.get_logger()

FIGURES_EVERY_S = 60


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
        details: gives what a message tells beside its alert.
        tracker: the incidents.
        counts: gives the live counts.
        orders: the work orders.
        lineage: gives the codes of a region and of those above.
        zone: the city's zone.
        send_now: sends a receiver a message past the outbox, and tells whether it was taken.
    """

    def __init__(
        self,
        store: AlertStore,
        *,
        rules: Sequence[AlertRule],
        receivers: Sequence[Receiver],
        readings: AlertReadings,
        details: AlertDetails,
        tracker: IncidentTracker,
        counts: Callable[[], LiveCounts],
        orders: OrderKeeper,
        lineage: Callable[[str], Sequence[str]],
        zone: tzinfo,
        send_now: Callable[[str, Message], Awaitable[bool]],
        names: Names,
    ) -> None:
        self.rounds = 0
        self.errors = 0
        self.store_error = ""
        self.counters: Counter[tuple[str, str]] = Counter()
        self._store = store
        self._rules = {rule.id: rule for rule in rules}
        self._receivers = {receiver.name: receiver for receiver in receivers}
        self._readings = readings
        self._details = details
        self._tracker = tracker
        self._counts = counts
        self._orders = orders
        self._lineage = lineage
        self._zone = zone
        self._send_now = send_now
        self._names = names
        self._lost_at = 0
        self._last_seq = 0
        self._must_load = False
        self._told_of_store: list[str] = []
        self._alerts: dict[str, dict[str, Alert]] = {rule: {} for rule in self._rules}
        self._silences: Sequence[Silence] = ()
        self._numbers: Counter[str] = Counter()
        self._figures: dict[str, tuple[int, Fraction | None]] = {}
        self._unsaved: AlertBatch | None = None
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
        found = [one.incident for one in self._tracker.incidents.by_id.values()]
        return sorted(found, key=lambda incident: -incident.down)

    async def load(self, *, at: int, last_seq: int) -> None:
        """Take up what is stored, and take note of the changes that came after it.

        Args:
            at: now.
            last_seq: the newest seq; at the very first start what was before it is history.

        Raises:
            StoreError: it cannot be read.
        """
        self._last_seq = last_seq
        book = await self._store.load(at=at)
        cursor = book.cursor or last_seq
        dead = [
            (device.id, since)
            for device, since in self._counts().all_offline()
            if self._tracker.index.is_parent(device.id)
        ]
        changes = await self._store.facts_after(cursor)
        self._tracker.restore(
            book.incidents, book.members, number=book.numbers["incident"], cursor=cursor, dead=dead, changes=changes
        )
        self._alerts = {rule: {} for rule in self._rules}
        self._numbers = Counter(book.numbers)
        self._orders.restore(book.orders)
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
                await self._tell_of_store(Telling.CLEARED, at=int(now()))
            except StoreBusyError as error:
                self._note_lost(str(error), at=int(now()))
                await self._tell_of_store(Telling.RAISED, at=int(now()))
            except StoreError:
                raise
            except Exception:
                # A mistake of ours must not end the looks; what it left half done is read again from the store.
                log.exception("alerting.error")
                self.errors += 1
                self._must_load = True
            await asyncio.sleep(every_s)

    async def round(self, health: Health, *, at: int, blind: bool = False) -> None:
        """Do one round.

        Raises:
            StoreBusyError: it is not stored; the next call gives the same again before anything else.
            StoreRefusedError: the store cannot be used as it is.
        """
        if self._unsaved is not None:
            await self._save(self._unsaved)
        if self._must_load:
            await self.load(at=at, last_seq=self._last_seq)
            self._must_load = False
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
        self._orders.mind(batch, updates, at=at, raised={alert.id for alert in self.raised})
        batch.outbox = await with_names(batch.outbox, self._names)
        self.rounds += 1
        if not _is_empty(batch):
            batch.numbers = {"incident": self._tracker.incidents.number} | {
                n: self._numbers[n] for n in ("alert", "outbox")
            }
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

    def _note_lost(self, error: str, *, at: int) -> None:
        if not self.store_error:
            log.warning("alerting.store_lost", error=" ".join(error.split()))
            self._lost_at = at
        self.store_error = error

    async def _tell_of_store(self, telling: Telling, *, at: int) -> None:
        """Tell that the store is lost, or back, without it: what cannot be stored can only be said."""
        rule = next((each for each in self._rules.values() if each.measure is Measure.STORE), None)
        if rule is None:
            return
        if telling is Telling.CLEARED:
            receivers = [name for name in self._told_of_store if not self.store_error]
        elif at - self._lost_at < rule.sustained_s:
            return
        else:
            names = self._told(rule, _of_store(rule, self._lost_at, at), telling)
            receivers = [name for name in names if name not in self._told_of_store]
        for name in receivers:
            message = self._message(rule, _of_store(rule, self._lost_at, at), telling, at=at)
            if not await self._send_now(name, message):
                continue
            if telling is Telling.CLEARED:
                self._told_of_store.remove(name)
            else:
                self._told_of_store.append(name)

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
            self._tracker.incidents.decide_party(incident_id, party)
        self._orders.renew(decided.orders)

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
                if alert.id and (decision.changed or self._is_figure_due(alert, at)):
                    self._figures[alert.id] = (at, alert.value)
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

    def _is_figure_due(self, alert: Alert, at: int) -> bool:
        """Tell whether the figure of an alert that lasts is to be stored anew: where it changed, once a minute."""
        stored_at, value = self._figures.get(alert.id, (0, None))
        return alert.value != value and at - stored_at >= FIGURES_EVERY_S

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
            self._figures.pop(alert.id, None)
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
                message = self._orders.make(alert, self._details.of(rule, alert).devices, batch, at=at)
                rows += [self._row(name, message) for name in self._orders.receivers]
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
        detail = self._details.of(rule, alert)
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


def _pending(rule: AlertRule, key: str, since: int) -> Alert:
    return Alert(rule.id, Subject(key, "", ""), rule.severity, since)


def _of_store(rule: AlertRule, since: int, at: int) -> Alert:
    """Give the alert of a store that is lost, which no store can hold: it is named by when it began."""
    subject = Subject("vidnet", "本系统", "vidnet")
    return Alert(rule.id, subject, rule.severity, since, id=f"store-{since}", raised_at=at, tellings=1)


def _is_theirs(rule: AlertRule) -> bool:
    """Tell whether a rule is about devices, so that it decides nothing while our own network is down."""
    return rule.measure.is_regional or rule.measure.value in ("dark_point", "exemption_over")


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
