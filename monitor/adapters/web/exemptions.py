"""Exemptions over HTTP: proposed in a region, decided by somebody else who has the right there."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from monitor.adapters.web.deciding import DecisionIn, is_within, may_decide, places, reason_of, step
from monitor.adapters.web.fields import Id, Instant, Line, Sha256
from monitor.adapters.web.figures import Code
from monitor.adapters.web.path_scope import require_all_behind
from monitor.adapters.web.problem import forbidden, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain import exempting
from monitor.domain.account import Right
from monitor.domain.exempting import ExemptionReason
from monitor.domain.facts import Exemption, ExemptionScope, ExemptionState, Party
from monitor.services.exemption_desk import Recorded


class ExemptionOut(msgspec.Struct, frozen=True):
    """The newest version of an exemption; `mine` the caller proposed, so it cannot decide it."""

    id: str
    state: str
    scope: str
    scope_id: str
    name: str
    region: str | None
    start: int
    end: int
    reason: str
    planned: bool
    party: str
    document: str
    attachment: str
    proposer: str
    approver: str
    note: str
    at: int
    mine: bool
    may_decide: bool


class ExemptionsOut(msgspec.Struct, frozen=True):
    """Exemptions, the newest first; `warnings` after a proposal that goes over a county's quota."""

    exemptions: list[ExemptionOut]
    warnings: list[str] = []


class ExemptionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which exemptions."""

    region: Code | None = None
    state: Literal["draft", "submitted", "approved", "refused", "ended"] | None = None
    ending_before: Instant | None = None


class ExemptionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for; `id` names an existing one to change or extend."""

    scope: Literal["device", "point", "region", "path"]
    scope_id: Id
    start: Instant
    end: Instant
    reason: Literal["repair", "construction", "power", "network_cutover", "force_majeure", "other"]
    id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    planned: bool = False
    party: Literal["city", "county", "carrier", "power", "owner_unit", "undecided"] = "undecided"
    document: Line = ""
    attachment: Sha256 = ""
    note: Line = ""
    draft: bool = False
    back_dated: bool = False


class EndIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When an exemption ends, now where none is given."""

    at: Instant | None = None
    note: Line = ""


async def exemptions(call: Call) -> ExemptionsOut:
    """Give the newest version of every exemption in the caller's regions."""
    query: ExemptionsQuery = call.query
    within = set(call.regions(query.region))
    versions = await call.parts.inventory.exemption_versions()
    newest = [
        each
        for each in exempting.newest(versions).values()
        if (query.state is None or each.state.value == query.state)
        and (query.ending_before is None or call.at <= each.end < query.ending_before)
    ]
    stand = await places(call, [(each.scope.value, each.scope_id) for each in newest])
    found = [
        (each, region, name)
        for each, (region, name) in zip(newest, stand, strict=True)
        if is_within(call, region, within)
    ]
    found.sort(key=lambda one: -one[0].seq)
    return ExemptionsOut([_exemption_out(call, *one) for one in found])


async def propose_exemption(call: Call) -> ExemptionsOut:
    """Propose an exemption, or change one that stands."""
    body: ExemptionIn = call.body
    [(region, _)] = await places(call, [(body.scope, body.scope_id)])
    call.require(region)
    if body.scope == "path":
        require_all_behind(call, body.scope_id)
    terms = Exemption(
        body.id,
        ExemptionScope(body.scope),
        body.scope_id,
        start=body.start,
        end=body.end,
        reason=ExemptionReason(body.reason).value,
        approver="",
        document=body.document,
        planned=body.planned,
        party=Party(body.party),
        attachment=body.attachment,
        note=body.note,
        author=call.caller.name,
    )
    if body.id:
        call.before = await _one_exemption(call, body.id)
    recorded = await call.parts.exemptions.propose([terms], at=call.at, draft=body.draft, back_dated=body.back_dated)
    return await recorded_out(call, recorded)


