"""Scenes as a camera on a pole sees them, rendered from a seed; a family is a kind of place.

What makes a picture hard to judge is drawn on purpose: plain walls, fog, wet asphalt, uniform lawns, fresh snow, white
skies, facades and fences that repeat, night under lamps and under infrared. `HELD_OUT` families are never tuned on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Plane = NDArray[np.float32]
SIZES = ((1920, 1080), (1280, 720), (1280, 720), (704, 576), (2560, 1440), (352, 288))


def _fractal(rng: np.random.Generator, w: int, h: int, *, beta: float) -> Plane:
    """Give noise with a spectrum 1/f^beta, mean 0, deviation 1; beta 1 is like most surfaces."""
    small_w, small_h = min(w, 640), min(h, 400)
    fy = np.fft.fftfreq(small_h)[:, None]
    fx = np.fft.rfftfreq(small_w)[None, :]
    amplitude = 1.0 / np.maximum(np.hypot(fx, fy), 1.5 / small_w) ** beta
    phase = rng.random(amplitude.shape) * 2 * np.pi
    made = np.fft.irfft2(amplitude * np.exp(1j * phase), s=(small_h, small_w)).astype(np.float32)
    made = (made - made.mean()) / (made.std() + 1e-6)
    return cv2.resize(made, (w, h), interpolation=cv2.INTER_CUBIC) if (small_w, small_h) != (w, h) else made


def _grain(rng: np.random.Generator, w: int, h: int, *, beta: float, size: float) -> Plane:
    """Give a texture whose grain is `size` of the native pixel: grass, gravel, leaves."""
    made = _fractal(rng, max(16, int(w / size)), max(16, int(h / size)), beta=beta)
    return cv2.resize(made, (w, h), interpolation=cv2.INTER_LINEAR)


def _colour(rng: np.random.Generator, base: tuple[float, float, float], spread: float = 10) -> NDArray[np.float32]:
    """Give a colour near another: as light or dark as `spread` says, and little more or less colourful."""
    tint = rng.normal(0, min(spread, 30) * 0.22, 3)
    return (np.array(base, np.float32) + rng.normal(0, spread) + tint).clip(3, 252).astype(np.float32)


class Canvas:
    """A picture being painted, from the back to the front; coordinates are shares of width and height."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int]) -> None:
        self.rng = rng
        self.w, self.h = size
        self.px = np.zeros((self.h, self.w, 3), np.float32)

    def fill(self, colour: NDArray[np.float32], top: float = 0.0, bottom: float = 1.0) -> None:
        """Paint all between two heights."""
        self.px[int(top * self.h) : int(bottom * self.h)] = colour

    def shade(self, top: float, bottom: float, *, texture: Plane, strength: float) -> None:
        """Add a texture between two heights."""
        a, b = int(top * self.h), int(bottom * self.h)
        self.px[a:b] += (texture[a:b] * strength)[..., None]

    def poly(self, points: list[tuple[float, float]], colour: NDArray[np.float32]) -> None:
        """Paint a polygon."""
        scaled = np.array([(x * self.w * 16, y * self.h * 16) for x, y in points]).round().astype(np.int32)
        cv2.fillPoly(self.px, [scaled], [float(c) for c in colour], lineType=cv2.LINE_AA, shift=4)

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: NDArray[np.float32]) -> None:
        """Paint a rectangle."""
        self.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: NDArray[np.float32], width: float) -> None:
        """Paint a line, its width a share of the picture."""
        a, b = (int(x0 * self.w), int(y0 * self.h)), (int(x1 * self.w), int(y1 * self.h))
        cv2.line(self.px, a, b, [float(c) for c in colour], max(1, round(width * self.w)), cv2.LINE_AA)

    def glow(self, x: float, y: float, radius: float, colour: NDArray[np.float32]) -> None:
        """Add light around a point."""
        yy, xx = np.ogrid[: self.h, : self.w]
        r2 = ((xx - x * self.w) ** 2 + (yy - y * self.h) ** 2) / (radius * self.w) ** 2
        self.px += np.exp(-r2).astype(np.float32)[..., None] * colour


