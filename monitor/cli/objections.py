"""`vidnet report object|objections|decide|finalise`: from the draft to the final report."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.adapters.files.instants import written_instant
from monitor.app.objections import Decided, decide, finalise, list_objections, object_to
from monitor.cli.auditing import audited
from monitor.cli.common import MISUSED, ConfigOption, JsonOption, fail, load_settings, run_coroutine, wide_console
from monitor.cli.deciding import AsOption, author_of, instant_of
from monitor.cli.reports import OutOption, collector_paused, period_of, show_made, step_progress
from monitor.domain.author import shown
from monitor.domain.facts import Axis, Party
from monitor.domain.objecting import Objection
from monitor.services.report_table import Lang, exact, points
from monitor.services.weekly_report import DECISIONS

WeekOption = Annotated[str, typer.Option("--week", metavar="2026-W47", help="考核周 · the week")]


def object_(
    config: ConfigOption,
    week: WeekOption,
    device: Annotated[str, typer.Option("--device", metavar="ID", help="设备 · the device")],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="起，如 2026-11-17 08:00 · from")],
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="止 · to")],
    reason: Annotated[str, typer.Option("--reason", help="理由 · why")],
    document: Annotated[str, typer.Option("--document", help="文号 · document number")],
    author: AsOption,
    claimed: Annotated[str, typer.Option("--state", help="主张的状态 · what it really was")] = "online",
    axis: Annotated[Axis, typer.Option("--axis", help="在线或完好 · which axis")] = Axis.CONNECTIVITY,
    party: Annotated[Party, typer.Option("--party", help="责任方 · who is responsible")] = Party.UNDECIDED,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """对草稿提出异议 · object to a draft: a device, an interval, what it really was, why.

    Example: `vidnet report object -c vidnet.toml --week 2026-W47 --device ID --from "2026-11-17 08:00" --to 2026-11-18
    --reason 光缆被市政施工挖断 --document 潍电〔2026〕8号 --party carrier --as 县局`
    """
    settings = load_settings(config)
    zone = settings.zone()
    terms = Objection(
        id="",
        period="",
        device_id=device,
        axis=axis,
        start=instant_of(start, zone),
        end=instant_of(until, zone),
        claimed=claimed,
        reason=reason,
        document=document,
        proposer=author_of(author),
        party=party,
    )
    period, now = period_of(week, zone), int(time.time())
    made = run_coroutine(object_to(settings, terms, period, folder=config.parent, out=out, at=now))
    audited(config, action="objection.propose", target=made.id, who=made.proposer)
    if as_json:
        print(json.dumps(_values(made), ensure_ascii=False))
    else:
        print(f"{made.id}: 已提交，待市级处理 · submitted, waits for the city's decision")


def objections(
    config: ConfigOption,
    week: Annotated[str | None, typer.Option("--week", metavar="2026-W47", help="考核周 · the week")] = None,
    as_json: JsonOption = False,
) -> None:
    """列出异议 · the objections and their decisions.

    Example: `vidnet report objections -c vidnet.toml --week 2026-W47`
    """
    settings = load_settings(config)
    found = run_coroutine(list_objections(settings, folder=config.parent, period=week))
    if as_json:
        print(json.dumps([_values(each) for each in found], ensure_ascii=False))
        return
    zone = settings.zone()
    table = Table(
        "编号 id",
        "期间 period",
        "设备 device",
        "起 from",
        "止 to",
        "主张 claim",
        "理由 reason",
        "处理 decision",
        "意见 note",
    )
    for each in found:
        times = (written_instant(at, zone=zone) for at in (each.start, each.end))
        word = DECISIONS[each.state.value]
        decision = f"{word.zh} {word.en} {shown(each.approver)}".strip()
        table.add_row(each.id, each.period, each.device_id, *times, each.claimed, each.reason, decision, each.note)
    wide_console().print(table)


def decide_objection(
    config: ConfigOption,
    objection_id: Annotated[str, typer.Argument(metavar="ID", help="异议编号 · the objection")],
    author: AsOption,
    note: Annotated[str, typer.Option("--note", help="处理理由 · the reason of the decision")],
    accept: Annotated[bool, typer.Option("--accept", help="采纳，写入更正 · accept: writes a correction")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="驳回 · refuse")] = False,
    as_json: JsonOption = False,
) -> None:
    """处理异议：采纳或驳回 · decide an objection; an accepted one corrects the facts and shows its effect.

    Example: `vidnet report decide -c vidnet.toml O2026-00001 --accept --note 情况属实 --as 市局`
    """
    if accept == refuse:
        fail(MISUSED, "请给出 --accept 或 --refuse 之一 · give one of --accept and --refuse")
    settings, now = load_settings(config), int(time.time())
    with collector_paused():
        done: Decided = run_coroutine(
            decide(
                settings,
                objection_id,
                accept=accept,
                approver=author_of(author),
                note=note,
                folder=config.parent,
                at=now,
            )
        )
    who = author_of(author)
    audited(config, action="objection.decide", target=objection_id, who=who, after={"state": done.objection.state})
    if as_json:
        effect = None if done.effect is None else exact(done.effect)
        print(json.dumps(_values(done.objection) | {"effect": effect}, ensure_ascii=False))
        return
    word = DECISIONS[done.objection.state.value]
    text = f"{objection_id}: {word.zh} {word.en}"
    if done.effect is not None:
        shown_effect = points(done.effect, places=4)
        text += f"；全市在线率 {shown_effect} 个百分点 · the city's online rate {shown_effect} points"
    print(text)


def finalise_report(
    config: ConfigOption,
    week: WeekOption,
    author: AsOption,
    early: Annotated[
        bool, typer.Option("--early", help="不等异议期结束 · before the time for objections ends")
    ] = False,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """定稿：发布正式版本，载明全部处理结果 · publish the final revision, with every decision in it.

    Example: `vidnet report finalise -c vidnet.toml --week 2026-W47 --as 市局`
    """
    settings, now = load_settings(config), int(time.time())
    period = period_of(week, settings.zone())
    with collector_paused(), step_progress() as show:
        made = run_coroutine(
            finalise(
                settings,
                period,
                folder=config.parent,
                out=out,
                early=early,
                author=author_of(author),
                at=now,
                on_step=show,
            )
        )
    folder = f"{made.revision.path.parent.name}/{made.revision.path.name}"
    audited(config, action="report.final", target=week, who=author_of(author), after={"revision": folder})
    show_made(made, Lang.ZH, settings.zone(), as_json=as_json)


def _values(objection: Objection) -> dict[str, Any]:
    return asdict(objection) | {"axis": objection.axis.value, "state": objection.state.value}
