"""`vidnet requests retire|suspend|…`: what moves a denominator is asked for; somebody else approves it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from monitor.app.decisions import sha256_of
from monitor.cli.common import MISUSED, ConfigOption, JsonOption, errors_as_messages, fail, load_settings
from monitor.cli.deciding import AsOption, AttachmentOption, DocumentOption, ReasonOption, author_of, instant_of
from monitor.cli.requests import propose
from monitor.domain.device import DeviceKind
from monitor.domain.point import PointClass, PointStatus, Ring
from monitor.domain.request import FAULT_FIELD, FieldChange, Request, RequestKind

DevicesArgument = Annotated[list[str], typer.Argument(metavar="DEVICE…", help="设备编码 · device ids")]
FaultOption = Annotated[str, typer.Option("--fault", metavar="CODE", help="故障代码 · the fault, see docs/faults.md")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="WHEN", help="自何时起，默认批准时 · from when, at approval by default")
]

_HOURS = re.compile(r"([0-2]?[0-9]):([0-5][0-9])-([0-2]?[0-9]):([0-5][0-9])")


def retire(
    config: ConfigOption,
    devices: DevicesArgument,
    reason: ReasonOption,
    author: AsOption,
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请拆除设备 · ask to retire devices.

    Example: `vidnet requests retire -c vidnet.toml ID --reason 拆迁 --as 张三`
    """
    ask = _Asking(config, RequestKind.RETIRE, reason, author, since, document, attachment)
    ask.of_devices(devices, {}, as_json=as_json)


