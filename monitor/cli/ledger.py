"""`vidnet inventory diff`: the denominator's ledger, what came and went and what it did to the online rate."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import tzinfo
from typing import Annotated

import typer
from rich.table import Column, Table

from monitor.adapters.files.instants import written_instant
from monitor.app.ledger import read_diff
from monitor.app.ledger_values import diff_values, written_value
from monitor.cli.common import MISUSED, ConfigOption, JsonOption, fail, load_settings, run_coroutine, wide_console
from monitor.cli.deciding import instant_of
from monitor.domain.author import shown
from monitor.domain.ledger import Count, Step, written_points
from monitor.domain.point import PointClass
from monitor.domain.printing import percent
from monitor.services.inventory_diff import InventoryDiff, RegionDiff


def diff(
    config: ConfigOption,
    since: Annotated[str, typer.Option("--from", metavar="WHEN", help="从何时 · the earlier instant")],
    until: Annotated[str | None, typer.Option("--to", metavar="WHEN", help="到何时，默认现在 · now by default")] = None,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="行政区划代码 · region code")] = None,
    point_class: Annotated[PointClass | None, typer.Option("--class", help="点位类别 · only of a class")] = None,
    entries: Annotated[int, typer.Option(min=0, help="最多列出几条记录，0 为全部 · entries, 0 for all")] = 20,
    as_json: JsonOption = False,
) -> None:
    """分母台账：增减、变更及其对在线率的影响（百分点） · what came and went, and its effect in points.

    Example: `vidnet inventory diff -c vidnet.toml --from 2026-11-16 --to 2026-11-23 --region 370783`
    """
    settings = load_settings(config)
    zone = settings.zone()
    now = int(time.time())
    start = instant_of(since, zone)
    end = now if until is None else min(instant_of(until, zone), now)
    if end <= start:
        fail(MISUSED, "--to 须晚于 --from，且 --from 须已过去 · --to must be later than --from, which must have passed")
    found = run_coroutine(
        read_diff(settings, folder=config.parent, start=start, end=end, region=region, point_class=point_class)
    )
    if as_json:
        print(json.dumps(diff_values(found, zone), ensure_ascii=False))
    else:
        _print(found, zone, most=entries or len(found.entries))


def _print(found: InventoryDiff, zone: tzinfo, *, most: int) -> None:
    console = wide_console()
    edges = f"{written_instant(found.start, zone=zone)} → {written_instant(found.end, zone=zone)}"
    console.print(_rows_table(found.rows, title=f"分母台账 ledger · {edges}"))
    console.print(
        "清单影响 effect: 以期末状态计，现清单与原清单之差 · the rate by the later inventory less that by the other"
    )
    if not found.entries or not most:
        return
    shown_entries = found.entries[-most:]
    table = Table(
        *("时间\nwhen", "对象\nwhat", "内容\nchange"),
        Column("影响(百分点)\npoints", justify="right"),
        *("原因\nwhy", "经办\nwho", "批准\napproved by", "文号\ndocument", "备注\nnote"),
        title=f"台账 entries {len(shown_entries):,} / {len(found.entries):,}",
        title_justify="left",
    )
    for entry in shown_entries:
        change = entry.change
        recorded = change.recorded_at or change.at
        texts = [written_value(change.entity, change.field, value, zone) or "–" for value in (change.old, change.new)]
        table.add_row(
            written_instant(change.at, zone=zone),
            f"{change.entity} {change.entity_id}",
            f"{change.field}: {' → '.join(texts)}" if change.field else texts[1],
            written_points(entry.effect) or "–",
            change.reason,
            shown(change.author),
            shown(change.approved_by),
            change.document,
            "追溯 back-dated" if recorded > change.at else "",
        )
    console.print(table)


def _rows_table(rows: Sequence[RegionDiff], *, title: str) -> Table:
    steps = [step for step in Step if any(step in row.stepped for row in rows)]
    table = Table(title=title, title_justify="left")
    table.add_column("区域\nregion")
    headings = ("期初\nfrom", "期末\nto", "清单影响\neffect", "设备\ndevices", "应联点\npoints")
    for heading in (*headings, *(_STEPS[step] for step in steps)):
        table.add_column(heading, justify="right")
    for row in rows:
        effects = row.steps
        table.add_row(
            row.region.name,
            _percent(row.at_start),
            _percent(row.at_end),
            written_points(row.effect) or "–",
            _from_to(row.devices),
            _from_to(row.points),
            *(f"{row.stepped[step]}\n{written_points(effects[step])}" if step in row.stepped else "" for step in steps),
        )
    return table


def _percent(count: Count) -> str:
    return percent(count.rate).replace(" ", "")


def _from_to(pair: Sequence[int]) -> str:
    return f"{pair[0]:,}" if pair[0] == pair[1] else f"{pair[0]:,} → {pair[1]:,}"


_STEPS = {
    Step.ADDED: "新增\nadded",
    Step.CAME: "投用\ncame",
    Step.LEFT: "退出\nleft",
    Step.MOVED_IN: "迁入\nmoved in",
    Step.MOVED_OUT: "迁出\nmoved out",
    Step.RECLASSIFIED: "改类\nreclassified",
    Step.EXEMPTED: "报备\nexempted",
    Step.EXEMPTION_ENDED: "报备结束\nexemption ended",
}