def _sky(c: Canvas, horizon: float, *, kind: str) -> None:
    rng = c.rng
    if kind == "blue":
        top, low = _colour(rng, (205, 140, 80)), _colour(rng, (225, 195, 165))
    elif kind == "white":
        top, low = _colour(rng, (248, 247, 246), 3), _colour(rng, (252, 252, 252), 2)
    elif kind == "dusk":
        top, low = _colour(rng, (110, 80, 70)), _colour(rng, (90, 130, 190))
    else:
        top, low = _colour(rng, (190, 185, 180)), _colour(rng, (215, 212, 208))
    rows = max(1, int(horizon * c.h))
    ramp = np.linspace(0, 1, rows, dtype=np.float32)[:, None, None]
    c.px[:rows] = top * (1 - ramp) + low * ramp
    if kind in ("blue", "grey", "dusk"):
        clouds = np.clip(_fractal(rng, c.w, c.h, beta=1.7), -1, 2)[:rows, :, None]
        c.px[:rows] += clouds * float(rng.uniform(4, 18))


def _building(c: Canvas, x0: float, x1: float, top: float, base: float) -> None:
    rng = c.rng
    wall = _colour(rng, (150, 155, 160), 35)
    c.rect(x0, top, x1, base, wall)
    columns, rows = int(rng.integers(2, 9)), int(rng.integers(2, 10))
    dx, dy = (x1 - x0) / columns, (base - top) / rows
    glass = _colour(rng, (90, 80, 70), 25)
    for i in range(columns):
        for j in range(rows):
            x, y = x0 + (i + 0.22) * dx, top + (j + 0.25) * dy
            c.rect(x, y, x + dx * 0.56, y + dy * 0.5, glass + float(rng.normal(0, 12)))
    if rng.random() < 0.5:
        c.line(x0, top, x1, top, wall * 0.5, 0.004)


def _tree(c: Canvas, x: float, base: float, size: float) -> None:
    rng = c.rng
    c.line(x, base, x, base - size * 0.8, _colour(rng, (40, 50, 65)), 0.006)
    leaf = _colour(rng, (45, 95, 60), 12)
    for _ in range(90):
        dx, dy = rng.normal(0, size * 0.28), rng.normal(-size, size * 0.3)
        centre = (int((x + dx) * c.w), int((base + dy) * c.h))
        radius = max(1, int(abs(rng.normal(size * 0.06, size * 0.03)) * c.w))
        tone = leaf * float(rng.uniform(0.45, 1.35))
        cv2.circle(c.px, centre, radius, [float(v) for v in tone], -1, cv2.LINE_AA)


def _car(c: Canvas, x: float, y: float, size: float) -> None:
    body = (c.rng.uniform(40, 210) + c.rng.normal(0, 35, 3)).clip(5, 250).astype(np.float32)
    c.rect(x, y, x + size, y + size * 0.45, body)
    c.poly(
        [
            (x + size * 0.15, y),
            (x + size * 0.3, y - size * 0.3),
            (x + size * 0.72, y - size * 0.3),
            (x + size * 0.88, y),
        ],
        body * 0.55,
    )
    for wheel in (0.2, 0.8):
        centre = (int((x + size * wheel) * c.w), int((y + size * 0.45) * c.h))
        cv2.circle(c.px, centre, max(1, int(size * 0.09 * c.w)), (25.0, 25.0, 25.0), -1, cv2.LINE_AA)


def _ground(c: Canvas, horizon: float, base: tuple[float, float, float], *, grain: float, strength: float) -> None:
    c.fill(_colour(c.rng, base, 12), horizon)
    c.shade(horizon, 1, texture=_fractal(c.rng, c.w, c.h, beta=1.4), strength=float(c.rng.uniform(3, 10)))
    c.shade(horizon, 1, texture=_grain(c.rng, c.w, c.h, beta=0.3, size=grain), strength=strength)


