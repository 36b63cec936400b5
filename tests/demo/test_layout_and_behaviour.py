from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, IPv4Network

import pytest

from monitor.demo.behaviour import ANSWERING_SHARES, DEAD_SHARES, Behaviour, assign_behaviours
from monitor.demo.incidents import (
    CLOCKS_END_S,
    CLOCKS_START_S,
    FLAPS_START_S,
    OUTAGE_END_S,
    OUTAGE_START_S,
    write_script,
)
from monitor.demo.layout import plan_layout

LOOPBACK = IPv4Network("127.0.0.0/8")


@pytest.mark.parametrize("devices", [1, 122, 2_000, 250_000])
def test_every_device_has_an_address_of_its_own_on_loopback(regions, devices):
    layout = plan_layout(devices=devices, seed=1, regions=regions)
    addresses = list(layout.addresses())
    assert len(set(addresses)) == devices
    assert len({block.network for block in layout.blocks}) == len(layout.blocks)
    for block in layout.blocks:
        ends = (block.address(block.first), block.address(block.first + block.count - 1))
        assert all(IPv4Address(end) in LOOPBACK and end.rsplit(".", 1)[1] not in {"0", "255"} for end in ends)
        assert 1 <= block.count <= 250
        assert not block.prefix.startswith("127.0.")


def test_towns_differ_in_size_and_large_ones_have_uplinks_of_40_to_200(regions):
    layout = plan_layout(devices=50_000, seed=1, regions=regions)
    towns = Counter()
    for block in layout.blocks:
        towns[block.town] += block.count
    assert len(towns) == 122
    assert max(towns.values()) > 4 * min(towns.values())
    assert all(40 <= block.count <= 200 for block in layout.blocks if towns[block.town] >= 80)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("devices", [2_000, 20_000])
def test_the_city_stands_a_bit_above_its_target_and_some_counties_below(regions, devices, seed):
    layout = plan_layout(devices=devices, seed=seed, regions=regions)
    codes = assign_behaviours(layout, seed=seed).codes
    dead = {Behaviour(code) in DEAD_SHARES for code in codes}
    assert dead == {False, True}
    city = sum(Behaviour(code) not in DEAD_SHARES for code in codes) / devices
    assert 0.96 < city < 0.975
    below = 0
    for blocks in layout.counties().values():
        own = [code for block in blocks for code in codes[block.first : block.first + block.count]]
        below += sum(Behaviour(code) not in DEAD_SHARES for code in own) / len(own) < 0.95
    assert 3 <= below <= 5


def test_every_behaviour_occurs_in_its_share(regions):
    layout = plan_layout(devices=20_000, seed=2, regions=regions)
    behaviours = assign_behaviours(layout, seed=2)
    counts = Counter(Behaviour(code) for code in behaviours.codes)
    assert set(counts) == set(Behaviour)
    for behaviour, share in ANSWERING_SHARES.items():
        assert counts[behaviour] == round(share * 20_000)
    assert counts[Behaviour.CLEAN] > 0.8 * 20_000
    for code, offset in zip(behaviours.codes, behaviours.offsets, strict=True):
        if code == Behaviour.CLEAN:
            assert abs(offset) <= 2
        elif code == Behaviour.CLOCK_DRIFT:
            assert 15 <= abs(offset) <= 1_200


def test_the_script_is_a_function_of_the_seconds_since_the_start(regions):
    layout = plan_layout(devices=2_000, seed=5, regions=regions)
    behaviours = assign_behaviours(layout, seed=5)
    script = write_script(layout, behaviours, seed=5)
    assert script == write_script(layout, behaviours, seed=5)
    assert script.outage
    assert script.outage.has_uplink
    assert script.outage.count >= 40
    lost = set(range(script.outage.first, script.outage.first + script.outage.count))
    for t in (0, FLAPS_START_S - 1):
        assert script.state_at(t).down == frozenset()
    assert not lost & script.state_at(OUTAGE_START_S - 1).down
    assert lost <= script.state_at(OUTAGE_START_S).down
    assert lost <= script.state_at(OUTAGE_END_S - 1).down
    assert not lost & script.state_at(OUTAGE_END_S).down
    assert script.state_at(CLOCKS_START_S - 1).clock_shifts == script.state_at(CLOCKS_END_S).clock_shifts == {}
    assert len(script.state_at(CLOCKS_START_S).clock_shifts) == 8


def test_flapping_devices_go_and_come_back_within_three_minutes(regions):
    layout = plan_layout(devices=2_000, seed=5, regions=regions)
    script = write_script(layout, assign_behaviours(layout, seed=5), seed=5)
    assert len(script.flaps) == 6
    for flap in script.flaps:
        assert 60 <= flap.period_s <= 180
        downs = [flap.is_down(t) for t in range(1_000, 1_000 + flap.period_s)]
        assert 0.35 < sum(downs) / flap.period_s < 0.65


def test_the_smallest_city_has_a_script_too(regions):
    layout = plan_layout(devices=1, seed=1, regions=regions)
    script = write_script(layout, assign_behaviours(layout, seed=1), seed=1)
    assert len(script.state_at(300).down) <= 1
