"""The words of reports, in both languages."""

from __future__ import annotations

from monitor.domain.assessment import Verdict
from monitor.domain.device import Device, DeviceKind
from monitor.domain.exempting import ExemptionReason
from monitor.domain.facts import ExemptionScope, Party
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel
from monitor.domain.state import Cause
from monitor.domain.waterfall import Reason
from monitor.services.report_table import ANY, Word

ALL = Word(ANY, "全部", "all")
HEADLINE = Word(ANY, "摄像机与卡口", "cameras and checkpoints")
YES, NO = Word("yes", "是", "yes"), Word("no", "否", "no")
NOTHING = Word("", "", "")

CLASSES = {
    PointClass.FIRST: Word("first", "一类", "first"),
    PointClass.SECOND: Word("second", "二类", "second"),
    PointClass.THIRD: Word("third", "三类", "third"),
    PointClass.INTERNAL: Word("internal", "公安内部", "internal"),
    PointClass.OTHER: Word("other", "其他", "other"),
}
KINDS = {
    DeviceKind.CAMERA: Word("camera", "摄像机", "camera"),
    DeviceKind.CHECKPOINT: Word("checkpoint", "卡口", "checkpoint"),
    DeviceKind.RECORDER: Word("recorder", "录像机", "recorder"),
    DeviceKind.GATEWAY: Word("gateway", "网关", "gateway"),
    DeviceKind.PLATFORM: Word("platform", "平台", "platform"),
    DeviceKind.SENSOR: Word("sensor", "传感器", "sensor"),
    DeviceKind.OTHER: Word("other", "其他", "other"),
}
LEVELS = {
    RegionLevel.CITY: Word("city", "市", "city"),
    RegionLevel.COUNTY: Word("county", "县市区", "county"),
    RegionLevel.TOWN: Word("town", "镇街", "town"),
    RegionLevel.COMMUNITY: Word("community", "社区", "community"),
}
VERDICTS = {
    Verdict.MET: Word("met", "✔ 达标", "✔ met"),
    Verdict.MISSED: Word("missed", "✘ 未达标", "✘ missed"),
    Verdict.NOT_VALID: Word("not_valid", "? 实测不足，无效", "? not valid"),
    Verdict.NO_DATA: Word("no_data", "– 无数据", "– no data"),
}
PARTIES = {
    Party.UNDECIDED: Word("undecided", "未定", "undecided"),
    Party.CITY: Word("city", "市级", "city"),
    Party.COUNTY: Word("county", "县市区", "county"),
    Party.CARRIER: Word("carrier", "运营商", "carrier"),
    Party.POWER: Word("power", "供电", "power supply"),
    Party.OWNER_UNIT: Word("owner_unit", "建设单位", "owner unit"),
}
CAUSES = {
    Cause.NOT_LOOKED_AT: Word("not_looked_at", "未探测", "not looked at"),
    Cause.ANSWERED: Word("answered", "有应答", "answered"),
    Cause.ASLEEP: Word("asleep", "休眠", "asleep"),
    Cause.SILENT: Word("silent", "无应答", "silent"),
    Cause.STALE: Word("stale", "久未探测", "not looked at for too long"),
    Cause.COLLECTOR_PAUSE: Word("collector_pause", "采集暂停", "the collector paused"),
    Cause.PARENT_DOWN: Word("parent_down", "上级设备中断", "its parent is down"),
    Cause.PARENT_BACK: Word("parent_back", "上级设备恢复", "its parent is back"),
    Cause.OWN_PATH_DOWN: Word("own_path_down", "市级链路中断", "the city's own path is down"),
    Cause.LATE_EVIDENCE: Word("late_evidence", "补传证据", "late evidence"),
    Cause.FAULT: Word("fault", "故障", "fault"),
    Cause.NO_FAULT: Word("no_fault", "无故障", "no fault"),
    Cause.EVIDENCE_OLD: Word("evidence_old", "证据过期", "evidence is old"),
    Cause.DECISION: Word("decision", "人工认定", "decided by a person"),
    Cause.OWN_OUTAGE: Word("own_outage", "采集侧断网", "our own network was down"),
}
SCOPES = {
    ExemptionScope.DEVICE: Word("device", "设备", "device"),
    ExemptionScope.POINT: Word("point", "点位", "point"),
    ExemptionScope.REGION: Word("region", "行政区划", "region"),
    ExemptionScope.PATH: Word("path", "链路", "path"),
}
REASONS = {
    ExemptionReason.REPAIR: Word("repair", "检修", "repair"),
    ExemptionReason.CONSTRUCTION: Word("construction", "施工", "construction"),
    ExemptionReason.POWER: Word("power", "停电", "power cut"),
    ExemptionReason.NETWORK_CUTOVER: Word("network_cutover", "网络割接", "network cutover"),
    ExemptionReason.FORCE_MAJEURE: Word("force_majeure", "不可抗力", "force majeure"),
    ExemptionReason.OTHER: Word("other", "其他", "other"),
}
STEPS = {
    Reason.DENOMINATOR: Word("denominator", "考核基数变动", "denominator"),
    Reason.EXEMPTIONS: Word("exemptions", "报备变动", "exemptions"),
    Reason.MEASUREMENT: Word("measurement", "实测变动", "measurement"),
    Reason.REPAIRS: Word("repairs", "修复", "repairs"),
    Reason.FAILURES: Word("failures", "新增故障", "new failures"),
}
INDICATORS = {each: Word(each.value, each.text_zh, each.text_en) for each in Indicator}
DIMENSIONS = {
    "owner_unit": Word("owner_unit", "建设单位", "owner unit"),
    "maintainer": Word("maintainer", "维护单位", "maintainer"),
    "contract": Word("contract", "合同", "contract"),
    "police_station": Word("police_station", "派出所", "police station"),
}
AGES = (
    (7 * 86_400, Word("gt7d", "超过7天", "> 7 d")),
    (72 * 3_600, Word("gt72h", "超过72小时", "> 72 h")),
    (24 * 3_600, Word("gt24h", "超过24小时", "> 24 h")),
)
"""(longer than, word), the longest first."""


def region_word(region: Region | None, code: str) -> Word:
    """Give a region's name in both languages."""
    if region is None:
        return Word(code, code, code)
    return Word(code, region.name, region.name_en or region.name)


def reason_word(code: str) -> Word:
    """Give an exemption's reason; a code that is not known is its own word."""
    known = {each.value: word for each, word in REASONS.items()}
    return known.get(code, Word(code, code, code))


def cause_word(cause: Cause | None) -> Word:
    """Give a cause, "" where it is not known."""
    return NOTHING if cause is None else CAUSES[cause]


def device_cells(device: Device, name: str) -> tuple[str, str, Word, Word]:
    """Give the cells that name a device: id, name, class, kind."""
    return device.id, name, CLASSES[device.point_class], KINDS[device.kind]
