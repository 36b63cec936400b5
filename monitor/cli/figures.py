"""`vidnet rates`: the figures of this instant."""

from __future__ import annotations

import json
import time
from enum import StrEnum
from typing import Annotated

import typer

from monitor.adapters.terminal import overview_table, overview_values
from monitor.app.rates import read_overview
from monitor.cli.common import ConfigOption, JsonOption, load_settings, run_coroutine, wide_console


class By(StrEnum):
    """How the lines of `vidnet rates` are cut."""

    COUNTY = "county"
    CLASS = "class"
    KIND = "kind"


def rates(
    config: ConfigOption,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="行政区划代码 · region code")] = None,
    by: Annotated[By, typer.Option(help="按县市区、点位类别或设备类型 · lines by")] = By.COUNTY,
    as_json: JsonOption = False,
) -> None:
    """当前在线率、完好率与联网率 · the rates and the coverage of this instant, from the database.

    Example: `vidnet rates -c var/demo/vidnet.toml --region 370783 --by class`
    """
    settings = load_settings(config)
    cut = "region" if by is By.COUNTY else by.value
    overview = run_coroutine(read_overview(settings, folder=config.parent, region=region, by=cut, at=int(time.time())))
    if as_json:
        print(json.dumps(overview_values(overview, zone=settings.zone()), ensure_ascii=False))
    else:
        console = wide_console()
        console.print(overview_table(overview, zone=settings.zone(), width=console.width))
