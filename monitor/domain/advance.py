"""From state to state: what one more observation, silence or our own pause changes (RULES §2).

`advance` is the heart of the product: everything shown, alerted and reported follows from the StateChanges it gives.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.condition import age_evidence, judge, resume_age
from monitor.domain.facts import Axis, StateChange, Step
from monitor.domain.observation import Evidence, LookKind, Observation
from monitor.domain.policy import Policy, pause_counts_after, stale_after
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState

LONGEST_SITTING_S = 600
"""How long a deep or picture look may last while health looks come and go."""

_ONLINE = Connectivity.ONLINE
_INTACT = Condition.INTACT
_UNJUDGED = Condition.UNKNOWN
_ANSWERED = Evidence.ANSWERED
_HEALTH = LookKind.HEALTH


def advance(state: DeviceState, observation: Observation, policy: Policy) -> Step:
    """Take in one observation and give the new state with the changes it makes, oldest knowledge first.

    1. What is no evidence, or not newer than the last evidence, changes nothing (delivery twice is harmless). A deep or
       picture look lasts, and a health look may come and go meanwhile: it then still counts for the condition.
    2. Silence since the last evidence may have made the state stale in between.
    3. Connectivity follows the evidence; then condition follows the faults, if the device answered.
    """
    last = state.last_evidence_at
    at = observation.at
    if observation.evidence is Evidence.NONE:
        return state, ()
    if last is not None and at <= last:
        return judge(state, observation, policy) if _is_late_sitting(state, observation) else (state, ())
    kept = state.evidence
    max_age_s = policy.evidence_max_age_s
    if (
        observation.evidence is _ANSWERED
        and state.connectivity is _ONLINE
        and observation.kind is _HEALTH
        and not state.silent_at
        and not state.faults
        and not observation.faults
        and last is not None
        and at - last <= stale_after(state.interval_s)
        and (
            (
                state.condition is _INTACT
                and at - last < max_age_s
                and len(kept) + 1 >= len(policy.intact_requires)
                and (not kept or (at - kept[0][1] < max_age_s and at - kept[-1][1] < max_age_s))
            )
            # A kind of evidence that is asked for is missing, and a health look does not bring it.
            or (state.condition is _UNJUDGED and len(kept) + 1 < len(policy.intact_requires))
        )
    ):
        return _answered_again(state, observation), ()
    state, changes = expire(state, at=at, policy=policy)
    if observation.evidence is _ANSWERED:
        state, more = _answered(state, observation)
        changes += more
        state, more = judge(state, observation, policy)
        return state, changes + more
    state, more = _silent(state, observation, policy)
    return state, changes + more


def expire(state: DeviceState, *, at: int, policy: Policy) -> Step:
    """Give what silence alone has changed by `at`: staleness of connectivity, age of the condition's evidence."""
    state, changes = age_evidence(state, at=at, policy=policy)
    last = state.last_evidence_at
    if last is None or state.parent_down or at - last <= stale_after(state.interval_s):
        return state, changes
    state, more = _to_unknown(state, since=last + state.interval_s, cause=Cause.STALE)
    return state, changes + more


def stale_at(state: DeviceState) -> int | None:
    """Give the first instant at which `expire` finds the connectivity stale; None where it cannot become so."""
    if state.last_evidence_at is None or state.parent_down:
        return None
    if state.connectivity is Connectivity.UNKNOWN and not state.silent_at:
        return None
    return state.last_evidence_at + stale_after(state.interval_s) + 1


def pause_begin(*, last_look_at: int, next_due_at: int, at: int, interval_s: int) -> int | None:
    """Give when a pause of the collector that still lasts at `at` began, or None while it does not count.

    It begins one interval after the last look finished, or when the next look was due if that is later, and counts
    once it has lasted more than 2 intervals + 60 s: our pause must not weigh on the dead and the living differently.
    """
    begin = max(last_look_at + interval_s, next_due_at)
    return begin if at - begin > pause_counts_after(interval_s) else None


def pause(state: DeviceState, *, begin: int, policy: Policy) -> Step:
    """Make a device unknown from the beginning of its collector's pause, in place of staleness.

    A device that had become stale before the pause began stays unknown since then.
    """
    state, changes = expire(state, at=begin, policy=policy)
    state, more = _to_unknown(state, since=begin, cause=Cause.COLLECTOR_PAUSE)
    return state, changes + more


