"""How each device behaves when it is asked for the time: a few bytes a device, chosen from the seed.

What real devices do is listed in DESIGN.md's counterparts; the shares are ours, set so that without incidents about
96.5 % of the city answers, and several counties stand below 95 %.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import IntEnum

from monitor.demo.dice import Dice, Weighted
from monitor.demo.layout import Block, Layout
from monitor.demo.shapes import SHAPE_SHARES

HOUR_S = 3_600
CITY_OFFSET_S = 8 * HOUR_S


class Behaviour(IntEnum):
    """What a device does with a request; a code of one byte."""

    CLEAN = 0
    CLOCK_DRIFT = 1
    CLOCK_HOUR = 2
    CLOCK_LOCAL_AS_UTC = 3
    CLOCK_1970 = 4
    AUTH_401 = 5
    AUTH_400 = 6
    SLOW = 7
    CHUNKED = 8
    SOAP_FAULT = 9
    HUGE = 10
    STALLS = 11
    SILENT = 12
    CLOSES = 13
    RESETS = 14
    HTML = 15
    EMPTY = 16


ANSWERING_SHARES: dict[Behaviour, float] = {
    Behaviour.CHUNKED: 0.030,
    Behaviour.AUTH_401: 0.020,
    Behaviour.AUTH_400: 0.015,
    Behaviour.CLOCK_DRIFT: 0.012,
    Behaviour.SLOW: 0.008,
    Behaviour.CLOCK_LOCAL_AS_UTC: 0.006,
    Behaviour.SOAP_FAULT: 0.004,
    Behaviour.CLOCK_HOUR: 0.003,
    Behaviour.CLOCK_1970: 0.002,
    Behaviour.STALLS: 0.0015,
    Behaviour.HUGE: 0.0005,
}
"""Shares of the devices that answer; the rest of them is clean."""

DEAD_SHARES: dict[Behaviour, float] = {
    Behaviour.SILENT: 0.55,
    Behaviour.CLOSES: 0.22,
    Behaviour.RESETS: 0.11,
    Behaviour.HTML: 0.06,
    Behaviour.EMPTY: 0.06,
}
"""How the dead are dead: a web page or an empty answer of a device never seen itself counts as silence (RULES §1)."""

CITY_DEAD_SHARE = 0.033
_WEAK_COUNTIES = 4
_WEAK_DEAD_SHARE = (0.060, 0.085)
_WEAK_MAX_PART = 0.35  # weak counties together hold at most this part of the devices, so that the city stays above


@dataclass(frozen=True, slots=True)
class Behaviours:
    """Behaviour, answer shape and clock offset in seconds (device minus true) of every device, by index."""

    codes: bytes
    shapes: bytes
    offsets: array[int]


def assign_behaviours(layout: Layout, *, seed: int) -> Behaviours:
    """Choose every device's behaviour; equal arguments give equal behaviours."""
    rng = Dice(seed, "behaviour")
    codes = bytearray(layout.devices)
    _kill(codes, layout, rng)
    _vary(codes, rng)
    shapes = bytes(rng.choices(range(len(SHAPE_SHARES)), SHAPE_SHARES, k=layout.devices))
    offsets = array("i", rng.choices((-2, -1, 0, 1, 2), (1, 3, 8, 3, 1), k=layout.devices))
    for index, code in enumerate(codes):
        if code in _OFFSETS:
            offsets[index] = _OFFSETS[Behaviour(code)](rng)
    return Behaviours(codes=bytes(codes), shapes=shapes, offsets=offsets)


def _kill(codes: bytearray, layout: Layout, rng: Dice) -> None:
    """Give each county its dead by quota: chance alone would blur a small city's figures."""
    counties = layout.counties()
    sizes = {county: sum(block.count for block in blocks) for county, blocks in counties.items()}
    shares = _dead_shares(sizes, layout.devices, rng)
    ways = Weighted(DEAD_SHARES.items())
    for county, blocks in counties.items():
        dead = round(shares[county] * sizes[county])
        for index in rng.sample(_indices(blocks), dead):
            codes[index] = ways.draw(rng)


def _indices(blocks: list[Block]) -> list[int]:
    return [index for block in blocks for index in range(block.first, block.first + block.count)]


def _dead_shares(sizes: dict[str, int], devices: int, rng: Dice) -> dict[str, float]:
    weak: dict[str, float] = {}
    held = 0
    for county in rng.sample(list(sizes), len(sizes)):
        if len(weak) < _WEAK_COUNTIES and held + sizes[county] <= _WEAK_MAX_PART * devices:
            weak[county] = rng.uniform(*_WEAK_DEAD_SHARE)
            held += sizes[county]
    rest = CITY_DEAD_SHARE * devices - sum(share * sizes[county] for county, share in weak.items())
    strong = max(0.0, rest) / max(1, devices - held)
    return {county: weak.get(county, strong) for county in sizes}


def _vary(codes: bytearray, rng: Dice) -> None:
    alive = [index for index, code in enumerate(codes) if code == Behaviour.CLEAN]
    rng.shuffle(alive)
    taken = 0
    for behaviour, share in ANSWERING_SHARES.items():
        count = round(share * len(codes))
        for index in alive[taken : taken + count]:
            codes[index] = behaviour
        taken += count


def _drift(rng: Dice) -> int:
    return rng.choice((-1, 1)) * int(rng.choice((rng.uniform(15, 60), rng.uniform(60, 1_200))))


def _hour(rng: Dice) -> int:
    return rng.choice((-HOUR_S, HOUR_S))


def _local_as_utc(_rng: Dice) -> int:
    return CITY_OFFSET_S


_OFFSETS = {
    Behaviour.CLOCK_DRIFT: _drift,
    Behaviour.CLOCK_HOUR: _hour,
    Behaviour.CLOCK_LOCAL_AS_UTC: _local_as_utc,
}
