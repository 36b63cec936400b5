"""The settings of the rules, as one frozen value (RULES §2, §3); defaults are the city's."""

from __future__ import annotations

from monitor.domain.fault import COUNTING_BY_DEFAULT
from monitor.domain.state import Connectivity, DeviceState
from monitor.domain.values import dataclass

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Policy:
    """How looks are paced and judged; all `_s` in seconds.

    Attributes:
        interval_s: pace of looks at a device.
        offline_after: silent looks in a row that confirm a device offline.
        recheck_s: pace after a silent look that is not yet confirmed.
        slow_after_s: a device offline longer than this is looked at more slowly, …
        slow_interval_s: … at most this slowly.
        fault_after: looks that must show a fault before it is confirmed.
        identity_max_age_s: how long an answer of something else still counts as the device's host.
        evidence_max_age_s: how long evidence of an intact device holds.
        intact_requires: kinds of evidence that an intact device must have.
        counting_faults: codes of faults that make a device faulty; the others inform.
        clock_limit_s: deviation of a device's clock from which it is off.
    """

    interval_s: int = 300
    offline_after: int = 3
    recheck_s: int = 30
    slow_after_s: int = DAY_S
    slow_interval_s: int = 1_800
    fault_after: int = 2
    identity_max_age_s: int = 30 * DAY_S
    evidence_max_age_s: int = 2 * DAY_S
    intact_requires: tuple[str, ...] = ("health",)
    counting_faults: frozenset[str] = COUNTING_BY_DEFAULT
    clock_limit_s: int = 10

    def interval_for(self, state: DeviceState, *, at: int) -> int:
        """Give the interval in force at `at`: one interval longer for each whole day offline, up to the slow one."""
        if state.connectivity is not Connectivity.OFFLINE:
            return self.interval_s
        offline_s = at - state.connectivity_since
        if offline_s <= self.slow_after_s:
            return self.interval_s
        slower = self.interval_s * (1 + offline_s // DAY_S)
        return max(self.interval_s, min(self.slow_interval_s, slower))

    def next_look_in(self, state: DeviceState) -> int:
        """Give the seconds from the last look to the next: the recheck's pace while a streak is unconfirmed."""
        return self.recheck_s if state.silent_at else state.interval_s


def stale_after(interval_s: int) -> int:
    """Give the longest gap between two pieces of evidence that leaves no trace (RULES §2)."""
    return 3 * interval_s + 60


def pause_counts_after(interval_s: int) -> int:
    """Give how long a pause of the collector must have lasted before it counts (RULES §2)."""
    return 2 * interval_s + 60
