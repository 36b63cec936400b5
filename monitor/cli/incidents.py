"""`vidnet incidents`: what failed together, why, what it cost, and who is responsible."""

from __future__ import annotations

import json
import time
from datetime import tzinfo
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.adapters.files.instants import written_instant
from monitor.app.alert_desk import alert_desk
from monitor.cli.alerts import DAYS_SHOWN_S, AsOption, named, print_values, timeline_values
from monitor.cli.auditing import audited
from monitor.cli.common import MISUSED, ConfigOption, JsonOption, fail, load_settings, run_coroutine, wide_console
from monitor.domain.alert_words import PARTIES, device_hours, duration_zh, points_of
from monitor.domain.facts import Party
from monitor.domain.incident import Incident, title_of

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="事件编号，如 I12 · an incident's id")]


def list_incidents(
    config: ConfigOption,
    past: Annotated[bool, typer.Option("--all", help="含近 7 天已结束的 · those of the last 7 days, too")] = False,
    as_json: JsonOption = False,
) -> None:
    """列出事件：原因、台数、台时、责任方 · list incidents: why, how many devices, their cost, who is responsible.

    Example: `vidnet incidents list -c vidnet.toml --all`
    """
    settings = load_settings(config)
    zone = settings.zone()
    now = int(time.time())

    async def work() -> list[Incident]:
        async with alert_desk(settings, folder=config.parent) as desk:
            return await desk.queries.incidents(open_only=not past, since=now - DAYS_SHOWN_S)

    incidents = run_coroutine(work())
    if as_json:
        print(json.dumps([_values(each, zone, now) for each in incidents], ensure_ascii=False))
        return
    table = Table(
        *("编号\nid", "原因\nwhy", "区划\nregion", "自\nsince", "历时\nlasting", "离线\ndown", "共\ndevices"),
        *("台时\ndevice-hours", "百分点\npoints", "责任方\nresponsible"),
        title="事件 incidents",
    )
    for each in incidents:
        zh, en = title_of(each)
        table.add_row(
            each.id,
            f"{zh}\n{en}",
            each.county,
            written_instant(each.began_at, zone=zone),
            duration_zh((each.closed_at or now) - each.began_at),
            str(each.down) if each.is_open else "✔",
            str(each.devices),
            device_hours(each.cost_at(now)),
            points_of(each.points),
            " ".join(PARTIES[each.party]),
        )
    wide_console().print(table)


def show(config: ConfigOption, incident_id: IdArgument, as_json: JsonOption = False) -> None:
    """一个事件、它的设备与经过 · one incident, its devices and what happened.

    Example: `vidnet incidents show -c vidnet.toml I12`
    """
    settings = load_settings(config)
    zone = settings.zone()

    async def work() -> dict[str, Any] | None:
        async with alert_desk(settings, folder=config.parent) as desk:
            incident = await desk.queries.incident(incident_id)
            if incident is None:
                return None
            members = await desk.queries.members(incident_id)
            return _values(incident, zone, int(time.time())) | {
                "members": [
                    {
                        "device": member.device_id,
                        "from": written_instant(member.joined_at, zone=zone),
                        "to": None if member.left_at is None else written_instant(member.left_at, zone=zone),
                    }
                    for member in members
                ],
                "timeline": await timeline_values(desk, incident_id, zone),
            }

    values = run_coroutine(work())
    if values is None:
        fail(MISUSED, f"没有事件 {incident_id} · there is no incident {incident_id}")
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
        return
    members = values.pop("members")
    print_values(values)
    table = Table("设备\ndevice", "自\nfrom", "至\nto")
    for member in members:
        table.add_row(member["device"], member["from"], member["to"] or "")
    wide_console().print(table)


def party(
    config: ConfigOption,
    incident_id: IdArgument,
    responsible: Annotated[Party, typer.Argument(help="责任方 · who is responsible")],
    author: AsOption = None,
    note: Annotated[str, typer.Option(help="说明 · a note")] = "",
) -> None:
    """认定事件的责任方 · say who is responsible for an incident.

    Example: `vidnet incidents party -c vidnet.toml I12 carrier --as 张三 --note 光缆被挖断`
    """
    settings = load_settings(config)
    who = named(author)

    async def work() -> bool:
        async with alert_desk(settings, folder=config.parent) as desk:
            now = int(time.time())
            return await desk.decisions.decide_party(incident_id, responsible, author=who, at=now, note=note)

    if not run_coroutine(work()):
        fail(MISUSED, f"没有事件 {incident_id} · there is no incident {incident_id}")
    audited(config, action="incident.party", target=incident_id, who=who, after={"party": responsible.value})
    print(f"{incident_id}: {' '.join(PARTIES[responsible])}")


def _values(each: Incident, zone: tzinfo, now: int) -> dict[str, Any]:
    zh, en = title_of(each)
    return {
        "id": each.id,
        "kind": each.kind.value,
        "shared": each.shared.value if each.shared else None,
        "value": each.value,
        "title_zh": zh,
        "title_en": en,
        "county": each.county,
        "state": "open" if each.is_open else "closed",
        "began_at": written_instant(each.began_at, zone=zone),
        "opened_at": written_instant(each.opened_at, zone=zone),
        "closed_at": None if each.closed_at is None else written_instant(each.closed_at, zone=zone),
        "ours": each.ours,
        "party": each.party.value,
        "devices": each.devices,
        "down": each.down,
        "peak": each.peak,
        "device_hours": round(each.cost_at(now) / 3_600, 2),
        "points": round(float(each.points) * 100, 2),
    }
