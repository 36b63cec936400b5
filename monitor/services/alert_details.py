"""What a message tells beside its alert: how many devices, since yesterday, where most of it is, and which ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

from monitor.domain.alert import Alert
from monitor.domain.alert_rule import AlertRule, Measure
from monitor.domain.alert_words import Detail
from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.incident import Incident
from monitor.domain.point import PointClass
from monitor.domain.region import RegionLevel
from monitor.domain.tally import EMPTY
from monitor.services.alert_readings import AlertReadings
from monitor.services.evaluation import Evaluator
from monitor.services.open_incidents import OpenIncidents

WORST_TOWNS = 3
MOST_DEVICES = 500
"""Devices that a message carries."""

_HOUR_S, _DAY_S = 3_600, 86_400


class AlertDetails:
    """Gives what belongs to an alert at the instant of the readings.

    Args:
        readings: the figures of this instant.
        evaluator: gives the tree.
        incidents: the open incidents.
        page: the address of the web page, "" for none.
        handbook: where docs/alerts.md is published, "" for none.
    """

    def __init__(
        self,
        readings: AlertReadings,
        *,
        evaluator: Callable[[], Evaluator],
        incidents: OpenIncidents,
        page: str = "",
        handbook: str = "",
    ) -> None:
        self._readings = readings
        self._evaluator = evaluator
        self._incidents = incidents
        self._page = page.rstrip("/")
        self._handbook = handbook

    def of(self, rule: AlertRule, alert: Alert) -> Detail:
        """Give what a message about an alert tells beside it."""
        page = f"{self._page}/#county={alert.subject.county}" if self._page else ""
        runbook = f"{self._handbook}#{rule.id}" if self._handbook else ""
        if alert.incident:
            incident = self._incidents.incident(alert.incident)
            devices = () if incident is None else tuple(self._incidents.down_in(alert.incident)[:MOST_DEVICES])
            incident = incident or self._readings.now.closed.get(alert.incident)
            return Detail(incident=incident, devices=devices, page=page, runbook=runbook)
        lines_zh, lines_en = self._more(rule, alert)
        if not rule.measure.is_regional and rule.measure is not Measure.DARK_POINT:
            return Detail(page=page, runbook=runbook, lines_zh=lines_zh, lines_en=lines_en)
        region = alert.subject.region
        tally = self._readings.now.sums.get((region, alert.subject.point_class), EMPTY)
        return Detail(
            assessed=tally.assessed if rule.measure is not Measure.DARK_POINT else None,
            offline=tally.offline,
            change=self._change(region, alert) if rule.measure is Measure.ONLINE else None,
            worst=self._worst(region, alert.subject.point_class),
            incidents=self._incidents_in(alert.subject.county),
            devices=self._devices_of(rule, alert),
            page=page,
            runbook=runbook,
            lines_zh=lines_zh,
            lines_en=lines_en,
        )

    def _incidents_in(self, county: str) -> tuple[Incident, ...]:
        open_now = [one.incident for one in self._incidents.by_id.values() if one.incident.down]
        here = [each for each in open_now if not county or each.county in ("", county)]
        return tuple(sorted(here, key=lambda each: -each.down)[:2])

    def _more(self, rule: AlertRule, alert: Alert) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the lines that only some measures have, in Chinese and in English."""
        if rule.measure is Measure.WEEK:
            zh = f"从现在到周日 24:00 须再恢复 {alert.short:,} 台，否则本周无法达标"
            return (zh,), (f"This week's target can no longer be met without {alert.short:,} more devices from now on",)
        backlog = next((each for each in self._readings.now.health.backlog if each.receiver == alert.subject.key), None)
        if rule.measure is Measure.OUTBOX and backlog is not None:
            zh = f"待发 {backlog.waiting} 条，已试 {backlog.tries} 次：{backlog.error}"
            return (zh,), (f"{backlog.waiting} wait, {backlog.tries} tries: {backlog.error}",)
        return (), ()

    def _devices_of(self, rule: AlertRule, alert: Alert) -> tuple[str, ...]:
        if rule.measure is Measure.LONG_OFFLINE:
            edge = self._readings.now.at - int(rule.threshold or 0)
            found = [device for device, since in self._readings.now.offline if since <= edge]
        elif rule.measure is Measure.DARK_POINT:
            found = [device for device, _ in self._readings.now.offline if device.point == alert.subject.key]
        else:
            return ()
        county = alert.subject.county
        return tuple(device.id for device in found if not county or self._county_of(device.region or "") == county)[
            :MOST_DEVICES
        ]

    def _worst(self, region: str, point_class: PointClass | None) -> tuple[tuple[str, str, int], ...]:
        tree = self._evaluator().tree
        towns: Counter[str] = Counter()
        for device, _ in self._readings.now.offline:
            if point_class in (None, device.point_class) and device.kind in HEADLINE_KINDS:
                lineage = tree.lineage(device.region or "")
                if region in lineage:
                    towns[tree.ancestor_at(device.region or "", RegionLevel.TOWN) or lineage[0]] += 1
        named = ((tree[code], count) for code, count in towns.most_common(WORST_TOWNS))
        return tuple((town.name, town.name_en or town.name, count) for town, count in named)

    def _change(self, region: str, alert: Alert) -> Fraction | None:
        """Give the change since the same time yesterday, from what is kept of the figures; only of the whole rate."""
        if alert.value is None or alert.subject.point_class is not None:
            return None
        wanted = self._readings.now.at - _DAY_S
        near = min(self._readings.past.get(region, ()), key=lambda each: abs(each.at - wanted), default=None)
        if near is None or abs(near.at - wanted) > _HOUR_S or not near.assessed:
            return None
        return alert.value - Fraction(near.online, near.assessed)

    def _county_of(self, code: str) -> str:
        return self._evaluator().tree.ancestor_at(code, RegionLevel.COUNTY)
