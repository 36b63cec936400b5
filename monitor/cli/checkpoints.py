"""`vidnet checkpoints`: tollgates, their lanes by direction, the units that serve them, and who falls silent."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.app.checkpoints import CheckpointFinding, checkpoint_values, read_checkpoints
from monitor.cli.common import ConfigOption, JsonOption, load_settings, run_coroutine, wide_console
from monitor.domain.checkpoint import LaneCoverage

STATUSES = {1: "正常 in order", 2: "停用 out of use", 9: "其他 other"}
CATEGORIES = {
    10: "国际 national", 20: "省际 provincial", 30: "市际 city border", 31: "市区 city", 40: "县际 county border",
    41: "县区 county", 99: "其他 other",
}  # fmt: skip
USAGES = {80: "治安 security", 81: "交通 traffic", 82: "其他 other"}


def checkpoints(
    config: ConfigOption,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="行政区划代码 · region code")] = None,
    as_json: JsonOption = False,
) -> None:
    """卡口及其车道、方向覆盖与每小时记录数 · checkpoints: coverage by lane and direction, records an hour.

    Example: `vidnet checkpoints -c vidnet.toml --region 370783`
    """
    settings = load_settings(config)
    found = run_coroutine(read_checkpoints(settings, folder=config.parent, region=region, at=int(time.time())))
    if as_json:
        print(json.dumps([checkpoint_values(each) for each in found], ensure_ascii=False))
        return
    zone = settings.zone()
    table = Table("编码 id", "名称 name", "区划 region", "状态 status", "类别 category", "用途 usage", "车道 lanes",
                  "各方向 by direction", "记录 records")  # fmt: skip
    table.columns[0].no_wrap = True  # an id that is cut short finds nothing
    for each in found:
        gate = each.tollgate
        table.add_row(
            gate.id,
            gate.name,
            each.region,
            STATUSES.get(gate.status, "–"),
            CATEGORIES.get(gate.category, "–"),
            USAGES.get(gate.usage, "–"),
            _share(each.coverage),
            " · ".join(f"{name or '–'} {_share(one)}" for name, one in each.directions.items()),
            _words_of_records(each, zone),
        )
    wide_console().print(table)


def _share(coverage: LaneCoverage) -> str:
    unknown = f" (? {coverage.unknown})" if coverage.unknown else ""
    return f"{coverage.covered}/{coverage.lanes}{unknown}"


def _words_of_records(found: CheckpointFinding, zone: Any) -> str:
    if found.records is None:
        return "–"
    hour_at, count, usual = found.records
    hour = datetime.fromtimestamp(hour_at, zone).strftime("%m-%d %H:00")
    return f"{count:,} / {'?' if usual is None else f'{usual:,}'} ({hour})"
