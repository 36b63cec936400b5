"""Faults and clock 故障与时钟: what is wrong with devices, where, and whose clocks are off."""

from __future__ import annotations

from typing import Any

from grafana.frame import COUNTY_ROW_URL, TO_COUNTY, board, row
from grafana.panels import COUNT, SHARE, Frame, Query, big_number, listing, ranking, trend
from grafana.queries import named_county
from grafana.words import Language, Words

CLOCK = 'fault=~"clock_.*"'


def build(language: Language) -> Any:
    """Build the board."""
    title = Words("vidnet 故障与时钟", "vidnet faults and clock")
    about = Words(
        "已确认故障按代码与区县，离线时长，时钟。每个代码的含义与先做什么见 docs/faults.md。",
        "Confirmed faults by code and county, offline ages, clocks. docs/faults.md says what each code means.",
    )
    made = board("faults", title, about, language, hours=24 * 7)
    made = row(made, Words("现在", "Now"), language)
    for panel in (*_figures(language), _by_code(language), _by_county(language)):
        made = made.with_panel(panel)
    made = row(made, Words("时钟与走势", "Clocks and trend"), language)
    for panel in (_compliance(language), _clock(language), _ages(language), _trend(language)):
        made = made.with_panel(panel)
    return made


def _figures(language: Language) -> list[Any]:
    devices = Words("台", "devices")
    numbers = (
        (
            Words("故障设备", "Faulty devices"),
            Words(f"计入完好率的已确认故障（{devices.zh}）。", "Devices online with a confirmed fault that counts."),
            'sum(vidnet_devices_condition{condition="faulty"})',
        ),
        (
            Words("未判定", "Not judged"),
            Words("在线但缺少足够新的判定依据。", "Online, without evidence new enough to judge them."),
            'sum(vidnet_devices_condition{condition="unknown"})',
        ),
        (
            Words("时钟故障", "Clock faults"),
            Words("时钟偏差超限或时区错误。", "Clocks that are off, or in a wrong zone."),
            f"sum(vidnet_device_faults{{{CLOCK}}}) or vector(0)",
        ),
        (
            Words("离线超过 72 小时", "Offline over 72 h"),
            Words("考核设备离线超过三天。", "Assessed devices offline for more than three days."),
            'sum(vidnet_offline_devices{age=~"72h_7d|gt7d"})',
        ),
    )
    return [
        big_number(Frame(heading, about, 6, 5, COUNT, 0), Query(expr), language) for heading, about, expr in numbers
    ]


def _by_code(language: Language) -> Any:
    frame = Frame(
        Words("按故障代码", "By code"),
        Words("已确认故障的考核设备（台）。", "Assessed devices with a confirmed fault."),
        10,
        12,
        COUNT,
        0,
    )
    return ranking(
        frame, Query("sort_desc(city_fault:vidnet_device_faults:sum)", Words("{{fault}}", "{{fault}}")), language
    )


def _by_county(language: Language) -> Any:
    frame = Frame(
        Words("按区县", "By county"),
        Words(
            "各区县已确认故障（设备 × 故障）。点击进入区县。",
            "Confirmed faults of each county (devices × faults). Click for the county.",
        ),
        14,
        12,
    )
    name = Words("name", "name_en").in_(language)
    columns = (
        ("county", Words("编码", "Code"), ""),
        (name, Words("区县", "County"), ""),
        ("fault", Words("故障", "Fault"), ""),
        ("Value", Words("台", "Devices"), COUNT),
    )
    query = Query(f"sort_desc({named_county('sum by (county, fault) (vidnet_device_faults)')})")
    return listing(frame, (query,), language, columns=columns, links=((TO_COUNTY, COUNTY_ROW_URL),))


def _compliance(language: Language) -> Any:
    frame = Frame(
        Words("时钟合格率（低到高）", "Clocks within the limit, lowest first"),
        Words("限值内的设备 ÷ 读到时钟的在线设备。", "Devices within the limit / online devices whose clock was read."),
        8,
        10,
        SHARE,
        3,
    )
    expr = f"sort({named_county('county:vidnet_clock:ratio')})"
    return ranking(frame, Query(expr, Words("{{name}}", "{{name_en}}")), language)


def _clock(language: Language) -> Any:
    frame = Frame(
        Words("时钟故障按区县", "Clock faults by county"),
        Words(
            "偏差超限（clock_off）与时区错误（clock_zone）。",
            "Clocks off (clock_off) and zones that are wrong (clock_zone).",
        ),
        8,
        10,
        COUNT,
        0,
    )
    expr = f"sort_desc({named_county(f'sum by (county) (vidnet_device_faults{{{CLOCK}}})')})"
    return ranking(frame, Query(expr, Words("{{name}}", "{{name_en}}")), language)


def _ages(language: Language) -> Any:
    frame = Frame(
        Words("离线时长", "Offline for how long"),
        Words("全市考核设备离线时长分布（台）。", "Assessed devices of the city offline now, by how long."),
        8,
        10,
        COUNT,
        0,
    )
    return ranking(frame, Query("sum by (age) (vidnet_offline_devices)", Words("{{age}}", "{{age}}")), language)


def _trend(language: Language) -> Any:
    frame = Frame(
        Words("故障走势", "Faults over time"),
        Words("按代码叠加（设备 × 故障）。", "By code, stacked (devices × faults)."),
        24,
        10,
        COUNT,
        0,
    )
    query = Query("city_fault:vidnet_device_faults:sum", Words("{{fault}}", "{{fault}}"))
    return trend(frame, (query,), language, stacked=True)
