"""From the bytes of a still picture to pixels, inside the worker: sizes are read and held against limits first.

A picture's header says how large it will be; one of 20,000 × 20,000 would take 1.2 GB, so it is refused unread.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
MAX_PIXELS = 64_000_000
MAX_SIDE = 16_384
MIN_SIDE = 64
LONGEST_SHAPE = 8
_WIDE_ENOUGH = 800
"""A decoder that halves while it decodes saves a third; no picture becomes narrower than this."""

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_PNG = b"\x89PNG\r\n\x1a\n"


class NotDecodedError(Exception):
    """The bytes give no picture; `ending` is a word of `PictureResult.outcome`, the message one line for people."""

    def __init__(self, ending: str, message: str) -> None:
        super().__init__(message)
        self.ending = ending


class Size(NamedTuple):
    """What a header says of its picture."""

    width: int
    height: int
    whole: bool


def size_of(data: bytes) -> Size:
    """Read a header: JPEG (ITU-T T.81, annex B) or PNG; `whole` is whether the end of the picture is there.

    Raises:
        NotDecodedError: it is neither, or the header ends within itself.
    """
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    if data[:8] == _PNG and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return Size(width, height, b"IEND" in data[-16:])
    raise NotDecodedError("not_a_picture", "neither JPEG nor PNG")


def is_judgeable(width: int, height: int) -> bool:
    """Say whether a picture has a size and a shape that cameras have."""
    return min(width, height) >= MIN_SIDE and max(width, height) <= LONGEST_SHAPE * min(width, height)


def decode(data: bytes) -> Image:
    """Decode a JPEG or PNG, halved where it is large.

    Raises:
        NotDecodedError: it is none, it is cut off or damaged, or it is too large or too small to be judged.
    """
    size = size_of(data)
    if size.width > MAX_SIDE or size.height > MAX_SIDE or size.width * size.height > MAX_PIXELS:
        raise NotDecodedError("too_large", f"a picture of {size.width} × {size.height}")
    if not is_judgeable(size.width, size.height):
        raise NotDecodedError("not_a_picture", f"a picture of {size.width} × {size.height} is no camera's")
    if not size.whole:
        raise NotDecodedError("corrupt", "the picture is cut off: its end is missing")
    flag = cv2.IMREAD_COLOR
    for times, reduced in ((2, cv2.IMREAD_REDUCED_COLOR_2), (4, cv2.IMREAD_REDUCED_COLOR_4)):
        if size.width // times >= _WIDE_ENOUGH:
            flag = reduced
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        image = None
    if image is None:
        raise NotDecodedError("corrupt", "the picture's data are damaged")
    found: Image = image  # type: ignore[assignment]
    return found


def _jpeg_size(data: bytes) -> Size:
    """Walk over the segments to the frame header, then look for the end behind the first scan.

    Within a scan an 0xFF is stuffed, so the end marker cannot be there by chance; a preview within an application
    segment, which has an end of its own, is walked over.
    """
    place, size = 2, (0, 0)
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker == 0xFF or marker in _STANDALONE:
            place += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack(">H", data[place + 2 : place + 4])
        if marker in _FRAME_MARKERS and place + 9 <= len(data):
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            size = (width, height)
        if marker == 0xDA:
            return Size(*size, whole=data.find(b"\xff\xd9", place + length) >= 0)
        place += 2 + length
    if size != (0, 0):
        return Size(*size, whole=False)
    raise NotDecodedError("corrupt", "the picture's header is cut off or damaged")
