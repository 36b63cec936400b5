"""Exemptions and requests over HTTP: proposed in a region, decided by somebody else who has the right there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Literal

import msgspec

from monitor.adapters.web.figures import Code
from monitor.adapters.web.path_scope import require_all_behind
from monitor.adapters.web.problem import forbidden, invalid, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain import exempting
from monitor.domain.account import Right
from monitor.domain.exempting import ExemptionReason
from monitor.domain.facts import Axis, Correction, Exemption, ExemptionScope, ExemptionState, Party
from monitor.domain.request import FieldChange, Request, RequestKind, RequestState
from monitor.domain.state import Cause
from monitor.services.exemption_desk import Recorded

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Line = Annotated[str, msgspec.Meta(max_length=300)]
Instant = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]


_SPREADING = frozenset({RequestKind.RETIRE, RequestKind.SUSPEND, RequestKind.RETURN, RequestKind.PARENTS})
"""What is asked of a switch or recorder and changes how those behind it are judged."""


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


class DecisionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision's note; a refusal needs one."""

    note: Line = ""


class EndIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When an exemption ends, now where none is given."""

    at: Instant | None = None
    note: Line = ""


class ChangeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field asked to change, in the inventory's text form."""

    field: Id
    new: Line


class CorrectionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An interval of a device's past to be corrected."""

    axis: Literal["connectivity", "condition"]
    start: Instant
    end: Instant
    state: Literal["online", "offline", "unknown", "intact", "faulty"]
    party: Literal["city", "county", "carrier", "power", "owner_unit", "undecided"] = "undecided"


class RequestIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for: changes of fields, or a correction."""

    kind: Literal[
        "retire",
        "suspend",
        "return",
        "reclassify",
        "move",
        "back_date",
        "hours",
        "parents",
        "point",
        "region",
        "clear_fault",
        "confirm_fault",
        "correction",
        "withdrawal",
    ]
    entity_id: Id
    reason: Line
    changes: Annotated[list[ChangeIn], msgspec.Meta(max_length=50)] = []
    effective_at: Instant | None = None
    correction: CorrectionIn | None = None
    document: Line = ""
    attachment: Sha256 = ""


class FieldOut(msgspec.Struct, frozen=True):
    """One field asked to change: what stood when it was asked, and what is asked for."""

    field: str
    old: str
    new: str


class RequestOut(msgspec.Struct, frozen=True):
    """The newest version of a request."""

    id: str
    kind: str
    state: str
    entity: str
    entity_id: str
    region: str | None
    changes: list[FieldOut]
    correction: str
    effective_at: int | None
    reason: str
    document: str
    proposer: str
    approver: str
    note: str
    at: int
    mine: bool
    may_decide: bool


class RequestsOut(msgspec.Struct, frozen=True):
    """Requests, the newest first."""

    requests: list[RequestOut]


class RequestsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests."""

    region: Code | None = None
    state: Literal["submitted", "approved", "refused", "withdrawn"] | None = None


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
        if _is_within(call, region, within)
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
        [before.id], approver=call.caller.name, at=call.at, note=_reason(call.body)
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


async def requests(call: Call) -> RequestsOut:
    """Give the newest version of every request in the caller's regions."""
    query: RequestsQuery = call.query
    within = set(call.regions(query.region))
    newest = {each.id: each for each in await call.parts.inventory.requests()}
    wanted = [each for each in newest.values() if query.state is None or each.state.value == query.state]
    regions = await _regions_of(call, wanted)
    found = [
        _request_out(call, each, region)
        for each, region in zip(wanted, regions, strict=True)
        if _is_within(call, region, within)
    ]
    return RequestsOut(found[::-1])


