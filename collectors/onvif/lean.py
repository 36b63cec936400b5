"""The lean lane's reading: the clean answer, recognised by a strict byte pattern in a few microseconds.

Of a clean answer only the digits change from look to look; what surrounds them (up to 3.5 kB of
namespaces, the time zone, the source of the clock) is the same in every answer of one device, and
much of it in every answer of one firmware. That surrounding is the *frame*. A frame is read once by
the full lane's XML, with digits of ours in it, and remembered; from then on a look-up proves that
the full lane would read the same. So the pattern needs to know nothing of XML but the digits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from collectors.onvif.clock import Reading, epoch_s
from collectors.onvif.soap import SoapKind, read_soap

_FIELD = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_VALUE = rb"[ \t\x21-\x7e\x80-\xff]*"
# Any headers but content-length, content-encoding, transfer-encoding, trailer and upgrade.
_OTHERS = rb"(?:(?![Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[LlEe]|[Tt][Rr]|[Uu][Pp])" + _FIELD + rb":" + _VALUE + rb"\r\n)*+"

# A head that leaves no question open: 200, at most one Content-Length, no coding of any kind.
CLEAN_HEAD = re.compile(
    rb"HTTP/1\.1 200(?: "
    + _VALUE
    + rb")?\r\n"
    + _OTHERS
    + rb"(?:[Cc]ontent-[Ll]ength:[ \t]*(\d{1,7})[ \t]*\r\n"
    + _OTHERS
    + rb")?\r\n"
)


def _moment(name: bytes) -> bytes:
    """Write the pattern of a `tt:DateTime` after its start tag; `%` stands for blanks, and each tag gets the prefix."""
    fields = rb"<Time>%<Hour>(\d\d?)</Hour>%<Minute>(\d\d?)</Minute>%<Second>(\d\d?)</Second>%</Time>%"
    fields += rb"<Date>%<Year>(\d{4})</Year>%<Month>(\d\d?)</Month>%<Day>(\d\d?)</Day>%</Date>%"
    prefixed = fields.replace(b"</", b"~").replace(b"<", rb"<\1").replace(b"~", rb"</\1")
    return (prefixed + rb"</\1" + name + rb">").replace(b"%", rb"[ \t\r\n]*+")


# The opening `<` and prefix before it belong to the frame.
_DIGITS = re.compile(
    rb"UTCDateTime>[ \t\r\n]*+(?=<([A-Za-z_][\w.-]{0,30}:|)Time>)"
    + _moment(b"UTCDateTime")
    + rb"([ \t\r\n]*+<\1LocalDateTime>[ \t\r\n]*+"
    + _moment(b"LocalDateTime")
    + rb")?"
)

_FIRST, _LAST = b"UTCDateTime>", b"DateTime>"
_LONGEST_DIGITS = 1024
_LONGEST_FRAME = 8 * 1024
_FRAMES = 256
_MOMENTS = 1024

_OURS = (23, 58, 57, 2031, 10, 29)
_OURS_LOCAL = (7, 56, 55, 2032, 11, 30)


class Moment(NamedTuple):
    """What the digits say, and the prefix of the tags around them."""

    utc_s: int
    local_s: int | None
    prefix: bytes


class Frame(NamedTuple):
    """What the surrounding of the digits says, the same in each answer: the zone and the clock's source."""

    zone: str
    source: str


class LeanReader:
    """Reads clean answers; remembers the 256 frames and the 1,024 moments seen last (3 MB at most).

    Clocks that are right say the same moment in the same second, so most answers are read by two look-ups.
    """

    def __init__(self) -> None:
        self._frame = lru_cache(maxsize=_FRAMES)(_read_frame)
        self._moment = lru_cache(maxsize=_MOMENTS)(_read_moment)

    def read(self, body: bytes) -> Reading | None:
        """Read a device's clock from the body of a clean answer; None where the full lane must look."""
        start, end = body.find(_FIRST), body.rfind(_LAST) + len(_LAST)
        if not 0 <= start < end <= start + _LONGEST_DIGITS or len(body) > _LONGEST_FRAME:
            return None
        moment = self._moment(body[start:end])
        if moment is None:
            return None
        frame = self._frame(body[:start], moment.prefix, moment.local_s is not None, body[end:])
        if frame is None:
            return None
        return Reading(moment.utc_s, moment.local_s, frame.zone, frame.source)


def _read_moment(digits: bytes) -> Moment | None:
    match = _DIGITS.fullmatch(digits)
    if match is None:
        return None
    try:
        utc_s = epoch_s(*map(int, match.group(2, 3, 4, 5, 6, 7)))
        local_s = None if match[8] is None else epoch_s(*map(int, match.group(9, 10, 11, 12, 13, 14)))
    except ValueError:
        return None
    return Moment(utc_s, local_s, match[1])


def _read_frame(before: bytes, prefix: bytes, with_local: bool, after: bytes) -> Frame | None:
    digits = _write(b"UTCDateTime", prefix, _OURS)
    if with_local:
        digits += b"<" + prefix + _write(b"LocalDateTime", prefix, _OURS_LOCAL)
    soap = read_soap(before + digits + after)
    reading = soap.reading
    if soap.kind is not SoapKind.TIME or reading is None:
        return None
    # The digits that the full lane read must be those of the pattern, not others of the frame.
    if reading.utc_s != epoch_s(*_OURS) or reading.local_s != (epoch_s(*_OURS_LOCAL) if with_local else None):
        return None
    return Frame(reading.zone, reading.source)


def _write(name: bytes, prefix: bytes, moment: tuple[int, int, int, int, int, int]) -> bytes:
    fields = (b"Hour", b"Minute", b"Second"), (b"Year", b"Month", b"Day")
    written = [
        b"".join(b"<%b%b>%d</%b%b>" % (prefix, field, next(numbers), prefix, field) for field in group)
        for numbers in (iter(moment),)
        for group in fields
    ]
    time, day = (
        b"<%b%b>%b</%b%b>" % (prefix, group, text, prefix, group)
        for group, text in zip((b"Time", b"Date"), written, strict=True)
    )
    return name + b">" + time + day + b"</" + prefix + name + b">"
