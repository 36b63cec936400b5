"""What the journeys need from outside: small protocols, and the errors that every implementation raises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.domain.account import Account, ApiToken, LoginSession
from monitor.domain.alert import Alert, Happening
from monitor.domain.audit import AuditEntry
from monitor.domain.baseline import Baseline, LightClass
from monitor.domain.checkpoint import Lane, Tollgate
from monitor.domain.deep import DeepSummary, Identity, Known, Said
from monitor.domain.device import Device, DeviceRecord
from monitor.domain.facts import Axis, Correction, Exemption, InventoryChange, Party, StateChange, Withdrawal
from monitor.domain.incident import Incident, Member
from monitor.domain.login import LoginRecord
from monitor.domain.notification import Message, Parcel, Waiting
from monitor.domain.objecting import Objection
from monitor.domain.observation import Observation
from monitor.domain.period_facts import PeriodFacts
from monitor.domain.picture_look import PictureLook, PictureMemory
from monitor.domain.point import Point
from monitor.domain.region import Region
from monitor.domain.request import Request
from monitor.domain.silence import Silence
from monitor.domain.state import DeviceState
from monitor.domain.target import TargetSet
from monitor.domain.work_order import WorkOrder


class StoreError(Exception):
    """The store could not do what was asked; the message says what happened and what to do next."""


class StoreBusyError(StoreError):
    """The store cannot be written now (locked, disk full, connection lost): keep the batch and try again."""


class StoreChangedError(StoreError):
    """Somebody changed the inventory between reading it and this write: read again, decide again."""


class StoreRefusedError(StoreError):
    """The store cannot be used as it is (read-only, schema older or newer than the program): stop and say so."""


class CredentialsError(Exception):
    """The credentials cannot be used as they are; the message says why, and never what they are."""


@dataclass(frozen=True, slots=True)
class CollectorMark:
    """What must survive a stop of a collector so that its pauses are known (RULES §2).

    Attributes:
        name: the collector's name in the settings.
        last_look_at: when its last look finished, epoch seconds.
        next_due_at: when its next look was due then, epoch seconds.
    """

    name: str
    last_look_at: int
    next_due_at: int


@dataclass(slots=True)
class Batch:
    """What one write transaction stores: all of it or nothing.

    Attributes:
        states: whole states to upsert, one a device.
        changes: changes to append, in order.
        corrections: corrections to append, in order.
        mark: the collector's mark to upsert, if any.
        writer: who gives it; "" for nobody in particular.
        token: marks this batch among all of its writer's, so that one given again after a lost answer is stored once;
            "" for a batch that is never given again.
    """

    states: Sequence[DeviceState] = ()
    changes: Sequence[StateChange] = ()
    corrections: Sequence[Correction] = ()
    mark: CollectorMark | None = None
    writer: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch became: its changes and corrections with the seq they were given."""

    changes: tuple[StateChange, ...] = ()
    corrections: tuple[Correction, ...] = ()


@dataclass(slots=True)
class InventoryBatch:
    """Entities to upsert together with the facts that say who changed what; one transaction.

    Facts get their seqs in the order of the fields: versions of exemptions, inventory changes, versions of requests,
    corrections, withdrawals, sets of targets.

    Attributes:
        made_at: the revision of the inventory that the batch was decided on; the store refuses it where there is a
            newer one. None for a batch that does not depend on what is stored.
    """

    regions: Sequence[Region] = ()
    points: Sequence[Point] = ()
    devices: Sequence[Device] = ()
    records: Sequence[DeviceRecord] = ()
    exemptions: Sequence[Exemption] = ()
    changes: Sequence[InventoryChange] = field(default_factory=tuple)
    requests: Sequence[Request] = ()
    corrections: Sequence[Correction] = ()
    withdrawals: Sequence[Withdrawal] = ()
    target_sets: Sequence[TargetSet] = ()
    made_at: int | None = None


class StateStore(Protocol):
    """The states of all devices and the facts that made them."""

    async def load_states(self) -> list[DeviceState]:
        """Give the state of every device that has one."""

    async def load_mark(self, name: str) -> CollectorMark | None:
        """Give the mark of a collector, None before its first."""

    async def apply(self, batch: Batch) -> Applied:
        """Store a batch in one transaction: states upserted, facts appended with seq.

        A batch with the token of its writer's last one is stored already: it gets the seqs that it got then.

        Raises:
            StoreBusyError: nothing was stored, or the commit's answer was lost; give the same batch again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

    async def close(self) -> None:
        """Finish and let go of connections."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """An id that was reported to us and that we take nothing for; listed, never invented.

    Attributes:
        reason: "unknown" to the inventory, or "not_yours": it does not hang on who reported it.
    """

    id: str
    protocol: str
    reporter: str
    reason: str
    first_at: int
    last_at: int
    count: int


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that was refused whole; of its content nothing is kept but its sha256 and its size in bytes."""

    digest: str
    protocol: str
    sender: str
    reason: str
    size: int
    first_at: int
    last_at: int
    count: int


