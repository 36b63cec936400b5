"""`vidnet picture`: what one picture shows, and by which numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from monitor.app.pictures import Explained, explain_file
from monitor.cli.common import MISUSED, JsonOption, fail, run_coroutine, wide_console
from monitor.domain.fault import FAULTS
from monitor.domain.picture import explain_scores


def picture(
    target: Annotated[str, typer.Argument(metavar="FILE", help="JPEG 或 PNG 文件 · a JPEG or PNG file")],
    as_json: JsonOption = False,
) -> None:
    """判断一幅画面是否完好，列出全部数值 · judge one picture: every number, its limit, and the verdict.

    Nothing of the picture is kept. Example: `vidnet picture snapshot.jpg --json`
    """
    try:
        explained = run_coroutine(explain_file(Path(target)))
    except OSError as error:
        fail(MISUSED, f"{target}: 无法读取 · cannot be read: {error.strerror}")
    _show(explained, as_json=as_json)
    if explained.verdict is None:
        raise typer.Exit(MISUSED)


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
        "cpu_ms": result.cpu_ms,
    }
