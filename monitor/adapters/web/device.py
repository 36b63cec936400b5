"""One device over HTTP: everything about it, and a look at it now."""

from __future__ import annotations

import msgspec

from monitor.adapters.web.device_parts import (
    ORDERS_S,
    BaselineOut,
    ChangeOut,
    CorrectionOut,
    CoveringOut,
    DeepLookOut,
    DeviceOrderOut,
    FaultOut,
    LoginOut,
    PictureOut,
    SaidOut,
    baselines_out,
    deep_out,
    exemptions_of,
    faults_of,
    login_out,
    order_out,
    picture_out,
    said_out,
)
from monitor.adapters.web.devices import DeviceOut, listed, unlisted
from monitor.adapters.web.figures import RegionOut, region_out
from monitor.adapters.web.problem import Problem, not_found
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right
from monitor.domain.device import DeviceRecord
from monitor.domain.facts import Axis

MOST_CHANGES = 500


class DevicePageOut(msgspec.Struct, frozen=True):
    """Everything about one device; `record` holds what the archive says of it, empty fields left out."""

    device: DeviceOut
    lineage: list[RegionOut]
    record: dict[str, str]
    address: str
    protocol: str
    route: str
    parents: list[str]
    owner_unit: str
    police_station: str
    contract: str
    created_at: int
    in_service_from: int | None
    retired_at: int | None
    connectivity_cause: str
    condition_since: int | None
    condition_cause: str
    last_evidence_at: int | None
    answered_at: int | None
    interval_s: int
    clock_offset_s: float | None
    clock_limit_s: int
    faults: list[FaultOut]
    evidence: dict[str, int]
    requires: list[str]
    changes: list[ChangeOut]
    corrections: list[CorrectionOut]
    exemptions: list[CoveringOut]
    deep_looks: list[DeepLookOut]
    said: SaidOut | None
    picture: PictureOut | None
    baselines: list[BaselineOut]
    login: LoginOut | None
    orders: list[DeviceOrderOut]
    looked_at: bool
    now: int


class LookOut(msgspec.Struct, frozen=True):
    """A look that is due now; its result is on the device's page in a moment."""

    device: str
    due_at: int


async def device(call: Call) -> DevicePageOut:
    """Give everything about one device."""
    device_id = call.params["id"]
    dossier = await call.parts.dossiers.dossier(device_id, most_facts=MOST_CHANGES, orders_since=call.at - ORDERS_S)
    if dossier is None:
        raise _unknown(call, device_id)
    found, record = dossier.device, dossier.record
    call.require(found.region)
    counts = call.parts.counts()
    number = counts.number_of(found.id)
    row = unlisted(call, found, record) if number is None else listed(call, number, found, record)
    state = call.parts.state(found.id)
    endpoint = found.endpoint
    texts = {name: getattr(record, name) for name in DeviceRecord.__slots__ if name != "device_id"}
    return DevicePageOut(
        device=row,
        lineage=[region_out(call.tree[code]) for code in reversed(call.tree.lineage(found.region or ""))],
        record={name: text for name, text in texts.items() if text},
        address="" if endpoint is None else endpoint.address,
        protocol="" if endpoint is None else endpoint.protocol,
        route=found.route.value,
        parents=[parent.device_id for parent in found.parents],
        owner_unit=found.organisations.owner_unit,
        police_station=found.organisations.police_station,
        contract=found.organisations.contract,
        created_at=found.lifecycle.created_at,
        in_service_from=found.lifecycle.in_service_from,
        retired_at=found.lifecycle.retired_at,
        connectivity_cause="" if state is None else state.connectivity_cause.value,
        condition_since=None if state is None else state.condition_since,
        condition_cause="" if state is None else state.condition_cause.value,
        last_evidence_at=None if state is None else state.last_evidence_at,
        answered_at=None if state is None else state.answered_at,
        interval_s=0 if state is None else state.interval_s,
        clock_offset_s=None if state is None or state.clock_offset is None else state.clock_offset / 10,
        clock_limit_s=call.parts.policy.clock_limit_s,
        faults=faults_of(call, state),
        evidence=dict(state.evidence) if state is not None else {},
        requires=list(call.parts.policy.intact_requires),
        changes=[
            ChangeOut(each.seq, each.axis.value, each.old, each.new, each.at, each.cause.value, each.fault, each.author)
            for each in dossier.changes
        ],
        corrections=[
            CorrectionOut(
                seq=each.seq,
                axis=each.axis.value if isinstance(each.axis, Axis) else str(each.axis),
                start=each.start,
                end=each.end,
                state=each.state,
                cause=each.cause.value,
                by_person=each.by_person,
                withdrawn=each.withdrawn,
                author=each.author,
                reason=each.reason,
            )
            for each in dossier.corrections
        ],
        exemptions=await exemptions_of(call, found),
        deep_looks=[deep_out(each) for each in dossier.looks],
        said=said_out(dossier.known),
        picture=picture_out(dossier.pictures.last),
        baselines=baselines_out(dossier.pictures.baselines),
        login=login_out(dossier.login),
        orders=[order_out(each) for each in dossier.orders],
        looked_at=endpoint is not None,
        now=call.at,
    )


async def look_now(call: Call) -> LookOut:
    """Make a look at a device due now, at most once in a while for each device."""
    device_id = call.params["id"]
    inventoried = await call.parts.inventory.device(device_id)
    if inventoried is None:
        raise _unknown(call, device_id)
    found, _ = inventoried
    call.require(found.region)
    wait_s = call.parts.recent_looks.wait_s(found.id, at=call.at)
    if wait_s > 0:
        raise Problem(
            429, "throttled", f"请 {wait_s} 秒后再试 · looked at just now, try again later", retry_after_s=wait_s
        )
    if not call.parts.look_now(found.id):
        raise Problem(409, "not-polled", "该设备不由本服务探测 · this device is not polled here")
    call.parts.recent_looks.note(found.id, at=call.at)
    return LookOut(found.id, call.at)


def _unknown(call: Call, device_id: str) -> Problem:
    """Refuse as for a device elsewhere, so that nobody learns what stands outside their region; else say so."""
    call.require(None)
    return not_found(device_id)


ROUTES = (
    Route("GET", "/devices/{id}", device, Right.READ, "one device", answer=DevicePageOut, group="devices"),
    Route(
        *("POST", "/devices/{id}/look", look_now, Right.OPERATE, "look at a device now"),
        answer=LookOut,
        status=202,
        group="devices",
        action="device.look",
    ),
)
