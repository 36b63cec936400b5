"""Reports over HTTP: listed, downloaded, verified and compared; objected to, decided, made final."""

from __future__ import annotations

import mimetypes
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from monitor.adapters.web.fields import Id, Instant, Line
from monitor.adapters.web.figures import Code
from monitor.adapters.web.parts import ReportRevision
from monitor.adapters.web.problem import invalid, not_found
from monitor.adapters.web.route import Call, Reply, Route
from monitor.domain.account import Right
from monitor.domain.facts import Axis, Party
from monitor.domain.objecting import Objection, ObjectionState
from monitor.domain.period import Period, parse_period

PeriodName = Annotated[str, msgspec.Meta(min_length=4, max_length=30)]


class ReportOut(msgspec.Struct, frozen=True):
    """One published revision; its files never change. `region` is "" for the whole city."""

    folder: str
    revision: int
    period: str
    status: str
    region: str
    method: str
    as_of: int
    start: int
    end: int
    seq: int
    files: list[str]


class ReportsOut(msgspec.Struct, frozen=True):
    """Published revisions, the newest period first."""

    reports: list[ReportOut]


class VerifyOut(msgspec.Struct, frozen=True):
    """What does not agree with the manifest's sums; empty where all does."""

    problems: list[str]


class DiffQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which two revisions."""

    earlier: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    later: Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class DiffRowOut(msgspec.Struct, frozen=True):
    """One figure that two revisions say differently."""

    region_code: str
    level: str
    point_class: str
    device_kind: str
    organisation: str
    column: str
    old: str
    new: str


class DiffOut(msgspec.Struct, frozen=True):
    """What two revisions say differently."""

    rows: list[DiffRowOut]


class DraftIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which period: 2026-W47, 2026-11, or two days; of one region, or of the whole city."""

    period: PeriodName
    region: Code | None = None


class FinalIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Make the final report; `early` ends the time for objections."""

    early: bool = False


class MadeOut(msgspec.Struct, frozen=True):
    """A revision that was made."""

    folder: str
    revision: int


class ObjectionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To which period."""

    period: PeriodName | None = None


class ObjectionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a draft has wrong of a device."""

    period: PeriodName
    device: Id
    axis: Literal["connectivity", "condition"]
    start: Instant
    end: Instant
    claimed: Literal["online", "offline", "unknown", "intact", "faulty"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    document: Line = ""


class ObjectionDecisionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an objection is decided, and why."""

    accept: bool
    note: Line = ""


class ObjectionOut(msgspec.Struct, frozen=True):
    """The newest version of an objection."""

    id: str
    period: str
    device: str
    region: str | None
    axis: str
    start: int
    end: int
    claimed: str
    reason: str
    document: str
    proposer: str
    state: str
    approver: str
    note: str
    at: int
    may_decide: bool


class ObjectionsOut(msgspec.Struct, frozen=True):
    """Objections, the newest first."""

    objections: list[ObjectionOut]


async def reports(call: Call) -> ReportsOut:
    """Give the revisions that the caller may see: the city's only to whoever sees all of it."""
    call.regions()
    found = [each for each in await call.parts.reports.revisions() if call.sees(each.region or None)]
    found.sort(key=lambda each: (each.end, each.folder, each.revision), reverse=True)
    return ReportsOut([_report_out(call, each) for each in found])


async def report_file(call: Call) -> Reply:
    """Give one file of a revision, as it was published."""
    folder, revision = await _revision(call)
    name = call.params["name"]
    content = await call.parts.reports.read(folder, revision, name)
    if content is None:
        raise not_found("file")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    safe = "".join(character for character in name if character.isalnum() or character in "._-")
    headers = {
        "Content-Disposition": f'attachment; filename="{folder}-rev{revision}-{safe}"',
        "Content-Type": kind,
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
    }
    return Reply(content, headers=headers)


async def verify(call: Call) -> VerifyOut:
    """Hold the files of a revision against their sums."""
    folder, revision = await _revision(call)
    problems = await call.parts.reports.problems(folder, revision)
    return VerifyOut(problems or [])


async def diff(call: Call) -> DiffOut:
    """Give what two revisions of a period say differently."""
    query: DiffQuery = call.query
    folder = call.params["folder"]
    await _one(call, folder, query.earlier)
    await _one(call, folder, query.later)
    rows = await call.parts.reports.differences(folder, query.earlier, query.later)
    return DiffOut([msgspec.convert(row, DiffRowOut) for row in rows or []])


async def draft(call: Call) -> MadeOut:
    """Make a draft: a new revision from what is known now."""
    body: DraftIn = call.body
    region = body.region
    call.require(region)
    if region is not None and region == call.tree.lineage(region)[-1]:
        region = None
    _period(call, body.period)
    made = await call.parts.reports.draft(body.period, region)
    return msgspec.convert(made, MadeOut)


async def final(call: Call) -> MadeOut:
    """Make the final report of a period, with every decision in it."""
    call.require(None)
    _period(call, call.params["period"])
    made = await call.parts.reports.final(call.params["period"], early=call.body.early, author=call.caller.name)
    return msgspec.convert(made, MadeOut)


async def objections(call: Call) -> ObjectionsOut:
    """Give objections about devices in the caller's regions."""
    call.regions()
    found = await call.parts.objections.objections(period=call.query.period)
    return ObjectionsOut(
        [_objection_out(call, each) for each in found[::-1] if call.sees(_region(call, each.device_id))]
    )


