"""Connectivity by the worked examples 1-5 of RULES.md, and by the sentences of its §2."""

from __future__ import annotations

from monitor.domain.advance import advance, expire, pause, pause_begin, stale_at
from monitor.domain.facts import Axis
from monitor.domain.observation import Evidence, Observation
from monitor.domain.policy import Policy, stale_after
from monitor.domain.state import Cause, Connectivity, initial_state
from tests.domain.histories import answered, clock, paused, run, silent, spans


def test_example_1_three_silent_looks_are_offline_since_the_first():
    _, changes = run(
        [answered("10:00:00"), silent("10:05:00"), silent("10:05:30"), silent("10:06:00"), answered("10:11:00")]
    )

    assert spans(changes) == [("10:00:00", "online"), ("10:05:00", "offline"), ("10:11:00", "online")]
    offline = changes[-2]
    assert offline.looks == (clock("10:05:00"), clock("10:05:30"), clock("10:06:00"))


def test_example_2_two_silent_looks_change_nothing():
    state, changes = run([answered("10:00:00"), silent("10:05:00"), silent("10:05:30"), answered("10:06:00")])

    assert spans(changes) == [("10:00:00", "online")]
    assert state.silent_at == ()


def test_example_3_monitor_down_is_unknown_until_the_next_answer():
    state, changes = run([answered("10:00:00")])
    state, more = paused(state, begin="10:05:00")
    _, last = advance(state, answered("12:00:10"), Policy())

    assert spans(changes + more + list(last)) == [
        ("10:00:00", "online"),
        ("10:05:00", "unknown"),
        ("12:00:10", "online"),
    ]


def test_example_3_by_staleness_alone():
    _, changes = run([answered("10:00:00"), answered("12:00:10")])

    assert spans(changes) == [("10:00:00", "online"), ("10:05:00", "unknown"), ("12:00:10", "online")]


def test_example_3_a_gap_of_at_most_stale_after_leaves_no_trace():
    _, at_the_limit = run([answered("10:00:00"), answered("10:16:00")])
    _, over_it = run([answered("10:00:00"), answered("10:16:01")])

    assert spans(at_the_limit) == [("10:00:00", "online")]
    assert len(spans(over_it)) == 3


def test_example_5_a_long_gap_drops_the_streak():
    _, changes = run(
        [
            answered("10:00:00"),
            silent("10:05:00"),
            silent("10:05:30"),
            silent("11:00:00"),
            silent("11:00:30"),
            silent("11:01:00"),
        ]
    )

    assert spans(changes) == [("10:00:00", "online"), ("10:05:00", "unknown"), ("11:00:00", "offline")]


def test_a_device_starts_unknown_and_needs_offline_after_silent_looks_too():
    state, changes = run([silent("08:00:00"), silent("08:00:30")])
    assert (state.connectivity, state.connectivity_cause, changes) == (
        Connectivity.UNKNOWN,
        Cause.NOT_LOOKED_AT,
        [],
    )
    assert state.never_seen

    state, changes = advance(state, silent("08:01:00"), Policy())
    assert state.connectivity is Connectivity.OFFLINE
    assert spans(changes) == [("08:00:00", "offline")]


def test_confirmed_silence_needs_no_repetition():
    state, changes = run([answered("10:00:00"), silent("10:05:00", confirmed=True)])

    assert state.connectivity is Connectivity.OFFLINE
    assert spans(changes)[-1] == ("10:05:00", "offline")


def test_delivery_twice_and_older_looks_change_nothing():
    looks = [answered("10:00:00"), silent("10:05:00"), silent("10:05:30")]
    state, _ = run(looks)

    for look in [*looks, silent("10:05:30"), answered("10:05:10")]:
        assert advance(state, look, Policy()) == (state, ())


def test_a_look_set_aside_is_no_evidence():
    state, _ = run([answered("10:00:00")])
    aside = Observation("d", clock("10:05:00"), Evidence.NONE, 300)

    assert advance(state, aside, Policy()) == (state, ())


