"""Deciding over alerts: pure functions of readings and alert states; nothing else raises, reminds or clears.

A figure must be bad for a while before anybody hears of it, and better than its threshold by a margin before the alert
is cleared; what cannot be judged decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from fractions import Fraction

from monitor.domain.alert import Alert, Reading, Telling
from monitor.domain.alert_rule import AlertRule, Measure
from monitor.domain.values import dataclass

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of an alert: its state from now on (None: nothing is left of it), and what is to be told."""

    alert: Alert | None
    tellings: tuple[Telling, ...] = ()
    changed: bool = False


def decide_rule(
    rule: AlertRule,
    readings: Iterable[Reading],
    alerts: Mapping[str, Alert],
    *,
    at: int,
    zone: tzinfo,
    is_silenced: Callable[[AlertRule, Reading], bool] = lambda rule, reading: False,
    blind: bool = False,
) -> list[Decision]:
    """Decide over everything that a rule is asked of.

    Args:
        rule: the rule.
        readings: its readings of this instant; a subject that has none is in order again.
        alerts: its pending and raised alerts by the subject's key.
        at: now.
        zone: the city's zone, for working hours.
        is_silenced: tells whether nobody is to be told.
        blind: our own network is down, or decisions are held: nothing is raised or cleared by figures.
    """
    decisions = []
    seen = set()
    for reading in readings:
        key = reading.subject.key
        seen.add(key)
        quiet = reading.suppressed or is_silenced(rule, reading)
        decisions.append(decide(rule, reading, alerts.get(key), at=at, zone=zone, quiet=quiet, blind=blind))
    for key, alert in alerts.items():
        if key not in seen and not blind:
            decisions.append(_in_order(rule, alert, at=at, quiet=False))
    return decisions


def decide(
    rule: AlertRule,
    reading: Reading,
    alert: Alert | None,
    *,
    at: int,
    zone: tzinfo,
    quiet: bool = False,
    blind: bool = False,
) -> Decision:
    """Decide over one reading.

    Args:
        rule: the rule.
        reading: what it found.
        alert: what is known of this subject: pending or raised, None for nothing.
        at: now, epoch seconds.
        zone: the city's zone.
        quiet: nobody is to be told now; what is raised meanwhile is told afterwards.
        blind: nothing is raised or cleared.
    """
    if blind:
        return Decision(alert)
    if reading.value is None or not _is_judgeable(rule, reading):
        return Decision(alert) if alert is not None and alert.is_raised else Decision(None, changed=alert is not None)
    if alert is not None and alert.is_raised:
        if _is_clear(rule, reading):
            return _in_order(rule, _costed(replace(alert, value=reading.value), at), at=at, quiet=quiet)
        return _tell(rule, _renewed(_costed(alert, at), reading), at=at, zone=zone, quiet=quiet)
    if not _is_bad(rule, reading):
        return Decision(None, changed=alert is not None)
    if alert is None:
        alert = Alert(rule.id, reading.subject, rule.severity, since=at if reading.since is None else reading.since)
    alert = _renewed(alert, reading)
    if at - alert.since < rule.sustained_s:
        return Decision(alert, changed=True)
    return _tell(rule, replace(alert, raised_at=at, costed_at=at), at=at, zone=zone, quiet=quiet, changed=True)


def _tell(rule: AlertRule, alert: Alert, *, at: int, zone: tzinfo, quiet: bool, changed: bool = False) -> Decision:
    """Tell people of a raised alert: for the first time, again, or one step up."""
    if quiet or (rule.working_hours is not None and not rule.working_hours.holds_at(at, zone)):
        return Decision(alert, changed=changed)
    if rule.digest_at is not None and not _is_digest_due(rule.digest_at, alert.told_at, at=at, zone=zone):
        return Decision(alert, changed=changed)
    tellings = []
    if not alert.tellings:
        tellings.append(Telling.RAISED)
    elif _is_reminder_due(rule, alert, at=at):
        tellings.append(Telling.REMINDED)
    if tellings:
        alert = replace(alert, told_at=at, tellings=alert.tellings + 1)
    if alert.acked_at is None and alert.escalated < len(rule.escalate_to):
        reminded_s = (alert.tellings - 1) * (rule.reminder_s or 0)
        first_told_at = at if alert.told_at is None else alert.told_at - reminded_s
        if at >= first_told_at + (alert.escalated + 1) * rule.escalate_after_s:
            alert = replace(alert, escalated=alert.escalated + 1)
            tellings.append(Telling.ESCALATED)
    return Decision(alert, tuple(tellings), changed=changed or bool(tellings))


def _in_order(rule: AlertRule, alert: Alert, *, at: int, quiet: bool) -> Decision:
    """Clear a raised alert, forget a pending one."""
    if not alert.is_raised:
        return Decision(None, changed=True)
    told = alert.tellings > 0 and rule.tells_clear and not quiet
    return Decision(replace(alert, cleared_at=at), (Telling.CLEARED,) if told else (), changed=True)


def _is_reminder_due(rule: AlertRule, alert: Alert, *, at: int) -> bool:
    if rule.digest_at is not None:
        return True
    if rule.reminder_s is None or alert.acked_at is not None or alert.told_at is None:
        return False
    return at >= alert.told_at + rule.reminder_s


def _is_digest_due(minute: int, told_at: int | None, *, at: int, zone: tzinfo) -> bool:
    now = datetime.fromtimestamp(at, zone)
    if now.hour * 60 + now.minute < minute:
        return False
    return told_at is None or datetime.fromtimestamp(told_at, zone).date() < now.date()


def _costed(alert: Alert, at: int) -> Alert:
    """Count what a raised alert cost since its last figure: what was short then, for so long."""
    since = at if alert.costed_at is None else alert.costed_at
    return replace(alert, cost_s=alert.cost_s + alert.short * (at - since), costed_at=at)


def _renewed(alert: Alert, reading: Reading) -> Alert:
    """Give the alert with the newest figures."""
    return replace(
        alert,
        subject=reading.subject,
        value=reading.value,
        threshold=reading.threshold,
        short=reading.short,
        incident=reading.incident,
    )


def _is_judgeable(rule: AlertRule, reading: Reading) -> bool:
    if reading.denominator is not None and reading.denominator < rule.min_denominator:
        return False
    return reading.measured is None or reading.measured >= rule.min_measured


def _is_bad(rule: AlertRule, reading: Reading) -> bool:
    assert reading.value is not None  # noqa: S101 - judged before
    if rule.measure.bad_below:
        return reading.value < reading.threshold
    return reading.value > reading.threshold


def _is_clear(rule: AlertRule, reading: Reading) -> bool:
    """Tell whether a raised alert may be cleared: beyond threshold and margin, or as good as it can be."""
    assert reading.value is not None  # noqa: S101 - judged before
    if not rule.margin:
        return not _is_bad(rule, reading)
    if rule.measure.bad_below:
        best = reading.value >= ONE and rule.measure is not Measure.DISK
        return best or reading.value > reading.threshold + rule.margin
    return reading.value < reading.threshold - rule.margin
