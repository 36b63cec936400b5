"""What the simulated cameras see: small rendered streets, each a little different at every look, some with a fault.

A picture is rendered when it is first asked for, kept as JPEG in memory, and used by all cameras of its kind.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Any

SNAPSHOT_PATH = b"/onvif/snapshot"
SCENES = 6
LIVES = 12
WIDTH, HEIGHT = 640, 360
_PER_THOUSAND = 1_000


class Sight(IntEnum):
    """What is wrong with a camera's picture."""

    CLEAN = 0
    BLACK = 1
    OVER = 2
    BLUE = 3
    SNOW = 4
    STRIPES = 5
    BLUR = 6
    CAST = 7
    COVERED = 8
    CUT_OFF = 9
    FROZEN = 10


SHARES: dict[Sight, int] = {
    Sight.BLUR: 3,
    Sight.COVERED: 2,
    Sight.BLACK: 2,
    Sight.BLUE: 2,
    Sight.OVER: 1,
    Sight.SNOW: 1,
    Sight.STRIPES: 1,
    Sight.CAST: 1,
    Sight.CUT_OFF: 1,
    Sight.FROZEN: 1,
}
"""Cameras of a thousand whose picture is so; the others are clean."""

STREAM_ONLY = 15
"""Cameras of a thousand that give no snapshot, only a stream."""


def _lot(index: int) -> int:
    """Give a number below 1,000 that follows from a camera's index and from nothing else."""
    return (index * 2_654_435_761 % 2**32) * _PER_THOUSAND >> 32


def sight_of(index: int) -> Sight:
    """Give what a camera's picture is like."""
    lot = _lot(index)
    for sight, share in SHARES.items():
        if lot < share:
            return sight
        lot -= share
    return Sight.CLEAN


def has_snapshot(index: int) -> bool:
    """Say whether a camera gives snapshots; the others have a stream alone."""
    return _lot(index) < _PER_THOUSAND - STREAM_ONLY


class Shelf:
    """The pictures that were asked for so far."""

    def __init__(self) -> None:
        self._asked = 0
        self._kept: dict[tuple[int, Sight, int], bytes] = {}

    def snapshot(self, index: int) -> bytes:
        """Give a camera's picture of this moment, as JPEG."""
        sight, scene = sight_of(index), index % SCENES
        self._asked += 1
        live = 0 if sight is Sight.FROZEN else self._asked % LIVES
        key = scene, sight, live
        if key not in self._kept:
            self._kept[key] = _jpeg(_seen(scene, sight, live), cut_off=sight is Sight.CUT_OFF)
        found = self._kept[key]
        return found if sight is Sight.FROZEN else _stamped(found, self._asked)


def _stamped(picture: bytes, number: int) -> bytes:
    """Put a comment behind the start: a live camera never sends the same bytes twice."""
    note = struct.pack(">HHI", 0xFFFE, 6, number & 0xFFFFFFFF)
    return picture[:2] + note + picture[2:]


def _jpeg(image: Any, *, cut_off: bool) -> bytes:
    import cv2

    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
    made: bytes = data.tobytes()
    return made[: len(made) * 2 // 3] if cut_off else made


def street(scene: int, live: int = 0) -> Any:
    """Render a street: height × width × 3, blue, green, red."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(scene)
    horizon = int(HEIGHT * rng.uniform(0.28, 0.42))
    px = np.empty((HEIGHT, WIDTH, 3), np.float32)
    px[:horizon] = np.linspace((215, 170, 130), (225, 210, 200), horizon)[:, None]
    px[horizon:] = (104, 106, 108)
    px[horizon:] += rng.normal(0, 5, (HEIGHT - horizon, WIDTH, 1)).astype(np.float32)
    left = -20
    while left < WIDTH:
        wide, high = int(rng.integers(50, 140)), int(rng.integers(40, 110))
        wall = rng.uniform(90, 190) + rng.normal(0, 8, 3)
        cv2.rectangle(px, (left, horizon - high), (left + wide, horizon + 6), [float(v) for v in wall], -1)
        for x in range(left + 8, left + wide - 12, 20):
            for y in range(horizon - high + 8, horizon - 10, 18):
                tone = float(rng.uniform(40, 95))
                cv2.rectangle(px, (x, y), (x + 9, y + 9), (tone, tone * 0.95, tone * 0.9), -1)
        left += wide + int(rng.integers(5, 30))
    vanish = int(WIDTH * rng.uniform(0.35, 0.65))
    for foot in range(-300, WIDTH + 400, 170):
        for part in range(0, 9, 2):
            a, b = (part / 9) ** 1.5, ((part + 1) / 9) ** 1.5
            ends = [(int(vanish + (foot - vanish) * t), int(horizon + (HEIGHT - horizon) * t)) for t in (a, b)]
            cv2.line(px, ends[0], ends[1], (208, 212, 212), 1 + part // 3, cv2.LINE_AA)
    for _ in range(5):
        x, y = int(rng.uniform(0, WIDTH)), int(horizon + rng.uniform(5, 60))
        for _ in range(60):
            spot = (int(x + rng.normal(0, 16)), int(y - 40 + rng.normal(0, 18)))
            tone = float(rng.uniform(0.5, 1.3))
            cv2.circle(px, spot, int(rng.integers(2, 7)), (45 * tone, 90 * tone, 60 * tone), -1, cv2.LINE_AA)
    moment = np.random.default_rng([scene, live, 1])
    for _ in range(4):
        x, y, size = int(moment.uniform(0, WIDTH)), int(moment.uniform(horizon + 40, HEIGHT - 60)), 46
        body = [float(v) for v in moment.uniform(40, 200, 3)]
        cv2.rectangle(px, (x, y), (x + size, y + size // 2), body, -1)
        cv2.rectangle(px, (x + 9, y - size // 4), (x + size - 9, y), [v * 0.5 for v in body], -1)
    px = px * float(moment.uniform(0.86, 1.08)) + moment.normal(0, 2.0, px.shape).astype(np.float32)
    return px.clip(0, 255).astype(np.uint8)


def _seen(scene: int, sight: Sight, live: int) -> Any:
    import cv2
    import numpy as np

    rng = np.random.default_rng([scene, sight, live])
    px = street(scene, live).astype(np.float32)
    noise = rng.normal(0, 1, px.shape[:2]).astype(np.float32)[..., None]
    if sight is Sight.BLACK:
        px = 4 + noise * 1.5
    elif sight is Sight.OVER:
        px = px * 1.8 + 130
    elif sight is Sight.BLUE:
        px[:] = (200, 20, 10)
    elif sight is Sight.SNOW:
        px = px * 0.6 + 50 + noise * 60
    elif sight is Sight.STRIPES:
        px += 45 * np.sin(np.arange(HEIGHT) * 2 * np.pi / 14 + live)[:, None, None]
    elif sight is Sight.BLUR:
        px = cv2.GaussianBlur(px, (0, 0), WIDTH * 0.014) + noise * 1.5
    elif sight is Sight.CAST:
        px *= np.array([1.5, 0.55, 1.5], np.float32)
    elif sight is Sight.COVERED:
        px = np.full_like(px, 88 + live) + noise * 2
    made = np.broadcast_to(px, (HEIGHT, WIDTH, 3)).clip(0, 255).astype(np.uint8).copy()
    if sight is not Sight.BLUE:
        clock = f"2026-11-25 08:{live * 4:02d}:11"
        for colour, wide in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(made, clock, (10, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, wide, cv2.LINE_AA)
    return made
