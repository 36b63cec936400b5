"""Small integers for the words that facts repeat millions of times: never renumbered, only added to."""

from __future__ import annotations

from monitor.domain.facts import Axis, Party
from monitor.domain.state import Cause, Condition, Connectivity

AXES: dict[Axis, int] = {Axis.CONNECTIVITY: 0, Axis.CONDITION: 1}

# One list for both axes, since "unknown" stands on both.
STATES: dict[str, int] = {"unknown": 0, "online": 1, "offline": 2, "intact": 3, "faulty": 4}

CAUSES: dict[Cause, int] = {
    Cause.NOT_LOOKED_AT: 0,
    Cause.ANSWERED: 1,
    Cause.ASLEEP: 2,
    Cause.SILENT: 3,
    Cause.STALE: 4,
    Cause.COLLECTOR_PAUSE: 5,
    Cause.PARENT_DOWN: 6,
    Cause.PARENT_BACK: 7,
    Cause.OWN_PATH_DOWN: 8,
    Cause.LATE_EVIDENCE: 9,
    Cause.FAULT: 10,
    Cause.NO_FAULT: 11,
    Cause.EVIDENCE_OLD: 12,
    Cause.DECISION: 13,
    Cause.OWN_OUTAGE: 14,
}

PARTIES: dict[Party, int] = {
    Party.UNDECIDED: 0,
    Party.CITY: 1,
    Party.COUNTY: 2,
    Party.CARRIER: 3,
    Party.POWER: 4,
    Party.OWNER_UNIT: 5,
}

# And back. A dict look-up is a sixth of the cost of calling the enum.
AXIS_OF: dict[int, Axis] = {code: axis for axis, code in AXES.items()}
STATE_OF: dict[int, str] = {code: word for word, code in STATES.items()}
CAUSE_OF: dict[int, Cause] = {code: cause for cause, code in CAUSES.items()}
PARTY_OF: dict[int, Party] = {code: party for party, code in PARTIES.items()}
CONNECTIVITY_OF: dict[int, Connectivity] = {STATES[word.value]: word for word in Connectivity}
CONDITION_OF: dict[int, Condition] = {STATES[word.value]: word for word in Condition}


def state_code(word: str) -> int:
    """Give the code of a state's word.

    Raises:
        ValueError: the word is not a state of either axis.
    """
    code = STATES.get(word)
    if code is None:
        raise ValueError(f"{word!r} is not a state: one of {', '.join(STATES)}")
    return code
