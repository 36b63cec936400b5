"""A picture worker: `python -m collectors.picture.worker`, a process that judges one picture after another.

It is fed by standard input and answers on standard output, each message with its length before it, and it ends when its
input ends or its parent dies. It may be killed at any time: it keeps nothing and writes nothing anywhere.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
import time
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:  # imported for use once the process is shut in
    from collectors.picture.job import Job, Measured

MEMORY_LIMIT = 1 << 30
"""Address space that a worker may take; what is beyond is a `MemoryError`, not the machine's end."""

MAX_JOB_BYTES = 32 * 1024 * 1024
_PR_SET_PDEATHSIG = 1


def _shut_in(parent: int) -> None:
    """Bound what this process may use, and let it die with its parent."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the picture
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # and nothing else may be written either
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    return source.read(length) if length <= MAX_JOB_BYTES else None


def main() -> None:
    """Judge pictures until the input ends."""
    _shut_in(int(sys.argv[1]) if len(sys.argv) > 1 else os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    import cv2
    import msgspec

    from collectors.picture.job import Job, Measured

    cv2.setNumThreads(1)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sink.write(struct.pack(">I", 0))  # ready
    sink.flush()
    while (message := _read(source)) is not None:
        before = time.process_time()
        try:
            found = _judge(msgspec.msgpack.decode(message, type=Job))
        except MemoryError:
            found = Measured("too_large", "the picture needs more memory than a worker may take")
        except Exception as error:  # the edge: a picture of a kind nobody thought of must not end the worker
            found = Measured("corrupt", f"not decoded: {type(error).__name__}")
        del message
        found = msgspec.structs.replace(found, cpu_ms=round((time.process_time() - before) * 1_000, 2))
        answer = msgspec.msgpack.encode(found)
        sink.write(struct.pack(">I", len(answer)) + answer)
        sink.flush()


def _judge(job: Job) -> Measured:
    from collectors.picture.decode import NotDecodedError, decode, size_of
    from collectors.picture.job import Measured, fingerprint
    from collectors.picture.measure import measure, small_of
    from collectors.picture.signature import signature

    try:
        if job.stream:
            return _judge_stream(job)
        image = decode(job.still)
        size = size_of(job.still)
    except NotDecodedError as error:
        return Measured(error.ending, str(error))
    payload = fingerprint(job.still)
    small = small_of(image)
    scores = measure(image, small=small)
    return Measured("picture", "", scores, signature(small), size.width, size.height, payload)


def _judge_stream(job: Job) -> Measured:
    from collectors.picture.decode import NotDecodedError
    from collectors.picture.job import Measured
    from collectors.picture.keyframe import key_frame
    from collectors.picture.measure import measure, small_of
    from collectors.picture.signature import signature

    ends_at = time.monotonic() + job.total_s
    for transport in ("tcp", "udp"):
        left_s = max(0.5, ends_at - time.monotonic())
        try:
            frame = key_frame(job.stream, transport=transport, timeout_s=min(job.timeout_s, left_s), total_s=left_s)
        except NotDecodedError as error:
            if error.ending == "no_transport" and transport == "tcp":
                continue
            return Measured("no_stream" if error.ending == "no_transport" else error.ending, str(error))
        small = small_of(frame.image)
        return Measured(
            "picture",
            "",
            measure(frame.image, small=small),
            signature(small),
            frame.width,
            frame.height,
            frame.payload,
            frame.damaged,
            transport,
        )
    raise AssertionError("a transport either gives a picture or says why not")


if __name__ == "__main__":
    main()
