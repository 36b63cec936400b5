"""Work orders by hand: made of an alert or incident, and what whoever repairs reports of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.domain.alert import Happening
from monitor.domain.device import Device
from monitor.domain.incident import title_of
from monitor.domain.work_order import WorkOrder, most_common, reopened, reopens
from monitor.ports import AlertDecisions, AlertQueries


class OrderError(ValueError):
    """Something cannot be done with a work order; the message says what, in Chinese and English."""


class OrderDesk:
    """Makes orders and takes reports in.

    Args:
        queries: where alerts, incidents and orders are read.
        decisions: where they are kept.
    """

    def __init__(self, queries: AlertQueries, decisions: AlertDecisions) -> None:
        self._queries = queries
        self._decisions = decisions

    async def make(self, subject: str, *, devices: Mapping[str, Device], author: str, at: int) -> WorkOrder:
        """Make an order of an alert (A…) or an incident (I…); the one that there is already is given back.

        Args:
            subject: the alert's or incident's id.
            devices: the devices of the inventory by id.
            author: who makes it.
            at: now.

        Raises:
            OrderError: there is no such alert or incident.
            StoreError: nothing was stored.
        """
        incident = await self._queries.incident(subject)
        alert = None if incident is not None else await self._queries.alert(subject)
        if alert is not None and alert.incident:
            return await self.make(alert.incident, devices=devices, author=author, at=at)
        if incident is not None:
            fault = incident.fault
            title_zh, title_en = title_of(incident)
            ids = tuple(member.device_id for member in await self._queries.members(subject))
            county = incident.county
        elif alert is not None:
            fault = f"{alert.rule}:{alert.subject.key}"
            title_zh, title_en = alert.subject.name_zh, alert.subject.name_en
            ids = (alert.subject.key,) if alert.subject.key in devices else ()
            county = alert.subject.county
        else:
            raise OrderError(f"没有告警或事件 {subject} · there is no alert or incident {subject}")
        existing = await self._queries.orders()
        for order in existing:
            if order.subject == subject and order.closed_at is None:
                return order
        before = next((order for order in existing if reopens(order, fault=fault, at=at)), None)
        if before is not None:
            made = reopened(before, subject=subject, devices=ids, at=at)
        else:
            made = WorkOrder(
                id=f"W-{subject}",
                fault=fault,
                subject=subject,
                title_zh=title_zh,
                title_en=title_en,
                opened_at=at,
                county=county,
                maintainer=most_common(devices[each].organisations.maintainer for each in ids if each in devices),
                contract=most_common(devices[each].organisations.contract for each in ids if each in devices),
                devices=ids,
            )
        kind = "reopened" if before is not None else "opened"
        await self._decisions.keep_orders([made], [Happening(made.id, at, kind, author, subject)])
        return made

    async def report(self, reports: Sequence[WorkOrder], *, author: str, at: int) -> list[WorkOrder]:
        """Keep what was reported: orders as `changed` gave them; only those that differ are stored."""
        stored = {order.id: order for order in await self._queries.orders()}
        changed = [order for order in reports if stored.get(order.id) != order]
        happenings = [Happening(order.id, at, "reported", author, _said(stored[order.id], order)) for order in changed]
        await self._decisions.keep_orders(changed, happenings, reported=True)
        return changed


def changed(
    orders: Iterable[WorkOrder], reports: Mapping[str, tuple[int | None, int | None, str, str]], *, at: int
) -> list[WorkOrder]:
    """Give orders with what was reported of them; what a report leaves open stays as it was.

    Args:
        orders: all orders.
        reports: (acknowledged at, repaired at, result, number elsewhere) by order.
        at: now.

    Raises:
        OrderError: there is no such order, or an instant is impossible; every problem.
    """
    known = {order.id: order for order in orders}
    problems = []
    found = []
    for order_id, (acked_at, repaired_at, result, external) in reports.items():
        order = known.get(order_id)
        if order is None:
            problems.append(f"没有工单 {order_id} · there is no work order {order_id}")
            continue
        after = replace(
            order,
            acked_at=order.acked_at if acked_at is None else acked_at,
            repaired_at=order.repaired_at if repaired_at is None else repaired_at,
            result=result or order.result,
            external=external or order.external,
        )
        for instant in (acked_at, repaired_at):
            if instant is not None and instant > at:
                problems.append(f"{order_id}: 时间在将来 · an instant in the future")
        if repaired_at is not None and repaired_at < order.opened_at:
            problems.append(f"{order_id}: 修复早于派单 · repaired before it was opened")
        found.append(after)
    if problems:
        raise OrderError("\n".join(problems))
    return found


def _said(before: WorkOrder, after: WorkOrder) -> str:
    names = ("acked_at", "repaired_at", "result", "external")
    return ", ".join(name for name in names if getattr(before, name) != getattr(after, name))
