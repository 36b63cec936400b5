"""Work orders 工单: an alert or an incident handed to whoever repairs, closed only when the devices prove it.

What a person reports (acknowledged, repaired, with which result) is kept beside what the looks say; an order is closed
by looks alone, and the same fault within a week opens it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from statistics import median

from monitor.domain.policy import DAY_S
from monitor.domain.state import Connectivity, DeviceState
from monitor.domain.values import dataclass

REOPEN_WITHIN_S = 7 * DAY_S


class OrderState(StrEnum):
    """Where an order stands; REPAIRED is what people say, CLOSED what the looks say."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    REPAIRED = "repaired"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order.

    Attributes:
        id: such as W-I12, after what it was first made of.
        fault: what is broken, the same whenever it breaks again.
        subject: the id of the alert or incident that it is about now.
        title_zh: what is to be repaired.
        title_en: the same in English.
        county: the code of the county.
        maintainer: who keeps most of its devices.
        contract: under which contract.
        devices: the ids of its devices.
        opened_at: when it was opened, or opened again.
        acked_at: when whoever repairs took it on, None before.
        repaired_at: when they said that it is repaired, None before.
        good_since: since when all of its devices answer again, None while one does not.
        closed_at: when it was closed, None before.
        reopened: how often it was opened again.
        result: what whoever repaired wrote.
        external: its number in their own system.
    """

    id: str
    fault: str
    subject: str
    title_zh: str
    title_en: str
    opened_at: int
    county: str = ""
    maintainer: str = ""
    contract: str = ""
    devices: tuple[str, ...] = ()
    acked_at: int | None = None
    repaired_at: int | None = None
    good_since: int | None = None
    closed_at: int | None = None
    reopened: int = 0
    result: str = ""
    external: str = ""

    @property
    def state(self) -> OrderState:
        """Where it stands."""
        if self.closed_at is not None:
            return OrderState.CLOSED
        if self.repaired_at is not None:
            return OrderState.REPAIRED
        return OrderState.OPEN if self.acked_at is None else OrderState.ACKNOWLEDGED


def most_common(values: Iterable[str]) -> str:
    """Give the value that occurs most often, "" for none: who keeps most of an order's devices."""
    counted = Counter(value for value in values if value)
    return counted.most_common(1)[0][0] if counted else ""


def good_looks(state: DeviceState) -> int:
    """Give how many looks in a row a device has answered at least since it came back, 0 while it is not online."""
    if state.connectivity is not Connectivity.ONLINE or state.answered_at is None or state.interval_s < 1:
        return 0
    return (state.answered_at - state.connectivity_since) // state.interval_s + 1


def judged(order: WorkOrder, states: Iterable[DeviceState | None], *, at: int, looks: int) -> WorkOrder:
    """Close an order once every one of its devices has answered so many looks in a row.

    Args:
        order: an order that is not closed.
        states: the states of its devices; None for one that is no longer in the inventory.
        at: now.
        looks: how many good looks it takes.
    """
    present = [state for state in states if state is not None]
    if any(good_looks(state) == 0 for state in present):
        return order if order.good_since is None else replace(order, good_since=None)
    good_since = max((state.connectivity_since for state in present), default=at)
    enough = all(good_looks(state) >= looks for state in present)
    return replace(order, good_since=good_since, closed_at=at if enough else None)


def reopens(order: WorkOrder, *, fault: str, at: int) -> bool:
    """Tell whether a fault that shows now is the one of a closed order, within a week of its end."""
    return order.closed_at is not None and order.fault == fault and at < order.closed_at + REOPEN_WITHIN_S


def reopened(order: WorkOrder, *, subject: str, devices: tuple[str, ...], at: int) -> WorkOrder:
    """Open a closed order again for the same fault."""
    return replace(
        order,
        subject=subject,
        devices=devices,
        opened_at=at,
        acked_at=None,
        repaired_at=None,
        good_since=None,
        closed_at=None,
        reopened=order.reopened + 1,
    )


@dataclass(frozen=True, slots=True)
class RepairTimes:
    """How long orders of one region, maintainer or contract took; seconds, None where none got so far."""

    name: str
    orders: int
    open: int
    reopened: int
    ack_s: int | None
    repair_s: int | None
    longest_s: int | None


def repair_times(orders: Sequence[WorkOrder], *, by: str) -> list[RepairTimes]:
    """Give the median times to acknowledge and to repair, by "county", "maintainer" or "contract".

    A repair ends when its devices answered again, not when somebody wrote so.
    """
    found: dict[str, list[WorkOrder]] = {}
    for order in orders:
        found.setdefault(getattr(order, by), []).append(order)
    return [_times(name, found[name]) for name in sorted(found)]


def _times(name: str, orders: Sequence[WorkOrder]) -> RepairTimes:
    acked = [max(0, order.acked_at - order.opened_at) for order in orders if order.acked_at is not None]
    repaired = [
        max(0, order.good_since - order.opened_at)
        for order in orders
        if order.closed_at is not None and order.good_since is not None
    ]
    return RepairTimes(
        name=name,
        orders=len(orders),
        open=sum(order.closed_at is None for order in orders),
        reopened=sum(order.reopened for order in orders),
        ack_s=int(median(acked)) if acked else None,
        repair_s=int(median(repaired)) if repaired else None,
        longest_s=max(repaired, default=None),
    )
