"""Alerts, incidents, silences, work orders and messages as rows and back."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec

from monitor.domain.alert import Alert, Happening, Severity, Subject
from monitor.domain.alert_rule import read_weekly_hours, written_weekly_hours
from monitor.domain.facts import Party
from monitor.domain.incident import Incident, IncidentKind, Member, Shared
from monitor.domain.notification import Message, Waiting
from monitor.domain.point import PointClass
from monitor.domain.silence import Silence
from monitor.domain.work_order import WorkOrder

_encode = msgspec.json.Encoder().encode
_message = msgspec.json.Decoder(Message)
_ids = msgspec.json.Decoder(tuple[str, ...])


def alert_row(alert: Alert) -> tuple[Any, ...]:
    """Give a raised alert as a row of `alert`."""
    subject = alert.subject
    return (
        alert.id,
        alert.rule,
        subject.key,
        subject.name_zh,
        subject.name_en,
        subject.region,
        subject.county,
        None if subject.point_class is None else subject.point_class.value,
        alert.severity.value,
        alert.since,
        alert.raised_at,
        alert.cleared_at,
        alert.told_at,
        alert.tellings,
        alert.escalated,
        None if alert.value is None else str(alert.value),
        str(alert.threshold),
        alert.short,
        alert.incident,
        alert.cost_s,
        alert.costed_at,
        alert.acked_at,
        alert.acked_by,
    )


def alert_of(row: tuple[Any, ...]) -> Alert:
    """Give the alert of a row."""
    alert_id, rule, key, name_zh, name_en, region, county, point_class, severity, since = row[:10]
    raised_at, cleared_at, told_at, tellings, escalated, value, threshold, short, incident = row[10:19]
    cost_s, costed_at, acked_at, acked_by = row[19:]
    place = None if point_class is None else PointClass(point_class)
    return Alert(
        rule=rule,
        subject=Subject(key, name_zh, name_en, region, county, place),
        severity=Severity(severity),
        since=since,
        id=alert_id,
        raised_at=raised_at,
        cleared_at=cleared_at,
        told_at=told_at,
        tellings=tellings,
        escalated=escalated,
        acked_at=acked_at,
        acked_by=acked_by,
        value=None if value is None else Fraction(value),
        threshold=Fraction(threshold),
        short=short,
        incident=incident,
        cost_s=cost_s,
        costed_at=costed_at,
    )


def happening_row(happening: Happening) -> tuple[Any, ...]:
    """Give an entry of a timeline as a row of `happening`."""
    return (happening.subject, happening.at, happening.kind, happening.author, happening.note)


def incident_row(incident: Incident) -> tuple[Any, ...]:
    """Give an incident as a row of `incident`."""
    return (
        incident.id,
        incident.kind.value,
        None if incident.shared is None else incident.shared.value,
        incident.value,
        incident.name,
        incident.county,
        incident.began_at,
        incident.opened_at,
        incident.closed_at,
        incident.ours,
        incident.party.value,
        incident.devices,
        incident.down,
        incident.peak,
        incident.cost_s,
        incident.costed_at,
        str(incident.points),
        incident.log_p,
    )


def incident_of(row: tuple[Any, ...]) -> Incident:
    """Give the incident of a row."""
    incident_id, kind, shared, value, name, county, began_at, opened_at, closed_at = row[:9]
    ours, party, devices, down, peak, cost_s, costed_at, points, log_p = row[9:]
    return Incident(
        id=incident_id,
        kind=IncidentKind(kind),
        shared=None if shared is None else Shared(shared),
        value=value,
        name=name,
        county=county,
        began_at=began_at,
        opened_at=opened_at,
        closed_at=closed_at,
        ours=bool(ours),
        party=Party(party),
        devices=devices,
        down=down,
        peak=peak,
        cost_s=cost_s,
        costed_at=costed_at,
        points=Fraction(points),
        log_p=log_p,
    )


def member_row(member: Member) -> tuple[Any, ...]:
    """Give a device of an incident as a row of `incident_member`."""
    return (member.incident, member.device_id, member.joined_at, member.left_at)


def outbox_row(waiting: Waiting) -> tuple[Any, ...]:
    """Give a message for a receiver as a new row of `outbox`."""
    message = waiting.message
    return (
        waiting.key,
        waiting.number,
        waiting.receiver,
        _encode(message).decode(),
        message.at,
        waiting.tries,
        waiting.next_try_at,
        waiting.error,
        waiting.handed_at,
        None,
    )


def waiting_of(row: tuple[Any, ...]) -> Waiting:
    """Give the message of a row that selects number, receiver, message, tries, next_try_at, error and handed_at."""
    number, receiver, message, tries, next_try_at, error, handed_at = row
    return Waiting(number, receiver, _message.decode(message), tries, next_try_at, error, handed_at)


def silence_row(silence: Silence) -> tuple[Any, ...]:
    """Give a silence as a row of `silence`."""
    return (
        silence.id,
        silence.start,
        silence.end,
        silence.author,
        silence.reason,
        silence.created_at,
        silence.rule,
        silence.region,
        silence.subject,
        "" if silence.hours is None else written_weekly_hours(silence.hours),
        silence.ended_at,
        silence.ended_by,
    )


def silence_of(row: tuple[Any, ...]) -> Silence:
    """Give the silence of a row."""
    silence_id, start, end, author, reason, created_at, rule, region, subject, hours, ended_at, ended_by = row
    return Silence(
        id=silence_id,
        start=start,
        end=end,
        author=author,
        reason=reason,
        created_at=created_at,
        rule=rule,
        region=region,
        subject=subject,
        hours=read_weekly_hours(hours) if hours else None,
        ended_at=ended_at,
        ended_by=ended_by,
    )


def order_row(order: WorkOrder) -> tuple[Any, ...]:
    """Give a work order as a row of `work_order`."""
    return (
        order.id,
        order.fault,
        order.subject,
        order.title_zh,
        order.title_en,
        order.county,
        order.maintainer,
        order.contract,
        _encode(order.devices).decode(),
        order.opened_at,
        order.acked_at,
        order.repaired_at,
        order.good_since,
        order.closed_at,
        order.reopened,
        order.result,
        order.external,
    )


def order_of(row: tuple[Any, ...]) -> WorkOrder:
    """Give the work order of a row."""
    order_id, fault, subject, title_zh, title_en, county, maintainer, contract, devices = row[:9]
    opened_at, acked_at, repaired_at, good_since, closed_at, reopened, result, external = row[9:]
    return WorkOrder(
        id=order_id,
        fault=fault,
        subject=subject,
        title_zh=title_zh,
        title_en=title_en,
        opened_at=opened_at,
        county=county,
        maintainer=maintainer,
        contract=contract,
        devices=_ids.decode(devices),
        acked_at=acked_at,
        repaired_at=repaired_at,
        good_since=good_since,
        closed_at=closed_at,
        reopened=reopened,
        result=result,
        external=external,
    )