def street(c: Canvas) -> None:
    """A street with houses, trees, cars and lane marks."""
    rng = c.rng
    horizon = float(rng.uniform(0.2, 0.48))
    _sky(c, horizon, kind=str(rng.choice(["blue", "grey", "white"])))
    x = -0.05
    while x < 1:
        width = float(rng.uniform(0.1, 0.3))
        if rng.random() < 0.8:
            _building(c, x, x + width, horizon - float(rng.uniform(0.05, 0.3)), horizon + 0.05)
        x += width + float(rng.uniform(0, 0.08))
    _ground(c, horizon + 0.03, (105, 105, 105), grain=1.5, strength=float(rng.uniform(2, 7)))
    vanish = float(rng.uniform(0.3, 0.7))
    white = _colour(rng, (205, 210, 210), 8)
    for foot in np.linspace(-0.6, 1.6, int(rng.integers(4, 8))):
        steps = np.linspace(0, 1, 9)
        for a, b in zip(steps[::2], steps[1::2], strict=False):
            y0, y1 = horizon + 0.03 + (1 - horizon) * a**1.6, horizon + 0.03 + (1 - horizon) * b**1.6
            x0, x1 = vanish + (foot - vanish) * a**1.6, vanish + (foot - vanish) * b**1.6
            c.line(x0, y0, x1, y1, white, 0.002 + 0.004 * b)
    for _ in range(int(rng.integers(0, 6))):
        _tree(c, float(rng.random()), horizon + float(rng.uniform(0.02, 0.12)), float(rng.uniform(0.08, 0.2)))
    for _ in range(int(rng.integers(0, 9))):
        depth = float(rng.uniform(0.05, 0.9))
        _car(c, float(rng.random()), horizon + (1 - horizon) * depth * 0.8, 0.03 + 0.16 * depth)


def crossing(c: Canvas) -> None:
    """A crossing from above: asphalt, zebra stripes, arrows, islands."""
    rng = c.rng
    _ground(c, 0, (112, 112, 110), grain=1.2, strength=float(rng.uniform(2, 8)))
    white = _colour(rng, (210, 212, 212), 8)
    for _ in range(int(rng.integers(1, 4))):
        x, y, long = float(rng.uniform(0, 0.7)), float(rng.uniform(0.1, 0.8)), float(rng.uniform(0.1, 0.22))
        slope = float(rng.uniform(-0.25, 0.25))
        for k in range(int(rng.integers(6, 16))):
            x0 = x + k * 0.034
            c.poly(
                [(x0, y), (x0 + 0.017, y), (x0 + 0.017 + slope * long, y + long), (x0 + slope * long, y + long)], white
            )
    for _ in range(int(rng.integers(1, 4))):
        y = float(rng.random())
        c.line(0, y, 1, y + float(rng.uniform(-0.3, 0.3)), white, 0.004)
    if rng.random() < 0.7:
        green = _colour(rng, (60, 110, 75))
        c.poly([(0.0, 0.0), (float(rng.uniform(0.15, 0.4)), 0.0), (0.0, float(rng.uniform(0.15, 0.5)))], green)
    for _ in range(int(rng.integers(1, 10))):
        _car(c, float(rng.random()), float(rng.random()), float(rng.uniform(0.05, 0.13)))


