"""`vidnet inventory`: the records checked, and written back as a sheet."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.adapters.files.instants import written_instant
from monitor.adapters.files.tables import table_file
from monitor.app.records import check_records, export_devices
from monitor.cli.common import (
    ConfigOption,
    JsonOption,
    errors_as_messages,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.domain.archive import Finding, FindingKind
from monitor.domain.assessment import Assessment, Verdict
from monitor.domain.point import PointClass
from monitor.domain.printing import percent
from monitor.services.record_check import Checked
from monitor.services.record_values import record_values

OnlyRegionOption = Annotated[
    str | None, typer.Option("--region", metavar="CODE", help="只看该区划 · only of this region")
]
_SHOWN = 30
_CLASSES = {
    PointClass.FIRST: "  一类点 first",
    PointClass.SECOND: "  二类点 second",
    PointClass.THIRD: "  三类点 third",
    PointClass.INTERNAL: "  公安内部 internal",
    PointClass.OTHER: "  其他 other",
}
_HEADINGS = ("设备编码 device", "区划 region", "问题 finding", "项 field", "档案 recorded", "对照 found")


def check(
    config: ConfigOption,
    region: OnlyRegionOption = None,
    kind: Annotated[FindingKind | None, typer.Option(help="只列此类 · only findings of this kind")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="全部问题写入 CSV、XLSX · write all of it")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """检查档案：建档率、完整率、重复、冲突、缺坐标 · check the records: two rates and a list to work through.

    Example: `vidnet inventory check -c vidnet.toml --region 370702 --out 潍城问题.xlsx`
    """
    settings = load_settings(config)
    at = int(time.time())
    checked = run_coroutine(check_records(settings, folder=config.parent, region=region, at=at))
    findings = [each for each in checked.findings if kind in (None, each.kind)]
    if out is not None:
        with errors_as_messages(), table_file(out) as write:
            write(_HEADINGS)
            for each in findings:
                write(_cells(each))
    if as_json:
        values = record_values(checked, findings) | {"as_of": written_instant(at, zone=settings.zone())}
        print(json.dumps(values, ensure_ascii=False))
        return
    _print(checked, findings, out)


def export(
    config: ConfigOption,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 XLSX · written anew, never over another")],
    profile: Annotated[str, typer.Option("--profile", metavar="NAME", help="模板 · how it is written")] = "archive-27",
    region: OnlyRegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """按模板导出设备，可再导入 · write the devices as a sheet that can be imported again.

    Example: `vidnet inventory export -c vidnet.toml 一机一档.xlsx`
    """
    settings = load_settings(config)
    count = run_coroutine(export_devices(settings, folder=config.parent, file=file, profile=profile, region=region))
    if as_json:
        print(json.dumps({"file": str(file), "profile": profile, "rows": count}, ensure_ascii=False))
        return
    print(f"{file}: {count:,} 台 devices（{profile}）")


def _print(checked: Checked, findings: list[Finding], out: Path | None) -> None:
    console = wide_console()
    table = Table("区划\nregion", "建档率\narchived", "台\ndevices", "完整率\ncomplete", "项\nfields", "目标\ntarget")
    for column in table.columns[1:]:
        column.justify = "right"
    for part in (checked.whole, *checked.classes, *checked.parts):
        target = part.assessment.target.value if part.assessment else None
        table.add_row(
            _CLASSES[part.point_class] if part.point_class else f"{part.region.name} {part.region.name_en}".strip(),
            percent(part.archived.value),
            f"{part.archived.numerator:,}/{part.archived.denominator:,}",
            Text(f"{_mark(part.assessment)}{percent(part.complete.value, target)}"),
            f"{part.complete.numerator:,}/{part.complete.denominator:,}",
            percent(target),
        )
    console.print(table)
    for kind in FindingKind:
        if checked.counts[kind]:
            console.print(f"{kind.text_zh} {kind.value}: {checked.counts[kind]:,}", highlight=False)
    listed = Table(*_HEADINGS)
    for each in findings[:_SHOWN]:
        listed.add_row(*map(Text, _cells(each)))
    if findings:
        console.print(listed)
    if len(findings) > _SHOWN:
        print(f"… 共 {len(findings):,} 条，用 --out FILE 写出全部 · findings in all: --out FILE writes them")
    if out is not None:
        print(f"已写入 written: {out}")


def _mark(assessment: Assessment | None) -> str:
    if assessment is None:
        return ""
    return {Verdict.MET: "✔ ", Verdict.MISSED: "✘ "}.get(assessment.verdict, "")


def _cells(finding: Finding) -> list[str]:
    kind = f"{finding.kind.text_zh} {finding.kind.value}"
    return [finding.device_id, finding.region, kind, finding.field, finding.recorded, finding.found]
