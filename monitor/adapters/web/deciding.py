"""What exemptions and requests have in common: something waits, and somebody else with the right decides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from monitor.adapters.web.fields import Line
from monitor.adapters.web.problem import invalid
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right


class DecisionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision's note; a refusal needs one."""

    note: Line = ""


def reason_of(body: DecisionIn) -> str:
    """Give why something is refused.

    Raises:
        Problem: nothing is said.
    """
    if not body.note.strip():
        raise invalid(["不批准须说明理由 · a refusal needs its reason"])
    return body.note


def is_within(call: Call, region: str | None, within: set[str]) -> bool:
    """Tell whether something in a region lies within those asked for; what stands nowhere is for whoever sees all."""
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


def may_decide(call: Call, region: str | None, *, waits: bool, mine: bool) -> bool:
    """Tell whether the caller may decide what waits in a region: the right is his there, and it is not his own."""
    return waits and not mine and call.caller.may(Right.DECIDE, region, call.tree)


def step(
    path: str,
    handler: Callable[[Call], object],
    right: Right,
    summary: str,
    action: str,
    *,
    body: type,
    answer: type,
) -> Route:
    """Give the route of a step of a decision: it is asked with a body, and answered with what it made."""
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
