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
from dataclasses import asdict
from pathlib import Path
from typing import Any

from monitor.adapters.files.profiles import ProfileError
from monitor.adapters.reports.folder import ReportFolderError
from monitor.app.importing import import_sheet
from monitor.app.objections import finalise
from monitor.app.reporting import make_report
from monitor.app.wiring import database_of
from monitor.domain.exempting import NotAllowedError
from monitor.domain.period import parse_period
from monitor.domain.profile import SheetKind
from monitor.services.importing.sheet import SheetError
from monitor.services.importing.terms import Options
from monitor.services.report_material import ReportError
from monitor.settings import Settings

REFUSED = 3
_NICE = 10
_PROBLEMS_TOLD = 200
MENDABLE = (SheetError, ProfileError, NotAllowedError, ReportError, ReportFolderError, ValueError)


def main() -> int:
    """Do what the order says, print the answer, and give the exit code."""
    os.nice(_NICE)
    gc.disable()  # much is made and hardly a cycle; then the process ends
    order = json.load(sys.stdin)
    work = {"import": _import, "draft": _draft, "final": _final}[order["task"]]
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


if __name__ == "__main__":
    sys.exit(main())
