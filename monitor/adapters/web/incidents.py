"""Incidents over HTTP: devices that fail together, and who is responsible."""

from __future__ import annotations

from typing import Literal

import msgspec

from monitor.adapters.web.alert_parts import MOST_MEMBERS, PAST_S, HappeningOut, OpenQuery, is_within, timeline
from monitor.adapters.web.fields import Line
from monitor.adapters.web.problem import forbidden, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.facts import Party
from monitor.domain.incident import Incident, title_of


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


class PartyIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is responsible."""

    party: Literal["city", "county", "carrier", "power", "owner_unit", "undecided"]
    note: Line = ""


async def incidents(call: Call) -> IncidentsOut:
    """Give incidents in the caller's regions."""
    within = call.regions(call.query.region)
    since = call.at - PAST_S if call.query.past else None
    found = await call.parts.alerts.incidents(open_only=not call.query.past, since=since)
    seen = [each for each in found if is_within(call, each.county or None, within)]
    seen.sort(key=lambda each: (each.closed_at is not None, -each.down, -each.began_at))
    return IncidentsOut([_incident_out(each, call.at) for each in seen])


async def incident(call: Call) -> IncidentPageOut:
    """Give one incident with its devices and timeline."""
    found = await _one_incident(call)
    members = await call.parts.alerts.members(found.id)
    return IncidentPageOut(
        _incident_out(found, call.at),
        [MemberOut(each.device_id, each.joined_at, each.left_at) for each in members[:MOST_MEMBERS]],
        await timeline(call, found.id),
    )


async def decide_party(call: Call) -> IncidentPageOut:
    """Say who is responsible for an incident."""
    found = await _one_incident(call)
    call.before = _incident_out(found, call.at)
    await call.parts.alert_decisions.decide_party(
        found.id, Party(call.body.party), author=call.caller.name, at=call.at, note=call.body.note
    )
    return await incident(call)


async def _one_incident(call: Call) -> Incident:
    found = await call.parts.alerts.incident(call.params["id"])
    if found is None:
        call.require(None)
        raise not_found(call.params["id"])
    if not found.county and not call.sees(None):
        raise forbidden()
    call.require(found.county or None)
    return found


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


ROUTES = (
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
)
