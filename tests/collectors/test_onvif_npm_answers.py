"""The 77 answers of npm onvif@0.8.1, of which 14 are not well-formed: each gets a named outcome."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from collectors.base import Outcome, PollResult
from tests.collectors.servers import device, http, look_at

FOLDER = Path(__file__).parents[2] / "node_modules" / "onvif" / "test" / "serverMockup"
ANSWERS = sorted(FOLDER.glob("*.xml"))

if not ANSWERS and os.environ.get("CI") != "true":
    pytest.skip(f"npm's onvif@0.8.1 is not installed at {FOLDER}", allow_module_level=True)


def test_all_of_them_are_there() -> None:
    assert len(ANSWERS) == 77


async def test_each_of_them_has_a_named_outcome_and_only_the_time_is_clean() -> None:
    bodies = [path.read_bytes() for path in ANSWERS]

    async def look(body: bytes, host: str) -> PollResult:
        async with device(http(body)) as camera:
            return await look_at(camera.url(host))

    lean = await asyncio.gather(*(look(body, "127.0.0.1") for body in bodies))
    full = await asyncio.gather(*(look(body, "localhost") for body in bodies))
    assert [(result.outcome, result.detail) for result in lean] == [(result.outcome, result.detail) for result in full]
    assert all(result.detail.isprintable() for result in lean)
    outcomes = {path.stem: result.outcome for path, result in zip(ANSWERS, lean, strict=True)}
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.CLEAN} == {"GetSystemDateAndTime"}
    assert set(outcomes.values()) <= {Outcome.CLEAN, Outcome.ODD, Outcome.FAULT, Outcome.AUTH}
