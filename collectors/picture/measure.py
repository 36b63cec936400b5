"""From a picture to about forty numbers and a signature: nothing of the picture itself is left.

Lengths are shares of the width, so that the same numbers hold for every resolution: the picture is looked at 384
pixels wide, in octave bands (differences of Gaussians) on a grid of 24 × 16 cells. Rows in which cameras burn their
clock and name in are left out wherever text would mislead. What happens from pixel to pixel (snow, torn lines) is
measured in the picture's own pixels.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH = 384
TOO_WIDE = 1_600
COLUMNS, ROWS = 24, 16
TEXT_ROWS = 2
"""Rows of cells at the top and at the bottom that a clock and a name may stand in."""

Image = NDArray[Any]
Array = NDArray[Any]

_RIM = 1
_BODY = slice(TEXT_ROWS, ROWS - TEXT_ROWS)
_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Immerkær's kernel: it lets neither planes nor straight edges through, so what is left is noise (deviation × 6)."""

_PATCH = 128
_STRIPS = 12
_FINE = 4
_PARTS = 10


def measure(image: Image, *, small: Image | None = None) -> dict[str, float]:
    """Reduce a picture to numbers.

    Args:
        image: height × width × 3, blue, green, red, 8 bits each.
        small: what `small_of` gives of it, where that is there already.

    Returns:
        Scores by name, in grey levels (0 … 255), shares (0 … 1) or ratios; what each means stands beside it.
    """
    image = _halved(image, below=TOO_WIDE)
    small = small_of(image) if small is None else small
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    body = _without_text(grey)
    return {
        **_light(body),
        "lit": _lit_cells(body),
        **_structure(_bands(grey)),
        **_colour(_without_text(small)),
        **_flat_colour(_without_text(small)),
        **_grain(image),
        **_lines(image),
        **_waves(grey),
        "bars": _colour_bars(small),
        "tail": _repeated_rows(image),
    }


def _halved(image: Image, *, below: int) -> Image:
    """Give the picture halved until it is less than so wide: whole steps cost a fraction of odd ones."""
    while image.shape[1] >= below and image.shape[0] >= 4:
        size = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image[: 2 * size[1], : 2 * size[0]], size, interpolation=cv2.INTER_AREA)
    return image


