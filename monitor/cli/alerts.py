"""`vidnet alerts`: what is raised, who takes care of it, and what is silenced."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.adapters.files.instants import read_instant, written_instant
from monitor.app.alert_desk import AlertDesk, alert_desk
from monitor.cli.auditing import audited
from monitor.cli.common import (
    FAILED,
    MISUSED,
    ConfigOption,
    JsonOption,
    fail,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.domain.alert import Alert
from monitor.domain.alert_rule import read_weekly_hours, written_weekly_hours
from monitor.domain.alert_words import duration_zh
from monitor.domain.author import shown, unverified
from monitor.domain.silence import Silence
from monitor.ports import Backlog

AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="操作人（记为未核实），默认系统登录名 · who does it, recorded as unverified; the login name by default",
    ),
]
OptionalConfig = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", envvar="VIDNET_CONFIG", help="设置文件 · settings file (TOML)"),
]
DAYS_SHOWN_S = 7 * 86_400


def alerts(context: typer.Context, config: OptionalConfig = None, as_json: JsonOption = False) -> None:
    """不带子命令时同 list · without a command the same as list.

    Example: `vidnet alerts -c vidnet.toml`
    """
    if context.invoked_subcommand is not None:
        return
    if config is None:
        fail(MISUSED, "用 -c 给出设置文件 · give the settings file with -c")
    list_alerts(config, as_json=as_json)


def list_alerts(
    config: ConfigOption,
    past: Annotated[bool, typer.Option("--all", help="含近 7 天已恢复的 · those of the last 7 days, too")] = False,
    as_json: JsonOption = False,
) -> None:
    """列出告警、静默与接收方的积压 · list alerts, silences, and what receivers did not take.

    Example: `vidnet alerts list -c vidnet.toml --all`
    """
    settings = load_settings(config)
    zone = settings.zone()
    now = int(time.time())

    async def work() -> tuple[list[Alert], list[Silence], list[Backlog]]:
        async with alert_desk(settings, folder=config.parent) as desk:
            alerts = await desk.queries.alerts(open_only=not past, since=now - DAYS_SHOWN_S)
            lasting = [each for each in await desk.queries.silences() if each.ended_at is None and each.end > now]
            return alerts, lasting, await desk.outbox.backlog()

    alerts, silences, backlog = run_coroutine(work())
    alerts.sort(key=lambda alert: (alert.cleared_at is not None, alert.severity.rank, -(alert.raised_at or 0)))
    if as_json:
        found = {
            "alerts": [alert_values(each, zone) for each in alerts],
            "silences": [_silence_values(each, zone) for each in silences],
            "receivers": [_backlog_values(each, zone) for each in backlog],
        }
        print(json.dumps(found, ensure_ascii=False))
        return
    console = wide_console()
    console.print(_alert_table(alerts, zone, now))
    if silences:
        console.print(_silence_table(silences, zone))
    for each in backlog:
        oldest = written_instant(each.oldest_at, zone=zone)
        why = f": {each.error}" if each.error else ""
        console.print(
            f"接收方 receiver {each.receiver}: 待发 waiting {each.waiting + each.handed}"
            f"（自 since {oldest}，已试 tries {each.tries}）{why}",
            markup=False,
        )


def show_alert(
    config: ConfigOption,
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="告警编号，如 A17 · an alert's id")],
    as_json: JsonOption = False,
) -> None:
    """一条告警及其经过 · one alert and what happened to it.

    Example: `vidnet alerts show -c vidnet.toml A17`
    """
    settings = load_settings(config)
    zone = settings.zone()

    async def work() -> dict[str, Any] | None:
        async with alert_desk(settings, folder=config.parent) as desk:
            alert = await desk.queries.alert(alert_id)
            if alert is None:
                return None
            return alert_values(alert, zone) | {"timeline": await timeline_values(desk, alert_id, zone)}

    values = run_coroutine(work())
    if values is None:
        fail(MISUSED, f"没有告警 {alert_id} · there is no alert {alert_id}")
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
        return
    print_values(values)


def ack(
    config: ConfigOption,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="告警编号 · alerts' ids")],
    author: AsOption = None,
    note: Annotated[str, typer.Option(help="说明 · a note")] = "",
    as_json: JsonOption = False,
) -> None:
    """确认告警：有人处理，不再提醒与升级 · acknowledge alerts: somebody takes care, no reminder, no escalation.

    Example: `vidnet alerts ack -c vidnet.toml A17 --as 张三 --note 已派单`
    """
    settings = load_settings(config)
    who = named(author)

    async def work() -> list[tuple[str, bool]]:
        async with alert_desk(settings, folder=config.parent) as desk:
            now = int(time.time())
            return [(each, await desk.decisions.acknowledge(each, author=who, at=now, note=note)) for each in ids]

    done = run_coroutine(work())
    if changed := [each for each, ok in done if ok]:
        audited(config, action="alert.acknowledge", target=" ".join(changed), who=who)
    if as_json:
        print(json.dumps({"acknowledged": [each for each, ok in done if ok]}, ensure_ascii=False))
    else:
        for each, ok in done:
            print(
                f"{each}: {'已确认 acknowledged' if ok else '未改变：无此告警、已恢复或已确认 nothing to acknowledge'}"
            )
    if not all(ok for _, ok in done):
        raise typer.Exit(FAILED)


def silence(
    config: ConfigOption,
    reason: Annotated[str, typer.Option(help="原因 · why")],
    author: AsOption = None,
    until: Annotated[str | None, typer.Option("--to", metavar="WHEN", help="到何时 · until when")] = None,
    hours: Annotated[
        float | None, typer.Option("--for", metavar="HOURS", help="时长（小时） · for so many hours")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="WHEN", help="从何时，默认现在 · from when")] = None,
    region: Annotated[str, typer.Option(metavar="CODE", help="只限区划 · only this region")] = "",
    rule: Annotated[str, typer.Option(metavar="ID", help="只限规则 · only this rule")] = "",
    subject: Annotated[str, typer.Option(metavar="KEY", help="只限对象，如 I12 · only this subject")] = "",
    weekly: Annotated[
        str, typer.Option("--hours", metavar="HOURS", help='每周时段 · weekly hours: "Mon-Fri 00:00-06:00"')
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """静默：一段时间内不通知，判定照常；必有期限 · tell nobody for a while; deciding goes on, and it has an end.

    Example: `vidnet alerts silence -c vidnet.toml --region 370783 --for 4 --reason 光缆割接 --as 张三`
    """
    settings = load_settings(config)
    zone = settings.zone()
    now = int(time.time())
    who = named(author)
    if (until is None) == (hours is None):
        fail(MISUSED, "用 --to 或 --for 给出期限 · give its end with --to or --for")
    if not (region or rule or subject):
        fail(MISUSED, "用 --region、--rule 或 --subject 限定范围 · narrow it with --region, --rule or --subject")
    try:
        start_at = now if start is None else read_instant(start, zone=zone)
        end_at = read_instant(until, zone=zone) if until is not None else start_at + int((hours or 0) * 3_600)
        window = read_weekly_hours(weekly) if weekly else None
    except ValueError as error:
        fail(MISUSED, str(error))
    if end_at <= max(start_at, now):
        fail(MISUSED, "期限须在将来 · its end must lie ahead")
    terms = Silence("", start_at, end_at, who, reason, now, rule=rule, region=region, subject=subject, hours=window)

    async def work() -> Silence:
        async with alert_desk(settings, folder=config.parent) as desk:
            return await desk.decisions.silence(terms)

    made = run_coroutine(work())
    audited(config, action="silence.make", target=made.id, who=who, after={"end": made.end, "reason": made.reason})
    if as_json:
        print(json.dumps(_silence_values(made, zone), ensure_ascii=False))
    else:
        print(f"{made.id}: 静默至 silenced until {written_instant(made.end, zone=zone)}")


def unsilence(
    config: ConfigOption,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="静默编号，如 S3 · silences' ids")],
    author: AsOption = None,
) -> None:
    """提前结束静默 · end silences early.

    Example: `vidnet alerts unsilence -c vidnet.toml S3 --as 张三`
    """
    settings = load_settings(config)
    who = named(author)

    async def work() -> list[tuple[str, bool]]:
        async with alert_desk(settings, folder=config.parent) as desk:
            now = int(time.time())
            return [(each, await desk.decisions.end_silence(each, author=who, at=now)) for each in ids]

    done = run_coroutine(work())
    if changed := [each for each, ok in done if ok]:
        audited(config, action="silence.end", target=" ".join(changed), who=who)
    for each, ok in done:
        print(f"{each}: {'已结束 ended' if ok else '未改变：无此静默或已结束 no silence that lasts'}")
    if not all(ok for _, ok in done):
        raise typer.Exit(FAILED)


def named(author: str | None) -> str:
    """Give the author of a name that nobody checked, the login name for none, or end the command."""
    try:
        return unverified(getpass.getuser() if author is None else author)
    except ValueError as error:
        fail(MISUSED, str(error))


def alert_values(alert: Alert, zone: tzinfo) -> dict[str, Any]:
    """Give an alert as it is printed as JSON."""
    subject = alert.subject
    return {
        "id": alert.id,
        "rule": alert.rule,
        "severity": alert.severity.value,
        "state": "cleared" if alert.cleared_at is not None else "acknowledged" if alert.acked_at else "raised",
        "subject": subject.key,
        "name_zh": subject.name_zh,
        "name_en": subject.name_en,
        "region": subject.region,
        "county": subject.county,
        "class": subject.point_class.value if subject.point_class else None,
        "since": _written(alert.since, zone),
        "raised_at": _written(alert.raised_at, zone),
        "cleared_at": _written(alert.cleared_at, zone),
        "told_at": _written(alert.told_at, zone),
        "tellings": alert.tellings,
        "escalated": alert.escalated,
        "acknowledged_at": _written(alert.acked_at, zone),
        "acknowledged_by": alert.acked_by,
        "value": None if alert.value is None else float(alert.value),
        "threshold": float(alert.threshold),
        "short": alert.short,
        "incident": alert.incident,
    }


async def timeline_values(desk: AlertDesk, subject: str, zone: tzinfo) -> list[dict[str, Any]]:
    """Give a timeline as it is printed as JSON."""
    return [
        {"at": _written(each.at, zone), "kind": each.kind, "author": each.author, "note": each.note}
        for each in await desk.queries.timeline(subject)
    ]


def print_values(values: dict[str, Any]) -> None:
    """Print what is known of one thing, and its timeline below."""
    console = wide_console()
    table = Table(show_header=False, box=None)
    for name, value in values.items():
        if name != "timeline" and value not in (None, "", []):
            table.add_row(name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
    console.print(table)
    happened = Table("时间\nat", "经过\nwhat", "操作人\nwho", "说明\nnote")
    for each in values["timeline"]:
        happened.add_row(each["at"], each["kind"], shown(each["author"]), each["note"])
    console.print(happened)


def _alert_table(alerts: Sequence[Alert], zone: tzinfo, now: int) -> Table:
    table = Table(
        *("编号\nid", "级别\nseverity", "地方\nplace", "规则\nrule", "数值\nfigure", "门限\nthreshold"),
        *("自\nsince", "历时\nlasting", "通知\ntold", "确认\nacknowledged", "事件\nincident"),
        title="告警 alerts",
    )
    for alert in alerts:
        cleared = alert.cleared_at is not None
        table.add_row(
            alert.id,
            f"{'✔ 已恢复 cleared' if cleared else alert.severity.text_zh + ' ' + alert.severity.value}",
            alert.subject.name_zh,
            alert.rule,
            "–" if alert.value is None else _number(alert.value),
            _number(alert.threshold),
            written_instant(alert.since, zone=zone),
            duration_zh((alert.cleared_at or now) - alert.since),
            str(alert.tellings),
            shown(alert.acked_by),
            alert.incident,
        )
    return table


def _silence_table(silences: Sequence[Silence], zone: tzinfo) -> Table:
    table = Table(
        "编号\nid",
        "范围\nscope",
        "从\nfrom",
        "到\nto",
        "时段\nhours",
        "原因\nwhy",
        "操作人\nwho",
        title="静默 silences",
    )
    for each in silences:
        scope = " ".join(part for part in (each.region, each.rule, each.subject) if part)
        table.add_row(
            each.id,
            scope,
            written_instant(each.start, zone=zone),
            written_instant(each.end, zone=zone),
            written_weekly_hours(each.hours) if each.hours else "",
            each.reason,
            shown(each.author),
        )
    return table


def _silence_values(each: Silence, zone: tzinfo) -> dict[str, Any]:
    return {
        "id": each.id,
        "from": _written(each.start, zone),
        "to": _written(each.end, zone),
        "region": each.region,
        "rule": each.rule,
        "subject": each.subject,
        "hours": written_weekly_hours(each.hours) if each.hours else "",
        "reason": each.reason,
        "author": each.author,
    }


def _backlog_values(each: Backlog, zone: tzinfo) -> dict[str, Any]:
    return {
        "receiver": each.receiver,
        "waiting": each.waiting,
        "handed_over": each.handed,
        "oldest_at": _written(each.oldest_at, zone),
        "tries": each.tries,
        "error": each.error,
    }


def _number(value: Any) -> str:
    return f"{float(value):.4g}" if value.denominator != 1 else f"{int(value):,}"


def _written(at: int | None, zone: tzinfo) -> str | None:
    return None if at is None else written_instant(at, zone=zone)
