"""A past from elsewhere, as a CSV: device_id, axis, at, state, cause; every wrong line is named at once."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path

from monitor.domain.facts import Axis
from monitor.domain.past_states import STATES_OF, PastState
from monitor.domain.state import Cause

COLUMNS = ("device_id", "axis", "at", "state", "cause")
_NAMED = 20

Statements = dict[tuple[str, Axis], list[PastState]]


class HistoryFileError(ValueError):
    """The file cannot be used; the message has a line for each problem, the first of them where there are many."""


def read_history(path: Path, *, zone: tzinfo) -> Statements:
    """Read what another system says, by device and axis, in order of time.

    Args:
        path: a CSV file in UTF-8 with the columns device_id, axis (connectivity, condition), at (ISO 8601; without an
            offset it is city time), state (online, offline, unknown; intact, faulty, unknown) and cause (a cause's
            code, or empty for the usual one).
        zone: the city's zone.

    Raises:
        HistoryFileError: it cannot be read, or lines of it are wrong.
    """
    found: Statements = {}
    problems: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in _rows(path, file):
                try:
                    device_id, axis, state = _statement(line, row, zone)
                except ValueError as error:
                    problems.append(f"{path}:{line}: {error}")
                else:
                    found.setdefault((device_id, axis), []).append(state)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise HistoryFileError(f"{path}: 不能读取 · cannot be read: {error}") from error
    if problems:
        raise HistoryFileError(in_short(problems))
    for states in found.values():
        states.sort(key=lambda each: (each.at, each.line))
    return found


def in_short(problems: list[str]) -> str:
    """Give the first problems, and how many more there are."""
    more = [f"… 另有 {len(problems) - _NAMED} 处 · {len(problems) - _NAMED} more"] if len(problems) > _NAMED else []
    return "\n".join([*problems[:_NAMED], *more])


def _rows(path: Path, file: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file)
    header = [name.strip() for name in next(reader, [])]
    if tuple(header) not in (COLUMNS, COLUMNS[:-1]):
        raise HistoryFileError(f"{path}:1: 表头应为 · the header must be {','.join(COLUMNS)}")
    for row in reader:
        if row:
            yield reader.line_num, row


def _statement(line: int, row: list[str], zone: tzinfo) -> tuple[str, Axis, PastState]:
    cells = [cell.strip() for cell in row]
    if len(cells) not in (len(COLUMNS), len(COLUMNS) - 1) or not cells[0]:
        raise ValueError(f"应有 {len(COLUMNS)} 列 · {len(COLUMNS)} columns are needed")
    device_id, axis_text, at_text, state = cells[:4]
    if axis_text not in tuple(Axis):
        raise ValueError(f"axis: 应为 · must be one of {', '.join(Axis)}; not {axis_text!r}")
    axis = Axis(axis_text)
    if state not in STATES_OF[axis]:
        raise ValueError(f"state: 应为 · must be one of {', '.join(STATES_OF[axis])}; not {state!r}")
    cause = cells[4] if len(cells) == len(COLUMNS) else ""
    if cause and cause not in tuple(Cause):
        raise ValueError(f"cause: 应为 · must be empty or one of {', '.join(Cause)}; not {cause!r}")
    try:
        written = datetime.fromisoformat(at_text)
    except ValueError:
        raise ValueError(f"at: 应为 · must be ISO 8601 such as 2026-11-02T08:00:00+08:00; not {at_text!r}") from None
    at = int((written if written.tzinfo else written.replace(tzinfo=zone)).timestamp())
    return device_id, axis, PastState(line, at, state, Cause(cause) if cause else None)
