from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import fields

import pytest

from monitor.demo.behaviour import Behaviour
from monitor.demo.city import build_city
from monitor.demo.devices import TYPE_CODES
from monitor.demo.persona import persona_of
from monitor.domain.archive import FindingKind, Requirements
from monitor.domain.deep import mac_of
from monitor.domain.device import Device, DeviceKind, DeviceRecord, Endpoint, Organisations, ParentRole
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.region import RegionTree
from monitor.services.record_check import RecordCheck
from monitor.settings import ArchiveSettings
from tests.demo.conftest import AT


def build(regions, **changes):
    return build_city(**({"devices": 600, "seed": 3, "port": 18080, "regions": regions, "at": AT} | changes))


def test_equal_arguments_give_an_equal_city_whatever_the_clock_says(regions, monkeypatch):
    one = build(regions)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert build(regions) == one
    assert build(regions, at=AT + 60) != one
    assert build(regions, at=AT + 60).devices == one.devices  # dates follow the day, not the second
    assert build(regions, seed=4).devices != one.devices


@pytest.mark.parametrize("devices", [1, 2, 17, 600])
def test_exactly_as_many_devices_are_polled_as_asked_for(regions, devices):
    city = build(regions, devices=devices)
    polled = [device for device in city.devices if device.endpoint]
    assert len(polled) == devices == len(list(city.layout.addresses())) == len(city.behaviours.codes)
    assert {device.kind for device in polled} <= {DeviceKind.CAMERA, DeviceKind.CHECKPOINT}
    assert city.devices[:devices] == tuple(polled)
    assert [record.device_id for record in city.records] == [device.id for device in city.devices]
    assert {device.kind for device in city.devices[devices:]} <= {DeviceKind.GATEWAY, DeviceKind.RECORDER}


def test_a_city_without_devices_or_towns_says_so(regions):
    with pytest.raises(ValueError, match="at least 1 device"):
        build(regions, devices=0)
    with pytest.raises(ValueError, match="has no town"):
        build(regions[:14])


def test_ids_are_unique_and_say_region_and_kind(city):
    assert len({device.id for device in city.devices}) == len(city.devices)
    for device in city.devices:
        assert re.fullmatch(r"\d{20}", device.id)
        assert device.id[:6] == device.region[:6]
        assert device.id[10:13] in TYPE_CODES[device.kind]
    types = Counter(device.id[10:13] for device in city.devices)
    assert {"131", "132", "121", "119", "118", "209"} == set(types)


def test_the_tree_is_consistent(city):
    tree = RegionTree(city.regions)
    points = {point.id: point for point in city.points}
    devices = {device.id: device for device in city.devices}
    assert len(points) == len(city.points)
    assert all(point.region in tree for point in city.points)
    for device in city.devices:
        assert device.region in tree
        if device.endpoint:
            assert points[device.point].region == device.region
            assert points[device.point].point_class is device.point_class
        for parent in device.parents:
            assert (parent.role, parent.ours) == (ParentRole.PATH, False)
            assert devices[parent.device_id].region == device.region
        depth, above = 0, device
        while above.parents:
            depth, above = depth + 1, devices[above.parents[0].device_id]
        assert depth <= 2


def test_points_carry_what_coverage_asks_about(city):
    standing = Counter(device.point for device in city.devices)
    shares = Counter(point.point_class for point in city.points)
    assert 0.12 < shares[PointClass.FIRST] / len(city.points) < 0.18
    assert 0.22 < shares[PointClass.SECOND] / len(city.points) < 0.30
    assert 0.40 < shares[PointClass.THIRD] / len(city.points) < 0.50
    required = [point for point in city.points if point.point_class in (PointClass.FIRST, PointClass.SECOND)]
    bare = [point for point in required if not standing[point.id] and point.status is PointStatus.ACTIVE]
    assert 0.01 < len(bare) / len(required) < 0.06
    assert {point.status for point in city.points} == set(PointStatus)
    assert {point.ring for point in city.points} == {None, *Ring}
    assert any(point.required_from and point.required_from > AT for point in city.points)
    assert any(point.count == 2 for point in city.points)
    assert any(point.required_kinds == ("checkpoint",) for point in city.points)
    assert {point.point_class for point in city.points if point.to_be_networked} == {PointClass.THIRD}
    assert max(standing[point.id] for point in city.points) <= 4
    kinds = {point.site_kind for point in city.points}
    assert kinds >= {"junction", "road", "motorway", "entrance", "station", "port", "square", "school", "hospital"}


