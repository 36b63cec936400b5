"""What a notification says, in Chinese and English, on one screen.

In this order: severity, place, what, figure against target; devices short and the change since yesterday; where it is
concentrated; the first thing to do; links; the time with its zone. Missed is always said more strongly than near: a
figure between its target and the margin beyond it is near.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, tzinfo
from fractions import Fraction

from monitor.domain.alert import Alert, Telling
from monitor.domain.alert_rule import AlertRule, Measure, Unit
from monitor.domain.incident import Incident, IncidentKind, title_of
from monitor.domain.point import PointClass
from monitor.domain.printing import NO_VALUE, percent
from monitor.domain.values import dataclass

DEVICES_NAMED = 10
"""Devices that a text names; the message itself carries more."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What a message tells beside its alert.

    Attributes:
        assessed: devices that count there now; None where that says nothing.
        offline: how many of them are offline.
        change: the figure's change since the same time yesterday, as a share; None where it is not known.
        worst: places where most of it is, as (Chinese name, English name, devices offline).
        incidents: open incidents there, the largest first.
        incident: the incident that the alert is about, None for none.
        devices: the ids of the devices that it is about.
        lines_zh: more lines.
        lines_en: the same in English.
        page: the address of the web page, "" for none.
        runbook: the address of the handbook, "" for none.
    """

    assessed: int | None = None
    offline: int = 0
    change: Fraction | None = None
    worst: tuple[tuple[str, str, int], ...] = ()
    incidents: tuple[Incident, ...] = ()
    incident: Incident | None = None
    devices: tuple[str, ...] = ()
    lines_zh: tuple[str, ...] = field(default=())
    lines_en: tuple[str, ...] = field(default=())
    page: str = ""
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A title and the lines below it."""

    title: str
    body: str


TITLE_FIELDS = ("severity", "place", "what", "figure", "target", "lasting", "short")
"""What a rule's own title may name in braces."""


def words_zh(rule: AlertRule, alert: Alert, telling: Telling, detail: Detail, *, at: int, zone: tzinfo) -> Words:
    """Give a notification in Chinese."""
    mark = "恢复" if telling is Telling.CLEARED else alert.severity.text_zh
    if telling is Telling.REMINDED:
        mark += "·提醒"
    elif telling is Telling.ESCALATED:
        mark += "·无人确认，升级"
    what = _what(rule, alert, detail, 0)
    figure = _figure(rule, alert, telling, 0)
    lasting = duration_zh(at - alert.since)
    after = "历时" if telling is Telling.CLEARED else "已持续"
    title = f"【{mark}】{alert.subject.name_zh} {what}{figure}，{after} {lasting}"
    if rule.title_zh and telling is not Telling.CLEARED:
        title = rule.title_zh.format(**_fields(rule, alert, detail, 0, lasting))
    lines = [*_impact_zh(rule, alert, telling, detail, at), *_where_zh(alert, detail), *detail.lines_zh]
    if telling is not Telling.CLEARED:
        lines.append(f"建议：{FIRST_STEPS[rule.measure][0]}")
        lines.append(_links(detail, f"确认：vidnet alerts ack {alert.id}", ("页面", "处置")))
    lines.append(f"{alert.id}　{_time(at, zone)}（{zone}）")
    return Words(" ".join(title.split()), "\n".join(line for line in lines if line))


def words_en(rule: AlertRule, alert: Alert, telling: Telling, detail: Detail, *, at: int, zone: tzinfo) -> Words:
    """Give a notification in English."""
    mark = "RECOVERED" if telling is Telling.CLEARED else alert.severity.text_en
    if telling is Telling.REMINDED:
        mark += ", reminder"
    elif telling is Telling.ESCALATED:
        mark += ", nobody acknowledged"
    what = _what(rule, alert, detail, 1)
    figure = _figure(rule, alert, telling, 1)
    lasting = duration_en(at - alert.since)
    after = "it lasted" if telling is Telling.CLEARED else "for"
    title = f"[{mark}] {alert.subject.name_en}: {what}{figure}, {after} {lasting}"
    if rule.title_en and telling is not Telling.CLEARED:
        title = rule.title_en.format(**_fields(rule, alert, detail, 1, lasting))
    lines = [*_impact_en(rule, alert, telling, detail, at), *_where_en(alert, detail), *detail.lines_en]
    if telling is not Telling.CLEARED:
        lines.append(f"First: {FIRST_STEPS[rule.measure][1]}")
        lines.append(_links(detail, f"acknowledge: vidnet alerts ack {alert.id}", ("page", "handbook")))
    lines.append(f"{alert.id}  {_time(at, zone)} ({zone})")
    return Words(" ".join(title.split()), "\n".join(line for line in lines if line))


