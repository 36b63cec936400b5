from __future__ import annotations

import pytest

from monitor.domain.device import DeviceKind, Parent, ParentRole, Route
from monitor.domain.facts import InventoryChange
from monitor.domain.history import versions_of, with_path_ancestors
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.region import Region, RegionLevel
from monitor.domain.spans import FROM_EVER
from tests.domain.past import device, past


def change(field, old, new, at, *, entity="device", entity_id="cam-1"):
    return InventoryChange(entity, entity_id, field, old, new, at)


def test_an_entity_without_changes_always_was_as_it_is():
    assert versions_of(device(), []) == ((FROM_EVER, device()),)


def test_a_move_gives_the_region_that_held_at_each_instant():
    versions = versions_of(device(region="370725100"), [change("region", "370724100", "370725100", 50)])
    assert [(at, version.region) for at, version in versions] == [(FROM_EVER, "370724100"), (50, "370725100")]


def test_a_back_dated_change_replaces_what_stood_later():
    changes = [change("region", "a", "b", 100), change("region", "b", "c", 50)]
    versions = versions_of(device(region="c"), changes)
    assert [(at, version.region) for at, version in versions] == [(FROM_EVER, "a"), (50, "c")]


def test_fields_change_apart_from_each_other():
    changes = [change("point_class", "first", "third", 30), change("point", "p-1", "", 60)]
    versions = versions_of(device(point=None, point_class=PointClass.THIRD), changes)
    assert [(at, version.point_class, version.point) for at, version in versions] == [
        (FROM_EVER, "first", "p-1"),
        (30, "third", "p-1"),
        (60, "third", None),
    ]


def test_a_change_that_changes_nothing_makes_no_version():
    assert len(versions_of(device(), [change("region", "370724100", "370724100", 30)])) == 1


def test_changes_of_other_entities_and_of_other_fields_are_passed_over():
    changes = [
        change("region", "a", "b", 1, entity_id="cam-2"),
        change("region", "a", "b", 1, entity="point"),
        change("name", "a", "b", 1),
        change("", "", "the whole record", 1),
    ]
    assert versions_of(device(), changes) == ((FROM_EVER, device()),)


@pytest.mark.parametrize(
    ("field", "text", "read"),
    [
        ("region", "", lambda d: d.region is None),
        ("kind", "checkpoint", lambda d: d.kind is DeviceKind.CHECKPOINT),
        ("route", "recorder", lambda d: d.route is Route.RECORDER),
        ("owner_unit", "交警支队", lambda d: d.organisations.owner_unit == "交警支队"),
        ("police_station", "370724100000", lambda d: d.organisations.police_station == "370724100000"),
        ("in_service_from", "500", lambda d: d.lifecycle.in_service_from == 500),
        ("retired_at", "500", lambda d: d.lifecycle.retired_at == 500),
        ("retired_at", "", lambda d: d.lifecycle.retired_at is None),
        (
            "service_windows",
            "28800-64800 79200-21600",
            lambda d: d.lifecycle.service_windows == ((28800, 64800), (79200, 21600)),
        ),
        (
            "parents",
            "path!:core reporter:3402:1",
            lambda d: d.parents == (Parent("core", ParentRole.PATH, ours=True), Parent("3402:1", ParentRole.REPORTER)),
        ),
    ],
)
def test_the_text_form_of_a_device(field, text, read):
    old = {"kind": "camera", "route": "direct"}.get(field, "")
    (_, _), (_, newest) = versions_of(device(region="x", retired_at=9), _with_old(field, old, text))
    assert read(newest)


def _with_old(field, old, text):
    other = {"region": "before", "retired_at": "7"}.get(field, old)
    return [change(field, other if text == "" else old, text, 10)]


def test_the_text_form_of_points_and_regions():
    point = Point("p-1", "370724100", PointClass.THIRD)
    texts = {
        "ring": ("", "town"),
        "status": ("planned", "active"),
        "required_kinds": ("", "camera checkpoint"),
        "count": ("1", "2"),
        "required_from": ("", "77"),
        "to_be_networked": ("0", "1"),
    }
    changes = [change(field, old, new, 10, entity="point", entity_id="p-1") for field, (old, new) in texts.items()]
    (_, before), (_, after) = versions_of(point, changes)
    assert (before.status, before.count, before.ring) == (PointStatus.PLANNED, 1, None)
    assert (after.ring, after.required_kinds, after.count) == (Ring.TOWN, ("camera", "checkpoint"), 2)
    assert (after.required_from, after.to_be_networked) == (77, True)

    region = Region("370724", "临朐县", RegionLevel.COUNTY, "3707")
    later = change("assessed_from", "", "99", 20, entity="region", entity_id="370724")
    assert [version.assessed_from for _, version in versions_of(region, [later])] == [None, 99]


@pytest.mark.parametrize(
    ("field", "text"),
    [("kind", "toaster"), ("retired_at", "soon"), ("service_windows", "8-9-10"), ("parents", "uncle:x")],
)
def test_a_text_that_is_not_of_the_form_is_refused(field, text):
    with pytest.raises(ValueError, match="must be"):
        versions_of(device(), [change(field, text, text, 10)])


def test_path_ancestors_are_cut_wherever_one_of_theirs_changed():
    switch, core = Parent("switch"), Parent("core")
    histories = {
        "cam-1": ((FROM_EVER, device(parents=(switch,))),),
        "switch": ((FROM_EVER, device(id="switch")), (50, device(id="switch", parents=(core,)))),
        "core": ((FROM_EVER, device(id="core")), (70, device(id="core", parents=(Parent("p", ParentRole.REPORTER),)))),
    }
    versions = with_path_ancestors("cam-1", histories)
    assert [(version.from_at, version.path_ancestors) for version in versions] == [
        (FROM_EVER, {"switch"}),
        (50, {"switch", "core"}),
    ]


def test_parents_in_a_circle_end():
    histories = {
        "a": ((FROM_EVER, device(id="a", parents=(Parent("b"),))),),
        "b": ((FROM_EVER, device(id="b", parents=(Parent("a"), Parent("unheard-of")))),),
    }
    assert with_path_ancestors("a", histories)[0].path_ancestors == {"b", "unheard-of"}


def test_pieces_cut_a_period_at_the_versions():
    first, second, third = device(), device(region="370725100"), device(region=None)
    history = past((FROM_EVER, first), (10, second), (20, third))
    assert [(a, b, v.device) for a, b, v in history.pieces(5, 20)] == [(5, 10, first), (10, 20, second)]
    assert [history.version_at(at).device for at in (9, 10, 20)] == [first, second, third]
    assert history.pieces(5, 5) == []
