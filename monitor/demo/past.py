"""The simulated city's past: four weeks and what is gone of this one, as corrections to unknown seconds.

The dead have been dead for a while, some only since some night of these weeks; a few devices of the living were out for
hours or days, and in every week one block behind a known uplink was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.demo.behaviour import DEAD_SHARES, Behaviour
from monitor.demo.city import CITY_OFFSET_S, City
from monitor.demo.dice import Dice
from monitor.domain.facts import Axis, Correction, Party
from monitor.domain.policy import DAY_S
from monitor.domain.spans import Span, Spans, subtract, union
from monitor.domain.state import Cause, Condition, Connectivity

WEEKS = 4
WEEK_S = 7 * DAY_S
MOST_DEVICES = 50_000
"""Larger cities come without a past: half a million corrections would hold up the first start."""

_HOUR_S = 3_600
_DIED_LATELY = 0.5
_OUT_FOR_HOURS, _OUT_FOR_DAYS = 0.12, 0.02
_WRONG_CLOCKS = frozenset(
    {Behaviour.CLOCK_DRIFT, Behaviour.CLOCK_HOUR, Behaviour.CLOCK_LOCAL_AS_UTC, Behaviour.CLOCK_1970}
)
_MONDAY = 4 * DAY_S
"""1970-01-05 was the first Monday."""


def past_of(city: City) -> list[Correction]:
    """Give the city's past up to the instant that it was built for; equal cities have equal pasts."""
    if city.layout.devices > MOST_DEVICES:
        return []
    rng = Dice(city.seed, "past")
    start = first_monday(city.at)
    cut_off = _cut_off(city, rng, start)
    return [
        correction
        for index in range(city.layout.devices)
        for correction in _of_device(city, index, rng, start=start, cut_off=cut_off.get(index, ()))
    ]


def first_monday(at: int) -> int:
    """Give 00:00 city time of the Monday four weeks before the week of an instant."""
    local = at + CITY_OFFSET_S - _MONDAY
    return local - local % WEEK_S + _MONDAY - CITY_OFFSET_S - WEEKS * WEEK_S


def _cut_off(city: City, rng: Dice, start: int) -> dict[int, Spans]:
    """Choose in each week one block that was cut off for some hours."""
    blocks = [block for block in city.layout.blocks if block.has_uplink]
    found: dict[int, Spans] = {}
    for week in range(WEEKS if blocks else 0):
        block = rng.pick(blocks)
        begun = start + week * WEEK_S + rng.randint(0, 6 * DAY_S)
        span = begun, begun + rng.randint(3, 14) * _HOUR_S
        for index in range(block.first, block.first + block.count):
            found[index] = union((*found.get(index, ()), span))
    return found


def _of_device(city: City, index: int, rng: Dice, *, start: int, cut_off: Spans) -> Iterator[Correction]:
    device = city.devices[index]
    behaviour = Behaviour(city.behaviours.codes[index])
    out = _outages(rng, behaviour in DEAD_SHARES, start=start, end=city.at)
    offline = union((*out, *cut_off))
    whole = (start, city.at)
    for span in subtract((whole,), offline):
        yield _correction(device.id, Axis.CONNECTIVITY, span, Connectivity.ONLINE, Cause.ANSWERED)
    for span in subtract(cut_off, out):
        yield _correction(device.id, Axis.CONNECTIVITY, span, Connectivity.OFFLINE, Cause.PARENT_DOWN)
    for span in out:
        yield _correction(device.id, Axis.CONNECTIVITY, span, Connectivity.OFFLINE, Cause.SILENT)
    wrong = behaviour in _WRONG_CLOCKS
    condition, cause = (Condition.FAULTY, Cause.FAULT) if wrong else (Condition.INTACT, Cause.NO_FAULT)
    yield _correction(device.id, Axis.CONDITION, whole, condition, cause)


def _outages(rng: Dice, dead: bool, *, start: int, end: int) -> Spans:
    if dead:
        return ((start if rng.random() >= _DIED_LATELY else rng.randint(start, end - 1), end),)
    dice = rng.random()
    if dice >= _OUT_FOR_HOURS:
        return ()
    longest = 6 * 24 if dice < _OUT_FOR_DAYS else 20
    begun = rng.randint(start, end - 1)
    span: Span = begun, min(end, begun + rng.randint(1, longest) * _HOUR_S)
    return (span,)


def _correction(device_id: str, axis: Axis, span: Span, state: Connectivity | Condition, cause: Cause) -> Correction:
    return Correction(
        device_id,
        axis,
        *span,
        state.value,
        cause,
        author="demo",
        reason="simulated past",
        party=Party.UNDECIDED,
    )
