"""Work orders as CSV: out to whoever repairs, and back with what they report.

UTF-8 with a byte order mark and CRLF, for Excel as it is used in China; a text that it would take for a formula gets an
apostrophe, which is taken off when it comes back. What comes back needs the column `id` and any of those that a person
fills in; other columns are left alone, so that the same sheet can travel both ways.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from monitor.adapters.files.instants import read_instant, written_instant
from monitor.domain.work_order import WorkOrder

REPORTED = ("acked_at", "repaired_at", "result", "external")
COLUMNS = (
    *("id", "state", "subject", "title_zh", "title_en", "county", "maintainer", "contract", "devices", "device_ids"),
    *("opened_at", "good_since", "closed_at", "reopened", *REPORTED),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class OrdersFileError(ValueError):
    """The file cannot be used; the message has a line for each problem, with file and line number."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What somebody reports of one order; None or "" where they say nothing."""

    order: str
    acked_at: int | None = None
    repaired_at: int | None = None
    result: str = ""
    external: str = ""


def written_orders(orders: Iterable[WorkOrder], *, zone: tzinfo) -> bytes:
    """Give orders as the bytes of a CSV file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for order in orders:
        instants = {
            name: "" if value is None else written_instant(value, zone=zone)
            for name in ("opened_at", "good_since", "closed_at", "acked_at", "repaired_at")
            for value in (getattr(order, name),)
        }
        texts = {name: _guarded(getattr(order, name)) for name in _TEXTS}
        numbers = {"state": order.state.value, "devices": len(order.devices), "reopened": order.reopened}
        ids = {"device_ids": _guarded(" ".join(order.devices))}
        row = instants | texts | numbers | ids
        writer.writerow([row[name] for name in COLUMNS])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


_TEXTS = ("id", "subject", "title_zh", "title_en", "county", "maintainer", "contract", "result", "external")


def read_reported(path: Path, *, zone: tzinfo) -> list[Reported]:
    """Read what is reported of orders; rows that say nothing are left out.

    Raises:
        OrdersFileError: the file cannot be read or holds mistakes: all of them, with their lines.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OrdersFileError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise OrdersFileError(f"{path}: is not UTF-8: {error.reason}") from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if "id" not in (rows.fieldnames or ()):
        raise OrdersFileError(f"{path}:1: the column id is missing; columns are {', '.join(COLUMNS)}")
    found: list[Reported] = []
    problems: list[str] = []
    seen: set[str] = set()
    for row in rows:
        instants: dict[str, int | None] = {}
        for name in ("acked_at", "repaired_at"):
            written = _plain(row.get(name))
            try:
                instants[name] = read_instant(written, zone=zone) if written else None
            except ValueError as error:
                problems.append(f"{path}:{rows.line_num}: {name}: {error}")
        order = _plain(row.get("id"))
        if not order:
            problems.append(f"{path}:{rows.line_num}: id is empty")
        elif order in seen:
            problems.append(f"{path}:{rows.line_num}: {order} stands twice")
        seen.add(order)
        reported = Reported(order, **instants, result=_plain(row.get("result")), external=_plain(row.get("external")))
        if reported != Reported(order):
            found.append(reported)
    if problems:
        raise OrdersFileError("\n".join(problems))
    return found


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(text: str | None) -> str:
    text = (text or "").strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
