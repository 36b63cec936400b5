"""Timelines and seconds agree with the oracle, second by second, on a thousand random pasts."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from monitor.domain.device import Device as ProductDevice
from monitor.domain.device import DeviceKind, Lifecycle, Organisations
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Axis, ExemptionScope, StateChange
from monitor.domain.facts import Correction as ProductCorrection
from monitor.domain.facts import Exemption as ProductExemption
from monitor.domain.history import DevicePast, DeviceVersion
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.seconds import device_seconds
from monitor.domain.service_time import ServiceRules
from monitor.domain.state import Cause
from monitor.domain.tally import BUCKETS
from monitor.domain.timeline import Timeline, build_timeline
from tests import oracle
from tests.oracle_seconds import at_second

BEGIN = oracle.START
END = BEGIN + 1_500
PASTS, SEEDS_A_TEST = 1_000, 50
DAY = 86_400
_SCOPES = {"device": ExemptionScope.DEVICE, "point": ExemptionScope.POINT, "region": ExemptionScope.REGION}


def _timeline(facts: tuple[list, list], axis: Axis) -> Timeline:
    changes, corrections = facts
    return build_timeline(
        axis,
        [StateChange("cam", axis, "", each.state, each.at, Cause.ANSWERED, seq=each.seq) for each in changes],
        [
            ProductCorrection(
                "cam",
                axis,
                each.begin,
                each.end,
                each.state,
                Cause.DECISION,
                by_person=each.by_person,
                withdrawn=each.withdrawn_seq is not None,
                seq=each.seq,
            )
            for each in corrections
        ],
    )


def _past(device: oracle.Device, connectivity: Timeline, condition: Timeline) -> DevicePast:
    """Cut the steps of an oracle's device into the product's versions."""
    steps = [device.region, device.point, device.path_ancestors, *device.dimensions.values()]
    instants = sorted({at for each in steps for at, _ in each})
    versions = []
    for number, at in enumerate(instants):
        dimensions = {name: at_second(each, at) for name, each in device.dimensions.items()}
        versions.append(
            DeviceVersion(
                -(2**62) if number == 0 else at,
                ProductDevice(
                    id="cam",
                    kind=DeviceKind(dimensions["kind"] or "camera"),
                    point_class=PointClass(dimensions["class"] or "other"),
                    region=at_second(device.region, at),
                    point=at_second(device.point, at),
                    lifecycle=Lifecycle(device.created_at, device.in_service_from, device.retired_at, device.hours),
                    organisations=Organisations(owner_unit=dimensions["organisation"] or ""),
                ),
                at_second(device.path_ancestors, at) or frozenset(),
            )
        )
    return DevicePast(tuple(versions), connectivity, condition)


def _rules(device: oracle.Device, city: oracle.City) -> ServiceRules:
    levels = {"city": RegionLevel.CITY, "county": RegionLevel.COUNTY, "town": RegionLevel.TOWN}
    parents = city.tree[0][1]
    tree = RegionTree(
        Region(code, code, levels[code.rstrip("12")], parent, assessed_from=city.assessed_from.get(code))
        for code, parent in parents.items()
    )
    return ServiceRules(tree, timezone(timedelta(seconds=city.zone_offset_s)), device.commissioning_days)


def _book(exemptions: list[oracle.Exemption]) -> ExemptionBook:
    """The oracle's exemption of an ancestor covers what is behind it: the product calls that a path's."""
    return ExemptionBook(
        ProductExemption(
            str(number),
            ExemptionScope.PATH if each.ident in ("switch", "recorder") else _SCOPES[each.scope],
            each.ident,
            each.begin,
            each.end,
            "repair",
            "city",
        )
        for number, each in enumerate(exemptions)
    )


@pytest.mark.parametrize("first_seed", range(0, PASTS, SEEDS_A_TEST))
def test_timelines_and_seconds_agree_with_the_oracle(first_seed):
    for seed in range(first_seed, first_seed + SEEDS_A_TEST):
        rng = random.Random(seed)
        connectivity_facts = oracle.random_facts(rng, begin=BEGIN, end=END)
        condition_facts = oracle.random_facts(rng, begin=BEGIN, end=END, states=("intact", "faulty", "unknown"))
        device, city, exemptions = oracle.random_inventory(rng, begin=BEGIN, end=END)
        if device.in_service_from is not None:  # an in-service date begins at the city's midnight
            midnight = device.in_service_from - (device.in_service_from + city.zone_offset_s) % DAY
            device = replace(device, in_service_from=midnight)
        connectivity = _timeline(connectivity_facts, Axis.CONNECTIVITY)
        condition = _timeline(condition_facts, Axis.CONDITION)

        expected = oracle.overlay(*connectivity_facts, begin=BEGIN, end=END)
        found = [state for start, end, state in connectivity.spans(BEGIN, END) for _ in range(start, end)]
        assert found == expected, f"timeline, seed {seed}"

        row = oracle.buckets(
            device,
            expected,
            oracle.overlay(*condition_facts, begin=BEGIN, end=END),
            begin=BEGIN,
            end=END,
            city=city,
            exemptions=exemptions,
        )
        past = _past(device, connectivity, condition)
        seconds = device_seconds(past, rules=_rules(device, city), exemptions=_book(exemptions), start=BEGIN, end=END)
        by_scope = {
            (key.region, key.point_class.value, key.kind.value, key.organisations.owner_unit): Counter(
                {bucket: getattr(tally, bucket) for bucket in BUCKETS if getattr(tally, bucket)}
            )
            for key, tally in seconds.by_scope.items()
        }
        wanted = oracle.sums([(device, row)], begin=BEGIN, city=city, subtree=False)
        not_in_service = sum(counts.pop("not_in_service", 0) for counts in wanted.values())
        assert by_scope == {key: counts for key, counts in wanted.items() if counts}, f"seconds, seed {seed}"
        assert seconds.not_in_service_s == not_in_service, f"not in service, seed {seed}"
