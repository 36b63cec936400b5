"""Work beside one's own: a copy of this process does it on another core and sends back what came out.

A copy shares the memory of its parent until one of both writes to it, so that nothing of what is worked on is sent.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")


@contextmanager
def beside(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Start pure work, and give what waits for its result; whoever has one core only does it when asked for it.

    A copy that dies, for want of memory say, costs time and nothing else: the work is then done here.

    Args:
        work: computes something that can be pickled, from memory alone: it may neither lock, print nor log.
    """
    if len(os.sched_getaffinity(0)) < 2:
        yield work
        return
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work_and_end(work, writing)
    os.close(writing)
    ended = False

    def result() -> Result:
        nonlocal ended
        with open(reading, "rb", closefd=False) as pipe:
            content = pipe.read()
        _, status = os.waitpid(pid, 0)
        ended = True
        if status:
            return work()
        found: Result = pickle.loads(content)  # noqa: S301 - written by our own copy, through a pipe that none else has
        return found

    try:
        yield result
    finally:
        os.close(reading)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _work_and_end(work: Callable[[], object], writing: int) -> None:
    """Do the work, send its result, and end past everything that the parent would do at its own end."""
    status = 1
    try:
        with open(writing, "wb") as pipe:
            pickle.dump(work(), pipe, protocol=pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)
