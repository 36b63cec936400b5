"""One key frame of a stream, by PyAV, inside the worker: its decoder may hang or crash, and is killed with the worker.

FFmpeg 5 and later ignore `stimeout` without a word; `timeout=` of `av.open` is what ends a server that says nothing.
Nothing that FFmpeg writes is passed on: its messages may repeat the URL, and with it the password.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from collectors.picture.decode import MAX_PIXELS, MAX_SIDE, NotDecodedError, is_judgeable
from collectors.picture.job import fingerprint

av.logging.set_level(None)

_WIDEST = 1_600
_START_CODE = re.compile(rb"\x00\x00\x01")
_BUSY_S, _BUSY_TRIES = 0.5, 4
_PROBE = {"probesize": "32", "analyzeduration": "1", "fpsprobesize": "0", "max_delay": "500000"}


class KeyFrame(NamedTuple):
    """One decoded key frame.

    Attributes:
        image: height × width × 3, blue, green, red; halved where it is large.
        width, height: its size as it was sent.
        payload: `fingerprint` of the packet.
        damaged: the decoder says so.
    """

    image: NDArray[np.uint8]
    width: int
    height: int
    payload: str
    damaged: bool


def key_frame(url: str, *, transport: str, timeout_s: float, total_s: float) -> KeyFrame:
    """Fetch one key frame.

    Args:
        url: an RTSP URL, with userinfo where a login is needed.
        transport: "tcp" or "udp".
        timeout_s: how long opening, and each wait for a packet, may take.
        total_s: how long all of it may take.

    Raises:
        NotDecodedError: "no_transport" where the server does not offer the transport, "refused", "no_stream",
            "no_keyframe", "too_large" or "corrupt".
    """
    ends_at = time.monotonic() + total_s
    with _opened(url, transport, timeout_s=timeout_s, ends_at=ends_at) as container:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            raise NotDecodedError("no_stream", "the stream has no video")
        context: Any = stream.codec_context
        context.thread_count = 1
        _hold_to_limits(context.width, context.height)
        heard = False
        try:
            packets = container.demux(stream)
            for packet in packets:
                heard = heard or packet.size > 0
                if packet.is_keyframe and packet.size:
                    data = bytes(packet)
                    frames: list[Any] = list(packet.decode()) or list(context.decode(None))
                    if frames and frames[0].is_corrupt and context.name == "h264":
                        whole = _whole(data, packets)
                        if whole != data:
                            data, frames = whole, _decoded(whole, context) or frames
                    if frames:
                        return _as_key_frame(frames[0], fingerprint(data))
                if time.monotonic() > ends_at:
                    break
        except av.error.InvalidDataError:
            raise NotDecodedError("corrupt", "the key frame cannot be decoded") from None
        except av.error.FFmpegError:
            raise NotDecodedError("no_keyframe" if heard else "no_stream", "the stream ended") from None
    if heard:
        raise NotDecodedError("no_keyframe", f"no key frame within {total_s:.0f} s")
    raise NotDecodedError("no_stream", "no packet came")


def _opened(url: str, transport: str, *, timeout_s: float, ends_at: float) -> Any:
    """Open a stream; a server that is busy ending what we asked before (GStreamer's answers 503) is asked again."""
    options = {"rtsp_transport": transport, **_PROBE}
    for left in reversed(range(_BUSY_TRIES)):
        try:
            return av.open(url, options=options, timeout=(timeout_s, timeout_s))
        except av.error.HTTPServerError as error:
            if not left or time.monotonic() + _BUSY_S >= ends_at:
                raise _unopened(error) from None
            time.sleep(_BUSY_S)
        except av.error.FFmpegError as error:
            raise _unopened(error) from None
    raise AssertionError("the last try either opens or says why not")


def _whole(data: bytes, packets: Iterator[Any]) -> bytes:
    """Give an H.264 key frame with the slices that come apart from it.

    Servers that repeat the parameter sets before every slice (GStreamer's, for one) make FFmpeg take each slice for a
    picture of its own.
    """
    parts = [data]
    with contextlib.suppress(av.error.FFmpegError):
        for packet in packets:
            more = bytes(packet)
            if not _goes_on(more):
                break
            parts.append(more)
    return b"".join(parts)


def _goes_on(data: bytes) -> bool:
    """Tell whether a packet's first slice is not its picture's first: its number of the first macroblock is not 0."""
    slices = (unit for unit in _START_CODE.split(data) if len(unit) > 1 and unit[0] & 31 in (1, 5))
    first = next(slices, b"")
    return bool(first) and not first[1] & 0x80


def _decoded(data: bytes, like: Any) -> list[Any]:
    """Decode one frame by itself, by a decoder that has seen no other."""
    context: Any = av.CodecContext.create(like.name, "r")
    context.extradata, context.thread_count = like.extradata, 1
    return [*context.decode(av.Packet(data)), *context.decode(None)]


def _as_key_frame(frame: Any, payload: str) -> KeyFrame:
    _hold_to_limits(frame.width, frame.height)
    times = 1
    while frame.width // times >= _WIDEST:
        times *= 2
    image = frame.reformat(frame.width // times, frame.height // times, "bgr24", interpolation="AREA").to_ndarray()
    return KeyFrame(image, frame.width, frame.height, payload, bool(frame.is_corrupt))


def _hold_to_limits(width: int, height: int) -> None:
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise NotDecodedError("too_large", f"a picture of {width} × {height}")
    if width and height and not is_judgeable(width, height):
        raise NotDecodedError("not_a_picture", f"a picture of {width} × {height} is no camera's")


def _unopened(error: av.error.FFmpegError) -> NotDecodedError:
    """Say why a stream could not be opened, in words of our own."""
    if isinstance(error, (av.error.ProtocolNotFoundError, av.error.HTTPClientError)) or error.errno == 93:
        kind = type(error).__name__
        if "Unauthorized" in kind or "Forbidden" in kind:
            return NotDecodedError("refused", "the login was refused")
        return NotDecodedError("no_transport", "the server does not offer this transport")
    if isinstance(error, (av.error.ExitError, av.error.TimeoutError)):
        return NotDecodedError("no_stream", "the server accepted and said nothing")
    if isinstance(error, av.error.InvalidDataError):
        return NotDecodedError("corrupt", "the stream cannot be understood")
    if isinstance(error, av.error.HTTPServerError):
        return NotDecodedError("no_stream", "the server is there and cannot give the stream (RTSP 5xx)")
    return NotDecodedError("no_stream", "the stream could not be opened")