def _answered_again(state: DeviceState, observation: Observation) -> DeviceState:
    """The frequent case: online, intact, and answered once more; only instants move."""
    at = observation.at
    return DeviceState(
        state.device_id,
        state.connectivity,
        state.connectivity_since,
        state.connectivity_cause,
        state.condition,
        state.condition_since,
        state.condition_cause,
        at,
        observation.interval_s,
        at,
        (),
        at if observation.proves_itself else state.identity_at,
        observation.realm if observation.realm and observation.proves_itself else state.realm,
        evidence=state.evidence,
        clock_offset=state.clock_offset if observation.clock_offset is None else observation.clock_offset,
    )


def _is_late_sitting(state: DeviceState, observation: Observation) -> bool:
    """Whether an answered look of another kind than health is new of its kind, and lasted while others came."""
    if observation.kind is _HEALTH or observation.evidence is not _ANSWERED:
        return False
    seen_at = dict(state.evidence).get(observation.kind, 0)
    return observation.at > max(seen_at, (state.last_evidence_at or 0) - LONGEST_SITTING_S)


def _answered(state: DeviceState, observation: Observation) -> Step:
    at = observation.at
    changes: tuple[StateChange, ...] = ()
    if state.connectivity is not _ONLINE:
        cause = Cause.ASLEEP if observation.asleep else Cause.ANSWERED
        changes = (_change(state, _ONLINE, at=at, cause=cause, looks=(at,)),)
        state = replace(
            state,
            connectivity=_ONLINE,
            connectivity_since=at,
            connectivity_cause=cause,
            last_online_until=None,
        )
    own = observation.proves_itself
    state = replace(
        resume_age(state, at=at),
        last_evidence_at=at,
        interval_s=observation.interval_s,
        answered_at=at,
        silent_at=(),
        parent_down=False,
        identity_at=at if own else state.identity_at,
        realm=observation.realm if own and observation.realm else state.realm,
        clock_offset=state.clock_offset if observation.clock_offset is None else observation.clock_offset,
    )
    return state, changes


def _silent(state: DeviceState, observation: Observation, policy: Policy) -> Step:
    at = observation.at
    seen = replace(state, last_evidence_at=at, interval_s=observation.interval_s)
    if state.connectivity is Connectivity.OFFLINE:
        return seen, ()
    streak = (*state.silent_at, at)
    if len(streak) < policy.offline_after and not observation.confirmed:
        return replace(seen, silent_at=streak), ()
    since = streak[0] if observation.since is None else min(streak[0], observation.since)
    return _to_offline(seen, since=since, confirmed_at=at, looks=streak, cause=Cause.SILENT)


def _to_offline(state: DeviceState, *, since: int, confirmed_at: int, looks: tuple[int, ...], cause: Cause) -> Step:
    change = _change(state, Connectivity.OFFLINE, at=since, cause=cause, looks=looks)
    return (
        replace(
            state,
            connectivity=Connectivity.OFFLINE,
            connectivity_since=since,
            connectivity_cause=cause,
            silent_at=(),
            last_online_until=since if state.connectivity is _ONLINE else state.last_online_until,
            age_stopped_at=confirmed_at if state.age_stopped_at is None else state.age_stopped_at,
        ),
        (change,),
    )


def _to_unknown(state: DeviceState, *, since: int, cause: Cause) -> Step:
    """Drop an unconfirmed streak and, unless it is unknown already, make the connectivity unknown since then."""
    if state.connectivity is Connectivity.UNKNOWN:
        return (replace(state, silent_at=()) if state.silent_at else state), ()
    if state.silent_at:
        since = state.silent_at[0]
    change = _change(state, Connectivity.UNKNOWN, at=since, cause=cause, kept=state)
    return (
        replace(
            state,
            connectivity=Connectivity.UNKNOWN,
            connectivity_since=since,
            connectivity_cause=cause,
            silent_at=(),
            parent_down=False,
            last_online_until=since if state.connectivity is _ONLINE else state.last_online_until,
        ),
        (change,),
    )


def _change(
    state: DeviceState,
    new: Connectivity,
    *,
    at: int,
    cause: Cause,
    looks: tuple[int, ...] = (),
    kept: DeviceState | None = None,
) -> StateChange:
    return StateChange(state.device_id, Axis.CONNECTIVITY, state.connectivity, new, at, cause, looks, "", kept)
