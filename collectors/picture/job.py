"""What goes to a picture worker and what comes back: a few numbers, never a picture."""

from __future__ import annotations

import zlib

import msgspec


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """One picture to be judged: the bytes of a still one, or a stream to fetch a key frame from.

    Attributes:
        still: a JPEG or PNG; b"" where `stream` is meant.
        stream: an RTSP URL, with userinfo where a login is needed; it comes by a pipe and stays in memory.
        timeout_s: how long opening the stream, and each wait for a packet, may take.
        total_s: how long all of it may take.
    """

    still: bytes = b""
    stream: str = ""
    timeout_s: float = 5.0
    total_s: float = 15.0

    def __repr__(self) -> str:
        """Show neither the picture nor the URL."""
        return f"Job({'stream' if self.stream else 'still'})"


class Measured(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a worker found.

    Attributes:
        outcome: "picture", or why there is none: a word of `collectors.picture.PictureResult.outcome`.
        detail: one line for people.
        scores: numbers by name.
        signature: 768 bytes.
        width, height: of the picture as it was sent.
        payload: `fingerprint` of the bytes that the picture was decoded from.
        damaged: the decoder says that data are missing.
        transport: "tcp" or "udp", for a stream.
        cpu_ms: CPU time that it took.
    """

    outcome: str
    detail: str = ""
    scores: dict[str, float] = {}
    signature: bytes = b""
    width: int = 0
    height: int = 0
    payload: str = ""
    damaged: bool = False
    transport: str = ""
    cpu_ms: float = 0.0


def fingerprint(data: bytes | memoryview) -> str:
    """Give what tells two payloads apart: their length and two checksums; a live camera never sends the same twice.

    OpenSSL, which a cryptographic hash loads, would take 5 MB of every worker.
    """
    return f"{len(data):x}-{zlib.crc32(data):08x}-{zlib.adler32(data):08x}"
