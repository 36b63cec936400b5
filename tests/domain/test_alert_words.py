"""What a notification says: its lines in order, both languages, missed stronger than near, what a recovery tells."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from zoneinfo import ZoneInfo

from monitor.domain.alert import Alert, Severity, Subject, Telling
from monitor.domain.alert_rule import AlertRule, Measure
from monitor.domain.alert_words import Detail, duration_en, duration_zh, words_en, words_zh
from monitor.domain.facts import Party
from monitor.domain.incident import Incident, IncidentKind, Shared
from monitor.domain.point import PointClass

ZONE = ZoneInfo("Asia/Shanghai")
T0 = 1_763_954_520  # 2025-11-24 11:22 in Shanghai
RULE = AlertRule("online-class", Measure.ONLINE, Severity.WARNING, margin=Fraction("0.005"))
SUBJECT = Subject("370783/first", "寿光市", "Shouguang", "370783", "370783", PointClass.FIRST)
ALERT = Alert(
    "online-class", SUBJECT, Severity.WARNING, T0 - 900, id="A17", raised_at=T0, value=Fraction("0.938"),
    threshold=Fraction("0.95"), short=60,
)  # fmt: skip
INCIDENT = Incident(
    "I12", IncidentKind.SHARED, "sg-olt-3", "sg-olt-3", T0 - 900, T0 - 800, Shared.UPLINK, "370783", devices=142,
    down=142, peak=142, cost_s=120_000, costed_at=T0, points=Fraction(142, 5_006),
)  # fmt: skip
DETAIL = Detail(
    assessed=5_006,
    offline=310,
    change=Fraction("-0.019"),
    incidents=(INCIDENT,),
    worst=(("圣城街道", "Shengcheng", 51),),
    page="http://127.0.0.1:9880/#county=370783",
    runbook="docs/alerts.md#online-class",
)


def test_a_missed_target_in_chinese() -> None:
    words = words_zh(RULE, ALERT, Telling.RAISED, DETAIL, at=T0, zone=ZONE)
    assert words.title == "【警告】寿光市 一类点在线率 93.80 %（目标 95.00 %，未达标），已持续 15 分"
    assert words.body.splitlines() == [
        "影响：应在线 5,006 台，离线 310 台，距达标差 60 台，较昨日同时 −1.90 个百分点",
        "集中在：同一上联 sg-olt-3 的设备集中离线 142 台（I12）；圣城街道 51 台",
        "建议：先处理上列事件的上联与供电；再看离线超过 24 小时清单",
        "页面 http://127.0.0.1:9880/#county=370783　处置 docs/alerts.md#online-class　确认：vidnet alerts ack A17",
        "A17　2025-11-24 11:22:00 UTC+08:00（Asia/Shanghai）",
    ]


def test_a_missed_target_in_english() -> None:
    words = words_en(RULE, ALERT, Telling.REMINDED, DETAIL, at=T0, zone=ZONE)
    assert words.title == (
        "[WARNING, reminder] Shouguang: first-class online rate 93.80 % (target 95.00 %: MISSED), for 15 min"
    )
    assert words.body.splitlines()[:3] == [
        "Impact: 5,006 devices count, 310 offline, 60 devices short of the target, "
        "−1.90 points since this time yesterday",
        "Mostly: devices behind the uplink sg-olt-3 fail together, 142 devices (I12); Shengcheng 51",
        "First: uplink and power of the incidents named here; then the list of devices offline for over 24 h",
    ]


def test_near_is_said_more_weakly_than_missed_and_never_of_a_missed_figure() -> None:
    def title(value: str) -> str:
        return words_en(RULE, replace(ALERT, value=Fraction(value)), Telling.REMINDED, DETAIL, at=T0, zone=ZONE).title

    assert "94.9999 % (target 95.00 %: MISSED)" in title("0.949999")
    assert "95.20 % (target 95.00 %: near)" in title("0.952")
    assert "95.60 % (target 95.00 %: met)" in title("0.956")


def test_an_incident_lists_its_devices_and_its_party() -> None:
    rule = AlertRule("incident", Measure.INCIDENT, Severity.CRITICAL)
    subject = Subject("I12", "寿光市", "Shouguang", "370783", "370783")
    alert = Alert(
        "incident", subject, Severity.CRITICAL, T0 - 900, id="A18", raised_at=T0, value=Fraction(142), incident="I12"
    )
    devices = tuple(f"3707830000132000{number:04d}" for number in range(142))
    detail = Detail(incident=replace(INCIDENT, party=Party.CARRIER), devices=devices)
    words = words_zh(rule, alert, Telling.RAISED, detail, at=T0, zone=ZONE)
    assert words.title == "【严重】寿光市 同一上联 sg-olt-3 的设备集中离线，142 台离线，已持续 15 分"
    impact, listed = words.body.splitlines()[:2]
    assert impact == "影响：离线 142 台，合计 33.3 台时，在线率最多少 2.84 个百分点；责任方 运营商"
    assert listed == f"设备：{'、'.join(devices[:10])} 等 142 台"


def test_a_recovery_tells_how_long_it_was_and_what_it_cost() -> None:
    rule = AlertRule("incident", Measure.INCIDENT, Severity.CRITICAL)
    subject = Subject("I12", "寿光市", "Shouguang", "370783", "370783")
    alert = Alert(
        "incident", subject, Severity.CRITICAL, T0 - 900, id="A18", raised_at=T0, value=Fraction(0), incident="I12"
    )
    closed = replace(INCIDENT, down=0, closed_at=T0)
    zh = words_zh(rule, alert, Telling.CLEARED, Detail(incident=closed), at=T0 + 600, zone=ZONE)
    assert zh.title == "【恢复】寿光市 同一上联 sg-olt-3 的设备集中离线，历时 25 分"
    assert zh.body.splitlines() == [
        "影响：共 142 台，合计 33.3 台时，在线率最多少 2.84 个百分点",
        "A18　2025-11-24 11:32:00 UTC+08:00（Asia/Shanghai）",
    ]
    en = words_en(rule, alert, Telling.CLEARED, Detail(incident=closed), at=T0 + 600, zone=ZONE)
    assert "142 devices in all, 33.3 device-hours, 2.84 points of the online rate at worst" in en.body


def test_the_recovery_of_a_rate_tells_what_was_short_meanwhile() -> None:
    recovered = replace(ALERT, value=Fraction("0.956"), cost_s=54_000)
    zh = words_zh(RULE, recovered, Telling.CLEARED, Detail(assessed=5_006, offline=220), at=T0, zone=ZONE)
    assert zh.title == "【恢复】寿光市 一类点在线率 95.60 %（目标 95.00 %，达标），历时 15 分"
    assert zh.body.splitlines()[0] == "影响：应在线 5,006 台，离线 220 台，期间缺口合计 15.0 台时"
    en = words_en(RULE, recovered, Telling.CLEARED, Detail(assessed=5_006, offline=220), at=T0, zone=ZONE)
    assert en.body.splitlines()[0].endswith("15.0 device-hours short of the target meanwhile")


def test_a_title_of_ones_own() -> None:
    rule = replace(RULE, title_zh="{place}{what}{figure}，差 {short} 台")
    words = words_zh(rule, ALERT, Telling.RAISED, DETAIL, at=T0, zone=ZONE)
    assert words.title == "寿光市一类点在线率93.80 %，差 60 台"


def test_every_measure_has_words() -> None:
    for measure in Measure:
        rule = AlertRule("x", measure, Severity.INFO, threshold=Fraction(86_400))
        for telling in Telling:
            for words in (words_zh, words_en):
                said = words(rule, ALERT, telling, Detail(), at=T0, zone=ZONE)
                assert said.title
                assert len(said.body.splitlines()) <= 12


def test_durations_have_their_two_largest_units() -> None:
    assert [duration_zh(seconds) for seconds in (0, 59, 470, 3_600, 90_061)] == [
        "0 秒",
        "59 秒",
        "7 分 50 秒",
        "1 小时",
        "1 天 1 小时",
    ]
    assert duration_en(90_061) == "1 d 1 h"
