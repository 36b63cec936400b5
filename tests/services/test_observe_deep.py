"""What a deep look shows, could have shown, and is evidence of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectors.base import ClockReading, Outcome
from collectors.deep import DeepResult, Profile, Recordings, StepNote
from monitor.domain.advance import advance
from monitor.domain.fault import FAULTS
from monitor.domain.login import Login
from monitor.domain.observation import Evidence, LookKind, Observation
from monitor.domain.policy import DAY_S, Policy
from monitor.domain.state import Condition, Connectivity, initial_state
from monitor.services.observe_deep import DEEP_FAULTS, observe_deep, retention_of

AT = 1_767_225_600
POLICY = replace(Policy(), intact_requires=("health", "deep"))
STATE = initial_state("d", created_at=AT - 90 * DAY_S)
CLOCK = ClockReading(AT, None, "CST-8", "NTP", AT + 0.5)


def good(**changes) -> DeepResult:
    """A look at a device that is as it should be."""
    found = DeepResult(
        Outcome.CLEAN,
        login="accepted",
        clock=CLOCK,
        model="IPC",
        serial="SN",
        services=("media",),
        profiles=(Profile("sub"),),
        chosen="sub",
        snapshot_uri="http://d/snap",
        stream_uri="rtsp://d/1",
        recordings=Recordings(3, AT - 40 * DAY_S, AT - 60),
    )
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def look(result: DeepResult, *, login: Login = Login.ACCEPTED, trusted: bool = True, **more) -> Observation:
    return observe_deep(
        STATE, result, at=AT, interval_s=300, policy=POLICY, own_clock_trusted=trusted, login=login, **more
    )


def note(step: str, ending: str) -> tuple[StepNote, ...]:
    return (StepNote(step, ending),)


def test_a_device_as_it_should_be_shows_nothing_and_could_have_shown_all():
    seen = look(good(), replaced=False)
    assert seen.faults == ()
    assert seen.could_show >= DEEP_FAULTS | {"clock_off", "clock_zone", "clock_1970"}
    assert (seen.kind, seen.complete, seen.evidence) == (LookKind.DEEP, True, Evidence.ANSWERED)
    assert set(FAULTS) >= DEEP_FAULTS


SHOWN = [
    (good(profiles=(), chosen="", stream_uri=""), {"no_profile"}),
    (good(stream_uri="", notes=note("stream", "fault")), {"no_stream_uri"}),
    (good(stream_uri="", notes=note("stream", "odd")), {"no_stream_uri"}),
    (good(stream_uri="", notes=note("stream", "elsewhere")), {"uri_elsewhere"}),
    (good(snapshot_uri="", notes=note("snapshot", "elsewhere")), {"uri_elsewhere"}),
    (good(recordings=Recordings(2, AT - 29 * DAY_S, AT)), {"retention_short"}),
    (good(recordings=Recordings(2, AT - 30 * DAY_S, AT)), set()),
    (good(recordings=Recordings(0)), {"no_recording"}),
    (good(recordings=Recordings(2, AT - 90 * DAY_S, AT - 3 * DAY_S)), {"recording_stopped"}),
    (good(recordings=Recordings(2, AT + DAY_S, None)), set()),
    (good(notes=note("recordings", "refused"), recordings=None), {"rights_short"}),
    (good(clock=ClockReading(AT + 60, None, "", "", AT)), {"clock_off"}),
    (good(clock=ClockReading(AT + 8 * 3_600, None, "", "", AT)), {"clock_zone"}),
    (good(clock=ClockReading(3_600, None, "", "", AT)), {"clock_1970"}),
    (good(clock=ClockReading(946_684_800 + 60, None, "", "", AT)), {"clock_1970"}),
]


@pytest.mark.parametrize(("result", "expected"), SHOWN)
def test_each_fault_is_shown(result, expected):
    seen = look(result)
    assert set(seen.faults) == expected
    assert expected <= seen.could_show


@pytest.mark.parametrize(
    ("result", "not_told"),
    [
        (good(profiles=None, chosen="", stream_uri="", notes=note("profiles", "fault")), {"no_profile"}),
        (good(stream_uri="", notes=note("stream", "silent")), {"no_stream_uri"}),
        (good(stream_uri="", notes=note("stream", "skipped")), {"no_stream_uri", "rights_short"}),
        (good(stream_uri="", notes=note("stream", "refused")), {"no_stream_uri"}),
        (good(recordings=None), {"retention_short", "no_recording", "recording_stopped"}),
    ],
)
def test_a_question_that_was_not_answered_shows_nothing_and_clears_nothing(result, not_told):
    seen = look(result)
    assert not not_told & (set(seen.faults) | seen.could_show)


def test_a_site_may_want_more_days_and_a_clock_not_known_judges_none():
    assert look(good(), retention_days=90).faults == ("retention_short",)
    assert look(good(clock=ClockReading(AT + 60, None, "", "", AT)), trusted=False).faults == ()
    assert retention_of(good(), at=AT) == 40
    assert retention_of(good(recordings=Recordings(0)), at=AT) == 0
    assert retention_of(good(recordings=None), at=AT) is None


@pytest.mark.parametrize("login", [Login.NO_CREDENTIAL, Login.REFUSED, Login.HELD, Login.UNTRIED])
def test_a_look_that_was_not_let_in_is_worth_a_health_look(login):
    seen = look(good(profiles=None, model="", serial="", services=()), login=login)
    assert not seen.complete
    assert "refused" not in seen.could_show
    state, _ = advance(STATE, seen, POLICY)
    assert (state.connectivity, state.condition) == (Connectivity.ONLINE, Condition.UNKNOWN)
    state, _ = advance(STATE, look(good()), POLICY)
    assert (state.connectivity, state.condition) == (Connectivity.ONLINE, Condition.INTACT)


def test_refused_stands_until_a_login_is_accepted():
    state = STATE
    for number, (login, refuses) in enumerate(
        [
            (Login.ACCEPTED, False),
            (Login.REFUSED, True),
            (Login.HELD, True),
            (Login.HELD, False),
            (Login.NO_CREDENTIAL, False),
        ]
    ):
        seen = replace(look(good(), login=login, refuses=refuses), at=AT + 600 * number)
        state, _ = advance(state, seen, POLICY)
    assert [fault.code for fault in state.faults if fault.confirmed] == ["refused"]
    assert (state.condition, state.condition_since) == (Condition.FAULTY, AT + 600)
    state, _ = advance(state, replace(look(good()), at=AT + 6_000), POLICY)
    assert state.condition is Condition.INTACT


def test_another_device_at_the_address_is_information():
    assert look(good(), replaced=True).faults == ("replaced",)
    assert "replaced" not in look(good(), replaced=None).could_show
    assert not FAULTS["replaced"].counts


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.REFUSED, Outcome.OURS, Outcome.FOREIGN])
def test_silence_is_left_to_the_health_looks(outcome):
    state = replace(STATE, identity_at=None)
    seen = observe_deep(
        state,
        DeepResult(outcome),
        at=AT,
        interval_s=300,
        policy=POLICY,
        own_clock_trusted=True,
        login=Login.UNTRIED,
    )
    assert seen.evidence is Evidence.NONE


def test_a_health_look_in_between_does_not_undo_a_deep_look():
    health = Observation("d", AT + 5, Evidence.ANSWERED, 300)
    state, _ = advance(STATE, health, POLICY)
    late, changes = advance(state, look(good()), POLICY)
    assert late.condition is Condition.INTACT
    assert late.last_evidence_at == AT + 5
    assert [change.new for change in changes] == ["intact"]
    assert advance(late, look(good()), POLICY) == (late, ()), "delivered twice it changes nothing"
    refused = look(good(), login=Login.REFUSED, refuses=True)
    late, _ = advance(state, refused, POLICY)
    assert [(fault.code, fault.count) for fault in late.faults] == [("refused", 1)]
    assert advance(late, refused, POLICY)[0].faults == late.faults
    older = replace(refused, at=AT - 600)
    assert advance(state, older, POLICY) == (state, ())


def test_an_intact_device_that_answers_again_keeps_its_evidence_until_that_is_too_old():
    state, _ = advance(STATE, look(good()), POLICY)
    for at in range(AT + 300, AT + 2 * DAY_S, 300):
        state, changes = advance(state, Observation("d", at, Evidence.ANSWERED, 300, clock_offset=7), POLICY)
        assert changes == ()
    assert (state.condition, state.evidence, state.clock_offset) == (Condition.INTACT, (("deep", AT),), 7)
    state, (change,) = advance(state, Observation("d", AT + 2 * DAY_S, Evidence.ANSWERED, 300), POLICY)
    assert (state.condition, change.at) == (Condition.UNKNOWN, AT + 2 * DAY_S)


def test_an_intact_device_that_now_needs_more_kinds_of_evidence_is_judged_anew():
    intact, _ = advance(STATE, Observation("d", AT, Evidence.ANSWERED, 300), Policy())
    assert intact.condition is Condition.INTACT
    state, _ = advance(intact, Observation("d", AT + 300, Evidence.ANSWERED, 300), POLICY)
    assert state.condition is Condition.UNKNOWN
