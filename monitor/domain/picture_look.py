"""What picture looks leave behind: numbers of the last one, and what they say of a picture that stands still."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.baseline import Baseline, LightClass
from monitor.domain.values import dataclass

STILL_LOOKS = 3
STILL_S = 3_600
_SAME_WITHIN = {
    "mean": 0.25,
    "p50": 0.0,
    "p99": 1.0,
    "contrast": 1.0,
    "seen": 0.25,
    "noise": 0.04,
    "tint_blue": 0.004,
    "tint_red": 0.004,
    "calm": 0.006,
    "grain1": 0.04,
}
"""How little these may differ between two looks at a frozen picture that was encoded anew; live ones differ by more,
if only because the light does."""


@dataclass(frozen=True, slots=True)
class Stillness:
    """How long a picture has stood still.

    Attributes:
        since: the first of the looks that saw the same.
        looks: how many of them there are.
        identical: the last two had the same bytes, which no live camera ever sends twice.
    """

    since: int
    looks: int = 1
    identical: bool = False

    def faults(self, *, at: int) -> tuple[str, ...]:
        """Give the faults that it shows at the look `at`: certain for the same bytes, else suspected after an hour."""
        if self.identical:
            return ("picture_frozen",)
        if self.looks >= STILL_LOOKS and at - self.since >= STILL_S:
            return ("picture_still",)
        return ()


@dataclass(frozen=True, slots=True)
class PictureLook:
    """One picture look in numbers; the last of a device is kept.

    Attributes:
        device_id: the device.
        at: start of the look, epoch seconds.
        outcome: how it ended: "picture", or why there is none.
        detail: one line for people.
        way: "snapshot" or "stream".
        light: the light that it was taken in; None without a picture.
        faults: codes of the faults that it showed.
        reasons: why, in Chinese and English, one line each.
        scores: numbers by name.
        payload: what tells the bytes from others.
        stillness: how long the picture has stood still.
        width, height: of the picture as it was sent.
        duration_ms: how long the look took.
    """

    device_id: str
    at: int
    outcome: str
    detail: str = ""
    way: str = ""
    light: LightClass | None = None
    faults: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    scores: Mapping[str, float] | None = None
    payload: str = ""
    stillness: Stillness | None = None
    width: int = 0
    height: int = 0
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class PictureMemory:
    """What is remembered of a device's pictures: the last look, and its view in each light."""

    last: PictureLook | None
    baselines: Mapping[LightClass, Baseline]


def still_after(last: PictureLook | None, scores: Mapping[str, float], payload: str, *, at: int) -> Stillness:
    """Give how long the picture has stood still after one more look.

    Args:
        last: the look before.
        scores: numbers of this one.
        payload: what tells its bytes from others.
        at: when it began.
    """
    if last is None or last.scores is None or last.stillness is None or at <= last.at:
        return Stillness(at)
    if payload and payload == last.payload:
        return Stillness(last.stillness.since, last.stillness.looks + 1, True)
    before = last.scores
    same = all(name in before and abs(scores[name] - before[name]) <= within for name, within in _SAME_WITHIN.items())
    return Stillness(last.stillness.since, last.stillness.looks + 1) if same else Stillness(at)
