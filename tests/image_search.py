"""Finds what is left of a picture anywhere: its bytes or pixels, plain, in base64 or hexadecimal, whole or in part."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from collectors.picture.decode import decode

PIECE = 24
"""Bytes of a piece, enough to be of one picture and of nothing else."""

_STEP, _MOST = 300, 250
"""A piece is taken every so many bytes, so that longer parts are found; of more data not more pieces."""

MARKS = (b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n", b"/9j/4AAQSkZJRg", b"iVBORw0KGgo")
"""How a JPEG and a PNG begin, as they are and in base64."""


def pieces_of(data: bytes) -> Iterator[bytes]:
    """Give pieces of some bytes that would betray them: as they are, in base64 wherever it begins, in hexadecimal."""
    for at in range(0, len(data) - 4 * PIECE, max(_STEP, len(data) // _MOST)):
        yield data[at : at + PIECE]
        aligned = data[at - at % 3 : at - at % 3 + 2 * PIECE]
        for shift in range(3):
            # Base64 of a whole that begins 0, 1 or 2 bytes off our own thirds; its edges belong to the neighbours.
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                yield encode(aligned[shift : shift + PIECE])
        yield data[at : at + PIECE].hex().encode()
        yield data[at : at + PIECE].hex().upper().encode()


def pieces_of_picture(picture: bytes) -> set[bytes]:
    """Give what would betray a still picture: pieces of its data, and of rows of its pixels in colour and in grey."""
    image = decode(picture)
    grey = image.mean(axis=2).astype(np.uint8)
    found = set(pieces_of(picture))
    for plane in (image, image[:, :, ::-1], grey):
        for y in range(8, plane.shape[0] - 8, 40):
            row = np.ascontiguousarray(plane[y]).tobytes()
            # A flat stretch of pixels is like many other things.
            found.update(piece for piece in pieces_of(row) if len(set(piece)) > PIECE // 2)
    return found


def found_in(data: bytes, pieces: Iterable[bytes]) -> bytes:
    """Give the first of the pieces that some bytes hold, b"" for none."""
    return next((piece for piece in (*MARKS, *pieces) if piece in data), b"")


def everything_in(*folders: Path) -> bytes:
    """Give all that the files of folders hold, also within archives and compressed files."""
    files = (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())
    return b"\n".join(layer for file in files for layer in layers(file.read_bytes()))


def layers(data: bytes) -> Iterator[bytes]:
    """Give some bytes, and what is in them where they are an archive or compressed."""
    yield data
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield archive.read(name)
