"""Reports made, published, checked and made again: the report's journey put together on a database and a folder."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from monitor.adapters.db.alert_queries import SqlAlertQueries
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.objections import SqlObjections
from monitor.adapters.db.period_facts import SqlReportFacts
from monitor.adapters.db.trend import SqlTrend
from monitor.adapters.forked import beside
from monitor.adapters.reports.csv_files import machine_csv, people_csv
from monitor.adapters.reports.folder import (
    Manifest,
    ReportFolder,
    ReportFolderError,
    Revision,
    problems_of,
    read_manifest,
    sha256,
)
from monitor.adapters.reports.page import page_bytes
from monitor.adapters.reports.workbook import workbook_bytes
from monitor.app.wiring import database_of, holding_targets
from monitor.domain.assessment import Verdict
from monitor.domain.compliance import Method
from monitor.domain.incident import title_of
from monitor.domain.period import Period
from monitor.domain.policy import stale_after
from monitor.domain.target import Target
from monitor.services.incident_losses import IncidentInput
from monitor.services.report_material import Entry, Previous, ReportError, periods_below, row_name
from monitor.services.report_table import Lang
from monitor.services.sheet_clocks import ClockSum
from monitor.services.weekly_report import (
    STATUSES,
    Report,
    ReportInputs,
    build_report,
    decision_input,
    device_lines,
    read_device_lines,
    target_input,
)
from monitor.settings import Settings

INPUTS, ROWS, DEVICES = "inputs.json", "rows.json", "device-seconds.csv.gz"
_TITLES = {Lang.ZH: "视频监控运行考核报告", Lang.EN: "Video network compliance report"}
LANGS = (Lang.ZH, Lang.EN)
Step = Callable[[str, int, int], None]


class RowMemory(msgspec.Struct, frozen=True, array_like=True):
    """What the next period asks of a row: `rows.json` holds one a row."""

    online: tuple[int, int]
    intact: tuple[int, int]
    below: int


@dataclass(frozen=True, slots=True, repr=False)
class Made:
    """A published revision with the report that it was written from."""

    revision: Revision
    report: Report


def quiet(step: str, done: int, total: int) -> None:
    """Tell nobody what is done."""
    del step, done, total


def reports_root(settings: Settings, *, folder: Path, out: Path | None = None) -> Path:
    """Give the folder of all reports: as asked, or that of the settings, relative to the settings file."""
    return out if out is not None else folder / settings.report.folder


def folder_name(period: str, *, region: str | None, method: Method) -> str:
    """Give the folder of a period's revisions below the root: `2026-W47`, for one region `2026-W47-370783`."""
    parts = [period, *([region] if region else []), *([] if method is Method.TIME_WEIGHTED else [method.value])]
    return "-".join(parts)


