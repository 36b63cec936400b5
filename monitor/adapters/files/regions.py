"""The region tree from a CSV file: `code, name, parent, level` and the optional `name_en, rank_group`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor.domain.region import Region, RegionLevel, RegionTree

_REQUIRED = ("code", "name", "parent", "level")
_OPTIONAL = ("name_en", "rank_group")
_LEVELS = tuple(level.value for level in RegionLevel)


class RegionsFileError(ValueError):
    """The file cannot be used; the message has a line for each problem, with file and line number."""


def read_regions(path: Path) -> list[Region]:
    """Read a region tree, in the order of the file.

    Args:
        path: a CSV file in UTF-8, with or without a byte order mark, and a header line.

    Returns:
        The regions; an empty `parent` marks a root, an empty `rank_group` means "county".

    Raises:
        RegionsFileError: the file is missing or unreadable, or lines of it are wrong; all problems at once.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RegionsFileError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RegionsFileError(f"{path}: is not UTF-8 (byte {error.start}): save it as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
    if problem := _header_problem(reader.fieldnames or ()):
        raise RegionsFileError(f"{path}:1: {problem}")
    rows = [(reader.line_num, row) for row in reader]
    problems = [f"{path}:{line}: {problem}" for line, problem in _problems(rows)]
    if not rows:
        problems.append(f"{path}: holds no region")
    if problems:
        raise RegionsFileError("\n".join(problems))
    regions = [_region(row) for _line, row in rows]
    try:
        RegionTree(regions)  # what is left to find: parents that run in a circle
    except ValueError as error:
        raise RegionsFileError(f"{path}: {error}") from error
    return regions


def _header_problem(names: Sequence[str]) -> str:
    missing = [name for name in _REQUIRED if name not in names]
    unknown = [name for name in names if name not in _REQUIRED + _OPTIONAL]
    if missing:
        return f"column {', '.join(missing)} is missing; required are {', '.join(_REQUIRED)}"
    if unknown:
        return (
            f"unknown column {', '.join(repr(name) for name in unknown)}; known are {', '.join(_REQUIRED + _OPTIONAL)}"
        )
    return ""


def _problems(rows: list[tuple[int, dict[str, str]]]) -> Iterator[tuple[int, str]]:
    first_lines: dict[str, int] = {}
    for line, row in rows:
        first_lines.setdefault(row["code"].strip(), line)
    for line, row in rows:
        code, parent, level = (row[name].strip() for name in ("code", "parent", "level"))
        if "" in row:
            yield line, "has more fields than the header: put a text with a comma in quotes"
        if not (code.isascii() and code.isalnum()):
            yield line, f"code {code!r} must be digits or letters"
        elif first_lines[code] != line:
            yield line, f"code {code} stands twice, first in line {first_lines[code]}"
        if not row["name"].strip():
            yield line, f"region {code} has no name"
        if level not in _LEVELS:
            yield line, f"level {level!r} is not one of {', '.join(_LEVELS)}"
        if parent and parent not in first_lines:
            yield line, f"parent {parent} of region {code} is not in the file"


def _region(row: dict[str, str]) -> Region:
    return Region(
        code=row["code"].strip(),
        name=row["name"].strip(),
        level=RegionLevel(row["level"].strip()),
        parent=row["parent"].strip() or None,
        name_en=row.get("name_en", "").strip(),
        rank_group=row.get("rank_group", "").strip() or "county",
    )
