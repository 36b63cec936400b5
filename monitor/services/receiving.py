"""Receiving: what is pushed to us becomes evidence, and is acknowledged once it is stored (RULES §1, pushed status).

A sender speaks for itself and for the devices that hang on it, and for nobody else; ids that nobody recorded are listed
and never invented. What is late goes to late evidence, what is of the future is refused, and a message delivered twice
changes nothing. Devices that we look at ourselves speak for themselves: what others say of them is passed over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from collectors.base import ClockReading, PollResult
from collectors.pushed import Message, Receipt, Report
from monitor.domain.intake import IntakeRule
from monitor.domain.late import is_late
from monitor.domain.observation import Evidence, Observation, Origin
from monitor.domain.policy import Policy
from monitor.domain.state import Connectivity, DeviceState
from monitor.ports import IntakeStore, RefusedMessage, StoreBusyError, Stranger
from monitor.services.checkpoints import Checkpoints
from monitor.services.ingest import MAX_BACKOFF_S, RETRY_S, Ingest
from monitor.services.kin import Kin
from monitor.services.late_evidence import LateEvidence
from monitor.services.observe import clock_faults

log = structlog.get_logger()

NAMED = 20
"""Refused reports that a receipt names; all are counted."""

NOTED = 2_000
"""Unknown ids and refused messages that wait to be noted, each, at most."""

SHORTEST_S, LONGEST_S = 5, 3_600
"""Bounds of the interval that a sender may name."""

_CLOCK = frozenset({"clock_off", "clock_zone"})
_AT_ONCE = 500
_NOBODY: frozenset[str] = frozenset()


class Receiving:
    """The sink of all listeners, and of what polled platforms say of others.

    Args:
        ingest: where evidence goes.
        late: where late evidence goes.
        notes: where unknown ids and refused messages are noted.
        checkpoints: what is told of tollgates, lanes and numbers of records.
        kin: who hangs on whom.
        policy: the settings of the rules.
        rule: what is taken from one sender.
        now: our time, epoch seconds.
        own_clock_trusted: whether our clock may judge others at this instant.
    """

    def __init__(
        self,
        ingest: Ingest,
        *,
        late: LateEvidence,
        notes: IntakeStore,
        checkpoints: Checkpoints,
        kin: Kin,
        policy: Policy,
        rule: IntakeRule,
        now: Callable[[], float],
        own_clock_trusted: Callable[[], bool],
    ) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._ingest = ingest
        self._late = late
        self._notes = notes
        self._checkpoints = checkpoints
        self._kin = kin
        self._policy = policy
        self._rule = rule
        self._now = now
        self._own_clock_trusted = own_clock_trusted
        self._budgets: dict[str, tuple[float, float]] = {}
        self._strangers: dict[str, Stranger] = {}
        self._refused: dict[str, RefusedMessage] = {}

    async def sink(self, messages: Sequence[Message]) -> list[Receipt]:
        """Take messages and return once all that came of them is stored: the receipts, in their order.

        A busy store is tried again until it takes them, so that nothing is acknowledged that is not stored.

        Raises:
            StoreRefusedError: the store cannot be used as it is.
        """
        receipts: list[Receipt] = []
        touched: list[str] = []
        late: list[Observation] = []
        for message in messages:
            receipts.append(self._take(message, touched, late))
            await asyncio.sleep(0)  # looking goes on between two messages
        pause_s = RETRY_S
        while True:
            try:
                await self._store_notes()
                await self._checkpoints.store_counts(now=int(self._now()))
                if late:
                    await self._late.take(late)
                break
            except StoreBusyError:
                await asyncio.sleep(pause_s)
                pause_s = min(MAX_BACKOFF_S, pause_s * 2)
        await self._ingest.store_now(touched)
        return receipts

    async def hear(self, reporter: str, protocol: str, result: PollResult, at: int, interval_s: int) -> None:
        """Take what a polled platform or recorder says of the devices that it tells about.

        A complete list that leaves a device of it out is a silent look at that device; a partial one says nothing.

        Args:
            reporter: the device that answered.
            protocol: how it was asked.
            result: its answer, with reports.
            at: when it was asked.
            interval_s: how often it is asked.
        """
        mine = self._kin.below(reporter)
        now = int(self._now())
        late: list[Observation] = []
        for start in range(0, len(result.reports), _AT_ONCE):
            for report in result.reports[start : start + _AT_ONCE]:
                reason = self._report(report, reporter, mine, now=now, interval_s=interval_s, trusted=None, late=late)
                self.counts[protocol, reason] += 1
                if reason in ("unknown", "not_yours"):
                    self._note_stranger(report.device, protocol, reporter, reason, at=now)
            await asyncio.sleep(0)
        if result.complete:
            named = {report.device for report in result.reports}
            for device_id in mine - named - {reporter}:
                if self._kin.is_looked_at(device_id):
                    continue
                missing = Observation(device_id, at, Evidence.SILENT, interval_s, origin=Origin.REPORTED)
                self._ingest.accept(missing, guarded=False)
        try:
            await self._store_notes()
            await self._checkpoints.take(reporter, result.tollgates, result.lanes)
            if late:
                await self._late.take(late)
        except StoreBusyError:
            log.warning("report.not_noted", reporter=reporter)

    def _take(self, message: Message, touched: list[str], late: list[Observation]) -> Receipt:
        now = int(self._now())
        protocol, sender = message.protocol, message.sender
        refusal = message.refusal
        if not refusal and sender not in self._ingest.states:
            self._note_stranger(sender, protocol, sender, "unknown", at=now)
            refusal = "unknown sender"
        elif not refusal and not self._has_budget(sender):
            refusal = "too many messages"
        if refusal:
            self.counts[protocol, "refused_message"] += 1
            if message.digest or refusal != "unknown sender":
                self._note_refused(message, refusal, at=now)
            return Receipt(0, len(message.reports), [("", refusal)])
        interval_s = min(LONGEST_S, max(SHORTEST_S, message.interval_s or self._policy.interval_s))
        mine = self._kin.below(sender)
        trusted = None if message.sent_at is None else abs(now - message.sent_at) <= self._policy.clock_limit_s
        receipt = Receipt()
        refused: list[tuple[str, str]] = []
        counts: Counter[str] = Counter()
        for report in message.reports:
            reason = self._report(
                report,
                sender,
                mine,
                now=now,
                interval_s=interval_s,
                trusted=trusted,
                late=late,
                since=message.since,
            )
            counts[reason] += 1
            if reason == "taken":
                touched.append(report.device)
            elif reason in ("unknown", "not_yours", "future"):
                receipt.refused_count += 1
                if len(refused) < NAMED:
                    refused.append((report.device, reason))
                if reason != "future":
                    self._note_stranger(report.device, protocol, sender, reason, at=now)
        if message.alive and (shown := self._shows_itself(message, now=now)) is not None:
            counts[self._report(shown, sender, mine, now=now, interval_s=interval_s, trusted=None, late=late)] += 1
            touched.append(sender)
        for reason, count in counts.items():
            self.counts[protocol, reason] += count
        receipt.taken = len(message.reports) - receipt.refused_count
        receipt.refused = refused
        return receipt

    def _report(
        self,
        report: Report,
        sender: str,
        mine: frozenset[str],
        *,
        now: int,
        interval_s: int,
        trusted: bool | None,
        late: list[Observation],
        since: int | None = None,
    ) -> str:
        """Take one report and say what became of it: one of the results of `vidnet_reports_total`."""
        device_id, at = report.device, report.at
        state = self._ingest.states.get(device_id)
        if state is None:
            return "unknown"
        if device_id != sender:
            if device_id not in mine:
                return "not_yours"
            if self._kin.is_looked_at(device_id):
                return "looked_at"
        if at > now:
            if at > now + self._rule.future_s:
                return "future"
            at = now
        if report.online is None:
            return "says_nothing"
        last = state.last_evidence_at
        if last is not None and at == last:
            return "again"
        observation = self._judge(
            report, at=at, now=now, own=device_id == sender, interval_s=interval_s, trusted=trusted
        )
        if is_late(state, observation, received_at=now):
            return self._late_report(state, observation, now=now, late=late)
        if since is not None:
            # Not before it last answered: silence that a listener noticed began later.
            observation = replace(observation, since=max(since, (state.answered_at or since) + 1))
        self._ingest.accept(observation, guarded=False)
        return "taken"

    def _judge(
        self, report: Report, *, at: int, now: int, own: bool, interval_s: int, trusted: bool | None
    ) -> Observation:
        """Turn one report into evidence; a clock is judged only where whoever read it has a right one itself."""
        if not report.online:
            return Observation(report.device, at, Evidence.SILENT, interval_s, confirmed=True, origin=Origin.REPORTED)
        faults, checked = report.faults, report.checked
        could_show = frozenset(checked) if checked else _NOBODY
        if report.clock_s is not None and (own or trusted) and self._own_clock_trusted():
            # A device's own word may have waited in a queue, and then its clock seems to be behind.
            read_at = now if own else report.at
            if trusted or report.clock_s >= read_at - self._policy.clock_limit_s:
                reading = ClockReading(report.clock_s, None, "", "", read_at)
                faults = (*faults, *clock_faults(reading, limit_s=self._policy.clock_limit_s))
                could_show |= _CLOCK
        if report.records is not None:
            shown, checked_too = self._checkpoints.judge(report.device, report.records, now=now)
            faults, could_show = (*faults, *shown), could_show | checked_too
        return Observation(
            report.device,
            at,
            Evidence.ANSWERED,
            interval_s,
            faults=faults,
            could_show=could_show,
            proves_itself=own,
            origin=Origin.REPORTED,
            asleep=report.asleep,
        )

    def _late_report(self, state: DeviceState, observation: Observation, *, now: int, late: list[Observation]) -> str:
        """Keep late evidence for seconds that may be unknown; for known ones it is counted and dropped (RULES §4)."""
        self._ingest.expire_overdue((state.device_id,), at=now)
        state = self._ingest.states[state.device_id]
        known = state.connectivity is not Connectivity.UNKNOWN and observation.at >= state.connectivity_since
        if known:
            return "late_known"
        late.append(observation)
        return "late"

    def _shows_itself(self, message: Message, *, now: int) -> Report | None:
        """A sender that sent just now works, whatever it says of others; one of a queue did so at its own time."""
        at = message.sent_at
        if at is None:
            at = max((report.at for report in message.reports), default=None)
        if at is None or at > now + self._rule.future_s:
            at = now
        if any(report.device == message.sender for report in message.reports):
            return None
        return Report(message.sender, min(at, now), True)

    def _has_budget(self, sender: str) -> bool:
        """Take one message off a sender's budget; a flood of one must not take the others' time."""
        now = self._now()
        left, since = self._budgets.get(sender, (float(self._rule.burst), now))
        left = min(self._rule.burst, left + (now - since) * self._rule.per_second)
        enough = left >= 1
        self._budgets[sender] = (left - 1 if enough else left, now)
        return enough

    def _note_stranger(self, device_id: str, protocol: str, sender: str, reason: str, *, at: int) -> None:
        known = self._strangers.get(device_id)
        if known is None and len(self._strangers) >= NOTED:
            return
        first_at, count = (known.first_at, known.count) if known else (at, 0)
        self._strangers[device_id] = Stranger(device_id, protocol, sender, reason, first_at, at, count + 1)

    def _note_refused(self, message: Message, reason: str, *, at: int) -> None:
        digest = message.digest or f"{message.sender} {reason}"
        known = self._refused.get(digest)
        if known is None and len(self._refused) >= NOTED:
            return
        first_at, count = (known.first_at, known.count) if known else (at, 0)
        self._refused[digest] = RefusedMessage(
            digest, message.protocol, message.sender, reason, message.size, first_at, at, count + 1
        )

    async def _store_notes(self) -> None:
        """Store what waits to be noted.

        Raises:
            StoreBusyError: nothing was stored; it goes on waiting.
            StoreRefusedError: the store cannot be used as it is.
        """
        strangers, refused = self._strangers, self._refused
        if not strangers and not refused:
            return
        self._strangers, self._refused = {}, {}
        try:
            await self._notes.note(list(strangers.values()), list(refused.values()))
        except StoreBusyError:
            self._strangers = strangers | self._strangers
            self._refused = refused | self._refused
            raise