def small_of(image: Image) -> Image:
    """Give the picture at its working width, the height bounded for strange shapes."""
    image = _halved(image, below=2 * WIDTH)
    h, w = image.shape[:2]
    size = (WIDTH, int(np.clip(round(WIDTH * h / w), WIDTH // 4, WIDTH * 2)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if w >= WIDTH else cv2.INTER_LINEAR)


def _quantiles(values: Any, *shares: float) -> list[float]:
    """Give the values below which such shares lie; numpy's own takes ten times as long for a few hundred."""
    ordered = np.sort(values, axis=None)
    return [float(ordered[int(share * (ordered.size - 1) + 0.5)]) for share in shares]


def _without_text(picture: Image) -> Image:
    rim = round(picture.shape[0] * TEXT_ROWS / ROWS)
    return picture[rim:-rim]


def _cells(values: Array) -> Array:
    """Give the means of the 24 × 16 cells."""
    means: Array = cv2.resize(values, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return means


def _bands(grey: Image) -> list[Array]:
    """Give the root mean squares of five octave bands in each cell; band k is of things 2^k … 2^(k+1) pixels wide."""
    level: Array = grey.astype(np.float32)
    found = []
    for _ in range(5):
        band = level - cv2.GaussianBlur(level, (0, 0), 1.0)
        found.append(np.sqrt(np.maximum(_cells(band * band), 0)))
        level = cv2.resize(level, (level.shape[1] // 2, level.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return found


def _light(body: Image) -> dict[str, float]:
    counts = np.bincount(body.ravel(), minlength=256).astype(np.float64)
    below = np.cumsum(counts) / counts.sum()
    p = {q: float(np.searchsorted(below, q / 100)) for q in (0.5, 1, 5, 25, 50, 75, 95, 99, 99.5)}
    unclipped = counts[:247]
    rest = np.cumsum(unclipped) / max(1.0, unclipped.sum())
    clipped = body >= 247
    return {
        "mean": float(body.mean()),
        "p1": p[1],
        "p50": p[50],
        "p99": p[99],
        "contrast": p[95] - p[5],
        "range": p[99.5] - p[0.5],
        "clipped": float(1 - below[246]),
        "clipped_low": float(clipped[clipped.shape[0] // 2 :].mean()),
        "rest": float(np.searchsorted(rest, 0.5)),
    }


def _lit_cells(body: Image) -> float:
    """Count cells with a light in them (40 and more), but for the two rows that have most: words may stand there."""
    rows = ROWS - 2 * TEXT_ROWS
    brightest = cv2.resize(
        cv2.dilate(body, np.ones((3, 3), np.uint8)), (COLUMNS * 8, rows * 6), interpolation=cv2.INTER_NEAREST
    )
    lit = (brightest.reshape(rows, 6, COLUMNS, 8).max(axis=(1, 3)) >= 40).sum(axis=1)
    pairs = lit[:-1] + lit[1:]
    return float(lit.sum() - pairs.max())


def _structure(bands: list[Array]) -> dict[str, float]:
    """Say how much there is to see, and how sharp it is.

    A lens that is out of focus passes no fine band where the coarse ones are strong. Noise, which the sensor adds
    behind the lens, lies in every cell alike: what the calmest cells show is taken off.
    """
    body = [cells[_BODY] for cells in bands]
    noise = [_quantiles(cells, 0.1)[0] for cells in body]
    pure = [np.sqrt(np.maximum(cells**2 - floor**2, 0)) for cells, floor in zip(body, noise, strict=True)]
    scores: dict[str, float] = {}
    # Each fine band is held against those two octaves coarser, in the cells in which those are strongest.
    for k, (fine, coarse) in enumerate(((0, 2), (1, 3), (2, 4))):
        strong = body[coarse] >= max(2.0, _quantiles(body[coarse], 0.8)[0])
        ratios = pure[fine][strong] / body[coarse][strong]
        found = _quantiles(ratios, 0.5, 0.75) if ratios.size >= 6 else (-1.0, -1.0)
        scores[f"soft{k}"], scores[f"sharp{k}"] = found
    scores["noise"] = noise[0]
    seen = np.sqrt(pure[1] ** 2 + pure[2] ** 2 + pure[3] ** 2)
    core = seen[_RIM:-_RIM, 3 * _RIM : -3 * _RIM]
    scores["calm"] = float((core < 1.6 + 0.4 * noise[0]).mean())
    scores["seen"] = _quantiles(seen, 0.9)[0]
    scores["folds"] = _quantiles(pure[3][_RIM:-_RIM, 3 * _RIM : -3 * _RIM], 0.9)[0]
    return scores


def _colour(body: Image) -> dict[str, float]:
    """Say which colour lies over everything.

    Whatever is grey shows the light's colour, and something grey is in nearly every picture: so it is not the average
    that tells, but whether even the least coloured tenth leans the same way. `tint_blue` and `tint_red` are logarithms
    of blue and red against green; 0.7 is twice as much.
    """
    pixels = cv2.resize(body, (72, 40), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
    pixels = pixels[pixels.max(axis=1) >= 16]
    if len(pixels) < 140:
        return {"tint": 0.0, "tint_blue": 0.0, "tint_red": 0.0, "neutral": 1.0, "colourful": 0.0}
    logs = np.log(pixels + 3)
    blue, red = logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]
    (b,), (r,) = _quantiles(blue, 0.5), _quantiles(red, 0.5)
    length = float(np.hypot(b, r))
    along = (blue * b + red * r) / (length + 1e-6)
    return {
        "tint": _quantiles(along, 0.1)[0] if length > 0.02 else 0.0,
        "tint_blue": b,
        "tint_red": r,
        "neutral": float((np.hypot(blue, red) < 0.15).mean()),
        "colourful": _quantiles(pixels.max(axis=1) - pixels.min(axis=1), 0.1)[0],
    }


def _flat_colour(body: Image) -> dict[str, float]:
    """Say how much of the picture has one and the same colour, and which: a camera's own picture never has."""
    pixels = body[::3, ::3].reshape(-1, 3).astype(np.int16)
    middle = np.array([_quantiles(pixels[:, channel], 0.5)[0] for channel in range(3)], np.int16)
    away = np.abs(pixels - middle).max(axis=1)
    return {
        "one_colour": float((away <= 6).mean()),
        "even": float((away <= 2).mean()),
        "blue": float(middle[0]),
        "green": float(middle[1]),
        "red": float(middle[2]),
    }


def _grain(image: Image) -> dict[str, float]:
    """Measure noise from pixel to pixel, at two scales; snow is in every part of the picture, and white."""
    h, w = image.shape[:2]
    size = min(_PATCH, h // 3, w // 4)
    found = []
    for y in np.linspace(h * 0.14, h * 0.86 - size, 3).astype(int):
        for x in np.linspace(0, w - size, 4).astype(int):
            patch = image[y : y + size, x : x + size, 1].astype(np.float32)
            found.append([_noise_and_whiteness(patch, step) for step in (1, 2)])
    values = np.array(found)  # patches × scales × (deviation, whiteness)
    scores: dict[str, float] = {}
    for k, step in enumerate((1, 2)):
        scores[f"grain{step}"] = float(np.quantile(values[:, k, 0], 0.2))
        scores[f"white{step}"] = float(np.median(values[:, k, 1]))
    return scores


def _noise_and_whiteness(patch: Array, step: int) -> tuple[float, float]:
    if step > 1:
        side = patch.shape[0] // step
        patch = cv2.resize(patch, (side, side), interpolation=cv2.INTER_AREA)
    fine = _noise_of(patch)
    half: Array = cv2.resize(patch, (patch.shape[1] // 2, patch.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return fine, fine / (_noise_of(half) + 0.3)


def _noise_of(patch: Array) -> float:
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(cv2.filter2D(patch, -1, _NOISE_KERNEL)[1:-1, 1:-1]).mean())


def _lines(image: Image) -> dict[str, float]:
    """Find what crosses the whole picture: each row's (column's) mean in strips, and how well the strips agree."""
    green = image[..., 1]
    h, w = green.shape
    fine = _STRIPS * _FINE
    rows: Array = cv2.resize(green, (fine, h), interpolation=cv2.INTER_AREA).astype(np.float32)
    columns: Array = cv2.resize(green, (w, fine), interpolation=cv2.INTER_AREA).astype(np.float32).T
    rim = int(h * TEXT_ROWS / ROWS)
    level, torn = _through(rows[rim:-rim], w)
    upright, _ = _through(np.ascontiguousarray(columns), w)
    return {"rows": level, "columns": upright, "torn": float(torn)}


def _through(fine: Array, width: int) -> tuple[float, int]:
    """Give how strong lines through the whole picture are in most of its parts, and how many single ones there are.

    What lies over a picture lies over walls, windows and sky alike. A house front's lines are in all strips, too, but
    end between its windows: held tile by tile against what is common, some tiles have nothing of it. Single lines count
    where the upper and the lower half have some: joints of a pavement end at its edge.
    """
    strips: Array = cv2.resize(fine, (_STRIPS, len(fine)), interpolation=cv2.INTER_AREA)
    strength, torn = 0.0, 0
    for reach in (0.02, 0.08):
        span = (1, max(5, round(width * reach)) | 1)
        away = strips - cv2.blur(strips, span)
        ordered = np.sort(away, axis=1)
        common = ordered[:, _STRIPS // 2 - 1 : _STRIPS // 2 + 1].mean(axis=1)
        shares = np.sort(away.T @ common / (float(common @ common) + 1e-3))
        alike = float(shares[2] / max(0.1, float(shares[-3])))
        own = away - common[:, None]
        cut = len(common) // _PARTS * _PARTS
        together = np.sqrt((common[:cut] ** 2).reshape(_PARTS, -1).mean(axis=1))
        apart = np.sqrt((own[:cut] ** 2).reshape(_PARTS, -1).mean(axis=1))
        found = float(np.sort(together - 0.8 * apart)[3]) * min(1.0, max(0.0, alike - 0.3) / 0.45)
        if found > 4:
            found *= _everywhere(fine - cv2.blur(fine, span), common)
        strength = max(strength, found)
        if reach == 0.02:
            near = np.sort(np.abs(own), axis=1)[:, int(0.8 * _STRIPS)] < 0.25 * np.abs(common)
            single = near & (np.abs(common) > 12)
            starts = np.diff(single.astype(np.int8), prepend=0) == 1
            upper = int(starts[: len(starts) // 2].sum())
            torn = min(int(starts.sum()), 5 * upper, 5 * (int(starts.sum()) - upper))
    return strength, torn


def _everywhere(away: Array, common: Array) -> float:
    """Give whether tiles all over the picture have what is common (1), or a fifth of them has nothing of it (0)."""
    cut = len(common) // _PARTS * _PARTS
    usual = common[:cut].reshape(_PARTS, -1, 1)
    tiles = away[:cut].reshape(_PARTS, -1, away.shape[1])
    shares = (tiles * usual).sum(axis=1) / ((usual**2).sum(axis=1) + 1e-3)
    low, middle = _quantiles(shares, 0.2, 0.5)
    return min(1.0, max(0.0, low / max(0.1, middle) - 0.3) / 0.2)


def _waves(grey: Image) -> dict[str, float]:
    """Find a slanting wave of one frequency: how alone it stands among its neighbours, and its height."""
    square = cv2.resize(_without_text(grey), (256, 256), interpolation=cv2.INTER_AREA).astype(np.float32)
    square -= cv2.blur(square, (41, 41))
    searched = np.where(_slanting(), _power(square), 0)
    y, x = divmod(int(searched.argmax()), searched.shape[1])
    alone = _near(searched, y, x, reach=2) / (_near(searched, y, x, reach=9) + 1e-3)
    if alone < 0.5:
        return {"wave": alone, "wave_height": 0.0}
    heights = []
    for top in (0, 128):
        for left in (0, 128):
            part = _power(square[top : top + 128, left : left + 128])
            near = _near(part, round((y if y < 128 else y - 256) / 2), round(x / 2), reach=2)
            # Parseval: a sine of height A leaves N²/4 · A² · (Σ window²)² at each of its two peaks; half are here.
            heights.append(2 * np.sqrt(near) / (128 * float((_window(128) ** 2).sum())))
    return {"wave": alone, "wave_height": float(sorted(heights)[1])}


@cache
def _window(size: int) -> Array:
    return np.hanning(size).astype(np.float32)


@cache
def _slanting() -> NDArray[np.bool_]:
    """Say which frequencies are looked at: not the coarse ones, nor the upright and level ones (`_lines`)."""
    ky = np.fft.fftfreq(256, 1 / 256).astype(np.float32)[:, None]
    kx = np.arange(129, dtype=np.float32)[None, :]
    length = np.hypot(ky, kx)
    return (np.minimum(np.abs(ky), kx) >= 0.15 * length) & (length >= 7)


def _power(square: Array) -> Array:
    """Give the power of each frequency, of the right half plane."""
    size = len(square)
    window = _window(size)
    found = cv2.dft(square * window[:, None] * window[None, :], flags=cv2.DFT_COMPLEX_OUTPUT)
    half = found[:, : size // 2 + 1]
    power: Array = half[..., 0] ** 2 + half[..., 1] ** 2
    return power


def _near(power: Array, y: int, x: int, *, reach: int) -> float:
    ys = [(y + k) % power.shape[0] for k in range(-reach, reach + 1)]
    return float(power[np.ix_(ys, range(max(0, x - reach), min(power.shape[1], x + reach + 1)))].sum())


def _colour_bars(small: Image) -> float:
    """Give how much of the upper part is upright bars of the colours that a test picture has (0 … 1)."""
    h = small.shape[0]
    upper = small[int(h * 0.15) : int(h * 0.6) : 3, ::2].astype(np.float32)
    line = upper.mean(axis=0)
    steady = np.abs(upper - line).max(axis=2).mean(axis=0) < 6
    high = line.max()
    if high < 100:
        return 0.0
    pure = (np.minimum(line, np.abs(high - line)) < 0.16 * high).all(axis=1)
    distinct = {tuple(row) for row in (line[steady & pure] > high / 2).astype(int).tolist()}
    share = float((steady & pure).mean())
    return share * min(1.0, len(distinct) / 6)


def _repeated_rows(image: Image) -> float:
    """Give the share of rows that repeat the one above: what decoders draw where data are missing."""
    thin = image[:, :: max(1, image.shape[1] // 48)].astype(np.int16)
    same = (np.abs(np.diff(thin, axis=0)) <= 1).all(axis=(1, 2))
    smeared = thin[1:, :, 1].std(axis=1) > 8
    filled = (np.abs(thin[1:] - 128) <= 2).all(axis=(1, 2)) | (
        (thin[1:, :, 0] < 4) & (thin[1:, :, 2] < 4) & (thin[1:, :, 1] > 60)
    ).all(axis=1)
    run = longest = 0
    for each in (same & (smeared | filled)).tolist():
        run = run + 1 if each else 0
        longest = max(longest, run)
    return longest / float(image.shape[0])
