"""Alerts, incidents, silences and work orders over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from monitor.adapters.web.decisions import Id, Instant, Line
from monitor.adapters.web.figures import Code
from monitor.adapters.web.problem import Problem, forbidden, invalid, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.alert import Alert, Happening
from monitor.domain.facts import Party
from monitor.domain.incident import Incident, title_of
from monitor.domain.silence import Silence
from monitor.domain.work_order import WorkOrder
from monitor.services.order_desk import changed

PAST_S = 7 * 86_400
MOST_MEMBERS = 500
MOST_NOTES = 30
LONGEST_SILENCE_S = 30 * 86_400


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


class OpenQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which: only what lasts, or that of the last seven days, too."""

    region: Code | None = None
    past: bool = False


class HappeningOut(msgspec.Struct, frozen=True):
    """One entry of a timeline."""

    at: int
    kind: str
    author: str
    note: str


class AlertPageOut(msgspec.Struct, frozen=True):
    """One alert with what happened to it."""

    alert: AlertOut
    timeline: list[HappeningOut]


class IncidentOut(msgspec.Struct, frozen=True):
    """One incident: devices that fail together; `cost_s` in device-seconds, `points` of the online rate at worst."""

    id: str
    title_zh: str
    title_en: str
    county: str
    began_at: int
    closed_at: int | None
    ours: bool
    party: str
    devices: int
    down: int
    peak: int
    cost_s: int
    points: float


class IncidentsOut(msgspec.Struct, frozen=True):
    """Incidents, those that last first."""

    incidents: list[IncidentOut]


class MemberOut(msgspec.Struct, frozen=True):
    """A device of an incident."""

    device: str
    joined_at: int
    left_at: int | None


class IncidentPageOut(msgspec.Struct, frozen=True):
    """One incident with its devices and what happened to it."""

    incident: IncidentOut
    members: list[MemberOut]
    timeline: list[HappeningOut]


class NoteIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note."""

    note: Line = ""


class PartyIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is responsible."""

    party: Literal["city", "county", "carrier", "power", "owner_unit", "undecided"]
    note: Line = ""


class SilenceIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how long nobody is told of what; deciding goes on. At least one of region, rule and subject is named."""

    end: Instant
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    start: Instant | None = None
    region: Annotated[str, msgspec.Meta(max_length=40)] = ""
    rule: Annotated[str, msgspec.Meta(max_length=64)] = ""
    subject: Annotated[str, msgspec.Meta(max_length=64)] = ""


class SilenceOut(msgspec.Struct, frozen=True):
    """One silence."""

    id: str
    start: int
    end: int
    region: str
    rule: str
    subject: str
    reason: str
    author: str
    ended_at: int | None


class SilencesOut(msgspec.Struct, frozen=True):
    """Silences that last or are to come."""

    silences: list[SilenceOut]


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


async def alerts(call: Call) -> AlertsOut:
    """Give alerts in the caller's regions."""
    within = call.regions(call.query.region)
    since = call.at - PAST_S if call.query.past else None
    found = await call.parts.alerts.alerts(open_only=not call.query.past, since=since)
    incidents = {
        each.id: each for each in await call.parts.alerts.incidents(open_only=not call.query.past, since=since)
    }
    seen = [each for each in found if _is_within(call, _region_of(each), within)]
    seen.sort(key=lambda each: (each.cleared_at is not None, each.severity.rank, -(each.raised_at or 0)))
    waiting = sum(each.is_raised and each.acked_at is None for each in seen)
    return AlertsOut([_alert_out(call, each, incidents.get(each.incident)) for each in seen], waiting)


async def alert(call: Call) -> AlertPageOut:
    """Give one alert with its timeline."""
    found = await _one_alert(call)
    incident = await call.parts.alerts.incident(found.incident) if found.incident else None
    return AlertPageOut(_alert_out(call, found, incident), await _timeline(call, found.id))


async def acknowledge(call: Call) -> AlertPageOut:
    """Say that somebody takes care: no reminder, no escalation."""
    found = await _one_alert(call)
    done = await call.parts.alert_decisions.acknowledge(
        found.id, author=call.caller.name, at=call.at, note=call.body.note
    )
    if not done:
        raise Problem(409, "not-allowed", "已确认或已恢复 · acknowledged before, or cleared")
    return await alert(call)


async def incidents(call: Call) -> IncidentsOut:
    """Give incidents in the caller's regions."""
    within = call.regions(call.query.region)
    since = call.at - PAST_S if call.query.past else None
    found = await call.parts.alerts.incidents(open_only=not call.query.past, since=since)
    seen = [each for each in found if _is_within(call, each.county or None, within)]
    seen.sort(key=lambda each: (each.closed_at is not None, -each.down, -each.began_at))
    return IncidentsOut([_incident_out(each, call.at) for each in seen])