def test_the_long_dead_are_looked_at_more_slowly_and_go_stale_later():
    policy = Policy()
    state, _ = run([silent("00:00:00"), silent("00:00:30"), silent("00:01:00")])

    def interval(hours: int) -> int:
        return policy.interval_for(state, at=clock("00:00:00") + hours * 3600)

    assert [interval(h) for h in (1, 24, 25, 49, 24 * 5, 24 * 90)] == [300, 300, 600, 900, 1800, 1800]
    assert policy.next_look_in(state) == 300
    assert stale_after(1800) == 5460


def test_a_recheck_comes_sooner_only_while_unconfirmed():
    policy = Policy()
    state, _ = run([answered("10:00:00"), silent("10:05:00")])
    assert policy.next_look_in(state) == 30

    state, _ = advance(state, answered("10:05:30"), policy)
    assert policy.next_look_in(state) == 300


def test_staleness_is_found_by_the_stored_deadline():
    state, _ = run([answered("10:00:00")])
    deadline = stale_at(state)

    assert deadline == clock("10:16:01")
    assert expire(state, at=deadline - 1, policy=Policy()) == (state, ())
    stale, changes = expire(state, at=deadline, policy=Policy())
    assert spans(changes) == [("10:05:00", "unknown")]
    assert changes[0].kept == state
    assert stale_at(stale) is None
    assert stale.last_online_until == clock("10:05:00")


def test_a_pause_counts_once_it_has_lasted_long_enough():
    common = {"last_look_at": clock("10:00:00"), "interval_s": 300}

    assert pause_begin(next_due_at=0, at=clock("10:16:00"), **common) is None
    assert pause_begin(next_due_at=0, at=clock("10:16:01"), **common) == clock("10:05:00")
    later = clock("10:20:00")
    assert pause_begin(next_due_at=later, at=clock("10:25:00"), **common) is None
    assert pause_begin(next_due_at=later, at=clock("10:40:00"), **common) == later


def test_a_pause_weighs_alike_on_the_dead_and_the_living():
    living, _ = run([answered("10:00:00")])
    long_dead = [silent("09:00:00"), silent("09:00:30"), silent("09:01:00", interval_s=1800)]
    dead, _ = run([*long_dead, silent("09:31:00", interval_s=1800)])
    wavering, _ = run([answered("09:55:00"), silent("10:00:00")])

    assert spans(pause(living, begin=clock("10:05:00"), policy=Policy())[1]) == [("10:05:00", "unknown")]
    assert spans(pause(wavering, begin=clock("10:05:00"), policy=Policy())[1]) == [("10:00:00", "unknown")]
    assert spans(pause(dead, begin=clock("10:05:00"), policy=Policy())[1]) == [("10:05:00", "unknown")]
    unknown = initial_state("d", created_at=clock("09:00:00"))
    assert pause(unknown, begin=clock("10:05:00"), policy=Policy()) == (unknown, ())


def test_an_online_device_remembers_until_when_it_was_online():
    state, _ = run([answered("10:00:00"), silent("10:05:00"), silent("10:05:30"), silent("10:06:00")])
    assert state.last_online_until == clock("10:05:00")

    state, _ = advance(state, answered("10:10:00"), Policy())
    assert state.last_online_until is None


def test_identity_is_renewed_only_by_the_device_itself():
    state, _ = run([answered("10:00:00")])
    foreign = Observation("d", clock("10:05:00"), Evidence.ANSWERED, 300, faults=("not_itself",), proves_itself=False)
    state, _ = advance(state, foreign, Policy())

    assert state.identity_at == clock("10:00:00")
    assert state.answered_at == clock("10:05:00")


def test_changes_replayed_in_order_give_the_state():
    state, changes = run(
        [answered("10:00:00"), silent("10:05:00"), silent("10:05:30"), silent("10:06:00"), answered("10:11:00")]
    )

    last = [change for change in changes if change.axis is Axis.CONNECTIVITY][-1]
    assert (last.new, last.at) == (state.connectivity, state.connectivity_since)
