"""`advance`, staleness, pauses and the condition agree with the oracle, second by second, on thousands of histories."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.domain.facts import Axis, StateChange
from monitor.domain.timeline import build_timeline
from tests import oracle
from tests.domain.oracle_bridge import changes_of

TESTS = 24
SEEDS_A_TEST = 50


def _seconds(changes: Sequence[StateChange], axis: Axis, history: oracle.History) -> list[str]:
    timeline = build_timeline(axis, changes)
    states: list[str] = []
    for start, end, state in timeline.spans(history.created_at, history.horizon):
        states += [str(state)] * (end - start)
    return states


@pytest.mark.parametrize("first_seed", range(0, TESTS * SEEDS_A_TEST, SEEDS_A_TEST))
def test_connectivity_and_condition_agree_with_the_oracle(first_seed):
    for seed in range(first_seed, first_seed + SEEDS_A_TEST):
        history = oracle.random_history(random.Random(seed), with_pauses=seed % 2 == 1)
        if not history.policy.intact_requires:  # the settings refuse an intact device that needs no evidence at all
            history = replace(history, policy=replace(history.policy, intact_requires=("health",)))
        common = {
            "created_at": history.created_at,
            "horizon": history.horizon,
            "policy": history.policy,
            "pauses": history.pauses,
        }
        changes = changes_of(history)

        expected = oracle.connectivity(history.looks, **common)
        assert _seconds(changes, Axis.CONNECTIVITY, history) == expected, f"connectivity, seed {seed}"
        expected = oracle.condition(history.looks, **common)
        assert _seconds(changes, Axis.CONDITION, history) == expected, f"condition, seed {seed}"
