"""Programs of other projects that tests hold ours against."""

from __future__ import annotations

import os
import shutil

import pytest


def need_program(name: str, *, package: str = "") -> str:
    """Give the path of a program; without it the test is skipped, or fails where CI must have it."""
    found = shutil.which(name)
    if found is not None:
        return found
    reason = f"{name} is not installed (apt-get install {package or name})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
