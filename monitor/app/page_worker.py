"""What the page asks for that takes long, in a process of its own with low priority, so that looks go on undisturbed.

`python -m monitor.app.page_worker`: an order as JSON on standard input, the answer as JSON on standard output; what the
user can mend ends it with exit code 3 and the reasons, a line each, on standard output.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from monitor.adapters.files.profiles import ProfileError
from monitor.adapters.files.tables import TableFileError
from monitor.adapters.reports.folder import ReportFolderError
from monitor.app.checkpoints import checkpoint_values, read_checkpoints
from monitor.app.explaining import explain, plan
from monitor.app.importing import import_sheet
from monitor.app.ledger import read_diff
from monitor.app.ledger_values import diff_values
from monitor.app.objections import finalise
from monitor.app.rates import UnknownRegionError
from monitor.app.records import check_records, export_devices
from monitor.app.reporting import make_report
from monitor.app.wiring import database_of
from monitor.domain.exempting import NotAllowedError
from monitor.domain.indicator import Indicator
from monitor.domain.period import last_week, parse_period
from monitor.domain.point import PointClass
from monitor.domain.profile import SheetKind
from monitor.services.counted_region import INDICATORS
from monitor.services.explained_values import explanation_values, plan_values
from monitor.services.importing.sheet import SheetError
from monitor.services.importing.terms import Options
from monitor.services.record_values import record_values
from monitor.services.report_material import ReportError
from monitor.settings import Settings

REFUSED = 3
_NICE = 10
_PROBLEMS_TOLD = 200
MENDABLE = (
    SheetError,
    ProfileError,
    NotAllowedError,
    ReportError,
    ReportFolderError,
    TableFileError,
    UnknownRegionError,
    ValueError,
)


def main() -> int:
    """Do what the order says, print the answer, and give the exit code."""
    os.nice(_NICE)
    gc.disable()  # much is made and hardly a cycle; then the process ends
    order = json.load(sys.stdin)
    work = _TASKS[order["task"]]
    try:
        answer = asyncio.run(work(order, Settings.model_validate(order["settings"]), Path(order["folder"])))
    except MENDABLE as error:
        print(error)
        return REFUSED
    json.dump(answer, sys.stdout, ensure_ascii=False)
    return 0


async def _import(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    options = Options(at=int(time.time()), **order["options"])
    imported, rejected = await import_sheet(
        settings,
        folder=folder,
        file=Path(order["file"]),
        kind=SheetKind(order["kind"]),
        profile=order["profile"] or None,
        options=options,
    )
    values = asdict(imported)
    values["problems"] = [
        {
            "line": each.line,
            "column": each.column,
            "value": each.value,
            "expected": each.expected,
            "severity": "error" if each.is_error else "warning",
        }
        for each in imported.problems[:_PROBLEMS_TOLD]
    ]
    return values | {"rejected_file": "" if rejected is None else str(rejected)}


async def _draft(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    period = parse_period(order["period"], settings.zone())
    database = database_of(settings, folder=folder)
    try:
        made = await make_report(
            settings, database, folder=folder, period=period, region=order["region"], as_of=int(time.time())
        )
    finally:
        await database.close()
    return {"folder": made.revision.path.parent.name, "revision": made.revision.manifest.revision}


async def _final(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    period = parse_period(order["period"], settings.zone())
    made = await finalise(
        settings,
        period,
        folder=folder,
        out=None,
        early=order["early"],
        author=order["author"],
        at=int(time.time()),
    )
    return {"folder": made.revision.path.parent.name, "revision": made.revision.manifest.revision}


async def _explain(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    now, zone = int(time.time()), settings.zone()
    period = parse_period(order["period"], zone) if order["period"] else last_week(now, zone)
    database = database_of(settings, folder=folder)
    try:
        found = await explain(
            settings,
            database,
            folder=folder,
            period=period,
            region=order["region"],
            device_id=order["device"],
            at=now,
            indicators=_indicators(order),
        )
    finally:
        await database.close()
    return explanation_values(found, zone)


async def _plan(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    database = database_of(settings, folder=folder)
    try:
        found = await plan(
            settings,
            database,
            folder=folder,
            region=order["region"],
            mended_in_s=order["mended_in_s"],
            at=int(time.time()),
            indicators=_indicators(order),
        )
    finally:
        await database.close()
    return plan_values(found, settings.zone())


async def _ledger(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    found = await read_diff(
        settings,
        folder=folder,
        start=order["start"],
        end=order["end"],
        region=order["region"],
        point_class=PointClass(order["point_class"]) if order["point_class"] else None,
    )
    return diff_values(found, settings.zone())


async def _records(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    checked = await check_records(settings, folder=folder, region=order["region"], at=int(time.time()))
    found = [each for each in checked.findings if order["kind"] in (None, each.kind)]
    return record_values(checked, found[: order["limit"]]) | {"total": len(found)}


async def _export(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    count = await export_devices(
        settings, folder=folder, file=Path(order["file"]), profile=order["profile"], region=order["region"]
    )
    return {"rows": count}


async def _checkpoints(order: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    found = await read_checkpoints(settings, folder=folder, region=order["region"], at=int(time.time()))
    return {"checkpoints": [checkpoint_values(each) for each in found]}


def _indicators(order: dict[str, Any]) -> Sequence[Indicator]:
    return INDICATORS if order["indicator"] is None else (Indicator(order["indicator"]),)


_TASKS = {
    "import": _import,
    "draft": _draft,
    "final": _final,
    "explain": _explain,
    "plan": _plan,
    "ledger": _ledger,
    "records": _records,
    "export": _export,
    "checkpoints": _checkpoints,
}


if __name__ == "__main__":
    sys.exit(main())