def duration_zh(seconds: int) -> str:
    """Give a duration in Chinese, its two largest units."""
    return _duration(seconds, (" 天", " 小时", " 分", " 秒"))


def duration_en(seconds: int) -> str:
    """Give a duration in English, its two largest units."""
    return _duration(seconds, (" d", " h", " min", " s"))


def _duration(seconds: int, units: tuple[str, str, str, str]) -> str:
    rest = max(0, seconds)
    parts: list[str] = []
    for unit, size in zip(units, (86_400, 3_600, 60, 1), strict=True):
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join([part for part in parts[:2] if not part.startswith("0 ")] or [f"0{units[3]}"])


def _time(at: int, zone: tzinfo) -> str:
    now = datetime.fromtimestamp(at, zone)
    offset = now.strftime("%z")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC{offset[:3]}:{offset[3:]}"


_CLASSES = {
    PointClass.FIRST: ("一类点", "first-class "),
    PointClass.SECOND: ("二类点", "second-class "),
    PointClass.THIRD: ("三类点", "third-class "),
    PointClass.INTERNAL: ("内部", "internal "),
    PointClass.OTHER: ("其他", "other "),
}

_WHAT = {
    Measure.ONLINE: ("在线率", "online rate"),
    Measure.INTACT: ("完好率", "intact rate"),
    Measure.NETWORKED: ("联网率", "networked coverage"),
    Measure.MEASURED: ("实测比例", "measured share"),
    Measure.DROP: ("在线率骤降", "online rate fell by"),
    Measure.WEEK: ("本周在线率按现状推算", "this week's online rate, if nothing changes,"),
    Measure.DARK_POINT: ("一类点全部离线", "first-class point dark"),
    Measure.LONG_OFFLINE: ("长期离线设备", "devices offline for long"),
    Measure.EXEMPTION_OVER: ("报备已到期，设备仍未恢复", "exemption has run out and the device is still down"),
    Measure.INCIDENT: ("", ""),
    Measure.OWN_NETWORK: ("", ""),
    Measure.COLLECTOR: ("采集停滞", "the collector is stale"),
    Measure.QUEUE: ("探测积压", "looks are behind"),
    Measure.STORE: ("数据库无法写入", "the database takes no writes"),
    Measure.DISK: ("磁盘剩余空间", "free disk space"),
    Measure.CLOCK: ("本机时钟未同步", "our own clock is not synchronised"),
    Measure.CREDENTIAL: (
        "新口令被大量设备拒绝，已停止使用",
        "many devices refuse it: it is used no further",
    ),
    Measure.OUTBOX: ("通知无法送达", "notifications cannot be delivered"),
}

FIRST_STEPS = {
    Measure.ONLINE: ("先处理上列事件的上联与供电；再看离线超过 24 小时清单",
                     "uplink and power of the incidents named here; then the list of devices offline for over 24 h"),
    Measure.INTACT: ("先看占比最多的故障（docs/faults.md），再派运维单位",
                     "the most frequent fault (docs/faults.md); then send the maintainer"),
    Measure.NETWORKED: ("核对未联网点位清单，先补一类点", "the points that are not networked, first class first"),
    Measure.MEASURED: ("先查采集机与网络是否正常，再查长期未知的设备",
                       "the collector and its network; then devices that have been unknown for long"),
    Measure.DROP: ("先查县级上联、供电与机房；多台同时离线多为同一原因",
                   "the county's uplink, power and machine room: what falls together has one cause"),
    Measure.WEEK: ("先恢复时间最长、台数最多的事件", "the incidents with most devices and hours"),
    Measure.DARK_POINT: ("先查该点位供电与光路，必要时派人到场", "power and fibre of the point; send somebody"),
    Measure.LONG_OFFLINE: ("逐台派单或补报备（vidnet orders export）", "a work order or an exemption for each"),
    Measure.EXEMPTION_OVER: ("催促恢复，或经审批延期（vidnet exempt propose --change）",
                             "press for its return, or have the exemption extended"),
    Measure.INCIDENT: ("先查共同的上联、供电与光路，再逐台排查", "what they share: uplink, power, fibre; then each"),
    Measure.OWN_NETWORK: ("查采集机网卡、网关与核心交换机", "the collector's cable, gateway and core switch"),
    Measure.COLLECTOR: ("查 vidnet 服务是否在运行（/healthz、日志）", "whether the service runs (/healthz, the log)"),
    Measure.QUEUE: ("查采集机负载与并发设置", "the collector's load and its concurrency"),
    Measure.STORE: ("查数据库服务、磁盘与权限（docs/operations.md）", "the database, its disk and rights"),
    Measure.DISK: ("清理磁盘或扩容", "free some space, or add some"),
    Measure.CLOCK: ("查 chrony/NTP；未同步前不判设备时钟", "chrony or NTP: until then no device's clock is judged"),
    Measure.CREDENTIAL: ("核对新口令后重设（vidnet credential set），或先改完设备口令",
                         "check the password and set it again (vidnet credential set), or change the devices first"),
    Measure.OUTBOX: ("查该接收方地址与网络（vidnet notify test）", "the receiver's address and network"),
}  # fmt: skip
"""The first thing to do, in Chinese and English."""


