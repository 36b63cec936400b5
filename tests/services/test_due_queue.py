from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.services.due_queue import DueQueue, slot_after

T0 = 1_767_225_600


def fleet(count: int) -> list[str]:
    return [f"3707020000132{number:07}" for number in range(count)]


def test_slots_are_spread_evenly_over_the_interval():
    per_second = Counter(int(slot_after(each, at=T0, interval_s=300) - T0) for each in fleet(30_000))
    assert set(per_second) == set(range(300))
    assert max(per_second.values()) < 1.6 * 100
    assert min(per_second.values()) > 0.5 * 100


def test_a_restart_finds_every_device_in_the_slot_that_it_had():
    for each in fleet(200):
        slot = slot_after(each, at=T0, interval_s=300)
        for later in (0.0, 1.5, 299.0):
            again = slot_after(each, at=slot + 3_000 + later, interval_s=300)
            assert (again - slot) % 300 == pytest.approx(0, abs=1e-6) or (again - slot) % 300 == pytest.approx(300)


@given(st.text(min_size=1), st.floats(0, 4e9), st.integers(1, 90_000))
def test_a_slot_lies_after_the_instant_and_within_one_interval(device_id, at, interval_s):
    assert at < slot_after(device_id, at=at, interval_s=interval_s) <= at + interval_s + 1e-6


@given(st.dictionaries(st.text(max_size=5), st.floats(0, 1_000)), st.lists(st.floats(0, 1_200), max_size=20))
def test_every_device_comes_once_in_order_and_never_early(due, instants):
    queue = DueQueue()
    for device_id, due_at in due.items():
        queue.put(device_id, due_at)
    came: list[tuple[float, str]] = []
    for now in [*sorted(instants), 2_000]:
        assert queue.next_due_at() == min((due[each] for each in due if each not in dict_of(came)), default=None)
        while (one := queue.pop_due(now)) is not None:
            assert one[0] <= now
            came.append(one)
        assert queue.next_due_at() is None or queue.next_due_at() > now
    assert came == sorted(came)
    assert dict_of(came) == due
    assert len(queue) == 0


def dict_of(came: list[tuple[float, str]]) -> dict[str, float]:
    assert len({device_id for _, device_id in came}) == len(came)
    return {device_id: due_at for due_at, device_id in came}


def test_filling_starts_over():
    queue = DueQueue()
    queue.put("a", 5)
    queue.fill([(9.0, "b"), (3.0, "c"), (4.0, "d")])
    assert sorted(queue.device_ids()) == ["b", "c", "d"]
    assert queue.next_due_at() == 3
    assert queue.pop_due(2.9) is None
    assert [queue.pop_due(10) for _ in range(4)] == [(3.0, "c"), (4.0, "d"), (9.0, "b"), None]
