"""Parents: devices judged only through a dead parent, and everything behind a path of ours (RULES §2, Parents).

Devices that are looked at directly speak for themselves; these rules are for those that are not.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.facts import Axis, StateChange, Step
from monitor.domain.state import Cause, Connectivity, DeviceState


def parent_fell(state: DeviceState, *, since: int, confirmed_at: int) -> Step:
    """A parent of theirs was confirmed offline: a device judged only through it is offline with it.

    Args:
        state: the device's state.
        since: since when the parent is offline.
        confirmed_at: the look that confirmed it; evidence of the condition does not age from it on.
    """
    if state.parent_down:
        return state, ()
    stopped_at = confirmed_at if state.age_stopped_at is None else state.age_stopped_at
    held = replace(state, parent_down=True, silent_at=(), age_stopped_at=stopped_at)
    if state.connectivity is Connectivity.OFFLINE:
        return held, ()
    return _to(held, Connectivity.OFFLINE, at=_not_before_answer(since, state), cause=Cause.PARENT_DOWN)


def parent_rose(state: DeviceState, *, at: int) -> Step:
    """The parent is no longer offline: what was offline before it fell stays so, the others are unknown from now."""
    if not state.parent_down:
        return state, ()
    free = replace(state, parent_down=False, last_evidence_at=at)
    if state.connectivity_cause is not Cause.PARENT_DOWN:
        return free, ()
    return _to(free, Connectivity.UNKNOWN, at=at, cause=Cause.PARENT_BACK)


def own_path_fell(state: DeviceState, *, since: int) -> Step:
    """A path of ours is offline: what is reached through it is unknown since then, or since its own later answer."""
    if state.connectivity is Connectivity.UNKNOWN:
        return replace(state, silent_at=()), ()
    at = _not_before_answer(since, state)
    return _to(replace(state, silent_at=()), Connectivity.UNKNOWN, at=at, cause=Cause.OWN_PATH_DOWN, kept=state)


def _not_before_answer(since: int, state: DeviceState) -> int:
    return since if state.answered_at is None else max(since, state.answered_at)


def _to(state: DeviceState, new: Connectivity, *, at: int, cause: Cause, kept: DeviceState | None = None) -> Step:
    change = StateChange(state.device_id, Axis.CONNECTIVITY, state.connectivity, new, at, cause, kept=kept)
    was_online = state.connectivity is Connectivity.ONLINE
    return (
        replace(
            state,
            connectivity=new,
            connectivity_since=at,
            connectivity_cause=cause,
            last_online_until=at if was_online else state.last_online_until,
        ),
        (change,),
    )
