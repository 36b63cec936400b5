"""From wire terms to evidence: judge one poll result for one device (RULES §1)."""

from __future__ import annotations

from collectors.base import PROOF_OF, ClockReading, Outcome, PollResult, Proof
from monitor.domain.observation import Evidence, LookKind, Observation
from monitor.domain.policy import Policy
from monitor.domain.state import DeviceState

HOUR_S = 3_600
_ZONE_TOLERANCE_S = 60
_MAX_ZONE_H = 14
_LONGEST_TENTHS = 2_000_000_000
NEVER_SET_BEFORE = 978_307_200
"""2001-01-01T00:00:00Z: a clock that stands before was not set since its device had power."""

_FAULT_OF = {
    Outcome.TLS: "tls",
    Outcome.STALLED: "slow",
    Outcome.BROKEN: "slow",
    Outcome.ODD: "odd_answer",
    Outcome.TOO_LARGE: "odd_answer",
}
_WIRE_FAULTS = frozenset({"not_itself", "tls", "slow", "odd_answer"})
CLOCK_FAULTS = frozenset({"clock_off", "clock_zone", "clock_1970"})
_ALL_FAULTS = _WIRE_FAULTS | CLOCK_FAULTS
_NONE: frozenset[str] = frozenset()


def observe(
    state: DeviceState,
    result: PollResult,
    *,
    at: int,
    interval_s: int,
    policy: Policy,
    own_clock_trusted: bool,
) -> Observation:
    """Judge what one look said about one device.

    Args:
        state: the device's state before it; it knows the device's identity and realm.
        result: what the wire said.
        at: start of the look, floored.
        interval_s: interval in force when the look was scheduled.
        policy: the settings of the rules.
        own_clock_trusted: whether our own clock is known to be right; else it judges no other.
    """
    outcome = result.outcome
    if outcome is Outcome.CLEAN:
        clock = result.clock
        if clock is None:
            return Observation(state.device_id, at, Evidence.ANSWERED, interval_s, could_show=_WIRE_FAULTS)
        offset_s = clock.utc_s + 0.5 - clock.read_at
        within = -policy.clock_limit_s <= offset_s <= policy.clock_limit_s
        return Observation(
            state.device_id,
            at,
            Evidence.ANSWERED,
            interval_s,
            LookKind.HEALTH,
            () if within or not own_clock_trusted else clock_faults(clock, limit_s=policy.clock_limit_s),
            _ALL_FAULTS if own_clock_trusted else _WIRE_FAULTS,
            clock_offset=int(offset_s * 10) if within else clock_tenths(offset_s),
        )
    proof = PROOF_OF[outcome]
    if proof is Proof.OURS:
        return Observation(state.device_id, at, Evidence.NONE, interval_s)
    if proof is Proof.NOTHING:
        return Observation(state.device_id, at, Evidence.SILENT, interval_s)
    if proof is Proof.HOST:
        return _from_a_host(state, at=at, interval_s=interval_s, policy=policy)
    return _from_the_protocol(state, result, at=at, interval_s=interval_s)


def clock_offset_s(reading: ClockReading) -> float:
    """Give how far a device's clock is ahead of ours, seconds; it reads whole seconds, so half of one is added."""
    return reading.utc_s + 0.5 - reading.read_at


def clock_tenths(offset_s: float) -> int:
    """Give a deviation as it is kept: tenths of a second, at most 6 years either way."""
    return max(-_LONGEST_TENTHS, min(_LONGEST_TENTHS, int(offset_s * 10)))


def clock_faults(reading: ClockReading, *, limit_s: int) -> tuple[str, ...]:
    """Tell a clock that is off from one whose zone is wrong, and from one that was never set.

    A deviation of whole hours (within a minute) up to 14 h is a wrong time zone, most often UTC filled with local
    time, and not drift (facts of real devices: UTCDateTime + 8 h). A clock without a battery begins in 1970 or 2000
    after every loss of power.
    """
    offset = clock_offset_s(reading)
    if abs(offset) <= limit_s:
        return ()
    if reading.utc_s < NEVER_SET_BEFORE:
        return ("clock_1970",)
    hours = round(offset / HOUR_S)
    if 1 <= abs(hours) <= _MAX_ZONE_H and abs(offset - hours * HOUR_S) <= _ZONE_TOLERANCE_S:
        return ("clock_zone",)
    return ("clock_off",)


def _from_a_host(state: DeviceState, *, at: int, interval_s: int, policy: Policy) -> Observation:
    """Something else answered: the device's host while its identity is fresh, else nobody."""
    if state.identity_at is None or at - state.identity_at > policy.identity_max_age_s:
        return Observation(state.device_id, at, Evidence.SILENT, interval_s)
    return Observation(
        state.device_id,
        at,
        Evidence.ANSWERED,
        interval_s,
        faults=("not_itself",),
        could_show=frozenset({"not_itself"}),
        proves_itself=False,
    )


def _from_the_protocol(state: DeviceState, result: PollResult, *, at: int, interval_s: int) -> Observation:
    """The device's protocol, but not the clean answer; a bare 401 proves the device only by its known realm."""
    fault = _FAULT_OF.get(result.outcome)
    bare_demand = result.outcome is Outcome.AUTH and not result.shaped_body
    itself = not bare_demand or (result.realm != "" and result.realm == state.realm)
    broke_off = result.outcome in (Outcome.TLS, Outcome.STALLED, Outcome.BROKEN)
    if broke_off:
        itself = False
    shown = _NONE if fault is None else frozenset({fault})
    could_show = shown if broke_off else (_WIRE_FAULTS if itself else _WIRE_FAULTS - {"not_itself"})
    return Observation(
        state.device_id,
        at,
        Evidence.ANSWERED,
        interval_s,
        faults=tuple(shown),
        could_show=could_show,
        proves_itself=itself,
        realm=result.realm if itself else "",
    )
