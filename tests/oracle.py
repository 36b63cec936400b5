"""The independent oracle of vidnet: RULES.md as brute force over seconds. Imports nothing of the product.

`connectivity`, `condition` (§2, §3), `late`, `late_history` (§4), `overlay` (§4), `buckets`, `sums`, `figures`
(§5) and random histories.
"""

from __future__ import annotations

from tests.oracle_late import Stored, late, late_history, open_seconds, split_late
from tests.oracle_looks import (
    ANSWERED,
    CONFIRMED,
    FAULTY,
    INTACT,
    NONE,
    OFFLINE,
    ONLINE,
    SILENT,
    UNKNOWN,
    Look,
    Pause,
    Policy,
    condition,
    connectivity,
    counting_pauses,
    evidence_of,
    pauses_of,
)
from tests.oracle_random import (
    START,
    History,
    random_facts,
    random_history,
    random_inventory,
    random_late,
    random_looks,
    random_policy,
)
from tests.oracle_seconds import (
    BUCKETS,
    Change,
    City,
    Correction,
    Device,
    Exemption,
    buckets,
    figures,
    in_service,
    overlay,
    sums,
)

__all__ = [
    "ANSWERED",
    "BUCKETS",
    "CONFIRMED",
    "FAULTY",
    "INTACT",
    "NONE",
    "OFFLINE",
    "ONLINE",
    "SILENT",
    "START",
    "UNKNOWN",
    "Change",
    "City",
    "Correction",
    "Device",
    "Exemption",
    "History",
    "Look",
    "Pause",
    "Policy",
    "Stored",
    "buckets",
    "condition",
    "connectivity",
    "counting_pauses",
    "evidence_of",
    "figures",
    "in_service",
    "late",
    "late_history",
    "open_seconds",
    "overlay",
    "pauses_of",
    "random_facts",
    "random_history",
    "random_inventory",
    "random_late",
    "random_looks",
    "random_policy",
    "spans",
    "split_late",
    "sums",
]


def spans(states: list[str], *, begin: int) -> list[tuple[int, int, str]]:
    """The states as spans (from, to, state), for messages and tables."""
    result: list[tuple[int, int, str]] = []
    for number, state in enumerate(states):
        t = begin + number
        if result and result[-1][2] == state:
            result[-1] = (result[-1][0], t + 1, state)
        else:
            result.append((t, t + 1, state))
    return result
