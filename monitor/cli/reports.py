"""`vidnet report …`: reports made, listed, checked and compared."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from monitor.adapters.reports.folder import ReportFolder, Revision, read_manifest
from monitor.app.report_diff import diff_of
from monitor.app.report_schedule import make_due
from monitor.app.reporting import LANGS, Made, differences, make_report, reports_root, verify
from monitor.app.wiring import database_of
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
from monitor.domain.compliance import Method
from monitor.domain.period import Period, last_week, parse_period, range_period
from monitor.services.report_table import Lang, Word, machine_rows, people_text
from monitor.services.weekly_report import STATUSES


class FileLang(StrEnum):
    """A language of the files."""

    ZH = "zh"
    EN = "en"


LangOption = Annotated[
    FileLang | None, typer.Option("--lang", help="语言，默认两种 · language of the files, both by default")
]
RegionOption = Annotated[str | None, typer.Option("--region", metavar="CODE", help="行政区划 · only this region")]
MethodOption = Annotated[Method, typer.Option("--method", help="按时长或快照 · what rates are made of")]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="报表目录，代替设置中的 · the folder of reports")
]
DirArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="版本目录 · a revision's folder, reports/2026-W47/rev1")
]

_STEPS = {
    "facts": "读取事实 reading",
    "devices": "逐台计秒 counting",
    "outages": "故障与修复 outages",
    "sheets": "编制表格 sheets",
    "files": "写入文件 writing",
}
_SHOWN = (
    "region_name",
    "online_rate",
    "online_met",
    "devices_short",
    "rank",
    "intact_rate",
    "intact_met",
    "measured_share",
    "online_change",
    "weeks_below",
)


def weekly(
    config: ConfigOption,
    week: Annotated[str | None, typer.Option("--week", metavar="2026-W47", help="ISO 周，默认上周 · the week")] = None,
    region: RegionOption = None,
    lang: LangOption = None,
    method: MethodOption = Method.TIME_WEIGHTED,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """生成一周的考核报表（新版本） · make a week's compliance report, as a new revision; last week's by default.

    Example: `vidnet report weekly -c vidnet.toml --week 2026-W47 --region 370783 --lang zh`
    """
    settings = load_settings(config)
    zone = settings.zone()
    period = last_week(int(time.time()), zone) if week is None else period_of(week, zone)
    if not period.is_week:
        fail(MISUSED, f"{week} 不是周，应写成 2026-W47 · {week} is not a week; write it like 2026-W47")
    _make(config, period, region=region, lang=lang, method=method, out=out, as_json=as_json)


def monthly(
    config: ConfigOption,
    month: Annotated[str, typer.Option("--month", metavar="2026-11", help="月份 · the month")],
    region: RegionOption = None,
    lang: LangOption = None,
    method: MethodOption = Method.TIME_WEIGHTED,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """生成一个月的考核报表 · make a month's compliance report.

    Example: `vidnet report monthly -c vidnet.toml --month 2026-11`
    """
    settings = load_settings(config)
    period = period_of(month, settings.zone())
    _make(config, period, region=region, lang=lang, method=method, out=out, as_json=as_json)


def any_range(
    config: ConfigOption,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="第一天 · the first day")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="最后一天 · the last day, included")],
    region: RegionOption = None,
    lang: LangOption = None,
    method: MethodOption = Method.TIME_WEIGHTED,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """生成任意日期段的考核报表 · make the compliance report of any days.

    Example: `vidnet report range -c vidnet.toml --from 2026-11-01 --to 2026-11-14`
    """
    settings = load_settings(config)
    days: tuple[date, date] = first.date(), last.date()
    try:
        period = range_period(*days, settings.zone())
    except ValueError:
        fail(MISUSED, f"日期倒置 · {days[1]} is before {days[0]}")
    _make(config, period, region=region, lang=lang, method=method, out=out, as_json=as_json)


def list_reports(config: ConfigOption, out: OutOption = None, as_json: JsonOption = False) -> None:
    """列出已发布的报表版本 · the published revisions.

    Example: `vidnet report list -c vidnet.toml`
    """
    settings = load_settings(config)
    revisions = ReportFolder(reports_root(settings, folder=config.parent, out=out)).revisions()
    if as_json:
        print(json.dumps([_revision_values(each) for each in revisions], ensure_ascii=False))
        return
    zone = settings.zone()
    table = Table(
        "期间 period", "版本 rev", "状态 status", "区划 region", "方法 method", "截至 as of", "K", "目录 folder"
    )
    for each in revisions:
        manifest = each.manifest
        as_of = datetime.fromtimestamp(manifest.as_of, zone).strftime("%Y-%m-%d %H:%M:%S")
        status = STATUSES[manifest.status]
        number, seq = str(manifest.revision), str(manifest.seq)
        words = f"{status.zh} {status.code}"
        table.add_row(manifest.period, number, words, manifest.region, manifest.method, as_of, seq, str(each.path))
    wide_console().print(table)


def verify_report(
    folder: DirArgument,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help="给出则按 K 重算并比对 · also make it again at its K"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """核对一个版本的文件摘要；给出设置时按原 K 重算 · check a revision's files; with -c make it again.

    Example: `vidnet report verify reports/2026-W47/rev1 -c vidnet.toml`
    """
    with errors_as_messages():
        problems = verify(folder)
        manifest = read_manifest(folder)
    if config is not None and not problems:
        problems = run_coroutine(differences(load_settings(config), folder, folder=config.parent))
    if as_json:
        values = {"folder": str(folder), "period": manifest.period, "revision": manifest.revision}
        print(json.dumps(values | {"ok": not problems, "problems": problems}, ensure_ascii=False))
    elif problems:
        print("\n".join(problems))
    else:
        again = "，重算一致" if config is not None else ""
        also = " and comes out the same again" if config is not None else ""
        print(f"{folder}: {len(manifest.files)} 个文件无误{again} · {len(manifest.files)} files are as published{also}")
    if problems:
        raise typer.Exit(1)


def diff_reports(
    one: Annotated[Path, typer.Argument(metavar="DIR1", help="较早版本 · the earlier revision")],
    other: Annotated[Path | None, typer.Argument(metavar="DIR2", help="较晚版本 · the later one")] = None,
    as_json: JsonOption = False,
) -> None:
    """比较两个版本的考核数字；只给一个时与其上一版比较 · compare two revisions; one alone with the revision before it.

    Example: `vidnet report diff reports/2026-W47/rev1 reports/2026-W47/rev2`
    """
    with errors_as_messages():
        earlier, later = (one, other) if other is not None else (_before(one), one)
        changes = diff_of(earlier, later)
    if as_json:
        print(json.dumps(changes, ensure_ascii=False))
        return
    table = Table("区划 region", "类别 class", "类型 kind", "单位 organisation", "列 column", "原 old", "新 new")
    for change in changes:
        keys = ("region_code", "point_class", "device_kind", "organisation", "column", "old", "new")
        table.add_row(*(change[key] for key in keys))
    wide_console().print(table if changes else "没有差异 · no difference")


def due(config: ConfigOption, as_json: JsonOption = False) -> None:
    """生成到期而未生成的周报，多个进程只生成一份 · make the weekly reports that are due and not made yet.

    Example: `vidnet report due -c vidnet.toml`
    """
    settings = load_settings(config)

    async def work() -> list[Made]:
        database = database_of(settings, folder=config.parent)
        try:
            with collector_paused(), step_progress() as show:
                return await make_due(settings, database, folder=config.parent, now=time.time, on_step=show)
        finally:
            await database.close()

    made = run_coroutine(work())
    if as_json:
        print(json.dumps([_revision_values(each.revision) for each in made], ensure_ascii=False))
    else:
        print("\n".join(str(each.revision.path) for each in made) or "没有到期的报表 · nothing is due")


@contextmanager
def step_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show the steps of a report on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step, done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(_STEPS.get(step, step), total=max(1, total))
            progress.update(tasks[step], completed=done, total=max(1, total))

        yield show


def _make(
    config: Path,
    period: Period,
    *,
    region: str | None,
    lang: FileLang | None,
    method: Method,
    out: Path | None,
    as_json: bool,
) -> None:
    settings = load_settings(config)

    async def work() -> Made:
        database = database_of(settings, folder=config.parent)
        try:
            with collector_paused(), step_progress() as show:
                return await make_report(
                    settings,
                    database,
                    folder=config.parent,
                    period=period,
                    as_of=int(time.time()),
                    region=region,
                    method=method,
                    langs=LANGS if lang is None else [Lang(lang.value)],
                    out=out,
                    on_step=show,
                )
        finally:
            await database.close()

    show_made(run_coroutine(work()), Lang.ZH if lang is None else Lang(lang.value), settings.zone(), as_json=as_json)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector away: a report makes millions of objects and hardly a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def show_made(made: Made, lang: Lang, zone: tzinfo, *, as_json: bool) -> None:
    """Print what a new revision says: its folder and the rows of the city and its counties."""
    if as_json:
        print(json.dumps(_revision_values(made.revision) | {"rows": _summary_values(made, zone)}, ensure_ascii=False))
        return
    sheet = next(each for each in made.report.sheets if each.name == "summary")
    index = {column.code: number for number, column in enumerate(sheet.columns)}
    table = Table(
        *(sheet.columns[index[code]].zh if lang is Lang.ZH else sheet.columns[index[code]].en for code in _SHOWN)
    )
    for row in sheet.rows:
        words = [row[index[code]] for code in ("level", "point_class", "device_kind", "organisation")]
        codes = [word.code if isinstance(word, Word) else "" for word in words]
        if codes[0] in ("city", "county") and codes[1:] == ["any"] * 3:
            table.add_row(
                *(people_text(row[index[code]], sheet.columns[index[code]].kind, lang, zone=zone) for code in _SHOWN)
            )
    console = wide_console()
    manifest = made.revision.manifest
    status = STATUSES[manifest.status]
    console.print(table)
    console.print(f"{manifest.period} · {status.zh} {status.en} · K={manifest.seq}", highlight=False)
    console.print(f"{len(manifest.files)} 个文件 files: {made.revision.path}", highlight=False, soft_wrap=True)


def _summary_values(made: Made, zone: tzinfo) -> list[dict[str, str]]:
    sheet = next(each for each in made.report.sheets if each.name == "summary")
    header, *rows = machine_rows(sheet, zone=zone)
    return [dict(zip(header, row, strict=True)) for row in rows]


def _revision_values(revision: Revision) -> dict[str, Any]:
    manifest = revision.manifest
    return {
        "period": manifest.period,
        "revision": manifest.revision,
        "status": manifest.status,
        "region": manifest.region,
        "method": manifest.method,
        "start": manifest.start,
        "end": manifest.end,
        "as_of": manifest.as_of,
        "seq": manifest.seq,
        "program_version": manifest.program_version,
        "folder": str(revision.path),
        "files": sorted(manifest.files),
    }


def _before(path: Path) -> Path:
    number = read_manifest(path).revision
    if number == 1:
        fail(MISUSED, f"{path} 是第一版，没有更早的版本 · {path} is the first revision")
    return path.parent / f"rev{number - 1}"


def period_of(name: str, zone: tzinfo) -> Period:
    """Give a named period, or end with a message."""
    try:
        return parse_period(name, zone)
    except ValueError as error:
        fail(MISUSED, f"期间无法识别 {name} · {error}")
