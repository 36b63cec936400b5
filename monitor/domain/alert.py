"""Alerts 告警: raised, reminded and cleared notices about an assessment or an outage, and who was told when."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from monitor.domain.point import PointClass
from monitor.domain.values import dataclass


class Severity(StrEnum):
    """How much an alert matters, the most first; `text_zh` and `text_en` are its words."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return list(Severity).index(self)

    @property
    def text_zh(self) -> str:
        """Its Chinese word."""
        return {"critical": "严重", "warning": "警告", "info": "提示"}[self.value]

    @property
    def text_en(self) -> str:
        """Its English word."""
        return {"critical": "CRITICAL", "warning": "WARNING", "info": "INFO"}[self.value]


class Telling(StrEnum):
    """What a notification says of its alert."""

    RAISED = "raised"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about.

    Attributes:
        key: what tells it from the other subjects of its rule: a region's code and class, an incident's id, a receiver.
        name_zh: its place or name in words.
        name_en: the same in English.
        region: the code of its region, "" for none.
        county: the code of its county, "" for the whole city.
        point_class: the class of points it is about, None for all.
    """

    key: str
    name_zh: str
    name_en: str
    region: str = ""
    county: str = ""
    point_class: PointClass | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule found at one subject at one instant.

    Attributes:
        subject: what it is about.
        value: the figure, exact; None for no data.
        threshold: what it is held against, in the same unit.
        denominator: how many devices or points stand behind it; None where that says nothing.
        measured: the measured share behind it; None where that says nothing.
        suppressed: whether nobody is to be told now, because the cause is exempt.
        short: how many devices or points more it takes; 0 where that says nothing.
        incident: the id of the incident it is about, "" for none.
        since: since when it is so, where that is known better than by when it was first found.
    """

    subject: Subject
    value: Fraction | None
    threshold: Fraction
    denominator: int | None = None
    measured: Fraction | None = None
    suppressed: bool = False
    short: int = 0
    incident: str = ""
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of a rule at a subject: pending while it is not sustained long enough, raised, and cleared.

    Attributes:
        id: such as A17; "" while it is pending.
        rule: the rule's id.
        subject: what it is about.
        severity: how much it matters.
        since: when the figure began to be bad.
        raised_at: when it was raised, None while pending.
        cleared_at: when it was cleared, None before.
        told_at: when somebody was last told of it, None for never.
        tellings: how often somebody was told.
        escalated: how many steps it went up.
        acked_at: when somebody acknowledged it, None for nobody.
        acked_by: who did.
        value: the newest figure, None for no data.
        threshold: what it is held against.
        short: how many devices or points more it takes.
        incident: the id of the incident it is about, "" for none.
        cost_s: what it cost while it was raised: seconds times what was short.
        costed_at: until when that is counted, None before the first figure.
    """

    rule: str
    subject: Subject
    severity: Severity
    since: int
    id: str = ""
    raised_at: int | None = None
    cleared_at: int | None = None
    told_at: int | None = None
    tellings: int = 0
    escalated: int = 0
    acked_at: int | None = None
    acked_by: str = ""
    value: Fraction | None = None
    threshold: Fraction = Fraction(0)
    short: int = 0
    incident: str = ""
    cost_s: int = 0
    costed_at: int | None = None

    @property
    def is_raised(self) -> bool:
        """Whether it is raised and not cleared."""
        return self.raised_at is not None and self.cleared_at is None


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of a timeline: what happened to an alert, an incident, a silence or a work order, and through whom."""

    subject: str
    at: int
    kind: str
    author: str = ""
    note: str = ""
