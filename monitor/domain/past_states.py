"""States from elsewhere: a past that was not measured by us fills unknown seconds, and nothing else (RULES §4)."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.domain.facts import Axis, Correction
from monitor.domain.state import Cause, Condition, Connectivity
from monitor.domain.timeline import UNKNOWN, Timeline
from monitor.domain.values import dataclass

STATES_OF: dict[Axis, tuple[str, ...]] = {
    Axis.CONNECTIVITY: tuple(Connectivity),
    Axis.CONDITION: tuple(Condition),
}
_USUAL = {
    Connectivity.ONLINE.value: Cause.ANSWERED,
    Connectivity.OFFLINE.value: Cause.SILENT,
    Condition.INTACT.value: Cause.NO_FAULT,
    Condition.FAULTY.value: Cause.FAULT,
}


@dataclass(frozen=True, slots=True)
class PastState:
    """From `at` on a device's axis stood at `state`, says another system, until its next such statement.

    `line` is where it is written.
    """

    line: int
    at: int
    state: str
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A statement that does not agree with what is known: at `at` the axis stood at `known`."""

    line: int
    at: int
    stated: str
    known: str


def fill(
    device_id: str,
    axis: Axis,
    stated: Sequence[PastState],
    known: Timeline,
    *,
    now: int,
    source: str,
    author: str,
) -> tuple[list[Correction], list[Contradiction]]:
    """Give the corrections that fill unknown seconds with what was stated, and what contradicts known ones.

    What is known already and agrees needs nothing, so the same statements given twice change nothing. The last
    statement holds until the first second that is known.

    Args:
        device_id: the device.
        axis: the axis.
        stated: in order of time; of two at one instant the later one counts.
        known: the axis as it is known.
        now: nothing is stated about what is to come.
        source: where the statements come from, for the corrections' reason.
        author: who imports them.
    """
    corrections: list[Correction] = []
    contradictions: list[Contradiction] = []
    for number, each in enumerate(stated):
        following = stated[number + 1].at if number + 1 < len(stated) else None
        if each.state == UNKNOWN:
            continue
        until = min(now, following) if following is not None else _first_known(known, each.at, now)
        spans = known.spans(each.at, until)
        if not spans and following is None and each.at < now:
            spans = known.spans(each.at, each.at + 1)
        for start, end, state in spans:
            if state == UNKNOWN:
                cause = each.cause or _USUAL[each.state]
                corrections.append(
                    Correction(device_id, axis, start, end, each.state, cause, author=author, reason=source)
                )
            elif state != each.state:
                contradictions.append(Contradiction(each.line, start, each.state, state))
                break
    return corrections, contradictions


def _first_known(known: Timeline, at: int, now: int) -> int:
    for start, _, state in known.spans(at, now):
        if state != UNKNOWN:
            return start
    return max(at, now)
