"""Open incidents and raised alerts as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.domain.alert import Alert
from monitor.domain.alert_words import device_hours, duration_en, duration_zh, points_of
from monitor.domain.incident import Incident, IncidentKind, title_of

MOST = 5


def incident_lines(incidents: Sequence[Incident], *, at: int) -> list[str]:
    """Give the open incidents, the largest first: why, how many devices, how long, what it cost so far."""
    lines = []
    for incident in incidents[:MOST]:
        zh, en = title_of(incident)
        line = f"事件 incident {incident.id}: {zh} · {en}"
        lasting_s = at - incident.began_at
        if incident.kind is not IncidentKind.OWN_NETWORK:
            line += f" · {incident.down:,} 台离线 down · {device_hours(incident.cost_at(at))} 台时 device-hours"
            line += f" · −{points_of(incident.points)} 个百分点 points"
        lines.append(f"{line} · {duration_zh(lasting_s)} {duration_en(lasting_s)}")
    if len(incidents) > MOST:
        lines.append(f"另有 {len(incidents) - MOST} 个事件 · {len(incidents) - MOST} more: vidnet incidents list")
    return lines


def alert_lines(alerts: Sequence[Alert]) -> list[str]:
    """Give how many alerts are raised, and the most severe of those that no incident tells of."""
    if not alerts:
        return []
    alone = [alert for alert in alerts if not alert.incident]
    named = "、".join(f"{alert.id} {alert.subject.name_zh} {alert.rule}" for alert in alone[:MOST])
    return [f"告警 alerts raised {len(alerts)}" + (f": {named}" if named else "") + " · vidnet alerts list"]