_BAD_OR_NOT = frozenset(
    {
        *(Measure.OWN_NETWORK, Measure.STORE, Measure.CLOCK, Measure.CREDENTIAL),
        *(Measure.EXEMPTION_OVER, Measure.DARK_POINT),
    }
)
"""What is told without a figure."""


def _what(rule: AlertRule, alert: Alert, detail: Detail, language: int) -> str:
    if detail.incident is not None and rule.measure in (Measure.INCIDENT, Measure.OWN_NETWORK):
        return title_of(detail.incident)[language]
    point_class = alert.subject.point_class
    prefix = _CLASSES[point_class][language] if point_class else ""
    return prefix + _WHAT[rule.measure][language]


def _value(rule: AlertRule, value: Fraction | None, threshold: Fraction | None, language: int) -> str:
    if value is None:
        return NO_VALUE
    if rule.measure.unit is Unit.SHARE:
        return percent(value, threshold)
    if rule.measure.unit is Unit.SECONDS and rule.measure is not Measure.LONG_OFFLINE:
        return (duration_zh if language == 0 else duration_en)(int(value))
    return f"{int(value):,}{' 台' if language == 0 else ''}"


def _figure(rule: AlertRule, alert: Alert, telling: Telling, language: int) -> str:
    """Give the figure against its target, and how it stands to it."""
    value = _value(rule, alert.value, alert.threshold, language)
    measure = rule.measure
    if telling is Telling.CLEARED and not measure.bad_below:
        return ""
    if measure is Measure.INCIDENT:
        return f"，{value}离线" if language == 0 else f", {value} devices down"
    if measure in _BAD_OR_NOT:
        return ""
    if measure is Measure.DROP:
        points = points_of(alert.value)
        return f" {points} 个百分点" if language == 0 else f" {points} points"
    if measure is Measure.LONG_OFFLINE and rule.threshold is not None:
        longer = (duration_zh, duration_en)[language](int(rule.threshold))
        return f" {value}（超过 {longer}）" if language == 0 else f": {value} (over {longer})"
    if not measure.bad_below or measure is Measure.DISK:
        return f" {value}"
    target = percent(alert.threshold)
    stands = _stands(rule, alert)
    if language == 0:
        return f" {value}（目标 {target}，{('未达标', '接近', '达标')[stands]}）"
    return f" {value} (target {target}: {('MISSED', 'near', 'met')[stands]})"


def _stands(rule: AlertRule, alert: Alert) -> int:
    """0 missed, 1 near: met by less than the margin, 2 met."""
    if alert.value is None or alert.value < alert.threshold:
        return 0
    return 1 if alert.value <= alert.threshold + rule.margin and alert.value < 1 else 2


_COSTS = (Measure.ONLINE, Measure.INTACT)
"""Measures whose shortage is in devices."""


def points_of(share: Fraction | None, *, signed: bool = False) -> str:
    """Give a share as percentage points with two decimals; signed with a true minus."""
    if share is None:
        return NO_VALUE
    text = percent(abs(share)).removesuffix(" %")
    if not signed:
        return text
    return ("−" if share < 0 else "+") + text


def _impact_zh(rule: AlertRule, alert: Alert, telling: Telling, detail: Detail, at: int) -> list[str]:
    if detail.incident is not None:
        return _incident_zh(detail, telling, at)
    if detail.assessed is None:
        return []
    parts = [f"应在线 {detail.assessed:,} 台", f"离线 {detail.offline:,} 台"]
    if alert.short and telling is not Telling.CLEARED:
        unit = "个点位" if rule.measure is Measure.NETWORKED else "台"
        parts.append(f"距达标差 {alert.short:,} {unit}")
    if alert.cost_s and telling is Telling.CLEARED and rule.measure in _COSTS:
        parts.append(f"期间缺口合计 {device_hours(alert.cost_s)} 台时")
    if detail.change is not None:
        parts.append(f"较昨日同时 {points_of(detail.change, signed=True)} 个百分点")
    return [f"影响：{'，'.join(parts)}"]


