"""One key frame of a stream, by PyAV, inside the worker: its decoder may hang or crash, and is killed with the worker.

FFmpeg 5 and later ignore `stimeout` without a word; `timeout=` of `av.open` is what ends a server that says nothing.
Nothing that FFmpeg writes is passed on: its messages may repeat the URL, and with it the password.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from collectors.picture.decode import MAX_PIXELS, MAX_SIDE, NotDecodedError, is_judgeable
from collectors.picture.job import fingerprint

av.logging.set_level(None)

_WIDEST = 1_600
_PROBE = {"probesize": "32", "analyzeduration": "1", "fpsprobesize": "0", "fflags": "nobuffer", "max_delay": "500000"}


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
    options = {"rtsp_transport": transport, **_PROBE}
    try:
        container = av.open(url, options=options, timeout=(timeout_s, timeout_s))
    except av.error.FFmpegError as error:
        raise _unopened(error) from None
    with container:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            raise NotDecodedError("no_stream", "the stream has no video")
        context: Any = stream.codec_context
        context.thread_count = 1
        _hold_to_limits(context.width, context.height)
        heard = False
        try:
            for packet in container.demux(stream):
                heard = heard or packet.size > 0
                if packet.is_keyframe and packet.size:
                    payload = fingerprint(bytes(packet))
                    frames: list[Any] = list(packet.decode()) or list(context.decode(None))
                    if frames:
                        return _as_key_frame(frames[0], payload)
                if time.monotonic() > ends_at:
                    break
        except av.error.InvalidDataError:
            raise NotDecodedError("corrupt", "the key frame cannot be decoded") from None
        except av.error.FFmpegError:
            raise NotDecodedError("no_keyframe" if heard else "no_stream", "the stream ended") from None
    if heard:
        raise NotDecodedError("no_keyframe", f"no key frame within {total_s:.0f} s")
    raise NotDecodedError("no_stream", "no packet came")


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
    return NotDecodedError("no_stream", "the stream could not be opened")
