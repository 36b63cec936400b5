"""Rows of a period: every device once in each, judged by its own target, ranked within its group."""

from __future__ import annotations

from datetime import timedelta, timezone
from fractions import Fraction

from monitor.domain.assessment import Verdict
from monitor.domain.compliance import Judging, Method, RowCounter, RowKey, compliance_rows
from monitor.domain.device import Device, DeviceKind, Lifecycle, Organisations
from monitor.domain.facts import Axis, InventoryChange, StateChange
from monitor.domain.indicator import Indicator
from monitor.domain.period_counting import CountingRules, PeriodCounter
from monitor.domain.period_facts import PeriodFacts
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.domain.scope import Scope
from monitor.domain.state import Cause
from monitor.domain.target import Target
from tests.packing import packed_changes

ZONE = timezone(timedelta(hours=8))
START = 1_795_363_200  # a midnight of the city
DAY = 86_400
END = START + 7 * DAY
REGIONS = [
    Region("3707", "市", RegionLevel.CITY),
    Region("a", "甲县", RegionLevel.COUNTY, "3707"),
    Region("b", "乙县", RegionLevel.COUNTY, "3707"),
    Region("z", "开发区", RegionLevel.COUNTY, "3707", rank_group="zone"),
    Region("a1", "甲镇", RegionLevel.TOWN, "a"),
]


def camera(name: str, region: str, *, kind: DeviceKind = DeviceKind.CAMERA, maintainer: str = "") -> Device:
    lifecycle = Lifecycle(START - 9 * DAY)
    return Device(name, kind, PointClass.FIRST, region, lifecycle, organisations=Organisations(maintainer=maintainer))


def rows_of(devices: list[Device], *, offline: dict[str, int], moves: list[InventoryChange], root: str = "3707"):
    """Count a week in which devices are online but for the last so many seconds."""
    changes = []
    for device in devices:
        changes.append(StateChange(device.id, Axis.CONNECTIVITY, "unknown", "online", START - DAY, Cause.ANSWERED))
        if device.id in offline:
            at = END - offline[device.id]
            changes.append(StateChange(device.id, Axis.CONNECTIVITY, "online", "offline", at, Cause.SILENT))
    keys = {device.id: number for number, device in enumerate(devices, 1)}
    packed = packed_changes(changes, keys=keys, start=START)
    facts = PeriodFacts(9, REGIONS, [], devices, list(keys.values()), packed, [], [], moves)
    counter = PeriodCounter(facts, start=START, end=END, rules=CountingRules(ZONE))
    target = Target(Indicator.ONLINE, Scope(), Fraction(95, 100), 0, "plan")
    mine = Target(Indicator.ONLINE, Scope(region="b"), Fraction(1, 2), 0, "county")
    judging = Judging(counter.trees[-1][2], [target, mine], START, small_sample=2)
    found = compliance_rows(RowCounter(counter.count(), root=root).rows(), judging)
    return {row.key: row for row in found}


def region(code: str) -> RowKey:
    return RowKey(code, {each.code: each.level for each in REGIONS}[code])


def test_a_device_that_moves_counts_in_both_counties_and_once_in_the_city():
    move = InventoryChange("device", "c1", "region", "a1", "b", START + 2 * DAY)
    rows = rows_of([camera("c1", "b"), camera("c2", "b")], offline={"c1": DAY}, moves=[move])

    city, here, there = rows[region("3707")], rows[region("a")], rows[region("b")]
    assert (city.sums.devices, here.sums.devices, there.sums.devices) == (2, 1, 2)
    assert (city.sums.seconds.in_service, here.sums.seconds.in_service) == (14 * DAY, 2 * DAY)
    assert (here.sums.seconds.offline, there.sums.seconds.offline) == (0, DAY)
    assert rows[region("a1")].sums == here.sums


