"""The waterfall: one reason a device, and steps that add up exactly whatever happens on the way."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from monitor.domain.facts import Party
from monitor.domain.waterfall import Reason, fall, online_pair, reason_of

WEEK = 604_800
#          exempt ×3, unknown, offline, intact, faulty, condition unknown
WELL = (0, 0, 0, 0, 0, WEEK, 0, 0)
DOWN = (0, 0, 0, 0, WEEK, 0, 0, 0)
NONE = (0, 0, 0, 0, 0, 0, 0, 0)
EXEMPT = (0, WEEK, 0, 0, 0, 0, 0, 0)
UNSEEN = (0, 0, 0, WEEK, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (NONE, WELL, Reason.DENOMINATOR),
        (DOWN, NONE, Reason.DENOMINATOR),
        (DOWN, EXEMPT, Reason.EXEMPTIONS),
        (DOWN, WELL, Reason.REPAIRS),
        (WELL, DOWN, Reason.FAILURES),
        (WELL, UNSEEN, Reason.MEASUREMENT),
        (WELL, WELL, None),
    ],
)
def test_a_device_has_one_reason(before, after, reason):
    assert reason_of(before, after, lengths=(WEEK, WEEK)) is reason


def test_a_shorter_period_is_compared_in_proportion():
    half = tuple(each // 2 for each in DOWN)

    assert reason_of(DOWN, half, lengths=(WEEK, WEEK // 2)) is Reason.MEASUREMENT
    assert reason_of(DOWN, half, lengths=(WEEK, WEEK)) is Reason.DENOMINATOR


def test_the_steps_add_up_and_stand_in_their_order():
    found = fall((90, 100), {(Reason.FAILURES, Party.POWER): (-5, 0), (Reason.REPAIRS, None): (3, 0)})

    assert [step for step, _ in found.steps] == [(Reason.REPAIRS, None), (Reason.FAILURES, Party.POWER)]
    assert [part for _, part in found.steps] == [Fraction(3, 100), Fraction(-5, 100)]
    assert (found.before, found.after) == (Fraction(9, 10), Fraction(88, 100))


@pytest.mark.parametrize("seed", range(200))
def test_the_steps_add_up_whatever_happens(seed):
    rng = random.Random(seed)
    online, assessed = 0, 0
    before = rng.choice([(0, 0), (rng.randint(0, 50), 50)])
    deltas, (online, assessed) = {}, before
    for reason in rng.sample(list(Reason), rng.randint(0, 5)):
        new_assessed = rng.choice([0, rng.randint(1, 90)])
        new_online = rng.randint(0, new_assessed)
        deltas[reason, None] = (new_online - online, new_assessed - assessed)
        online, assessed = new_online, new_assessed
    ordered = dict(sorted(deltas.items(), key=lambda each: list(Reason).index(each[0][0])))
    found = fall(before, ordered)

    if found.before is not None and found.after is not None:
        assert found.before + sum(part for _, part in found.steps) == found.after


def test_online_and_assessed_of_seconds():
    assert online_pair((1, 2, 3, 4, 5, 6, 7, 8)) == (21, 26)
