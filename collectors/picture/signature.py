"""The signature of a view: where there are edges, how strong, and which way they run, on 24 × 16 cells.

768 bytes from which no picture can be made again: no brightness and no colour is in them. With the signatures of
earlier looks it can be told that a view is covered in part or has moved.
"""

from __future__ import annotations

import cv2
import numpy as np

from collectors.picture.measure import COLUMNS, ROWS, Array, Image

NO_DIRECTION = 255
_COHERENT = 0.3
_STEPS = 180
_OCTAVE = 24


def signature(small: Image) -> bytes:
    """Give the signature of a picture: 384 bytes of strength, then 384 of direction, row by row.

    Strength is 24 a doubling of the root mean square gradient from 0.5 on; direction is 0 … 179, 1 a degree, or 255
    where edges run in no one direction.

    Args:
        small: what `small_of` gives of the picture.
    """
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.2)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.25)
    xx, yy, xy = (_cells(each) for each in (across * across, down * down, across * down))
    energy = xx + yy
    strength = np.clip(_OCTAVE * np.log2(np.sqrt(energy) / 0.5 + 1e-6), 0, 255).round().astype(np.uint8)
    coherence = np.hypot(xx - yy, 2 * xy) / (energy + 1e-6)
    degrees = np.rad2deg(0.5 * np.arctan2(2 * xy, xx - yy)) % _STEPS
    direction = np.where(coherence >= _COHERENT, degrees.round() % _STEPS, NO_DIRECTION).astype(np.uint8)
    made: bytes = strength.tobytes() + direction.tobytes()
    return made


def _cells(values: Array) -> Array:
    means: Array = cv2.resize(values, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return means
