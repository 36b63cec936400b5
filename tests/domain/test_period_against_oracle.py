"""A period's seconds and snapshots agree with the oracle, second by second, on two thousand random histories."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from monitor.domain.device import Device as ProductDevice
from monitor.domain.device import DeviceKind, Lifecycle, Organisations, Parent
from monitor.domain.facts import Axis, Exemption, ExemptionScope, InventoryChange, StateChange
from monitor.domain.facts import Correction as ProductCorrection
from monitor.domain.period_counting import CountingRules, PeriodCounter, PeriodSums
from monitor.domain.period_facts import PeriodFacts
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.domain.state import Cause
from monitor.domain.tally import BUCKETS
from tests import oracle, oracle_report
from tests.oracle_seconds import DAY
from tests.packing import packed_changes

BEGIN = oracle.START
END = BEGIN + 1_500
HISTORIES, SEEDS_A_TEST = 2_000, 100
_LEVELS = {"city": RegionLevel.CITY, "county": RegionLevel.COUNTY, "town": RegionLevel.TOWN}
_FIELDS = {"class": "point_class", "kind": "kind", "organisation": "owner_unit"}
_DEFAULTS = {"class": "other", "kind": "camera", "organisation": ""}
BOTH = (Axis.CONNECTIVITY, Axis.CONDITION)


def product_facts(device, city, exemptions, connectivity, condition) -> PeriodFacts:
    """Write an oracle's history as the product's facts."""
    texts = {
        "region": [(at, value or "") for at, value in device.region],
        "point": [(at, value or "") for at, value in device.point],
        "parents": [(at, " ".join(f"path:{each}" for each in sorted(value or ()))) for at, value in _ancestors(device)],
        **{
            _FIELDS[name]: [(at, value or _DEFAULTS[name]) for at, value in steps]
            for name, steps in device.dimensions.items()
        },
    }
    ledger = [
        InventoryChange("device", "cam", field, old, new, at, seq=number)
        for field, steps in texts.items()
        for number, ((_, old), (at, new)) in enumerate(itertools.pairwise(steps), 1)
    ]
    last = {field: steps[-1][1] for field, steps in texts.items() if steps}
    recorded = ProductDevice(
        id="cam",
        kind=DeviceKind(last.get("kind", "camera")),
        point_class=PointClass(last.get("point_class", "other")),
        region=last.get("region") or None,
        point=last.get("point") or None,
        lifecycle=Lifecycle(device.created_at, device.in_service_from, device.retired_at, device.hours),
        parents=tuple(Parent(each.removeprefix("path:")) for each in last.get("parents", "").split()),
        organisations=Organisations(owner_unit=last.get("owner_unit", "")),
    )
    changes, corrections = [], []
    for axis, (found, overlays) in zip(BOTH, (connectivity, condition), strict=True):
        changes += [StateChange("cam", axis, "", e.state, e.at, Cause.ANSWERED, seq=e.seq) for e in found]
        corrections += [
            ProductCorrection(
                *("cam", axis, e.begin, e.end, e.state, Cause.DECISION),
                by_person=e.by_person,
                withdrawn=e.withdrawn_seq is not None,
                seq=e.seq,
            )
            for e in overlays
        ]
    return PeriodFacts(
        upto=10_000,
        regions=[
            Region(code, code, _LEVELS[code.rstrip("12")], parent, assessed_from=city.assessed_from.get(code))
            for code, parent in city.tree[0][1].items()
        ],
        points=[],
        devices=[recorded],
        keys=[1],
        changes=packed_changes(changes, keys={"cam": 1}, start=BEGIN),
        corrections=corrections,
        exemptions=[
            Exemption(
                str(number),
                ExemptionScope.PATH if each.ident in ("switch", "recorder") else ExemptionScope(each.scope),
                each.ident,
                each.begin,
                each.end,
                "repair",
                "city",
            )
            for number, each in enumerate(exemptions)
        ],
        inventory_changes=ledger,
    )


def _ancestors(device):
    return device.path_ancestors


def rolled_up(sums: PeriodSums, of: list[list[int]]) -> dict:
    found: dict = {}
    for (tree, (region, point_class, kind, organisations)), counts in zip(sums.slots, of, strict=True):
        for code in sums.trees[tree][2].lineage(region):
            key = (code, point_class.value, kind.value, organisations.owner_unit)
            counted = Counter({bucket: count for bucket, count in zip(BUCKETS, counts, strict=True) if count})
            found[key] = found.get(key, Counter()) + counted
    return {key: counts for key, counts in found.items() if counts}


def wanted_of(counts: dict) -> dict:
    for each in counts.values():
        each.pop("not_in_service", None)
    return {key: each for key, each in counts.items() if each}


@pytest.mark.parametrize("first_seed", range(0, HISTORIES, SEEDS_A_TEST))
def test_a_periods_sums_agree_with_the_oracle(first_seed):
    plain = 0
    for seed in range(first_seed, first_seed + SEEDS_A_TEST):
        rng = random.Random(70_000 + seed)
        connectivity = oracle.random_facts(rng, begin=BEGIN, end=END)
        condition = oracle.random_facts(rng, begin=BEGIN, end=END, states=("intact", "faulty", "unknown"))
        device, city, exemptions = oracle.random_inventory(rng, begin=BEGIN, end=END)
        if device.in_service_from is not None:  # an in-service date begins at the city's midnight
            midnight = device.in_service_from - (device.in_service_from + city.zone_offset_s) % DAY
            device = replace(device, in_service_from=midnight)
        if seed % 4 == 0:  # as nearly all devices of a city are, so that the short way is walked too
            device, city, exemptions = _as_most(device), replace(city, assessed_from={}), []
            connectivity, condition = (_in_order(connectivity[0]), []), (_in_order(condition[0]), [])
        times = sorted({(rng.randint(BEGIN, END) + city.zone_offset_s) % DAY for _ in range(4)})

        facts = product_facts(device, city, exemptions, connectivity, condition)
        rules = CountingRules(
            timezone(timedelta(seconds=city.zone_offset_s)), device.commissioning_days, snapshot_times=tuple(times)
        )
        counter = PeriodCounter(facts, start=BEGIN, end=END, rules=rules)
        sums = counter.count()
        plain += counter.is_plain(facts.devices[0], 1)

        seconds, shots = oracle_report.rows(
            *(device, connectivity, condition),
            begin=BEGIN,
            end=END,
            city=city,
            exemptions=exemptions,
            times=times,
        )
        assert rolled_up(sums, sums.seconds) == wanted_of(seconds), f"seconds, seed {seed}"
        assert rolled_up(sums, sums.shots) == wanted_of(shots), f"snapshots, seed {seed}"
    assert plain >= SEEDS_A_TEST // 5


def _as_most(device):
    first = {name: steps[:1] for name, steps in device.dimensions.items()}
    return replace(
        device,
        created_at=BEGIN - 9 * DAY,
        in_service_from=None,
        commissioning_days=0,
        retired_at=None,
        hours=(),
        region=((0, "town1"),),
        point=(),
        path_ancestors=(),
        dimensions=first,
    )


def _in_order(changes):
    instants = sorted(change.at for change in changes)
    return [replace(change, at=at) for change, at in zip(changes, instants, strict=True)]
