"""Small numbers for what a device is and counts as: its two states as one code, and the bucket of every code."""

from __future__ import annotations

from monitor.domain.state import Condition, Connectivity
from monitor.domain.tally import BUCKETS

ASSESSED, EXEMPT, OUT = range(3)
"""How a device stands: in service, in service and exempt, not in service."""

NOT_IN_SERVICE = len(BUCKETS)
"""The bucket after those of a tally."""

CODES = {(one, other): number for number, (one, other) in enumerate((a, b) for a in Connectivity for b in Condition)}
"""A device's two states as one small number."""

CONNECTIVITY_OF = tuple(connectivity for connectivity, _ in CODES)
"""The connectivity of every code."""

UNKNOWN_CODE = CODES[Connectivity.UNKNOWN, Condition.UNKNOWN]
CONNECTIVITY_OF = tuple(connectivity for connectivity, _ in CODES)
IS_ONLINE = bytes(connectivity is Connectivity.ONLINE for connectivity, _ in CODES)
IS_OFFLINE = bytes(connectivity is Connectivity.OFFLINE for connectivity, _ in CODES)
IS_UNKNOWN = bytes(connectivity is Connectivity.UNKNOWN for connectivity, _ in CODES)


def _bucket(standing: int, connectivity: Connectivity, condition: Condition) -> int:
    if standing == OUT:
        return NOT_IN_SERVICE
    if standing == EXEMPT:
        return BUCKETS.index(f"exempt_{connectivity}")
    if connectivity is not Connectivity.ONLINE:
        return BUCKETS.index(connectivity)
    return BUCKETS.index("condition_unknown" if condition is Condition.UNKNOWN else condition)


BUCKET = tuple(bytes(_bucket(standing, *states) for states in CODES) for standing in (ASSESSED, EXEMPT, OUT))
"""The bucket of every standing and code."""
