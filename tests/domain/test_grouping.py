"""What fails together is grouped by what it shares, where chance would hardly do it."""

from __future__ import annotations

from fractions import Fraction
from math import log
from random import Random

import pytest

from monitor.domain.grouping import EVERYTHING, MAX_LOG_P, groups, log_tail


def exact_tail(failed: int, total: int, share: Fraction) -> Fraction:
    term, tail = (1 - share) ** total, Fraction(0)
    for count in range(total + 1):
        if count >= failed:
            tail += term
        if count < total:
            term = term * (total - count) / (count + 1) * share / (1 - share)
    return tail


@pytest.mark.parametrize(
    ("failed", "total", "share"), [(5, 200, "0.001"), (6, 200, "0.001"), (5, 5, "0.001"), (30, 90, "0.1")]
)
def test_the_tail_is_the_binomial_one_from_above_and_close(failed: int, total: int, share: str) -> None:
    exact = log(exact_tail(failed, total, Fraction(share)))
    found = log_tail(failed, total, float(share))
    assert exact - 1e-9 <= found <= exact + 0.2


def test_what_is_expected_is_certain() -> None:
    assert log_tail(10, 100, 0.1) == 0.0
    assert log_tail(11, 100, 0.1) > MAX_LOG_P


class City:
    """`devices` devices with a pole of 5, a subnet of 200 a town of 1,000 each; values count from 1."""

    def __init__(self, devices: int) -> None:
        self.devices = devices
        self.attributes = [[number // size + 1 for number in range(devices)] for size in (5, 200, 1_000)]
        self.totals = [[0] * (max(values) + 1) for values in self.attributes]
        for kind, values in enumerate(self.attributes):
            for value in values:
                self.totals[kind][value] += 1

    def groups(self, failed: object) -> list[tuple[int, int, int]]:
        made = groups(failed, self.attributes, self.totals, devices=self.devices)  # type: ignore[arg-type]
        return [(group.kind, group.value, len(group.members)) for group in made]


CITY = City(20_000)


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        (range(200), [(1, 1, 200)]),  # a subnet, whole
        (range(0, 200, 20), [(1, 1, 10)]),  # ten of it
        (range(0, 200, 50), []),  # four are no group
        (range(0, 200, 40), []),  # five of 200: more likely than one in a million
        (range(5), [(0, 1, 5)]),  # a pole, whole
        (range(1_000), [(2, 1, 1_000)]),  # a town, whole: one incident, not five
        ((*range(200), *range(5_000, 5_005)), [(1, 1, 200), (0, 1_001, 5)]),
        (range(20_000), [(EVERYTHING, 0, 20_000)]),  # all of it: one incident of the city, not twenty of towns
    ],
)
def test_the_attribute_that_explains_best_is_named(failed: object, expected: list[tuple[int, int, int]]) -> None:
    assert CITY.groups(failed) == expected


def test_devices_that_fail_here_and_there_are_no_group() -> None:
    assert CITY.groups(Random(1).sample(range(20_000), 60)) == []


def test_a_bad_day_everywhere_hides_no_subnet_and_makes_none() -> None:
    rng = Random(2)
    scattered = rng.sample(range(1_000, 20_000), 1_000)
    assert CITY.groups(scattered) == []
    assert CITY.groups([*scattered, *range(200)]) == [(1, 1, 200)]
