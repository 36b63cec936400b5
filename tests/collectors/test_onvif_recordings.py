"""The recorded answers of five real cameras, replayed on loopback."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.base import Outcome, PollResult
from tests.collectors.servers import chunked, device, http, look_at

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings" / "onvif"
if not RECORDINGS.is_dir():
    pytest.skip(f"no recordings at {RECORDINGS}", allow_module_level=True)

ANSWER = "core/GetSystemDateAndTime.Response.xml"
CAMERAS = {
    "axis_Q6045-E_5.55.1.2": ((2018, 2, 27, 23, 9, 59), 7, "MST7MDT,M3.2.0,M11.1.0", "Manual"),
    "hikvision_DS-2CD2012-I_V5.2.0": ((2018, 2, 27, 18, 34, 41), 7, "CST7:00:00", "Manual"),
    "hikvision_DS-2DF7276-AEL_V5.1.6": (
        (2018, 2, 27, 18, 28, 1), 7, "CST7:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00", "Manual",
    ),
    "pelco_D6230L_2.9.0.4": ((2018, 2, 27, 18, 10, 11), None, "MST7MDT,M3.2.0,M11.1.0", "Manual"),
    "trendnet_TV-IP320PI_V5.3.4": (
        (2018, 2, 27, 18, 36, 51), 7, "CST+7:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00", "NTP",
    ),
}  # fmt: skip
OTHERS = sorted(path for path in RECORDINGS.rglob("*.xml") if path.name != Path(ANSWER).name)


@pytest.mark.parametrize("name", CAMERAS)
@pytest.mark.parametrize("lane", ["lean", "full"])
async def test_the_clock_of_a_real_camera_is_read(name: str, lane: str) -> None:
    moment, hours_west, zone, source = CAMERAS[name]
    body = (RECORDINGS / name / ANSWER).read_bytes()
    async with device(http(body) if lane == "lean" else chunked(body)) as camera:
        result = await look_at(camera.url())
    assert (result.outcome, result.lane) == (Outcome.CLEAN, lane)
    assert result.clock is not None
    utc_s = int(datetime(*moment, tzinfo=UTC).timestamp())
    assert result.clock.utc_s == utc_s
    assert result.clock.local_s == (None if hours_west is None else utc_s - hours_west * 3600)
    assert (result.clock.zone, result.clock.source) == (zone, source)


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
async def test_any_other_recorded_answer_is_the_protocols_but_not_the_one_asked_for(status: str) -> None:
    bodies = [path.read_bytes() for path in OTHERS]

    async def look(body: bytes) -> PollResult:
        async with device(http(body, status=status)) as camera:
            return await look_at(camera.url())

    assert bodies
    for path, result in zip(OTHERS, await asyncio.gather(*map(look, bodies)), strict=True):
        expected = {Outcome.FAULT, Outcome.AUTH} if "Error" in path.name else {Outcome.ODD, Outcome.TOO_LARGE}
        assert result.outcome in expected, (path, result)
        assert result.detail.isprintable()
