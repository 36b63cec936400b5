"""A picture that stands still: certain by its bytes, suspected after an hour, never from one look."""

from __future__ import annotations

import pytest

from monitor.domain.picture_look import PictureLook, Stillness, still_after

T0 = 1_767_225_600
SCORES = {
    "mean": 101.3,
    "p50": 97.0,
    "p99": 210.0,
    "contrast": 120.0,
    "seen": 22.1,
    "noise": 0.8,
    "tint_blue": 0.031,
    "tint_red": -0.012,
    "calm": 0.2,
    "grain1": 1.1,
}


def look(at: int, *, payload: str = "a", stillness: Stillness | None = None, **changed: float) -> PictureLook:
    return PictureLook(
        "d", at, "picture", scores=SCORES | changed, payload=payload, stillness=stillness or Stillness(at)
    )


def test_a_first_look_shows_nothing() -> None:
    assert still_after(None, SCORES, "a", at=T0).faults(at=T0) == ()


def test_the_same_bytes_twice_are_certain() -> None:
    found = still_after(look(T0), SCORES, "a", at=T0 + 86_400)

    assert found.faults(at=T0 + 86_400) == ("picture_frozen",)


def test_the_same_look_delivered_twice_is_no_second_look() -> None:
    assert still_after(look(T0), SCORES, "a", at=T0).faults(at=T0) == ()


@pytest.mark.parametrize(("apart_s", "faults"), [(600, ()), (1_800, ("picture_still",)), (86_400, ("picture_still",))])
def test_the_same_numbers_in_three_looks_over_an_hour_are_suspicious(apart_s: int, faults: tuple[str, ...]) -> None:
    stillness: Stillness | None = None
    at = T0
    for number in range(3):
        at = T0 + number * apart_s
        before = None if stillness is None else look(at - apart_s, payload=str(number - 1), stillness=stillness)
        stillness = still_after(before, SCORES, str(number), at=at)

    assert stillness is not None
    assert stillness.faults(at=at) == faults


@pytest.mark.parametrize("name", SCORES)
def test_a_live_picture_begins_anew(name: str) -> None:
    before = look(T0, stillness=Stillness(T0 - 90_000, 5))

    found = still_after(before, SCORES | {name: SCORES[name] + 2.5}, "b", at=T0 + 600)

    assert found == Stillness(T0 + 600)
