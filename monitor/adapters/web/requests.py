"""Requests and corrections over HTTP: asked in a region, decided by somebody else who has the right there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

import msgspec

from monitor.adapters.web.deciding import DecisionIn, is_within, may_decide, places, reason_of, step
from monitor.adapters.web.fields import Id, Instant, Line, Sha256
from monitor.adapters.web.figures import Code
from monitor.adapters.web.path_scope import require_all_behind
from monitor.adapters.web.problem import invalid, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.facts import Axis, Correction, Party
from monitor.domain.request import FieldChange, Request, RequestKind, RequestState
from monitor.domain.state import Cause

_SPREADING = frozenset({RequestKind.RETIRE, RequestKind.SUSPEND, RequestKind.RETURN, RequestKind.PARENTS})
"""What is asked of a switch or recorder and changes how those behind it are judged."""


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
        if is_within(call, region, within)
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
    made = await call.parts.requests.refuse(
        [before.id], approver=call.caller.name, at=call.at, note=reason_of(call.body)
    )
    return await _requests_out(call, made)


async def withdraw_request(call: Call) -> RequestsOut:
    """Take a request back; only whoever made it."""
    call.before = before = await _one_request(call)
    body: DecisionIn = call.body
    made = await call.parts.requests.withdraw([before.id], author=call.caller.name, at=call.at, note=body.note)
    return await _requests_out(call, made)


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


async def _one_request(call: Call) -> Request:
    request_id = call.params["id"]
    versions = await call.parts.inventory.requests(request_id=request_id)
    if not versions:
        call.require(None)
        raise not_found(request_id)
    await _require_all(call, versions[-1])
    return versions[-1]


async def _requests_out(call: Call, made: Sequence[Request]) -> RequestsOut:
    call.after = list(made)
    call.target = " ".join(each.id for each in made)
    regions = await _regions_of(call, made)
    return RequestsOut([_request_out(call, each, region) for each, region in zip(made, regions, strict=True)])


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
        may_decide=may_decide(call, region, waits=each.state is RequestState.SUBMITTED, mine=mine),
    )


ROUTES = (
    Route(
        *("GET", "/requests", requests, Right.READ, "requests, by their newest version"),
        query=RequestsQuery,
        answer=RequestsOut,
        group="decisions",
    ),
    step("/requests", propose_request, Right.PROPOSE, "ask", "request.propose", body=RequestIn, answer=RequestsOut),
    step(
        "/requests/{id}/approve",
        approve_request,
        Right.DECIDE,
        "approve",
        "request.approve",
        body=DecisionIn,
        answer=RequestsOut,
    ),
    step(
        "/requests/{id}/refuse",
        refuse_request,
        Right.DECIDE,
        "refuse",
        "request.refuse",
        body=DecisionIn,
        answer=RequestsOut,
    ),
    step(
        "/requests/{id}/withdraw",
        withdraw_request,
        Right.PROPOSE,
        "take back",
        "request.withdraw",
        body=DecisionIn,
        answer=RequestsOut,
    ),
)