def wall(c: Canvas) -> None:
    """A plain wall with little on it: a door, a sign, a pipe."""
    rng = c.rng
    c.fill(_colour(rng, (170, 175, 180), 30))
    c.glow(float(rng.random()), float(rng.random()), 0.8, np.full(3, float(rng.uniform(-45, 25)), np.float32))
    c.shade(0, 1, texture=_grain(rng, c.w, c.h, beta=0.6, size=1.5), strength=float(rng.uniform(0.8, 3)))
    edge = float(rng.uniform(0.7, 0.92))
    c.fill(_colour(rng, (110, 112, 115), 18), edge)
    c.shade(edge, 1, texture=_grain(rng, c.w, c.h, beta=0.5, size=1.5), strength=3)
    for _ in range(int(rng.integers(1, 4))):
        x, y = float(rng.uniform(0.05, 0.8)), float(rng.uniform(0.15, 0.5))
        wide, high = float(rng.uniform(0.06, 0.2)), float(rng.uniform(0.1, 0.35))
        dark = _colour(rng, (95, 95, 100), 35)
        c.rect(x, y, x + wide, y + high, dark)
        c.rect(x + wide * 0.1, y + high * 0.08, x + wide * 0.9, y + high * 0.5, dark * 1.25)
    if rng.random() < 0.6:
        x = float(rng.random())
        c.line(x, 0, x, edge, _colour(rng, (120, 120, 120), 30), 0.006)


def lawn(c: Canvas) -> None:
    """A lawn that fills the picture, with a path, a fence or a bench."""
    rng = c.rng
    horizon = float(rng.uniform(0.0, 0.18))
    _sky(c, horizon, kind="blue")
    _ground(c, horizon, (60, 125, 95), grain=float(rng.uniform(1, 3)), strength=float(rng.uniform(8, 22)))
    c.px[..., 0] -= np.abs(_grain(rng, c.w, c.h, beta=0.4, size=2)) * 5
    if rng.random() < 0.8:
        x = float(rng.uniform(0.1, 0.9))
        c.poly([(x, horizon), (x + 0.04, horizon), (x + 0.3, 1), (x + 0.05, 1)], _colour(rng, (165, 170, 178)))
    for _ in range(int(rng.integers(0, 5))):
        _tree(c, float(rng.random()), float(rng.uniform(0.2, 0.9)), float(rng.uniform(0.08, 0.2)))


def snowed(c: Canvas) -> None:
    """Fresh snow on the ground, a white sky, a few dark things."""
    rng = c.rng
    horizon = float(rng.uniform(0.12, 0.4))
    _sky(c, horizon, kind="grey")
    _ground(c, horizon, (222, 218, 214), grain=2.0, strength=float(rng.uniform(2, 5)))
    c.px[int(horizon * c.h) :] = np.minimum(c.px[int(horizon * c.h) :], 243)
    track = _colour(rng, (150, 148, 146))
    for _ in range(int(rng.integers(2, 6))):
        x, drift = float(rng.random()), float(rng.uniform(-0.4, 0.4))
        c.line(x, horizon, x + drift, 1, track, 0.008)
    for _ in range(int(rng.integers(2, 7))):
        _tree(c, float(rng.random()), horizon + float(rng.uniform(0.02, 0.2)), float(rng.uniform(0.06, 0.18)))
    if rng.random() < 0.7:
        _building(c, 0.1, float(rng.uniform(0.3, 0.6)), horizon - 0.12, horizon + 0.06)
    for _ in range(int(rng.integers(0, 4))):
        _car(c, float(rng.random()), float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.06, 0.15)))


def facade(c: Canvas) -> None:
    """A house front that repeats: windows, balconies, tiles."""
    rng = c.rng
    c.fill(_colour(rng, (150, 158, 165), 30))
    c.shade(0, 1, texture=_grain(rng, c.w, c.h, beta=0.6, size=1.5), strength=3)
    columns, rows = int(rng.integers(5, 16)), int(rng.integers(4, 12))
    glass = _colour(rng, (85, 75, 70), 25)
    tilt = float(rng.uniform(-0.12, 0.12))
    for i in range(columns):
        for j in range(rows):
            x, y = (i + 0.2) / columns, (j + 0.2) / rows + tilt * i / columns
            tone = glass + float(rng.normal(0, 22))
            c.rect(x, y, x + 0.55 / columns, y + 0.5 / rows, tone)
            if rng.random() < 0.3:
                c.rect(x, y + 0.25 / rows, x + 0.3 / columns, y + 0.5 / rows, tone * 1.6)
    if rng.random() < 0.6:
        for j in range(rows):
            c.line(0, (j + 0.8) / rows, 1, (j + 0.8) / rows + tilt, _colour(rng, (185, 185, 185)), 0.003)
    for _ in range(int(rng.integers(0, 5))):
        _tree(c, float(rng.random()), 1.0, float(rng.uniform(0.15, 0.35)))


