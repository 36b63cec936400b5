"""The limits of the process, in processes of their own: a limit cannot be raised again once it was lowered."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.adapters.own_clock import is_synchronised, steady_seconds
from monitor.adapters.process import loading


def limited(soft: int, hard: int, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program with a limit of open files."""
    lower = f"import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
    return subprocess.run([sys.executable, "-c", lower + program], capture_output=True, text=True, check=False)


RAISE = (
    "from monitor.adapters.process import raise_open_files, TooFewFilesError\n"
    "try:\n    raise_open_files({looks})\nexcept TooFewFilesError as error:\n    print('refused', error)\n"
    "print(resource.getrlimit(resource.RLIMIT_NOFILE))\n"
)


@pytest.mark.parametrize(
    ("soft", "hard", "looks", "expected"),
    [
        (256, 4_096, 2_000, "(4096, 4096)\n"),
        (3_000, 4_096, 2_000, "(3000, 4096)\n"),
        (256, 2_256, 2_000, "(2256, 2256)\n"),
    ],
)
def test_the_limit_of_open_files_is_raised_as_far_as_it_may_be_where_it_must(soft, hard, looks, expected):
    done = limited(soft, hard, RAISE.format(looks=looks))
    assert (done.stdout, done.returncode) == (expected, 0), done.stderr


def test_a_limit_that_is_too_low_is_refused_by_name_and_left_as_it_is():
    done = limited(512, 2_255, RAISE.format(looks=2_000))
    assert done.stdout.startswith("refused 同时探测 2000 台需打开 2256 个文件，而上限为 2255")
    assert "2000 looks at once need 2256 open files, but the hard limit is 2255: raise `ulimit -Hn`" in done.stdout
    assert done.stdout.endswith("(512, 2255)\n")


def test_a_sweep_with_too_few_files_ends_with_a_message_in_both_languages(tmp_path: Path):
    targets = tmp_path / "targets.txt"
    targets.write_text("http://127.0.0.1:9/onvif/device_service\n")
    run = f"import sys\nsys.argv = ['vidnet', 'sweep', '--targets', {str(targets)!r}, '--concurrency', '4000']\n"
    done = limited(1_024, 1_024, run + "from monitor.cli import main\nmain()\n")
    assert done.returncode == 1
    assert done.stdout == ""
    chinese, english = done.stderr.splitlines()
    assert "需打开 4256 个文件，而上限为 1024" in chinese
    assert "need 4256 open files, but the hard limit is 1024" in english


def test_what_was_loaded_is_out_of_the_garbage_collectors_sight():
    thresholds = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    try:
        with loading():
            assert not gc.isenabled()
            kept = [[] for _ in range(100)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= len(kept)
        assert gc.get_threshold()[0] > 700
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def test_our_own_clock_is_asked_of_the_kernel():
    assert is_synchronised() in (True, False)
    before = steady_seconds()
    assert before <= steady_seconds() < before + 60
