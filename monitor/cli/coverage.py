"""`vidnet coverage`: networked and effective coverage, and the points that lack something."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from monitor.adapters.terminal.coverage import coverage_values, coverage_view
from monitor.app.coverage import read_coverage
from monitor.cli.common import ConfigOption, JsonOption, load_settings, run_coroutine, wide_console
from monitor.domain.point import PointClass, Ring
from monitor.services.coverage_report import PointFinding, Why


def coverage(
    config: ConfigOption,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="行政区划代码 · region code")] = None,
    point_class: Annotated[
        PointClass | None, typer.Option("--class", help="只列该类未达要求的点位 · only lacking points of a class")
    ] = None,
    ring: Annotated[Ring | None, typer.Option(help="只列该防控圈的 · only lacking points of a ring")] = None,
    site_kind: Annotated[str | None, typer.Option(help="只列该部位类型的 · only of a site kind")] = None,
    why: Annotated[Why | None, typer.Option(help="只列该原因的 · only for this reason")] = None,
    limit: Annotated[int, typer.Option(min=0, help="最多列出几个点位，0 为全部 · how many points, 0 for all")] = 20,
    as_json: JsonOption = False,
) -> None:
    """联网率、有效率及未达要求的点位与原因 · coverage, and the points that lack something, each with the reason.

    Example: `vidnet coverage -c vidnet.toml --region 370783 --class first --limit 0`
    """

    def is_wanted(found: PointFinding) -> bool:
        point = found.point
        return (
            point_class in (None, point.point_class)
            and ring in (None, point.ring)
            and site_kind in (None, point.site_kind)
            and why in (None, found.why)
        )

    settings = load_settings(config)
    report = run_coroutine(read_coverage(settings, folder=config.parent, region=region, at=int(time.time())))
    points = [found for found in report.lacking if is_wanted(found)]
    if as_json:
        print(json.dumps(coverage_values(report, zone=settings.zone(), points=points), ensure_ascii=False))
    else:
        wide_console().print(coverage_view(report, zone=settings.zone(), points=points[: limit or None]))
