"""Tallies: integer counts (or seconds) of each bucket, which add up over regions (RULES §5)."""

from __future__ import annotations

from dataclasses import fields

from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """Devices at an instant, or device-seconds over a period, by bucket; not in service is in none of them."""

    exempt_online: int = 0
    exempt_offline: int = 0
    exempt_unknown: int = 0
    unknown: int = 0
    offline: int = 0
    intact: int = 0
    faulty: int = 0
    condition_unknown: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in BUCKETS))

    @property
    def exempt(self) -> int:
        """All that is exempt, whatever was seen of it."""
        return self.exempt_online + self.exempt_offline + self.exempt_unknown

    @property
    def online(self) -> int:
        """Online and not exempt."""
        return self.intact + self.faulty + self.condition_unknown

    @property
    def assessed(self) -> int:
        """Online or offline: the denominator of the online rate."""
        return self.online + self.offline

    @property
    def judged(self) -> int:
        """Intact, faulty or offline: the denominator of the intact rate."""
        return self.intact + self.faulty + self.offline

    @property
    def in_service(self) -> int:
        """Every bucket together."""
        return self.exempt + self.unknown + self.assessed


BUCKETS: tuple[str, ...] = tuple(field.name for field in fields(Tally))
EMPTY = Tally()
