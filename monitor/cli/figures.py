"""`vidnet rates`: the figures of this instant."""

from __future__ import annotations

import json
import time
from enum import StrEnum
from typing import Annotated

import typer

from monitor.adapters.terminal import overview_table, overview_values
from monitor.app.decisions import exemption_versions
from monitor.app.rates import read_overview
from monitor.cli.common import ConfigOption, JsonOption, load_settings, run_coroutine, wide_console
from monitor.domain.exempting import newest
from monitor.domain.facts import ExemptionState


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
    versions = run_coroutine(exemption_versions(settings, folder=config.parent))
    pending = sum(each.state is ExemptionState.SUBMITTED for each in newest(versions).values())
    if as_json:
        values = overview_values(overview, zone=settings.zone()) | {"pending_exemptions": pending}
        print(json.dumps(values, ensure_ascii=False))
    else:
        console = wide_console()
        notes = [f"待批报备（未计入） exemptions that wait, not counted: {pending:,}"] if pending else []
        console.print(overview_table(overview, zone=settings.zone(), width=console.width, notes=notes))
