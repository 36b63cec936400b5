from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.device import DeviceKind, Organisations
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import ExemptionScope
from monitor.domain.point import PointClass
from monitor.domain.printing import percent
from monitor.domain.rate import measured_share, online_rate, raw_online_rate
from monitor.domain.seconds import DeviceSeconds, ScopeKey, device_seconds
from monitor.domain.spans import FROM_EVER
from monitor.domain.tally import EMPTY, Tally
from monitor.domain.timeline import timeline_of
from tests.domain.past import DAY, END, HOUR, START, UTC_RULES, device, exemption, past, rules

ONLINE_ALL_WEEK = [(START - DAY, "online")]
INTACT_ALL_WEEK = [(START - DAY, "intact")]


def week(history, *exemptions, start=START, end=END):
    return device_seconds(history, rules=rules(), exemptions=ExemptionBook(exemptions), start=start, end=end)


def total(seconds):
    return sum(seconds.by_scope.values(), EMPTY)


def exempt(start, end):
    return exemption(ExemptionScope.DEVICE, "cam-1", start, end)


def key(**more):
    one = device(**more)
    return ScopeKey(one.region, one.point_class, one.kind, one.organisations)


def test_example_6_an_outage_half_of_it_exempt():
    outage = [*ONLINE_ALL_WEEK, (START + 2 * HOUR, "offline"), (START + 6 * HOUR, "online")]
    history = past((FROM_EVER, device()), connectivity=outage)
    tally = total(week(history, exempt(START + 3 * HOUR, START + 5 * HOUR)))
    assert tally == Tally(exempt_offline=7_200, offline=7_200, condition_unknown=590_400)
    assert online_rate(tally).value == Fraction(590_400, 597_600)
    assert percent(online_rate(tally).value) == "98.80 %"
    assert percent(raw_online_rate(tally).value) == "97.62 %"


def test_example_7_online_all_week_and_exempt_one_day():
    tally = total(week(past((FROM_EVER, device()), connectivity=ONLINE_ALL_WEEK), exempt(START + DAY, START + 2 * DAY)))
    assert tally == Tally(exempt_online=DAY, condition_unknown=6 * DAY)
    assert online_rate(tally).value == raw_online_rate(tally).value == measured_share(tally).value == 1


def test_a_device_that_did_not_change_is_one_span():
    history = past((FROM_EVER, device()), connectivity=ONLINE_ALL_WEEK, condition=INTACT_ALL_WEEK)
    assert week(history) == DeviceSeconds({key(): Tally(intact=7 * DAY)}, 0)


def test_an_intact_second_is_an_online_second():
    history = past(
        (FROM_EVER, device()),
        connectivity=[*ONLINE_ALL_WEEK, (START + 100, "offline"), (START + 200, "unknown"), (START + 300, "online")],
        condition=[*INTACT_ALL_WEEK, (START + 150, "faulty"), (START + 400, "unknown")],
    )
    assert total(week(history, end=START + 500)) == Tally(
        intact=100, offline=100, unknown=100, faulty=100, condition_unknown=100
    )


def test_never_seen_is_unknown():
    assert total(week(past((FROM_EVER, device())))) == Tally(unknown=7 * DAY)


def test_changes_on_the_boundary_count_from_their_second():
    history = past((FROM_EVER, device()), connectivity=[(START, "online"), (END - 1, "offline"), (END, "unknown")])
    assert total(week(history)) == Tally(condition_unknown=7 * DAY - 1, offline=1)


@pytest.mark.parametrize("lifecycle", [{"region": None}, {"retired_at": START}, {"in_service_from": END}])
def test_out_of_service_counts_nowhere(lifecycle):
    history = past((FROM_EVER, device(**lifecycle)), connectivity=ONLINE_ALL_WEEK)
    assert week(history, exempt(START, END)) == DeviceSeconds({}, 7 * DAY)


def test_exemptions_outside_service_count_nowhere():
    history = past((FROM_EVER, device(retired_at=START + 100)), connectivity=ONLINE_ALL_WEEK)
    assert week(history, exempt(START + 50, END)) == DeviceSeconds(
        {key(): Tally(exempt_online=50, condition_unknown=50)}, 7 * DAY - 100
    )


def test_seconds_stand_under_what_held_then():
    """A move, a reclassification and a new maintainer in mid-week; the exemption stays with the county left."""
    organisations = Organisations(maintainer="m")
    history = past(
        (FROM_EVER, device()),
        (START + 100, device(region="370725100")),
        (START + 200, device(region="370725100", point_class=PointClass.THIRD)),
        (START + 300, device(region="370725100", point_class=PointClass.THIRD, organisations=organisations)),
        connectivity=ONLINE_ALL_WEEK,
    )
    county = exemption(ExemptionScope.REGION, "370724", START + 50, END)
    assert week(history, county, end=START + 400).by_scope == {
        key(): Tally(exempt_online=50, condition_unknown=50),
        key(region="370725100"): Tally(condition_unknown=100),
        key(region="370725100", point_class=PointClass.THIRD): Tally(condition_unknown=100),
        key(region="370725100", point_class=PointClass.THIRD, organisations=organisations): Tally(
            condition_unknown=100
        ),
    }


def test_a_path_exemption_holds_while_the_device_lies_behind_it():
    history = past(
        (FROM_EVER, device(), frozenset({"switch"})),
        (START + 100, device()),
        connectivity=[(START - DAY, "offline")],
    )
    seconds = week(history, exemption(ExemptionScope.PATH, "switch", START, END), end=START + 300)
    assert total(seconds) == Tally(exempt_offline=100, offline=200)


