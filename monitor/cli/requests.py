"""`vidnet requests`: what was asked for is approved, refused, taken back and listed; `asking` has the asking."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.adapters.files.instants import written_instant
from monitor.app.decisions import request_desk, request_versions
from monitor.cli.auditing import audited_versions
from monitor.cli.common import (
    ConfigOption,
    JsonOption,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.cli.deciding import (
    AsOption,
    NoteOption,
    RefusalOption,
    author_of,
)
from monitor.domain.author import shown
from monitor.domain.request import AT_EFFECT, Request, RequestKind, RequestState
from monitor.domain.requesting import is_back_dated, newest
from monitor.services.request_desk import RequestDesk

IdsArgument = Annotated[list[str], typer.Argument(metavar="ID…", help="申请编号 · request ids")]

_INSTANTS = frozenset({"retired_at", "in_service_from", "required_from", "assessed_from"})


def approve(
    config: ConfigOption, ids: IdsArgument, author: AsOption, note: NoteOption = "", as_json: JsonOption = False
) -> None:
    """批准申请，申请人不能批准；批准即生效 · approve requests: they take effect; whoever asked cannot.

    Example: `vidnet requests approve -c vidnet.toml R2026-00001 --as 李四`
    """
    who = author_of(author)
    _decide(config, lambda desk, at: desk.approve(ids, approver=who, at=at, note=note), as_json=as_json)


def refuse(
    config: ConfigOption, ids: IdsArgument, author: AsOption, note: RefusalOption, as_json: JsonOption = False
) -> None:
    """不批准申请，须说明理由 · refuse requests, with the reason.

    Example: `vidnet requests refuse -c vidnet.toml R2026-00001 --as 李四 --note 仍在用`
    """
    who = author_of(author)
    _decide(config, lambda desk, at: desk.refuse(ids, approver=who, at=at, note=note), as_json=as_json)


def withdraw(
    config: ConfigOption, ids: IdsArgument, author: AsOption, note: NoteOption = "", as_json: JsonOption = False
) -> None:
    """撤回自己的申请 · take one's own requests back while they wait.

    Example: `vidnet requests withdraw -c vidnet.toml R2026-00001 --as 张三`
    """
    who = author_of(author)
    _decide(config, lambda desk, at: desk.withdraw(ids, author=who, at=at, note=note), as_json=as_json)


def list_requests(
    config: ConfigOption,
    state: Annotated[RequestState | None, typer.Option(help="状态 · only in this state")] = None,
    kind: Annotated[RequestKind | None, typer.Option(help="类型 · only of this kind")] = None,
    request_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="全部版本 · all versions of one")] = None,
    entity: Annotated[
        str | None, typer.Option("--of", metavar="ID", help="某设备、点位或区划的 · of one device, point or region")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """列出申请的最新版本 · list requests by their newest version.

    Example: `vidnet requests list -c vidnet.toml --state submitted`
    """
    settings = load_settings(config)
    versions = run_coroutine(request_versions(settings, folder=config.parent))
    asked_at: dict[str, int] = {}
    for version in versions:
        asked_at.setdefault(version.id, version.at)
    rows = list(newest(versions).values())
    if request_id is not None:
        rows = [each for each in versions if each.id == request_id]
    rows = [each for each in rows if state in (None, each.state) and kind in (None, each.kind)]
    rows = [each for each in rows if entity in (None, each.entity_id)]
    _print(rows, settings.zone(), as_json=as_json, asked_at=asked_at)


def propose(config: Path, asked: Sequence[Request], *, as_json: bool) -> None:
    """Ask for what the requests say, and show what was recorded."""
    _decide(config, lambda desk, at: desk.propose(asked, at=at), as_json=as_json)


def _decide(
    config: Path,
    step: Callable[[RequestDesk, int], Coroutine[Any, Any, tuple[Request, ...]]],
    *,
    as_json: bool,
) -> None:
    settings = load_settings(config)

    async def work() -> tuple[Request, ...]:
        async with request_desk(settings, folder=config.parent) as desk:
            return await step(desk, int(time.time()))

    versions = run_coroutine(work())
    audited_versions(config, "request", versions)
    asked_at = {each.id: each.at for each in versions}
    if as_json:
        values = [_values(each, settings.zone(), asked_at) for each in versions]
        print(json.dumps({"requests": values}, ensure_ascii=False))
    else:
        _print(versions, settings.zone(), as_json=False, asked_at=asked_at)


def _print(rows: Sequence[Request], zone: tzinfo, *, as_json: bool, asked_at: Mapping[str, int]) -> None:
    if as_json:
        print(json.dumps([_values(each, zone, asked_at) for each in rows], ensure_ascii=False))
        return
    table = Table(
        *("编号\nid", "状态\nstate", "申请\nasked", "对象\nof", "内容\nwhat", "生效\nfrom", "原因\nreason"),
        *("申请人\nproposer", "审批\napprover", "文号\ndocument", "备注\nnote"),
    )
    for each in rows:
        mark = "追溯 back-dated" if is_back_dated(each, asked_at=asked_at[each.id]) else ""
        table.add_row(
            each.id,
            _STATES[each.state],
            _KINDS[each.kind],
            f"{each.entity} {each.entity_id}",
            _what(each, zone),
            "" if each.effective_at is None else written_instant(each.effective_at, zone=zone),
            each.reason,
            shown(each.proposer),
            shown(each.approver),
            each.document,
            " ".join(part for part in (mark, each.note) if part),
        )
    wide_console().print(table)


def _what(request: Request, zone: tzinfo) -> str:
    """Say what a request changes, as people read it."""
    wanted = request.correction
    if wanted is not None:
        edges = (written_instant(at, zone=zone) for at in (wanted.start, wanted.end))
        return f"{wanted.axis} {' – '.join(edges)} → {wanted.state} ({wanted.party})"
    return "\n".join(
        f"{each.field}: {_text(each.field, each.old, zone)} → {_text(each.field, each.new, zone)}"
        for each in request.changes
    )


def _text(field: str, value: str, zone: tzinfo) -> str:
    if value == AT_EFFECT:
        return "生效时 then"
    if field in _INSTANTS and value:
        return written_instant(int(value), zone=zone)
    return value or "–"


def _values(version: Request, zone: tzinfo, asked_at: Mapping[str, int]) -> dict[str, object]:
    values = asdict(version)
    del values["seq"]
    wanted = values["correction"]
    if wanted is not None:
        keys = ("device_id", "axis", "start", "end", "state", "party")
        values["correction"] = {key: wanted[key] for key in keys}
        values["correction"] |= {key: written_instant(wanted[key], zone=zone) for key in ("start", "end")}
    effective_at = version.effective_at
    values["effective_at"] = None if effective_at is None else written_instant(effective_at, zone=zone)
    values["at"] = written_instant(version.at, zone=zone)
    values["back_dated"] = is_back_dated(version, asked_at=asked_at[version.id])
    return values


_STATES = {
    RequestState.SUBMITTED: "待批 submitted",
    RequestState.APPROVED: "已批 approved",
    RequestState.REFUSED: "未批 refused",
    RequestState.WITHDRAWN: "已撤回 withdrawn",
}
_KINDS = {
    RequestKind.RETIRE: "拆除 retire",
    RequestKind.SUSPEND: "停用 suspend",
    RequestKind.RETURN: "恢复 return",
    RequestKind.RECLASSIFY: "改类 reclassify",
    RequestKind.MOVE: "迁移 move",
    RequestKind.BACK_DATE: "更正日期 back-date",
    RequestKind.HOURS: "时段 hours",
    RequestKind.PARENTS: "上联 parents",
    RequestKind.POINT: "点位 point",
    RequestKind.REGION: "区划 region",
    RequestKind.CLEAR_FAULT: "清除故障 clear fault",
    RequestKind.CONFIRM_FAULT: "确认故障 confirm fault",
    RequestKind.CORRECTION: "更正 correction",
    RequestKind.WITHDRAWAL: "撤销更正 withdrawal",
}
