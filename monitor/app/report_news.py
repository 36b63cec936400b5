"""The news of a report: what receivers are told of a new revision, with a link to it and its files to attach.

A receiver of the whole city is told of the city, and gets the files; one of some counties is told of those counties
only, and gets no files, because they hold all others too. Nobody is told who wants nothing as mild as news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from monitor.adapters.db.alerts import SqlAlertStore
from monitor.adapters.db.engine import Database
from monitor.app.reporting import Made
from monitor.domain.alert import Severity, Telling
from monitor.domain.assessment import Verdict
from monitor.domain.compliance import ComplianceRow
from monitor.domain.notification import Message, Waiting
from monitor.domain.printing import percent
from monitor.domain.region import RegionLevel
from monitor.ports import AlertBatch, StoreError
from monitor.services.explained_values import percent_of
from monitor.services.report_words import VERDICTS, region_word
from monitor.services.weekly_report import DRAFT, FINAL
from monitor.settings import Settings

log = structlog.get_logger()

RULE = "weekly-report"
REPORTS_PAGE = "#/reports"
_MEGABYTE = 1_000_000
_STATUS = {DRAFT.code: ("草稿", "draft"), FINAL.code: ("正式", "final")}


@dataclass(frozen=True, slots=True)
class _Text:
    """A message's words in one language."""

    title: str
    lines: list[str]


async def tell(settings: Settings, database: Database, made: Made, *, at: int) -> None:
    """Put the news of a revision into the outbox of every receiver that is told of what no rule names.

    A revision is published whether or not anybody can be told: where the outbox cannot be written, the log says so.
    """
    receivers = {
        name: each
        for name, each in settings.receivers.items()
        if each.default and Severity.INFO.rank <= Severity(each.least).rank
    }
    manifest = made.revision.manifest
    # One number a revision: a spool names its file by it. Those of alerts are small.
    number = manifest.end + manifest.revision
    rows = []
    for name, each in receivers.items():
        message = news(made, settings, counties=each.counties, at=at)
        if message is not None:
            rows.append(Waiting(number, name, message))
    try:
        if rows:
            await SqlAlertStore(database).save(AlertBatch(outbox=rows))
    except StoreError as error:
        log.warning("report.not_told", folder=str(made.revision.path), error=str(error))


def news(made: Made, settings: Settings, *, counties: Sequence[str], at: int) -> Message | None:
    """Give what is told of a revision to a receiver of some counties, of none for the whole city.

    Returns:
        None where the report knows none of the counties.
    """
    manifest, page = made.revision.manifest, settings.alerting.page.rstrip("/")
    link = f"{page}/{REPORTS_PAGE}" if page else ""
    if counties:
        mine = [row for row in _county_rows(made) if row.key.region in counties]
        if not mine:
            return None
        zh, en = _of_counties(made, mine, zh=True), _of_counties(made, mine, zh=False)
        files: tuple[str, ...] = ()
    else:
        zh, en = _of_city(made, zh=True), _of_city(made, zh=False)
        files, too_large = _attached(made, settings)
        if too_large:
            zh.lines.append(f"过大未附，请下载：{'、'.join(too_large)}")
            en.lines.append(f"Too large to attach, to be downloaded: {', '.join(too_large)}")
    if manifest.status == DRAFT.code:
        until = manifest.end + settings.report.objections_within_s
        text = datetime.fromtimestamp(until, settings.zone()).strftime("%Y-%m-%d %H:%M")
        zh.lines.append(f"异议截止：{text}")
        en.lines.append(f"Objections until: {text}")
    if link:
        zh.lines.append(f"查看与下载：{link}")
        en.lines.append(f"To be seen and downloaded: {link}")
    return Message(
        key=f"report:{manifest.period}:{manifest.revision}",
        telling=Telling.RAISED,
        alert=f"report {manifest.period} rev{manifest.revision}",
        rule=RULE,
        severity=Severity.INFO,
        at=at,
        title_zh=zh.title,
        body_zh="\n".join(zh.lines),
        title_en=en.title,
        body_en="\n".join(en.lines),
        subject=manifest.period,
        raised_at=at,
        link=link,
        files=files,
        alone=True,
    )


def _of_city(made: Made, *, zh: bool) -> _Text:
    manifest, tree = made.revision.manifest, made.report.material.tree
    whole = next((row for row in made.report.material.rows if row.key.is_region), None)
    missed = [row for row in _county_rows(made) if row.online.verdict is Verdict.MISSED]
    words = [region_word(tree[row.key.region], row.key.region) for row in missed]
    digest, path = manifest.files["summary.csv"], made.revision.path
    if zh:
        title = f"考核周报 {manifest.period} {_status(made, zh=True)}：在线率 {_online(whole)}，完好率 {_intact(whole)}"
        names = "、".join(word.zh for word in words) or "无"
        return _Text(title, [f"未达标县市区：{names}", f"报表目录：{path}", f"summary.csv sha256 {digest}"])
    rates = f"online rate {_online(whole)}, intact rate {_intact(whole)}"
    title = f"Weekly report {manifest.period}, {_status(made, zh=False)}: {rates}"
    names = ", ".join(word.en for word in words) or "none"
    return _Text(title, [f"Counties below target: {names}", f"Folder: {path}", f"summary.csv sha256 {digest}"])


def _of_counties(made: Made, rows: Sequence[ComplianceRow], *, zh: bool) -> _Text:
    manifest, tree = made.revision.manifest, made.report.material.tree
    lines = []
    for row in rows:
        name = region_word(tree[row.key.region], row.key.region)
        rank = "–" if row.rank is None else str(row.rank)
        verdict = VERDICTS[row.online.verdict] if row.online.verdict else None
        if zh:
            said = f"（{verdict.zh}，差额 {row.online.short} 台）" if verdict else ""
            lines.append(f"{name.zh}：在线率 {_online(row)}{said}，完好率 {_intact(row)}，排名 {rank}")
        else:
            said = f" ({verdict.en}, {row.online.short} devices short)" if verdict else ""
            lines.append(f"{name.en}: online rate {_online(row)}{said}, intact rate {_intact(row)}, rank {rank}")
    if zh:
        return _Text(f"考核周报 {manifest.period} {_status(made, zh=True)}", lines)
    return _Text(f"Weekly report {manifest.period}, {_status(made, zh=False)}", lines)


def _attached(made: Made, settings: Settings) -> tuple[tuple[str, ...], list[str]]:
    """Give the paths of the files that go along, and the names of those that are too large for that."""
    left = settings.report.attach_most_mb * _MEGABYTE
    files, too_large = [], []
    for name in settings.report.attach:
        path = made.revision.path / name
        if name not in made.revision.manifest.files:
            continue  # of a language that was not asked for
        size = path.stat().st_size
        if size > left:
            too_large.append(f"{name} ({size / _MEGABYTE:.1f} MB)")
            continue
        left -= size
        files.append(str(path.resolve()))
    return tuple(files), too_large


def _county_rows(made: Made) -> list[ComplianceRow]:
    rows = made.report.material.rows
    return [row for row in rows if row.key.is_region and row.key.level is RegionLevel.COUNTY]


def _status(made: Made, *, zh: bool) -> str:
    status = made.revision.manifest.status
    return _STATUS.get(status, ("截至目前", "so far"))[0 if zh else 1]


def _online(row: ComplianceRow | None) -> str:
    """Print the online rate of a row, none where nothing of a city is in service yet."""
    return percent(None) if row is None else percent_of(row.online)


def _intact(row: ComplianceRow | None) -> str:
    return percent(None) if row is None else percent_of(row.intact)
