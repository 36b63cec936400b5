"""Work orders as a sheet over HTTP: out to whoever repairs, back with what they report; and how long repairs take."""

from __future__ import annotations

from typing import Literal

import msgspec

from monitor.adapters.web.alert_parts import PAST_S, OpenQuery, is_within
from monitor.adapters.web.figures import Code
from monitor.adapters.web.problem import forbidden
from monitor.adapters.web.route import Call, Reply, Route
from monitor.domain.account import Right
from monitor.domain.work_order import WorkOrder, repair_times
from monitor.services.order_desk import changed

MOST_BYTES = 8_000_000


class TimesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which region, compared by what."""

    region: Code | None = None
    by: Literal["region", "maintainer", "contract"] = "region"


class TimesOut(msgspec.Struct, frozen=True):
    """How long orders of one region, maintainer or contract took: medians and the longest, seconds; null for none."""

    name: str
    orders: int
    open: int
    reopened: int
    ack_s: int | None
    repair_s: int | None
    longest_s: int | None


class AllTimesOut(msgspec.Struct, frozen=True):
    """How long repairs take, by name."""

    times: list[TimesOut]


class ReportedOut(msgspec.Struct, frozen=True):
    """The orders that a sheet changed."""

    changed: list[str]


async def sheet(call: Call) -> Reply:
    """Give work orders as CSV, to be filled in and sent back."""
    since = call.at - PAST_S if call.query.past else None
    within = call.regions(call.query.region)
    found = await call.parts.alerts.orders(open_only=not call.query.past, since=since)
    content = call.parts.tools.written_orders([each for each in found if _mine(call, each, within)])
    return Reply(content, headers={"Content-Disposition": 'attachment; filename="vidnet-orders.csv"'})


async def take_back(call: Call) -> ReportedOut:
    """Take back what a sheet reports, all or none; only looks close an order."""
    reports = await call.parts.tools.reported(call.body)
    stored = await call.parts.alerts.orders()
    within = call.regions()
    if any(each.id in reports and not _mine(call, each, within) for each in stored):
        raise forbidden()
    after = changed(stored, reports, at=call.at)
    done = await call.parts.orders.report(after, author=call.caller.name, at=call.at)
    call.target = " ".join(each.id for each in done)
    call.after = {"changed": [each.id for each in done]}
    return ReportedOut([each.id for each in done])


async def times(call: Call) -> AllTimesOut:
    """Give how long repairs take."""
    within = call.regions(call.query.region)
    found = [each for each in await call.parts.alerts.orders() if _mine(call, each, within)]
    by = "county" if call.query.by == "region" else call.query.by
    return AllTimesOut(
        [
            TimesOut(e.name, e.orders, e.open, e.reopened, e.ack_s, e.repair_s, e.longest_s)
            for e in repair_times(found, by=by)
        ]
    )


def _mine(call: Call, order: WorkOrder, within: tuple[str, ...]) -> bool:
    """Whether an order lies in these regions, and for a contractor is one of its own organisations'."""
    reads = call.caller.has(Right.READ)
    return is_within(call, order.county or None, within) and (reads or order.maintainer in call.caller.organisations())


ROUTES = (
    Route(
        *("GET", "/orders.csv", sheet, Right.WORK, "work orders as a sheet"),
        query=OpenQuery,
        produces="text/csv; charset=utf-8",
        group="alerts",
    ),
    Route(
        *("POST", "/orders/import", take_back, Right.WORK, "take back what a sheet reports"),
        body=bytes,
        answer=ReportedOut,
        group="alerts",
        action="order.import",
        most_bytes=MOST_BYTES,
    ),
    Route(
        *("GET", "/orders/times", times, Right.WORK, "how long repairs take"),
        query=TimesQuery,
        answer=AllTimesOut,
        group="alerts",
    ),
)
