"""Faults of random severity put on clean pictures; the clock and the camera's name are burnt in after the fault."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Rng = np.random.Generator


def _u(rng: Rng, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _whole(px: NDArray[np.float32]) -> Image:
    return px.clip(0, 255).astype(np.uint8)


def _noise(rng: Rng, px: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    return px + rng.standard_normal((*px.shape[:2], 1), dtype=np.float32) * deviation


def black(image: Image, rng: Rng) -> Image:
    """No light, or nearly none: sensor noise, perhaps a faint rest of the scene."""
    rest = image.astype(np.float32) * (_u(rng, 0, 0.04) if rng.random() < 0.5 else 0)
    return _whole(_noise(rng, rest + _u(rng, 0, 9), _u(rng, 0, 5)))


def over(image: Image, rng: Rng) -> Image:
    """Exposure far too long: most of the picture clips."""
    px = image.astype(np.float32)
    aim = _u(rng, 0.55, 0.97)
    dark = float(np.quantile(px.mean(axis=2), 1 - aim))
    gain = _u(rng, 1.1, 2.2)
    return _whole(px * gain + max(0.0, 256 - dark * gain))


def blue(image: Image, rng: Rng) -> Image:
    """The recorder's blue picture, sometimes with words."""
    made = np.empty_like(image)
    made[:] = [int(rng.integers(140, 256)), int(rng.integers(0, 60)), int(rng.integers(0, 40))]
    if rng.random() < 0.5:
        h, w = image.shape[:2]
        cv2.putText(made, "NO SIGNAL", (w // 3, h // 2), cv2.FONT_HERSHEY_SIMPLEX, w / 700, (255, 255, 255), 2)
    return made


def bars(image: Image, rng: Rng) -> Image:
    """Colour bars, of 75 % or 100 %, perhaps with a grey ramp below."""
    h, w = image.shape[:2]
    full = int(rng.choice([191, 255]))
    colours = [(1, 1, 1), (0, 1, 1), (1, 1, 0), (0, 1, 0), (1, 0, 1), (0, 0, 1), (1, 0, 0)]
    if rng.random() < 0.5:
        colours.append((0, 0, 0))
    made = np.zeros_like(image)
    edges = np.linspace(0, w, len(colours) + 1).astype(int)
    for (a, b), colour in zip(itertools.pairwise(edges), colours, strict=True):
        made[:, a:b] = [c * full for c in colour]
    if rng.random() < 0.4:
        made[int(h * _u(rng, 0.66, 0.85)) :] = np.linspace(0, 255, w, dtype=np.uint8)[None, :, None]
    return made


def snow(image: Image, rng: Rng) -> Image:
    """Static: grey noise, impulses, or coarse analogue grain, over the scene or instead of it."""
    h, w = image.shape[:2]
    px = image.astype(np.float32)
    kind = rng.integers(3)
    if kind == 0:
        return _whole(_noise(rng, px * _u(rng, 0.3, 1), _u(rng, 38, 90)))
    if kind == 1:
        hit = rng.random((h, w))
        share = _u(rng, 0.06, 0.4)
        px[hit < share / 2], px[hit > 1 - share / 2] = 0, 255
        return _whole(px)
    scale = _u(rng, 1, 2.5)
    grain = rng.standard_normal((int(h / scale), int(w / scale)), dtype=np.float32)
    grain = cv2.resize(grain, (w, h), interpolation=cv2.INTER_NEAREST)[..., None]
    return _whole(px * _u(rng, 0, 0.6) + 60 + grain * _u(rng, 45, 90))


def stripes(image: Image, rng: Rng) -> Image:
    """Interference: bands across the picture, sine or square, or torn lines."""
    h, w = image.shape[:2]
    px = image.astype(np.float32)
    kind = rng.integers(4)
    strength = _u(rng, 22, 80)
    period = _u(rng, 0.008, 0.08) * h
    if kind == 3:
        for _ in range(int(rng.integers(12, 60))):
            y = int(rng.integers(h))
            px[y : y + max(1, int(_u(rng, 0.002, 0.008) * h))] += strength * float(rng.choice([-1, 1])) * 1.5
        return _whole(px)
    angle = {0: 0.0, 1: np.pi / 2, 2: _u(rng, 0.15, 1.4)}[int(kind)]
    yy, xx = np.mgrid[:h, :w].astype(np.float32)
    wave = np.sin(2 * np.pi * (yy * np.cos(angle) + xx * np.sin(angle)) / period + _u(rng, 0, 6))
    if rng.random() < 0.4:
        wave = np.sign(wave)
    return _whole(px + wave[..., None].astype(np.float32) * strength)


def blurred(image: Image, share: float, rng: Rng) -> Image:
    """Out of focus: `share` of the width is the deviation of a Gaussian, or of a disc as wide."""
    w = image.shape[1]
    sigma = share * w
    px = image.astype(np.float32)
    if rng.random() < 0.5:
        done = cv2.GaussianBlur(px, (0, 0), sigma)
    else:
        radius = max(1, round(sigma * 2))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)).astype(np.float32)
        done = cv2.filter2D(px, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
    return _whole(_noise(rng, done, _u(rng, 0.5, 4)))


def blur(image: Image, rng: Rng) -> Image:
    """Out of focus by 0.8 … 3 % of the width."""
    return blurred(image, _u(rng, 0.008, 0.03), rng)


def cast(image: Image, rng: Rng) -> Image:
    """One colour too strong or missing."""
    gains = np.ones(3, np.float32)
    kind = rng.integers(3)
    one = int(rng.integers(3))
    if kind == 0:
        gains[one] = _u(rng, 1.6, 2.3)
        gains[[i for i in range(3) if i != one]] = _u(rng, 0.5, 0.7)
    elif kind == 1:
        gains[one] = _u(rng, 0.0, 0.4)
    else:
        gains[[i for i in range(3) if i != one]] = _u(rng, 0.2, 0.5)
    return _whole(image.astype(np.float32) * gains)


def _cloth(rng: Rng, h: int, w: int, *, deviation: float | None = None) -> NDArray[np.float32]:
    """Give what lies on the lens: one tone, out of focus, unevenly lit."""
    tone = np.full(3, _u(rng, 28, 190), np.float32) + rng.normal(0, 18, 3).astype(np.float32)
    small = cv2.resize(rng.standard_normal((3, 4)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    px = tone + small[..., None] * _u(rng, 1, 10)
    if rng.random() < 0.4:
        px += np.linspace(-1, 1, w, dtype=np.float32)[None, :, None] * _u(rng, 0, 18)
    return _noise(rng, px, _u(rng, 1, 5) if deviation is None else deviation)


def covered(image: Image, rng: Rng) -> Image:
    """Covered whole, or all but a rim."""
    h, w = image.shape[:2]
    cloth = _cloth(rng, h, w)
    if rng.random() < 0.7:
        return _whole(cloth)
    return _behind(image, cloth, rng, share=_u(rng, 0.93, 0.99))


def covered_partly(image: Image, rng: Rng, *, share: float) -> Image:
    """Covered by such a share of the picture, from a side, a corner, or in the middle."""
    h, w = image.shape[:2]
    return _behind(image, _cloth(rng, h, w), rng, share=share)


def _behind(image: Image, cloth: NDArray[np.float32], rng: Rng, *, share: float) -> Image:
    h, w = image.shape[:2]
    mask = np.zeros((h, w), np.float32)
    kind = rng.integers(3) if share < 0.9 else 0
    if kind == 0:
        side = rng.integers(4)
        if side == 0:
            mask[:, : int(w * share)] = 1
        elif side == 1:
            mask[:, w - int(w * share) :] = 1
        elif side == 2:
            mask[: int(h * share)] = 1
        else:
            mask[h - int(h * share) :] = 1
    elif kind == 1:
        root = share**0.5
        a, b = int(h * root), int(w * root)
        y, x = (0, h - a)[int(rng.integers(2))], (0, w - b)[int(rng.integers(2))]
        mask[y : y + a, x : x + b] = 1
    else:
        root = share**0.5
        a, b = int(h * root), int(w * root)
        y, x = int(rng.integers(0, h - a + 1)), int(rng.integers(0, w - b + 1))
        mask[y : y + a, x : x + b] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), max(1.0, w * _u(rng, 0.002, 0.015)))[..., None]
    return _whole(image.astype(np.float32) * (1 - mask) + cloth * mask)


def low_contrast(image: Image, rng: Rng) -> Image:
    """Washed out to a fraction of the contrast."""
    px = image.astype(np.float32)
    return _whole((px - px.mean()) * _u(rng, 0.02, 0.07) + _u(rng, 70, 200))


def burn_in(image: Image, rng: Rng) -> Image:
    """Write the clock and the camera's name, as cameras do: white with a black rim, at the edges."""
    made = image.copy()
    h, w = made.shape[:2]
    scale = h / 1080 * _u(rng, 1.1, 1.9)
    thick = max(1, round(scale * 2))
    day = f"2026-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    clock = f"{day} {rng.integers(24):02d}:{rng.integers(60):02d}:07"
    name = f"WF-{rng.integers(1000):03d} YUHE RD / CAM {rng.integers(1, 99)}"
    lines = [(clock, 0), (name, int(rng.integers(1, 3)))]
    for words, place in lines:
        (wide, high), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
        margin = int(0.012 * w)
        x = margin if place == 0 or rng.random() < 0.4 else w - wide - margin
        y = high + margin if place < 2 and not (place == 1 and x == margin) else h - margin
        for colour, extra in (((0, 0, 0), 2 * thick), ((255, 255, 255), 0)):
            cv2.putText(made, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick + extra, cv2.LINE_AA)
    return made


def as_jpeg(image: Image, rng: Rng) -> bytes:
    """Give the picture as a camera sends it."""
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 93))])
    if not ok:
        raise ValueError("not encoded")
    return data.tobytes()


Degrade = Callable[[Image, Rng], Image]
TOTAL: dict[str, tuple[Degrade, str]] = {
    "black": (black, "picture_black"),
    "over": (over, "picture_over"),
    "blue": (blue, "picture_signal_loss"),
    "bars": (bars, "picture_signal_loss"),
    "snow": (snow, "picture_snow"),
    "stripes": (stripes, "picture_stripes"),
    "blur": (blur, "picture_blur"),
    "cast": (cast, "picture_cast"),
    "covered": (covered, "picture_covered"),
}
"""The faults that one picture must show, and the code of each."""