async def propose_request(call: Call) -> RequestsOut:
    """Ask for what moves a denominator or corrects an interval."""
    body: RequestIn = call.body
    kind = RequestKind(body.kind)
    correction = None
    if kind is RequestKind.CORRECTION:
        if body.correction is None:
            raise invalid(["更正须写明区间与状态 · a correction needs its interval and state"])
        asked = body.correction
        correction = Correction(
            body.entity_id,
            Axis(asked.axis),
            start=asked.start,
            end=asked.end,
            state=asked.state,
            cause=Cause.DECISION,
            by_person=True,
            party=Party(asked.party),
        )
    entity = {RequestKind.POINT: "point", RequestKind.REGION: "region", RequestKind.WITHDRAWAL: "correction"}
    terms = Request(
        "",
        kind,
        entity.get(kind, "device"),
        body.entity_id,
        body.reason,
        call.caller.name,
        changes=tuple(FieldChange(each.field, "", each.new) for each in body.changes),
        effective_at=body.effective_at,
        correction=correction,
        document=body.document,
        attachment=body.attachment,
        author=call.caller.name,
    )
    await _require_all(call, terms)
    if kind is RequestKind.MOVE:
        for change in body.changes:
            await _require_place(call, change)
    made = await call.parts.requests.propose([terms], at=call.at)
    return await _requests_out(call, made)


async def approve_request(call: Call) -> RequestsOut:
    """Approve a request; what it asks for is done."""
    call.before = before = await _one_request(call)
    body: DecisionIn = call.body
    made = await call.parts.requests.approve([before.id], approver=call.caller.name, at=call.at, note=body.note)
    return await _requests_out(call, made)


async def refuse_request(call: Call) -> RequestsOut:
    """Refuse a request; the reason must be told."""
    call.before = before = await _one_request(call)
    made = await call.parts.requests.refuse([before.id], approver=call.caller.name, at=call.at, note=_reason(call.body))
    return await _requests_out(call, made)


async def withdraw_request(call: Call) -> RequestsOut:
    """Take a request back; only whoever made it."""
    call.before = before = await _one_request(call)
    body: DecisionIn = call.body
    made = await call.parts.requests.withdraw([before.id], author=call.caller.name, at=call.at, note=body.note)
    return await _requests_out(call, made)


def _reason(body: DecisionIn) -> str:
    if not body.note.strip():
        raise invalid(["不批准须说明理由 · a refusal needs its reason"])
    return body.note


def _is_within(call: Call, region: str | None, within: set[str]) -> bool:
    if region is None or region not in call.tree:
        return call.sees(None)
    return not within.isdisjoint(call.tree.lineage(region))


async def places(call: Call, named: Sequence[tuple[str, str]]) -> list[tuple[str | None, str]]:
    """Give the region and the name of what exemptions and requests are about; None for nowhere known."""
    counts = call.parts.counts()
    devices = counts.columns().devices
    points = await call.parts.directory.points_of(sorted({each for scope, each in named if scope == "point"}))
    ids = sorted({each for scope, each in named if scope in ("device", "path")})
    records = await call.parts.directory.records_of(ids)
    found: list[tuple[str | None, str]] = []
    for scope, scope_id in named:
        if scope == "region":
            region = call.tree.get(scope_id)
            found.append((scope_id, "" if region is None else region.name))
        elif scope == "point":
            point = points.get(scope_id)
            found.append((None, "") if point is None else (point.region, point.name))
        else:
            number = counts.number_of(scope_id)
            name = records[scope_id].name if scope_id in records else ""
            found.append((None if number is None else devices[number].region, name))
    return found


async def _regions_of(call: Call, asked: Iterable[Request]) -> list[str | None]:
    """Give the region of what each request is about; of a withdrawal, that of the corrected device."""
    named = []
    for each in asked:
        entity, entity_id = each.entity, each.entity_id
        if entity == "correction" and entity_id.isascii() and entity_id.isdecimal() and len(entity_id) < 18:
            correction = await call.parts.queries.correction(int(entity_id))
            entity, entity_id = "device", "" if correction is None else correction.device_id
        named.append((entity, entity_id))
    return [region for region, _ in await places(call, named)]


async def _require_all(call: Call, asked: Request) -> None:
    """Go on only with the route's right on what a request is about, and on those whom it changes with it."""
    for region in await _regions_of(call, [asked]):
        call.require(region)
    if asked.kind in _SPREADING:
        require_all_behind(call, asked.entity_id)


async def _require_place(call: Call, change: ChangeIn) -> None:
    """A move into a region that is not the caller's is not the caller's to ask for."""
    if change.field == "region":
        call.require(change.new)
    elif change.field == "point" and change.new:
        [(region, _)] = await places(call, [("point", change.new)])
        call.require(region)


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


