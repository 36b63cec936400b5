"""Silences over HTTP: of what nobody is told for a while."""

from __future__ import annotations

from typing import Annotated

import msgspec

from monitor.adapters.web.alert_parts import OpenQuery, is_within
from monitor.adapters.web.fields import Instant
from monitor.adapters.web.problem import Problem, invalid, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.silence import Silence

LONGEST_SILENCE_S = 30 * 86_400


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


async def silences(call: Call) -> SilencesOut:
    """Give silences that last or are to come, in the caller's regions."""
    found = [each for each in await call.parts.alerts.silences() if each.ended_at is None and each.end > call.at]
    within = call.regions(call.query.region)
    return SilencesOut([_silence_out(each) for each in found if is_within(call, each.region or None, within)])


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


async def _region_of_subject(call: Call, subject: str) -> str | None:
    found = await call.parts.alerts.incident(subject) if subject else None
    return None if found is None else found.county or None


def _silence_out(each: Silence) -> SilenceOut:
    return SilenceOut(
        each.id, each.start, each.end, each.region, each.rule, each.subject, each.reason, each.author, each.ended_at
    )


ROUTES = (
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
)
