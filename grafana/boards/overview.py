"""City overview 全市总览: the figures against their targets, counties ranked, the trend, what is wrong now.

It hangs on a wall: numbers and bars with texts of a set size, no tables, whose cells Grafana shows in 14 px.
"""

from __future__ import annotations

from typing import Any

from grafana.frame import COUNTY_URL, TO_COUNTY, board, row
from grafana.panels import COUNT, SHARE, TARGET, Frame, Query, big_number, ranking, trend, verdict
from grafana.queries import devices, met, named_county, signed, target
from grafana.words import Language, Words

ONLINE, INTACT = Words("在线率", "Online rate"), Words("完好率", "Intact rate")
SIGNED = Words("{{sign}} {{name}}", "{{sign}} {{name_en}}")


def build(language: Language) -> Any:
    """Build the board."""
    title = Words("vidnet 全市总览", "vidnet city overview")
    about = Words(
        "全市在线率、完好率与联网覆盖率对照目标；各区县排名；走势；当前事件与告警。",
        "Online rate, intact rate and coverage of the city against their targets; counties; trend; what is wrong now.",
    )
    made = board("overview", title, about, language)
    made = row(made, Words("现在", "Now"), language)
    for panel in (*_figures(language), *_numbers(language)):
        made = made.with_panel(panel)
    made = row(made, Words("区县（✔ 达标 ✘ 未达标）", "Counties (✔ met ✘ missed)"), language)
    for panel in _counties(language):
        made = made.with_panel(panel)
    made = row(made, Words("走势、事件与告警", "Trend, incidents and alerts"), language)
    for panel in (_trend(language), *_incidents(language), _alerts(language)):
        made = made.with_panel(panel)
    return made


def _figures(language: Language) -> list[Any]:
    networked = 'city_class:vidnet_networked:ratio{{class="{}"}}'
    of_class = Words(
        "近 30 天内有在线设备的点 ÷ 应联网的点。", "Points with a device online within 30 days / those required."
    )
    figures = (
        (
            ONLINE,
            Words(
                "在线 ÷（在线 + 离线），按台数的瞬时值；未知与报备不计入。",
                "Online / (online + offline) devices at this instant; unknown and exempt ones count in neither.",
            ),
            "city:vidnet_online:ratio",
            target("online"),
        ),
        (
            INTACT,
            Words(
                "完好 ÷（完好 + 故障 + 离线），按台数的瞬时值；未判定不计入。",
                "Intact / (intact + faulty + offline) devices at this instant; those not judged do not count.",
            ),
            "city:vidnet_intact:ratio",
            target("intact"),
        ),
        (
            Words("一类点联网率", "First-class networked"),
            of_class,
            networked.format("first"),
            target("networked", "first"),
        ),
        (
            Words("二类点联网率", "Second-class networked"),
            of_class,
            networked.format("second"),
            target("networked", "second"),
        ),
    )
    panels = []
    for title, about, value, threshold in figures:
        panels.append(big_number(Frame(title, about, 3, 5, SHARE, 3), Query(value), language))
        against = Words(f"{title.zh}对照目标", f"{title.en}: target")
        compared = Words(
            "与生效目标比较；差一点也是未达标。", "Held against the target in force; however near, below it is missed."
        )
        met_or_not = Query(met(value, threshold), Words("现在", "now"))
        panels.append(verdict(Frame(against, compared, 3, 5), met_or_not, language, against=threshold))
    return panels


def _numbers(language: Language) -> list[Any]:
    numbers = (
        (
            Words("在线差额（台）", "Devices short, online"),
            Words("还需上线多少台，在线率才达标。", "Devices that must come online for the online rate to be met."),
            "city:vidnet_online_short:sum",
            COUNT,
        ),
        (
            Words("完好差额（台）", "Devices short, intact"),
            Words("还需修好多少台，完好率才达标。", "Devices that must be mended for the intact rate to be met."),
            "city:vidnet_intact_short:sum",
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
            Words("判定占比", "Judged share"),
            Words(
                "完好与否已判定 ÷ 考核设备；低于 95 % 时完好率无效。",
                "Known to be intact or not / assessed; below 95 % the intact rate is not valid.",
            ),
            "city:vidnet_judged:ratio",
            SHARE,
        ),
        (
            Words("档案完整率", "Archive completeness"),
            Words(
                "已填必填项 ÷ 应填必填项（一机一档）。", "Required fields of the records that are filled / required."
            ),
            "city:vidnet_archive:ratio",
            SHARE,
        ),
        (
            Words("时钟合格率", "Clocks within the limit"),
            Words(
                "限值内的设备 ÷ 读到时钟的在线设备。", "Devices within the limit / online devices whose clock was read."
            ),
            "city:vidnet_clock:ratio",
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
            Words("社区联网率", "Communities networked"),
            Words("至少有一个联网点的社区 ÷ 全部社区。", "Communities with a networked point / all communities."),
            "city:vidnet_communities:ratio",
            SHARE,
        ),
    )
    panels = []
    for heading, about, expr, unit in numbers:
        decimals = 3 if unit == SHARE else 0
        panels.append(big_number(Frame(heading, about, 4, 4, unit, decimals), Query(expr), language))
    connected, wanted = "sum(vidnet_connected_devices)", 'max(vidnet_target_devices{indicator="connected"})'
    about = Words("近 30 天在线过的在用设备。", "Devices in service that were online within 30 days.")
    heading = Words("联网设备", "Connected devices")
    panels.append(big_number(Frame(heading, about, 4, 4, COUNT, 0), Query(connected), language))
    frame = Frame(Words("联网设备对照目标", "Connected: target"), about, 4, 4)
    query = Query(met(connected, wanted), Words("现在", "now"))
    panels.append(verdict(frame, query, language, against=wanted, unit=COUNT))
    return panels