async def _one_request(call: Call) -> Request:
    request_id = call.params["id"]
    versions = await call.parts.inventory.requests(request_id=request_id)
    if not versions:
        call.require(None)
        raise not_found(request_id)
    await _require_all(call, versions[-1])
    return versions[-1]


async def recorded_out(call: Call, recorded: Recorded) -> ExemptionsOut:
    """Give what was recorded of exemptions, and tell the audit log of it."""
    versions = list(recorded.versions)
    found = await places(call, [(each.scope.value, each.scope_id) for each in versions])
    call.after = versions
    call.target = " ".join(each.id for each in versions)
    outs = [_exemption_out(call, each, region, name) for each, (region, name) in zip(versions, found, strict=True)]
    return ExemptionsOut(outs, list(recorded.warnings))


async def _requests_out(call: Call, made: Sequence[Request]) -> RequestsOut:
    call.after = list(made)
    call.target = " ".join(each.id for each in made)
    regions = await _regions_of(call, made)
    return RequestsOut([_request_out(call, each, region) for each, region in zip(made, regions, strict=True)])


def _may_decide(call: Call, region: str | None, *, waits: bool, mine: bool) -> bool:
    return waits and not mine and call.caller.may(Right.DECIDE, region, call.tree)


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
        may_decide=_may_decide(call, region, waits=waits, mine=mine),
    )


def _request_out(call: Call, each: Request, region: str | None) -> RequestOut:
    mine = call.caller.name == each.proposer
    correction = each.correction
    words = ""
    if correction is not None:
        words = f"{correction.axis.value} {correction.state} {correction.start}-{correction.end}"
    return RequestOut(
        id=each.id,
        kind=each.kind.value,
        state=each.state.value,
        entity=each.entity,
        entity_id=each.entity_id,
        region=region,
        changes=[FieldOut(change.field, change.old, change.new) for change in each.changes],
        correction=words,
        effective_at=each.effective_at,
        reason=each.reason,
        document=each.document,
        proposer=each.proposer,
        approver=each.approver,
        note=each.note,
        at=each.at,
        mine=mine,
        may_decide=_may_decide(call, region, waits=each.state is RequestState.SUBMITTED, mine=mine),
    )


def _step(path: str, handler: Callable[[Call], object], right: Right, summary: str, action: str, body: type) -> Route:
    answer = ExemptionsOut if path.startswith("/exemptions") else RequestsOut
    return Route(
        "POST",
        path,
        handler,  # type: ignore[arg-type] # every handler here is a coroutine function
        right,
        summary,
        body=body,
        answer=answer,
        group="decisions",
        action=action,
    )


ROUTES = (
    Route(
        *("GET", "/exemptions", exemptions, Right.READ, "exemptions, by their newest version"),
        query=ExemptionsQuery,
        answer=ExemptionsOut,
        group="decisions",
    ),
    _step("/exemptions", propose_exemption, Right.PROPOSE, "propose or change", "exemption.propose", ExemptionIn),
    _step("/exemptions/{id}/approve", approve_exemption, Right.DECIDE, "approve", "exemption.approve", DecisionIn),
    _step("/exemptions/{id}/refuse", refuse_exemption, Right.DECIDE, "refuse", "exemption.refuse", DecisionIn),
    _step("/exemptions/{id}/end", end_exemption, Right.PROPOSE, "end early", "exemption.end", EndIn),
    Route(
        *("GET", "/requests", requests, Right.READ, "requests, by their newest version"),
        query=RequestsQuery,
        answer=RequestsOut,
        group="decisions",
    ),
    _step("/requests", propose_request, Right.PROPOSE, "ask", "request.propose", RequestIn),
    _step("/requests/{id}/approve", approve_request, Right.DECIDE, "approve", "request.approve", DecisionIn),
    _step("/requests/{id}/refuse", refuse_request, Right.DECIDE, "refuse", "request.refuse", DecisionIn),
    _step("/requests/{id}/withdraw", withdraw_request, Right.PROPOSE, "take back", "request.withdraw", DecisionIn),
)
