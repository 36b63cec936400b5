"""The hand-over over HTTP: notes that a shift leaves the next."""

from __future__ import annotations

from typing import Annotated

import msgspec

from monitor.adapters.web.alert_parts import HappeningOut, timeline
from monitor.adapters.web.figures import Code
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.alert import Happening

MOST_NOTES = 30


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
    notes = await timeline(call, f"handover:{region}")
    return HandoverOut(region, notes[::-1][:MOST_NOTES])


ROUTES = (
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
