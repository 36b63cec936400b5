"""`vidnet explain` and `vidnet plan`: why a rate is what it is, and what to repair to reach the target."""

from __future__ import annotations

import json
import time
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.tree import Tree

from monitor.adapters.files.instants import written_instant
from monitor.app.explaining import DeviceStory, Explanation, RegionPlan, explain, plan
from monitor.app.wiring import database_of
from monitor.cli.common import ConfigOption, JsonOption, load_settings, run_coroutine, wide_console
from monitor.cli.reports import collector_paused, period_of
from monitor.domain.author import shown
from monitor.domain.compliance import ComplianceRow
from monitor.domain.period import last_week
from monitor.domain.printing import percent
from monitor.domain.state import Cause
from monitor.domain.tally import BUCKETS
from monitor.services.report_table import exact
from monitor.services.report_words import CAUSES, CLASSES, VERDICTS

RegionOption = Annotated[str | None, typer.Option("--region", metavar="CODE", help="行政区划，默认全市 · the region")]


def explain_command(
    config: ConfigOption,
    region: RegionOption = None,
    week: Annotated[
        str | None, typer.Option("--week", metavar="2026-W47", help="默认上周 · last week by default")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", metavar="ID", help="只看一台设备 · one device")] = None,
    as_json: JsonOption = False,
) -> None:
    """说明在线率由何而来，从百分数直到探测 · why a rate is what it is, down to devices and the looks behind them.

    Example: `vidnet explain -c vidnet.toml --region 370783 --week 2026-W47`
    """
    settings, now = load_settings(config), int(time.time())
    zone = settings.zone()
    period = last_week(now, zone) if week is None else period_of(week, zone)

    async def work() -> Explanation:
        database = database_of(settings, folder=config.parent)
        try:
            return await explain(
                settings, database, folder=config.parent, period=period, region=region, device_id=device, at=now
            )
        finally:
            await database.close()

    with collector_paused():
        found = run_coroutine(work())
    if as_json:
        print(json.dumps(_explanation_values(found, zone), ensure_ascii=False))
    else:
        wide_console().print(_explanation_tree(found, zone), highlight=False)


def plan_command(
    config: ConfigOption,
    region: RegionOption = None,
    mended_in_h: Annotated[
        int, typer.Option("--within", min=0, max=168, help="修复生效需几小时 · hours until a repair takes effect")
    ] = 24,
    as_json: JsonOption = False,
) -> None:
    """本周日前达标的最短修复清单 · the shortest list of repairs that reaches the target by Sunday.

    Example: `vidnet plan -c vidnet.toml --region 370783`
    """
    settings, now = load_settings(config), int(time.time())

    async def work() -> RegionPlan:
        database = database_of(settings, folder=config.parent)
        try:
            seconds = mended_in_h * 3_600
            return await plan(settings, database, folder=config.parent, region=region, mended_in_s=seconds, at=now)
        finally:
            await database.close()

    with collector_paused():
        found = run_coroutine(work())
    if as_json:
        print(json.dumps(_plan_values(found, settings.zone()), ensure_ascii=False))
        return
    _print_plan(found, settings.zone())


def _explanation_tree(found: Explanation, zone: tzinfo) -> Tree:
    row, tally = found.row, found.row.sums.seconds
    online = row.online
    verdict = VERDICTS[online.verdict] if online.verdict else None
    source = f"报表 {found.revision} report" if found.revision else "当前所知 as known now"
    head = f"{found.period.name} {row.key.region} 在线率 online rate {_percent(row)} · {source} · K={found.seq}"
    tree = Tree(head)
    sums = tree.add(f"= {tally.online:,} 在线秒 online s ÷ {tally.assessed:,} 考核秒 assessed s")
    for bucket in BUCKETS:
        if getattr(tally, bucket):
            sums.add(f"{bucket}: {getattr(tally, bucket):,} s")
    if online.target is not None and verdict is not None:
        goal = percent(online.target.value)
        tree.add(f"目标 target {goal}: {verdict.zh} {verdict.en}，差额 short {online.short} 台 devices")
    for title, rows in (("下级区划 regions below", found.parts), ("点位类别 classes", found.classes)):
        if rows:
            branch = tree.add(title)
            for each in rows:
                name = each.key.region if each.key.point_class is None else CLASSES[each.key.point_class].zh
                branch.add(f"{name} {_percent(each)} · 离线 offline {each.sums.seconds.offline:,} s")
    lost = tree.add(f"失分设备 devices that lost seconds: {found.offline_devices}")
    for story in found.stories:
        _add_story(lost, story, zone)
    return tree


def _add_story(tree: Tree, story: DeviceStory, zone: tzinfo) -> None:
    share = percent(story.lost_share)
    branch = tree.add(f"{story.device.id} {story.name} · 离线 offline {story.lost_s:,} s · 占 {share} of all lost")
    for interval in story.intervals:
        looks = "、".join(written_instant(at, zone=zone) for at in interval.looks)
        word = CAUSES[Cause(interval.cause)] if interval.cause else None
        cause = f"{word.zh} {word.en}" if word else ""
        times = f"{written_instant(interval.start, zone=zone)} → {written_instant(interval.end, zone=zone)}"
        branch.add(f"离线 offline {times} · {cause}" + (f" · 探测 looks {looks}" if looks else ""))
    for exemption in story.exemptions:
        times = f"{written_instant(exemption.start, zone=zone)} → {written_instant(exemption.end, zone=zone)}"
        branch.add(f"报备 exempt {exemption.id} {times} {exemption.reason} {exemption.document}")
    for correction in story.corrections:
        times = f"{written_instant(correction.start, zone=zone)} → {written_instant(correction.end, zone=zone)}"
        who = shown(correction.approved_by or correction.author)
        branch.add(f"更正 corrected to {correction.state} {times} {correction.reason} {correction.document} {who}")


def _explanation_values(found: Explanation, zone: tzinfo) -> dict[str, Any]:
    row, tally = found.row, found.row.sums.seconds
    online = row.online
    return {
        "period": found.period.name,
        "region": row.key.region,
        "revision": found.revision,
        "seq": found.seq,
        "end": found.end,
        "online_rate": _decimal(online.rate.value),
        "printed": _percent(row),
        "online_s": tally.online,
        "assessed_s": tally.assessed,
        "target": None if online.target is None else _decimal(online.target.value),
        "verdict": online.verdict.value if online.verdict else None,
        "devices_short": online.short,
        "seconds": {bucket: getattr(tally, bucket) for bucket in BUCKETS},
        "regions": [_part_values(each) for each in found.parts],
        "classes": [_part_values(each) for each in found.classes],
        "devices_with_losses": found.offline_devices,
        "devices": [_story_values(story, zone) for story in found.stories],
    }


def _part_values(row: ComplianceRow) -> dict[str, Any]:
    return {
        "region": row.key.region,
        "point_class": row.key.point_class.value if row.key.point_class else "any",
        "online_rate": _decimal(row.online.rate.value),
        "offline_s": row.sums.seconds.offline,
    }


def _story_values(story: DeviceStory, zone: tzinfo) -> dict[str, Any]:
    return {
        "device_id": story.device.id,
        "name": story.name,
        "lost_s": story.lost_s,
        "lost_share": _decimal(story.lost_share),
        "seconds": dict(zip(BUCKETS, story.seconds, strict=True)),
        "days": [{"day": _iso(at, zone)[:10]} | dict(zip(BUCKETS, day, strict=True)) for at, day in story.days],
        "intervals": [
            {"from": _iso(each.start, zone), "to": _iso(each.end, zone), "cause": each.cause, "looks": list(each.looks)}
            for each in story.intervals
        ],
        "exemptions": [
            {"id": each.id, "from": _iso(each.start, zone), "to": _iso(each.end, zone), "reason": each.reason}
            for each in story.exemptions
        ],
        "corrections": [
            {
                "axis": each.axis.value,
                "from": _iso(each.start, zone),
                "to": _iso(each.end, zone),
                "state": each.state,
                "reason": each.reason,
                "document": each.document,
                "approved_by": each.approved_by,
            }
            for each in story.corrections
        ],
    }


def _print_plan(found: RegionPlan, zone: tzinfo) -> None:
    made, console = found.plan, wide_console()
    until, mended = written_instant(found.period.end, zone=zone), written_instant(found.mended_at, zone=zone)
    target = percent(made.target)
    console.print(
        f"{found.region} {found.period.name}: 目前 now {percent(made.now, made.target)}，"
        f"不修复至 {until} 为 without repairs {percent(made.without, made.target)}，目标 target {target}",
        highlight=False,
        soft_wrap=True,
    )
    if not made.repairs:
        said = "无需修复即可达标 · no repair is needed" if made.suffices else "已来不及达标 · it is too late"
        console.print(said if made.target is not None else "没有目标 · no target is in force")
        return
    table = Table(
        "序 no.",
        "修复 repair",
        "名称 name",
        "设备 devices",
        "维护单位 maintainer",
        "找回(台时) device-hours",
        "届时 rate then",
    )
    for number, (repair, rate) in enumerate(zip(made.repairs, made.reached, strict=True), start=1):
        hours = exact(Fraction(repair.gain_s, 3_600), places=1)
        name = found.names.get(repair.target, "")
        table.add_row(
            str(number),
            repair.target,
            name,
            str(len(repair.devices)),
            repair.maintainer,
            hours,
            percent(rate, made.target),
        )
    console.print(table)
    for name, count in sorted(_by_maintainer(found).items()):
        console.print(f"{name or '–'}: {count['repairs']} 处 repairs，{count['devices']} 台 devices", highlight=False)
    note = f"以 {mended} 前修复、其余设备保持现状计 · if mended by {mended} and nothing else changes"
    if not made.suffices:
        note += f"；全部修复也只有 {percent(made.best, made.target)} · even all of them reach only that"
    console.print(note, highlight=False, soft_wrap=True)


def _plan_values(found: RegionPlan, zone: tzinfo) -> dict[str, Any]:
    made = found.plan
    return {
        "region": found.region,
        "week": found.period.name,
        "until": _iso(found.period.end, zone),
        "mended_at": _iso(found.mended_at, zone),
        "target": _decimal(made.target),
        "rate_now": _decimal(made.now),
        "rate_without_repairs": _decimal(made.without),
        "rate_with_all_repairs": _decimal(made.best),
        "suffices": made.suffices,
        "repairs": [
            {
                "target": repair.target,
                "name": found.names.get(repair.target, ""),
                "devices": list(repair.devices),
                "maintainer": repair.maintainer,
                "gain_s": repair.gain_s,
                "rate_then": _decimal(rate),
            }
            for repair, rate in zip(made.repairs, made.reached, strict=True)
        ],
        "maintainers": _by_maintainer(found),
    }


def _by_maintainer(found: RegionPlan) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for repair in found.plan.repairs:
        one = counts.setdefault(repair.maintainer, {"repairs": 0, "devices": 0, "gain_s": 0})
        one["repairs"] += 1
        one["devices"] += len(repair.devices)
        one["gain_s"] += repair.gain_s
    return counts


def _percent(row: ComplianceRow) -> str:
    return percent(row.online.rate.value, row.online.target.value if row.online.target else None)


def _decimal(value: Fraction | None) -> str | None:
    return None if value is None else exact(value)


def _iso(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat()
