"""`vidnet import`: regions, points and devices from sheets."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from monitor.app.importing import import_sheet
from monitor.cli.auditing import audited
from monitor.cli.common import MISUSED, JsonOption, fail, load_settings, run_coroutine
from monitor.domain.author import unverified
from monitor.domain.profile import SheetKind
from monitor.services.importing.terms import Imported, Options

SheetConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", metavar="FILE", envvar="VIDNET_CONFIG", help="设置文件 · settings file (TOML)"),
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV（UTF-8、GB18030）、XLSX、XLS")]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="模板 · how the sheet is written; found if not told")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="只检查比对，不保存 · judge and compare, record nothing")]
StrictOption = Annotated[bool, typer.Option("--strict", help="有一行不合格则全不导入 · all rows or none")]
ByOption = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="操作人（记为未核实），默认登录名 · who, recorded as unverified"),
]
RetireOption = Annotated[
    bool, typer.Option("--retire-missing", help="表中缺少的申请退出 · ask for the retirement of what it lacks")
]
RegionOption = Annotated[
    str, typer.Option("--region", metavar="CODE", help="此表只属于该区划 · the sheet is of this region only")
]
DerivePointsOption = Annotated[
    bool, typer.Option("--derive-points", help="由设备生成点位 · make points of class, place and pole")
]
_SHOWN = 20
_DEFAULT = Path("vidnet.toml")


def regions(
    file: FileArgument,
    config: SheetConfigOption = _DEFAULT,
    profile: ProfileOption = None,
    dry_run: DryRunOption = False,
    strict: StrictOption = False,
    author: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """导入行政区划 · import the region tree, or a part of it.

    Example: `vidnet import regions -c vidnet.toml regions.csv`
    """
    _run(SheetKind.REGIONS, file, config, profile, as_json, dry_run=dry_run, strict=strict, author=author)


def points(
    file: FileArgument,
    config: SheetConfigOption = _DEFAULT,
    profile: ProfileOption = None,
    dry_run: DryRunOption = False,
    strict: StrictOption = False,
    author: ByOption = None,
    retire_missing: RetireOption = False,
    region: RegionOption = "",
    as_json: JsonOption = False,
) -> None:
    """导入点位 · import the plan's points.

    Example: `vidnet import points -c vidnet.toml points.xlsx --dry-run`
    """
    more = {"retire_missing": retire_missing, "region": region}
    _run(SheetKind.POINTS, file, config, profile, as_json, dry_run=dry_run, strict=strict, author=author, **more)


def devices(
    file: FileArgument,
    config: SheetConfigOption = _DEFAULT,
    profile: ProfileOption = None,
    dry_run: DryRunOption = False,
    strict: StrictOption = False,
    author: ByOption = None,
    retire_missing: RetireOption = False,
    derive_points: DerivePointsOption = False,
    region: RegionOption = "",
    as_json: JsonOption = False,
) -> None:
    """导入设备（一机一档） · import devices, one record each.

    Example: `vidnet import devices -c vidnet.toml devices.xlsx --profile archive-27 --as 张三`
    """
    more = {"retire_missing": retire_missing, "derive_points": derive_points, "region": region}
    _run(SheetKind.DEVICES, file, config, profile, as_json, dry_run=dry_run, strict=strict, author=author, **more)


def _run(
    kind: SheetKind,
    file: Path,
    config: Path,
    profile: str | None,
    as_json: bool,
    *,
    author: str | None,
    **options: Any,
) -> None:
    settings = load_settings(config)
    try:
        who = unverified(getpass.getuser() if author is None else author)
    except (ValueError, OSError, KeyError):
        fail(MISUSED, "--as 不能为空 · --as needs a name")
    chosen = Options(author=who, at=int(time.time()), **options)
    with _bar() as progress:
        imported, rejected_file = run_coroutine(
            import_sheet(
                settings,
                folder=config.parent,
                file=file,
                kind=kind,
                profile=profile,
                options=chosen,
                progress=progress,
            )
        )
    if imported.recorded:
        audited(
            config, action="import.confirm", target=f"{kind} {file.name}", who=who, after={"sha256": imported.sha256}
        )
    refused = chosen.strict and imported.rejected > 0
    if as_json:
        print(json.dumps(_values(imported, rejected_file, chosen), ensure_ascii=False))
    else:
        _print(imported, rejected_file, chosen)
    if refused:
        raise typer.Exit(MISUSED)


def _values(imported: Imported, rejected_file: Path | None, options: Options) -> dict[str, Any]:
    return {
        "kind": imported.kind.value,
        "file": imported.file,
        "sha256": imported.sha256,
        "profile": imported.profile,
        "dry_run": options.dry_run,
        "recorded": imported.recorded,
        "rows": imported.rows,
        "accepted": imported.accepted,
        "rejected": imported.rejected,
        "warned": imported.warned,
        "added": imported.added,
        "changed": imported.changed,
        "unchanged": imported.unchanged,
        "missing": imported.missing,
        "proposals": len(imported.proposals),
        "proposal_ids": imported.proposals,
        "points_added": imported.points_added,
        "rejected_file": str(rejected_file) if rejected_file else None,
        "columns_left_out": imported.left_out,
        "columns_unknown": imported.unknown_columns,
        "codes_unknown": imported.unknown_codes,
        "problem_count": imported.problem_count,
        "problems": [
            {
                "line": each.line,
                "column": each.column,
                "value": each.value,
                "expected": each.expected,
                "severity": "error" if each.is_error else "warning",
            }
            for each in imported.problems
        ],
        "notes": imported.notes,
    }


def _print(imported: Imported, rejected_file: Path | None, options: Options) -> None:
    console = Console(highlight=False, soft_wrap=True)

    def say(text: str) -> None:
        console.print(escape(text))

    for problem in imported.problems[:_SHOWN]:
        mark = "✘" if problem.is_error else "!"
        say(f"{mark} {imported.file}:{problem}")
    if imported.problem_count > _SHOWN:
        say(f"… 共 {imported.problem_count:,} 个问题 · problems in all; 全部 all: --json")
    say(f"模板 profile {imported.profile} · sha256 {imported.sha256[:16]}…")
    counts = (
        ("行 rows", imported.rows),
        ("接受 accepted", imported.accepted),
        ("不合格 rejected", imported.rejected),
        ("提醒 warned", imported.warned),
    )
    say("   ".join(f"{name} {number:,}" for name, number in counts))
    counts = (
        ("新增 added", imported.added),
        ("变更 changed", imported.changed),
        ("未变 unchanged", imported.unchanged),
        ("缺失 missing", imported.missing),
    )
    say("   ".join(f"{name} {number:,}" for name, number in counts))
    if imported.points_added:
        say(f"生成点位 points made {imported.points_added:,}")
    if imported.proposals:
        ids = ", ".join(imported.proposals[:5]) + ("…" if len(imported.proposals) > 5 else "")
        say(f"待审批 proposed, to be decided: {len(imported.proposals):,} ({ids})")
    if imported.left_out:
        say(f"未读取的列（人员、电话、口令） · columns never read: {', '.join(imported.left_out)}")
    if imported.unknown_columns:
        say(f"模板中没有的列，未读取 · columns unknown to the profile: {', '.join(imported.unknown_columns)}")
    for column, codes in imported.unknown_codes.items():
        some = ", ".join(f"{code} ({rows:,})" for code, rows in list(codes.items())[:10])
        say(f"代码表中没有 · unknown codes of {column}: {some}")
    for note in imported.notes:
        say(note)
    if rejected_file:
        say(f"不合格行，改正后可再导入 · rejected rows, to be corrected and imported again: {rejected_file}")
    if options.dry_run:
        say("试运行，未保存 · dry run: nothing was recorded")
    elif options.strict and imported.rejected:
        say("有不合格行，全部未导入 · rows were rejected: nothing was recorded")
    else:
        say("已保存 · recorded" if imported.recorded else "无变化，未保存 · nothing to record")


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("导入 importing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
