"""The inventory over HTTP: its ledger, the check of its records, itself as a sheet, and its checkpoints."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec

from monitor.adapters.web.devices import Classes
from monitor.adapters.web.fields import Instant
from monitor.adapters.web.figures import Code
from monitor.adapters.web.problem import invalid
from monitor.adapters.web.route import Call, Reply, Route
from monitor.domain.account import Right

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class LedgerQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Between which instants (epoch seconds; `to` is now where left out), of which region and class."""

    start: Instant = msgspec.field(name="from")
    end: Instant | None = msgspec.field(name="to", default=None)
    region: Code | None = None
    point_class: Classes | None = None


class CountedOut(msgspec.Struct, frozen=True):
    """An online rate: devices online of devices assessed, and its print."""

    numerator: int
    denominator: int
    percent: str | None


class StepOut(msgspec.Struct, frozen=True):
    """One way by which devices came or went, how many, and what it did to the rate (points; exact fraction)."""

    step: str
    devices: int
    effect_points: str | None
    effect: str | None


class LedgerRegionOut(msgspec.Struct, frozen=True):
    """One region: devices and points before and after, and the rate then, unchanged, and now."""

    region: str
    name: str
    devices_from: int
    devices_to: int
    points_from: int
    points_to: int
    online_rate_from: CountedOut
    online_rate_unchanged: CountedOut
    online_rate_to: CountedOut
    effect_points: str | None
    effect: str | None
    steps: list[StepOut]


class LedgerEntryOut(msgspec.Struct, frozen=True):
    """One entry of the ledger: who changed what, when, why, who approved it, and its effect; instants as texts."""

    who: str
    when: str
    recorded: str
    back_dated: bool
    what: str
    id: str
    field: str
    old: str = msgspec.field(name="from")
    new: str = msgspec.field(name="to")
    why: str
    approved_by: str
    document: str
    request: str
    region: str
    effect_points: str | None
    effect: str | None


class LedgerOut(msgspec.Struct, frozen=True):
    """What came and went between two instants of the city's zone, and its effect on the online rate."""

    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    regions: list[LedgerRegionOut]
    entries: list[LedgerEntryOut]


class RecordsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which region, only findings of which kind, and how many at most."""

    region: Code | None = None
    kind: Annotated[str, msgspec.Meta(pattern="^[a-z_]{1,40}$")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = 500


class RecordsOut(msgspec.Struct, frozen=True):
    """How whole the records of a region are (archived, complete), by class and part, and what is wrong with them."""

    region: str
    name: str
    archived: dict[str, Any]
    complete: dict[str, Any]
    classes: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    counts: dict[str, int]
    findings: list[dict[str, str]]
    total: int


class DeviceSheetQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which region, by which profile, in which form."""

    region: Code | None = None
    profile: Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,40}$")] = "archive-27"
    format: Literal["xlsx", "csv"] = "xlsx"


class CheckpointsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which region; the caller's own where none is named."""

    region: Code | None = None


class CheckpointsOut(msgspec.Struct, frozen=True):
    """Checkpoints as they stand: coverage by lane and direction, records an hour against what is usual."""

    checkpoints: list[dict[str, Any]]


async def ledger(call: Call) -> LedgerOut:
    """Give what came and went in the inventory, and its effect on the online rate."""
    query: LedgerQuery = call.query
    end = call.at if query.end is None else min(query.end, call.at)
    if end <= query.start:
        raise invalid(["to 须晚于 from，且 from 须已过去 · `to` must be later than `from`, which must have passed"])
    region = call.regions(query.region)[0]
    order = {"start": query.start, "end": end, "region": region, "point_class": query.point_class}
    return msgspec.convert(await call.parts.tools.ask("ledger", order), LedgerOut)


async def records(call: Call) -> RecordsOut:
    """Check the records of a region."""
    query: RecordsQuery = call.query
    order = {"region": call.regions(query.region)[0], "kind": query.kind, "limit": query.limit}
    return msgspec.convert(await call.parts.tools.ask("records", order), RecordsOut)


async def sheet(call: Call) -> Reply:
    """Give the devices of a region as a profile's sheet, which can be imported again."""
    query: DeviceSheetQuery = call.query
    region = call.regions(query.region)[0]
    name = f"vidnet-{region}-{query.profile}.{query.format}"
    with tempfile.TemporaryDirectory(prefix="vidnet-sheet-") as folder:
        file = Path(folder) / f"sheet.{query.format}"
        await call.parts.tools.ask("export", {"file": str(file), "profile": query.profile, "region": region})
        content = await asyncio.to_thread(file.read_bytes)
    kind = XLSX if query.format == "xlsx" else "text/csv; charset=utf-8"
    named = f"attachment; filename*=UTF-8''{quote(name)}"
    return Reply(content, headers={"Content-Disposition": named, "Content-Type": kind})


async def checkpoints(call: Call) -> CheckpointsOut:
    """Give the checkpoints of a region."""
    order = {"region": call.regions(call.query.region)[0]}
    return msgspec.convert(await call.parts.tools.ask("checkpoints", order), CheckpointsOut)


ROUTES = (
    Route(
        *("GET", "/inventory/diff", ledger, Right.READ, "the denominator's ledger between two instants"),
        query=LedgerQuery,
        answer=LedgerOut,
        group="inventory",
    ),
    Route(
        *("GET", "/inventory/check", records, Right.READ, "how whole the records are"),
        query=RecordsQuery,
        answer=RecordsOut,
        group="inventory",
    ),
    Route(
        *("GET", "/inventory/export", sheet, Right.READ, "the devices as a sheet to import again"),
        query=DeviceSheetQuery,
        produces=XLSX,
        group="inventory",
    ),
    Route(
        *("GET", "/checkpoints", checkpoints, Right.READ, "checkpoints, lane by lane"),
        query=CheckpointsQuery,
        answer=CheckpointsOut,
        group="inventory",
    ),
)
