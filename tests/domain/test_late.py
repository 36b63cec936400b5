"""Late evidence: worked example 4 of RULES.md, and that the order of batches does not matter."""

from __future__ import annotations

import random

from monitor.domain.advance import advance
from monitor.domain.facts import Axis
from monitor.domain.late import UnknownStretch, fill, is_late, unknown_stretches
from monitor.domain.policy import Policy
from monitor.domain.state import Connectivity
from monitor.domain.timeline import build_timeline
from tests import oracle
from tests.domain.histories import answered, clock, paused, run, silent
from tests.domain.oracle_bridge import changes_of, observation_of, product_policy


def _stretch() -> UnknownStretch:
    state, changes = run([answered("10:00:00")])
    state, more = paused(state, begin="10:05:00")
    _, last = advance(state, answered("12:00:10"), Policy())
    stretches = unknown_stretches("d", [*changes, *more, *last], created_at=clock("10:00:00"), at=clock("12:30:00"))
    (stretch,) = stretches
    return stretch


def _times(start: int, end: int, step: int) -> list[str]:
    return [f"{t // 3600:02}:{t // 60 % 60:02}:{t % 60:02}" for t in range(start, end, step)]


EVERY_5_MIN = _times(10 * 3600 + 300, 12 * 3600, 300)


def test_example_4_a_queue_delivers_the_answers_of_a_pause():
    (correction,) = fill(_stretch(), [answered(text) for text in EVERY_5_MIN], policy=Policy())

    assert (correction.start, correction.end) == (clock("10:05:00"), clock("12:00:10"))
    assert correction.state == "online"


def test_the_order_of_batches_does_not_matter():
    looks = [answered(text) if index % 5 else silent(text) for index, text in enumerate(EVERY_5_MIN)]
    expected = fill(_stretch(), looks, policy=Policy())
    for seed in range(5):
        shuffled = random.Random(seed).sample(looks, len(looks))
        assert fill(_stretch(), shuffled, policy=Policy()) == expected


def test_late_silence_makes_the_seconds_offline_until_the_late_answer():
    looks = [silent("10:05:00"), silent("10:05:30"), silent("10:06:00"), answered("11:50:00")]
    looks += [silent(text) for text in _times(10 * 3600 + 660, 11 * 3600 + 3000, 300)]
    corrections = fill(_stretch(), looks, policy=Policy())

    assert [(c.state, c.start, c.end) for c in corrections] == [
        ("offline", clock("10:05:00"), clock("11:50:00")),
        ("online", clock("11:50:00"), clock("12:00:10")),
    ]


def test_a_gap_among_late_looks_stays_unknown():
    (first, second) = fill(_stretch(), [answered("10:05:00"), answered("11:55:00")], policy=Policy())

    assert (first.start, first.end) == (clock("10:05:00"), clock("10:10:00"))
    assert (second.start, second.end) == (clock("11:55:00"), clock("12:00:10"))


def test_a_late_streak_joins_the_silence_that_closed_the_stretch():
    before, _ = run([answered("10:00:00")])
    stretch = UnknownStretch(before, clock("10:05:00"), clock("12:00:00"), Connectivity.OFFLINE)
    corrections = fill(stretch, [silent("11:50:00"), silent("11:55:00")], policy=Policy())

    assert [(c.state, c.start, c.end) for c in corrections] == [("offline", clock("11:50:00"), clock("12:00:00"))]


def test_a_stretch_still_open_is_filled_only_as_far_as_evidence_reaches():
    before, _ = run([answered("10:00:00")])
    stretch = UnknownStretch(before, clock("10:05:00"), clock("12:00:00"), None)

    (correction,) = fill(stretch, [answered("10:05:00")], policy=Policy())
    assert (correction.start, correction.end) == (clock("10:05:00"), clock("10:10:00"))


def test_known_seconds_are_never_touched():
    assert fill(_stretch(), [silent("09:00:00"), silent("12:30:00")], policy=Policy()) == []


def test_what_is_late():
    state, _ = run([answered("10:00:00")])

    assert is_late(state, answered("10:00:00"), received_at=clock("10:00:01"))
    assert is_late(state, answered("10:05:00"), received_at=clock("10:21:01"))
    assert not is_late(state, answered("10:05:00"), received_at=clock("10:21:00"))


def test_a_device_that_was_never_looked_at_is_filled_from_its_creation():
    _, changes = run([answered("10:00:00")], start="09:00:00")
    (stretch,) = unknown_stretches("d", changes, created_at=clock("09:00:00"), at=clock("10:30:00"))

    (correction,) = fill(stretch, [answered("09:50:00")], policy=Policy())
    assert (correction.start, correction.end) == (clock("09:50:00"), clock("10:00:00"))


def test_late_looks_agree_with_the_oracle_where_on_time_evidence_left_its_fact():
    for seed in range(150):
        rng = random.Random(seed)
        history = oracle.random_history(rng)
        changes = changes_of(history)
        late = oracle.random_late(rng, created_at=history.created_at, horizon=history.horizon, policy=history.policy)
        stretches = unknown_stretches("d", changes, created_at=history.created_at, at=history.horizon)
        if _holds_forgotten_silence(history, stretches):
            continue
        policy = product_policy(history.policy)
        looks = [observation_of(look) for look in late]
        corrections = [each for stretch in stretches for each in fill(stretch, looks, policy=policy)]
        timeline = build_timeline(Axis.CONNECTIVITY, changes, corrections)
        # In a stretch still open the product claims no more than evidence supports; the oracle waits for staleness.
        end = min([stretch.start for stretch in stretches if stretch.closed_by is None], default=history.horizon)
        spans = timeline.spans(history.created_at, end)
        found = [state for start, until, state in spans for _ in range(start, until)]
        expected = oracle.late_history(
            history.looks,
            late,
            created_at=history.created_at,
            horizon=history.horizon,
            policy=history.policy,
            only_unknown=True,
        )
        assert found == expected[: len(found)], f"seed {seed}"


def _holds_forgotten_silence(history: oracle.History, stretches: list[UnknownStretch]) -> bool:
    """Tell whether a silent look fell into an unknown stretch without closing it: no fact tells of it."""
    silences = [look[0] for look in history.looks if look[1] == "silent"]
    return any(stretch.start <= at < stretch.end for at in silences for stretch in stretches)
