"""Work on another core: its result, what it cannot do, and what is left when nobody asks for it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from monitor.adapters.forked import beside


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})


def test_the_result_comes_back_from_another_process() -> None:
    with beside(lambda: (os.getpid(), bytes(3_000_000))) as result:
        pid, content = result()

    assert pid != os.getpid()
    assert content == bytes(3_000_000)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_with_one_core_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    with beside(os.getpid) as result:
        assert result() == os.getpid()


def test_what_a_copy_that_was_killed_should_have_done_is_done_here() -> None:
    here = os.getpid()

    def work() -> str:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    with beside(work) as result:
        assert result() == "done"


def test_what_fails_there_fails_here() -> None:
    def work() -> None:
        raise ValueError("no such week")

    with beside(work) as result, pytest.raises(ValueError, match="no such week"):
        result()


def test_a_copy_that_nobody_asks_is_ended(tmp_path: Path) -> None:
    said = tmp_path / "pid"

    def work() -> None:
        said.write_text(str(os.getpid()))
        time.sleep(60)

    with beside(work):
        while not said.exists() or not said.read_text():
            time.sleep(0.01)

    with pytest.raises(ProcessLookupError):
        os.kill(int(said.read_text()), 0)
