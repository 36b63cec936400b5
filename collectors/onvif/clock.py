"""A device's clock from its six numbers: the arithmetic that both lanes share."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Reading(NamedTuple):
    """What a device said of its clock, before our own time is put beside it (`ClockReading` has the units)."""

    utc_s: int
    local_s: int | None
    zone: str
    source: str


def epoch_s(hour: int, minute: int, second: int, year: int, month: int, day: int) -> int:
    """Turn a date and time, read as UTC, into epoch seconds.

    A leap second (second 60, allowed by ONVIF's `tt:Time`) is counted as 59.

    Raises:
        ValueError: there is no such date or time.
    """
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(f"no such time: {hour:02}:{minute:02}:{second:02}")
    days = date(year, month, day).toordinal() - _EPOCH_DAY
    return days * 86_400 + hour * 3_600 + minute * 60 + min(second, 59)