async def make_report(
    settings: Settings,
    database: Database,
    *,
    folder: Path,
    period: Period,
    as_of: int,
    region: str | None = None,
    method: Method = Method.TIME_WEIGHTED,
    status: str = "draft",
    langs: Sequence[Lang] = LANGS,
    out: Path | None = None,
    author: str = "",
    on_step: Step = quiet,
) -> Made:
    """Make a report from what is known now and publish it as a new revision.

    Args:
        settings: of the service.
        database: where the facts are.
        folder: what relative paths in the settings are relative to.
        period: what it is about.
        as_of: now.
        region: the region that it is about; None for the whole city.
        method: what the rates are made of.
        status: draft or final; a period that is not over makes it an interim one.
        langs: the languages of its files.
        out: the folder of all reports, in place of that of the settings.
        author: who makes it final; "" for a draft.
        on_step: told what is done.

    Raises:
        ReportError: the period has not begun, the region is unknown, or the clock stands before the last revision.
        ReportFolderError: it cannot be written, a full disk for example; nothing is published then.
        StoreError: the facts cannot be read.
    """
    root = ReportFolder(reports_root(settings, folder=folder, out=out))
    name = folder_name(period.name, region=region, method=method)
    _refuse_a_clock_behind(root, name, as_of, settings)
    previous = _previous(root, period, region=region, method=method)
    await require_current(database)
    targets, _ = await holding_targets(SqlInventory(database), settings, folder=folder)
    inputs = _inputs(settings, targets, period=period, as_of=as_of, region=region, method=method)
    objections = await SqlObjections(database).objections(period=period.name)
    inputs = msgspec.structs.replace(
        inputs,
        status=status,
        author=author,
        decisions=tuple(decision_input(each) for each in objections),
        incidents=await period_incidents(database, start=period.start, end=min(period.end, as_of)),
        orders=await _orders(database),
        clocks=await _clocks(database, start=period.start, end=min(period.end, as_of)),
        previous=previous.source if previous else None,
        previous_sha256=previous.sha256 if previous else "",
    )
    report = await build_report(SqlReportFacts(database), inputs, previous, beside=beside, on_step=on_step)
    on_step("files", 0, 1)
    files = report_files(report, langs)
    revision = root.publish(name, files, manifest_of(report, files))
    on_step("files", 1, 1)
    return Made(revision, report)


async def differences(settings: Settings, path: Path, *, folder: Path) -> list[str]:
    """Make a published revision again at its K and name the files that come out differently.

    With the program version that made it, every file is compared; with another one only the machines' CSV.

    Raises:
        ReportFolderError: the revision, or that of the period before, cannot be read.
        StoreError: the facts cannot be read.
    """
    manifest = read_manifest(path)
    inputs = msgspec.json.decode((path / INPUTS).read_bytes(), type=ReportInputs)
    previous = None if inputs.previous is None else _read_previous(path.parent.parent, inputs.previous)
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        report = await build_report(SqlReportFacts(database), inputs, previous, beside=beside)
    finally:
        await database.close()
    langs = [lang for lang in LANGS if f"summary.{lang}.csv" in manifest.files]
    files = report_files(report, langs)
    same_program = manifest.program_version == version("vidnet")
    compared = [name for name in sorted(manifest.files) if same_program or _is_machine_csv(name)]
    found = [
        f"{name}: 重算结果不同 · comes out differently" for name in compared if _differs(path / name, files.get(name))
    ]
    if report.facts_sha256 != manifest.facts:
        found.append("facts: 原始事实不同 · the facts are not those that it was made from")
    return found


def verify(path: Path) -> list[str]:
    """Hold the files of a revision against their sha256; give what does not agree.

    Raises:
        ReportFolderError: it is no revision.
    """
    return problems_of(path)


def report_files(report: Report, langs: Sequence[Lang]) -> dict[str, bytes]:
    """Give all files of a report but its manifest, by name; the workbook is written on another core meanwhile."""
    inputs, zone = report.inputs, report.material.rules.counting.zone
    wanted = Lang.BOTH if len(langs) > 1 else langs[0]
    title = f"{_TITLES[langs[0]]} {inputs.period}"
    with beside(lambda: workbook_bytes(report.sheets, wanted, zone=zone, title=title)) as workbook:
        files = _files_but_the_workbook(report, langs)
        files["report.xlsx"] = workbook()
    return files


def _files_but_the_workbook(report: Report, langs: Sequence[Lang]) -> dict[str, bytes]:
    inputs, material = report.inputs, report.material
    zone = material.rules.counting.zone
    files: dict[str, bytes] = {INPUTS: _json(inputs), ROWS: _json(_memory(report))}
    lines = "\n".join(device_lines(material)) + "\n"
    # Level 1: the file is written every week and read once.
    files[DEVICES] = gzip.compress(lines.encode(), compresslevel=1, mtime=0)
    for sheet in report.sheets:
        files[f"{sheet.name}.csv"] = machine_csv(sheet, zone=zone)
        if sheet.people:
            for lang in langs:
                files[f"{sheet.name}.{lang}.csv"] = people_csv(sheet, lang, zone=zone)
    for lang in langs:
        title = f"{_TITLES[lang]} {inputs.period}"
        about, stamps = _about(report, lang), _stamps(report, lang)
        files[f"report.{lang}.html"] = page_bytes(
            report.sheets, lang, zone=zone, title=title, about=about, stamps=stamps
        )
    return files


