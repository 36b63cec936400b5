"""Alerts over HTTP: what is raised, and that somebody takes care."""

from __future__ import annotations

import msgspec

from monitor.adapters.web.alert_parts import PAST_S, HappeningOut, OpenQuery, is_within, region_of_alert, timeline
from monitor.adapters.web.fields import Line
from monitor.adapters.web.problem import Problem, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.alert import Alert
from monitor.domain.incident import Incident


class AlertOut(msgspec.Struct, frozen=True):
    """One alert; titles are what receivers were told. `state` is raised, acknowledged or cleared."""

    id: str
    rule: str
    severity: str
    state: str
    title_zh: str
    title_en: str
    region: str
    since: int
    raised_at: int | None
    cleared_at: int | None
    acknowledged_at: int | None
    acknowledged_by: str
    tellings: int
    short: int
    incident: str


class AlertsOut(msgspec.Struct, frozen=True):
    """Alerts, the most severe that lasts first; `unacknowledged` counts those that wait for somebody."""

    alerts: list[AlertOut]
    unacknowledged: int


class AlertPageOut(msgspec.Struct, frozen=True):
    """One alert with what happened to it."""

    alert: AlertOut
    timeline: list[HappeningOut]


class NoteIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note."""

    note: Line = ""


async def alerts(call: Call) -> AlertsOut:
    """Give alerts in the caller's regions."""
    within = call.regions(call.query.region)
    since = call.at - PAST_S if call.query.past else None
    found = await call.parts.alerts.alerts(open_only=not call.query.past, since=since)
    incidents = {
        each.id: each for each in await call.parts.alerts.incidents(open_only=not call.query.past, since=since)
    }
    seen = [each for each in found if is_within(call, region_of_alert(each), within)]
    seen.sort(key=lambda each: (each.cleared_at is not None, each.severity.rank, -(each.raised_at or 0)))
    waiting = sum(each.is_raised and each.acked_at is None for each in seen)
    return AlertsOut([_alert_out(call, each, incidents.get(each.incident)) for each in seen], waiting)


async def alert(call: Call) -> AlertPageOut:
    """Give one alert with its timeline."""
    found = await _one_alert(call)
    incident = await call.parts.alerts.incident(found.incident) if found.incident else None
    return AlertPageOut(_alert_out(call, found, incident), await timeline(call, found.id))


async def acknowledge(call: Call) -> AlertPageOut:
    """Say that somebody takes care: no reminder, no escalation."""
    found = await _one_alert(call)
    done = await call.parts.alert_decisions.acknowledge(
        found.id, author=call.caller.name, at=call.at, note=call.body.note
    )
    if not done:
        raise Problem(409, "not-allowed", "已确认或已恢复 · acknowledged before, or cleared")
    return await alert(call)


async def _one_alert(call: Call) -> Alert:
    found = await call.parts.alerts.alert(call.params["id"])
    if found is None:
        call.require(None)
        raise not_found(call.params["id"])
    call.require(region_of_alert(found))
    return found


def _alert_out(call: Call, found: Alert, incident: Incident | None) -> AlertOut:
    zh, en = call.parts.alert_titles(found, incident)
    state = "cleared" if found.cleared_at is not None else "raised" if found.acked_at is None else "acknowledged"
    return AlertOut(
        id=found.id,
        rule=found.rule,
        severity=found.severity.value,
        state=state,
        title_zh=zh,
        title_en=en,
        region=region_of_alert(found) or "",
        since=found.since,
        raised_at=found.raised_at,
        cleared_at=found.cleared_at,
        acknowledged_at=found.acked_at,
        acknowledged_by=found.acked_by,
        tellings=found.tellings,
        short=found.short,
        incident=found.incident,
    )


ROUTES = (
    Route("GET", "/alerts", alerts, Right.READ, "alerts", query=OpenQuery, answer=AlertsOut, group="alerts"),
    Route("GET", "/alerts/{id}", alert, Right.READ, "one alert", answer=AlertPageOut, group="alerts"),
    Route(
        *("POST", "/alerts/{id}/acknowledge", acknowledge, Right.OPERATE, "take care of an alert"),
        body=NoteIn,
        answer=AlertPageOut,
        group="alerts",
        action="alert.acknowledge",
    ),
)