def suspend(
    config: ConfigOption,
    devices: DevicesArgument,
    reason: ReasonOption,
    author: AsOption,
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请停用设备 · ask to take devices out of service until they return.

    Example: `vidnet requests suspend -c vidnet.toml ID --reason 道路改造 --as 张三`
    """
    ask = _Asking(config, RequestKind.SUSPEND, reason, author, since, document, attachment)
    ask.of_devices(devices, {}, as_json=as_json)


def return_devices(
    config: ConfigOption,
    devices: DevicesArgument,
    reason: ReasonOption,
    author: AsOption,
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请恢复使用 · ask to take devices that left service back into it.

    Example: `vidnet requests return -c vidnet.toml ID --reason 改造完成 --as 张三`
    """
    ask = _Asking(config, RequestKind.RETURN, reason, author, since, document, attachment)
    ask.of_devices(devices, {}, as_json=as_json)


def reclassify(
    config: ConfigOption,
    devices: DevicesArgument,
    reason: ReasonOption,
    author: AsOption,
    point_class: Annotated[PointClass | None, typer.Option("--class", help="点位类别 · class")] = None,
    kind: Annotated[DeviceKind | None, typer.Option(help="设备类型 · kind")] = None,
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请改类 · ask for another class or kind of devices.

    Example: `vidnet requests reclassify -c vidnet.toml ID --class second --reason 普查更正 --as 张三`
    """
    ask = _Asking(config, RequestKind.RECLASSIFY, reason, author, since, document, attachment)
    ask.of_devices(devices, {"point_class": point_class, "kind": kind}, as_json=as_json)


def move(
    config: ConfigOption,
    devices: DevicesArgument,
    reason: ReasonOption,
    author: AsOption,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="新区划 · the new region")] = None,
    point: Annotated[
        str | None, typer.Option(metavar="ID", help='新点位，"" 为无 · the new point, "" for none')
    ] = None,
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请迁移设备 · ask to move devices; a move to a point is one to its region.

    Example: `vidnet requests move -c vidnet.toml ID --point P-12 --reason 路口改造 --as 张三`
    """
    ask = _Asking(config, RequestKind.MOVE, reason, author, since, document, attachment)
    ask.of_devices(devices, {"region": region, "point": point}, as_json=as_json)


def back_date(
    config: ConfigOption,
    devices: DevicesArgument,
    reason: ReasonOption,
    author: AsOption,
    in_service: Annotated[str | None, typer.Option(metavar="DAY", help="启用日期 · in service from")] = None,
    retired: Annotated[str | None, typer.Option(metavar="WHEN", help="退出时间 · out of service from")] = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请更正启用或退出日期 · ask to correct the date from which devices are in or out of service.

    Example: `vidnet requests back-date -c vidnet.toml ID --in-service 2026-10-01 --reason 验收单 --as 张三`
    """
    ask = _Asking(config, RequestKind.BACK_DATE, reason, author, None, document, attachment)
    ask.of_devices(
        devices, {"in_service_from": ask.instant(in_service), "retired_at": ask.instant(retired)}, as_json=as_json
    )


def hours(
    config: ConfigOption,
    devices: DevicesArgument,
    reason: ReasonOption,
    author: AsOption,
    daily: Annotated[
        list[str], typer.Option("--hours", metavar="HH:MM-HH:MM", help="每日时段，可多个；always 为全天 · daily")
    ],
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请改变服务时段 · ask for other daily service hours.

    Example: `vidnet requests hours -c vidnet.toml ID --hours 08:00-18:00 --reason 校园开放时间 --as 张三`
    """
    ask = _Asking(config, RequestKind.HOURS, reason, author, since, document, attachment)
    ask.of_devices(devices, {"service_windows": _windows(daily)}, as_json=as_json)


def parents(
    config: ConfigOption,
    devices: DevicesArgument,
    reason: ReasonOption,
    author: AsOption,
    parent: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE:ID", help="path:ID、reporter:ID；本级自有加 ! 如 path!:ID · ours with !"),
    ] = None,
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请改变上联（不带 --parent 为无） · ask for other parents, none without --parent.

    Example: `vidnet requests parents -c vidnet.toml ID --parent path:SWITCH-1 --reason 割接 --as 张三`
    """
    ask = _Asking(config, RequestKind.PARENTS, reason, author, since, document, attachment)
    ask.of_devices(devices, {"parents": " ".join(parent or ())}, as_json=as_json)


def clear_fault(
    config: ConfigOption,
    devices: DevicesArgument,
    fault: FaultOption,
    reason: ReasonOption,
    author: AsOption,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请清除已修复而未再探测的故障 · ask to clear a fault that no look can clear.

    Example: `vidnet requests clear-fault -c vidnet.toml ID --fault picture_blur --reason 已擦拭镜头 --as 张三`
    """
    ask = _Asking(config, RequestKind.CLEAR_FAULT, reason, author, None, document, attachment)
    ask.of_devices(devices, {FAULT_FIELD: fault}, as_json=as_json)


def confirm_fault(
    config: ConfigOption,
    devices: DevicesArgument,
    fault: FaultOption,
    reason: ReasonOption,
    author: AsOption,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请确认一个故障 · ask to confirm a fault that looks have not confirmed.

    Example: `vidnet requests confirm-fault -c vidnet.toml ID --fault picture_covered --reason 现场核实 --as 张三`
    """
    ask = _Asking(config, RequestKind.CONFIRM_FAULT, reason, author, None, document, attachment)
    ask.of_devices(devices, {FAULT_FIELD: fault}, as_json=as_json)


def point(
    config: ConfigOption,
    points: Annotated[list[str], typer.Argument(metavar="POINT…", help="点位编号 · point ids")],
    reason: ReasonOption,
    author: AsOption,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="区划 · region")] = None,
    point_class: Annotated[PointClass | None, typer.Option("--class", help="类别 · class")] = None,
    status: Annotated[PointStatus | None, typer.Option(help="状态 · status")] = None,
    site_kind: Annotated[str | None, typer.Option(help="部位类型 · site kind")] = None,
    ring: Annotated[Ring | None, typer.Option(help="防控圈 · ring")] = None,
    required_kinds: Annotated[
        list[DeviceKind] | None, typer.Option("--kind", help="所需设备类型 · kinds that it needs")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="所需台数 · devices that it needs")] = None,
    required_from: Annotated[str | None, typer.Option(metavar="DAY", help="应联网日期 · required from")] = None,
    to_be_networked: Annotated[
        bool | None, typer.Option("--networked/--not-networked", help="三类点须联网 · third class, yet to be networked")
    ] = None,
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请改变点位 · ask for a change of points.

    Example: `vidnet requests point -c vidnet.toml P-12 --status retired --reason 撤销路口 --as 张三`
    """
    ask = _Asking(config, RequestKind.POINT, reason, author, since, document, attachment)
    new = {
        "region": region,
        "point_class": point_class,
        "status": status,
        "site_kind": site_kind,
        "ring": ring,
        "required_kinds": " ".join(required_kinds) if required_kinds else None,
        "count": None if count is None else str(count),
        "required_from": ask.instant(required_from),
        "to_be_networked": None if to_be_networked is None else str(int(to_be_networked)),
    }
    ask.of("point", points, new, as_json=as_json)


def region(
    config: ConfigOption,
    regions: Annotated[list[str], typer.Argument(metavar="CODE…", help="区划代码 · region codes")],
    reason: ReasonOption,
    author: AsOption,
    parent: Annotated[str | None, typer.Option(metavar="CODE", help="上级 · parent")] = None,
    rank_group: Annotated[str | None, typer.Option(help="排名组 · rank group")] = None,
    assessed_from: Annotated[str | None, typer.Option(metavar="DAY", help="开始考核日期 · assessed from")] = None,
    since: FromOption = None,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请改变区划 · ask for a change of regions.

    Example: `vidnet requests region -c vidnet.toml 370799 --assessed-from 2027-01-01 --reason 新设 --as 张三`
    """
    ask = _Asking(config, RequestKind.REGION, reason, author, since, document, attachment)
    new = {"parent": parent, "rank_group": rank_group, "assessed_from": ask.instant(assessed_from)}
    ask.of("region", regions, new, as_json=as_json)


class _Asking:
    """What all requests of one command share."""

    def __init__(
        self,
        config: Path,
        kind: RequestKind,
        reason: str,
        author: str,
        since: str | None,
        document: str,
        attachment: Path | None,
    ) -> None:
        self._config = config
        self._settings = load_settings(config)
        self._zone = self._settings.zone()
        with errors_as_messages():
            digest = sha256_of(attachment)
        self._terms = {
            "kind": kind,
            "reason": reason,
            "proposer": "",
            "author": author_of(author),
            "effective_at": None if since is None else instant_of(since, self._zone),
            "document": document,
            "attachment": digest,
        }

    def instant(self, text: str | None) -> str | None:
        """Give a written instant in the text form of facts, None for none."""
        return None if text is None else str(instant_of(text, self._zone))

    def of_devices(self, ids: Sequence[str], new: Mapping[str, str | None], *, as_json: bool) -> None:
        """Ask for devices."""
        self.of("device", ids, new, as_json=as_json)

    def of(self, entity: str, ids: Sequence[str], new: Mapping[str, str | None], *, as_json: bool) -> None:
        """Ask for entities, all or none, and show what was recorded."""
        changes = tuple(FieldChange(field, "", str(text)) for field, text in new.items() if text is not None)
        if new and not changes:
            fail(MISUSED, "未指定要改什么 · nothing is named that is to change; see --help")
        asked = [
            Request(id="", entity=entity, entity_id=each, changes=changes, **self._terms)  # type: ignore[arg-type]
            for each in dict.fromkeys(ids)
        ]
        propose(self._config, asked, as_json=as_json)


def _windows(daily: Sequence[str]) -> str:
    """Give daily hours in the text form of facts."""
    if list(daily) == ["always"]:
        return ""
    windows = []
    for text in daily:
        found = _HOURS.fullmatch(text)
        if found is None:
            fail(
                MISUSED,
                f"时段应写成 08:00-18:00 或 always · hours are written like 08:00-18:00, or always; not {text!r}",
            )
        opens_h, opens_m, closes_h, closes_m = map(int, found.groups())
        windows.append(f"{opens_h * 3_600 + opens_m * 60}-{closes_h * 3_600 + closes_m * 60}")
    return " ".join(windows)