def manifest_of(report: Report, files: dict[str, bytes]) -> Manifest:
    """Give the manifest of a report's files; its revision's number comes when it is published."""
    inputs = report.inputs
    return Manifest(
        period=inputs.period,
        revision=0,
        status=inputs.status,
        region=inputs.region or "",
        method=inputs.method,
        start=report.material.period.start,
        end=report.material.end,
        as_of=inputs.as_of,
        seq=inputs.seq or 0,
        program_version=inputs.program_version,
        inputs=sha256(files[INPUTS]),
        facts=report.facts_sha256,
        files={name: sha256(content) for name, content in sorted(files.items())},
    )


def _inputs(
    settings: Settings,
    targets: Sequence[Target],
    *,
    period: Period,
    as_of: int,
    region: str | None,
    method: Method,
) -> ReportInputs:
    rules, site, policy = settings.rules, settings.report, settings.policy()
    return ReportInputs(
        period=period.name,
        region=region,
        method=method.value,
        status="draft",
        as_of=as_of,
        seq=None,
        zone=settings.city.zone,
        commissioning_days=rules.commissioning_days,
        min_measured=rules.min_measured,
        min_judged=rules.min_judged,
        snapshot_times=site.snapshot_seconds(),
        small_sample=site.small_sample,
        repair_from_s=site.repair_from_s,
        listed=site.listed,
        interval_s=policy.interval_s,
        settle_s=stale_after(policy.interval_s),
        targets=tuple(target_input(each) for each in targets),
        previous=None,
        previous_sha256="",
        names=None,
        author="",
        decisions=(),
        program_version=version("vidnet"),
    )


async def period_incidents(database: Database, *, start: int, end: int) -> tuple[IncidentInput, ...]:
    """Give the incidents of a period that are not ours, the oldest first, with the devices that were down in it."""
    queries = SqlAlertQueries(database)
    found = []
    for each in sorted(await queries.incidents(since=start), key=lambda one: (one.began_at, one.id)):
        if each.ours or each.began_at >= end:
            continue
        members = sorted(
            (
                member.device_id,
                max(start, member.joined_at),
                end if member.left_at is None else min(end, member.left_at),
            )
            for member in await queries.members(each.id)
            if member.joined_at < end and (member.left_at is None or member.left_at > start)
        )
        if members:
            zh, en = title_of(each)
            devices = tuple(device_id for device_id, _, _ in members)
            spans = tuple((since, until) for _, since, until in members)
            found.append(IncidentInput(each.id, zh, en, each.party, devices, spans))
    return tuple(found)


async def _clocks(database: Database, *, start: int, end: int) -> dict[str, ClockSum]:
    sums = await SqlTrend(database).clocks(start=start, end=end)
    return {code: ClockSum(*counted) for code, counted in sums.items()}


async def _orders(database: Database) -> dict[str, str]:
    """Give by device the id of its open work order, the newest where it has several."""
    orders = await SqlAlertQueries(database).orders(open_only=True)
    return {device: order.id for order in reversed(orders) for device in sorted(order.devices)}


def _refuse_a_clock_behind(root: ReportFolder, name: str, as_of: int, settings: Settings) -> None:
    newest = max((each.manifest.as_of for each in root.revisions(name)), default=as_of)
    if newest > as_of:
        at = datetime.fromtimestamp(newest, settings.zone()).isoformat()
        raise ReportError(
            f"时钟倒退：上一版报表生成于 {at}，晚于现在；请先校时；若上一版是在错误时钟下生成的，请移走其目录\n"
            f"the clock went back: the last revision was made at {at}, later than now; set the clock first, "
            "or move that revision's folder away if it was made by a wrong clock"
        )


