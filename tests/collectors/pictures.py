"""Pictures for tests: a few rendered scenes, small, with a clock burnt in, as JPEG."""

from __future__ import annotations

import numpy as np

from bench.pictures import degrade
from bench.pictures.scenes import NIGHT, Image, render, through_a_camera

SIZE = (960, 540)


def clean(family: str = "street", seed: int = 3, *, light: str = "day") -> Image:
    """Render a clean look at a scene."""
    rng = np.random.default_rng(seed)
    return through_a_camera(render(family, seed, light=light, size=SIZE), rng, night=light in NIGHT)


def faulty(name: str, family: str = "street", seed: int = 3) -> Image:
    """Render a look with one of the total faults."""
    degraded, _ = degrade.TOTAL[name]
    return degraded(clean(family, seed), np.random.default_rng(seed))


def jpeg(image: Image, seed: int = 0) -> bytes:
    """Burn clock and name in and encode."""
    rng = np.random.default_rng(seed)
    return degrade.as_jpeg(degrade.burn_in(image, rng), rng)
