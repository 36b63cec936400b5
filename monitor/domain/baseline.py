"""What a device's view usually is: a signature for each kind of light, learned from intact looks alone.

A signature is 768 bytes, the strength and the direction of edges on 24 × 16 cells; no pixel can be had back from it.
Rows in which a clock and a name are burnt in are left out of every comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from monitor.domain.values import dataclass

COLUMNS, ROWS = 24, 16
CELLS = COLUMNS * ROWS
SIGNATURE_BYTES = 2 * CELLS
READY_AFTER = 4
_NO_DIRECTION = 255
_TEXT_ROWS = 2
_BODY = range(_TEXT_ROWS * COLUMNS, CELLS - _TEXT_ROWS * COLUMNS)
_OCTAVE = 24
_STRUCTURED = 52
_TOO_LITTLE = 30
_MEMORY = 20
_EXPLAINED_AFTER = READY_AFTER


class LightClass(StrEnum):
    """A camera sees another picture by day, in the dark, and in black and white under infrared."""

    DAY = "day"
    DIM = "dim"
    INFRARED = "infrared"


def light_of(scores: Mapping[str, float]) -> LightClass:
    """Give the light that a picture was taken in."""
    if scores["neutral"] > 0.97 and scores["colourful"] < 5:
        return LightClass.INFRARED
    return LightClass.DIM if scores["mean"] < 50 else LightClass.DAY


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a picture stands to its baseline.

    Attributes:
        lost: share of the view's cells in which what is usually there is gone, in one piece.
        agreement: how well the directions agree where both have some, −1 … 1.
        kept: the same for the half of the columns or rows that agrees best.
        usable: whether the view has enough to see for this to mean anything.
        lost_limit, agreement_limit: from which on it is covered, below which it has moved.
    """

    lost: float
    agreement: float
    kept: float
    usable: bool
    lost_limit: float
    agreement_limit: float

    @property
    def moved(self) -> bool:
        """Whether the camera looks elsewhere: what there is runs another way, on all sides."""
        return self.agreement < self.agreement_limit and self.kept < self.agreement_limit + 0.12

    @property
    def covered(self) -> bool:
        """Whether a piece of the view is gone."""
        return self.lost >= self.lost_limit


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a view usually is in one kind of light.

    Attributes:
        signature: its usual signature.
        looks: intact looks that it was learned from.
        lowest: the lowest agreement of those, held against the baseline of their time.
        highest: the highest share lost of those.
    """

    signature: bytes
    looks: int = 1
    lowest: float = 1.0
    highest: float = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether enough looks made it."""
        return self.looks >= READY_AFTER

    def explains(self, code: str) -> bool:
        """Whether a fault is what this view always looks like: of a plain wall that an operator accepted."""
        return code == "picture_covered" and self.is_ready and _structured(self.signature) < _TOO_LITTLE // 2

    def compare(self, signature: bytes) -> Comparison:
        """Hold a picture's signature against the baseline."""
        agreement, kept = _agreement(self.signature, signature)
        return Comparison(
            lost=_lost(self.signature, signature),
            agreement=agreement,
            kept=kept,
            usable=_structured(self.signature) >= _TOO_LITTLE and self.lowest >= 0.5,
            lost_limit=round(max(0.1, self.highest + 0.06), 3),
            agreement_limit=round(min(0.7, self.lowest - 0.08), 3),
        )


def learn(baseline: Baseline | None, signature: bytes) -> Baseline:
    """Give the baseline after one more intact look; it follows slowly, as seasons and shop fronts change.

    Raises:
        ValueError: the signature is of another length.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"a signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    if baseline is None:
        return Baseline(signature)
    found = baseline.compare(signature)
    weight = min(baseline.looks + 1, _MEMORY)
    strengths = bytes(
        _towards(old, new, weight) for old, new in zip(baseline.signature[:CELLS], signature[:CELLS], strict=True)
    )
    directions = bytes(
        _turned(old, new, weight) for old, new in zip(baseline.signature[CELLS:], signature[CELLS:], strict=True)
    )
    return replace(
        baseline,
        signature=strengths + directions,
        looks=baseline.looks + 1,
        lowest=min(baseline.lowest, round(found.agreement, 3)),
        highest=max(baseline.highest, round(found.lost, 3)),
    )


def _towards(old: int, new: int, weight: int) -> int:
    """Go a part of the way, at least one step: so a byte follows however small the part is."""
    away = new - old
    step = round(away / weight)
    return old + (step or (away > 0) - (away < 0))


def _turned(old: int, new: int, weight: int) -> int:
    if new == _NO_DIRECTION:
        return old
    if old == _NO_DIRECTION:
        return new
    away = (new - old + 90) % 180 - 90
    step = round(away / weight) or (away > 0) - (away < 0)
    return (old + step) % 180


def _structured(signature: bytes) -> int:
    return sum(signature[cell] >= _STRUCTURED for cell in _BODY)


def _agreement(usual: bytes, seen: bytes) -> tuple[float, float]:
    """Give how well directions agree, over all and in the half of the picture where they agree best."""
    halves: list[list[tuple[float, float]]] = [[], [], [], []]
    together: list[tuple[float, float]] = []
    for cell in _BODY:
        a, b = usual[CELLS + cell], seen[CELLS + cell]
        weight = min(usual[cell], seen[cell]) - _STRUCTURED // 2
        if weight <= 0 or usual[cell] < _STRUCTURED:
            continue
        if a == _NO_DIRECTION:
            continue
        alike = 0.3 if b == _NO_DIRECTION else math.cos(math.radians(2 * (a - b)))
        pair = (alike * weight, float(weight))
        together.append(pair)
        row, column = divmod(cell, COLUMNS)
        halves[0 if row < ROWS // 2 else 1].append(pair)
        halves[2 if column < COLUMNS // 2 else 3].append(pair)
    means = [_mean(half) for half in halves if len(half) >= 8]
    return _mean(together), max(means, default=1.0)


def _mean(pairs: list[tuple[float, float]]) -> float:
    total = sum(weight for _, weight in pairs)
    return sum(value for value, _ in pairs) / total if total else 1.0


def _lost(usual: bytes, seen: bytes) -> float:
    """Give the share of the view that is gone and lies together.

    A cell is gone where its edges are weaker by two doublings than those elsewhere have become: fog and exposure
    weaken all alike.
    """
    changes = sorted(seen[cell] - usual[cell] for cell in _BODY if usual[cell] >= _STRUCTURED)
    if len(changes) < _TOO_LITTLE // 2:
        return 0.0
    common = max(-_OCTAVE, min(_OCTAVE, changes[len(changes) * 3 // 4]))
    gone = {cell for cell in _BODY if usual[cell] >= _STRUCTURED and seen[cell] - usual[cell] - common < -1.5 * _OCTAVE}
    return _largest_piece(gone, usual) / len(changes)


def _largest_piece(gone: set[int], usual: bytes) -> int:
    """Count the gone cells of the largest piece; cells in which there never was anything hold a piece together."""
    passable = gone | {cell for cell in _BODY if usual[cell] < _STRUCTURED}
    largest = 0
    left = set(gone)
    while left:
        piece = [left.pop()]
        seen_cells, size = set(piece), 0
        while piece:
            cell = piece.pop()
            size += cell in gone
            column = cell % COLUMNS
            for near in (
                cell - COLUMNS,
                cell + COLUMNS,
                cell - 1 if column else -1,
                cell + 1 if column < COLUMNS - 1 else -1,
            ):
                if near in passable and near not in seen_cells:
                    seen_cells.add(near)
                    piece.append(near)
        left -= seen_cells
        largest = max(largest, size)
    return largest
