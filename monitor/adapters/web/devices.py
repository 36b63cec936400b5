"""Devices over HTTP: lists with filters, sorts and pages, sheets of them, one device with its history, look now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from monitor.adapters.web.figures import Code, RegionOut, region_out
from monitor.adapters.web.paging import Cursor, Limit, Text, cursor_of, place_of
from monitor.adapters.web.problem import Problem, not_found
from monitor.adapters.web.route import Call, Reply, Route
from monitor.adapters.web.sheet import csv_line
from monitor.domain.account import Right
from monitor.domain.deep import DeepSummary, Said
from monitor.domain.device import Device, DeviceKind, DeviceRecord
from monitor.domain.facts import Axis, Exemption, ExemptionScope
from monitor.domain.fault import FAULTS
from monitor.domain.picture_look import PictureLook
from monitor.domain.point import PointClass
from monitor.domain.state import Condition, Connectivity, DeviceState
from monitor.services.device_search import STANDINGS, DeviceFilter
from monitor.services.live_counts import STATES

FEW_TEXT_HITS = 5_000
SHEET_PART = 1_000
MOST_CHANGES = 500
ORDERS_S = 90 * 86_400

Connectivities = Literal["online", "offline", "unknown"]
Conditions = Literal["intact", "faulty", "unknown"]
Classes = Literal["first", "second", "third", "internal", "other"]
Kinds = Literal["camera", "checkpoint", "recorder", "gateway", "platform", "sensor", "other"]


class DevicesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which devices: every filter that is named must hold. `standing` is assessed, exempt or out of service."""

    region: Code | None = None
    connectivity: Connectivities | None = None
    condition: Conditions | None = None
    standing: Literal["assessed", "exempt", "out"] | None = None
    point_class: Classes | None = None
    kind: Kinds | None = None
    fault: Text | None = None
    q: Text | None = None
    sort: Literal["id", "since", "region", "state"] = "id"
    order: Literal["up", "down"] = "up"
    cursor: Cursor | None = None
    limit: Limit = 50


class DeviceOut(msgspec.Struct, frozen=True):
    """One device as lists show it; `since` is of its connectivity."""

    id: str
    name: str
    kind: str
    point_class: str
    region: str | None
    county: str
    town: str
    point: str | None
    maintainer: str
    connectivity: str
    condition: str
    since: int
    standing: str
    faults: list[str]


class DevicesOut(msgspec.Struct, frozen=True):
    """One page of devices; `next` is the cursor of the next, null on the last; `cut`: the text has too many hits."""

    total: int
    devices: list[DeviceOut]
    next: str | None
    cut: bool


class FaultOut(msgspec.Struct, frozen=True):
    """A fault that a device shows, what it means and what to do first."""

    code: str
    since: int
    confirmed: bool
    counts: bool
    text: str
    first: str


class ChangeOut(msgspec.Struct, frozen=True):
    """One change of a device's state."""

    seq: int
    axis: str
    old: str
    new: str
    at: int
    cause: str
    fault: str


class CorrectionOut(msgspec.Struct, frozen=True):
    """One correction of a device's past."""

    seq: int
    axis: str
    start: int
    end: int
    state: str
    cause: str
    by_person: bool
    withdrawn: bool
    author: str
    reason: str


class CoveringOut(msgspec.Struct, frozen=True):
    """An exemption that covers a device, now or lately."""

    id: str
    start: int
    end: int
    reason: str
    document: str
    approver: str


class DeepLookOut(msgspec.Struct, frozen=True):
    """One deep look in a few words; `clock_offset_s` is the device's clock minus ours."""

    at: int
    outcome: str
    login: str
    duration_ms: int
    clock_offset_s: float | None
    retention_days: int | None
    faults: list[str]
    notes: list[str]


class SaidOut(msgspec.Struct, frozen=True):
    """What a device said of itself when it was last asked."""

    at: int
    maker: str
    model: str
    firmware: str
    serial: str
    hardware: str
    macs: list[str]
    profiles: list[str]


