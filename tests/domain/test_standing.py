from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import ExemptionScope
from monitor.domain.history import DeviceVersion
from monitor.domain.spans import FROM_EVER
from monitor.domain.standing import Standing, Standings
from tests.domain.past import DAY, END, HOUR, LONG_AGO, START, device, exemption, rules


def stands(at, *exemptions, **lifecycle):
    version = DeviceVersion(FROM_EVER, device(**lifecycle))
    return Standings(rules(), ExemptionBook(exemptions)).of(version, at=at)


def exempt(start, end):
    return exemption(ExemptionScope.DEVICE, "cam-1", start, end)


TOUCHING = (exempt(START + 5, START + 9), exempt(START + 9, START + 12))
NIGHT = ((22 * HOUR, 6 * HOUR),)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (stands(START), Standing(True, True, False, None)),
        (stands(LONG_AGO - 1), Standing(False, False, False, LONG_AGO)),
        (stands(START, retired_at=END), Standing(True, True, False, END)),
        (stands(END, retired_at=END), Standing(False, False, False, None)),
        (stands(START, region=None), Standing(False, False, False, None)),
        (stands(START, in_service_from=END), Standing(False, False, False, END)),
        (stands(START, exempt(START + 5, START + 9)), Standing(True, True, False, START + 5)),
        (stands(START + 5, exempt(START + 5, START + 9)), Standing(True, True, True, START + 9)),
        (stands(START + 9, exempt(START + 5, START + 9)), Standing(True, True, False, None)),
        (
            stands(START + 7, exempt(START + 5, START + 9), exempt(START + 9, START + 12)),
            Standing(True, True, True, START + 12),
        ),
        (stands(START, windows=NIGHT), Standing(True, True, False, START + 6 * HOUR)),
        (stands(START + 6 * HOUR, windows=NIGHT), Standing(True, False, False, START + 22 * HOUR)),
        (stands(START + 22 * HOUR, windows=NIGHT), Standing(True, True, False, START + 30 * HOUR)),
        (stands(START, windows=((5, 5),)), Standing(True, True, False, None)),
    ],
)
def test_standing_and_until_when_it_is_sure(given_, expected):
    assert given_ == expected


@given(
    st.integers(0, 3 * DAY),
    st.lists(st.tuples(st.integers(0, 3 * DAY), st.integers(0, 3 * DAY)), max_size=3),
    st.lists(st.tuples(st.integers(0, 23), st.integers(0, 24)), max_size=2),
    st.none() | st.integers(0, 3 * DAY),
    st.integers(0, 10**6),
)
def test_nothing_changes_before_the_next_boundary(offset, exemptions, hours, retired, probe):
    book = [exempt(START + a, START + b) for a, b in exemptions]
    more = {
        "windows": tuple((a * HOUR, b * HOUR) for a, b in hours),
        "retired_at": None if retired is None else START + retired,
    }
    now = stands(START + offset, *book, **more)
    until = now.next_boundary_at or START + offset + 3 * DAY
    assert until > START + offset
    for at in (START + offset + probe % (until - START - offset), until - 1):
        then = stands(at, *book, **more)
        assert replace(then, next_boundary_at=now.next_boundary_at) == now
