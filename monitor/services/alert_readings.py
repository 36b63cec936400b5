"""What the alert rules are asked about: readings of this instant, as committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from fractions import Fraction
from math import ceil

from monitor.domain.alert import Alert, Reading, Subject
from monitor.domain.alert_rule import AlertRule, Measure
from monitor.domain.assessment import devices_short_now
from monitor.domain.coverage import HEADLINE_KINDS, Coverage
from monitor.domain.device import Device
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.incident import Incident, IncidentKind
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.rate import Rate, intact_rate, measured_share, online_rate
from monitor.domain.region import Region, RegionLevel
from monitor.domain.scope import Scope
from monitor.domain.tally import BUCKETS, EMPTY, Tally
from monitor.domain.target import Target, target_in_force
from monitor.domain.weeks import week_of
from monitor.ports import Backlog
from monitor.services.county_drops import CountyDrops
from monitor.services.evaluation import ASSESSED_CLASSES, Evaluator, rolled_up
from monitor.services.live_counts import LiveCounts
from monitor.services.open_incidents import OpenIncidents

EXEMPTION_KEPT_S = 30 * 86_400

_HOUR_S = 3_600
_WEDNESDAY = 3
_ZERO = Fraction(0)
_NO_CITY = Region("", "–", RegionLevel.CITY)
"""What stands for the city while the inventory has no region."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the service knows of itself.

    Attributes:
        last_look_age_s: how long ago the last look finished; None before the first.
        queue_lag_s: how long the most overdue look has been waiting.
        store_ok: whether the last write was committed.
        disk_free: the free share of the disk that holds the database; None where it is elsewhere.
        clock_trusted: whether our clock is known to be right.
        broken_credentials: groups whose present version many devices refuse that accepted the one before.
        backlog: what waits to be told.
    """

    last_look_age_s: float | None = None
    queue_lag_s: float = 0.0
    store_ok: bool = True
    disk_free: Fraction | None = None
    clock_trusted: bool = True
    broken_credentials: Sequence[str] = ()
    backlog: Sequence[Backlog] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """Online and assessed devices of a region at an instant, from what is kept of the figures."""

    at: int
    online: int
    assessed: int


@dataclass(slots=True)
class Round:
    """The figures of one round, as committed at one instant."""

    at: int
    sums: Mapping[tuple[str, PointClass | None], Tally]
    health: Health
    offline: list[tuple[Device, int]] = field(default_factory=list)
    closed: Mapping[str, Incident] = field(default_factory=dict)
    coverage: Mapping[tuple[str, PointClass], Coverage] | None = None


class AlertReadings:
    """Gives the readings of every rule.

    Args:
        evaluator: the tree and the targets.
        counts: gives the live counts.
        incidents: the open incidents.
        zone: the city's zone.
    """

    def __init__(
        self,
        evaluator: Callable[[], Evaluator],
        *,
        counts: Callable[[], LiveCounts],
        incidents: OpenIncidents,
        zone: tzinfo,
    ) -> None:
        self.exemptions: Sequence[Exemption] = ()
        self.past: Mapping[str, Sequence[Past]] = {}
        self._evaluator = evaluator
        self._counts = counts
        self._open = incidents
        self._zone = zone
        self.now = Round(0, {}, Health())
        self._county_drops = CountyDrops()
        self._target_cache: dict[tuple[Indicator, str, PointClass | None], Target | None] = {}
        self._targets_of: tuple[object, int] = (None, 0)

    def begin(self, *, at: int, health: Health, closed: Sequence[Incident] = (), blind: bool = False) -> None:
        """Take the figures of this instant for a round.

        Args:
            at: now.
            health: what the service knows of itself.
            closed: incidents that ended in this round.
            blind: our own network is down: what falls now says nothing.
        """
        counts = self._counts()
        self.now = Round(
            at,
            self._summed(counts),
            health,
            offline=list(counts.offline()),
            closed={incident.id: incident for incident in closed},
        )
        if not blind:
            self._county_drops.note(at, self._unexplained())

    def of(self, rule: AlertRule, raised: Iterable[Alert] = ()) -> list[Reading]:
        """Give the readings of a rule; a subject that has none is in order.

        Args:
            rule: the rule.
            raised: its raised alerts.
        """
        measure = rule.measure
        if measure in (Measure.ONLINE, Measure.INTACT, Measure.MEASURED):
            return list(self._rates(rule))
        if measure is Measure.NETWORKED:
            return list(self._networked(rule))
        if measure is Measure.DROP:
            return list(self._drops(rule, {alert.subject.key for alert in raised if alert.is_raised}))
        if measure is Measure.WEEK:
            return list(self._weeks(rule))
        if measure is Measure.DARK_POINT:
            return list(self._dark_points(rule))
        if measure is Measure.LONG_OFFLINE:
            return list(self._long_offline(rule))
        if measure is Measure.EXEMPTION_OVER:
            return list(self._exemptions_over())
        if measure in (Measure.INCIDENT, Measure.OWN_NETWORK):
            return list(self._incidents(rule))
        return list(self._own(rule))

    def assessed_in(self, county: str) -> int:
        """Give how many devices of headline kinds a county ("": the city) has assessed."""
        code = county or self._root().code
        return self.now.sums.get((code, None), EMPTY).assessed

    # -- rates -------------------------------------------------------------------------------------------------------

    def _summed(self, counts: LiveCounts) -> dict[tuple[str, PointClass | None], Tally]:
        """Add up the tallies of headline kinds by county and city, by class and over all of them."""
        tree = self._evaluator().tree
        root = self._root().code
        sums: dict[tuple[str, PointClass | None], list[int]] = {}
        counties: dict[str, str] = {}
        for key, tally in counts.cells():
            if key.kind not in HEADLINE_KINDS:
                continue
            county = counties.get(key.region)
            if county is None:
                county = counties[key.region] = tree.ancestor_at(key.region, RegionLevel.COUNTY)
            found = [getattr(tally, bucket) for bucket in BUCKETS]
            for place in ((county, None), (county, key.point_class), (root, None), (root, key.point_class)):
                there = sums.get(place)
                sums[place] = found[:] if there is None else [a + b for a, b in zip(there, found, strict=True)]
        return {place: Tally(*found) for place, found in sums.items() if place[0]}

    def _rates(self, rule: AlertRule) -> Iterable[Reading]:
        for region in self._regions(rule):
            for point_class in self._classes(rule):
                tally = self.now.sums.get((region.code, point_class), EMPTY)
                if rule.measure is Measure.MEASURED:
                    share = measured_share(tally)
                    if rule.threshold is not None:
                        yield self._reading(region, point_class, share, rule.threshold, None, 0)
                    continue
                indicator = rule.measure.indicator
                target = None if indicator is None else self._target(indicator, region.code, point_class)
                threshold = rule.threshold if rule.threshold is not None else target.value if target else None
                if threshold is None or indicator is None:
                    continue
                rate = online_rate(tally) if indicator is Indicator.ONLINE else intact_rate(tally)
                held = Target(indicator, Scope(), threshold, 0, "")
                short = devices_short_now(tally, held)
                yield self._reading(region, point_class, rate, threshold, measured_share(tally), short)

    def _networked(self, rule: AlertRule) -> Iterable[Reading]:
        if self.now.coverage is None:
            self.now.coverage = rolled_up(self._evaluator().tree, self._counts().coverage())
        for region in self._regions(rule):
            for point_class in self._classes(rule):
                classes = ASSESSED_CLASSES if point_class is None else (point_class,)
                parts = [self.now.coverage.get((region.code, each), Coverage()) for each in classes]
                rate = sum(parts, Coverage()).networked_rate
                target = self._target(Indicator.NETWORKED, region.code, point_class)
                threshold = rule.threshold if rule.threshold is not None else target.value if target else None
                if threshold is None:
                    continue
                short = max(0, ceil(threshold * rate.denominator - rate.numerator))
                yield self._reading(region, point_class, rate, threshold, None, short)

    def _drops(self, rule: AlertRule, raised: set[str]) -> Iterable[Reading]:
        if rule.threshold is None:
            return
        fallen = self._county_drops.fallen(rule.threshold, raised)
        for region in self._regions(rule):
            if region.code in fallen:
                subject = _subject(region.code, region, self._county(region.code))
                drop = fallen[region.code]
                yield Reading(subject, drop.value, rule.threshold, denominator=drop.denominator)

    def _weeks(self, rule: AlertRule) -> Iterable[Reading]:
        """Give each county's rate of this week if nothing changes until its end; from Wednesday on."""
        at = self.now.at
        if datetime.fromtimestamp(at, self._zone).isoweekday() < _WEDNESDAY:
            return
        week = week_of(at, self._zone)
        start, end = week.bounds(self._zone)
        for region in self._regions(rule):
            target = self._target(Indicator.ONLINE, region.code, None)
            threshold = rule.threshold if rule.threshold is not None else target.value if target else None
            tally = self.now.sums.get((region.code, None), EMPTY)
            hours = [each for each in self.past.get(region.code, ()) if start <= each.at <= at]
            if threshold is None or len(hours) * _HOUR_S * 5 < (at - start) * 4 or not tally.assessed:
                continue
            so_far_s = at - start
            online_s = Fraction(sum(each.online for each in hours), len(hours)) * so_far_s
            assessed_s = Fraction(sum(each.assessed for each in hours), len(hours)) * so_far_s
            left_s = end - at
            value = (online_s + tally.online * left_s) / (assessed_s + tally.assessed * left_s)
            wanted = (threshold * (assessed_s + tally.assessed * left_s) - online_s) / left_s if left_s else _ZERO
            short = max(0, ceil(wanted) - tally.online)
            subject = _subject(f"{region.code}/{week.name}", region, self._county(region.code))
            yield Reading(subject, value, threshold, denominator=tally.assessed, short=short)

    # -- devices and points ------------------------------------------------------------------------------------------

    def _dark_points(self, rule: AlertRule) -> Iterable[Reading]:
        counts, tree = self._counts(), self._evaluator().tree
        dark: dict[str, tuple[int, Device, bool]] = {}
        for device, since in self.now.offline:
            if device.point_class is not PointClass.FIRST or device.point is None or device.kind not in HEADLINE_KINDS:
                continue
            before = dark.get(device.point)
            if before is None and not counts.stands_dark(device.id):
                continue
            told = bool(self._open.incident_of(device.id))
            if before is not None:
                since, told = max(since, before[0]), told and before[2]
            dark[device.point] = (since, device, told)
        for point, (since, device, told) in dark.items():
            region = tree.get(device.region or "")
            name_zh, name_en = (region.name, region.name_en or region.name) if region else ("", "")
            subject = Subject(
                point,
                f"{name_zh} {point}".strip(),
                f"{name_en} {point}".strip(),
                region=device.region or "",
                county=self._county(device.region or ""),
            )
            threshold = rule.threshold if rule.threshold is not None else _ZERO
            yield Reading(subject, Fraction(self.now.at - since), threshold, suppressed=told, since=since)

    def _long_offline(self, rule: AlertRule) -> Iterable[Reading]:
        limit_s = int(rule.threshold or 0)
        ages = self._counts().offline_ages(at=self.now.at, limits_s=(limit_s,))
        for region in self._regions(rule):
            codes = [region.code] if region.level is RegionLevel.COUNTY else list(self._counties())
            count = sum(ages[code, 1] for code in codes)
            yield Reading(_subject(region.code, region, self._county(region.code)), Fraction(count), _ZERO)

    def _exemptions_over(self) -> Iterable[Reading]:
        at, tree = self.now.at, self._evaluator().tree
        over = [each for each in self.exemptions if at - EXEMPTION_KEPT_S < each.end <= at]
        if not over:
            return
        down: Counter[tuple[ExemptionScope, str, int]] = Counter()
        places: dict[tuple[ExemptionScope, str], str] = {}
        ends: dict[tuple[ExemptionScope, str], list[int]] = {}
        for each in over:
            ends.setdefault((each.scope, each.scope_id), []).append(each.end)
        for device, since in self.now.offline:
            own = [(ExemptionScope.DEVICE, device.id), (ExemptionScope.PATH, device.id)]
            own += [(ExemptionScope.REGION, code) for code in tree.lineage(device.region or "")]
            if device.point is not None:
                own.append((ExemptionScope.POINT, device.point))
            for place in own:
                for end in ends.get(place, ()):
                    if since < end:
                        down[(*place, end)] += 1
                        places[place] = device.region or ""
        for each in over:
            count = down[each.scope, each.scope_id, each.end]
            if not count:
                continue
            region = tree.get(places[each.scope, each.scope_id])
            name_zh, name_en = (region.name, region.name_en or region.name) if region else ("", "")
            subject = Subject(
                each.id,
                f"{name_zh} {each.id} {each.scope_id}".strip(),
                f"{name_en} {each.id} {each.scope_id}".strip(),
                region=region.code if region else "",
                county=self._county(region.code) if region else "",
            )
            yield Reading(subject, Fraction(count), _ZERO)

    # -- incidents ---------------------------------------------------------------------------------------------------

    def _incidents(self, rule: AlertRule) -> Iterable[Reading]:
        own = rule.measure is Measure.OWN_NETWORK
        for one in self._open.by_id.values():
            incident = one.incident
            if (incident.kind is IncidentKind.OWN_NETWORK) is not own:
                continue
            region = self._evaluator().tree.get(incident.county) or self._root()
            subject = _subject(incident.id, region, incident.county)
            yield Reading(
                subject,
                Fraction(max(1, incident.down)),
                rule.threshold if rule.threshold is not None else _ZERO,
                suppressed=self._open.is_exempt(incident.id),
                incident=incident.id,
                since=incident.began_at,
            )

    def _unexplained(self) -> dict[str, tuple[int, int]]:
        """Give the devices of each county that are online and offline, those in incidents as if they were online."""
        explained = self._down_by_county()
        found = {}
        for county in self._counties():
            tally = self.now.sums.get((county, None), EMPTY)
            known = min(tally.offline, explained[county])
            found[county] = (tally.online + known, tally.offline - known)
        return found

    def _down_by_county(self) -> Counter[str]:
        counties: Counter[str] = Counter()
        for one in self._open.by_id.values():
            if one.incident.county:
                counties[one.incident.county] += one.assessed
            elif one.down:
                counties.update(self._open.counties_of(one.incident.id))
        return counties

    # -- the service itself ------------------------------------------------------------------------------------------

    def _own(self, rule: AlertRule) -> Iterable[Reading]:
        health = self.now.health
        threshold = rule.threshold if rule.threshold is not None else _ZERO
        subject = Subject("vidnet", "本系统", "vidnet")
        if rule.measure is Measure.OUTBOX:
            for backlog in health.backlog:
                name = Subject(backlog.receiver, f"接收方 {backlog.receiver}", f"receiver {backlog.receiver}")
                age = self.now.at - backlog.oldest_at
                yield Reading(name, Fraction(age), threshold)
            return
        if rule.measure is Measure.CREDENTIAL:
            for group in health.broken_credentials:
                yield Reading(Subject(group, f"凭据组 {group}", f"credential group {group}"), Fraction(1), threshold)
            return
        value: Fraction | None
        if rule.measure is Measure.COLLECTOR:
            value = None if health.last_look_age_s is None else Fraction(int(health.last_look_age_s))
        elif rule.measure is Measure.QUEUE:
            value = Fraction(int(health.queue_lag_s))
        elif rule.measure is Measure.STORE:
            value = Fraction(not health.store_ok)
        elif rule.measure is Measure.CLOCK:
            value = Fraction(not health.clock_trusted)
        else:
            value = health.disk_free
        yield Reading(subject, value, threshold)

    # -- small things ------------------------------------------------------------------------------------------------

    def _reading(
        self,
        region: Region,
        point_class: PointClass | None,
        rate: Rate,
        threshold: Fraction,
        measured: Rate | None,
        short: int,
    ) -> Reading:
        key = region.code if point_class is None else f"{region.code}/{point_class}"
        subject = _subject(key, region, self._county(region.code), point_class)
        share = None if measured is None else measured.value
        return Reading(subject, rate.value, threshold, denominator=rate.denominator, measured=share, short=short)

    def _regions(self, rule: AlertRule) -> Sequence[Region]:
        if rule.level == "city":
            return [self._root()]
        return self._evaluator().tree.at_level(RegionLevel.COUNTY)

    def _classes(self, rule: AlertRule) -> Sequence[PointClass | None]:
        if rule.by_class:
            return ASSESSED_CLASSES
        return (rule.point_class,)

    def _target(self, indicator: Indicator, region: str, point_class: PointClass | None) -> Target | None:
        evaluator, hour = self._evaluator(), self.now.at // _HOUR_S
        if self._targets_of[0] is not evaluator.targets or self._targets_of[1] != hour:
            self._target_cache.clear()
            self._targets_of = (evaluator.targets, hour)
        key = (indicator, region, point_class)
        if key not in self._target_cache:
            row = Scope(region=region, point_class=point_class)
            self._target_cache[key] = target_in_force(
                evaluator.targets, indicator, row, at=self.now.at, tree=evaluator.tree
            )
        return self._target_cache[key]

    def _root(self) -> Region:
        roots = self._evaluator().tree.children(None)
        return roots[0] if roots else _NO_CITY

    def _county(self, code: str) -> str:
        return self._evaluator().tree.ancestor_at(code, RegionLevel.COUNTY)

    def _counties(self) -> Iterable[str]:
        return (region.code for region in self._evaluator().tree.at_level(RegionLevel.COUNTY))


def _subject(key: str, region: Region, county: str, point_class: PointClass | None = None) -> Subject:
    return Subject(key, region.name, region.name_en or region.name, region.code, county, point_class)
