"""Cells as values: each reader gives the text to keep, or says what was expected."""

from __future__ import annotations

import re
from datetime import date
from ipaddress import IPv6Address
from typing import Final

from monitor.services.importing.sheet import Cell

_IPV4 = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)
_MAC = re.compile(r"[0-9A-F]{12}")
_USUAL_MAC = re.compile(r"[0-9A-F]{2}(?:-[0-9A-F]{2}){5}")
_DATE = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.0+)?)?)?"
)
_DAYS = re.compile(r"(\d{1,5})(?:天|日| days?)?", re.ASCII)
_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(?:1[3-9]\d{9}|0\d{2,3}[-— ]\d{7,8}|400[- ]?\d{3}[- ]?\d{4})(?!\d)")
_MANY_DIGITS = re.compile(r"\d[\d \-—]{6}")
_EARLIEST: Final = date(1980, 1, 1)


class BadValueError(ValueError):
    """A cell that cannot be taken; the message says what is expected, in Chinese and English."""


def text_of(cell: Cell) -> str:
    """Give a cell as text: a whole number without its point, a truth as 1 or 0, no blanks around it."""
    if type(cell) is str:
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return repr(cell)


def read_ipv4(text: str) -> str:
    """Give an IPv4 address in its plain form.

    Raises:
        BadValueError: it is none, or none that a device can have.
    """
    found = _IPV4.fullmatch(text)
    if found is None:
        raise BadValueError("IPv4 地址，如 10.1.2.3 · an IPv4 address such as 10.1.2.3")
    one, two, three, four = (int(part) for part in found.groups())
    if max(one, two, three, four) > 255 or one in (0, 255) or 224 <= one < 240:
        raise BadValueError("设备可用的 IPv4 地址 · an IPv4 address that a device can have")
    return f"{one}.{two}.{three}.{four}"


def read_ipv6(text: str) -> str:
    """Give an IPv6 address in its plain form.

    Raises:
        BadValueError: it is none.
    """
    try:
        return str(IPv6Address(text))
    except ValueError:
        raise BadValueError("IPv6 地址，如 fd00::1 · an IPv6 address such as fd00::1") from None


def read_mac(text: str) -> str:
    """Give a MAC address like "00-1A-2B-3C-4D-5E", as GB/T 28181 writes it.

    Raises:
        BadValueError: it is none, or none that one device has.
    """
    if _USUAL_MAC.fullmatch(text) and text != "00-00-00-00-00-00" and text != "FF-FF-FF-FF-FF-FF":
        return text
    digits = text.upper().replace("-", "").replace(":", "").replace(".", "")
    if _MAC.fullmatch(digits) is None or digits in ("0" * 12, "F" * 12):
        raise BadValueError("MAC 地址，如 00-1A-2B-3C-4D-5E · a MAC address such as 00-1A-2B-3C-4D-5E")
    return "-".join(digits[at : at + 2] for at in range(0, 12, 2))


def read_date(text: str) -> date:
    """Give a day: 2019-05-01, 2019/5/1, 2019年5月1日 or 20190501, a time after it left aside.

    Raises:
        BadValueError: it is no day, or an impossible one.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise BadValueError("日期，如 2019-05-01 · a day such as 2019-05-01")
    year, month, day, packed_month, packed_day = found.groups()
    try:
        written = date(int(year), int(month or packed_month), int(day or packed_day))
    except ValueError:
        raise BadValueError("存在的日期 · a day that exists") from None
    if written < _EARLIEST:
        raise BadValueError(f"不早于 {_EARLIEST} 的日期 · a day not before {_EARLIEST}")
    return written


def read_days(text: str) -> int:
    """Give a number of days, with or without the word for it.

    Raises:
        BadValueError: it is none between 1 and 3,650.
    """
    found = _DAYS.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= 3_650:
        raise BadValueError("天数 1-3650，如 30 · days from 1 to 3650, such as 30")
    return int(found[1])


def read_count(text: str, *, most: int) -> int:
    """Give a whole number from 1 on.

    Raises:
        BadValueError: it is none, or more than `most`.
    """
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise BadValueError(f"整数 1-{most} · a whole number from 1 to {most}")
    return int(text)


def read_degrees(text: str, *, most: float) -> float:
    """Give degrees.

    Raises:
        BadValueError: it is no number, or beyond ±`most`.
    """
    try:
        degrees = float(text)
    except ValueError:
        degrees = most + 1
    if not -most <= degrees <= most:
        raise BadValueError("十进制度数，如 119.106300 · degrees with decimals such as 119.106300")
    return degrees


def without_phones(text: str) -> str:
    """Give a text without the telephone numbers in it: they belong to persons and are not kept."""
    return _PHONE.sub("", text).strip() if _MANY_DIGITS.search(text) else text
