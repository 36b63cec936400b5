"""`vidnet targets`: what must be reached, since when and by which document; which target judges a figure."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from monitor.adapters.files.instants import written_instant
from monitor.app.targets import KnownTargets, import_targets, known_targets
from monitor.cli.auditing import audited
from monitor.cli.common import MISUSED, JsonOption, fail, load_settings, run_coroutine, wide_console
from monitor.cli.deciding import AsOption, author_of, instant_of
from monitor.domain.author import shown
from monitor.domain.device import DeviceKind
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass, Ring
from monitor.domain.printing import percent
from monitor.domain.scope import DIMENSIONS, Scope
from monitor.domain.target import Target, target_in_force

OptionalConfig = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", envvar="VIDNET_CONFIG", help="设置文件 · settings file (TOML)"),
]


def list_targets(
    context: typer.Context,
    config: OptionalConfig = None,
    at: Annotated[
        str | None, typer.Option(metavar="DAY", help="哪一天，默认今天 · which day, today by default")
    ] = None,
    indicator: Annotated[Indicator | None, typer.Option(help="指标 · only for this indicator")] = None,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="区划 · the row's region")] = None,
    point_class: Annotated[PointClass | None, typer.Option("--class", help="点位类别 · the row's class")] = None,
    kind: Annotated[DeviceKind | None, typer.Option(help="设备类型 · the row's kind")] = None,
    ring: Annotated[Ring | None, typer.Option(help="防控圈 · the row's ring")] = None,
    site_kind: Annotated[str | None, typer.Option(help="部位类型 · the row's site kind")] = None,
    with_all: Annotated[bool, typer.Option("--all", help="含未生效与已失效的 · those that do not hold, too")] = False,
    as_json: JsonOption = False,
) -> None:
    """目标：数值、范围、生效日期与依据；给出范围时标出考核该范围的目标 · targets, and which judges a scope.

    Example: `vidnet targets -c vidnet.toml --indicator networked --class first --at 2020-06-01`
    """
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    config = _required(config)
    settings = load_settings(config)
    zone = settings.zone()
    when = int(time.time()) if at is None else instant_of(at, zone)
    known = run_coroutine(known_targets(settings, folder=config.parent))
    row = Scope(region=region, point_class=point_class, kind=kind, ring=ring, site_kind=site_kind)
    judging = [
        found
        for each in Indicator
        if indicator in (None, each) and row.named <= each.scopes
        if (found := target_in_force(known.targets, each, row, at=when, tree=known.tree)) is not None
    ]
    targets = [
        each
        for each in known.targets
        if indicator in (None, each.indicator) and (with_all or _state(each, known.targets, when) == "in_force")
    ]
    if as_json:
        print(json.dumps(_values(known, targets, judging, when, zone), ensure_ascii=False))
    else:
        _print(known, targets, judging, when, zone)


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="目标文件，格式同 targets.toml · targets (TOML)")],
    author: AsOption,
    config: OptionalConfig = None,
    as_json: JsonOption = False,
) -> None:
    """导入目标，替代此前的全部目标；运行中的服务随即采用 · import targets in place of all others.

    Example: `vidnet targets import targets-2027.toml -c vidnet.toml --as 李四`
    """
    config = _required(config or context.obj)
    settings = load_settings(config)
    who = author_of(author)
    now = int(time.time())
    found, warnings = run_coroutine(import_targets(settings, folder=config.parent, file=file, author=who, at=now))
    audited(config, action="targets.import", target=found.file, who=who, after={"sha256": found.sha256})
    if as_json:
        values = {"targets": len(found.targets), "sha256": found.sha256, "author": found.author, "warnings": warnings}
        print(json.dumps(values, ensure_ascii=False))
        return
    print(f"已导入 {len(found.targets)} 项目标 · {len(found.targets)} targets are imported")
    for warning in warnings:
        print(f"注意 warning: {warning}")


def _required(config: Path | None) -> Path:
    if config is None:
        fail(MISUSED, "需要设置文件 --config · a settings file is needed (--config FILE)")
    return config


def _state(target: Target, targets: Iterable[Target], at: int) -> str:
    """Say how a target stands at an instant; another of the same scope that is newer leaves it superseded."""
    if target.withdrawn_on is not None and target.withdrawn_on <= at:
        return "withdrawn"
    if target.effective_from > at:
        return "future"
    newer = (
        each
        for each in targets
        if (each.indicator, each.scope) == (target.indicator, target.scope) and each.holds_at(at)
    )
    return "superseded" if any(each.effective_from > target.effective_from for each in newer) else "in_force"


def _day(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).date().isoformat()


def _scope(target: Target) -> dict[str, str]:
    named = {name: getattr(target.scope, name) for name in DIMENSIONS if name in target.scope.named}
    return {"class" if name == "point_class" else name: str(value) for name, value in named.items()}


def _target_values(target: Target, known: KnownTargets, at: int, zone: tzinfo) -> dict[str, Any]:
    return {
        "indicator": target.indicator,
        "scope": _scope(target),
        "value": f"{Decimal(target.value.numerator) / target.value.denominator:f}",
        "effective_from": _day(target.effective_from, zone),
        "withdrawn_on": None if target.withdrawn_on is None else _day(target.withdrawn_on, zone),
        "source": target.source,
        "state": _state(target, known.targets, at),
    }


def _values(
    known: KnownTargets, targets: Sequence[Target], judging: Sequence[Target], at: int, zone: tzinfo
) -> dict[str, Any]:
    imported = known.imported
    return {
        "at": datetime.fromtimestamp(at, zone).isoformat(),
        "file": None if known.file is None else str(known.file),
        "imported": None
        if imported is None
        else {
            "at": written_instant(imported.at, zone=zone),
            "author": imported.author,
            "file": imported.file,
            "sha256": imported.sha256,
        },
        "targets": [_target_values(each, known, at, zone) for each in targets],
        "judging": [_target_values(each, known, at, zone) for each in judging],
    }


def _print(known: KnownTargets, targets: Sequence[Target], judging: Sequence[Target], at: int, zone: tzinfo) -> None:
    imported = known.imported
    origin = f"文件 file {known.file}"
    if imported is not None:
        when = written_instant(imported.at, zone=zone)
        origin = f"导入 imported {imported.file} {when} {shown(imported.author)}"
    table = Table(
        *("", "指标\nindicator", "范围\nscope", "目标\ntarget", "生效\nfrom", "失效\nuntil"),
        "状态\nstate",
        Column("依据\nsource", overflow="fold"),
        title=f"目标 targets · {_day(at, zone)} · {origin}",
        title_justify="left",
    )
    for each in targets:
        value = f"≥{int(each.value):,}" if each.indicator.is_count else f"≥{percent(each.value).replace(' ', '')}"
        table.add_row(
            "★" if each in judging else "",
            f"{each.indicator.text_zh}\n{each.indicator.text_en}",
            " ".join(f"{name}={value}" for name, value in _scope(each).items()) or "全部 all",
            value,
            _day(each.effective_from, zone),
            "" if each.withdrawn_on is None else _day(each.withdrawn_on, zone),
            _STATES[_state(each, known.targets, at)],
            each.source,
        )
    console = wide_console()
    console.print(table)
    console.print("★ 考核所给范围（默认全市）的目标 · judges the scope that is given, the whole city by default")


_STATES = {
    "in_force": "有效 in force",
    "future": "未生效 future",
    "withdrawn": "已撤销 withdrawn",
    "superseded": "已更替 superseded",
}