class IntakeStore(Protocol):
    """What was pushed to us and could not be taken."""

    async def note(self, strangers: Sequence[Stranger], refused: Sequence[RefusedMessage]) -> None:
        """Add to what is noted already: counts add up, and only the newest 10,000 of each are kept.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

    async def strangers(self) -> list[Stranger]:
        """Give all noted ids, the newest first."""

    async def refused(self) -> list[RefusedMessage]:
        """Give all noted messages, the newest first."""


class CheckpointStore(Protocol):
    """Tollgates, their lanes, and how many records their units made an hour."""

    async def tollgates(self) -> list[Tollgate]:
        """Give all tollgates, by id."""

    async def lanes(self) -> list[Lane]:
        """Give all lanes, by tollgate and number."""

    async def put(self, tollgates: Sequence[Tollgate], lanes: Sequence[Lane]) -> None:
        """Store tollgates as they are now; the lanes given are all lanes of those tollgates that they belong to.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

    async def counts(self, *, since: int) -> list[tuple[str, int, int]]:
        """Give (device, hour, count) of every hour from `since` on."""

    async def keep_counts(self, counts: Iterable[tuple[str, int, int]], *, forget_before: int) -> None:
        """Store (device, hour, count) of full hours, the newest word of each, and drop hours before an instant.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """


@dataclass(frozen=True, slots=True)
class LatePast:
    """What late evidence for one device is held against: its changes and corrections in seq order, its late looks."""

    device_id: str
    created_at: int
    changes: Sequence[StateChange]
    corrections: Sequence[Correction]
    looks: Sequence[Observation]


class LateStore(Protocol):
    """Late looks (RULES §4) and the facts around them."""

    async def keep(self, looks: Sequence[Observation], *, received_at: int) -> None:
        """Keep late looks; of one device and instant the first stays.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

    async def past(self, device_ids: Sequence[str]) -> list[LatePast]:
        """Give what is known of devices: connectivity changes, corrections by late evidence, late looks."""

    async def devices(self) -> list[str]:
        """Give the devices that have late looks."""

    async def forget(self, *, before: int) -> None:
        """Drop late looks of instants before one."""


class Inventory(Protocol):
    """Regions, points, devices, exemptions and requests as they are now.

    Every batch recorded makes a new revision of the inventory; `since` asks for what was written after one.
    """

    async def revision(self) -> int:
        """Give the number of the newest revision, 0 for an inventory never recorded."""

    async def regions(self) -> list[Region]:
        """Give all regions."""

    async def points(self, *, since: int = 0) -> list[Point]:
        """Give all points, or those written after a revision."""

    async def devices(self, *, since: int = 0) -> list[Device]:
        """Give all devices, retired ones too, or those written after a revision."""

    async def device(self, device_id: str) -> tuple[Device, DeviceRecord] | None:
        """Give one device with its record, or None."""

    async def records(self) -> list[DeviceRecord]:
        """Give the record of every device that has one, in the order in which the devices were first recorded."""

    async def exemptions(self, *, upto_seq: int | None = None) -> list[Exemption]:
        """Give of every exemption the version that counts: the newest that is approved or ended, as known at a seq."""

    async def exemption_versions(self, *, exemption_id: str | None = None) -> list[Exemption]:
        """Give all versions of one exemption or all, in seq order: drafts, pending and refused ones too."""

    async def requests(self, *, request_id: str | None = None) -> list[Request]:
        """Give all versions of one request or all, in seq order; the newest of an id holds."""

    async def target_sets(self, *, upto_seq: int | None = None) -> list[TargetSet]:
        """Give all imported sets of targets, in seq order, as known at a seq; the newest holds."""

    async def record(self, batch: InventoryBatch) -> tuple[InventoryChange, ...]:
        """Store a batch in one transaction and give its changes with seq.

        Raises:
            StoreBusyError: nothing was stored; the same batch may be given again.
            StoreChangedError: nothing was stored; the inventory is newer than the batch's `made_at`.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the batch names a device that is not recorded.
        """


class Queries(Protocol):
    """Reading the facts."""

    async def last_seq(self) -> int:
        """Give the newest seq, 0 before the first fact."""

    async def changes(
        self, *, device_id: str | None = None, axis: Axis | None = None, upto_seq: int | None = None
    ) -> list[StateChange]:
        """Give changes in seq order, of one device or all, as known at a seq."""

    async def corrections(self, *, device_id: str | None = None, upto_seq: int | None = None) -> list[Correction]:
        """Give corrections in seq order, of one device or all, as known at a seq; withdrawn ones are marked so."""

    async def correction(self, seq: int) -> Correction | None:
        """Give the correction of a seq, marked so where it is withdrawn, or None."""

    async def withdrawals(self, *, upto_seq: int | None = None) -> list[Withdrawal]:
        """Give withdrawals of corrections in seq order, as known at a seq."""

    async def inventory_changes(self, *, upto_seq: int | None = None) -> list[InventoryChange]:
        """Give inventory changes in seq order, as known at a seq."""


class Directory(Protocol):
    """Names of devices and points, for those few that are shown, and who bears a name."""

    async def records_of(self, device_ids: Sequence[str]) -> dict[str, DeviceRecord]:
        """Give the records of some devices, by id."""

    async def devices_like(self, text: str, *, limit: int) -> list[str]:
        """Give the ids of devices whose id, name or address holds a text."""

    async def points_of(self, point_ids: Sequence[str]) -> dict[str, Point]:
        """Give some points, by id."""

    async def points_like(self, text: str, *, limit: int) -> list[str]:
        """Give the ids of points whose id or name holds a text."""


class AccountStore(Protocol):
    """Accounts, their browsers' logins and their programs' tokens."""

    async def accounts(self) -> list[Account]:
        """Give all accounts by name."""

    async def account(self, name: str) -> Account | None:
        """Give one account, or None."""

    async def save_account(self, account: Account) -> None:
        """Store an account, new or changed.

        Raises:
            StoreError: nothing was stored.
        """

    async def use_totp_step(self, name: str, step: int) -> bool:
        """Note that a time step's code was used; False where that or a later one was already."""

    async def session(self, id_hash: str) -> LoginSession | None:
        """Give one session, or None."""

    async def save_session(self, session: LoginSession) -> None:
        """Store a session, new or seen again."""

    async def end_sessions(
        self, *, id_hash: str | None = None, account: str | None = None, before: int | None = None
    ) -> None:
        """Take away one session, all of an account, or all not seen since an instant."""

    async def tokens(self, *, account: str | None = None) -> list[ApiToken]:
        """Give all tokens, or those of an account, in the order of their making."""

    async def token(self, secret_hash: str) -> ApiToken | None:
        """Give the token of a secret's hash, or None."""

    async def save_token(self, token: ApiToken) -> None:
        """Store a token, new, used or revoked."""