def _counties(language: Language) -> list[Any]:
    def bars(heading: Words, about: Words, expr: str, unit: str, legend: Words) -> Any:
        frame = Frame(heading, about, 6, 15, unit, 3 if unit == SHARE else 0)
        return ranking(frame, Query(expr, legend), language, links=((TO_COUNTY, COUNTY_URL),))

    def against(indicator: str) -> str:
        rates = signed(f"county:vidnet_{indicator}:ratio", target(indicator), on="county")
        return f"sort_desc({named_county(rates)})"

    click = Words("点击进入区县。", "Click for the county.")
    by_name = Words("{{name}}", "{{name_en}}")
    return [
        bars(
            Words("在线率排名", "Online rate, ranked"),
            Words(f"各区县瞬时在线率，高到低。{click.zh}", f"By county at this instant, highest first. {click.en}"),
            against("online"),
            SHARE,
            SIGNED,
        ),
        bars(
            Words("完好率排名", "Intact rate, ranked"),
            Words(f"各区县瞬时完好率，高到低。{click.zh}", f"By county at this instant, highest first. {click.en}"),
            against("intact"),
            SHARE,
            SIGNED,
        ),
        bars(
            Words("在线差额（台）", "Devices short, online"),
            Words(f"还需上线多少台才达标，多到少。{click.zh}", f"That must come online, most first. {click.en}"),
            f"sort_desc({named_county('county:vidnet_online_short:sum')})",
            COUNT,
            by_name,
        ),
        bars(
            Words("实测占比", "Measured share"),
            Words(
                f"已实测 ÷ 应测，低到高；低于 95 % 时比率无效。{click.zh}",
                f"Lowest first; below 95 % the county's rates are not valid. {click.en}",
            ),
            f"sort({named_county('county:vidnet_measured:ratio')})",
            SHARE,
            by_name,
        ),
    ]


def _trend(language: Language) -> Any:
    frame = Frame(
        Words("在线率与完好率走势", "Online and intact rate over time"),
        Words(
            "虚线为生效目标。数据中断处不连线。", "Dashed: the target in force. Where data is missing no line is drawn."
        ),
        24,
        11,
        SHARE,
        2,
    )
    queries = (
        Query("city:vidnet_online:ratio", ONLINE),
        Query("city:vidnet_intact:ratio", INTACT),
        Query(target("online"), TARGET),
    )
    return trend(frame, queries, language)


def _incidents(language: Language) -> list[Any]:
    legend = Words("{{kind}} · {{party}}", "{{kind}} · {{party}}")
    about = Words(
        "未结束的事件，按种类与责任方；明细见 vidnet incidents list。",
        "Open incidents by kind and responsible party; vidnet incidents list has each.",
    )
    panels = []
    for heading, metric in (
        (Words("当前事件（起）", "Incidents now"), "vidnet_incidents_open"),
        (Words("其中离线设备（台）", "Devices down in them"), "vidnet_incident_devices"),
    ):
        query = Query(f"sort_desc(sum by (kind, party) ({metric}))", legend)
        panels.append(ranking(Frame(heading, about, 6, 10, COUNT, 0), query, language))
    return panels


def _alerts(language: Language) -> Any:
    frame = Frame(
        Words("当前告警（处）", "Alerts now, by number of places"),
        Words(
            "正在触发的 vidnet 规则，按级别；先做什么见系统健康看板。",
            "vidnet's rules that fire, by severity; the board of the monitor's health says what to do first.",
        ),
        12,
        10,
        COUNT,
        0,
    )
    legend = "{{severity}} · {{alertname}}"
    expr = 'sort_desc(count by (severity, alertname) (ALERTS{alertname=~"Vidnet.*",alertstate="firing"}))'
    return ranking(frame, Query(expr, Words(legend, legend)), language)
