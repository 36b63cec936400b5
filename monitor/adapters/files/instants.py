"""Instants as people write them: in the city's zone, to the minute or second, or a whole day."""

from __future__ import annotations

from datetime import datetime, tzinfo

EXPECTED = "2026-11-24, 2026-11-24 08:00, 2026-11-24 08:00:00"
"""The forms that are understood; an offset such as +08:00 may follow the time."""


def read_instant(text: str, *, zone: tzinfo) -> int:
    """Give the epoch second of a written instant; a day alone means its 00:00.

    Raises:
        ValueError: it is not written in one of the forms.
    """
    try:
        written = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError as error:
        raise ValueError(f"时间应写成 · an instant is written as {EXPECTED}; not {text!r}") from error
    return int((written if written.tzinfo else written.replace(tzinfo=zone)).timestamp())


def written_instant(at: int, *, zone: tzinfo) -> str:
    """Give an instant as people read it, in the city's zone."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
