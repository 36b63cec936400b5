"""City overview 全市总览: the figures against their targets, the counties ranked, the trend, what is wrong now."""

from __future__ import annotations

from typing import Any

from grafana.frame import COUNTY_ROW_URL, COUNTY_URL, TO_COUNTY, board, row
from grafana.panels import COUNT, SHARE, Frame, Query, big_number, listing, ranking, trend, verdict
from grafana.queries import devices, met, named_county, target
from grafana.words import Language, Words

ONLINE, INTACT = Words("在线率", "Online rate"), Words("完好率", "Intact rate")


def build(language: Language) -> Any:
    """Build the board."""
    title = Words("vidnet 全市总览", "vidnet city overview")
    about = Words(
        "全市在线率、完好率与联网覆盖率对照目标；各区县排名；当前告警。",
        "Online rate, intact rate and networked coverage of the city against their targets; counties; alerts now.",
    )
    made = board("overview", title, about, language)
    made = row(made, Words("现在", "Now"), language)
    for panel in _figures(language):
        made = made.with_panel(panel)
    made = row(made, Words("区县", "Counties"), language)
    made = made.with_panel(_ranked(language)).with_panel(_counties(language))
    made = row(made, Words("趋势与告警", "Trend and alerts"), language)
    return made.with_panel(_trend(language)).with_panel(_incidents(language)).with_panel(_alerts(language))


def _figures(language: Language) -> list[Any]:
    online, intact = "city:vidnet_online:ratio", "city:vidnet_intact:ratio"
    coverage = 'city_class:vidnet_networked:ratio{class="first"}'
    figures = (
        (
            ONLINE,
            Words(
                "在线 ÷（在线 + 离线），按台数的瞬时值；未知与报备不计入。",
                "Online / (online + offline) devices at this instant; unknown and exempt ones count in neither.",
            ),
            online,
            target("online"),
        ),
        (
            INTACT,
            Words(
                "完好 ÷（完好 + 故障 + 离线），按台数的瞬时值；未判定不计入。",
                "Intact / (intact + faulty + offline) devices at this instant; those not judged do not count.",
            ),
            intact,
            target("intact"),
        ),
        (
            Words("一类点联网率", "First-class networked"),
            Words(
                "近 30 天内有在线设备的一类点 ÷ 应联网一类点。",
                "First-class points with a device online within 30 days / those required.",
            ),
            coverage,
            target("networked", "first"),
        ),
    )
    panels = []
    for title, about, value, threshold in figures:
        panels.append(big_number(Frame(title, about, 5, 5, SHARE, 3), Query(value), language))
        against = Words(f"{title.zh} 对照目标", f"{title.en}: target")
        panels.append(
            verdict(
                Frame(
                    against,
                    Words(
                        "与生效目标比较；差一点也是未达标。",
                        "Held against the target in force; however near, below it is missed.",
                    ),
                    3,
                    5,
                ),
                Query(met(value, threshold)),
                language,
            )
        )
    numbers = (
        (
            Words("差额（台）", "Devices short"),
            Words("还需上线多少台，在线率才达标。", "Devices that must come online for the online rate to be met."),
            "city:vidnet_online_short:sum",
            COUNT,
        ),
        (
            Words("实测占比", "Measured share"),
            Words(
                "已实测 ÷ 应测；低于 95 % 时比率无效。",
                "Measured / all that count; below 95 % the rates are not valid.",
            ),
            "city:vidnet_measured:ratio",
            SHARE,
        ),
        (
            Words("离线", "Offline"),
            Words("当前离线的摄像机与卡口。", "Cameras and checkpoint units offline now."),
            devices("offline"),
            COUNT,
        ),
        (
            Words("未知", "Unknown"),
            Words("当前无法判断，不算在线也不算离线。", "Not known now: counted neither online nor offline."),
            devices("unknown"),
            COUNT,
        ),
        (
            Words("报备", "Exempt"),
            Words("已批准报备，不考核。", "Covered by an approved exemption: not assessed."),
            devices("exempt"),
            COUNT,
        ),
        (
            Words("联网设备", "Connected devices"),
            Words("近 30 天在线过的在用设备。", "Devices in service that were online within 30 days."),
            "sum(vidnet_connected_devices)",
            COUNT,
        ),
    )
    for heading, about, expr, unit in numbers:
        decimals = 3 if unit == SHARE else 0
        panels.append(big_number(Frame(heading, about, 4, 4, unit, decimals), Query(expr), language))
    return panels


