"""Exemptions 报备 from a sheet: one a line, Chinese or English headings; every wrong cell is named at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path

from monitor.adapters.files.instants import read_instant
from monitor.domain.facts import Exemption, ExemptionScope, Party

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
_FLAGS = {"": False, "0": False, "否": False, "no": False, "1": True, "是": True, "yes": True}


class ExemptionsFileError(ValueError):
    """The sheet cannot be used; the message has a line for each problem, with file, line, column and value."""


def read_exemptions(path: Path, *, zone: tzinfo, author: str) -> list[tuple[int, Exemption]]:
    """Read what is to be proposed, without ids, each with its line, in the order of the sheet.

    Args:
        path: a CSV file in UTF-8 or GB18030 with the columns scope (device, point, region, path), id, from, to, reason
            and, if wanted, planned, party, document, note; or their Chinese headings.
        zone: the city's zone, in which instants are written.
        author: who proposes them.

    Raises:
        ExemptionsFileError: the file is missing or unreadable, or cells of it are wrong; all problems at once.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    names = [_HEADINGS.get(name.strip(), name.strip()) for name in next(reader, [])]
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        raise ExemptionsFileError(f"{path}:1: 缺少列 · column {', '.join(missing)} is missing")
    found: list[tuple[int, Exemption]] = []
    problems: list[str] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        exemption, wrong = _exemption(row, zone=zone, author=author)
        if len(cells) > len(names):
            wrong.append("列数多于表头 · has more values than the heading has columns")
        problems += [f"{path}:{reader.line_num}: {problem}" for problem in wrong]
        found += [(reader.line_num, exemption)] if exemption else []
    if problems:
        raise ExemptionsFileError("\n".join(problems))
    return found


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


def _text(path: Path) -> str:
    try:
        written = path.read_bytes()
    except OSError as error:
        raise ExemptionsFileError(f"{path}: 不能读取 · cannot be read: {error.strerror}") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = written.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ExemptionsFileError(f"{path}: 不是 UTF-8 或 GB18030 编码的 CSV · is no CSV in UTF-8 or GB18030")
