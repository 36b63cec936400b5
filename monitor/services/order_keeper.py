"""Work orders as alerting keeps them: made of alerts, grown with their incidents, closed by the looks alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.domain.alert import Alert, Happening, Telling
from monitor.domain.incident import Shared, title_of
from monitor.domain.notification import Message
from monitor.domain.state import Connectivity, DeviceState
from monitor.domain.work_order import WorkOrder, judged, most_common, reopened, reopens
from monitor.ports import AlertBatch
from monitor.services.incident_tracker import IncidentTracker
from monitor.services.live_counts import LiveCounts
from monitor.services.open_incidents import Updates

JUDGED_EVERY_S = 60
MOST_DEVICES = 5_000
"""Devices that an order lists."""


class OrderKeeper:
    """The open work orders, and those closed so lately that the same fault opens them again.

    Args:
        tracker: the incidents.
        counts: gives the live counts.
        state_of: gives a device's state, None for one that is not in the inventory.
        good_looks: how many good looks of each device close an order.
        receivers: names of the receivers that orders are sent to.
    """

    def __init__(
        self,
        tracker: IncidentTracker,
        *,
        counts: Callable[[], LiveCounts],
        state_of: Callable[[str], DeviceState | None],
        good_looks: int = 3,
        receivers: Sequence[str] = (),
    ) -> None:
        self.receivers = tuple(receivers)
        self._tracker = tracker
        self._counts = counts
        self._state_of = state_of
        self._good_looks = good_looks
        self._orders: dict[str, WorkOrder] = {}
        self._judged_at = 0

    @property
    def open(self) -> int:
        """How many orders are not closed."""
        return sum(order.closed_at is None for order in self._orders.values())

    def restore(self, orders: Sequence[WorkOrder]) -> None:
        """Take up what is stored."""
        self._orders = {order.id: order for order in orders}

    def renew(self, orders: Sequence[WorkOrder]) -> None:
        """Take the open orders as they are stored now, with what people made and reported since."""
        closed = {order_id: order for order_id, order in self._orders.items() if order.closed_at is not None}
        self._orders = closed | {order.id: order for order in orders}

    def make(self, alert: Alert, devices: tuple[str, ...], batch: AlertBatch, *, at: int) -> Message:
        """Make a work order of an alert, or open the closed one of the same fault again; give what is told of it.

        Args:
            alert: the alert, or that of an incident, whose devices then are the order's.
            devices: the alert's own devices.
            batch: where the order is put.
            at: now.
        """
        incident = self._tracker.incidents.incident(alert.incident) if alert.incident else None
        subject, fault = alert.id, f"{alert.rule}:{alert.subject.key}"
        title_zh, title_en = alert.subject.name_zh, alert.subject.name_en
        if incident is not None:
            subject, fault = incident.id, incident.fault
            title_zh, title_en = title_of(incident)
            devices = self._ever_in(incident.id)
        before = next((order for order in self._orders.values() if reopens(order, fault=fault, at=at)), None)
        if before is not None:
            order = reopened(before, subject=subject, devices=devices, at=at)
            batch.reopened = [*batch.reopened, order]
        else:
            index = self._tracker.index
            numbers = [number for number in map(index.number, devices) if number is not None]
            order = WorkOrder(
                id=f"W-{subject}",
                fault=fault,
                subject=subject,
                title_zh=title_zh,
                title_en=title_en,
                opened_at=at,
                county=alert.subject.county,
                maintainer=most_common(index.value(Shared.MAINTAINER, number) for number in numbers),
                contract=most_common(index.value(Shared.CONTRACT, number) for number in numbers),
                devices=devices,
            )
            batch.orders = [*batch.orders, order]
        batch.happenings.append(Happening(order.id, at, "opened" if before is None else "reopened", note=subject))
        self._orders[order.id] = order
        return _message(order, alert, at=at)

    def mind(self, batch: AlertBatch, updates: Updates, *, at: int, raised: set[str]) -> None:
        """Close orders whose devices have proved it, and keep up those of incidents that grew.

        Args:
            batch: where changed orders are put.
            updates: what became of incidents in this round.
            at: now.
            raised: the ids of raised alerts: an order lasts at least as long as what it was made of.
        """
        grown = {
            member.incident for member in updates.members if member.left_at is None
        } & self._tracker.incidents.by_id.keys()
        changed: dict[str, WorkOrder] = {}
        for order in list(self._orders.values()):
            if order.closed_at is None and order.subject in grown:
                changed[order.id] = replace(order, devices=self._ever_in(order.subject))
        if at - self._judged_at >= JUDGED_EVERY_S or any(not each.is_open for each in updates.incidents):
            self._judged_at = at
            lasting = raised | self._tracker.incidents.by_id.keys()
            for order in self._orders.values():
                if order.closed_at is None and order.subject not in lasting:
                    after = judged(order, map(self._committed, order.devices), at=at, looks=self._good_looks)
                    if after is not order:
                        changed[order.id] = after
        self._orders |= changed
        made = {order.id for order in (*batch.orders, *batch.reopened)}
        batch.happenings += [
            Happening(each.id, at, "closed") for each in changed.values() if each.closed_at is not None
        ]
        batch.orders = [*batch.orders, *(order for order in changed.values() if order.id not in made)]

    def _ever_in(self, incident_id: str) -> tuple[str, ...]:
        return tuple(self._tracker.incidents.ever_in(incident_id)[:MOST_DEVICES])

    def _committed(self, device_id: str) -> DeviceState | None:
        """Give a device's state where its connectivity is committed as it says; else one that proves nothing."""
        state = self._state_of(device_id)
        if state is None or self._counts().connectivity(device_id) is state.connectivity:
            return state
        return replace(state, connectivity=Connectivity.UNKNOWN)


def _message(order: WorkOrder, alert: Alert, *, at: int) -> Message:
    zh = f"责任运维 {order.maintainer or '–'}，合同 {order.contract or '–'}，设备 {len(order.devices):,} 台"
    en = f"maintainer {order.maintainer or '–'}, contract {order.contract or '–'}, {len(order.devices):,} devices"
    again_zh, again_en = ("重开", "reopened ") if order.reopened else ("", "")
    return Message(
        key=f"{order.id}:{order.reopened}:opened",
        telling=Telling.RAISED,
        alert=alert.id,
        rule="work-order",
        severity=alert.severity,
        at=at,
        title_zh=f"【{again_zh}工单】{order.id} {alert.subject.name_zh} {order.title_zh}",
        body_zh=zh,
        title_en=f"[{again_en}work order] {order.id} {alert.subject.name_en}: {order.title_en}",
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
