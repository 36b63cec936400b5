"""The process itself: how many files it may open, and how often it looks for garbage."""

from __future__ import annotations

import ctypes
import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OTHER_FILES = 256
"""Open files beside the looks: the store, the web server, the program's own."""

_GC_THRESHOLDS = (50_000, 20, 100)


class TooFewFilesError(Exception):
    """The limit of open files cannot be raised far enough; the message says what to do."""


def raise_open_files(looks: int) -> None:
    """Raise the limit of open files so that so many looks may be under way at once.

    Raises:
        TooFewFilesError: the hard limit is lower.
    """
    needed = looks + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise TooFewFilesError(
            f"同时探测 {looks} 台需打开 {needed} 个文件，而上限为 {hard}: 请提高 ulimit -n 或减小 concurrency\n"
            f"{looks} looks at once need {needed} open files, but the hard limit is {hard}: "
            "raise `ulimit -Hn` (LimitNOFILE= in the service unit) or lower collector.concurrency"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed if hard == resource.RLIM_INFINITY else hard, hard))


@contextmanager
def loading() -> Iterator[None]:
    """Load much that stays: the garbage collector looks away meanwhile, and never looks at it again.

    Looking at a city's objects again and again costs a third of the time to load it, and later 12-15 % of every look.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        gc.enable()
        give_back()


def give_back() -> None:
    """Give memory that is free back to the system, where the C library can: 25 MB after a city is loaded (measured)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