async def approve_exemption(call: Call) -> ExemptionsOut:
    """Approve an exemption."""
    call.before = before = await _one_exemption(call, call.params["id"])
    body: DecisionIn = call.body
    recorded = await call.parts.exemptions.approve([before.id], approver=call.caller.name, at=call.at, note=body.note)
    return await recorded_out(call, recorded)


async def refuse_exemption(call: Call) -> ExemptionsOut:
    """Refuse an exemption; the reason must be told."""
    call.before = before = await _one_exemption(call, call.params["id"])
    recorded = await call.parts.exemptions.refuse(
        [before.id], approver=call.caller.name, at=call.at, note=reason_of(call.body)
    )
    return await recorded_out(call, recorded)


async def end_exemption(call: Call) -> ExemptionsOut:
    """End an exemption early."""
    call.before = before = await _one_exemption(call, call.params["id"])
    body: EndIn = call.body
    ends_at = call.at if body.at is None else body.at
    recorded = await call.parts.exemptions.end(
        [before.id], ends_at=ends_at, author=call.caller.name, at=call.at, note=body.note
    )
    return await recorded_out(call, recorded)


async def _one_exemption(call: Call, exemption_id: str) -> Exemption:
    versions = await call.parts.inventory.exemption_versions(exemption_id=exemption_id)
    if not versions:
        call.require(None)
        raise not_found(exemption_id)
    [(region, _)] = await places(call, [(versions[-1].scope.value, versions[-1].scope_id)])
    if region is None and not call.sees(None):
        raise forbidden()
    call.require(region)
    if versions[-1].scope is ExemptionScope.PATH:
        require_all_behind(call, versions[-1].scope_id)
    return versions[-1]


async def recorded_out(call: Call, recorded: Recorded) -> ExemptionsOut:
    """Give what was recorded of exemptions, and tell the audit log of it."""
    versions = list(recorded.versions)
    found = await places(call, [(each.scope.value, each.scope_id) for each in versions])
    call.after = versions
    call.target = " ".join(each.id for each in versions)
    outs = [_exemption_out(call, each, region, name) for each, (region, name) in zip(versions, found, strict=True)]
    return ExemptionsOut(outs, list(recorded.warnings))


def _exemption_out(call: Call, each: Exemption, region: str | None, name: str) -> ExemptionOut:
    mine = call.caller.name in (each.proposer, each.author)
    waits = each.state is ExemptionState.SUBMITTED
    return ExemptionOut(
        id=each.id,
        state=each.state.value,
        scope=each.scope.value,
        scope_id=each.scope_id,
        name=name,
        region=region,
        start=each.start,
        end=each.end,
        reason=each.reason,
        planned=each.planned,
        party=each.party.value,
        document=each.document,
        attachment=each.attachment,
        proposer=each.proposer or each.author,
        approver=each.approver,
        note=each.note,
        at=each.at,
        mine=mine,
        may_decide=may_decide(call, region, waits=waits, mine=mine),
    )


ROUTES = (
    Route(
        *("GET", "/exemptions", exemptions, Right.READ, "exemptions, by their newest version"),
        query=ExemptionsQuery,
        answer=ExemptionsOut,
        group="decisions",
    ),
    step(
        "/exemptions",
        propose_exemption,
        Right.PROPOSE,
        "propose or change",
        "exemption.propose",
        body=ExemptionIn,
        answer=ExemptionsOut,
    ),
    step(
        "/exemptions/{id}/approve",
        approve_exemption,
        Right.DECIDE,
        "approve",
        "exemption.approve",
        body=DecisionIn,
        answer=ExemptionsOut,
    ),
    step(
        "/exemptions/{id}/refuse",
        refuse_exemption,
        Right.DECIDE,
        "refuse",
        "exemption.refuse",
        body=DecisionIn,
        answer=ExemptionsOut,
    ),
    step(
        "/exemptions/{id}/end",
        end_exemption,
        Right.PROPOSE,
        "end early",
        "exemption.end",
        body=EndIn,
        answer=ExemptionsOut,
    ),
)