class PictureOut(msgspec.Struct, frozen=True):
    """The last picture look in numbers; the picture itself is kept nowhere."""

    at: int
    outcome: str
    detail: str
    way: str
    light: str
    faults: list[str]
    reasons: list[str]
    scores: dict[str, float]
    width: int
    height: int
    duration_ms: int


class DeviceOrderOut(msgspec.Struct, frozen=True):
    """A work order that a device is part of."""

    id: str
    state: str
    title_zh: str
    title_en: str
    opened_at: int
    closed_at: int | None
    result: str


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
    faults: list[FaultOut]
    evidence: dict[str, int]
    changes: list[ChangeOut]
    corrections: list[CorrectionOut]
    exemptions: list[CoveringOut]
    deep_looks: list[DeepLookOut]
    said: SaidOut | None
    picture: PictureOut | None
    orders: list[DeviceOrderOut]
    looked_at: bool
    now: int


class LookOut(msgspec.Struct, frozen=True):
    """A look that is due now; its result is on the device's page in a moment."""

    device: str
    due_at: int


async def devices(call: Call) -> DevicesOut:
    """Give one page of the devices that a filter lets through."""
    query: DevicesQuery = call.query
    wanted, cut = await _filter(call)
    found = call.parts.search.page(
        call.parts.counts(),
        call.tree,
        wanted,
        sort=query.sort,
        descending=query.order == "down",
        after=place_of(query.cursor, tuple[int, int]),
        limit=query.limit,
    )
    rows = await _rows(call, found.numbers)
    return DevicesOut(found.total, rows, None if found.next is None else cursor_of(found.next), cut)


async def devices_sheet(call: Call) -> Reply:
    """Give all devices that a filter lets through as CSV."""
    wanted, _ = await _filter(call)
    numbers = call.parts.search.all(call.parts.counts(), call.tree, wanted)
    headers = {"Content-Disposition": 'attachment; filename="vidnet-devices.csv"'}
    return Reply(_sheet(call, numbers), headers=headers)


async def device(call: Call) -> DevicePageOut:
    """Give everything about one device."""
    found, record = await _one(call)
    counts = call.parts.counts()
    number = counts.number_of(found.id)
    row = _unlisted(call, found, record) if number is None else _listed(call, number, found, record)
    state = call.parts.state(found.id)
    changes = await call.parts.queries.changes(device_id=found.id)
    corrections = await call.parts.queries.corrections(device_id=found.id)
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
        faults=_faults(call, state),
        evidence=dict(state.evidence) if state is not None else {},
        changes=[
            ChangeOut(each.seq, each.axis.value, each.old, each.new, each.at, each.cause.value, each.fault)
            for each in changes[-MOST_CHANGES:]
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
            for each in corrections[-MOST_CHANGES:]
        ],
        exemptions=await _exemptions(call, found),
        deep_looks=[_deep_out(each) for each in await call.parts.deep.looks(found.id)],
        said=_said_out((await call.parts.deep.known(found.id)).said),
        picture=_picture_out((await call.parts.pictures.memory(found.id)).last),
        orders=await _orders(call, found.id),
        looked_at=endpoint is not None,
        now=call.at,
    )


async def look_now(call: Call) -> LookOut:
    """Make a look at a device due now, at most once in a while for each device."""
    found, _ = await _one(call)
    wait_s = call.parts.recent_looks.wait_s(found.id, at=call.at)
    if wait_s > 0:
        raise Problem(
            429, "throttled", f"请 {wait_s} 秒后再试 · looked at just now, try again later", retry_after_s=wait_s
        )
    if not call.parts.look_now(found.id):
        raise Problem(409, "not-polled", "该设备不由本服务探测 · this device is not polled here")
    call.parts.recent_looks.note(found.id, at=call.at)
    return LookOut(found.id, call.at)


