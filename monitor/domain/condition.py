"""Condition: from faults and the age of their evidence to intact, faulty or unknown (RULES §3).

Connectivity never writes the condition; going dark or refusing looks clears nothing.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.facts import Axis, StateChange, Step
from monitor.domain.observation import LookKind, Observation
from monitor.domain.policy import Policy
from monitor.domain.state import Cause, Condition, DeviceState, FaultRecord


def judge(state: DeviceState, observation: Observation, policy: Policy) -> Step:
    """Take in what an answered look showed, or could have shown and did not, and decide the condition anew."""
    at = observation.at
    faults = state.faults
    if faults or observation.faults:
        faults = _updated(faults, observation, fault_after=policy.fault_after)
    evidence = state.evidence
    if observation.kind is not LookKind.HEALTH and observation.complete:
        kept = tuple(pair for pair in evidence if pair[0] != observation.kind)
        evidence = (*kept, (observation.kind.value, at))
    if faults is not state.faults or evidence is not state.evidence:
        state = replace(state, faults=faults, evidence=evidence)
    standing = [fault for fault in faults if fault.confirmed and fault.code in policy.counting_faults]
    if standing:
        earliest = min(standing, key=lambda fault: fault.first_at)
        if state.condition is Condition.FAULTY and state.condition_since <= earliest.first_at:
            return state, ()
        looks = (earliest.first_at, at)
        return _change(
            state, Condition.FAULTY, at=earliest.first_at, cause=Cause.FAULT, looks=looks, fault=earliest.code
        )
    expires_at = _expires_at(state, policy)
    if expires_at is not None and at < expires_at:
        if state.condition is Condition.INTACT:
            return state, ()
        return _change(state, Condition.INTACT, at=at, cause=Cause.NO_FAULT, looks=(at,))
    if state.condition is not Condition.FAULTY:
        return state, ()
    return _change(state, Condition.UNKNOWN, at=at, cause=Cause.EVIDENCE_OLD, looks=(at,))


def decide_fault(state: DeviceState, code: str, *, confirmed: bool, at: int, author: str, policy: Policy) -> Step:
    """Take a person's word that a fault is there (confirmed, since it was first seen) or is not, and judge anew.

    The change is made even where the condition stays as it is: it is the fact that the fault was decided, and by whom.
    """
    known = next((fault for fault in state.faults if fault.code == code), FaultRecord(code, at, 1, False))
    others = tuple(fault for fault in state.faults if fault.code != code)
    state = replace(state, faults=(*others, replace(known, confirmed=True)) if confirmed else others)
    standing = [fault for fault in state.faults if fault.confirmed and fault.code in policy.counting_faults]
    if standing:
        new, since = Condition.FAULTY, min(fault.first_at for fault in standing)
    else:
        expires_at = _expires_at(state, policy)
        young = expires_at is not None and at < expires_at
        new, since = (Condition.INTACT if young else Condition.UNKNOWN), max(at, state.condition_since)
    if new is state.condition:
        since = min(since, state.condition_since)
    return _change(state, new, at=since, cause=Cause.DECISION, fault=code, author=author)


def age_evidence(state: DeviceState, *, at: int, policy: Policy) -> Step:
    """Make an intact device's condition unknown once a required kind of evidence is too old at `at`."""
    if state.condition is not Condition.INTACT or state.age_stopped_at is not None:
        return state, ()
    expires_at = _expires_at(state, policy)
    if expires_at is None:
        return _change(state, Condition.UNKNOWN, at=at, cause=Cause.EVIDENCE_OLD)
    if at < expires_at:
        return state, ()
    return _change(state, Condition.UNKNOWN, at=max(expires_at, state.condition_since), cause=Cause.EVIDENCE_OLD)


def resume_age(state: DeviceState, *, at: int) -> DeviceState:
    """Let evidence age again from an answer on: the time spent confirmed offline does not count.

    Health evidence needs no shift: the answer itself renews it.
    """
    if state.age_stopped_at is None:
        return state
    stood_still_s = at - state.age_stopped_at
    shifted = tuple((kind, seen_at + stood_still_s) for kind, seen_at in state.evidence)
    return replace(state, age_stopped_at=None, evidence=shifted)


def _updated(faults: tuple[FaultRecord, ...], observation: Observation, *, fault_after: int) -> tuple[FaultRecord, ...]:
    shown = dict.fromkeys(observation.faults)
    updated = []
    for fault in faults:
        if fault.code in shown:
            del shown[fault.code]
            # The same look delivered twice is one look.
            count = fault.count + (fault.first_at != observation.at)
            updated.append(FaultRecord(fault.code, fault.first_at, count, fault.confirmed or count >= fault_after))
        elif fault.code not in observation.could_show:
            updated.append(fault)
    updated += [FaultRecord(code, observation.at, 1, fault_after <= 1) for code in shown]
    return tuple(updated)


def _expires_at(state: DeviceState, policy: Policy) -> int | None:
    """Give the first instant at which a required kind of evidence is too old; None where one is missing."""
    oldest: int | None = None
    for kind in policy.intact_requires:
        seen_at = state.answered_at if kind == LookKind.HEALTH else dict(state.evidence).get(kind)
        if seen_at is None:
            return None
        oldest = seen_at if oldest is None else min(oldest, seen_at)
    return None if oldest is None else oldest + policy.evidence_max_age_s


def _change(
    state: DeviceState,
    new: Condition,
    *,
    at: int,
    cause: Cause,
    looks: tuple[int, ...] = (),
    fault: str = "",
    author: str = "",
) -> Step:
    change = StateChange(state.device_id, Axis.CONDITION, state.condition, new, at, cause, looks, fault, author=author)
    return replace(state, condition=new, condition_since=at, condition_cause=cause), (change,)