async def object_to(call: Call) -> ObjectionOut:
    """Object to a draft: what it has wrong of a device."""
    body: ObjectionIn = call.body
    call.require(_region(call, body.device))
    period = _period(call, body.period)
    published = await call.parts.reports.revisions()
    drafts = [each for each in published if each.period == period.name and _is_of_the_city(call, each)]
    final = any(each.status == "final" for each in drafts)
    status = "final" if final else drafts[-1].status if drafts else None
    terms = Objection(
        "",
        period.name,
        body.device,
        Axis(body.axis),
        body.start,
        body.end,
        body.claimed,
        body.reason,
        body.document,
        call.caller.name,
        author=call.caller.name,
        party=Party.UNDECIDED,
    )
    made = await call.parts.objection_desk.submit(terms, period, status=status, at=call.at)
    call.target = made.id
    return _objection_out(call, made)


async def decide(call: Call) -> ObjectionOut:
    """Accept an objection, which corrects the device's past, or refuse it with the reason."""
    known = {each.id: each for each in await call.parts.objections.objections()}
    found = known.get(call.params["id"])
    if found is None:
        call.require(None)
        raise not_found(call.params["id"])
    call.require(_region(call, found.device_id))
    call.before = _objection_out(call, found)
    body: ObjectionDecisionIn = call.body
    decided, _ = await call.parts.objection_desk.decide(
        found.id, accept=body.accept, approver=call.caller.name, note=body.note, at=call.at
    )
    call.after = out = _objection_out(call, decided)
    return out


def _period(call: Call, name: str) -> Period:
    try:
        return parse_period(name, ZoneInfo(call.parts.zone))
    except (ValueError, OverflowError) as error:
        raise invalid([str(error)]) from error


def _region(call: Call, device_id: str) -> str | None:
    counts = call.parts.counts()
    number = counts.number_of(device_id)
    return None if number is None else counts.columns().devices[number].region


async def _revision(call: Call) -> tuple[str, int]:
    text = call.params["revision"]
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise not_found("revision")
    await _one(call, call.params["folder"], int(text))
    return call.params["folder"], int(text)


async def _one(call: Call, folder: str, revision: int) -> ReportRevision:
    for each in await call.parts.reports.revisions():
        if (each.folder, each.revision) == (folder, revision):
            call.require(each.region or None)
            return each
    call.regions()
    raise not_found("revision")


def _is_of_the_city(call: Call, each: ReportRevision) -> bool:
    return each.region in ("", *(root.code for root in call.tree.children(None)))


def _report_out(call: Call, each: ReportRevision) -> ReportOut:
    return ReportOut(
        each.folder,
        each.revision,
        each.period,
        each.status,
        "" if _is_of_the_city(call, each) else each.region,
        each.method,
        each.as_of,
        each.start,
        each.end,
        each.seq,
        list(each.files),
    )


def _objection_out(call: Call, each: Objection) -> ObjectionOut:
    region = _region(call, each.device_id)
    waits = each.state is ObjectionState.SUBMITTED and each.proposer != call.caller.name
    return ObjectionOut(
        id=each.id,
        period=each.period,
        device=each.device_id,
        region=region,
        axis=each.axis.value,
        start=each.start,
        end=each.end,
        claimed=each.claimed,
        reason=each.reason,
        document=each.document,
        proposer=each.proposer,
        state=each.state.value,
        approver=each.approver,
        note=each.note,
        at=each.at,
        may_decide=waits and call.caller.may(Right.DECIDE, region, call.tree),
    )


ROUTES = (
    Route("GET", "/reports", reports, Right.READ, "published reports", answer=ReportsOut, group="reports"),
    Route(
        *("POST", "/reports", draft, Right.OPERATE, "make a draft"),
        body=DraftIn,
        answer=MadeOut,
        status=201,
        group="reports",
        action="report.draft",
    ),
    Route(
        *("GET", "/reports/{folder}/diff", diff, Right.READ, "what two revisions say differently"),
        query=DiffQuery,
        answer=DiffOut,
        group="reports",
    ),
    Route(
        *("GET", "/reports/{folder}/{revision}/verify", verify, Right.READ, "check a revision's files"),
        answer=VerifyOut,
        group="reports",
    ),
    Route(
        *("GET", "/reports/{folder}/{revision}/files/{name}", report_file, Right.READ, "one file of a revision"),
        produces="application/octet-stream",
        group="reports",
    ),
    Route(
        *("POST", "/reports/{period}/final", final, Right.DECIDE, "make the final report"),
        body=FinalIn,
        answer=MadeOut,
        status=201,
        group="reports",
        action="report.final",
    ),
    Route(
        *("GET", "/objections", objections, Right.READ, "objections to drafts"),
        query=ObjectionsQuery,
        answer=ObjectionsOut,
        group="reports",
    ),
    Route(
        *("POST", "/objections", object_to, Right.PROPOSE, "object to a draft"),
        body=ObjectionIn,
        answer=ObjectionOut,
        status=201,
        group="reports",
        action="objection.propose",
    ),
    Route(
        *("POST", "/objections/{id}/decide", decide, Right.DECIDE, "accept or refuse an objection"),
        body=ObjectionDecisionIn,
        answer=ObjectionOut,
        group="reports",
        action="objection.decide",
    ),
)
