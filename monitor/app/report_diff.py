"""What two revisions of a report say differently, row by row and column by column."""

from __future__ import annotations

import csv
from pathlib import Path

from monitor.adapters.reports.folder import ReportFolderError

KEYS = ("region_code", "level", "point_class", "device_kind", "organisation")


def diff_of(earlier: Path, later: Path) -> list[dict[str, str]]:
    """Give every figure of `summary.csv` that changed, and rows that came or went (column "row").

    Raises:
        ReportFolderError: one of them cannot be read.
    """
    one, other = _rows(earlier), _rows(later)
    found = []
    for key in [*one, *(each for each in other if each not in one)]:
        names = dict(zip(KEYS, key, strict=True))
        if key not in one or key not in other:
            here = {"column": "row", "old": "yes" if key in one else "", "new": "yes" if key in other else ""}
            found.append(names | here)
            continue
        found += [
            names | {"column": column, "old": old, "new": other[key].get(column, "")}
            for column, old in one[key].items()
            if column not in KEYS and old != other[key].get(column, "")
        ]
    return found


def _rows(path: Path) -> dict[tuple[str, ...], dict[str, str]]:
    try:
        with (path / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
            return {tuple(row[key] for key in KEYS): row for row in csv.DictReader(file)}
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise ReportFolderError(f"{path} 不是报表版本 · {path} is no revision of a report: {error}") from error
