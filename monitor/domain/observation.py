"""Observations 观测: what one look tells about one device, judged (RULES §1)."""

from __future__ import annotations

from enum import StrEnum

from monitor.domain.values import dataclass


class Evidence(StrEnum):
    """What a look proves about connectivity."""

    ANSWERED = "answered"
    SILENT = "silent"
    NONE = "none"


class Origin(StrEnum):
    """Where the evidence comes from: we looked, another system says so, or a file brought it."""

    MEASURED = "measured"
    REPORTED = "reported"
    IMPORTED = "imported"


class LookKind(StrEnum):
    """Kinds of evidence; `intact_requires` names those that an intact device must have."""

    HEALTH = "health"
    DEEP = "deep"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at one device, judged.

    Attributes:
        device_id: the device.
        at: start of the look, floored, epoch seconds.
        evidence: what it proves about connectivity.
        interval_s: the interval in force when the look was scheduled (RULES §2).
        kind: which kind of evidence the look gives about the condition.
        faults: codes of faults that it shows.
        could_show: codes of faults that it could have shown, so that not showing them clears them.
        proves_itself: the device itself answered, so its identity is renewed.
        realm: the authentication realm it named, "" for none.
        confirmed: silence that needs no repetition (a last will, `online: false`).
        since: for confirmed silence, since when; None means `at`.
        origin: who measured it.
        asleep: it answered that it is switched off on purpose: online, and said so in the cause.
        complete: the look saw enough to be evidence of its kind; one that was not let in is worth a health look.
        clock_offset: the device's clock minus ours, tenths of a second; None where it was not read.
    """

    device_id: str
    at: int
    evidence: Evidence
    interval_s: int
    kind: LookKind = LookKind.HEALTH
    faults: tuple[str, ...] = ()
    could_show: frozenset[str] = frozenset()
    proves_itself: bool = True
    realm: str = ""
    confirmed: bool = False
    since: int | None = None
    origin: Origin = Origin.MEASURED
    asleep: bool = False
    complete: bool = True
    clock_offset: int | None = None