def _ranked(language: Language) -> Any:
    frame = Frame(
        Words("各区县在线率（高到低）", "Online rate by county, highest first"),
        Words(
            "瞬时在线率；目标见表。点击进入区县。",
            "Online rate of this instant; the target is in the table. Click for the county.",
        ),
        10,
        14,
        SHARE,
        3,
    )
    query = Query(f"sort_desc({named_county('county:vidnet_online:ratio')})", Words("{{name}}", "{{name_en}}"))
    return ranking(frame, query, language, links=((TO_COUNTY, COUNTY_URL),))


def _counties(language: Language) -> Any:
    frame = Frame(
        Words("区县对照目标", "Counties against their targets"),
        Words(
            "在线率、完好率、是否达标、差额与实测占比。点击进入区县。",
            "Online and intact rate, whether the target is met, devices short, measured share. Click for the county.",
        ),
        14,
        14,
    )
    queries = (
        Query(named_county("county:vidnet_online:ratio")),
        Query(met("county:vidnet_online:ratio", target("online"))),
        Query("county:vidnet_online_short:sum"),
        Query("county:vidnet_intact:ratio"),
        Query("county:vidnet_measured:ratio"),
    )
    name = Words("name", "name_en").in_(language)
    columns = (
        ("county", Words("编码", "Code"), ""),
        (name, Words("区县", "County"), ""),
        ("Value #A", ONLINE, SHARE),
        ("Value #B", Words("在线达标", "Online met"), "bool_yes_no"),
        ("Value #C", Words("差额（台）", "Short"), COUNT),
        ("Value #D", INTACT, SHARE),
        ("Value #E", Words("实测占比", "Measured"), SHARE),
    )
    return listing(frame, queries, language, columns=columns, links=((TO_COUNTY, COUNTY_ROW_URL),), joined_by="county")


def _trend(language: Language) -> Any:
    frame = Frame(
        Words("在线率与完好率走势", "Online and intact rate over time"),
        Words(
            "虚线为生效目标。数据中断处不连线。", "Dashed: the target in force. Where data is missing no line is drawn."
        ),
        24,
        11,
        SHARE,
        3,
    )
    queries = (
        Query("city:vidnet_online:ratio", ONLINE),
        Query("city:vidnet_intact:ratio", INTACT),
        Query(target("online"), Words("目标", "target")),
    )
    return trend(frame, queries, language)


def _incidents(language: Language) -> Any:
    frame = Frame(
        Words("当前事件", "Incidents now"),
        Words(
            "未结束的事件与其中离线设备，按种类与责任方；明细见 vidnet incidents list。",
            "Open incidents and devices down in them, by kind and responsible party; vidnet incidents list has each.",
        ),
        12,
        10,
    )
    # Several series without one label of their own in common: joined by kind and party as one text.
    both = 'label_join({}, "what", " · ", "kind", "party")'
    queries = (
        Query(both.format("sum by (kind, party) (vidnet_incidents_open)")),
        Query(both.format("sum by (kind, party) (vidnet_incident_devices)")),
    )
    columns = (
        ("what", Words("种类 · 责任方", "Kind · party"), ""),
        ("Value #A", Words("事件", "Incidents"), COUNT),
        ("Value #B", Words("离线设备（台）", "Devices down"), COUNT),
    )
    return listing(frame, queries, language, columns=columns, joined_by="what")


def _alerts(language: Language) -> Any:
    frame = Frame(
        Words("当前告警", "Alerts now"),
        Words("正在触发或即将触发的 vidnet 规则。", "vidnet's rules that fire, or are about to."),
        12,
        10,
    )
    expr = 'sum by (alertname, alertstate, severity, county) (ALERTS{alertname=~"Vidnet.*"})'
    columns = (
        ("severity", Words("级别", "Severity"), ""),
        ("alertname", Words("规则", "Rule"), ""),
        ("county", Words("区县", "County"), ""),
        ("alertstate", Words("状态", "State"), ""),
    )
    return listing(frame, (Query(expr),), language, columns=columns)
