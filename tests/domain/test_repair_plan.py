"""Plans: one switch before single cameras, no more repairs than it takes, and the truth where none suffices."""

from __future__ import annotations

from fractions import Fraction

from monitor.domain.repair_plan import FailedDevice, make_plan, possible_repairs

HOUR = 3_600
SWITCH = [FailedDevice(f"s{n}", "switch", "甲公司", 10) for n in range(41)]
SINGLE = [FailedDevice(f"c{n}", "", "乙公司", n) for n in range(9)]
TARGET = Fraction(95, 100)


def plan(offline, *, online_now=950, left_h=48, mended_h=24, behind=None, target=TARGET):
    return make_plan(
        good_s=0,
        whole_s=0,
        good_now=online_now,
        failed=offline,
        behind=behind or {"switch": 41},
        target=target,
        left_s=left_h * HOUR,
        mended_in_s=mended_h * HOUR,
    )


def test_one_switch_is_one_repair_and_comes_first():
    found = plan([*SINGLE, *SWITCH], online_now=931)

    assert [repair.target for repair in found.repairs] == ["switch"]
    assert len(found.repairs[0].devices) == 41
    assert found.repairs[0].gain_s == 41 * 24 * HOUR
    assert found.without == Fraction(931, 981)
    assert found.reached == (Fraction(931 * 48 + 41 * 24, 981 * 48),)
    assert found.suffices


def test_no_repair_where_none_is_needed():
    found = plan(SINGLE, online_now=1_000)

    assert found.repairs == ()
    assert found.suffices


def test_devices_that_merely_share_a_switch_are_mended_one_by_one():
    repairs = possible_repairs(SWITCH[:5], behind={"switch": 41}, gain_s=HOUR)

    assert len(repairs) == 5
    assert possible_repairs(SWITCH[:5], behind={"switch": 10}, gain_s=HOUR)[0].is_group


def test_what_failed_last_is_mended_first():
    assert [each.target for each in possible_repairs(SINGLE, behind={}, gain_s=HOUR)][:2] == ["c8", "c7"]


def test_where_all_repairs_do_not_suffice_the_plan_says_so():
    found = plan([*SINGLE, *SWITCH], online_now=100)

    assert not found.suffices
    assert len(found.repairs) == 10
    assert found.best == found.reached[-1] == Fraction(100 * 48 + 50 * 24, 150 * 48)


def test_when_it_is_too_late_nothing_is_listed():
    found = plan(SWITCH, online_now=100, left_h=12)

    assert found.repairs == ()
    assert not found.suffices
    assert plan(SWITCH, target=None).suffices


def test_a_parent_mends_no_fault_of_a_device_behind_it():
    faulty = [FailedDevice(f"f{n}", "switch", "丙公司", 5, is_faulty=True) for n in range(3)]
    blurred = FailedDevice("blurred", "switch", "丙公司", 9, is_offline=False, is_faulty=True)

    repairs = possible_repairs([*SWITCH, *faulty, blurred], behind={"switch": 60}, gain_s=HOUR)

    assert (repairs[0].target, len(repairs[0].devices), repairs[0].gain_s) == ("switch", 41, 41 * HOUR)
    assert [each.target for each in repairs[1:]] == ["blurred", "f0", "f1", "f2"]
    assert sum(each.gain_s for each in repairs) == 45 * HOUR
