"""Silences 静默: for a while, or at hours that come again, nobody is told of some alerts; deciding goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from monitor.domain.alert import Subject
from monitor.domain.alert_rule import WeeklyHours
from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence.

    Attributes:
        id: such as S3.
        start: instant from which it holds.
        end: instant from which it no longer holds: a silence always has one.
        author: who made it.
        reason: why.
        created_at: when it was made.
        rule: only alerts of this rule, "" for all.
        region: only alerts of this region and those below it, "" for all.
        subject: only alerts of this subject (an incident's id, a region's code …), "" for all.
        hours: only at these hours of each week, None for always.
        ended_at: when somebody ended it early, None for nobody.
        ended_by: who did.
    """

    id: str
    start: int
    end: int
    author: str
    reason: str
    created_at: int
    rule: str = ""
    region: str = ""
    subject: str = ""
    hours: WeeklyHours | None = None
    ended_at: int | None = None
    ended_by: str = ""

    def holds_at(self, at: int, zone: tzinfo) -> bool:
        """Tell whether it silences anything at an instant."""
        until = self.end if self.ended_at is None else min(self.end, self.ended_at)
        return self.start <= at < until and (self.hours is None or self.hours.holds_at(at, zone))

    def covers(self, rule: str, subject: Subject, lineage: Sequence[str]) -> bool:
        """Tell whether an alert lies in its scope.

        Args:
            rule: the alert's rule.
            subject: what the alert is about.
            lineage: the codes of its region and of those above.
        """
        return (
            self.rule in ("", rule)
            and self.subject in ("", subject.key)
            and (not self.region or self.region in lineage)
        )
