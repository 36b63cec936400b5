"""A work order is closed by looks, never by words, and the same fault within a week opens it again."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.state import Connectivity, DeviceState, initial_state
from monitor.domain.work_order import OrderState, WorkOrder, judged, reopened, reopens, repair_times

T0 = 1_000_000
DAY_S = 86_400
ORDER = WorkOrder("W-I1", "parent:olt-3", "I1", "上联中断", "uplink down", T0, "370783", "甲公司", "C-1", ("a", "b"))


def online(device_id: str, *, since: int, answered_at: int) -> DeviceState:
    return replace(
        initial_state(device_id, created_at=0),
        connectivity=Connectivity.ONLINE,
        connectivity_since=since,
        answered_at=answered_at,
        interval_s=300,
    )


def offline(device_id: str) -> DeviceState:
    return replace(initial_state(device_id, created_at=0), connectivity=Connectivity.OFFLINE, interval_s=300)


def test_saying_that_it_is_repaired_closes_nothing() -> None:
    said = replace(ORDER, acked_at=T0 + 60, repaired_at=T0 + 600)
    assert said.state is OrderState.REPAIRED
    assert judged(said, [offline("a"), online("b", since=T0, answered_at=T0 + 9_000)], at=T0 + 9_000, looks=3) is said


def test_it_is_closed_after_so_many_good_looks_of_every_device() -> None:
    two = [online("a", since=T0 + 900, answered_at=T0 + 1_200), online("b", since=T0 + 300, answered_at=T0 + 1_200)]
    waiting = judged(ORDER, two, at=T0 + 1_200, looks=3)
    assert (waiting.state, waiting.good_since) == (OrderState.OPEN, T0 + 900)
    three = [online("a", since=T0 + 900, answered_at=T0 + 1_500), two[1]]
    closed = judged(waiting, three, at=T0 + 1_500, looks=3)
    assert (closed.state, closed.closed_at, closed.good_since) == (OrderState.CLOSED, T0 + 1_500, T0 + 900)


def test_a_device_that_fails_again_begins_the_count_anew() -> None:
    waiting = replace(ORDER, good_since=T0 + 900)
    assert judged(waiting, [offline("a"), None], at=T0 + 1_200, looks=3).good_since is None


def test_devices_that_were_retired_hold_up_nothing() -> None:
    assert judged(ORDER, [None, None], at=T0 + 1_200, looks=3).state is OrderState.CLOSED


def test_the_same_fault_within_seven_days_opens_it_again() -> None:
    closed = replace(ORDER, closed_at=T0 + 600, acked_at=T0 + 60, repaired_at=T0 + 500, good_since=T0 + 550)
    assert reopens(closed, fault="parent:olt-3", at=T0 + 600 + 7 * DAY_S - 1)
    assert not reopens(closed, fault="parent:olt-3", at=T0 + 600 + 7 * DAY_S)
    assert not reopens(closed, fault="parent:olt-4", at=T0 + 700)
    assert not reopens(ORDER, fault="parent:olt-3", at=T0 + 700)
    again = reopened(closed, subject="I9", devices=("a",), at=T0 + DAY_S)
    assert (again.id, again.subject, again.state, again.reopened) == ("W-I1", "I9", OrderState.OPEN, 1)
    assert again.opened_at == T0 + DAY_S


def test_times_to_acknowledge_and_to_repair_by_whom() -> None:
    def order(name: str, maintainer: str, *, ack: int | None, good: int | None) -> WorkOrder:
        acked_at = None if ack is None else T0 + ack
        good_since = None if good is None else T0 + good
        return replace(
            ORDER, id=name, maintainer=maintainer, acked_at=acked_at, good_since=good_since, closed_at=good_since
        )

    orders = [
        order("W1", "甲", ack=60, good=600),
        order("W2", "甲", ack=180, good=7_200),
        order("W3", "甲", ack=None, good=None),
        order("W4", "乙", ack=None, good=None),
    ]
    first, second = repair_times(orders, by="maintainer")
    assert (second.name, second.orders, second.open, second.ack_s, second.repair_s, second.longest_s) == (
        "甲", 3, 1, 120, 3_900, 7_200,
    )  # fmt: skip
    assert (first.name, first.ack_s, first.repair_s) == ("乙", None, None)
    assert [times.name for times in repair_times(orders, by="contract")] == ["C-1"]