def test_devices_carry_what_rates_ask_about(city):
    polled = city.devices[: city.layout.devices]
    kinds = Counter(device.kind for device in city.devices)
    assert 0.06 < kinds[DeviceKind.CHECKPOINT] / len(polled) < 0.11
    checkpoint_classes = {device.point_class for device in polled if device.kind is DeviceKind.CHECKPOINT}
    assert checkpoint_classes == {PointClass.FIRST, PointClass.SECOND, PointClass.THIRD}
    lives = [device.lifecycle for device in polled]
    assert any(life.in_service_from > AT for life in lives)
    assert any(life.retired_at and life.retired_at < AT for life in lives)
    assert any(life.retired_at and life.retired_at > AT for life in lives)
    assert any(life.service_windows for life in lives)
    assert sum(life.in_service_from < AT - 100 * 86_400 and not life.retired_at for life in lives) > 0.97 * len(lives)
    assert all(life.created_at <= AT for life in lives)
    for device in city.devices:
        assert re.fullmatch(r"\d{12}", device.organisations.police_station)
        assert all((device.organisations.owner_unit, device.organisations.maintainer, device.organisations.contract))
    assert len({device.organisations.maintainer for device in polled}) > 2


def test_exemptions_are_past_current_and_future_in_every_scope(city):
    assert {exemption.scope for exemption in city.exemptions} == set(ExemptionScope)
    assert any(exemption.end <= AT for exemption in city.exemptions)
    assert any(exemption.start <= AT < exemption.end for exemption in city.exemptions)
    assert any(exemption.start > AT for exemption in city.exemptions)
    known = {
        ExemptionScope.DEVICE: {device.id for device in city.devices},
        ExemptionScope.PATH: {device.id for device in city.devices},
        ExemptionScope.POINT: {point.id for point in city.points},
        ExemptionScope.REGION: {region.code for region in city.regions},
    }
    for exemption in city.exemptions:
        assert exemption.scope_id in known[exemption.scope]
        assert exemption.start < exemption.end
        assert all((exemption.reason, exemption.approver, exemption.document))


def test_the_archive_is_that_of_a_real_city_nearly_whole(city):
    wanted = ArchiveSettings()
    requirements = Requirements(tuple(wanted.first), tuple(wanted.second), tuple(wanted.other))
    check = RecordCheck(RegionTree(city.regions), requirements=requirements, targets=[], at=AT)
    records = {record.device_id: record for record in city.records}

    checked = check.check(city.devices, records, said={}, strangers=(), region=None)

    assert 0.93 < checked.whole.complete.value < 0.995
    assert checked.whole.archived.value == 1
    assert {kind for kind, count in checked.counts.items() if count} == {FindingKind.MISSING_FIELD}
    one = next(record for record in city.records if record.mac)
    device = next(device for device in city.devices if device.id == one.device_id)
    assert one.ip in device.endpoint.address


def test_the_archive_names_the_hardware_that_a_device_tells_of_itself(city):
    for index, record in list(enumerate(city.records))[:50]:
        if record.mac:
            assert mac_of(record.mac) == mac_of(persona_of(3, index, Behaviour.CLEAN).mac[0])


def test_nothing_is_said_of_persons(city):
    names = {
        field.name
        for kind in (Device, DeviceRecord, Endpoint, Organisations, Point, Exemption)
        for field in fields(kind)
    }
    assert not {name for name in names if re.search(r"person|phone|mobile|contact|password|user", name)}
    assert not any(
        device.endpoint and (device.endpoint.credential or "@" in device.endpoint.address) for device in city.devices
    )
    texts = [getattr(record, field.name) for record in city.records for field in fields(record)[1:]]
    texts += [point.name for point in city.points]
    assert not any(re.search(r"1\d{10}|\d{3,4}-\d{7,8}", text) for text in texts)
    assert all(re.search("[一-鿿]", record.name) for record in city.records)


def test_the_inventory_is_one_batch_with_one_change(city):
    batch = city.inventory()
    assert (batch.devices, batch.records, batch.points) == (city.devices, city.records, city.points)
    assert [(change.entity_id, change.at, change.author) for change in batch.changes] == [("370700", AT, "demo")]