async def incident(call: Call) -> IncidentPageOut:
    """Give one incident with its devices and timeline."""
    found = await _one_incident(call)
    members = await call.parts.alerts.members(found.id)
    return IncidentPageOut(
        _incident_out(found, call.at),
        [MemberOut(each.device_id, each.joined_at, each.left_at) for each in members[:MOST_MEMBERS]],
        await _timeline(call, found.id),
    )


async def decide_party(call: Call) -> IncidentPageOut:
    """Say who is responsible for an incident."""
    found = await _one_incident(call)
    call.before = _incident_out(found, call.at)
    await call.parts.alert_decisions.decide_party(
        found.id, Party(call.body.party), author=call.caller.name, at=call.at, note=call.body.note
    )
    return await incident(call)


async def silences(call: Call) -> SilencesOut:
    """Give silences that last or are to come, in the caller's regions."""
    found = [each for each in await call.parts.alerts.silences() if each.ended_at is None and each.end > call.at]
    within = call.regions(call.query.region)
    return SilencesOut([_silence_out(each) for each in found if _is_within(call, each.region or None, within)])


async def make_silence(call: Call) -> SilenceOut:
    """Silence alerts of a region, a rule or a subject for a while."""
    body: SilenceIn = call.body
    start = call.at if body.start is None else body.start
    problems = []
    if not (body.region or body.rule or body.subject):
        problems.append("须限定区划、规则或对象 · name a region, a rule or a subject")
    if body.end <= max(start, call.at):
        problems.append("期限须在将来 · its end must lie ahead")
    if body.end - start > LONGEST_SILENCE_S:
        problems.append("静默最长 30 天 · a silence lasts 30 days at most")
    if problems:
        raise invalid(problems)
    # A silence that names no region silences everywhere.
    call.require(body.region or await _region_of_subject(call, body.subject))
    made = await call.parts.alert_decisions.silence(
        Silence(
            "",
            start,
            body.end,
            call.caller.name,
            body.reason,
            call.at,
            rule=body.rule,
            region=body.region,
            subject=body.subject,
        )
    )
    call.target = made.id
    return _silence_out(made)


async def end_silence(call: Call) -> SilencesOut:
    """End a silence early."""
    found = [each for each in await call.parts.alerts.silences() if each.id == call.params["id"]]
    if not found:
        call.require(None)
        raise not_found(call.params["id"])
    call.require(found[0].region or await _region_of_subject(call, found[0].subject))
    if not await call.parts.alert_decisions.end_silence(found[0].id, author=call.caller.name, at=call.at):
        raise Problem(409, "not-allowed", "静默已结束 · the silence is over")
    return await silences_after(call)


async def silences_after(call: Call) -> SilencesOut:
    """Give what lasts after a silence was ended."""
    found = [each for each in await call.parts.alerts.silences() if each.ended_at is None and each.end > call.at]
    return SilencesOut([_silence_out(each) for each in found if call.sees(each.region or None)])


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
            if _is_within(call, each.county or None, within) and (reads or each.maintainer in own)
        ]
    )


class OrderIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The alert (A…) or incident (I…) that is to be repaired."""

    subject: Id


class OrderReportIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What whoever repairs reports; what is left out stays. Only looks close an order."""

    taken_on: bool = False
    repaired: bool = False
    result: Line = ""
    external: Line = ""


async def make_order(call: Call) -> OrderOut:
    """Make a work order of an alert or incident; the one that there is already is given back."""
    subject = call.body.subject
    incident = await call.parts.alerts.incident(subject)
    found = None if incident is not None else await call.parts.alerts.alert(subject)
    if incident is None and found is None:
        call.require(None)
        raise not_found(subject)
    call.require((incident.county or None) if incident is not None else _region_of(found) if found else None)
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


class HandoverOut(msgspec.Struct, frozen=True):
    """What the shifts before left to say, newest first."""

    region: str
    notes: list[HappeningOut]


class HandoverIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the next shift should know."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    region: Code | None = None


class RegionQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which region; the caller's own where none is named."""

    region: Code | None = None


async def handover(call: Call) -> HandoverOut:
    """Give the notes of the shifts before."""
    return await _handover(call, call.regions(call.query.region)[0])


async def note_handover(call: Call) -> HandoverOut:
    """Leave a note for the next shift."""
    region = call.regions(call.body.region)[0]
    note = Happening(f"handover:{region}", call.at, "note", call.caller.name, call.body.note)
    await call.parts.alert_decisions.keep_orders([], [note])
    return await _handover(call, region)


