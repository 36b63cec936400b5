"""Devices from a plain CSV file: enough to watch a site's first cameras; every wrong line is named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.domain.device import Device, DeviceKind, DeviceRecord, Endpoint, Lifecycle
from monitor.domain.point import PointClass

_REQUIRED = ("id", "kind", "class", "region", "protocol", "address")
_OPTIONAL = ("name",)
_MAX_TEXT = 256


class DevicesFileError(ValueError):
    """The file cannot be used; the message has a line for each problem, with file and line number."""


def read_devices(path: Path, *, created_at: int, protocols: frozenset[str]) -> list[tuple[Device, DeviceRecord]]:
    """Read devices with their records, in the order of the file.

    Args:
        path: a CSV file in UTF-8 with the columns `id, kind, class, region, protocol, address` and `name`.
        created_at: instant at which the records are made, epoch seconds.
        protocols: the protocols that are known.

    Raises:
        DevicesFileError: the file is missing or unreadable, or lines of it are wrong; all problems at once.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DevicesFileError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DevicesFileError(f"{path}: is not UTF-8 (byte {error.start}): save it as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
    names = reader.fieldnames or ()
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        raise DevicesFileError(f"{path}:1: column {', '.join(missing)} is missing")
    rows = [(reader.line_num, row) for row in reader]
    problems: list[str] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        problems += [f"{path}:{line}: {problem}" for problem in _problems(row, protocols)]
        if row["id"] in seen:
            problems.append(f"{path}:{line}: id {row['id']!r} stands on line {seen[row['id']]} already")
        seen.setdefault(row["id"], line)
    if problems:
        raise DevicesFileError("\n".join(problems))
    return [_device(row, created_at) for _, row in rows]


def _problems(row: Mapping[str, str], protocols: frozenset[str]) -> Iterator[str]:
    if isinstance(row.get(""), list):
        yield "has more values than the header has columns"
    for name in ("id", "address"):
        if not row[name]:
            yield f"{name} is empty"
    for name, value in row.items():
        if isinstance(value, str) and len(value) > _MAX_TEXT:
            yield f"{name} is longer than {_MAX_TEXT} characters"
    choices = (("kind", [kind.value for kind in DeviceKind]), ("class", [each.value for each in PointClass]))
    for name, allowed in (*choices, ("protocol", sorted(protocols))):
        if row[name] not in allowed:
            yield f"{name} must be one of {', '.join(allowed)}, not {row[name]!r}"


def _device(row: Mapping[str, str], created_at: int) -> tuple[Device, DeviceRecord]:
    device = Device(
        id=row["id"],
        kind=DeviceKind(row["kind"]),
        point_class=PointClass(row["class"]),
        region=row["region"] or None,
        lifecycle=Lifecycle(created_at=created_at),
        endpoint=Endpoint(protocol=row["protocol"], address=row["address"]),
    )
    return device, DeviceRecord(device_id=device.id, name=row.get("name", ""))
