"""What the rules are asked about, from live counts of two small counties, and what a message tells beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.alert import Alert, Reading, Severity
from monitor.domain.alert_rule import AlertRule, Measure
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Axis, Exemption, ExemptionScope, StateChange
from monitor.domain.indicator import Indicator
from monitor.domain.point import Point, PointClass
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.scope import Scope
from monitor.domain.service_time import ServiceRules
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState, initial_state
from monitor.domain.target import Target
from monitor.ports import Backlog
from monitor.services.alert_details import AlertDetails
from monitor.services.alert_readings import AlertReadings, Health, Past
from monitor.services.device_index import DeviceIndex
from monitor.services.evaluation import Evaluator
from monitor.services.incident_tracker import IncidentTracker
from monitor.services.live_counts import LiveCounts

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = 1_763_913_600  # 2025-11-24 00:00 in Shanghai
DAY_S = 86_400
T0 = MONDAY + 3 * DAY_S  # Thursday
COUNTIES = ("370702", "370783")
TREE = RegionTree(
    [
        Region("3707", "潍坊市", RegionLevel.CITY, name_en="Weifang"),
        *(Region(code, f"县{code}", RegionLevel.COUNTY, "3707") for code in COUNTIES),
        *(Region(f"{code}00{n}", f"镇{code[-2:]}{n}", RegionLevel.TOWN, code) for code in COUNTIES for n in (1, 2)),
    ]
)
TARGETS = [
    Target(Indicator.ONLINE, Scope(), Fraction("0.95"), 0, "test"),
    Target(Indicator.ONLINE, Scope(region="370783"), Fraction("0.99"), 0, "test"),
    Target(Indicator.NETWORKED, Scope(point_class=PointClass.FIRST), Fraction(1), 0, "test"),
]
RULE = AlertRule("rule", Measure.ONLINE, Severity.WARNING)


class City:
    """A hundred cameras in each county, two at each point; the first twenty of a county are of the first class."""

    def __init__(self) -> None:
        self.devices = [self._camera(county, number) for county in COUNTIES for number in range(100)]
        points = {device.point: device for device in self.devices}
        self.states = {device.id: self._state(device.id, Connectivity.ONLINE, T0 - DAY_S) for device in self.devices}
        self.counts = LiveCounts(
            self.devices,
            [Point(name or "", device.region or "", device.point_class) for name, device in points.items()],
            rules=ServiceRules(tree=TREE, zone=ZONE),
            book=ExemptionBook(),
            at=T0,
            states=self.states.values(),
        )
        index = DeviceIndex(TREE, self.counts)
        index.put(self.devices)
        evaluator = Evaluator(TREE, TARGETS)
        self.tracker = IncidentTracker(
            index, standing=lambda: self.counts, assessed_in=lambda county: self.readings.assessed_in(county)
        )
        self.tracker.restore([], [], number=0, cursor=0)
        self.readings = AlertReadings(
            lambda: evaluator,
            counts=lambda: self.counts,
            incidents=self.tracker.incidents,
            zone=ZONE,
        )
        self.details = AlertDetails(
            self.readings,
            evaluator=lambda: evaluator,
            incidents=self.tracker.incidents,
            page="http://127.0.0.1:9880/",
            handbook="https://docs.city.example/alerts",
        )
        self.seq = 0

    def _camera(self, county: str, number: int) -> Device:
        first = number < 20
        return Device(
            id=f"{county}-{number:02d}",
            kind=DeviceKind.CAMERA,
            point_class=PointClass.FIRST if first else PointClass.SECOND,
            region=f"{county}00{1 + number % 4 // 2}",
            lifecycle=Lifecycle(created_at=0),
            point=f"P{county}-{number // 2}",
            endpoint=Endpoint("onvif", f"http://192.0.2.{number + 1}/x"),
        )

    def _state(self, device_id: str, connectivity: Connectivity, since: int) -> DeviceState:
        return replace(
            initial_state(device_id, created_at=0),
            connectivity=connectivity,
            connectivity_since=since,
            condition=Condition.INTACT,
            answered_at=since,
        )

    def put(self, numbers: Iterable[int], connectivity: Connectivity, *, at: int, county: str = "370783") -> None:
        """Commit states, and let the tracker hear of it."""
        changes = []
        for number in numbers:
            device_id = f"{county}-{number:02d}"
            self.seq += 1
            old, self.states[device_id] = self.states[device_id], self._state(device_id, connectivity, at)
            cause = Cause.ANSWERED if connectivity is Connectivity.ONLINE else Cause.SILENT
            changes.append(
                StateChange(device_id, Axis.CONNECTIVITY, old.connectivity, connectivity, at, cause, seq=self.seq)
            )
        self.counts.take([self.states[change.device_id] for change in changes], at=at)
        self.tracker.note(changes)

    def readings_of(self, rule: AlertRule, *, at: int = T0, raised: Iterable[Alert] = ()) -> dict[str, Reading]:
        updates = self.tracker.step(at)
        closed = [incident for incident in updates.incidents if not incident.is_open]
        self.readings.begin(at=at, health=Health(), closed=closed)
        return {reading.subject.key: reading for reading in self.readings.of(rule, raised)}

    def alert(self, rule: AlertRule, reading: Reading) -> Alert:
        alert = Alert(rule.id, reading.subject, rule.severity, T0, id="A1", raised_at=T0, value=reading.value)
        return replace(alert, short=reading.short, threshold=reading.threshold, incident=reading.incident)


@pytest.fixture
def city() -> City:
    return City()


def test_rates_are_held_against_the_target_in_force_there(city: City) -> None:
    city.put(range(90, 100), Connectivity.OFFLINE, at=T0 - 60)
    county = city.readings_of(RULE)
    assert (county["370783"].value, county["370783"].threshold, county["370783"].short) == (
        Fraction(90, 100), Fraction("0.99"), 9,
    )  # fmt: skip
    assert (county["370702"].value, county["370702"].threshold, county["370702"].short) == (1, Fraction("0.95"), 0)
    whole = city.readings_of(replace(RULE, level="city"))["3707"]
    assert (whole.value, whole.threshold, whole.denominator) == (Fraction(190, 200), Fraction("0.95"), 200)
    classes = city.readings_of(replace(RULE, by_class=True))
    assert (classes["370783/first"].value, classes["370783/second"].value) == (1, Fraction(70, 80))
    assert city.readings_of(replace(RULE, threshold=Fraction("0.5")))["370783"].threshold == Fraction("0.5")


def test_coverage_and_the_measured_share(city: City) -> None:
    networked = city.readings_of(replace(RULE, measure=Measure.NETWORKED, by_class=True))
    assert (networked["370783/first"].value, networked["370783/first"].denominator) == (1, 10)
    assert "370783/second" not in networked  # no target for it
    city.put(range(50), Connectivity.UNKNOWN, at=T0 - 60)
    measured = city.readings_of(replace(RULE, measure=Measure.MEASURED, threshold=Fraction("0.95")))
    assert (measured["370783"].value, measured["370702"].value) == (Fraction(1, 2), 1)


DROP = replace(RULE, measure=Measure.DROP, threshold=Fraction("0.02"))


def test_a_county_falls_by_devices_that_were_online_ten_minutes_ago(city: City) -> None:
    assert city.readings_of(DROP, at=T0)["370783"].value == 0
    city.put((0, 30, 60), Connectivity.OFFLINE, at=T0 + 60)
    fallen = city.readings_of(DROP, at=T0 + 75)
    assert (fallen["370783"].value, fallen["370702"].value) == (Fraction(3, 100), 0)
    # While its alert is raised it is held against what it was before, however long ago that is.
    raised = [city.alert(DROP, fallen["370783"])]
    assert city.readings_of(DROP, at=T0 + 2_000, raised=raised)["370783"].value == Fraction(3, 100)
    assert city.readings_of(DROP, at=T0 + 2_015)["370783"].value == 0
    city.put((0, 30, 60), Connectivity.ONLINE, at=T0 + 2_020)
    assert city.readings_of(DROP, at=T0 + 2_030)["370783"].value == 0


def test_what_was_unknown_has_not_fallen(city: City) -> None:
    city.put(range(10), Connectivity.UNKNOWN, at=T0 - 60)
    city.readings_of(DROP, at=T0)
    city.put(range(10), Connectivity.OFFLINE, at=T0 + 30)
    assert city.readings_of(DROP, at=T0 + 60)["370783"].value == 0


def test_what_an_incident_explains_is_no_drop_of_the_county(city: City) -> None:
    city.readings_of(DROP, at=T0)
    city.put(range(0, 40), Connectivity.OFFLINE, at=T0 + 10)
    assert city.readings_of(DROP, at=T0 + 15)["370783"].value == Fraction(40, 100)
    assert city.readings_of(DROP, at=T0 + 105)["370783"].value == 0
    incident = city.readings_of(replace(RULE, measure=Measure.INCIDENT), at=T0 + 105)
    [reading] = incident.values()
    assert (reading.value, reading.incident, reading.subject.county) == (40, "I1", "370783")


def test_a_point_is_dark_when_none_of_its_devices_is_or_could_be_online(city: City) -> None:
    rule = replace(RULE, measure=Measure.DARK_POINT, threshold=Fraction(1_800))
    city.put((0,), Connectivity.OFFLINE, at=T0 - 9_000)
    city.put((2, 50, 51), Connectivity.OFFLINE, at=T0 - 9_000)
    city.put((3,), Connectivity.UNKNOWN, at=T0 - 9_000)
    assert city.readings_of(rule) == {}
    city.put((1,), Connectivity.OFFLINE, at=T0 - 3_600)
    [reading] = city.readings_of(rule).values()
    assert (reading.subject.key, reading.value, reading.subject.county) == ("P370783-0", 3_600, "370783")
    assert city.details.of(rule, city.alert(rule, reading)).devices == ("370783-00", "370783-01")


def test_devices_offline_for_long_are_counted_by_county(city: City) -> None:
    rule = replace(RULE, measure=Measure.LONG_OFFLINE, threshold=Fraction(DAY_S))
    city.put((5,), Connectivity.OFFLINE, at=T0 - DAY_S)
    city.put((6,), Connectivity.OFFLINE, at=T0 - DAY_S + 1)
    found = city.readings_of(rule)
    assert (found["370783"].value, found["370702"].value) == (1, 0)
    assert city.details.of(rule, city.alert(rule, found["370783"])).devices == ("370783-05",)
    assert city.readings_of(replace(rule, level="city"))["3707"].value == 1


def test_an_exemption_that_has_run_out_while_its_device_is_down(city: City) -> None:
    rule = replace(RULE, measure=Measure.EXEMPTION_OVER)
    city.put((5, 6), Connectivity.OFFLINE, at=T0 - 5_000)
    city.put((7,), Connectivity.OFFLINE, at=T0 - 500)
    terms = Exemption("", ExemptionScope.DEVICE, "370783-05", T0 - 9_000, T0 - 1_000, "repair", "city")
    city.readings.exemptions = [
        replace(terms, id="E1"),
        replace(terms, id="E2", end=T0 + 1),  # still runs
        replace(terms, id="E3", scope_id="370783-07"),  # fell after it had run out
        replace(terms, id="E4", scope=ExemptionScope.REGION, scope_id="370783"),
    ]
    found = city.readings_of(rule)
    assert {key: reading.value for key, reading in found.items()} == {"E1": 1, "E4": 2}


def week(city: City, *, online: int) -> None:
    """Say that a county had so many of its 100 devices online in every hour since Monday."""
    city.readings.past = {"370783": [Past(MONDAY + hour * 3_600, online, 100) for hour in range(72)]}


WEEK = replace(RULE, measure=Measure.WEEK, threshold=Fraction("0.95"))


def test_a_week_that_can_no_longer_be_met_without_more_devices(city: City) -> None:
    city.put(range(6), Connectivity.OFFLINE, at=T0 - 60)
    week(city, online=94)
    reading = city.readings_of(WEEK)["370783/2025-W48"]
    assert reading.value == Fraction(94, 100)
    # 0.95 over the week with three of seven days at 0.94 takes 95.75 in the other four: two more than 94.
    assert reading.short == 2
    lines = city.details.of(WEEK, city.alert(WEEK, reading))
    assert lines.lines_en == ("This week's target can no longer be met without 2 more devices from now on",)
    week(city, online=99)
    assert city.readings_of(WEEK)["370783/2025-W48"].value > Fraction("0.95")


def test_before_wednesday_or_without_the_hours_of_the_week_nothing_is_foretold(city: City) -> None:
    week(city, online=50)
    assert city.readings_of(WEEK, at=MONDAY + 2 * DAY_S - 1) == {}
    city.readings.past = {"370783": city.readings.past["370783"][:20]}
    assert city.readings_of(WEEK) == {}


def test_a_message_tells_where_it_is_and_how_it_was_yesterday(city: City) -> None:
    city.put(range(90, 100), Connectivity.OFFLINE, at=T0 - 60)
    city.readings.past = {"370783": [Past(T0 - DAY_S + 600, 98, 100), Past(T0 - 9 * 3_600, 90, 100)]}
    reading = city.readings_of(RULE)["370783"]
    detail = city.details.of(RULE, city.alert(RULE, reading))
    assert (detail.assessed, detail.offline, detail.change) == (100, 10, Fraction("-0.08"))
    assert detail.worst == (("镇831", "镇831", 4), ("镇832", "镇832", 6))[::-1]
    assert detail.page == "http://127.0.0.1:9880/#county=370783"
    assert detail.runbook == "https://docs.city.example/alerts#rule"
    city.readings.past = {"370783": [Past(T0 - DAY_S - 4_000, 98, 100)]}
    assert city.details.of(RULE, city.alert(RULE, reading)).change is None


def test_the_services_own_health(city: City) -> None:
    health = Health(
        last_look_age_s=1_000.5,
        queue_lag_s=3.2,
        store_ok=False,
        disk_free=Fraction(1, 50),
        clock_trusted=False,
        broken_credentials=["hikvision"],
        backlog=[Backlog("duty", waiting=3, oldest_at=T0 - 900, tries=4, error="answered 500")],
    )
    city.readings.begin(at=T0, health=health)

    def value(measure: Measure) -> Fraction | None:
        [reading] = city.readings.of(replace(RULE, measure=measure, threshold=Fraction(1, 20)))
        return reading.value

    assert value(Measure.COLLECTOR) == 1_000
    assert value(Measure.QUEUE) == 3
    assert value(Measure.STORE) == 1
    assert value(Measure.DISK) == Fraction(1, 50)
    assert value(Measure.CLOCK) == 1
    [broken] = city.readings.of(replace(RULE, measure=Measure.CREDENTIAL, threshold=None))
    assert (broken.subject.key, broken.value) == ("hikvision", 1)
    assert value(Measure.OUTBOX) == 900
    rule = replace(RULE, measure=Measure.OUTBOX, threshold=Fraction(600))
    [reading] = city.readings.of(rule)
    detail = city.details.of(rule, city.alert(rule, reading))
    assert (reading.subject.key, detail.lines_en) == ("duty", ("3 wait, 4 tries: answered 500",))
    city.readings.begin(at=T0, health=Health())
    assert value(Measure.COLLECTOR) is None
    assert value(Measure.DISK) is None
    assert city.readings.of(rule) == []
