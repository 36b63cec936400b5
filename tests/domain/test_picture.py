"""Judging a picture by its scores."""

from __future__ import annotations

import pytest

from monitor.domain.baseline import CELLS, READY_AFTER, Baseline, learn
from monitor.domain.fault import FAULTS
from monitor.domain.picture import AGAINST_BASELINE, SINGLE, Limits, explain_scores, judge, sharpness

GOOD = {
    "bars": 0.0,
    "one_colour": 0.2,
    "even": 0.05,
    "colourful": 6.0,
    "grain1": 1.0,
    "grain2": 1.2,
    "white1": 0.5,
    "white2": 0.6,
    "mean": 110.0,
    "p50": 105.0,
    "p99": 215.0,
    "lit": 200.0,
    "seen": 25.0,
    "clipped": 0.0,
    "clipped_low": 0.0,
    "rest": 105.0,
    "rows": 0.0,
    "columns": 0.0,
    "torn": 0.0,
    "wave": 0.2,
    "wave_height": 0.0,
    "calm": 0.15,
    "folds": 15.0,
    "soft0": 0.5,
    "sharp0": 0.6,
    "soft1": 0.7,
    "sharp1": 0.9,
    "soft2": 0.6,
    "sharp2": 0.9,
    "tint": 0.02,
    "tint_blue": 0.02,
    "tint_red": -0.01,
    "neutral": 0.6,
    "tail": 0.0,
    "contrast": 130.0,
    "range": 210.0,
}
SHOWING = {
    "picture_signal_loss": {"one_colour": 0.99, "colourful": 150.0, "grain1": 0.0},
    "picture_black": {"mean": 5.0, "p99": 12.0, "lit": 0.0, "seen": 0.5},
    "picture_over": {"clipped": 0.8, "clipped_low": 0.9, "rest": 220.0},
    "picture_stripes": {"rows": 30.0},
    "picture_snow": {"grain1": 40.0, "white1": 1.9},
    "picture_covered": {"calm": 1.0, "folds": 0.2, "soft0": -1.0, "soft1": -1.0, "soft2": -1.0},
    "picture_blur": {"soft0": 0.1, "sharp0": 0.12, "soft1": 0.13, "sharp1": 0.15},
    "picture_cast": {"tint": 0.8, "tint_blue": 0.9, "tint_red": 0.8, "neutral": 0.0},
    "picture_corrupt": {"tail": 0.3},
    "picture_low_contrast": {"contrast": 5.0, "range": 12.0},
}


def codes(**changed: float) -> list[str]:
    return [fault.code for fault in judge(GOOD | changed, Limits()).faults]


def test_a_good_picture_is_intact() -> None:
    verdict = judge(GOOD, Limits())

    assert verdict.intact
    assert verdict.could_show == SINGLE


@pytest.mark.parametrize("code", SHOWING)
def test_each_fault_has_a_reason_with_score_and_limit_in_both_languages(code: str) -> None:
    (fault,) = judge(GOOD | SHOWING[code], Limits()).faults

    assert fault.code == code
    assert "{" not in fault.reason_zh + fault.reason_en
    assert any("\u4e00" <= char <= "\u9fff" for char in fault.reason_zh)
    assert fault.reason_en.isascii()


@pytest.mark.parametrize(
    "scores",
    [
        {"mean": 230.0, "clipped": 0.0, "rest": 232.0},  # a pale wall in fog: bright, and nothing clips
        {"grain1": 14.0, "white1": 2.0, "grain2": 6.6, "white2": 1.8},  # a night's gain
        {"wave": 0.88, "wave_height": 38.0},  # a tilted house front
        {"sharp0": 0.47, "soft1": 0.03, "soft0": 0.1, "sharp1": 0.44},  # few things, with sharp edges
    ],
)
def test_what_only_resembles_a_fault_is_intact(scores: dict[str, float]) -> None:
    assert codes(**scores) == []


def test_coarse_noise_is_snow_too() -> None:
    assert codes(grain1=13.0, white1=0.4, grain2=12.5, white2=0.9) == ["picture_snow"]


def test_every_fault_that_a_picture_can_show_is_in_the_catalogue() -> None:
    assert set(FAULTS) >= SINGLE | AGAINST_BASELINE
    assert set(SHOWING) == SINGLE


def test_one_picture_has_one_total_fault_the_first_of_the_order() -> None:
    assert codes(**SHOWING["picture_black"], **{"tail": 0.3, "contrast": 3.0, "range": 5.0}) == ["picture_black"]


def test_a_dark_picture_that_shows_something_is_information() -> None:
    verdict = judge(GOOD | {"mean": 15.0, "p99": 120.0, "lit": 9.0}, Limits())

    assert verdict.intact
    assert verdict.dark


@pytest.mark.parametrize(
    ("blue", "red", "mean", "intact"),
    [
        (-0.6, -0.25, 100.0, True),  # a lawn
        (-0.5, 0.2, 40.0, True),  # sodium lamps at night
        (0.25, -0.35, 120.0, True),  # the sky
        (0.5, 0.5, 110.0, False),  # magenta
        (-0.05, -0.6, 110.0, False),  # red is missing
    ],
)
def test_how_far_a_picture_may_lean_depends_on_the_colour(blue: float, red: float, mean: float, intact: bool) -> None:
    lean = (blue**2 + red**2) ** 0.5

    assert (codes(tint_blue=blue, tint_red=red, tint=lean, mean=mean) == []) is intact


def test_sharpness_is_taken_from_the_finest_octaves_that_show_something() -> None:
    assert sharpness(GOOD) == pytest.approx((0.5 * 0.6 * 0.7 * 0.9) ** 0.25)
    assert sharpness(GOOD | {"soft0": -1.0}) == pytest.approx((0.7 * 0.9) ** 0.5)
    assert sharpness(GOOD | {"soft0": -1.0, "soft1": -1.0, "soft2": -1.0}) is None


def test_a_view_that_moved_is_found_by_its_baseline_alone() -> None:
    usual = bytes([120]) * CELLS + bytes(37 * cell % 180 for cell in range(CELLS))
    seen = bytes([120]) * CELLS + bytes((37 * cell % 180 + 60) % 180 for cell in range(CELLS))
    baseline: Baseline | None = None
    for _ in range(READY_AFTER):
        baseline = learn(baseline, usual)

    assert judge(GOOD, Limits(), None, seen).intact
    assert [fault.code for fault in judge(GOOD, Limits(), baseline, seen).faults] == ["picture_moved"]
    assert judge(GOOD, Limits(), baseline, usual).intact


def test_the_scores_that_decide_are_explained_in_both_languages() -> None:
    rows = explain_scores(GOOD)

    assert {"sharpness", "calm", "grain1", "p99"} <= {row.name for row in rows}
    assert all(row.text_zh and row.text_en.isascii() and row.limit for row in rows)
    assert explain_scores({}) == []


def test_little_light_leaves_little_contrast_and_is_no_fault() -> None:
    assert codes(contrast=6.0, range=13.0, mean=120.0) == ["picture_low_contrast"]
    assert codes(contrast=6.0, range=13.0, mean=36.0) == []


def test_a_white_front_in_the_sun_clips_around_its_windows_and_is_no_fault() -> None:
    front = GOOD | {"clipped": 0.58, "clipped_low": 0.58, "rest": 102.0, "mean": 200.0}

    assert judge(front, Limits()).intact
    assert not judge(front | {"mean": 225.0, "rest": 170.0}, Limits()).intact