def _previous(root: ReportFolder, period: Period, *, region: str | None, method: Method) -> Previous | None:
    """Read the period before from its published revision, the final one where there is one; None without any."""
    newest = root.newest(folder_name(period.before[0], region=region, method=method))
    if newest is None or newest.manifest.status == "interim" or problems_of(newest.path):
        return None
    return _read_previous(root.root, f"{newest.path.parent.name}/{newest.path.name}")


def _read_previous(root: Path, source: str) -> Previous:
    path = root / source
    unusable = f"上期报表 {path} 不可用 · the last period's report cannot be used"
    try:
        manifest = read_manifest(path)
        rows = msgspec.json.decode((path / ROWS).read_bytes(), type=dict[str, RowMemory])
        sha256 = manifest.files[DEVICES]
    except (OSError, KeyError, msgspec.DecodeError) as error:
        raise ReportFolderError(f"{unusable}: {error}") from error

    def entries() -> Iterator[Entry]:
        try:
            with gzip.open(path / DEVICES, "rt", encoding="utf-8", newline="") as lines:
                yield from read_device_lines(lines)
        except (OSError, EOFError, ValueError) as error:
            raise ReportFolderError(f"{unusable}: {error}") from error

    previous = Previous(manifest.period, source, sha256, manifest.end - manifest.start, entries)
    for name, row in rows.items():
        previous.online[name], previous.intact[name], previous.below[name] = row.online, row.intact, row.below
    return previous


def _memory(report: Report) -> dict[str, RowMemory]:
    previous = report.material.previous
    found = {}
    for row in report.material.rows:
        name = row_name(row)
        below = periods_below(row, before=previous.below.get(name, 0) if previous else 0)
        online, intact = row.online.rate, row.intact.rate
        found[name] = RowMemory((online.numerator, online.denominator), (intact.numerator, intact.denominator), below)
    return found


def _about(report: Report, lang: Lang) -> str:
    inputs, material = report.inputs, report.material
    zone = material.rules.counting.zone
    shown = [
        datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M") for at in (material.period.start, material.end)
    ]
    as_of = datetime.fromtimestamp(inputs.as_of, zone).strftime("%Y-%m-%d %H:%M:%S")
    status = STATUSES[inputs.status]
    if lang is Lang.ZH:
        text = f"{inputs.period}（{shown[0]} 至 {shown[1]}） · {status.zh} · 截至 {as_of} · 事实序号 K={inputs.seq}"
        return f"{text} · vidnet {inputs.program_version}"
    text = f"{inputs.period} ({shown[0]} to {shown[1]}) · {status.en} · as of {as_of} · facts up to K={inputs.seq}"
    return f"{text} · vidnet {inputs.program_version}"


def _stamps(report: Report, lang: Lang) -> list[str]:
    found = []
    if report.inputs.status == "interim":
        found.append("截至目前：考核期尚未结束" if lang is Lang.ZH else "So far: the period is not over")
    invalid = sum(
        Verdict.NOT_VALID in (row.online.verdict, row.intact.verdict)
        for row in report.material.rows
        if row.key.is_region
    )
    if invalid:
        zh = f"{invalid} 行实测或已判不足，标为无效，不参加排名"
        en = f"{invalid} rows are not valid: too little was measured or judged; they are not ranked"
        found.append(zh if lang is Lang.ZH else en)
    return found


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def _is_machine_csv(name: str) -> bool:
    return name.endswith(".csv") and not name.endswith((".zh.csv", ".en.csv")) and name != "method.csv"


def _differs(path: Path, content: bytes | None) -> bool:
    try:
        return content is None or path.read_bytes() != content
    except OSError:
        return True
