"""Baselines of numbers: learned from intact looks, and what is held against them."""

from __future__ import annotations

import pytest

from monitor.domain.baseline import CELLS, COLUMNS, READY_AFTER, ROWS, Baseline, learn

STRONG, WEAK, NONE = 120, 10, 255


def view(*, turn: int = 0, strength: int = STRONG) -> bytes:
    """Give a signature in which the directions change from cell to cell."""
    directions = bytes((37 * cell % 180 + turn) % 180 for cell in range(CELLS))
    return bytes([strength]) * CELLS + directions


def with_piece_gone(signature: bytes, columns: range, rows: range) -> bytes:
    gone = {row * COLUMNS + column for row in rows for column in columns}
    strengths = bytes(WEAK if cell in gone else signature[cell] for cell in range(CELLS))
    directions = bytes(NONE if cell in gone else signature[CELLS + cell] for cell in range(CELLS))
    return strengths + directions


def learned(signature: bytes, looks: int = READY_AFTER) -> Baseline:
    baseline = None
    for _ in range(looks):
        baseline = learn(baseline, signature)
    assert baseline is not None
    return baseline


def test_a_baseline_is_ready_after_a_few_looks() -> None:
    assert not learned(view(), READY_AFTER - 1).is_ready
    assert learned(view()).is_ready


def test_the_same_view_agrees() -> None:
    found = learned(view()).compare(view())

    assert (found.lost, found.agreement) == (0.0, 1.0)
    assert not found.moved
    assert not found.covered


def test_a_third_of_the_view_gone_is_covered_and_not_moved() -> None:
    found = learned(view()).compare(with_piece_gone(view(), range(8), range(ROWS)))

    assert found.covered
    assert not found.moved
    assert found.lost == pytest.approx(1 / 3)


def test_another_view_has_moved() -> None:
    found = learned(view()).compare(view(turn=60))

    assert found.moved


def test_fog_that_weakens_everything_alike_covers_nothing() -> None:
    found = learned(view()).compare(view(strength=STRONG - 30))

    assert not found.covered
    assert not found.moved


def test_scattered_weak_cells_are_no_cover() -> None:
    scattered = view()
    for cell in range(0, CELLS, 7):
        row, column = divmod(cell, COLUMNS)
        scattered = with_piece_gone(scattered, range(column, column + 1), range(row, row + 1))

    assert not learned(view()).compare(scattered).covered


def test_a_view_with_nothing_to_see_is_not_judged_by_its_baseline() -> None:
    plain = bytes([WEAK]) * CELLS + bytes([NONE]) * CELLS
    baseline = learned(plain)

    assert not baseline.compare(view()).usable
    assert baseline.explains("picture_covered")
    assert not learned(view()).explains("picture_covered")


def test_a_baseline_follows_slowly() -> None:
    baseline = learned(view(), 20)

    followed = learn(baseline, view(strength=STRONG + 40))

    assert baseline.signature[100] < followed.signature[100] < STRONG + 40
    assert followed.looks == 21


def test_a_view_that_often_differs_sets_its_own_limit() -> None:
    steady, shaky = learned(view()), learned(view())
    for turn in (12, -12, 12):
        shaky = learn(shaky, view(turn=turn))

    assert shaky.compare(view()).agreement_limit <= steady.compare(view()).agreement_limit


def test_a_signature_of_another_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="768"):
        learn(None, b"short")