def _impact_en(rule: AlertRule, alert: Alert, telling: Telling, detail: Detail, at: int) -> list[str]:
    if detail.incident is not None:
        return _incident_en(detail, telling, at)
    if detail.assessed is None:
        return []
    parts = [f"{detail.assessed:,} devices count", f"{detail.offline:,} offline"]
    if alert.short and telling is not Telling.CLEARED:
        unit = "points" if rule.measure is Measure.NETWORKED else "devices"
        parts.append(f"{alert.short:,} {unit} short of the target")
    if alert.cost_s and telling is Telling.CLEARED and rule.measure in _COSTS:
        parts.append(f"{device_hours(alert.cost_s)} device-hours short of the target meanwhile")
    if detail.change is not None:
        parts.append(f"{points_of(detail.change, signed=True)} points since this time yesterday")
    return [f"Impact: {', '.join(parts)}"]


def device_hours(cost_s: int) -> str:
    """Give device-seconds as device-hours with one decimal."""
    tenths = (cost_s * 10 + 1_800) // 3_600
    return f"{tenths // 10:,}.{tenths % 10}"


def _incident_zh(detail: Detail, telling: Telling, at: int) -> list[str]:
    incident = detail.incident
    assert incident is not None  # noqa: S101 - asked before
    cost = f"合计 {device_hours(incident.cost_at(at))} 台时"
    if incident.kind is IncidentKind.OWN_NETWORK:
        return ["期间的探测作废，设备状态不变，不影响任何地区的考核"]
    points = f"在线率最多少 {points_of(incident.points)} 个百分点"
    if telling is Telling.CLEARED:
        return [f"影响：共 {incident.devices:,} 台，{cost}，{points}"]
    lines = [f"影响：离线 {incident.down:,} 台，{cost}，{points}；责任方 {PARTIES[incident.party][0]}"]
    return [*lines, f"设备：{_named(detail.devices, incident.down, '、', ' 等 {} 台')}"]


def _incident_en(detail: Detail, telling: Telling, at: int) -> list[str]:
    incident = detail.incident
    assert incident is not None  # noqa: S101 - asked before
    cost = f"{device_hours(incident.cost_at(at))} device-hours"
    if incident.kind is IncidentKind.OWN_NETWORK:
        return ["Looks of this time are set aside; no device's state changes and no region's rate suffers"]
    points = f"{points_of(incident.points)} points of the online rate at worst"
    if telling is Telling.CLEARED:
        return [f"Impact: {incident.devices:,} devices in all, {cost}, {points}"]
    lines = [f"Impact: {incident.down:,} devices down, {cost}, {points}; responsible: {PARTIES[incident.party][1]}"]
    return [*lines, f"Devices: {_named(detail.devices, incident.down, ', ', ' … {} in all')}"]


PARTIES = {
    "city": ("市级", "city"),
    "county": ("县级", "county"),
    "carrier": ("运营商", "carrier"),
    "power": ("供电", "power supply"),
    "owner_unit": ("建设单位", "owner unit"),
    "undecided": ("未定", "undecided"),
}
"""Responsible parties in Chinese and English."""


def _named(devices: tuple[str, ...], count: int, between: str, more: str) -> str:
    shown = between.join(devices[:DEVICES_NAMED])
    return shown + (more.format(f"{count:,}") if count > len(devices[:DEVICES_NAMED]) else "")


def _where_zh(alert: Alert, detail: Detail) -> list[str]:
    if detail.incident is not None:
        return []
    parts = [f"{title_of(each)[0]} {each.down:,} 台（{each.id}）" for each in detail.incidents]
    parts += [f"{name} {count:,} 台" for name, _, count in detail.worst]
    return [f"集中在：{'；'.join(parts)}"] if parts else []


def _where_en(alert: Alert, detail: Detail) -> list[str]:
    if detail.incident is not None:
        return []
    parts = [f"{title_of(each)[1]}, {each.down:,} devices ({each.id})" for each in detail.incidents]
    parts += [f"{name} {count:,}" for _, name, count in detail.worst]
    return [f"Mostly: {'; '.join(parts)}"] if parts else []


def _links(detail: Detail, ack: str, names: tuple[str, str]) -> str:
    links = [f"{name} {address}" for name, address in zip(names, (detail.page, detail.runbook), strict=True) if address]
    return "　".join([*links, ack])


def _fields(rule: AlertRule, alert: Alert, detail: Detail, language: int, lasting: str) -> dict[str, str]:
    return {
        "severity": (alert.severity.text_zh, alert.severity.text_en)[language],
        "place": (alert.subject.name_zh, alert.subject.name_en)[language],
        "what": _what(rule, alert, detail, language),
        "figure": _value(rule, alert.value, alert.threshold, language),
        "target": _value(rule, alert.threshold, None, language),
        "lasting": lasting,
        "short": f"{alert.short:,}",
    }
