"""Short ways to write a device's history in tests: clock times of one day, and the states they lead to."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.domain.advance import advance, expire, pause
from monitor.domain.facts import Axis, StateChange
from monitor.domain.observation import Evidence, LookKind, Observation
from monitor.domain.policy import Policy
from monitor.domain.state import DeviceState, initial_state

DAY = 1_795_363_200  # 2026-11-23 00:00 in Shanghai
HEALTH_FAULTS = frozenset({"not_itself", "clock_off", "clock_zone", "tls", "slow", "odd_answer"})


def clock(text: str) -> int:
    """Give the instant of "10:05:00" on the day of the tests."""
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return DAY + hours * 3600 + minutes * 60 + seconds


def answered(
    text: str,
    *,
    faults: tuple[str, ...] = (),
    could_show: frozenset[str] = HEALTH_FAULTS,
    kind: LookKind = LookKind.HEALTH,
    interval_s: int = 300,
) -> Observation:
    """An answered look at a clock time."""
    return Observation("d", clock(text), Evidence.ANSWERED, interval_s, kind=kind, faults=faults, could_show=could_show)


def silent(text: str, *, interval_s: int = 300, confirmed: bool = False) -> Observation:
    """A silent look at a clock time."""
    return Observation("d", clock(text), Evidence.SILENT, interval_s, confirmed=confirmed)


def run(
    looks: Iterable[Observation], *, policy: Policy | None = None, until: int | None = None, start: str = "00:00:00"
) -> tuple[DeviceState, list[StateChange]]:
    """Run looks through `advance` from a new record on, and let silence speak until an instant."""
    policy = policy or Policy()
    state = initial_state("d", created_at=clock(start))
    changes: list[StateChange] = []
    for look in looks:
        state, more = advance(state, look, policy)
        changes += more
    if until is not None:
        state, more = expire(state, at=until, policy=policy)
        changes += more
    return state, changes


def paused(state: DeviceState, *, begin: str) -> tuple[DeviceState, list[StateChange]]:
    """Let the collector's pause begin at a clock time."""
    state, changes = pause(state, begin=clock(begin), policy=Policy())
    return state, list(changes)


def spans(changes: Iterable[StateChange], *, axis: Axis = Axis.CONNECTIVITY) -> list[tuple[str, str]]:
    """Give the timeline as (clock time, state): a change replaces whatever stood later."""
    line: list[tuple[int, str]] = []
    for change in changes:
        if change.axis is axis:
            line = [span for span in line if span[0] < change.at]
            line.append((change.at, change.new))
    return [(_text(at), str(state)) for at, state in line]


def _text(at: int) -> str:
    of_day = at - DAY
    return f"{of_day // 3600:02}:{of_day // 60 % 60:02}:{of_day % 60:02}"