class AuditLog(Protocol):
    """What people did: appended to, never changed."""

    async def append(self, entry: AuditEntry) -> AuditEntry:
        """Store an entry at the end of the chain, and give it with its seq and hash.

        Raises:
            StoreError: it was not stored.
        """

    async def entries(
        self, *, after: int = 0, limit: int = 1_000, who: str | None = None, action: str | None = None
    ) -> list[AuditEntry]:
        """Give entries in seq order, those after a seq."""

    async def newest(self, *, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        """Give entries newest first, those before a seq."""


class Remembered(Protocol):
    """What was answered to a change, so that the same change sent again is not made twice."""

    async def answered(self, caller: str, key: str) -> tuple[str, int, bytes] | None:
        """Give (fingerprint of the request, status, body) of a key, or None."""

    async def remember(self, caller: str, key: str, *, answer: tuple[str, int, bytes], at: int) -> None:
        """Keep an answer, and forget those of a day ago."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The counts of a region with all below it at one instant: what a line of rates over time is drawn from."""

    region: str
    at: int
    online: int
    offline: int
    unknown: int
    exempt: int
    intact: int
    judged: int
    first_required: int
    first_networked: int
    second_required: int
    second_networked: int


class Trend(Protocol):
    """Snapshot counts over time, by region."""

    async def keep(self, points: Sequence[TrendPoint], *, forget_before: int) -> None:
        """Store counts, and forget those before an instant."""

    async def trend(self, region: str, *, since: int) -> list[TrendPoint]:
        """Give a region's counts since an instant, oldest first."""

    async def newest_at(self) -> int | None:
        """Give the instant of the newest counts, None before the first."""


@dataclass(slots=True)
class DeepBatch:
    """What one write transaction stores of deep looks.

    Attributes:
        looks: summaries to add; the oldest beyond ten of a device go.
        said: (device id, who it is heard to be, what it said of itself) to put in place of what was stored.
        logins: (device id, what is remembered of logging in) likewise.
    """

    looks: Sequence[DeepSummary] = ()
    said: Sequence[tuple[str, Identity, Said]] = ()
    logins: Sequence[tuple[str, LoginRecord]] = ()


class PictureStore(Protocol):
    """What picture looks leave behind, by device: numbers, and never a picture."""

    async def memory(self, device_id: str) -> PictureMemory:
        """Give what is remembered of a device's pictures."""

    async def keep(self, look: PictureLook, light: LightClass | None = None, baseline: Baseline | None = None) -> None:
        """Store a look, and what the view is after it; a baseline reset meanwhile stays reset.

        Raises:
            StoreBusyError: nothing was stored, or it is not known.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the device is not recorded.
        """

    async def reset(self, device_id: str) -> int:
        """Forget what a device's view usually is; give for how many lights that was known."""


class DeepStore(Protocol):
    """What deep looks leave behind, by device."""

    async def logins(self) -> list[tuple[str, LoginRecord]]:
        """Give what is remembered of logging in to each device."""

    async def login(self, device_id: str) -> LoginRecord | None:
        """Give the same of one device, or None."""

    async def known(self, device_id: str) -> Known:
        """Give what is known of a device before a look."""

    async def looks(self, device_id: str) -> list[DeepSummary]:
        """Give a device's last deep looks, newest first."""

    async def keep(self, batch: DeepBatch) -> None:
        """Store a batch in one transaction; the same batch given again changes nothing.

        Raises:
            StoreBusyError: nothing was stored, or it is not known; give the same batch again.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the batch names a device that is not recorded.
        """


@dataclass(frozen=True, slots=True)
class Order:
    """An operator's word to the running collector.

    Attributes:
        kind: "login": devices may be logged in to again; "look": look deeper at a device now.
        device_id: the device; "" for all of the group.
        group: the credential group; "" where the order is about a device.
        author: who gave it.
        at: when, epoch seconds.
        number: counts the orders; 0 before it is stored.
    """

    kind: str
    device_id: str
    group: str
    author: str
    at: int
    number: int = 0


class Orders(Protocol):
    """Operators' words, in the order in which they were given."""

    async def give(self, order: Order) -> None:
        """Store an order; for "login" what is remembered of refused logins is forgotten in the same transaction."""

    async def after(self, number: int) -> list[Order]:
        """Give the orders after a number."""

    async def newest(self) -> int:
        """Give the number of the newest order, 0 before the first."""

    async def confirm(self, device_id: str) -> bool:
        """Take who a device last said to be as who it is; say whether it had said anything."""


class Secrets(Protocol):
    """Hashing and making of secrets."""

    def hashed(self, password: str) -> str:
        """Give a password's hash, slow on purpose."""

    def matches(self, password: str, hashed: str) -> bool:
        """Tell whether a password is the hashed one; takes as long for a hash that is none."""

    def make(self) -> str:
        """Give a new secret of 256 bits."""

    def new_totp(self) -> str:
        """Give a new secret of a second factor."""

    def totp_step(self, secret: str, code: str, *, at: int) -> int | None:
        """Give the time step that a code is of, now or one step off, or None."""


class ReportFacts(Protocol):
    """Reading all that a report on a period is made from."""

    async def mark(self, at: int) -> None:
        """Note that every fact so far was committed before an instant: where the reading of a period may begin."""

    async def read(self, *, start: int, upto: int | None = None, as_of: int | None = None) -> PeriodFacts:
        """Give the facts of a period from `start` on, as known at a seq (None: now), as of one instant.

        Devices recorded after `as_of` are left out; None leaves none out.
        """

    async def names(self, device_ids: list[str]) -> dict[str, str]:
        """Give the names of some devices."""

    async def changes_of(self, device_ids: list[str], *, upto: int) -> dict[str, list[StateChange]]:
        """Give all changes of some devices in seq order, as known at a seq."""


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


class NotifyError(Exception):
    """A receiver did not take a message; the text names why, and never a secret."""


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


class Objections(Protocol):
    """Objections to draft reports, in versions."""

    async def objections(self, *, period: str | None = None) -> list[Objection]:
        """Give the newest version of every objection, or of those to one period, by id."""

    async def record(self, versions: Sequence[Objection], corrections: Sequence[Correction] = ()) -> None:
        """Append versions, and the corrections that they write, in one transaction."""


class ReportRuns(Protocol):
    """Who makes which scheduled report: of several processes one."""

    async def claim(self, period: str, status: str, *, by: str, at: int, stale_s: int) -> bool:
        """Take a report on oneself, unless it is made already or somebody has been making it for less than so long."""

    async def is_made(self, period: str, status: str) -> bool:
        """Tell whether a report is published."""

    async def finish(self, period: str, status: str, *, revision: int, at: int) -> None:
        """Note that a claimed report is published."""

    async def release(self, period: str, status: str) -> None:
        """Give back a claimed report that was not made."""

    async def anything_known(self, *, start: int, end: int) -> bool:
        """Tell whether anything is known of a period."""