def test_rows_are_split_by_class_kind_and_organisation_and_only_headline_kinds_make_headlines():
    devices = [
        camera("c1", "a", maintainer="甲公司"),
        camera("r1", "a", kind=DeviceKind.RECORDER, maintainer="甲公司"),
        camera("k1", "a", kind=DeviceKind.CHECKPOINT),
    ]
    rows = rows_of(devices, offline={}, moves=[])

    assert rows[region("a")].sums.devices == 2
    assert rows[RowKey("a", RegionLevel.COUNTY, kind=DeviceKind.RECORDER)].sums.devices == 1
    assert rows[RowKey("a", RegionLevel.COUNTY, point_class=PointClass.FIRST)].sums.devices == 2
    assert rows[RowKey("3707", RegionLevel.CITY, organisation=("maintainer", "甲公司"))].sums.devices == 1


def test_verdicts_ranks_and_devices_short():
    devices = [camera(f"{code}{number}", code) for code in ("a", "b", "z") for number in range(10)]
    offline = {"a0": 7 * DAY, "b0": 7 * DAY, "b1": DAY}
    rows = rows_of(devices, offline=offline, moves=[])

    a, b, z = (rows[region(code)] for code in ("a", "b", "z"))
    assert (a.online.verdict, a.online.short) == (Verdict.MISSED, 1)
    assert (b.online.verdict, b.online.short) == (Verdict.MET, 0)  # by the target of its own
    assert [row.rank for row in (a, b, z)] == [1, 2, 1]
    assert rows[region("3707")].rank is None
    assert not a.small_sample


def test_a_region_is_the_root_of_its_own_report():
    rows = rows_of([camera("c1", "a1"), camera("c2", "b")], offline={}, moves=[], root="a")

    assert {key.region for key in rows} == {"a", "a1"}


def test_parts_counted_apart_and_joined_are_the_whole():
    devices = [camera("c1", "a"), camera("c2", "b"), camera("c3", "b"), camera("c4", "a1", maintainer="甲公司")]
    changes = [
        StateChange(device.id, Axis.CONNECTIVITY, "unknown", new, START + number, Cause.ANSWERED)
        for number, (device, new) in enumerate(zip(devices, ("online", "offline") * 2, strict=True))
    ]
    move = InventoryChange("device", "c3", "region", "a1", "b", START + 2 * DAY)
    packed = packed_changes(changes, keys={each.id: number for number, each in enumerate(devices, 1)}, start=START)
    facts = PeriodFacts(9, REGIONS, [], devices, [1, 2, 3, 4], packed, [], [], [move])
    counter = PeriodCounter(facts, start=START, end=END, rules=CountingRules(ZONE))
    whole = counter.count()

    for half in range(len(devices) + 1):
        joined = counter.count(devices=range(half))
        joined.join(counter.count(devices=range(half, len(devices))))
        assert (joined.slots, joined.seconds, joined.shots) == (whole.slots, whole.seconds, whole.shots), half
        assert joined.entry_devices == whole.entry_devices
        assert (joined.entry_slots, joined.entry_seconds) == (whole.entry_slots, whole.entry_seconds)
        assert joined.at_end == whole.at_end


def test_snapshots_make_the_rates_where_asked_for():
    devices = [camera("c1", "a")]
    keys = {"c1": 1}
    changes = [
        StateChange("c1", Axis.CONNECTIVITY, "unknown", "online", START - DAY, Cause.ANSWERED),
        # Down from 07:59:59 to 08:00:01 of the first day: one snapshot of 28, two seconds of a week.
        StateChange("c1", Axis.CONNECTIVITY, "online", "offline", START + 8 * 3_600 - 1, Cause.SILENT),
        StateChange("c1", Axis.CONNECTIVITY, "offline", "online", START + 8 * 3_600 + 1, Cause.ANSWERED),
    ]
    packed = packed_changes(changes, keys=keys, start=START)
    facts = PeriodFacts(9, REGIONS, [], devices, [1], packed, [], [], [])
    counter = PeriodCounter(facts, start=START, end=END, rules=CountingRules(ZONE))
    sums = RowCounter(counter.count(), root="3707").rows()
    judging = Judging(counter.trees[-1][2], [], START, method=Method.SNAPSHOT)

    row = next(each for each in compliance_rows(sums, judging) if each.key == region("3707"))
    assert row.online.rate.value == Fraction(27, 28)
    assert row.sums.seconds.offline == 2