# Random pasts of at most 400 s around a midnight, against a count that asks about every second by itself.
MIDNIGHT = int(datetime(2026, 11, 17, tzinfo=UTC).timestamp())
OFFSETS = st.integers(-200, 200)
CONNECTIVITY = st.lists(st.tuples(OFFSETS, st.sampled_from(["online", "offline", "unknown"])), max_size=8)
CONDITION = st.lists(st.tuples(OFFSETS, st.sampled_from(["intact", "faulty", "unknown"])), max_size=8)
EXEMPTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                (ExemptionScope.DEVICE, "cam-1"),
                (ExemptionScope.POINT, "p-1"),
                (ExemptionScope.REGION, "3707"),
                (ExemptionScope.REGION, "370725"),
                (ExemptionScope.PATH, "switch"),
            ]
        ),
        OFFSETS,
        OFFSETS,
    ),
    max_size=4,
)
DEVICES = st.builds(
    device,
    region=st.sampled_from(["370724100", "370725100", None]),
    point=st.sampled_from(["p-1", None]),
    kind=st.sampled_from([DeviceKind.CAMERA, DeviceKind.CHECKPOINT]),
    point_class=st.sampled_from([PointClass.FIRST, PointClass.SECOND]),
    retired_at=st.none() | OFFSETS.map(lambda offset: MIDNIGHT + offset),
    in_service_from=st.none() | st.sampled_from([MIDNIGHT - DAY, MIDNIGHT, MIDNIGHT + DAY]),
    windows=st.sampled_from([(), ((0, 100),), ((DAY - 100, 50),), ((0, 50), (40, DAY))]),
)
PATHS = st.sampled_from([frozenset(), frozenset({"switch"})])
VERSIONS = st.lists(st.tuples(OFFSETS, DEVICES, PATHS), max_size=3, unique_by=lambda version: version[0])


@st.composite
def pasts(draw):
    versions = [(FROM_EVER, draw(DEVICES), draw(PATHS))]
    versions += [(MIDNIGHT + at, *rest) for at, *rest in sorted(draw(VERSIONS), key=lambda version: version[0])]
    shifted = [[(MIDNIGHT + at, state) for at, state in draw(axis)] for axis in (CONNECTIVITY, CONDITION)]
    return past(*versions, connectivity=timeline_of(shifted[0]), condition=timeline_of(shifted[1]))


def book_of(drawn):
    return [exemption(*scope, MIDNIGHT + start, MIDNIGHT + end) for scope, start, end in drawn]


def bucket_of(history, exemptions, at):
    """Give (scope key, bucket) of one second, or None out of service."""
    version = history.version_at(at)
    one, life = version.device, version.device.lifecycle
    clock = at % DAY
    hours = [
        start <= clock < end if start < end else clock >= start or clock < end for start, end in life.service_windows
    ]
    retired = life.retired_at is not None and at >= life.retired_at
    if one.region is None or retired or at < (life.in_service_from or 0) or (hours and not any(hours)):
        return None
    names = {one.id, one.point, one.region, one.region[:6], "3707"} | version.path_ancestors
    state, condition = history.connectivity.state_at(at), history.condition.state_at(at)
    if any(fact.scope_id in names and fact.start <= at < fact.end for fact in exemptions):
        bucket = f"exempt_{state}"
    elif state == "online":
        bucket = "condition_unknown" if condition == "unknown" else condition
    else:
        bucket = state
    return ScopeKey(one.region, one.point_class, one.kind, one.organisations), bucket


@given(pasts(), EXEMPTIONS, OFFSETS, OFFSETS)
def test_every_second_is_in_exactly_the_bucket_it_belongs_to(history, drawn, first, last):
    exemptions = book_of(drawn)
    start, end = MIDNIGHT + min(first, last), MIDNIGHT + max(first, last)
    got = device_seconds(history, rules=UTC_RULES, exemptions=ExemptionBook(exemptions), start=start, end=end)
    expected: dict[ScopeKey, dict[str, int]] = {}
    idle = 0
    for at in range(start, end):
        found = bucket_of(history, exemptions, at)
        if found is None:
            idle += 1
        else:
            buckets = expected.setdefault(found[0], {})
            buckets[found[1]] = buckets.get(found[1], 0) + 1
    assert got == DeviceSeconds({scope: Tally(**buckets) for scope, buckets in expected.items()}, idle)
    assert total(got).in_service + got.not_in_service_s == end - start


@given(pasts(), EXEMPTIONS, st.lists(OFFSETS, min_size=3, max_size=3).map(sorted))
def test_neighbouring_periods_add_up(history, drawn, edges):
    book = ExemptionBook(book_of(drawn))
    start, middle, end = (MIDNIGHT + edge for edge in edges)

    def count(since, until):
        return device_seconds(history, rules=UTC_RULES, exemptions=book, start=since, end=until)

    left, right, whole = count(start, middle), count(middle, end), count(start, end)
    for scope in left.by_scope.keys() | right.by_scope.keys() | whole.by_scope.keys():
        parts = left.by_scope.get(scope, EMPTY) + right.by_scope.get(scope, EMPTY)
        assert parts == whole.by_scope.get(scope, EMPTY)
    assert left.not_in_service_s + right.not_in_service_s == whole.not_in_service_s
