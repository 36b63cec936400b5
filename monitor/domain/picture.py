"""Whether a picture is intact 画面完好: from scores to faults, with reasons that a person can check.

The scores are numbers that a worker measured (`collectors.picture`); no picture comes here. Of the signs that a picture
shows the first in a fixed order is its fault, because most faults bring the signs of others with them: a black picture
is not sharp either. What cannot be told from one picture (a wall looks like a cloth over the lens) needs the device's
own baseline, `monitor.domain.baseline`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from monitor.domain.baseline import Baseline, Comparison
from monitor.domain.values import dataclass

Scores = Mapping[str, float]

UNNATURAL, FOLIAGE, DEEP_GREEN, LAMPLIGHT, NIGHT_LAMPS, SKY = 0.38, 1.1, 0.6, 0.9, 1.6, 0.75
_NIGHT_MEAN = 60
_DIM_CONTRAST = 0.11


@dataclass(frozen=True, slots=True)
class Limits:
    """Where scores become faults: each lies between clean and faulty pictures of many kinds (`make bench`)."""

    bars: float = 0.75
    one_colour: float = 0.9
    colourful: float = 75
    no_sensor: float = 0.995
    black_brightest: float = 34
    black_lights: float = 2
    clipped: float = 0.6
    clipped_below: float = 0.4
    rest: float = 165
    over_mean: float = 210
    white: float = 222
    white_clipped: float = 0.2
    lines: float = 8
    torn: float = 10
    wave: float = 0.92
    wave_height: float = 15
    grain: float = 16
    coarse_grain: float = 9
    calm: float = 0.97
    folds: float = 0.62
    sharpness: float = 0.28
    edges: float = 0.42
    tail: float = 0.06
    contrast: float = 8


@dataclass(frozen=True, slots=True)
class PictureFault:
    """One fault of a picture: its code, the score that shows it with its limit, and why, in both languages."""

    code: str
    score: float
    limit: float
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """What one picture shows.

    Attributes:
        faults: what is wrong with it, at most one of the total faults, then what its baseline shows.
        could_show: codes of the faults that this look could have shown.
        dark: it is dark and yet shows something: information, never a fault.
        comparison: how it stands to its baseline, where there is one.
    """

    faults: tuple[PictureFault, ...]
    could_show: frozenset[str]
    dark: bool = False
    comparison: Comparison | None = None

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults


CORRUPT_FAULT = PictureFault(
    "picture_corrupt", 1.0, 1.0, "图像数据被截断或损坏，无法完整解码", "the picture's data are cut off or damaged"
)
"""What a decoder says rather than the pixels."""


def judge(scores: Scores, limits: Limits, baseline: Baseline | None = None, signature: bytes = b"") -> PictureVerdict:
    """Judge a picture by its scores, and where there is one by its device's baseline.

    Args:
        scores: what `measure` gave.
        limits: where scores become faults.
        baseline: what the view usually is in this light.
        signature: the picture's own, to be held against the baseline.
    """
    dark = scores["mean"] < 25
    comparison = None
    if baseline is not None and signature and baseline.is_ready:
        comparison = baseline.compare(signature)
    could_show = SINGLE | (AGAINST_BASELINE if comparison is not None and comparison.usable else frozenset())
    for rule in _RULES:
        fault = rule(scores, limits)
        if fault is None or (baseline is not None and baseline.explains(fault.code)):
            continue
        return PictureVerdict((fault,), could_show, dark, comparison)
    if comparison is not None and comparison.usable:
        fault = _against(comparison)
        if fault is not None:
            return PictureVerdict((fault,), could_show, dark, comparison)
    return PictureVerdict((), could_show, dark, comparison)


def sharpness(scores: Scores) -> float | None:
    """Give how much of its fine bands a picture still has against its coarse ones; None where there is nothing to see.

    A picture in focus has 0.4 to 1, one that is out of focus by 0.8 % of its width less than 0.25. The finest octaves
    in which there is something to see are taken.
    """
    if scores["soft0"] >= 0 and scores["soft1"] >= 0:
        return float(math.sqrt(math.sqrt(scores["soft0"] * scores["sharp0"] * scores["soft1"] * scores["sharp1"])))
    if scores["soft1"] >= 0:
        return float(math.sqrt(scores["soft1"] * scores["sharp1"]))
    if scores["soft2"] >= 0:
        return float(0.7 * math.sqrt(scores["soft2"] * scores["sharp2"]))
    return None


def tint_limit(scores: Scores) -> float:
    """Give how far a picture's greys may lean to one colour, by that colour.

    Leaves, lamps and the sky lean by themselves; nothing in a street is magenta or cyan throughout.
    """
    angle = math.degrees(math.atan2(scores["tint_red"], scores["tint_blue"])) % 360
    if 185 <= angle <= 215:
        return FOLIAGE
    if 215 < angle <= 228:
        return DEEP_GREEN
    if 130 <= angle < 185:
        return NIGHT_LAMPS if scores["mean"] < _NIGHT_MEAN else LAMPLIGHT
    if 280 <= angle <= 330:
        return SKY
    return UNNATURAL


def _signal_loss(s: Scores, limits: Limits) -> PictureFault | None:
    code = "picture_signal_loss"
    if s["bars"] >= limits.bars:
        return _fault(
            code, s["bars"], limits.bars, "彩条占画面上部 {0:.0%}", "colour bars fill {0:.0%} of the upper part"
        )
    if s["one_colour"] >= limits.one_colour and s["colourful"] >= limits.colourful and s["grain1"] < 0.35:
        words = "{0:.0%} 为同一种鲜艳颜色且无噪点", "{0:.0%} has one vivid colour, without any noise"
        return _fault(code, s["one_colour"], limits.one_colour, *words)
    still = s["grain1"] < 0.02 and s["grain2"] < 0.02
    if s["even"] >= limits.no_sensor and still and 24 <= s["mean"] <= 235:
        words = "{0:.1%} 颜色完全相同，不是传感器图像", "{0:.1%} is exactly one colour: no sensor's picture"
        return _fault(code, s["even"], limits.no_sensor, *words)
    return None


def _black(s: Scores, limits: Limits) -> PictureFault | None:
    if s["p99"] < limits.black_brightest and s["mean"] < 24 and s["lit"] < limits.black_lights and s["seen"] < 2.6:
        words = "最亮处亮度 {0:.0f}，限 {1:.0f}", "the brightest parts have {0:.0f} of 255, limit {1:.0f}"
        return _fault("picture_black", s["p99"], limits.black_brightest, *words)
    return None


def _over(s: Scores, limits: Limits) -> PictureFault | None:
    share = s["clipped"]
    below = s["clipped_low"] >= limits.clipped_below and share >= 0.45
    washed = share >= 0.3 and s["rest"] >= limits.rest
    half = share >= 0.4 and s["clipped_low"] >= 0.3 and s["rest"] >= 130
    bright = s["mean"] >= limits.over_mean  # a white front in the sun clips, too, around windows that are dark
    if share >= limits.clipped or (bright and (below or washed or half)):
        words = "{0:.0%} 的画面过曝发白", "{0:.0%} of the picture is clipped to white"
        return _fault("picture_over", share, 0.3 if washed else 0.4 if half or below else limits.clipped, *words)
    if s["mean"] >= limits.white and share >= limits.white_clipped:  # bright fog and pale walls do not clip
        words = "平均亮度 {0:.0f}，限 {1:.0f}", "mean brightness {0:.0f} of 255, limit {1:.0f}"
        return _fault("picture_over", s["mean"], limits.white, *words)
    return None


def _stripes(s: Scores, limits: Limits) -> PictureFault | None:
    code, lines = "picture_stripes", max(s["rows"], s["columns"])
    if lines >= limits.lines:
        words = (
            "贯穿画面的条纹强度 {0:.1f}，限 {1:.1f}",
            "lines through the whole picture, {0:.1f} grey levels, limit {1:.1f}",
        )
        return _fault(code, lines, limits.lines, *words)
    if s["torn"] >= limits.torn:
        words = "{0:.0f} 条线贯穿画面，限 {1:.0f}", "{0:.0f} lines run through the whole picture, limit {1:.0f}"
        return _fault(code, s["torn"], limits.torn, *words)
    if s["wave"] >= limits.wave and s["wave_height"] >= limits.wave_height:
        words = "斜纹干扰，强度 {0:.1f}，限 {1:.1f}", "a slanting wave of {0:.1f} grey levels, limit {1:.1f}"
        return _fault(code, s["wave_height"], limits.wave_height, *words)
    return None


def _snow(s: Scores, limits: Limits) -> PictureFault | None:
    strong = s["grain1"] >= limits.grain and s["white1"] >= 0.6
    white = s["grain1"] >= limits.grain * 0.95 and s["white1"] >= 1.6
    coarse = s["grain2"] >= limits.coarse_grain and s["grain1"] >= limits.grain * 0.58
    if strong or white or coarse:
        words = "雪花噪点强度 {0:.1f}，限 {1:.1f}", "noise of {0:.1f} grey levels everywhere, limit {1:.1f}"
        return _fault("picture_snow", s["grain1"], limits.grain, *words)
    return None


def _covered(s: Scores, limits: Limits) -> PictureFault | None:
    found = sharpness(s)
    folds = limits.folds if s["calm"] < 0.995 else limits.folds * 1.4
    blurred_scene = s["folds"] >= folds and found is not None and found < limits.sharpness
    if s["calm"] >= limits.calm and not blurred_scene:
        words = "{0:.0%} 的画面没有任何细节，限 {1:.0%}", "{0:.0%} of the picture shows nothing at all, limit {1:.0%}"
        return _fault("picture_covered", s["calm"], limits.calm, *words)
    return None


def _blur(s: Scores, limits: Limits) -> PictureFault | None:
    found = sharpness(s)
    if found is not None and found < limits.sharpness and s["sharp0"] < limits.edges:  # no lens blurs a part alone
        words = "清晰度 {0:.2f}，限 {1:.2f}", "sharpness {0:.2f}, limit {1:.2f}"
        return _fault("picture_blur", found, limits.sharpness, *words)
    return None


def _cast(s: Scores, limits: Limits) -> PictureFault | None:
    limit = tint_limit(s)
    if limit == UNNATURAL and s["neutral"] < 0.005:
        limit *= 0.7  # and nothing grey in the whole picture
    if s["tint"] >= limit:
        words = "整幅画面偏色 {0:.2f}，限 {1:.2f}", "the whole picture leans to one colour by {0:.2f}, limit {1:.2f}"
        return _fault("picture_cast", s["tint"], limit, *words)
    return None


def _corrupt(s: Scores, limits: Limits) -> PictureFault | None:
    if s["tail"] >= limits.tail:
        words = "{0:.0%} 的行重复，图像数据缺失", "{0:.0%} of the rows repeat: picture data are missing"
        return _fault("picture_corrupt", s["tail"], limits.tail, *words)
    return None


def _contrast_limit(s: Scores, limits: Limits) -> float:
    """Give the limit of contrast: where there is little light, contrast is little, too."""
    return min(limits.contrast, _DIM_CONTRAST * s["mean"])


def _low_contrast(s: Scores, limits: Limits) -> PictureFault | None:
    limit = _contrast_limit(s, limits)
    if s["contrast"] <= limit and s["range"] <= 3 * limit:
        words = "对比度 {0:.1f}，限 {1:.1f}", "contrast {0:.1f} of 255, limit {1:.1f}"
        return _fault("picture_low_contrast", s["contrast"], limit, *words)
    return None


def _against(found: Comparison) -> PictureFault | None:
    if found.moved:
        words = "与基准画面吻合度 {0:.2f}，限 {1:.2f}", "agrees with its usual view by {0:.2f}, limit {1:.2f}"
        return _fault("picture_moved", found.agreement, found.agreement_limit, *words)
    if found.covered:
        words = "比基准画面缺失 {0:.0%}，限 {1:.0%}", "{0:.0%} of the usual view is gone, limit {1:.0%}"
        return _fault("picture_covered", found.lost, found.lost_limit, *words)
    return None


def _fault(code: str, score: float, limit: float, zh: str, en: str) -> PictureFault:
    return PictureFault(code, round(score, 4), round(limit, 4), zh.format(score, limit), en.format(score, limit))


_Rule = Callable[[Scores, Limits], PictureFault | None]
_RULES: tuple[_Rule, ...] = (
    _signal_loss,
    _black,
    _over,
    _stripes,
    _snow,
    _covered,
    _blur,
    _cast,
    _corrupt,
    _low_contrast,
)
SINGLE: frozenset[str] = frozenset(
    {
        "picture_signal_loss",
        "picture_black",
        "picture_over",
        "picture_stripes",
        "picture_snow",
        "picture_blur",
        "picture_cast",
        "picture_corrupt",
        "picture_low_contrast",
        "picture_covered",
    }
)
"""Faults that one picture can show."""
AGAINST_BASELINE: frozenset[str] = frozenset({"picture_moved"})
"""Faults that only a baseline can show."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score as people read it: its name, value, the limit that it is held against, and its words."""

    name: str
    value: float
    limit: str
    text_zh: str
    text_en: str


