"""The desk of requests on the store without a database: what is stored, and that a refused step stores nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.db.memory import MemoryStore
from monitor.domain.device import Device, DeviceKind, Lifecycle, Parent
from monitor.domain.exempting import NotAllowedError
from monitor.domain.facts import Axis, Correction, Party
from monitor.domain.point import Point, PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.domain.request import FieldChange, Request, RequestKind, RequestState
from monitor.domain.state import Cause, FaultRecord, initial_state
from monitor.ports import Batch, InventoryBatch
from monitor.services.request_desk import RequestDesk

NOW = 1_800_000_000
REGIONS = (
    Region("3707", "潍坊市", RegionLevel.CITY),
    Region("370702", "潍城区", RegionLevel.COUNTY, "3707"),
    Region("370703", "寒亭区", RegionLevel.COUNTY, "3707"),
)
POINTS = (Point("P-1", "370702", PointClass.FIRST), Point("P-2", "370703", PointClass.SECOND))
DEVICES = tuple(
    Device(f"cam-{n}", DeviceKind.CAMERA, PointClass.FIRST, "370702", Lifecycle(NOW - 9_000), point="P-1")
    for n in range(60)
)


def terms(kind: RequestKind, entity_id: str, *changes: tuple[str, str], entity: str = "device", **fields) -> Request:
    what = {"reason": "原因", "proposer": "", "author": "as:county"} | fields
    return Request("", kind, entity, entity_id, changes=tuple(FieldChange(f, "", new) for f, new in changes), **what)


class Desk:
    """A desk on a store of its own, asked and read without awaiting."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.desk = RequestDesk(self.store, self.store, self.store, zone=ZoneInfo("Asia/Shanghai"))
        self.run(self.store.record(InventoryBatch(regions=REGIONS, points=POINTS, devices=DEVICES)))

    def run(self, work):
        return asyncio.run(work)

    def ask(self, *asked: Request):
        return self.run(self.desk.propose(asked, at=NOW))

    def approve(self, *requests: Request):
        ids = [each.id for each in requests]
        return self.run(self.desk.approve(ids, approver="as:city", at=NOW + 60))

    def device(self, device_id: str) -> Device:
        return self.run(self.store.device(device_id))[0]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_retirement_holds_from_its_approval_and_is_in_the_ledger(desk: Desk):
    [request] = desk.ask(terms(RequestKind.RETIRE, "cam-1"))
    assert request.id == "R2027-00001"
    assert desk.device("cam-1").lifecycle.retired_at is None
    desk.approve(request)
    assert desk.device("cam-1").lifecycle.retired_at == NOW + 60
    [entry] = desk.run(desk.store.inventory_changes())
    assert (entry.entity_id, entry.request, entry.approved_by) == ("cam-1", "R2027-00001", "as:city")


@pytest.mark.parametrize("many", [2, 55])
def test_requests_are_asked_and_approved_together_or_not_at_all(desk: Desk, many: int):
    requests = desk.ask(*(terms(RequestKind.RETIRE, f"cam-{n}") for n in range(many)))
    assert [each.id for each in requests][-1] == f"R2027-{many:05d}"
    with pytest.raises(NotAllowedError, match=r"R2027-99999: .*nothing waits"):
        desk.run(desk.desk.approve([*(each.id for each in requests), "R2027-99999"], approver="as:city", at=NOW))
    with pytest.raises(NotAllowedError, match="asked for it"):
        desk.run(desk.desk.approve([requests[0].id], approver=" County", at=NOW))
    assert all(each.lifecycle.retired_at is None for each in desk.run(desk.store.devices()))
    desk.approve(*requests)
    assert sum(each.lifecycle.retired_at is not None for each in desk.run(desk.store.devices())) == many


def test_every_problem_of_a_batch_is_named_and_nothing_is_stored(desk: Desk):
    with pytest.raises(NotAllowedError) as raised:
        desk.ask(
            terms(RequestKind.RETIRE, "cam-1"),
            terms(RequestKind.RETIRE, "nobody"),
            terms(RequestKind.RECLASSIFY, "cam-2", ("point_class", "fifth")),
            terms(RequestKind.MOVE, "cam-3", ("region", "999999")),
            terms(RequestKind.MOVE, "cam-4", ("point", "P-9")),
            terms(RequestKind.PARENTS, "cam-5", ("parents", "path:ghost")),
        )
    problems = raised.value.problems
    assert len(problems) == 5
    for name, message in (
        ("nobody", "no device nobody"),
        ("cam-2", "must be one of first"),
        ("cam-3", "no region 999999"),
        ("cam-4", "no point P-9"),
        ("cam-5", "no device ghost"),
    ):
        assert any(each.startswith(f"{name}: ") and message in each for each in problems)
    assert desk.run(desk.store.requests()) == []


def test_a_move_to_a_point_is_one_to_its_region(desk: Desk):
    [request] = desk.ask(terms(RequestKind.MOVE, "cam-1", ("point", "P-2")))
    desk.approve(request)
    moved = desk.device("cam-1")
    assert (moved.point, moved.region) == ("P-2", "370703")


def test_two_requests_about_one_device_are_applied_in_order(desk: Desk):
    first, second = desk.ask(
        terms(RequestKind.RECLASSIFY, "cam-1", ("point_class", "third")),
        terms(RequestKind.MOVE, "cam-1", ("region", "370703")),
    )
    desk.approve(first, second)
    assert (desk.device("cam-1").point_class, desk.device("cam-1").region) == (PointClass.THIRD, "370703")


