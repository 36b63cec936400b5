"""`vidnet explain` and `vidnet plan`: why a rate is what it is, and what to repair to reach the target."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import tzinfo
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.tree import Tree

from monitor.adapters.files.instants import written_instant
from monitor.app.explaining import explain, plan
from monitor.app.wiring import database_of
from monitor.cli.common import ConfigOption, JsonOption, load_settings, run_coroutine, wide_console
from monitor.cli.reports import collector_paused, period_of
from monitor.domain.author import shown
from monitor.domain.compliance import ComplianceRow
from monitor.domain.fault import FAULTS
from monitor.domain.indicator import Indicator
from monitor.domain.period import last_week
from monitor.domain.printing import percent
from monitor.domain.repair_plan import Plan
from monitor.domain.state import Cause
from monitor.domain.tally import BUCKETS
from monitor.services.counted_region import INDICATORS, judged_of
from monitor.services.explained_values import explanation_values, maintainers_of, percent_of, plan_values
from monitor.services.explaining import DeviceStory, Explanation, Interval, Losses
from monitor.services.planning import RegionPlan
from monitor.services.report_table import exact
from monitor.services.report_words import CAUSES, CLASSES, PARTIES, VERDICTS
from monitor.services.sheet_summary import SECONDS_COLUMNS

BUCKET_WORDS = {
    column.code.removesuffix("_s"): f"{column.zh.removesuffix('秒数')} {column.en.removesuffix(', s')}"
    for column in SECONDS_COLUMNS
}
STATES = {"offline": "离线 offline", "faulty": "故障 faulty"}
FORMULAS = {
    Indicator.ONLINE: ("在线秒", "online s", "考核秒", "assessed s"),
    Indicator.INTACT: ("完好秒", "intact s", "已判秒", "judged s"),
}


class Explained(StrEnum):
    """An indicator that can be explained and planned for."""

    ONLINE = "online"
    INTACT = "intact"


RegionOption = Annotated[str | None, typer.Option("--region", metavar="CODE", help="行政区划，默认全市 · the region")]
IndicatorOption = Annotated[
    Explained | None,
    typer.Option("--indicator", help="在线率或完好率，默认两者 · the online or the intact rate, both by default"),
]


def explain_command(
    config: ConfigOption,
    region: RegionOption = None,
    week: Annotated[
        str | None, typer.Option("--week", metavar="2026-W47", help="默认上周 · last week by default")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", metavar="ID", help="只看一台设备 · one device")] = None,
    indicator: IndicatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """说明比率由何而来，从百分数直到探测 · why a rate is what it is, down to devices and the looks behind them.

    Example: `vidnet explain -c vidnet.toml --region 370783 --week 2026-W47 --indicator intact`
    """
    settings, now = load_settings(config), int(time.time())
    zone = settings.zone()
    period = last_week(now, zone) if week is None else period_of(week, zone)

    async def work() -> Explanation:
        database = database_of(settings, folder=config.parent)
        try:
            return await explain(
                settings,
                database,
                folder=config.parent,
                period=period,
                region=region,
                device_id=device,
                at=now,
                indicators=_wanted(indicator),
            )
        finally:
            await database.close()

    with collector_paused():
        found = run_coroutine(work())
    if as_json:
        print(json.dumps(explanation_values(found, zone), ensure_ascii=False))
        return
    for losses in found.losses:
        wide_console().print(_explanation_tree(found, losses, zone), highlight=False)


def plan_command(
    config: ConfigOption,
    region: RegionOption = None,
    mended_in_h: Annotated[
        int, typer.Option("--within", min=0, max=168, help="修复生效需几小时 · hours until a repair takes effect")
    ] = 24,
    indicator: IndicatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """本周日前达标的最短修复清单 · the shortest list of repairs that reaches the target by Sunday.

    Example: `vidnet plan -c vidnet.toml --region 370783 --indicator online`
    """
    settings, now = load_settings(config), int(time.time())

    async def work() -> RegionPlan:
        database = database_of(settings, folder=config.parent)
        try:
            return await plan(
                settings,
                database,
                folder=config.parent,
                region=region,
                mended_in_s=mended_in_h * 3_600,
                at=now,
                indicators=_wanted(indicator),
            )
        finally:
            await database.close()

    with collector_paused():
        found = run_coroutine(work())
    if as_json:
        print(json.dumps(plan_values(found, settings.zone()), ensure_ascii=False))
        return
    for each, made in found.plans.items():
        _print_plan(found, each, made, settings.zone())


def _wanted(indicator: Explained | None) -> Sequence[Indicator]:
    return INDICATORS if indicator is None else (Indicator(indicator.value),)


def _explanation_tree(found: Explanation, losses: Losses, zone: tzinfo) -> Tree:
    indicator, judged, tally = losses.indicator, losses.judged, found.row.sums.seconds
    source = f"报表 {found.revision} report" if found.revision else "当前所知 as known now"
    words = f"{indicator.text_zh} {indicator.text_en}"
    place = _place(found.row.key.region, found)
    tree = Tree(f"{found.period.name} {place} {words} {percent_of(judged)} · {source} · K={found.seq}")
    good_zh, good_en, whole_zh, whole_en = FORMULAS[indicator]
    rate = judged.rate
    sums = tree.add(f"= {rate.numerator:,} {good_zh} {good_en} ÷ {rate.denominator:,} {whole_zh} {whole_en}")
    for bucket in BUCKETS:
        if getattr(tally, bucket):
            sums.add(f"{BUCKET_WORDS[bucket]}: {getattr(tally, bucket):,} s")
    if judged.target is not None and judged.verdict is not None:
        verdict = VERDICTS[judged.verdict]
        goal = percent(judged.target.value)
        tree.add(f"目标 target {goal}: {verdict.zh} {verdict.en}，差额 short {judged.short} 台 devices")
    for title, rows in (("下级区划 regions below", found.parts), ("点位类别 classes", found.classes)):
        if rows:
            branch = tree.add(title)
            for each in rows:
                branch.add(_part(each, found, indicator))
    lost = tree.add(f"失分设备 devices that lost seconds: {losses.devices:,} · 合计 in all {losses.lost_s:,} s")
    for story in losses.stories:
        _add_story(lost, story, zone)
    if losses.devices > len(losses.stories) > 1:
        lost.add(f"其余 others: {losses.devices - len(losses.stories):,}")
    return tree


def _place(code: str, found: Explanation) -> str:
    return f"{found.names.get(code, '')} {code}".strip()


def _part(row: ComplianceRow, found: Explanation, indicator: Indicator) -> str:
    place = _place(row.key.region, found)
    name = place if row.key.point_class is None else CLASSES[row.key.point_class].zh
    seconds = row.sums.seconds
    text = f"{name} {percent_of(judged_of(row, indicator))} · 离线 offline {seconds.offline:,} s"
    return text if indicator is Indicator.ONLINE else f"{text} · 故障 faulty {seconds.faulty:,} s"


def _add_story(tree: Tree, story: DeviceStory, zone: tzinfo) -> None:
    share = percent(story.lost_share)
    branch = tree.add(f"{story.device.id} {story.name} · 失分 lost {story.lost_s:,} s · 占 {share} of all lost")
    if story.incident is not None:
        party = PARTIES[story.incident.party]
        incident = story.incident
        branch.add(f"事件 incident {incident.id} {incident.zh} {incident.en} · 责任方 {party.zh} {party.en}")
    for interval in story.intervals:
        branch.add(_interval(interval, zone))
    for exemption in story.exemptions:
        times = _times(exemption.start, exemption.end, zone)
        branch.add(f"报备 exempt {exemption.id} {times} {exemption.reason} {exemption.document}")
    for correction in story.corrections:
        times = _times(correction.start, correction.end, zone)
        who = shown(correction.approved_by or correction.author)
        branch.add(f"更正 corrected to {correction.state} {times} {correction.reason} {correction.document} {who}")


def _interval(interval: Interval, zone: tzinfo) -> str:
    text = f"{STATES[interval.state]} {_times(interval.start, interval.end, zone)}"
    if interval.cause:
        text += f" · {CAUSES[Cause(interval.cause)].zh} {CAUSES[Cause(interval.cause)].en}"
    if interval.fault:
        text += f" · {_fault(interval.fault)}"
    looks = "、".join(written_instant(at, zone=zone) for at in interval.looks)
    return f"{text} · 探测 looks {looks}" if looks else text


def _times(start: int, end: int, zone: tzinfo) -> str:
    return f"{written_instant(start, zone=zone)} → {written_instant(end, zone=zone)}"


def _fault(code: str) -> str:
    fault = FAULTS.get(code)
    return code if fault is None else f"{fault.text_zh} {code}"


def _print_plan(found: RegionPlan, indicator: Indicator, made: Plan, zone: tzinfo) -> None:
    console = wide_console()
    until, mended = written_instant(found.period.end, zone=zone), written_instant(found.mended_at, zone=zone)
    target = percent(made.target)
    console.print(
        f"{found.region} {found.period.name} {indicator.text_zh} {indicator.text_en}: "
        f"目前 now {percent(made.now, made.target)}，"
        f"不修复至 {until} 为 without repairs {percent(made.without, made.target)}，目标 target {target}",
        highlight=False,
        soft_wrap=True,
    )
    if not made.repairs:
        said = "无需修复即可达标 · no repair is needed" if made.suffices else "已来不及达标 · it is too late"
        console.print(said if made.target is not None else "没有目标 · no target is in force")
        return
    console.print(_repairs(found, made))
    _print_maintainers(console, made)
    note = f"以 {mended} 前修复、其余设备保持现状计 · if mended by {mended} and nothing else changes"
    if not made.suffices:
        note += f"；全部修复也只有 {percent(made.best, made.target)} · even all of them reach only that"
    console.print(note, highlight=False, soft_wrap=True)


def _repairs(found: RegionPlan, made: Plan) -> Table:
    table = Table(
        "序 no.",
        Column("修复 repair", no_wrap=True, min_width=20),
        "名称 name",
        "原因 for",
        "设备 devices",
        "维护单位 maintainer",
        "找回(台时) device-hours",
        "届时 rate then",
    )
    for number, (repair, rate) in enumerate(zip(made.repairs, made.reached, strict=True), start=1):
        fault = found.faults.get(repair.target, "")
        table.add_row(
            str(number),
            repair.target,
            found.names.get(repair.target, ""),
            _fault(fault) if repair.is_faulty and fault else STATES["faulty" if repair.is_faulty else "offline"],
            str(len(repair.devices)),
            repair.maintainer,
            exact(Fraction(repair.gain_s, 3_600), places=1),
            percent(rate, made.target),
        )
    return table


def _print_maintainers(console: Console, made: Plan) -> None:
    for name, count in sorted(maintainers_of(made).items()):
        hours = exact(Fraction(count["gain_s"], 3_600), places=1)
        text = f"{name or '–'}: {count['repairs']} 处 repairs，{count['devices']} 台 devices，{hours} 台时 device-hours"
        console.print(text, highlight=False, soft_wrap=True)
