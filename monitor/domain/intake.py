"""What is taken of what is pushed to us."""

from __future__ import annotations

from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class IntakeRule:
    """What is taken from one sender.

    Attributes:
        future_s: an instant up to so far ahead of ours is taken as now; what is further ahead is refused.
        per_second: messages a second of one sender in the long run, …
        burst: … and at once.
    """

    future_s: int = 10
    per_second: float = 10.0
    burst: int = 600
