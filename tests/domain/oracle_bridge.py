"""From the oracle's shapes to the product's: settings, looks, and a whole history run through `advance`."""

from __future__ import annotations

from monitor.domain.advance import advance, expire, pause
from monitor.domain.facts import StateChange
from monitor.domain.observation import Evidence, LookKind, Observation
from monitor.domain.policy import Policy
from monitor.domain.state import initial_state
from tests import oracle


def product_policy(policy: oracle.Policy) -> Policy:
    """Give the oracle's settings as the product takes them."""
    return Policy(
        interval_s=policy.interval_s,
        offline_after=policy.offline_after,
        recheck_s=policy.recheck_s,
        fault_after=policy.fault_after,
        evidence_max_age_s=policy.evidence_max_age_s,
        intact_requires=tuple(policy.intact_requires),
        counting_faults=frozenset(policy.counting),
    )


def observation_of(look: oracle.Look) -> Observation:
    """Give a look of the oracle as an observation of the product."""
    outcome = "silent" if look.outcome == "silent_confirmed" else look.outcome
    return Observation(
        "d",
        look.at,
        Evidence(outcome),
        look.interval_s,
        kind=LookKind(look.kind),
        faults=tuple(sorted(look.faults)),
        could_show=frozenset(look.could_show) | frozenset(look.faults),
        confirmed=look.outcome == "silent_confirmed",
    )


def changes_of(history: oracle.History) -> list[StateChange]:
    """Run a history as the service would: looks in order, each counting pause found before the look that ends it."""
    policy = product_policy(history.policy)
    state = initial_state("d", created_at=history.created_at)
    found: list[StateChange] = []
    pauses = list(oracle.counting_pauses(history.pauses, horizon=history.horizon, policy=history.policy))
    for look in (oracle.Look(*look) for look in history.looks):
        if look.at > history.horizon:
            continue
        while pauses and pauses[0][1] <= look.at:
            state, changes = pause(state, begin=pauses.pop(0)[0], policy=policy)
            found += changes
        state, changes = advance(state, observation_of(look), policy)
        found += changes
    for begin, _ in pauses:
        state, changes = pause(state, begin=begin, policy=policy)
        found += changes
    state, changes = expire(state, at=history.horizon, policy=policy)
    return [*found, *changes]
