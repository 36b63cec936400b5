"""`vidnet exempt`: exemptions 报备 proposed, decided, ended and listed."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from monitor.adapters.files.exemptions import read_exemptions
from monitor.adapters.files.instants import written_instant
from monitor.app.decisions import (
    exemption_desk,
    exemption_versions,
    exemptions_of_devices_back,
    overdue_exemptions,
    sha256_of,
)
from monitor.cli.auditing import audited_versions
from monitor.cli.common import (
    MISUSED,
    ConfigOption,
    JsonOption,
    errors_as_messages,
    fail,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.cli.deciding import AsOption, author_of, instant_of
from monitor.domain import exempting
from monitor.domain.author import shown
from monitor.domain.exempting import ExemptionReason, ExemptionRules
from monitor.domain.facts import Exemption, ExemptionScope, ExemptionState, Party
from monitor.services.exemption_desk import Recorded

OptionalIdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID…]", help="报备编号 · exemption ids", show_default=False)
]
IdsArgument = Annotated[list[str], typer.Argument(metavar="ID…", help="报备编号 · exemption ids")]
BackDateOption = Annotated[bool, typer.Option("--back-date", help="补报 · late, for the approver to judge")]
DraftOption = Annotated[bool, typer.Option("--draft", help="只存草稿 · keep it a draft")]


def propose(
    config: ConfigOption,
    author: AsOption,
    start: Annotated[str | None, typer.Option("--from", metavar="WHEN", help="开始 · when it begins")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="WHEN", help="结束 · when it ends")] = None,
    reason: Annotated[ExemptionReason | None, typer.Option(help="原因 · why")] = None,
    device: Annotated[str | None, typer.Option(metavar="ID", help="设备 · a device")] = None,
    point: Annotated[str | None, typer.Option(metavar="ID", help="点位 · a point")] = None,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="区划 · a region")] = None,
    path: Annotated[str | None, typer.Option(metavar="ID", help="链路设备之后的全部 · all behind a device")] = None,
    change: Annotated[str | None, typer.Option(metavar="ID", help="修改、延期或提交草稿 · an existing one")] = None,
    planned: Annotated[bool | None, typer.Option(help="计划施工 · planned work")] = None,
    party: Annotated[Party | None, typer.Option(help="责任方 · who is responsible")] = None,
    document: Annotated[str | None, typer.Option(help="文号 · document number")] = None,
    attachment: Annotated[Path | None, typer.Option(metavar="FILE", help="附件，只记摘要 · only its sha256")] = None,
    note: Annotated[str, typer.Option(help="说明 · a note")] = "",
    draft: DraftOption = False,
    back_dated: BackDateOption = False,
    as_json: JsonOption = False,
) -> None:
    """申报报备，或修改、延期已有报备 · propose an exemption, or change one: an extension is a change of its end.

    Example: `vidnet exempt propose -c vidnet.toml --device ID --from "2026-11-24 08:00" --to 2026-11-26 --reason repair
    --as 张三`
    """
    settings = load_settings(config)
    zone = settings.zone()
    scopes = {ExemptionScope.DEVICE: device, ExemptionScope.POINT: point}
    scopes |= {ExemptionScope.REGION: region, ExemptionScope.PATH: path}
    named = [(scope, scope_id) for scope, scope_id in scopes.items() if scope_id]
    if change is None:
        if len(named) != 1 or start is None or until is None or reason is None:
            fail(
                MISUSED,
                "新报备需要一个对象（--device、--point、--region 或 --path）及 --from、--to、--reason\n"
                "a new exemption needs one of --device, --point, --region, --path, and --from, --to, --reason",
            )
        terms = Exemption("", *named[0], start=0, end=0, reason="", approver="")
    else:
        versions = run_coroutine(exemption_versions(settings, folder=config.parent))
        before = exempting.newest(versions).get(change)
        if before is None:
            fail(MISUSED, f"没有报备 {change} · there is no exemption {change}")
        terms = replace(before, scope=named[0][0], scope_id=named[0][1]) if named else before
    with errors_as_messages():
        terms = replace(
            terms,
            start=terms.start if start is None else instant_of(start, zone),
            end=terms.end if until is None else instant_of(until, zone),
            reason=terms.reason if reason is None else reason.value,
            planned=terms.planned if planned is None else planned,
            party=terms.party if party is None else party,
            document=terms.document if document is None else document,
            attachment=terms.attachment if attachment is None else sha256_of(attachment),
            note=note,
            author=author_of(author),
        )

    async def work() -> Recorded:
        async with exemption_desk(settings, folder=config.parent) as desk:
            return await desk.propose([terms], at=int(time.time()), draft=draft, back_dated=back_dated)

    _show(_noted(config, run_coroutine(work())), zone, as_json=as_json)


def import_sheet(
    config: ConfigOption,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV、XLSX、XLS：scope,id,from,to,reason…")],
    author: AsOption,
    draft: DraftOption = False,
    back_dated: BackDateOption = False,
    as_json: JsonOption = False,
) -> None:
    """按表批量申报，全部或全不 · propose the exemptions of a sheet, all or none.

    Example: `vidnet exempt import -c vidnet.toml exemptions.csv --as 张三`
    """
    settings = load_settings(config)
    zone = settings.zone()
    with errors_as_messages():
        rows = read_exemptions(file, zone=zone, author=author_of(author))
    terms = [exemption for _, exemption in rows]
    names = [f"{file}:{line}" for line, _ in rows]

    async def work() -> Recorded:
        async with exemption_desk(settings, folder=config.parent) as desk:
            return await desk.propose(terms, at=int(time.time()), draft=draft, back_dated=back_dated, names=names)

    _show(_noted(config, run_coroutine(work())), zone, as_json=as_json)


def approve(
    config: ConfigOption,
    ids: IdsArgument,
    author: AsOption,
    note: Annotated[str, typer.Option(help="说明 · a note")] = "",
    as_json: JsonOption = False,
) -> None:
    """批准报备，申报人不能批准 · approve exemptions; whoever proposed one cannot.

    Example: `vidnet exempt approve -c vidnet.toml E2026-00001 --as 李四`
    """
    settings = load_settings(config)
    with errors_as_messages():
        approver = author_of(author)

    async def work() -> Recorded:
        async with exemption_desk(settings, folder=config.parent) as desk:
            return await desk.approve(ids, approver=approver, at=int(time.time()), note=note)

    _show(_noted(config, run_coroutine(work())), settings.zone(), as_json=as_json)


def refuse(
    config: ConfigOption,
    ids: IdsArgument,
    author: AsOption,
    note: Annotated[str, typer.Option(help="理由 · why")],
    as_json: JsonOption = False,
) -> None:
    """不批准报备，须说明理由 · refuse exemptions, with the reason.

    Example: `vidnet exempt refuse -c vidnet.toml E2026-00001 --as 李四 --note 材料不全`
    """
    settings = load_settings(config)
    with errors_as_messages():
        approver = author_of(author)

    async def work() -> Recorded:
        async with exemption_desk(settings, folder=config.parent) as desk:
            return await desk.refuse(ids, approver=approver, at=int(time.time()), note=note)

    _show(_noted(config, run_coroutine(work())), settings.zone(), as_json=as_json)


def end(
    config: ConfigOption,
    author: AsOption,
    ids: OptionalIdsArgument = None,
    back: Annotated[bool, typer.Option("--back", help="设备已恢复的全部 · all whose device is back")] = False,
    when: Annotated[
        str | None, typer.Option("--at", metavar="WHEN", help="何时，默认现在 · when, now by default")
    ] = None,
    note: Annotated[str, typer.Option(help="说明 · a note")] = "",
    as_json: JsonOption = False,
) -> None:
    """设备恢复后提前结束；过去的时间须再审批 · end exemptions early; an end that has passed waits for approval.

    Example: `vidnet exempt end -c vidnet.toml E2026-00001 --as 张三 --note 已恢复`
    """
    settings = load_settings(config)
    zone = settings.zone()
    now = int(time.time())
    with errors_as_messages():
        who = author_of(author)
        ends_at = now if when is None else instant_of(when, zone)
    if back:
        found = run_coroutine(exemptions_of_devices_back(settings, folder=config.parent, at=now))
        ids = [*(ids or ()), *(each.id for each in found)]
    elif not ids:
        fail(MISUSED, "须指明报备编号，或 --back · name exemption ids, or --back")

    async def work() -> Recorded:
        async with exemption_desk(settings, folder=config.parent) as desk:
            return await desk.end(ids or (), ends_at=ends_at, author=who, at=now, note=note)

    _show(_noted(config, run_coroutine(work())), zone, as_json=as_json)


def list_exemptions(
    config: ConfigOption,
    state: Annotated[ExemptionState | None, typer.Option(help="状态 · only in this state")] = None,
    exemption_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="全部版本 · all versions of one")
    ] = None,
    back: Annotated[
        bool, typer.Option("--back", help="设备已恢复、可提前结束 · those whose device is back and that may be ended")
    ] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="逾期未批、逾期未恢复 · what is overdue")] = False,
    as_json: JsonOption = False,
) -> None:
    """列出报备的最新版本 · list exemptions by their newest version, pending ones too.

    Example: `vidnet exempt list -c vidnet.toml --state submitted`
    """
    settings = load_settings(config)
    site = settings.exemptions
    rules = ExemptionRules(submit_within_s=site.submit_within_s, longest_s=site.longest_s)
    why: dict[str, str] = {}
    if overdue:
        found = run_coroutine(overdue_exemptions(settings, folder=config.parent, at=int(time.time())))
        rows = [one.exemption for one in found]
        why = {one.exemption.id: one.why for one in found}
    elif back:
        rows = run_coroutine(exemptions_of_devices_back(settings, folder=config.parent, at=int(time.time())))
        why = dict.fromkeys((each.id for each in rows), "back")
    else:
        versions = run_coroutine(exemption_versions(settings, folder=config.parent))
        rows = list(exempting.newest(versions).values())
        if exemption_id is not None:
            rows = [each for each in versions if each.id == exemption_id]
    rows = [each for each in rows if state in (None, each.state)]
    late = {each.id for each in rows if each.state is ExemptionState.SUBMITTED and exempting.was_late(each, rules)}
    _print(rows, settings.zone(), as_json=as_json, why=why | dict.fromkeys(late - set(why), "late"))


def _noted(config: Path, recorded: Recorded) -> Recorded:
    audited_versions(config, "exemption", recorded.versions)
    return recorded


def _show(recorded: Recorded, zone: tzinfo, *, as_json: bool) -> None:
    if as_json:
        values = [_values(each, zone) for each in recorded.versions]
        print(json.dumps({"exemptions": values, "warnings": recorded.warnings}, ensure_ascii=False))
        return
    _print(recorded.versions, zone, as_json=False, why={})
    for warning in recorded.warnings:
        print(f"注意 warning: {warning}")


def _print(rows: list[Exemption] | tuple[Exemption, ...], zone: tzinfo, *, as_json: bool, why: dict[str, str]) -> None:
    if as_json:
        print(json.dumps([_values(each, zone) | {"mark": why.get(each.id, "")} for each in rows], ensure_ascii=False))
        return
    table = Table(
        *("编号\nid", "状态\nstate", "对象\nfor", "开始\nfrom", "结束\nto", "原因\nreason"),
        *("申报\nproposer", "审批\napprover", "文号\ndocument", "备注\nnote"),
    )
    for each in rows:
        mark = _MARKS.get(why.get(each.id, ""), "")
        table.add_row(
            each.id,
            _STATES[each.state],
            f"{each.scope} {each.scope_id}",
            written_instant(each.start, zone=zone),
            written_instant(each.end, zone=zone),
            each.reason,
            shown(each.proposer or each.author),
            shown(each.approver),
            each.document,
            " ".join(part for part in (mark, each.note) if part),
        )
    wide_console().print(table)


def _values(version: Exemption, zone: tzinfo) -> dict[str, object]:
    values = asdict(version)
    del values["seq"]
    values |= {name: written_instant(values[name], zone=zone) for name in ("start", "end", "at")}
    return values


_STATES = {
    ExemptionState.DRAFT: "草稿 draft",
    ExemptionState.SUBMITTED: "待批 submitted",
    ExemptionState.APPROVED: "已批 approved",
    ExemptionState.REFUSED: "未批 refused",
    ExemptionState.ENDED: "已结束 ended",
}
_MARKS = {
    "undecided": "逾期未批 undecided",
    "not_back": "逾期未恢复 not back",
    "back": "已恢复 back",
    "late": "补报 late",
}
