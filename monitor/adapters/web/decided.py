"""What was decided, beside the desks' own lists: corrections, exemptions to look after, and a sheet of exemptions."""

from __future__ import annotations

from typing import Annotated

import msgspec

from monitor.adapters.web.deciding import places
from monitor.adapters.web.exemptions import ExemptionsOut, recorded_out
from monitor.adapters.web.fields import Id
from monitor.adapters.web.figures import Code
from monitor.adapters.web.finding import find_device
from monitor.adapters.web.paging import Cursor, Limit, cursor_of, place_of
from monitor.adapters.web.path_scope import require_all_behind
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.facts import Correction, ExemptionScope

MOST_BYTES = 16_000_000


class CorrectionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which region or device; `all`: withdrawn ones and those of late evidence, too."""

    region: Code | None = None
    device: Id | None = None
    all: bool = False
    cursor: Cursor | None = None
    limit: Limit = 100


class ListedCorrectionOut(msgspec.Struct, frozen=True):
    """A correction of a device's past."""

    seq: int
    device: str
    region: str | None
    axis: str
    start: int
    end: int
    state: str
    cause: str
    by_person: bool
    withdrawn: bool
    author: str
    approved_by: str
    reason: str
    document: str


class CorrectionsOut(msgspec.Struct, frozen=True):
    """Corrections, newest first."""

    corrections: list[ListedCorrectionOut]
    next: str | None


class ExemptionSheetQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the sheet is called (its ending tells CSV, XLSX and XLS apart), and how it is taken."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] = "sheet.csv"
    draft: bool = False
    back_dated: bool = False


async def corrections(call: Call) -> CorrectionsOut:
    """Give corrections in the caller's regions."""
    query: CorrectionsQuery = call.query
    within = set(call.regions(query.region))
    if query.device is not None:
        await find_device(call, query.device)
    before = place_of(query.cursor, int)
    counts = call.parts.counts()
    devices = counts.columns().devices
    found: list[tuple[Correction, str | None]] = []
    for each in reversed(await call.parts.queries.corrections(device_id=query.device)):
        number = counts.number_of(each.device_id)
        region = None if number is None else devices[number].region
        if (
            (before is None or each.seq < before)
            and (query.all or (each.by_person and not each.withdrawn))
            and not within.isdisjoint(call.tree.lineage(region or ""))
        ):
            found.append((each, region))
    page = found[: query.limit]
    more = len(found) > len(page)
    return CorrectionsOut([_out(*each) for each in page], cursor_of(page[-1][0].seq) if more else None)


async def propose_sheet(call: Call) -> ExemptionsOut:
    """Propose the exemptions of a sheet, all or none."""
    query: ExemptionSheetQuery = call.query
    terms = await call.parts.tools.exemptions(call.body, name=query.name, author=call.caller.name)
    for region, _ in await places(call, [(each.scope.value, each.scope_id) for each in terms]):
        call.require(region)
    for path in {each.scope_id for each in terms if each.scope is ExemptionScope.PATH}:
        require_all_behind(call, path)
    recorded = await call.parts.exemptions.propose(terms, at=call.at, draft=query.draft, back_dated=query.back_dated)
    return await recorded_out(call, recorded)


def _out(each: Correction, region: str | None) -> ListedCorrectionOut:
    return ListedCorrectionOut(
        seq=each.seq,
        device=each.device_id,
        region=region,
        axis=each.axis.value,
        start=each.start,
        end=each.end,
        state=each.state,
        cause=each.cause.value,
        by_person=each.by_person,
        withdrawn=each.withdrawn,
        author=each.author,
        approved_by=each.approved_by,
        reason=each.reason,
        document=each.document,
    )


ROUTES = (
    Route(
        *("GET", "/corrections", corrections, Right.READ, "corrections of the past"),
        query=CorrectionsQuery,
        answer=CorrectionsOut,
        group="decisions",
    ),
    Route(
        *("POST", "/exemptions/import", propose_sheet, Right.PROPOSE, "propose the exemptions of a sheet"),
        query=ExemptionSheetQuery,
        body=bytes,
        answer=ExemptionsOut,
        group="decisions",
        action="exemption.import",
        most_bytes=MOST_BYTES,
    ),
)
