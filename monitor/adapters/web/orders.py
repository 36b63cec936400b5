"""Work orders over HTTP: made of alerts and incidents, reported on by whoever repairs."""

from __future__ import annotations

import msgspec

from monitor.adapters.web.alert_parts import MOST_MEMBERS, PAST_S, OpenQuery, is_within, region_of_alert
from monitor.adapters.web.fields import Id, Line
from monitor.adapters.web.problem import forbidden, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.work_order import WorkOrder
from monitor.services.order_desk import changed


class OrderOut(msgspec.Struct, frozen=True):
    """One work order; `state` is open, acknowledged, repaired (people say so) or closed (looks prove it)."""

    id: str
    state: str
    subject: str
    title_zh: str
    title_en: str
    county: str
    maintainer: str
    devices: list[str]
    opened_at: int
    acked_at: int | None
    repaired_at: int | None
    closed_at: int | None
    reopened: int
    result: str
    external: str


class OrdersOut(msgspec.Struct, frozen=True):
    """Work orders, newest first."""

    orders: list[OrderOut]


class OrderIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The alert (A…) or incident (I…) that is to be repaired."""

    subject: Id


class OrderReportIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What whoever repairs reports; what is left out stays. Only looks close an order."""

    taken_on: bool = False
    repaired: bool = False
    result: Line = ""
    external: Line = ""


async def orders(call: Call) -> OrdersOut:
    """Give work orders: in the caller's regions, and for a contractor only its own organisations'."""
    within = call.regions(call.query.region)
    since = call.at - PAST_S if call.query.past else None
    found = await call.parts.alerts.orders(open_only=not call.query.past, since=since)
    own = call.caller.organisations()
    reads = call.caller.has(Right.READ)
    return OrdersOut(
        [
            _order_out(each)
            for each in found
            if is_within(call, each.county or None, within) and (reads or each.maintainer in own)
        ]
    )


async def make_order(call: Call) -> OrderOut:
    """Make a work order of an alert or incident; the one that there is already is given back."""
    subject = call.body.subject
    incident = await call.parts.alerts.incident(subject)
    found = None if incident is not None else await call.parts.alerts.alert(subject)
    if incident is None and found is None:
        call.require(None)
        raise not_found(subject)
    call.require((incident.county or None) if incident is not None else region_of_alert(found) if found else None)
    devices = {each.id: each for each in call.parts.counts().columns().devices}
    made = await call.parts.orders.make(subject, devices=devices, author=call.caller.name, at=call.at)
    call.target = made.id
    return _order_out(made)


async def report_order(call: Call) -> OrderOut:
    """Report on a work order: taken on, repaired, with which result."""
    stored = await call.parts.alerts.orders()
    order = next((each for each in stored if each.id == call.params["id"]), None)
    if order is None:
        call.require(None)
        raise not_found(call.params["id"])
    call.require(order.county or None)
    if not call.caller.has(Right.OPERATE) and order.maintainer not in call.caller.organisations():
        raise forbidden()
    body: OrderReportIn = call.body
    report = (
        call.at if body.taken_on or (body.repaired and order.acked_at is None) else None,
        call.at if body.repaired else None,
        body.result,
        body.external,
    )
    call.before = _order_out(order)
    [after] = changed(stored, {order.id: report}, at=call.at)
    await call.parts.orders.report([after], author=call.caller.name, at=call.at)
    return _order_out(after)


def _order_out(each: WorkOrder) -> OrderOut:
    return OrderOut(
        id=each.id,
        state=each.state.value,
        subject=each.subject,
        title_zh=each.title_zh,
        title_en=each.title_en,
        county=each.county,
        maintainer=each.maintainer,
        devices=list(each.devices[:MOST_MEMBERS]),
        opened_at=each.opened_at,
        acked_at=each.acked_at,
        repaired_at=each.repaired_at,
        closed_at=each.closed_at,
        reopened=each.reopened,
        result=each.result,
        external=each.external,
    )


ROUTES = (
    Route("GET", "/orders", orders, Right.WORK, "work orders", query=OpenQuery, answer=OrdersOut, group="alerts"),
    Route(
        *("POST", "/orders", make_order, Right.OPERATE, "make a work order"),
        body=OrderIn,
        answer=OrderOut,
        status=201,
        group="alerts",
        action="order.make",
    ),
    Route(
        *("POST", "/orders/{id}/report", report_order, Right.WORK, "report on a work order"),
        body=OrderReportIn,
        answer=OrderOut,
        group="alerts",
        action="order.report",
    ),
)