def backlight(c: Canvas) -> None:
    """A blown-out sky over a dark foreground, the sun near the picture."""
    rng = c.rng
    street(c)
    horizon = float(rng.uniform(0.25, 0.42))
    c.px *= float(rng.uniform(0.35, 0.6))
    a = int(horizon * c.h)
    c.px[:a] += 210 * np.linspace(1, 0.55, a, dtype=np.float32)[:, None, None]
    c.glow(
        float(rng.random()), float(rng.uniform(0, horizon)), float(rng.uniform(0.06, 0.18)), np.full(3, 230, np.float32)
    )
    _building(c, float(rng.uniform(0, 0.4)), float(rng.uniform(0.5, 0.9)), horizon - 0.15, horizon + 0.2)


def square(c: Canvas) -> None:
    """An open square under a large blue sky."""
    rng = c.rng
    horizon = float(rng.uniform(0.45, 0.65))
    _sky(c, horizon, kind="blue")
    for x in np.arange(0, 1, 0.14):
        if rng.random() < 0.7:
            _building(c, float(x), float(x) + 0.1, horizon - float(rng.uniform(0.04, 0.15)), horizon)
    _ground(c, horizon, (150, 158, 165), grain=1.5, strength=float(rng.uniform(2, 5)))
    joint = _colour(rng, (120, 125, 130))
    for k in range(1, 9):
        y = horizon + (1 - horizon) * (k / 9) ** 1.8
        c.line(0, y, 1, y, joint, 0.0015)
    for foot in np.linspace(-1, 2, 22):
        c.line(0.5 + (foot - 0.5) * 0.08, horizon, foot, 1, joint, 0.0015)
    for _ in range(int(rng.integers(1, 8))):
        _car(c, float(rng.random()), float(rng.uniform(horizon, 0.95)), float(rng.uniform(0.03, 0.1)))


def trees(c: Canvas) -> None:
    """Leaves near the camera and a road behind: fine texture nearly everywhere."""
    rng = c.rng
    street(c)
    for _ in range(int(rng.integers(6, 14))):
        _tree(c, float(rng.random()), float(rng.uniform(0.4, 1.2)), float(rng.uniform(0.15, 0.4)))


def asphalt(c: Canvas) -> None:
    """A camera that looks down on nearly nothing: asphalt, a lane mark, perhaps a car."""
    rng = c.rng
    _ground(c, 0, (110, 108, 106), grain=float(rng.uniform(1, 2.5)), strength=float(rng.uniform(3, 10)))
    white = _colour(rng, (190, 195, 196), 10)
    for _ in range(int(rng.integers(1, 4))):
        x = float(rng.uniform(-0.2, 1))
        c.line(x, 0, x + float(rng.uniform(-0.4, 0.4)), 1, white, float(rng.uniform(0.006, 0.014)))
    if rng.random() < 0.7:
        _car(c, float(rng.uniform(0, 0.8)), float(rng.uniform(0.3, 0.8)), float(rng.uniform(0.1, 0.25)))


