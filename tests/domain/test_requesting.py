"""Requests from being asked to their effect, as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.device import Device, DeviceKind, Lifecycle
from monitor.domain.exempting import NotAllowedError
from monitor.domain.facts import Axis, Correction, Withdrawal
from monitor.domain.point import Point, PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.domain.request import AT_EFFECT, FieldChange, Request, RequestKind, RequestState
from monitor.domain.requesting import (
    applied,
    approve,
    ask,
    ask_correction,
    ask_withdrawal,
    correction_of,
    is_back_dated,
    kind_for,
    refuse,
    withdraw,
    withdrawal_of,
)
from monitor.domain.state import Cause

NOW = 1_800_000_000
DAY = 86_400
CAMERA = Device("cam", DeviceKind.CAMERA, PointClass.FIRST, "370702", Lifecycle(NOW - 90 * DAY), point="P-1")
LEFT = replace(CAMERA, lifecycle=replace(CAMERA.lifecycle, retired_at=NOW - DAY))
POINT = Point("P-1", "370702", PointClass.FIRST)
REGION = Region("370702", "潍城区", RegionLevel.COUNTY, "3707")


def terms(kind: RequestKind, *changes: tuple[str, str], **fields) -> Request:
    what = {"reason": "拆迁", "proposer": "", "author": "as:county"} | fields
    return Request("", kind, "", "", changes=tuple(FieldChange(field, "", new) for field, new in changes), **what)


def asked(kind: RequestKind, *changes: tuple[str, str], entity=CAMERA, **fields) -> Request:
    return ask(terms(kind, *changes, **fields), entity, at=NOW)


def done(request: Request) -> Request:
    return approve((request,), approver="as:city", at=NOW + 60)


def test_a_retirement_takes_effect_at_its_approval():
    request = asked(RequestKind.RETIRE, document="潍公〔2026〕1号")
    assert (request.state, request.proposer, request.entity, request.entity_id) == (
        RequestState.SUBMITTED,
        "as:county",
        "device",
        "cam",
    )
    assert request.changes == (FieldChange("retired_at", "", AT_EFFECT),)
    device, [entry] = applied(done(request), CAMERA)
    assert device.lifecycle.retired_at == NOW + 60
    assert (entry.field, entry.old, entry.new, entry.at) == ("retired_at", "", str(NOW + 60), NOW + 60)
    assert (entry.author, entry.approved_by, entry.reason, entry.document, entry.recorded_at) == (
        "as:county",
        "as:city",
        "拆迁",
        "潍公〔2026〕1号",
        NOW + 60,
    )


@pytest.mark.parametrize("kind", [RequestKind.RETIRE, RequestKind.SUSPEND])
@pytest.mark.parametrize("offset", [-7 * DAY, 7 * DAY])
def test_a_device_leaves_at_the_instant_asked_for(kind: RequestKind, offset: int):
    request = asked(kind, effective_at=NOW + offset)
    device, [entry] = applied(done(request), CAMERA)
    assert device.lifecycle.retired_at == entry.at == NOW + offset
    assert is_back_dated(request, asked_at=NOW) == (offset < 0)


def test_a_suspended_device_returns():
    device, [entry] = applied(done(asked(RequestKind.RETURN, entity=LEFT)), LEFT)
    assert device.lifecycle.retired_at is None
    assert (entry.old, entry.new, entry.at) == (str(NOW - DAY), "", NOW + 60)


def test_a_reclassification_back_dated_holds_from_then():
    request = asked(RequestKind.RECLASSIFY, ("point_class", "third"), effective_at=NOW - 9 * DAY)
    device, [entry] = applied(done(request), CAMERA)
    assert device.point_class is PointClass.THIRD
    assert (entry.old, entry.new, entry.at, entry.recorded_at) == ("first", "third", NOW - 9 * DAY, NOW + 60)


@pytest.mark.parametrize(
    ("entity", "change", "at"),
    [
        (CAMERA, ("in_service_from", str(NOW - 10 * DAY)), NOW - 90 * DAY),
        (LEFT, ("retired_at", str(NOW - 20 * DAY)), NOW - 20 * DAY),
        (LEFT, ("retired_at", str(NOW)), NOW - DAY),
    ],
)
def test_a_corrected_date_holds_from_the_earlier_of_the_two(entity: Device, change: tuple[str, str], at: int):
    _, [entry] = applied(done(asked(RequestKind.BACK_DATE, change, entity=entity)), entity)
    assert entry.at == at


def test_what_stands_already_is_left_out():
    request = asked(RequestKind.MOVE, ("region", "370702"), ("point", "P-2"))
    assert request.changes == (FieldChange("point", "P-1", "P-2"),)


@pytest.mark.parametrize(
    ("kind", "changes", "entity", "fields", "message"),
    [
        (RequestKind.RETIRE, (), CAMERA, {"reason": " "}, "a reason is needed"),
        (RequestKind.RETIRE, (), LEFT, {}, "out of service already"),
        (RequestKind.RETIRE, (), POINT, {}, "nothing that is asked of a point"),
        (RequestKind.RETURN, (), CAMERA, {}, "nothing would change"),
        (RequestKind.RECLASSIFY, (("point_class", "fifth"),), CAMERA, {}, "must be one of first"),
        (RequestKind.RECLASSIFY, (("point_class", "first"),), CAMERA, {}, "nothing would change"),
        (RequestKind.RECLASSIFY, (("region", "370703"),), CAMERA, {}, "not region"),
        (RequestKind.MOVE, (("region", "370703"),), CAMERA, {"effective_at": NOW + 1}, "ahead of time"),
        (RequestKind.HOURS, (("service_windows", "7:00-19:00"),), CAMERA, {}, "must be like 28800-64800"),
        (RequestKind.POINT, (("count", "0"),), POINT, {}, "at least 1"),
        (RequestKind.REGION, (("name", "x"),), REGION, {}, "not name"),
    ],
)
def test_what_may_not_be_asked(kind, changes, entity, fields, message):
    with pytest.raises(NotAllowedError, match=message):
        asked(kind, *changes, entity=entity, **fields)


@pytest.mark.parametrize("decide", [approve, refuse])
@pytest.mark.parametrize("who", ["as:county", "County", " county "])
def test_nobody_decides_on_what_they_asked_for(decide, who: str):
    with pytest.raises(NotAllowedError, match="asked for it"):
        decide((asked(RequestKind.RETIRE),), approver=who, at=NOW, note="")


def test_only_who_asked_takes_it_back_and_only_while_it_waits():
    request = asked(RequestKind.RETIRE)
    with pytest.raises(NotAllowedError, match="who asked, can take it back"):
        withdraw((request,), author="as:other", at=NOW)
    back = withdraw((request,), author="county", at=NOW + 1, note="误报")
    assert (back.state, back.note, back.proposer) == (RequestState.WITHDRAWN, "误报", "as:county")
    for versions in ((request, back), (request, done(request)), ()):
        with pytest.raises(NotAllowedError, match="nothing waits"):
            approve(versions, approver="as:city", at=NOW)


def test_a_request_whose_ground_has_shifted_is_stale():
    request = done(asked(RequestKind.MOVE, ("region", "370703")))
    with pytest.raises(NotAllowedError, match="ask again"):
        applied(request, replace(CAMERA, region="370724"))


def test_every_field_that_moves_a_denominator_has_a_kind():
    assert kind_for("device", "retired_at") is RequestKind.RETIRE
    assert kind_for("device", "region") is RequestKind.MOVE
    assert kind_for("device", "point_class") is RequestKind.RECLASSIFY
    assert kind_for("device", "in_service_from") is RequestKind.BACK_DATE
    assert kind_for("point", "status") is RequestKind.POINT
    assert kind_for("region", "assessed_from") is RequestKind.REGION
    assert kind_for("device", "maintainer") is None
    assert kind_for("device", "name") is None


def correction(start: int = NOW - DAY, end: int = NOW - 60, state: str = "online", axis: Axis = Axis.CONNECTIVITY):
    return Correction("cam", axis, start, end, state, Cause.DECISION)


def test_a_correction_names_both_who_asked_and_who_approved():
    request = ask_correction(terms(RequestKind.CORRECTION, correction=correction()), at=NOW)
    made = correction_of(done(request))
    assert (request.entity, request.entity_id) == ("device", "cam")
    assert (made.by_person, made.author, made.approved_by, made.reason) == (True, "as:county", "as:city", "拆迁")
    assert is_back_dated(request, asked_at=NOW)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (correction(start=NOW - 60), "ends before it begins"),
        (correction(end=NOW + 1), "only time that has passed"),
        (correction(state="broken"), "must be one of online, offline, unknown"),
        (correction(state="online", axis=Axis.CONDITION), "must be one of intact, faulty, unknown"),
    ],
)
def test_what_may_not_be_corrected(wanted: Correction, message: str):
    with pytest.raises(NotAllowedError, match=message):
        ask_correction(terms(RequestKind.CORRECTION, correction=wanted), at=NOW)


def test_a_persons_correction_is_withdrawn_once():
    stored = replace(correction(), by_person=True, seq=7)
    wanted = replace(terms(RequestKind.WITHDRAWAL), entity_id="7")
    request = done(ask_withdrawal(wanted, stored, at=NOW))
    assert withdrawal_of(request, stored) == Withdrawal(7, NOW + 60, "as:county", "as:city", "拆迁")
    with pytest.raises(NotAllowedError, match="withdrawn already"):
        withdrawal_of(request, replace(stored, withdrawn=True))
    for found in (None, replace(stored, by_person=False)):
        with pytest.raises(NotAllowedError, match="no person's correction 7"):
            ask_withdrawal(wanted, found, at=NOW)