async def _filter(call: Call) -> tuple[DeviceFilter, bool]:
    query: DevicesQuery = call.query
    among = None
    cut = False
    if query.q is not None:
        ids = await call.parts.directory.devices_like(query.q, limit=FEW_TEXT_HITS)
        cut = len(ids) == FEW_TEXT_HITS
        numbers = (call.parts.counts().number_of(device_id) for device_id in ids)
        among = [number for number in numbers if number is not None]
    return (
        DeviceFilter(
            regions=call.regions(query.region),
            connectivity=None if query.connectivity is None else Connectivity(query.connectivity),
            condition=None if query.condition is None else Condition(query.condition),
            standing=query.standing,
            point_class=None if query.point_class is None else PointClass(query.point_class),
            kind=None if query.kind is None else DeviceKind(query.kind),
            fault=query.fault,
            among=among,
        ),
        cut,
    )


async def _rows(call: Call, numbers: Sequence[int]) -> list[DeviceOut]:
    devices = call.parts.counts().columns().devices
    chosen = [devices[number] for number in numbers]
    records = await call.parts.directory.records_of([each.id for each in chosen])
    return [_listed(call, number, each, records.get(each.id)) for number, each in zip(numbers, chosen, strict=True)]


def _listed(call: Call, number: int, device: Device, record: DeviceRecord | None) -> DeviceOut:
    """Give the row of a device by its number in the columns."""
    columns = call.parts.counts().columns()
    connectivity, condition = STATES[columns.state[number]]
    return _row(
        call,
        device,
        record,
        connectivity=connectivity,
        condition=condition,
        since=columns.since[number],
        standing=STANDINGS[columns.standing[number]],
        faults=columns.faults.get(number, ()),
    )


def _unlisted(call: Call, device: Device, record: DeviceRecord) -> DeviceOut:
    """Give the row of a device that was recorded only now and is in no column yet."""
    return _row(
        call,
        device,
        record,
        connectivity=Connectivity.UNKNOWN,
        condition=Condition.UNKNOWN,
        since=device.lifecycle.created_at,
        standing="out",
        faults=(),
    )


def _row(
    call: Call,
    device: Device,
    record: DeviceRecord | None,
    *,
    connectivity: Connectivity,
    condition: Condition,
    since: int,
    standing: str,
    faults: Sequence[str],
) -> DeviceOut:
    lineage = {call.tree[code].level.value: call.tree[code].name for code in call.tree.lineage(device.region or "")}
    return DeviceOut(
        id=device.id,
        name="" if record is None else record.name,
        kind=device.kind.value,
        point_class=device.point_class.value,
        region=device.region,
        county=lineage.get("county", ""),
        town=lineage.get("town", ""),
        point=device.point,
        maintainer=device.organisations.maintainer,
        connectivity=connectivity.value,
        condition=condition.value,
        since=since,
        standing=standing,
        faults=list(faults),
    )


async def _one(call: Call) -> tuple[Device, DeviceRecord]:
    device_id = call.params["id"]
    found = await call.parts.inventory.device(device_id)
    if found is None:
        # The same answer as for a device elsewhere, so that nobody learns what stands outside their region.
        call.require(None)
        raise not_found(device_id)
    call.require(found[0].region)
    return found


def _faults(call: Call, state: DeviceState | None) -> list[FaultOut]:
    found = []
    for fault in () if state is None else state.faults:
        known = FAULTS.get(fault.code)
        found.append(
            FaultOut(
                code=fault.code,
                since=fault.first_at,
                confirmed=fault.confirmed,
                counts=fault.code in call.parts.policy.counting_faults,
                text=fault.code if known is None else f"{known.text_zh} · {known.text_en}",
                first="" if known is None else f"{known.first_zh} · {known.first_en}",
            )
        )
    return found