async def _handover(call: Call, region: str) -> HandoverOut:
    notes = await _timeline(call, f"handover:{region}")
    return HandoverOut(region, notes[::-1][:MOST_NOTES])


def _region_of(found: Alert) -> str | None:
    return found.subject.region or found.subject.county or None


def _is_within(call: Call, region: str | None, within: tuple[str, ...]) -> bool:
    if region is None or region not in call.tree:
        return call.sees(None) and set(within) == {root.code for root in call.tree.children(None)}
    return not set(within).isdisjoint(call.tree.lineage(region))


async def _region_of_subject(call: Call, subject: str) -> str | None:
    found = await call.parts.alerts.incident(subject) if subject else None
    return None if found is None else found.county or None


async def _one_alert(call: Call) -> Alert:
    found = await call.parts.alerts.alert(call.params["id"])
    if found is None:
        call.require(None)
        raise not_found(call.params["id"])
    call.require(_region_of(found))
    return found


async def _one_incident(call: Call) -> Incident:
    found = await call.parts.alerts.incident(call.params["id"])
    if found is None:
        call.require(None)
        raise not_found(call.params["id"])
    if not found.county and not call.sees(None):
        raise forbidden()
    call.require(found.county or None)
    return found


async def _timeline(call: Call, subject: str) -> list[HappeningOut]:
    found: list[Happening] = await call.parts.alerts.timeline(subject)
    return [HappeningOut(each.at, each.kind, each.author, each.note) for each in found]


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
        region=_region_of(found) or "",
        since=found.since,
        raised_at=found.raised_at,
        cleared_at=found.cleared_at,
        acknowledged_at=found.acked_at,
        acknowledged_by=found.acked_by,
        tellings=found.tellings,
        short=found.short,
        incident=found.incident,
    )


def _incident_out(found: Incident, at: int) -> IncidentOut:
    zh, en = title_of(found)
    return IncidentOut(
        id=found.id,
        title_zh=zh,
        title_en=en,
        county=found.county,
        began_at=found.began_at,
        closed_at=found.closed_at,
        ours=found.ours,
        party=found.party.value,
        devices=found.devices,
        down=found.down,
        peak=found.peak,
        cost_s=found.cost_at(at),
        points=round(float(found.points), 6),
    )


def _silence_out(each: Silence) -> SilenceOut:
    return SilenceOut(
        each.id, each.start, each.end, each.region, each.rule, each.subject, each.reason, each.author, each.ended_at
    )


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
    Route("GET", "/alerts", alerts, Right.READ, "alerts", query=OpenQuery, answer=AlertsOut, group="alerts"),
    Route("GET", "/alerts/{id}", alert, Right.READ, "one alert", answer=AlertPageOut, group="alerts"),
    Route(
        *("POST", "/alerts/{id}/acknowledge", acknowledge, Right.OPERATE, "take care of an alert"),
        body=NoteIn,
        answer=AlertPageOut,
        group="alerts",
        action="alert.acknowledge",
    ),
    Route(
        *("GET", "/incidents", incidents, Right.READ, "incidents"),
        query=OpenQuery,
        answer=IncidentsOut,
        group="alerts",
    ),
    Route("GET", "/incidents/{id}", incident, Right.READ, "one incident", answer=IncidentPageOut, group="alerts"),
    Route(
        *("POST", "/incidents/{id}/party", decide_party, Right.OPERATE, "who is responsible"),
        body=PartyIn,
        answer=IncidentPageOut,
        group="alerts",
        action="incident.party",
    ),
    Route(*("GET", "/silences", silences, Right.READ, "silences"), query=OpenQuery, answer=SilencesOut, group="alerts"),
    Route(
        *("POST", "/silences", make_silence, Right.OPERATE, "silence alerts"),
        body=SilenceIn,
        answer=SilenceOut,
        status=201,
        group="alerts",
        action="silence.make",
    ),
    Route(
        *("POST", "/silences/{id}/end", end_silence, Right.OPERATE, "end a silence"),
        answer=SilencesOut,
        group="alerts",
        action="silence.end",
    ),
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
    Route(
        *("GET", "/handover", handover, Right.READ, "notes of the shifts before"),
        query=RegionQuery,
        answer=HandoverOut,
        group="alerts",
    ),
    Route(
        *("POST", "/handover", note_handover, Right.OPERATE, "leave a note for the next shift"),
        body=HandoverIn,
        answer=HandoverOut,
        group="alerts",
        action="handover.note",
    ),
)
