"""`vidnet picture`: what one picture shows, and by which numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from monitor.app.pictures import Explained, explain_device, explain_file
from monitor.app.pictures import reset_baseline as reset_device
from monitor.cli.auditing import audited
from monitor.cli.common import (
    MISUSED,
    SILENT,
    JsonOption,
    fail,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.domain.fault import FAULTS
from monitor.domain.picture import explain_scores


def picture(
    target: Annotated[
        str,
        typer.Argument(metavar="FILE|DEVICE_ID", help="图片文件或设备编码 · a JPEG or PNG file, or a device id"),
    ],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", envvar="VIDNET_CONFIG", help="设置文件（按编码时）"),
    ] = None,
    reset_baseline: Annotated[
        bool,
        typer.Option("--reset-baseline", help="视角有意调整后重学基准 · learn its view anew"),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """判断一幅画面是否完好，列出全部数值 · judge one picture: every number, its limit, and the verdict.

    Nothing of the picture is kept.

    Example: `vidnet picture snapshot.jpg --json` or `vidnet picture -c vidnet.toml DEVICE_ID`
    """
    if reset_baseline:
        _reset(target, config, as_json=as_json)
        return
    if Path(target).is_file():
        explained = run_coroutine(explain_file(Path(target)))
    elif config is None:
        fail(MISUSED, f"{target}: 没有此文件；按编码需要 -c 设置文件 · no such file; a device id needs -c FILE")
    else:
        work = explain_device(target, settings=load_settings(config), folder=config.parent)
        explained = run_coroutine(work)
    _show(explained, as_json=as_json)
    if explained.verdict is None:
        raise typer.Exit(MISUSED if not explained.result.way and config is None else SILENT)


def _reset(target: str, config: Path | None, *, as_json: bool) -> None:
    if config is None:
        fail(MISUSED, "--reset-baseline 需要设备编码和 -c 设置文件 · --reset-baseline needs a device id and -c FILE")
    lights = run_coroutine(reset_device(target, settings=load_settings(config), folder=config.parent))
    audited(config, action="picture.reset", target=target, after={"lights": lights})
    if as_json:
        print(json.dumps({"device": target, "lights": lights}))
    else:
        print(
            f"{target}: 已忘记 {lights} 个基准，将从完好画面重新学习 · {lights} baselines forgotten, to be learned anew"
        )


def _show(explained: Explained, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_values(explained), ensure_ascii=False))
        return
    console = wide_console()
    result = explained.result
    if explained.verdict is None:
        console.print(Text(f"没有可判断的画面 · no picture to judge: {result.outcome} {result.detail}"))
        return
    size = f"{result.width} × {result.height}" if result.width else ""
    if explained.verdict.intact:
        console.print(Text(f"✔ 画面完好 · intact  {explained.name} {size}"))
    for fault in explained.faults:
        words = FAULTS[fault.code]
        console.print(Text(f"✘ {words.text_zh} · {words.text_en}  {explained.name} {size}"))
        console.print(Text(f"  {fault.reason_zh} · {fault.reason_en}"))
        console.print(Text(f"  {words.first_zh} · {words.first_en}"))
    if explained.verdict.dark:
        console.print(Text("  画面较暗（夜间正常，仅供参考） · it is dark: information, at night no fault"))
    comparison = explained.verdict.comparison
    if comparison is not None:
        lost = f"{comparison.lost:.0%}（限 limit {comparison.lost_limit:.0%}）"
        agreement = f"{comparison.agreement:.2f}（限 limit {comparison.agreement_limit:.2f}）"
        console.print(Text(f"  与基准相比缺失 gone of its usual view {lost} · 吻合度 agrees by {agreement}"))
        if not comparison.usable:
            console.print(
                Text("  画面纹理不足，不比较遮挡与移位 · too little to see: covered and moved are not judged")
            )
    table = Table("项目", "score", "值", "限 limit", box=None)
    table.columns[2].justify = table.columns[3].justify = "right"
    for row in explain_scores(result.scores):
        table.add_row(row.text_zh, f"{row.name} {row.text_en}", f"{row.value:g}", row.limit)
    console.print(table)


def _values(explained: Explained) -> dict[str, Any]:
    result, verdict = explained.result, explained.verdict
    rows = explain_scores(result.scores)
    return {
        "name": explained.name,
        "outcome": result.outcome,
        "detail": result.detail,
        "way": result.way,
        "width": result.width,
        "height": result.height,
        "intact": None if verdict is None else verdict.intact,
        "faults": [
            {
                "code": fault.code,
                "score": fault.score,
                "limit": fault.limit,
                "text_zh": FAULTS[fault.code].text_zh,
                "text_en": FAULTS[fault.code].text_en,
                "reason_zh": fault.reason_zh,
                "reason_en": fault.reason_en,
            }
            for fault in explained.faults
        ],
        "dark": None if verdict is None else verdict.dark,
        "scores": {name: round(value, 4) for name, value in result.scores.items()}
        | {row.name: row.value for row in rows if row.name not in result.scores},
        "limits": {row.name: row.limit for row in rows},
        "baseline": {
            light.value: {"looks": each.looks, "ready": each.is_ready}
            for light, each in sorted(explained.memory.baselines.items())
        },
        "comparison": None
        if verdict is None or verdict.comparison is None
        else {
            "lost": round(verdict.comparison.lost, 4),
            "lost_limit": verdict.comparison.lost_limit,
            "agreement": round(verdict.comparison.agreement, 4),
            "agreement_limit": verdict.comparison.agreement_limit,
            "usable": verdict.comparison.usable,
        },
        "cpu_ms": result.cpu_ms,
    }