def corridor(c: Canvas) -> None:
    """Indoors: floor, ceiling and doors in perspective, lamps in a row."""
    rng = c.rng
    c.fill(_colour(rng, (195, 200, 205), 15))
    v = (float(rng.uniform(0.4, 0.6)), float(rng.uniform(0.35, 0.55)))
    back = [(v[0] + dx, v[1] + dy) for dx, dy in ((-0.1, -0.12), (0.1, -0.12), (0.1, 0.15), (-0.1, 0.15))]
    c.poly([(0, 1), (1, 1), back[2], back[3]], _colour(rng, (150, 155, 160), 25))
    c.poly([(0, 0), (1, 0), back[1], back[0]], _colour(rng, (225, 225, 225), 10))
    c.poly(back, _colour(rng, (165, 168, 172), 20))
    for side in (0, 1):
        for k in range(4):
            a, b = (k + 0.2) / 4, (k + 0.6) / 4
            x0, x1 = side + (back[side][0] - side) * a, side + (back[side][0] - side) * b
            t0, t1 = back[side][1] * a + 0.15 * (1 - a), back[side][1] * b + 0.15 * (1 - b)
            f0, f1 = 1 + (back[3][1] - 1) * a, 1 + (back[3][1] - 1) * b
            c.poly([(x0, t0 + 0.1), (x1, t1 + 0.08), (x1, f1), (x0, f0)], _colour(rng, (95, 115, 140), 20))
    for k in range(5):
        y = back[0][1] * (k / 5) ** 0.6
        wide = 0.16 * (1 - k / 6)
        c.rect(v[0] - wide, y, v[0] + wide, y + 0.02 * (1 - k / 6), np.full(3, 252, np.float32))
    c.shade(0, 1, texture=_grain(rng, c.w, c.h, beta=0.7, size=1.5), strength=2)


def water(c: Canvas) -> None:
    """A river bank: water with ripples, a rail, the other shore."""
    rng = c.rng
    horizon = float(rng.uniform(0.25, 0.45))
    _sky(c, horizon, kind=str(rng.choice(["blue", "grey"])))
    for x in np.arange(0, 1, 0.1):
        if rng.random() < 0.6:
            _building(c, float(x), float(x) + 0.07, horizon - float(rng.uniform(0.03, 0.12)), horizon + 0.01)
    c.fill(_colour(rng, (140, 125, 100), 15), horizon)
    ripples = cv2.resize(_grain(rng, c.w // 4, c.h, beta=0.5, size=2), (c.w, c.h))
    c.shade(horizon, 1, texture=ripples, strength=float(rng.uniform(5, 14)))
    rail = _colour(rng, (200, 200, 200), 25)
    y = float(rng.uniform(0.7, 0.85))
    for k in (0, 0.05, 0.1):
        c.line(0, y + k, 1, y + k, rail, 0.004)
    for x in np.arange(0, 1, 0.06):
        c.line(float(x), y, float(x), y + 0.16, rail, 0.005)


def gate(c: Canvas) -> None:
    """A gate with bars, a yard behind, a barrier and a guard's hut."""
    rng = c.rng
    horizon = float(rng.uniform(0.25, 0.4))
    _sky(c, horizon, kind=str(rng.choice(["grey", "white", "blue"])))
    _building(c, 0.0, float(rng.uniform(0.3, 0.7)), horizon - 0.15, horizon + 0.15)
    _ground(c, horizon + 0.1, (125, 128, 130), grain=1.5, strength=4)
    _building(c, float(rng.uniform(0.7, 0.8)), 0.97, horizon, 0.75)
    bar = _colour(rng, (70, 70, 75), 25)
    top, low = float(rng.uniform(0.35, 0.45)), float(rng.uniform(0.75, 0.85))
    for x in np.arange(0.02, float(rng.uniform(0.5, 0.75)), float(rng.uniform(0.018, 0.035))):
        c.line(float(x), top, float(x) + 0.01, low, bar, 0.003)
    colours = (_colour(rng, (40, 40, 200)), _colour(rng, (235, 235, 235), 5))
    for k in range(12):
        c.line(0.3 + k * 0.05, 0.6, 0.35 + k * 0.05, 0.6, colours[k % 2], 0.012)
    for _ in range(int(rng.integers(0, 4))):
        _car(c, float(rng.random()), float(rng.uniform(0.6, 0.85)), float(rng.uniform(0.1, 0.2)))


Painter = Callable[[Canvas], None]
FAMILIES: dict[str, Painter] = {
    each.__name__: each for each in (street, crossing, wall, lawn, snowed, facade, backlight, square, trees, asphalt)
}
HELD_OUT: dict[str, Painter] = {each.__name__: each for each in (corridor, water, gate)}
LIGHTS = ("day", "day", "day", "fog", "dusk", "lamps", "infrared")
DAY = ("day", "fog", "dusk")
NIGHT = ("lamps", "infrared")


def _lit(c: Canvas, light: str) -> None:
    """Put the painted scene under a light."""
    rng = c.rng
    if light == "day":
        c.px = (c.px - 128) * float(rng.uniform(0.8, 1.1)) + 128 + float(rng.uniform(-25, 15))
    elif light == "fog":
        depth = np.linspace(1, float(rng.uniform(0.35, 0.75)), c.h, dtype=np.float32)[:, None, None]
        thick = float(rng.uniform(0.45, 0.8))
        veil = _colour(rng, (200, 200, 198), 8)
        c.px = c.px * (1 - thick * depth) + veil * thick * depth
    elif light == "dusk":
        c.px = c.px * float(rng.uniform(0.3, 0.5)) * np.array([1.05, 0.97, 0.98], np.float32)
    elif light == "lamps":
        base = c.px.copy()
        c.px = base * float(rng.uniform(0.05, 0.16))
        lamps = np.zeros_like(c.px)
        warm = np.array([0.55, 0.85, 1.0], np.float32) if rng.random() < 0.6 else np.array([1, 1, 0.97], np.float32)
        keep, c.px = c.px, lamps
        for _ in range(int(rng.integers(2, 7))):
            c.glow(float(rng.random()), float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.08, 0.25)), warm)
        c.px = keep + base * np.minimum(lamps, 1.2) * float(rng.uniform(0.35, 0.8))
        for _ in range(int(rng.integers(1, 6))):
            c.glow(float(rng.random()), float(rng.uniform(0.05, 0.6)), float(rng.uniform(0.004, 0.015)), warm * 300)
    elif light == "infrared":
        grey = c.px.mean(axis=2, keepdims=True)
        yy, xx = np.mgrid[: c.h, : c.w].astype(np.float32)
        spot = np.exp(-(((xx / c.w - 0.5) / 0.55) ** 2 + ((yy / c.h - 0.55) / 0.6) ** 2))[..., None]
        c.px = np.repeat(grey * (0.12 + float(rng.uniform(0.5, 0.85)) * spot), 3, axis=2)


