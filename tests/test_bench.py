"""The benchmark itself: its verdicts and its set-up, without measuring anything."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.children import PROJECT, child
from bench.report import Row


@pytest.mark.parametrize(
    ("measured", "verdict"), [(64.9, "✔✔"), (65.0, "✔✔"), (65.1, "✔"), (100.0, "✔"), (100.1, "✘"), (None, "✘")]
)
def test_a_row_is_held_against_its_must_and_its_aim(measured: float | None, verdict: str) -> None:
    assert Row("CPU per look", "µs", measured, 100, 65).verdict == verdict


def test_a_row_of_which_nothing_is_asked_has_no_verdict() -> None:
    assert Row("database growth", "MB a day", 12.3).verdict == "–"


def test_a_child_is_gone_when_its_context_ends() -> None:
    with child([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        assert process.poll() is None

    assert process.poll() is not None


def test_its_help_names_the_measures() -> None:
    command = [sys.executable, "-m", "bench", "--help"]

    said = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True)

    assert "look, sweep, city, report, alerts, steps" in said.stdout