def explain_scores(scores: Scores, limits: Limits = Limits()) -> list[ScoreRow]:  # noqa: B008 - a frozen value
    """Give the scores that decide, each with its limit, in the order in which they are asked."""
    if not scores:
        return []
    found = sharpness(scores)
    rows = [
        ("bars", scores["bars"], f"≥ {limits.bars}", "彩条", "share of colour bars"),
        ("one_colour", scores["one_colour"], f"≥ {limits.one_colour}", "同色占比", "share of one colour"),
        ("mean", scores["mean"], f"≥ {limits.white}", "平均亮度", "mean brightness"),
        ("p99", scores["p99"], f"< {limits.black_brightest}", "最亮处", "its brightest parts"),
        ("clipped", scores["clipped"], f"≥ {limits.clipped}", "过曝占比", "share clipped to white"),
        ("rows", scores["rows"], f"≥ {limits.lines}", "横条纹", "level stripes"),
        ("columns", scores["columns"], f"≥ {limits.lines}", "竖条纹", "upright stripes"),
        ("torn", scores["torn"], f"≥ {limits.torn}", "撕裂线", "torn lines"),
        ("wave", scores["wave"], f"≥ {limits.wave}", "斜纹", "slanting wave"),
        ("grain1", scores["grain1"], f"≥ {limits.grain}", "噪点", "noise"),
        ("grain2", scores["grain2"], f"≥ {limits.coarse_grain}", "粗噪点", "coarse noise"),
        ("calm", scores["calm"], f"≥ {limits.calm}", "无细节占比", "share without any detail"),
        ("sharpness", -1.0 if found is None else found, f"< {limits.sharpness}", "清晰度", "sharpness"),
        ("tint", scores["tint"], f"≥ {tint_limit(scores)}", "偏色", "cast"),
        ("tail", scores["tail"], f"≥ {limits.tail}", "重复行", "share of repeated rows"),
        ("contrast", scores["contrast"], f"≤ {_contrast_limit(scores, limits):.3g}", "对比度", "contrast"),
    ]
    return [ScoreRow(name, round(value, 3), limit, zh, en) for name, value, limit, zh, en in rows]