def render(family: str, seed: int, *, light: str, size: tuple[int, int] | None = None) -> Image:
    """Render one clean picture of a scene; equal arguments give the equal picture.

    Args:
        family: a name of `FAMILIES` or `HELD_OUT`.
        seed: which scene of the family.
        light: one of `LIGHTS`.
        size: width and height; None takes one by the seed.
    """
    painter: Any = (FAMILIES | HELD_OUT)[family]
    rng = np.random.default_rng([seed, sum(map(ord, family))])
    canvas = Canvas(rng, size or SIZES[int(rng.integers(len(SIZES)))])
    painter(canvas)
    _lit(canvas, light)
    return canvas.px.clip(0, 255).astype(np.uint8)


def through_a_camera(image: Image, rng: np.random.Generator, *, night: bool) -> Image:
    """Give what a sensor makes of it: a little softness, noise, sometimes sharpening."""
    px = image.astype(np.float32)
    h, w = px.shape[:2]
    px = cv2.GaussianBlur(px, (0, 0), float(rng.uniform(0.35, 0.9)) * max(0.7, w / 1600))
    if rng.random() < 0.4:
        px = px + (px - cv2.GaussianBlur(px, (0, 0), 1.5)) * float(rng.uniform(0.2, 0.7))
    deviation = float(rng.uniform(4, 12) if night else rng.uniform(0.5, 4))
    noise = rng.standard_normal((h, w), dtype=np.float32)[..., None]
    if not night or rng.random() < 0.3:
        noise = noise + 0.5 * rng.standard_normal((h, w, 3), dtype=np.float32)
    return (px + noise * deviation).clip(0, 255).astype(np.uint8)
