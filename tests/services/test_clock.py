from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.services.clock import MAX_RATE, SteadyClock

T0 = 1_767_225_600.0
HOUR = 3_600.0


class Machine:
    """A wall clock that can be stepped, and a counter that cannot."""

    def __init__(self) -> None:
        self.counter = 500.0
        self.stepped = 0.0
        self.clock = SteadyClock(wall=lambda: T0 + self.counter + self.stepped, steady=lambda: self.counter)

    def pass_time(self, seconds: int) -> float:
        """Let time pass with an adjustment a second; give what the wall clock is ahead by in the end."""
        ahead = 0.0
        for _ in range(seconds):
            self.counter += 1
            ahead = self.clock.adjust()
        return ahead


def test_it_begins_with_the_wall_clock_and_goes_with_it():
    machine = Machine()
    assert machine.clock.now() == T0 + 500
    assert machine.pass_time(100) == pytest.approx(0, abs=1e-6)
    assert machine.clock.now() == pytest.approx(T0 + 600)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_step_of_an_hour_is_no_jump_and_is_absorbed_in_ten(step):
    machine = Machine()
    before = machine.clock.now()
    machine.stepped = step
    assert machine.clock.now() == before
    assert machine.pass_time(3_600) == pytest.approx(step * 0.9, abs=0.01)
    assert machine.clock.now() - before == pytest.approx(3_600 + step * MAX_RATE, abs=0.01)
    assert machine.pass_time(9 * 3_600) == pytest.approx(0, abs=0.01)
    assert machine.clock.now() == pytest.approx(T0 + machine.counter + step, abs=0.01)


def test_a_step_that_is_taken_back_leaves_almost_no_trace():
    machine = Machine()
    machine.stepped = HOUR
    machine.pass_time(10)
    machine.stepped = 0
    assert machine.pass_time(10) == pytest.approx(0, abs=0.01)


def test_it_begins_where_an_earlier_life_ended_though_the_wall_clock_was_stepped_back_since():
    machine = Machine()
    began = machine.clock.now()
    assert machine.clock.not_before(began - 5) == 0
    assert machine.clock.now() == began
    assert machine.clock.not_before(began + HOUR) == HOUR
    assert machine.clock.now() == began + HOUR
    machine.pass_time(100)
    assert machine.clock.now() == pytest.approx(began + HOUR + 90, abs=0.01), "it waits for the wall clock, slowly"


def test_without_adjustment_it_follows_the_counter_alone():
    machine = Machine()
    machine.stepped = HOUR
    machine.counter += 50
    assert machine.clock.now() == T0 + 550


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(-1e6, 1e6), st.booleans()), max_size=60))
def test_it_never_goes_back_nor_faster_or_slower_than_a_tenth(course):
    machine = Machine()
    last_counter, last = machine.counter, machine.clock.now()
    for seconds, step, adjust in course:
        machine.counter += seconds
        machine.stepped += step
        if adjust:
            machine.clock.adjust()
            passed, shown = machine.counter - last_counter, machine.clock.now() - last
            assert (1 - MAX_RATE) * passed - 1e-3 <= shown <= (1 + MAX_RATE) * passed + 1e-3
            last_counter, last = machine.counter, machine.clock.now()
