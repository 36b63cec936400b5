"""Exemptions 报备 from a sheet: one a line, Chinese or English headings; every wrong cell is named at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from monitor.adapters.files.instants import read_instant
from monitor.adapters.files.sheets import open_sheet
from monitor.domain.facts import Exemption, ExemptionScope, Party
from monitor.services.importing.cells import text_of
from monitor.services.importing.sheet import Cell, SheetError

_HEADINGS = {
    "对象类型": "scope",
    "对象编码": "id",
    "开始时间": "from",
    "结束时间": "to",
    "原因": "reason",
    "计划": "planned",
    "责任方": "party",
    "文号": "document",
    "说明": "note",
}
_REQUIRED = ("scope", "id", "from", "to", "reason")
_MOST_EXACT = 1e15
_FLAGS = {"": False, "0": False, "否": False, "no": False, "1": True, "是": True, "yes": True}


class ExemptionsFileError(ValueError):
    """The sheet cannot be used; the message has a line for each problem, with file, line, column and value."""


def read_exemptions(path: Path, *, zone: tzinfo, author: str) -> list[tuple[int, Exemption]]:
    """Read what is to be proposed, without ids, each with its line, in the order of the sheet.

    Args:
        path: a CSV file in UTF-8 or GB18030, an XLSX or an XLS, with the columns scope (device, point, region, path),
            id, from, to, reason and, if wanted, planned, party, document, note; or their Chinese headings.
        zone: the city's zone, in which instants are written.
        author: who proposes them.

    Raises:
        ExemptionsFileError: the file is missing or unreadable, or cells of it are wrong; all problems at once.
    """
    found: list[tuple[int, Exemption]] = []
    problems: list[str] = []
    try:
        with open_sheet(path) as sheet:
            rows = iter(sheet.rows())
            _, headings = next(rows, (1, []))
            names = [_HEADINGS.get(text_of(name), text_of(name)) for name in headings]
            missing = [name for name in _REQUIRED if name not in names]
            if missing:
                raise ExemptionsFileError(f"{path}:1: 缺少列 · column {', '.join(missing)} is missing")
            for line, cells in rows:
                if any(text_of(cell) for cell in cells):
                    exemption, wrong = _of_cells(names, cells, zone=zone, author=author)
                    problems += [f"{path}:{line}: {problem}" for problem in wrong]
                    found += [(line, exemption)] if exemption else []
    except SheetError as error:
        raise ExemptionsFileError(str(error)) from error
    if problems:
        raise ExemptionsFileError("\n".join(problems))
    return found


def _of_cells(
    names: Sequence[str], cells: Sequence[Cell], *, zone: tzinfo, author: str
) -> tuple[Exemption | None, list[str]]:
    row = dict(zip(names, map(text_of, cells), strict=False))
    exemption, problems = _exemption(row, zone=zone, author=author)
    if any(text_of(cell) for cell in cells[len(names) :]):
        problems.append("列数多于表头 · has more values than the heading has columns")
    damaged = [cell for name, cell in zip(names, cells, strict=False) if name == "id" and _is_damaged(cell)]
    if damaged:
        problems.append("id: 编码以数字存储，后几位已丢失 · is stored as a number: its last digits are lost already")
    return exemption, problems


def _is_damaged(cell: Cell) -> bool:
    """Tell whether an id of 20 digits was stored as a number, which keeps 15 of them."""
    return isinstance(cell, int | float) and abs(cell) >= _MOST_EXACT


def _exemption(row: Mapping[str, str], *, zone: tzinfo, author: str) -> tuple[Exemption | None, list[str]]:
    problems: list[str] = []
    edges = []
    for name in ("from", "to"):
        try:
            edges.append(read_instant(row.get(name, ""), zone=zone))
        except ValueError as error:
            problems.append(f"{name}: {error}")
    scope, party, planned = row.get("scope", ""), row.get("party", "") or "undecided", row.get("planned", "")
    for name, value, allowed in (("scope", scope, list(ExemptionScope)), ("party", party, list(Party))):
        if value not in allowed:
            problems.append(f"{name}: 应为 · must be one of {', '.join(allowed)}; not {value!r}")
    if planned.lower() not in _FLAGS:
        problems.append(f"planned: 应为 是/否 · must be yes or no; not {planned!r}")
    if problems:
        return None, problems
    return Exemption(
        id="",
        scope=ExemptionScope(scope),
        scope_id=row["id"],
        start=edges[0],
        end=edges[1],
        reason=row.get("reason", ""),
        approver="",
        document=row.get("document", ""),
        planned=_FLAGS[planned.lower()],
        party=Party(party),
        author=author,
        note=row.get("note", ""),
    ), []
