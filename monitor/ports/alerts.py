"""Alerts, incidents, silences and orders as stored, and what goes out to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.domain.alert import Alert, Happening
from monitor.domain.facts import Party, StateChange
from monitor.domain.incident import Incident, Member
from monitor.domain.notification import Message, Parcel, Waiting
from monitor.domain.silence import Silence
from monitor.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class AlertBook:
    """All that lasts of alerts and incidents, as it is stored.

    Attributes:
        alerts: raised alerts.
        pending: since when a rule's figure is bad, by rule and subject, where it is not raised yet.
        incidents: open incidents.
        members: the devices of open incidents, those that left, too.
        orders: open work orders, and those closed within the time in which the same fault opens them again.
        numbers: the last numbers given out: "alert", "incident", "outbox".
        cursor: the seq of the newest change that incidents were made from.
    """

    alerts: Sequence[Alert] = ()
    pending: Mapping[tuple[str, str], int] = field(default_factory=dict)
    incidents: Sequence[Incident] = ()
    members: Sequence[Member] = ()
    orders: Sequence[WorkOrder] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    cursor: int = 0


@dataclass(slots=True)
class AlertBatch:
    """What one round of alerting stores, what is to be told included: all of it or nothing.

    Attributes:
        pending: all that is pending now; None where that did not change.
        orders: work orders, new or judged; what people reported of them stays as it is stored.
        reopened: work orders that were opened again, what people reported taken back.
        cursor: as in `AlertBook`; None where it did not move.
    """

    alerts: Sequence[Alert] = ()
    pending: Mapping[tuple[str, str], int] | None = None
    incidents: Sequence[Incident] = ()
    members: Sequence[Member] = ()
    orders: Sequence[WorkOrder] = ()
    reopened: Sequence[WorkOrder] = ()
    happenings: list[Happening] = field(default_factory=list)
    outbox: Sequence[Waiting] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    cursor: int | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What people decided since: acknowledgements by alert, parties by incident, silences that last, open orders."""

    acks: Mapping[str, tuple[int, str]]
    parties: Mapping[str, Party]
    silences: Sequence[Silence]
    orders: Sequence[WorkOrder]


class AlertStore(Protocol):
    """What the alerting service keeps; it is the only one that raises and clears."""

    async def load(self, *, at: int) -> AlertBook:
        """Give all that lasts."""

    async def facts_after(self, seq: int) -> list[StateChange]:
        """Give the changes of connectivity after a seq, in seq order."""

    async def decided(self, *, at: int) -> Decided:
        """Give what people decided."""

    async def save(self, batch: AlertBatch) -> None:
        """Store a round in one transaction; a batch given again changes nothing that it stored before.

        Raises:
            StoreBusyError: nothing was stored, or the commit's answer was lost; give the same batch again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """


class AlertQueries(Protocol):
    """Reading alerts, incidents, silences and work orders; lists come newest first."""

    async def alerts(self, *, open_only: bool = False, since: int | None = None) -> list[Alert]:
        """Give alerts: those that last, or lasted at an instant or later."""

    async def alert(self, alert_id: str) -> Alert | None:
        """Give one alert, or None."""

    async def incidents(self, *, open_only: bool = False, since: int | None = None) -> list[Incident]:
        """Give incidents: those that last, or lasted at an instant or later."""

    async def incident(self, incident_id: str) -> Incident | None:
        """Give one incident, or None."""

    async def members(self, incident_id: str) -> list[Member]:
        """Give the devices of an incident, those that it took along first."""

    async def timeline(self, subject: str) -> list[Happening]:
        """Give what happened to an alert, an incident, a silence or a work order, oldest first."""

    async def silences(self) -> list[Silence]:
        """Give all silences, past ones too, in the order of their making."""

    async def orders(self, *, open_only: bool = False, since: int | None = None) -> list[WorkOrder]:
        """Give work orders: those that are open, or were at an instant or later."""


class AlertDecisions(Protocol):
    """What people decide about alerts; each call is one transaction, kept with who and when."""

    async def acknowledge(self, alert_id: str, *, author: str, at: int, note: str = "") -> bool:
        """Note that somebody takes care of a raised alert; False where somebody did so before, or it has cleared."""

    async def silence(self, terms: Silence) -> Silence:
        """Store a silence and give it with its id."""

    async def end_silence(self, silence_id: str, *, author: str, at: int) -> bool:
        """End a silence early; False where there is none of this id that still lasts."""

    async def decide_party(self, incident_id: str, party: Party, *, author: str, at: int, note: str = "") -> bool:
        """Say who is responsible for an incident; False where there is none of this id."""

    async def keep_orders(
        self, orders: Sequence[WorkOrder], happenings: Sequence[Happening], *, reported: bool = False
    ) -> None:
        """Store orders that a person made, or (`reported`) only what they reported, with what happened to them."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one row of the outbox; `sent_at` None where it is to be tried again or waits for a result."""

    key: str
    tries: int
    sent_at: int | None = None
    next_try_at: int = 0
    error: str = ""
    handed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one receiver: rows, the oldest's instant, tries so far, and why the last one failed."""

    receiver: str
    waiting: int
    oldest_at: int
    tries: int
    error: str
    handed: int = 0


class Outbox(Protocol):
    """What is to be told and not known to be delivered."""

    async def waiting(self, receiver: str, *, limit: int = 500) -> list[Waiting]:
        """Give what waits for a receiver, in the order of its writing; what a spool was handed is not among it."""

    async def handed(self, receiver: str) -> list[Waiting]:
        """Give what a spool was handed whose result is not known."""

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        """Keep what became of tries, in one transaction."""

    async def forget(self, *, before: int) -> None:
        """Take away rows that were delivered before an instant."""

    async def backlog(self) -> list[Backlog]:
        """Give what waits, by receiver: how much, since when, and why."""


@dataclass(frozen=True, slots=True)
class SpoolResult:
    """What a relay on the other side says of one message: delivered, or why not; `source` is the file it came in."""

    key: str
    delivered: bool
    error: str
    source: str


class Notifier(Protocol):
    """The way to one receiver.

    Attributes:
        hands_over: whether a message is only handed to a spool, its delivery told later by `results`.
        refresh_every_s: how often it wants to hear of all raised alerts again, seconds; None for never.
    """

    hands_over: bool
    refresh_every_s: int | None

    async def send(self, parcel: Parcel) -> None:
        """Send a parcel.

        Raises:
            NotifyError: it was not taken; it may be sent again.
        """

    async def refresh(self, raised: Sequence[Message]) -> None:
        """Say again what is raised.

        Raises:
            NotifyError: it was not taken.
        """

    async def results(self) -> Sequence[SpoolResult]:
        """Give what became of handed-over messages; each result is given again until it was forgotten."""

    async def forget(self, results: Sequence[SpoolResult]) -> None:
        """Forget results that are stored."""

    async def close(self) -> None:
        """Let go of connections."""
