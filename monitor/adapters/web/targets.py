"""Targets over HTTP: what must be reached, since when and by which document; others in their place."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.scope import DIMENSIONS
from monitor.domain.target import Target

MOST_BYTES = 1_000_000


class TargetsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`all`: those too that do not hold now."""

    all: bool = False


class HeldTargetOut(msgspec.Struct, frozen=True):
    """A target: its exact value as a decimal, its scope, from which day and by which document it holds."""

    indicator: str
    text_zh: str
    text_en: str
    scope: dict[str, str]
    value: str
    is_count: bool
    effective_from: str
    withdrawn_on: str | None
    source: str
    holds: bool


class ImportedOut(msgspec.Struct, frozen=True):
    """The import that the targets come from."""

    at: int
    author: str
    file: str
    sha256: str


class TargetsOut(msgspec.Struct, frozen=True):
    """Targets; `imported` is null where they are those of the settings' file."""

    targets: list[HeldTargetOut]
    imported: ImportedOut | None
    warnings: list[str] = []


class TargetsNameQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file is called; only ever shown."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] = "targets.toml"


async def targets(call: Call) -> TargetsOut:
    """Give the targets that judge."""
    call.regions()
    return await _out(call, everything=call.query.all)


async def import_targets(call: Call) -> TargetsOut:
    """Let the targets of a TOML file hold in place of all others; the running service takes them in."""
    call.require(None)
    found, warnings = await call.parts.tools.import_targets(
        call.body, name=call.query.name, author=call.caller.name, at=call.at
    )
    call.target = call.query.name
    call.after = {"sha256": found.sha256, "targets": len(found.targets)}
    return await _out(call, everything=True, warnings=warnings)


async def _out(call: Call, *, everything: bool, warnings: list[str] | None = None) -> TargetsOut:
    found, imported = await call.parts.tools.targets()
    zone = ZoneInfo(call.parts.zone)
    shown = [each for each in found if everything or each.holds_at(call.at)]
    return TargetsOut(
        [_target_out(each, zone, at=call.at) for each in shown],
        None if imported is None else ImportedOut(imported.at, imported.author, imported.file, imported.sha256),
        warnings or [],
    )


def _target_out(target: Target, zone: ZoneInfo, *, at: int) -> HeldTargetOut:
    def day(instant: int) -> str:
        return datetime.fromtimestamp(instant, zone).date().isoformat()

    scope = {name: str(getattr(target.scope, name)) for name in DIMENSIONS if name in target.scope.named}
    return HeldTargetOut(
        indicator=target.indicator.value,
        text_zh=target.indicator.text_zh,
        text_en=target.indicator.text_en,
        scope=scope,
        value=str(int(target.value)) if target.indicator.is_count else f"{float(target.value):.10g}",
        is_count=target.indicator.is_count,
        effective_from=day(target.effective_from),
        withdrawn_on=None if target.withdrawn_on is None else day(target.withdrawn_on),
        source=target.source,
        holds=target.holds_at(at),
    )


ROUTES = (
    Route(
        *("GET", "/targets", targets, Right.READ, "what must be reached"),
        query=TargetsQuery,
        answer=TargetsOut,
        group="targets",
    ),
    Route(
        *("POST", "/targets", import_targets, Right.DECIDE, "other targets in place of all"),
        query=TargetsNameQuery,
        body=bytes,
        answer=TargetsOut,
        group="targets",
        action="targets.import",
        most_bytes=MOST_BYTES,
    ),
)