async def _exemptions(call: Call, device: Device) -> list[CoveringOut]:
    above = call.parts.counts().above(device)
    lineage = call.tree.lineage(device.region or "")

    def covers(each: Exemption) -> bool:
        return {
            ExemptionScope.DEVICE: each.scope_id == device.id,
            ExemptionScope.POINT: each.scope_id == device.point,
            ExemptionScope.REGION: each.scope_id in lineage,
            ExemptionScope.PATH: each.scope_id in above,
        }[each.scope]

    found = [each for each in await call.parts.exemptions_known.all(at=call.at) if covers(each)]
    return [
        CoveringOut(each.id, each.start, each.end, each.reason, each.document, each.approver)
        for each in sorted(found, key=lambda each: -each.start)[:20]
    ]


def _deep_out(look: DeepSummary) -> DeepLookOut:
    return DeepLookOut(
        at=look.at,
        outcome=look.outcome,
        login=look.login.value,
        duration_ms=look.duration_ms,
        clock_offset_s=None if look.clock_offset is None else look.clock_offset / 10,
        retention_days=look.retention_days,
        faults=list(look.faults),
        notes=[f"{note.step}: {note.ending} {note.detail}".strip() for note in look.notes],
    )


def _said_out(said: Said | None) -> SaidOut | None:
    if said is None:
        return None
    profiles = [f"{each.name or each.token} {each.encoding} {each.width}×{each.height}" for each in said.profiles]
    return SaidOut(
        said.at, said.maker, said.model, said.firmware, said.serial, said.hardware, list(said.macs), profiles
    )


def _picture_out(look: PictureLook | None) -> PictureOut | None:
    if look is None:
        return None
    return PictureOut(
        at=look.at,
        outcome=look.outcome,
        detail=look.detail,
        way=look.way,
        light="" if look.light is None else look.light.value,
        faults=list(look.faults),
        reasons=list(look.reasons),
        scores={name: round(value, 4) for name, value in sorted((look.scores or {}).items())},
        width=look.width,
        height=look.height,
        duration_ms=look.duration_ms,
    )


async def _orders(call: Call, device_id: str) -> list[DeviceOrderOut]:
    found = [each for each in await call.parts.alerts.orders(since=call.at - ORDERS_S) if device_id in each.devices]
    return [
        DeviceOrderOut(
            each.id, each.state.value, each.title_zh, each.title_en, each.opened_at, each.closed_at, each.result
        )
        for each in found
    ]


async def _sheet(call: Call, numbers: list[int]) -> AsyncIterator[bytes]:
    heading = ("编码 id", "名称 name", "类型 kind", "类别 class", "县市区 county", "镇街 town", "点位 point")
    states = ("连接 connectivity", "状况 condition", "自 since", "考核 standing", "故障 faults", "维护单位 maintainer")
    zone = ZoneInfo(call.parts.zone)

    def when(at: int) -> str:
        return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")

    yield b"\xef\xbb\xbf" + csv_line((*heading, *states))
    for start in range(0, len(numbers), SHEET_PART):
        rows = await _rows(call, numbers[start : start + SHEET_PART])
        yield b"".join(
            csv_line(
                (
                    *(row.id, row.name, row.kind, row.point_class, row.county, row.town, row.point or ""),
                    *(row.connectivity, row.condition, when(row.since), row.standing, " ".join(row.faults)),
                    row.maintainer,
                )
            )
            for row in rows
        )


ROUTES = (
    Route(
        *("GET", "/devices", devices, Right.READ, "devices, by page"),
        query=DevicesQuery,
        answer=DevicesOut,
        group="devices",
    ),
    Route(
        *("GET", "/devices.csv", devices_sheet, Right.READ, "the same devices as a sheet"),
        query=DevicesQuery,
        produces="text/csv; charset=utf-8",
        group="devices",
    ),
    Route("GET", "/devices/{id}", device, Right.READ, "one device", answer=DevicePageOut, group="devices"),
    Route(
        *("POST", "/devices/{id}/look", look_now, Right.OPERATE, "look at a device now"),
        answer=LookOut,
        status=202,
        group="devices",
        action="device.look",
    ),
)
