"""What the handlers of the API work on, all of it given by the composition root."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from monitor.adapters.web.tools import Tools
from monitor.domain.alert import Alert
from monitor.domain.facts import Exemption
from monitor.domain.incident import Incident
from monitor.domain.policy import Policy
from monitor.domain.state import DeviceState
from monitor.ports import (
    AlertDecisions,
    AlertQueries,
    AuditLog,
    Directory,
    Dossiers,
    Inventory,
    Objections,
    Queries,
    Remembered,
    Trend,
)
from monitor.services.account_desk import AccountDesk
from monitor.services.city_figures import CityFigures
from monitor.services.device_search import DeviceSearch
from monitor.services.exemption_desk import ExemptionDesk
from monitor.services.live_counts import LiveCounts
from monitor.services.objection_desk import ObjectionDesk
from monitor.services.order_desk import OrderDesk
from monitor.services.request_desk import RequestDesk


@dataclass(frozen=True, slots=True)
class Health:
    """How the service itself does.

    Attributes:
        version: of the program.
        started_at: epoch seconds.
        last_look_at: when the last look finished; None before the first.
        interval_s: the pace of looks.
        stale_after_s: figures older than this are shown as stale.
        looks: looks so far, by (protocol, result).
        under_way: looks under way.
        queue_lag_s: how late the queue is.
        loop_lag_s: how late the event loop is.
        waiting_devices: states that wait for the store.
        store: where the store is, without credentials.
        store_ok: whether the last write succeeded.
        own_network_up: whether the sentinels answer.
        problems: what keeps the service from being ready, a line each.
    """

    version: str
    started_at: int
    last_look_at: int | None
    interval_s: int
    stale_after_s: int
    looks: Mapping[tuple[str, str], int]
    under_way: int
    queue_lag_s: float
    loop_lag_s: float
    waiting_devices: int
    store: str
    store_ok: bool
    own_network_up: bool
    problems: tuple[str, ...]


class JobsBusyError(Exception):
    """Another import or report is being made; one at a time."""


class JobRefusedError(Exception):
    """An import or a report cannot be made as asked; `problems` names every reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Upload:
    """A sheet that somebody uploaded, and how it is to be imported; `name` is only ever shown."""

    name: str
    kind: str
    profile: str
    region: str
    strict: bool
    retire_missing: bool
    author: str
    at: int


class Imports(Protocol):
    """Sheets: judged first, recorded when confirmed."""

    async def judge(self, content: bytes, upload: Upload, *, at: int) -> tuple[str, dict[str, Any]]:
        """Judge a sheet and compare it with what is recorded; give the upload's id and what was found."""

    async def confirm(self, upload_id: str) -> dict[str, Any]:
        """Import a judged sheet; KeyError where it is forgotten."""

    def upload(self, upload_id: str) -> Upload | None:
        """Give what was uploaded, None where it is forgotten."""

    async def rejected(self, upload_id: str) -> tuple[str, bytes] | None:
        """Give name and content of the file of rejected rows, None for none."""


@dataclass(frozen=True, slots=True)
class ReportRevision:
    """One published revision of a report."""

    folder: str
    revision: int
    period: str
    status: str
    region: str
    method: str
    as_of: int
    start: int
    end: int
    seq: int
    files: tuple[str, ...]


class Reports(Protocol):
    """Published reports, and making them."""

    async def revisions(self) -> list[ReportRevision]:
        """Give all revisions."""

    async def read(self, folder: str, revision: int, name: str) -> bytes | None:
        """Give a file of a revision; None where its manifest does not name it."""

    async def problems(self, folder: str, revision: int) -> list[str] | None:
        """Hold a revision's files against their sums; None where there is no such revision."""

    async def differences(self, folder: str, earlier: int, later: int) -> list[dict[str, str]] | None:
        """Give what two revisions say differently; None where one is missing."""

    async def draft(self, period: str, region: str | None) -> dict[str, Any]:
        """Make a draft of a period."""

    async def final(self, period: str, *, early: bool, author: str) -> dict[str, Any]:
        """Make the final report of a period."""


class KnownExemptions:
    """The exemptions that count, read again only once the inventory has another revision, asked every other second.

    Args:
        inventory: where they are kept.
    """

    ASK_EVERY_S = 2

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._revision = -1
        self._asked_at = -1
        self._found: Sequence[Exemption] = ()

    async def all(self, *, at: int) -> Sequence[Exemption]:
        """Give them as of an instant."""
        if 0 <= at - self._asked_at < self.ASK_EVERY_S:
            return self._found
        revision = await self._inventory.revision()
        self._asked_at = at
        if revision != self._revision:
            self._found = await self._inventory.exemptions()
            self._revision = revision
        return self._found


class RecentLooks:
    """Which devices were looked at out of turn lately: none is twice within `EVERY_S`."""

    EVERY_S = 30
    MOST_KEPT = 10_000

    def __init__(self) -> None:
        self._at: OrderedDict[str, int] = OrderedDict()

    def wait_s(self, device_id: str, *, at: int) -> int:
        """Give how long a device must be left alone, seconds; 0 for not at all."""
        return max(0, self._at.get(device_id, 0) + self.EVERY_S - at)

    def note(self, device_id: str, *, at: int) -> None:
        """Note that a device is looked at now."""
        self._at[device_id] = at
        self._at.move_to_end(device_id)
        if len(self._at) > self.MOST_KEPT:
            self._at.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a handler may use."""

    figures: CityFigures
    counts: Callable[[], LiveCounts]
    search: DeviceSearch
    state: Callable[[str], DeviceState | None]
    inventory: Inventory
    directory: Directory
    queries: Queries
    trend: Trend
    exemptions: ExemptionDesk
    exemptions_known: KnownExemptions
    requests: RequestDesk
    alerts: AlertQueries
    alert_decisions: AlertDecisions
    orders: OrderDesk
    dossiers: Dossiers
    alert_titles: Callable[[Alert, Incident | None], tuple[str, str]]
    imports: Imports
    tools: Tools
    reports: Reports
    objections: Objections
    objection_desk: ObjectionDesk
    accounts: AccountDesk
    audit: AuditLog
    verify_audit: Callable[[], Awaitable[tuple[int, int | None, str]]]
    totp_uri: Callable[[str, str], str]
    remembered: Remembered
    health: Callable[[], Health]
    look_now: Callable[[str], bool]
    recent_looks: RecentLooks
    refused: Counter[str]
    policy: Policy
    now: Callable[[], float]
    zone: str
    guest: bool
