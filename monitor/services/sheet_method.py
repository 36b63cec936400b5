"""The method: how the figures of a report came about, in words that anybody can check them by."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from math import isqrt

from monitor.domain.author import shown
from monitor.domain.compliance import Method
from monitor.services.report_material import Material
from monitor.services.report_table import Cell, Column, Kind, Sheet, Word, exact, points

METHOD_COLUMNS = (
    Column("item", "项目", "item", Kind.WORD),
    Column("value", "内容", "value", Kind.WORD),
)
_FORMULAS = (
    ("online_rate", "在线率", "online rate", "在线秒 ÷ (在线秒 + 离线秒)", "online s / (online s + offline s)"),
    (
        "intact_rate",
        "完好率",
        "intact rate",
        "完好秒 ÷ (完好秒 + 故障秒 + 离线秒)",
        "intact s / (intact s + faulty s + offline s)",
    ),
    (
        "raw_online_rate",
        "原始在线率",
        "raw online rate",
        "(在线秒 + 报备在线秒) ÷ 应考核秒",
        "(online s + exempt online s) / in service s",
    ),
    (
        "raw_intact_rate",
        "原始完好率",
        "raw intact rate",
        "完好秒 ÷ (应考核秒 − 报备秒)",
        "intact s / (in service s − exempt s)",
    ),
    (
        "measured_share",
        "实测占比",
        "measured share",
        "(在线秒 + 离线秒) ÷ (应考核秒 − 报备秒)",
        "(online s + offline s) / (in service s − exempt s)",
    ),
    (
        "judged_share",
        "已判占比",
        "judged share",
        "(完好秒 + 故障秒 + 离线秒) ÷ (在线秒 + 离线秒)",
        "(intact s + faulty s + offline s) / (online s + offline s)",
    ),
    (
        "coverage",
        "联网率",
        "networked coverage",
        "30天内有设备在线的应联网点位 ÷ 应联网点位",
        "required points with a device online within 30 days / required points",
    ),
    (
        "devices_short",
        "差额台数",
        "devices short",
        "⌈(目标 × 考核秒 − 在线秒) ÷ 平均每台考核秒⌉，不小于 0",
        "⌈(target × assessed s − online s) / mean assessed s of a device⌉, at least 0",
    ),
    (
        "change",
        "变化分解",
        "waterfall",
        "逐台归因：考核基数、报备、修复、新增故障、实测；各步之和等于变化",
        "device by device: denominator, exemptions, repairs, new failures, measurement; the steps add up to the change",
    ),
)


def method_sheet(
    material: Material, *, version: str, status: Word, author: str, decisions: int, interval_s: int
) -> Sheet:
    """Give the method of a report.

    Args:
        material: what it was made from.
        version: of the program.
        status: draft, final or so far.
        author: who made it final; "" for a draft.
        decisions: how many objections were decided.
        interval_s: the pace of looks, for the sampling error.
    """
    zone = material.rules.counting.zone
    facts = material.counter.facts

    def local(at: int) -> str:
        return datetime.fromtimestamp(at, zone).isoformat()

    times = " ".join(f"{at // 3_600:02d}:{at // 60 % 60:02d}" for at in material.rules.counting.snapshot_times)
    seconds = {
        Method.TIME_WEIGHTED: Word("time-weighted", "按时长", "time-weighted"),
        Method.SNAPSHOT: Word("snapshot", "按快照时点", "snapshots"),
    }
    plain: list[tuple[str, str, str, Cell]] = [
        ("period", "考核期", "period", material.period.name),
        ("status", "状态", "status", status),
        ("author", "定稿人", "made final by", shown(author)),
        ("start", "开始", "from", local(material.period.start)),
        ("end", "结束", "to", local(material.end)),
        ("as_of", "截至", "as of", local(material.as_of)),
        ("fact_seq", "事实序号 K", "facts up to seq K", str(facts.upto)),
        ("program_version", "程序版本", "program version", version),
        ("method", "计算方法", "method", seconds[material.method]),
        ("snapshot_times", "快照时点", "snapshot times", times),
        ("zone", "时区", "time zone", str(zone)),
        ("devices", "设备数", "devices", str(len(facts.devices))),
        ("changes", "状态变化数", "state changes", str(len(facts.changes.values))),
        ("min_measured", "实测占比下限", "least measured share", exact(material.rules.validity.min_measured, places=4)),
        ("min_judged", "已判占比下限", "least judged share", exact(material.rules.validity.min_judged, places=4)),
        ("small_sample", "样本过少", "small sample, devices below", str(material.rules.small_sample)),
        ("previous", "上期", "the period before", _previous(material)),
        ("decisions", "异议处理数", "objections decided", str(decisions)),
        ("sampling", "抽样误差", "sampling error", _sampling(material, interval_s)),
    ]
    rows: list[tuple[Cell, ...]] = [(Word(code, zh, en), value) for code, zh, en, value in plain]
    rows += [
        (Word(f"formula_{code}", f"{zh}公式", f"{en}, formula"), Word(english, chinese, english))
        for code, zh, en, chinese, english in _FORMULAS
    ]
    return Sheet("method", "计算方法", "Method", METHOD_COLUMNS, rows)


def _previous(material: Material) -> str:
    previous = material.previous
    if previous is None:
        return ""
    return f"{previous.source or previous.name} {previous.sha256}".strip()


def _sampling(material: Material, interval_s: int) -> Word:
    """Say how far the rate may be off because devices are looked at every interval and not always.

    A change is seen at most one interval late, so n changes move the seconds by at most n intervals; with instants
    spread evenly the errors of both directions cancel but for their scatter.
    """
    changes = len(material.counter.facts.changes.values)
    whole = next((row for row in material.rows if row.key.is_region and row.key.region == material.root), None)
    assessed = 0 if whole is None else whole.sums.seconds.assessed
    if not assessed:
        return Word("", "", "")
    most = Fraction(changes * interval_s, assessed)
    usual = Fraction(isqrt(changes) * interval_s, assessed)
    shown = points(min(Fraction(1), most), places=4).removeprefix("+")
    scatter = points(min(Fraction(1), usual), places=4).removeprefix("+")
    return Word(
        f"at most {shown} points; expected {scatter} points",
        f"每次变化最多差一个探测间隔（{interval_s} 秒）：最多 {shown} 个百分点，预期约 {scatter} 个百分点",
        f"at most one interval ({interval_s} s) per change: at most {shown} points, {scatter} expected",
    )
