"""Imports over HTTP: a sheet is uploaded and judged, its errors told by row, and recorded only when confirmed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from monitor.adapters.web.figures import Code
from monitor.adapters.web.parts import Upload
from monitor.adapters.web.problem import forbidden, invalid, not_found
from monitor.adapters.web.route import Call, Reply, Route
from monitor.domain.account import Right

MOST_BYTES = 64 * 1024 * 1024


class ImportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is uploaded, and how it is to be imported. `name` is only shown; a county's sheet names its `region`."""

    kind: Literal["regions", "points", "devices"]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] = "sheet.csv"
    profile: Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{0,40}$")] = ""
    region: Code | None = None
    strict: bool = False
    retire_missing: bool = False


class ProblemRowOut(msgspec.Struct, frozen=True):
    """One thing wrong with one row; `severity` is error (the row is kept out) or warning."""

    line: int
    column: str
    value: str
    expected: str
    severity: str


class ImportOut(msgspec.Struct, frozen=True):
    """What a sheet is, held against what is recorded; with an `id` it waits for its confirmation."""

    id: str
    kind: str
    file: str
    sha256: str
    profile: str
    recorded: bool
    rows: int
    accepted: int
    rejected: int
    warned: int
    added: int
    changed: int
    unchanged: int
    missing: int
    points_added: int
    proposals: list[str]
    left_out: list[str]
    unknown_columns: list[str]
    problem_count: int
    problems: list[ProblemRowOut]
    notes: list[str]
    has_rejected_file: bool


async def judge(call: Call) -> ImportOut:
    """Judge a sheet and compare it with what is recorded; nothing is recorded."""
    query: ImportQuery = call.query
    region = query.region
    if region is not None:
        call.require(region)
        if region == call.tree.lineage(region)[-1]:
            region = None
    elif not call.sees(None):
        own = call.regions()
        if len(own) != 1:
            raise invalid(["请指明区划 · name the region"])
        region = own[0]
    if region is not None and query.kind == "regions":
        raise forbidden()  # the tree is the city's
    if not call.body:
        raise invalid(["文件为空 · the file is empty"])
    upload = Upload(
        name=query.name,
        kind=query.kind,
        profile=query.profile,
        region=region or "",
        strict=query.strict,
        retire_missing=query.retire_missing,
        author=call.caller.name,
        at=call.at,
    )
    upload_id, found = await call.parts.imports.judge(call.body, upload, at=call.at)
    call.target = f"{query.kind} {query.name}"
    return _out(upload_id, found)


async def confirm(call: Call) -> ImportOut:
    """Record a judged sheet: exactly the bytes that were judged, by whoever uploaded them."""
    upload = _own(call)
    call.require(upload.region or None)
    found = await call.parts.imports.confirm(call.params["id"])
    out = _out("", found)
    call.target = f"{upload.kind} {upload.name}"
    call.after = {"sha256": out.sha256, "added": out.added, "changed": out.changed, "proposals": len(out.proposals)}
    return out


async def rejected(call: Call) -> Reply:
    """Give the rejected rows with their reasons, in the sheet's own shape, to be corrected and uploaded again."""
    _own(call)
    found = await call.parts.imports.rejected(call.params["id"])
    if found is None:
        raise not_found("rejected rows")
    name, content = found
    return Reply(content, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _own(call: Call) -> Upload:
    upload = call.parts.imports.upload(call.params["id"])
    if upload is None or upload.author != call.caller.name:
        raise not_found("upload")
    return upload


def _out(upload_id: str, found: dict[str, Any]) -> ImportOut:
    return ImportOut(
        id=upload_id,
        kind=found["kind"],
        file=found["file"],
        sha256=found["sha256"],
        profile=found["profile"],
        recorded=found["recorded"],
        rows=found["rows"],
        accepted=found["accepted"],
        rejected=found["rejected"],
        warned=found["warned"],
        added=found["added"],
        changed=found["changed"],
        unchanged=found["unchanged"],
        missing=found["missing"],
        points_added=found["points_added"],
        proposals=found["proposals"][:200],
        left_out=list(found["left_out"]),
        unknown_columns=list(found["unknown_columns"]),
        problem_count=found["problem_count"],
        problems=[msgspec.convert(each, ProblemRowOut, strict=False) for each in found["problems"]],
        notes=found["notes"],
        has_rejected_file=bool(found["rejected_file"]) and bool(upload_id),
    )


ROUTES = (
    Route(
        *("POST", "/imports", judge, Right.IMPORT, "judge a sheet"),
        query=ImportQuery,
        body=bytes,
        answer=ImportOut,
        group="imports",
        action="import.judge",
        keyless=True,
        most_bytes=MOST_BYTES,
    ),
    Route(
        *("POST", "/imports/{id}/confirm", confirm, Right.IMPORT, "record a judged sheet"),
        answer=ImportOut,
        group="imports",
        action="import.confirm",
    ),
    Route(
        *("GET", "/imports/{id}/rejected", rejected, Right.IMPORT, "the rejected rows as a sheet"),
        produces="application/octet-stream",
        group="imports",
    ),
)
