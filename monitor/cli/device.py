"""`vidnet device`: everything known of one device, for the one who repairs it."""

from __future__ import annotations

import json
import time
from datetime import datetime, tzinfo
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.app.device import DeviceStory, confirm_identity, read_device
from monitor.cli.common import MISUSED, ConfigOption, JsonOption, fail, load_settings, run_coroutine, wide_console
from monitor.cli.deciding import author_of
from monitor.domain.fault import FAULTS
from monitor.domain.login import MAX_REFUSALS
from monitor.domain.state import FaultRecord
from monitor.settings import Settings

_SHOWN = 20


def device(
    device_id: Annotated[str, typer.Argument(metavar="DEVICE_ID", help="设备编码 · id of the device")],
    config: ConfigOption,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="确认设备现在的序列号与 MAC · take its present identity as known")
    ] = False,
    by: Annotated[
        str, typer.Option("--as", metavar="NAME", help="操作人（记为未核实） · who does it, recorded as unverified")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """列出一台设备的全部已知情况 · everything known of a device: state, faults, timeline, looks, what it said.

    Example: `vidnet device 37070200001320000001 -c vidnet.toml`
    """
    settings = load_settings(config)
    if confirm:
        author = author_of(by)
        done = run_coroutine(
            confirm_identity(device_id, author=author, at=int(time.time()), settings=settings, folder=config.parent)
        )
        if not done:
            fail(MISUSED, f"设备 {device_id} 尚未说明自己 · device {device_id} has not said who it is yet")
    values = _values(run_coroutine(read_device(device_id, settings=settings, folder=config.parent)), settings)
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
    else:
        _show(wide_console(), values)


def _values(story: DeviceStory, settings: Settings) -> dict[str, Any]:
    zone, policy = settings.zone(), settings.policy()
    found, record, state = story.device, story.record, story.state

    def when(at: int | None) -> str | None:
        return None if at is None else _when(at, zone)

    return {
        "id": found.id,
        "name": record.name,
        "kind": found.kind.value,
        "class": found.point_class.value,
        "region": found.region,
        "region_name": " ".join(region.name for region in reversed(story.regions)),
        "point": found.point,
        "vendor": record.vendor,
        "model": record.model,
        "protocol": found.endpoint.protocol if found.endpoint else None,
        "address": found.endpoint.address if found.endpoint else None,
        "parents": [{"id": each.device_id, "role": each.role.value, "ours": each.ours} for each in found.parents],
        "owner_unit": found.organisations.owner_unit,
        "maintainer": found.organisations.maintainer,
        "in_service_from": when(found.lifecycle.in_service_from or found.lifecycle.created_at),
        "retired_at": when(found.lifecycle.retired_at),
        "state": {
            "connectivity": state.connectivity.value,
            "connectivity_since": when(state.connectivity_since),
            "connectivity_cause": state.connectivity_cause.value,
            "condition": state.condition.value,
            "condition_since": when(state.condition_since),
            "condition_cause": state.condition_cause.value,
            "last_look_at": when(state.last_evidence_at),
            "last_answer_at": when(state.answered_at),
            "evidence": {kind: when(at) for kind, at in state.evidence},
            "requires": list(policy.intact_requires),
            "clock_offset_s": None if state.clock_offset is None else state.clock_offset / 10,
        },
        "faults": [_fault(fault, policy.counting_faults, zone) for fault in state.faults],
        "timeline": [
            {
                "at": when(change.at),
                "axis": change.axis.value,
                "old": str(change.old),
                "new": str(change.new),
                "cause": change.cause.value,
                "fault": change.fault,
                "author": change.author,
            }
            for change in story.changes
        ],
        "corrections": [
            {
                "from": when(each.start),
                "to": when(each.end),
                "axis": each.axis.value,
                "state": each.state,
                "cause": each.cause.value,
                "by_person": each.by_person,
                "withdrawn": each.withdrawn,
                "reason": each.reason,
            }
            for each in story.corrections
        ],
        "looks": [
            {
                "at": when(look.at),
                "outcome": look.outcome,
                "login": look.login.value,
                "requests": look.requests,
                "duration_ms": look.duration_ms,
                "clock_offset_s": None if look.clock_offset is None else look.clock_offset / 10,
                "retention_days": look.retention_days,
                "faults": list(look.faults),
                "notes": [{"step": note.step, "ending": note.ending, "detail": note.detail} for note in look.notes],
            }
            for look in story.looks
        ],
        "said": _said(story, zone),
        "login": None
        if story.login is None
        else {
            "group": story.login.group,
            "version": story.login.version,
            "refusals": story.login.refusals,
            "held": story.login.refusals >= MAX_REFUSALS,
            "accepted_version": story.login.accepted_version,
        },
        "exemptions": [
            {
                "id": each.id,
                "scope": each.scope.value,
                "scope_id": each.scope_id,
                "from": when(each.start),
                "to": when(each.end),
                "reason": each.reason,
                "document": each.document,
            }
            for each in story.exemptions
        ],
    }


def _fault(fault: FaultRecord, counting: frozenset[str], zone: tzinfo) -> dict[str, Any]:
    words = FAULTS[fault.code]
    return {
        "code": fault.code,
        "since": _when(fault.first_at, zone),
        "looks": fault.count,
        "confirmed": fault.confirmed,
        "counts": fault.code in counting,
        "text_zh": words.text_zh,
        "text_en": words.text_en,
        "first_zh": words.first_zh,
        "first_en": words.first_en,
    }


def _said(story: DeviceStory, zone: tzinfo) -> dict[str, Any] | None:
    said = story.known.said
    if said is None:
        return None
    identity = story.known.identity
    return {
        "at": _when(said.at, zone),
        "maker": said.maker,
        "model": said.model,
        "firmware": said.firmware,
        "serial": said.serial,
        "macs": list(said.macs),
        "known_serial": identity.serial,
        "known_macs": list(identity.macs),
        "hardware": said.hardware,
        "services": list(said.services),
        "profiles": [
            {"token": each.token, "encoding": each.encoding, "width": each.width, "height": each.height}
            for each in said.profiles
        ],
        "snapshot_uri": said.snapshot_uri,
        "stream_uri": said.stream_uri,
    }


def _show(console: Console, values: dict[str, Any]) -> None:
    """Print it for people: what to do first stands above what else is known."""
    state = values["state"]
    console.print(Text(f"{values['id']} {values['name']}", style="bold"))
    facts = Table(show_header=False, box=None)
    for words, text in (
        ("区划 region", f"{values['region']} {values['region_name']}"),
        ("类别 class · 类型 kind", f"{values['class']} · {values['kind']}"),
        ("厂商型号 vendor, model", f"{values['vendor']} {values['model']}"),
        ("地址 address", values["address"]),
        ("运维单位 maintainer", values["maintainer"]),
        ("连接 connectivity", _since(state, "connectivity")),
        ("状况 condition", _since(state, "condition")),
        ("最近应答 last answer", state["last_answer_at"]),
        ("时钟偏差 clock offset", None if state["clock_offset_s"] is None else f"{state['clock_offset_s']:+.1f} s"),
        ("登录 login", _login(values["login"])),
    ):
        facts.add_row(f"[bold]{words}[/]", Text(text or "–"))
    console.print(facts)
    for fault in values["faults"]:
        mark = "✘" if fault["counts"] and fault["confirmed"] else "·"
        unsure = "" if fault["confirmed"] else "（未确认 not confirmed）"
        console.print(Text(f"{mark} {fault['code']} {fault['text_zh']} · {fault['text_en']}{unsure}"))
        console.print(Text(f"    自 since {fault['since']}；先做 first: {fault['first_zh']} · {fault['first_en']}"))
    if not values["faults"]:
        console.print("没有故障 no fault")
    _table(console, "时间线 timeline", values["timeline"][-_SHOWN:], ("at", "axis", "old", "new", "cause", "fault"))
    _table(console, "更正 corrections", values["corrections"][-_SHOWN:], ("from", "to", "axis", "state", "reason"))
    looks = [{**look, "faults": " ".join(look["faults"]), "notes": _notes(look["notes"])} for look in values["looks"]]
    columns = ("at", "outcome", "login", "clock_offset_s", "retention_days", "faults", "notes")
    _table(console, "最近深度巡检 last deep looks", looks, columns)
    if values["said"]:
        said = Table(show_header=False, box=None, title="设备自述 what it said of itself", title_justify="left")
        for name, value in values["said"].items():
            said.add_row(f"[bold]{name}[/]", Text(_plain(value)))
        console.print(said)
    _table(console, "报备 exemptions", values["exemptions"], ("id", "scope", "scope_id", "from", "to", "reason"))


def _table(console: Console, title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if not rows:
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(_plain(row[column])) for column in columns))
    console.print(table)


def _since(state: dict[str, Any], axis: str) -> str:
    return f"{state[axis]}，自 since {state[f'{axis}_since']} ({state[f'{axis}_cause']})"


def _login(login: dict[str, Any] | None) -> str:
    if login is None:
        return ""
    held = "，已停止登录 held: vidnet credential unlock" if login["held"] else ""
    return f"{login['group']} 第 {login['version']} 版，拒绝 refused {login['refusals']}{held}"


def _notes(notes: list[dict[str, str]]) -> str:
    return "; ".join(f"{note['step']} {note['ending']}" for note in notes)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value)
    if isinstance(value, dict):
        return " ".join(str(each) for each in value.values())
    return "–" if value in (None, "") else str(value)


def _when(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")
