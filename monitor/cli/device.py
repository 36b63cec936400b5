"""`vidnet device`: everything known of one device, for the one who repairs it."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.app.device import confirm_identity, read_device
from monitor.cli.auditing import audited
from monitor.cli.common import MISUSED, ConfigOption, JsonOption, fail, load_settings, run_coroutine, wide_console
from monitor.cli.deciding import author_of
from monitor.cli.device_values import story_values

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
        audited(config, action="device.confirm", target=device_id, who=author)
    values = story_values(run_coroutine(read_device(device_id, settings=settings, folder=config.parent)), settings)
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
    else:
        _show(wide_console(), values)


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
        ("时钟偏差 clock offset", _clock(state)),
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
    _table(
        console,
        "时间线 timeline",
        values["timeline"][-_SHOWN:],
        ("at", "axis", "old", "new", "cause", "fault", "author"),
    )
    _table(console, "更正 corrections", values["corrections"][-_SHOWN:], ("from", "to", "axis", "state", "reason"))
    looks = [{**look, "faults": " ".join(look["faults"]), "notes": _notes(look["notes"])} for look in values["looks"]]
    columns = ("at", "outcome", "login", "clock_offset_s", "retention_days", "faults", "notes")
    _table(console, "最近深度巡检 last deep looks", looks, columns)
    _show_picture(console, values)
    if values["said"]:
        said = Table(show_header=False, box=None, title="设备自述 what it said of itself", title_justify="left")
        for name, value in values["said"].items():
            said.add_row(f"[bold]{name}[/]", Text(_plain(value)))
        console.print(said)
    _table(console, "报备 exemptions", values["exemptions"], ("id", "scope", "scope_id", "from", "to", "reason"))
    about = ("id", "state", "title_zh", "title_en", "maintainer", "opened", "closed", "result")
    _table(console, "工单 work orders", values["orders"][:_SHOWN], about)


def _show_picture(console: Console, values: dict[str, Any]) -> None:
    """Print what its last picture look gave; the numbers in one block, since there are many."""
    look = values["picture"]
    if look is None:
        return
    size = f"{look['width']} × {look['height']}" if look["width"] else ""
    ended = " · ".join(part for part in (look["at"], look["outcome"], look["way"], size, look["light"]) if part)
    console.print(Text(f"最近画面巡检（只有数值，不留图像） last picture look, numbers only: {ended}"))
    for line in (look["detail"], *look["reasons"]):
        if line:
            console.print(Text(f"    {line}"))
    if look["scores"]:
        console.print(Text("    " + "  ".join(f"{name} {value:g}" for name, value in look["scores"].items())))
    views = [
        f"{each['light']} {each['looks']}{'' if each['ready'] else ' 学习中 learning'}" for each in values["baselines"]
    ]
    console.print(Text(f"    画面基准 baselines: {', '.join(views) or '尚无 none yet'}"))


def _table(console: Console, title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if not rows:
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(_plain(row[column])) for column in columns))
    console.print(table)


def _since(state: dict[str, Any], axis: str) -> str:
    return f"{state[axis]}，自 since {state[f'{axis}_since']} ({state[f'{axis}_cause']})"


def _clock(state: dict[str, Any]) -> str | None:
    offset = state["clock_offset_s"]
    if offset is None:
        return None
    return (
        f"{'✘ ' if abs(offset) > state['clock_limit_s'] else ''}{offset:+.1f} s（限 limit {state['clock_limit_s']} s）"
    )


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
