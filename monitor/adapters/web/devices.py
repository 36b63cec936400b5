"""Devices over HTTP: lists with filters, sorts and pages, and sheets of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from monitor.adapters.web.figures import Code
from monitor.adapters.web.paging import Cursor, Limit, Text, cursor_of, place_of
from monitor.adapters.web.problem import invalid
from monitor.adapters.web.route import Call, Reply, Route
from monitor.adapters.web.sheet import csv_line, workbook
from monitor.domain.account import Right
from monitor.domain.device import Device, DeviceKind, DeviceRecord
from monitor.domain.point import PointClass
from monitor.domain.state import Condition, Connectivity
from monitor.services.device_search import STANDINGS, DeviceFilter
from monitor.services.live_counts import STATES

FEW_TEXT_HITS = 5_000
SHEET_PART = 1_000
MOST_WORKBOOK_ROWS = 20_000
SHEET_HEADING = (
    *("编码 id", "名称 name", "类型 kind", "类别 class", "县市区 county", "镇街 town", "点位 point"),
    *("连接 connectivity", "状况 condition", "自 since", "考核 standing", "故障 faults", "维护单位 maintainer"),
)
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


async def devices_workbook(call: Call) -> Reply:
    """Give the same devices as a workbook; so many as a person looks through, more are for CSV."""
    wanted, _ = await _filter(call)
    numbers = call.parts.search.all(call.parts.counts(), call.tree, wanted)
    if len(numbers) > MOST_WORKBOOK_ROWS:
        most = f"{MOST_WORKBOOK_ROWS:,}"
        raise invalid([f"超过 {most} 台，请筛选或导出 CSV · more than {most} devices: filter, or take the CSV"])
    lines = [line async for part in _lines(call, numbers) for line in part]
    headers = {"Content-Disposition": 'attachment; filename="vidnet-devices.xlsx"'}
    return Reply(await asyncio.to_thread(workbook, SHEET_HEADING, lines), headers=headers)


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
    return [listed(call, number, each, records.get(each.id)) for number, each in zip(numbers, chosen, strict=True)]


def listed(call: Call, number: int, device: Device, record: DeviceRecord | None) -> DeviceOut:
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


def unlisted(call: Call, device: Device, record: DeviceRecord) -> DeviceOut:
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


async def _sheet(call: Call, numbers: list[int]) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + csv_line(SHEET_HEADING)
    async for rows in _lines(call, numbers):
        yield b"".join(map(csv_line, rows))


async def _lines(call: Call, numbers: list[int]) -> AsyncIterator[list[tuple[str, ...]]]:
    """Give the lines of a sheet of devices, a part at a time."""
    zone = ZoneInfo(call.parts.zone)

    def when(at: int) -> str:
        return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")

    for start in range(0, len(numbers), SHEET_PART):
        yield [
            (
                *(row.id, row.name, row.kind, row.point_class, row.county, row.town, row.point or ""),
                *(row.connectivity, row.condition, when(row.since), row.standing, " ".join(row.faults)),
                row.maintainer,
            )
            for row in await _rows(call, numbers[start : start + SHEET_PART])
        ]


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
    Route(
        *("GET", "/devices.xlsx", devices_workbook, Right.READ, "the same devices as a workbook"),
        query=DevicesQuery,
        produces="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        group="devices",
    ),
)
