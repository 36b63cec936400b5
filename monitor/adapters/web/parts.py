"""What the handlers of the API work on, all of it given by the composition root."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.domain.alert import Alert
from monitor.domain.incident import Incident
from monitor.domain.policy import Policy
from monitor.domain.state import DeviceState
from monitor.ports import AlertDecisions, AlertQueries, AuditLog, Directory, Inventory, Queries, Remembered, Trend
from monitor.services.account_desk import AccountDesk
from monitor.services.city_figures import CityFigures
from monitor.services.device_search import DeviceSearch
from monitor.services.exemption_desk import ExemptionDesk
from monitor.services.live_counts import LiveCounts
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
    requests: RequestDesk
    alerts: AlertQueries
    alert_decisions: AlertDecisions
    alert_titles: Callable[[Alert, Incident | None], tuple[str, str]]
    accounts: AccountDesk
    audit: AuditLog
    remembered: Remembered
    health: Callable[[], Health]
    look_now: Callable[[str], bool]
    recent_looks: RecentLooks
    policy: Policy
    now: Callable[[], float]
    zone: str
    guest: bool