def test_the_second_of_two_that_contradict_is_stale(desk: Desk):
    first, second = desk.ask(
        terms(RequestKind.MOVE, "cam-1", ("region", "370703")), terms(RequestKind.MOVE, "cam-1", ("region", "3707"))
    )
    desk.approve(first)
    with pytest.raises(NotAllowedError, match="ask again"):
        desk.approve(second)
    assert desk.device("cam-1").region == "370703"


def test_parents_must_not_run_in_a_circle(desk: Desk):
    [up] = desk.ask(terms(RequestKind.PARENTS, "cam-1", ("parents", "path:cam-2")))
    [down] = desk.ask(terms(RequestKind.PARENTS, "cam-2", ("parents", "path:cam-1")))
    with pytest.raises(NotAllowedError, match="run in a circle"):
        desk.ask(terms(RequestKind.PARENTS, "cam-1", ("parents", "path:cam-1")))
    with pytest.raises(NotAllowedError, match="run in a circle"):
        desk.approve(up, down)
    assert desk.device("cam-1").parents == ()
    desk.approve(up)
    assert desk.device("cam-1").parents == (Parent("cam-2"),)


def test_regions_stay_a_tree(desk: Desk):
    ask = terms(RequestKind.REGION, "3707", ("parent", "370702"), entity="region")
    with pytest.raises(NotAllowedError, match="would be no tree"):
        desk.ask(ask)
    [request] = desk.ask(terms(RequestKind.REGION, "370703", ("assessed_from", str(NOW)), entity="region"))
    desk.approve(request)
    assert desk.run(desk.store.regions())[2].assessed_from == NOW


def test_a_point_changes_by_request(desk: Desk):
    [request] = desk.ask(terms(RequestKind.POINT, "P-2", ("status", "retired"), ("count", "2"), entity="point"))
    desk.approve(request)
    point = desk.run(desk.store.points())[1]
    assert (point.status, point.count) == ("retired", 2)


def test_a_correction_is_made_and_withdrawn_by_requests(desk: Desk):
    wanted = Correction("cam-1", Axis.CONNECTIVITY, NOW - 600, NOW - 60, "offline", Cause.DECISION, party=Party.CARRIER)
    [request] = desk.ask(terms(RequestKind.CORRECTION, "", correction=wanted))
    assert desk.run(desk.store.corrections()) == []
    desk.approve(request)
    [made] = desk.run(desk.store.corrections())
    assert (made.by_person, made.party, made.approved_by) == (True, Party.CARRIER, "as:city")

    first, second = desk.ask(*[terms(RequestKind.WITHDRAWAL, str(made.seq), entity="correction")] * 2)
    with pytest.raises(NotAllowedError, match="withdrawn twice"):
        desk.approve(first, second)
    desk.approve(first)
    assert desk.run(desk.store.corrections())[0].withdrawn
    with pytest.raises(NotAllowedError, match="withdrawn already"):
        desk.approve(second)
    with pytest.raises(NotAllowedError, match="no person's correction x"):
        desk.ask(terms(RequestKind.WITHDRAWAL, "x", entity="correction"))


def test_a_correction_of_nobody_is_refused(desk: Desk):
    wanted = Correction("nobody", Axis.CONNECTIVITY, NOW - 600, NOW - 60, "offline", Cause.DECISION)
    with pytest.raises(NotAllowedError, match="no device nobody"):
        desk.ask(terms(RequestKind.CORRECTION, "", correction=wanted))


def test_what_waits_is_refused_or_taken_back(desk: Desk):
    first, second = desk.ask(terms(RequestKind.RETIRE, "cam-1"), terms(RequestKind.RETIRE, "cam-2"))
    [refused] = desk.run(desk.desk.refuse([first.id], approver="as:city", at=NOW, note="仍在用"))
    [back] = desk.run(desk.desk.withdraw([second.id], author="as:county", at=NOW))
    assert (refused.state, refused.note, back.state) == (RequestState.REFUSED, "仍在用", RequestState.WITHDRAWN)
    with pytest.raises(NotAllowedError, match="nothing waits"):
        desk.approve(first, second)
    assert len(desk.run(desk.store.requests())) == 4


def test_a_fault_is_cleared_only_where_it_stands_and_the_ledger_tells_so(desk: Desk):
    asked = terms(RequestKind.CLEAR_FAULT, "cam-1", ("fault", "picture_blur"))
    with pytest.raises(NotAllowedError, match="does not show the fault picture_blur"):
        desk.ask(asked)
    with pytest.raises(NotAllowedError, match="one known fault must be named"):
        desk.ask(terms(RequestKind.CLEAR_FAULT, "cam-1", ("fault", "no_such_fault")))
    with pytest.raises(NotAllowedError, match="one known fault must be named"):
        desk.ask(terms(RequestKind.CONFIRM_FAULT, "cam-1", ("region", "370703")))
    faults = (FaultRecord("picture_blur", NOW - 9, 2, True),)
    desk.run(desk.store.apply(Batch(states=[replace(initial_state("cam-1", created_at=NOW - 99), faults=faults)])))
    with pytest.raises(NotAllowedError, match="confirmed already"):
        desk.ask(terms(RequestKind.CONFIRM_FAULT, "cam-1", ("fault", "picture_blur")))
    [request] = desk.ask(asked)
    desk.approve(request)
    [entry] = desk.run(desk.store.inventory_changes())
    assert (entry.field, entry.old, entry.new, entry.approved_by) == ("fault", "picture_blur", "", "as:city")
