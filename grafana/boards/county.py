"""County 区县: its figures, its towns, classes and kinds, and since when its devices are offline."""

from __future__ import annotations

from typing import Any

from grafana.frame import TO_DEVICES, board, page_url, row
from grafana.panels import COUNT, SHARE, TARGET, Frame, Query, big_number, listing, page, ranking, trend, verdict
from grafana.queries import CLASS, COUNTY, TOWN, devices, met, named_town, target
from grafana.words import Language, Words


def build(language: Language) -> Any:
    """Build the board."""
    title = Words("vidnet 区县", "vidnet county")
    about = Words(
        "一个区县：对照目标、镇街排名、类别与种类、离线时长、故障、最差设备、档案。",
        "One county: its figures, towns, classes and kinds, offline ages, faults, its worst devices, its records.",
    )
    made = board("county", title, about, language, variables=("county", "town", "class", "page"))
    made = row(made, Words("现在", "Now"), language)
    for panel in _figures(language):
        made = made.with_panel(panel)
    made = row(made, Words("镇街", "Towns"), language)
    made = made.with_panel(_towns(language)).with_panel(_town_table(language))
    made = row(made, Words("类别、种类、最差设备与走势", "Classes, kinds, worst devices and trend"), language)
    rows = (_classes(language), _kinds(language), _ages(language), _faults(language), _worst(language))
    for panel in (*rows, _clocks(language), _trend(language)):
        made = made.with_panel(panel)
    return made


def _figures(language: Language) -> list[Any]:
    here = Words("所选区县的瞬时值。", "Of the county chosen, at this instant.")

    def number(title: Words, expr: str, unit: str = SHARE, height: int = 4) -> Any:
        frame = Frame(title, here, 4, height, unit, 3 if unit == SHARE else 0)
        return big_number(frame, Query(expr), language)

    panels = []
    for name, words, short in (
        ("online", Words("在线率", "Online rate"), Words("在线差额（台）", "Devices short, online")),
        ("intact", Words("完好率", "Intact rate"), Words("完好差额（台）", "Devices short, intact")),
    ):
        rate = f"county:vidnet_{name}:ratio{{{COUNTY}}}"
        against = Frame(Words(f"{words.zh}对照目标", f"{words.en}: target"), here, 4, 5)
        is_met = Query(met(rate, target(name)), Words("现在", "now"))
        panels += [
            number(words, rate, height=5),
            verdict(against, is_met, language, against=target(name)),
            number(short, f"county:vidnet_{name}_short:sum{{{COUNTY}}}", COUNT, height=5),
        ]
    return [
        *panels,
        number(Words("实测占比", "Measured share"), f"county:vidnet_measured:ratio{{{COUNTY}}}"),
        number(Words("判定占比", "Judged share"), f"county:vidnet_judged:ratio{{{COUNTY}}}"),
        number(Words("建档率", "Devices with a record"), f"county:vidnet_archived:ratio{{{COUNTY}}}"),
        number(Words("档案完整率", "Archive completeness"), f"county:vidnet_archive:ratio{{{COUNTY}}}"),
        number(Words("时钟合格率", "Clocks within the limit"), f"county:vidnet_clock:ratio{{{COUNTY}}}"),
        number(Words("报备", "Exempt"), devices("exempt", where=COUNTY), COUNT),
    ]


def _towns(language: Language) -> Any:
    frame = Frame(
        Words("镇街在线率（低到高）", "Online rate by town, lowest first"),
        Words("所选区县各镇街的瞬时在线率。", "Online rate of each town of the county, at this instant."),
        10,
        14,
        SHARE,
        3,
    )
    expr = f"sort({named_town(f'town:vidnet_online:ratio{{{COUNTY},{TOWN}}}')})"
    return ranking(frame, Query(expr, Words("{{name}}", "{{name_en}}")), language)


def _town_table(language: Language) -> Any:
    frame = Frame(
        Words("镇街明细", "Towns in figures"),
        Words(
            "各镇街的在线率、完好率、离线台数与未知台数。",
            "Online and intact rate, devices offline and unknown, by town.",
        ),
        14,
        14,
    )
    where = f"{COUNTY},{TOWN}"
    queries = (
        Query(named_town(f"town:vidnet_online:ratio{{{where}}}")),
        Query(f"town:vidnet_intact:ratio{{{where}}}"),
        Query(devices("offline", by="county, town", where=where)),
        Query(devices("unknown", by="county, town", where=where)),
    )
    name = Words("name", "name_en").in_(language)
    columns = (
        ("town", Words("编码", "Code"), ""),
        (name, Words("镇街", "Town"), ""),
        ("Value #A", Words("在线率", "Online"), SHARE),
        ("Value #B", Words("完好率", "Intact"), SHARE),
        ("Value #C", Words("离线", "Offline"), COUNT),
        ("Value #D", Words("未知", "Unknown"), COUNT),
    )
    links = ((TO_DEVICES, page_url("connectivity=offline&sort=since", region="${__data.fields.town}")),)
    return listing(frame, queries, language, columns=columns, links=links, joined_by="town")


def _classes(language: Language) -> Any:
    frame = Frame(
        Words("各类点位在线率", "Online rate by class"),
        Words("按设备所在点位类别。", "By the class of the points that devices stand at."),
        8,
        8,
        SHARE,
        3,
    )
    return ranking(
        frame, Query(f"county_class:vidnet_online:ratio{{{COUNTY},{CLASS}}}", Words("{{class}}", "{{class}}")), language
    )


def _kinds(language: Language) -> Any:
    frame = Frame(
        Words("各种设备在线率", "Online rate by kind"),
        Words("摄像机、卡口、录像机、网关等。", "Cameras, checkpoint units, recorders, gateways and the rest."),
        8,
        8,
        SHARE,
        3,
    )
    return ranking(
        frame, Query(f"county_kind:vidnet_online:ratio{{{COUNTY}}}", Words("{{kind}}", "{{kind}}")), language
    )


def _ages(language: Language) -> Any:
    frame = Frame(
        Words("离线时长", "Offline for how long"),
        Words("考核设备当前离线时长分布（台）。", "Assessed devices offline now, by how long."),
        8,
        8,
        COUNT,
        0,
    )
    expr = f"sum by (age) (vidnet_offline_devices{{{COUNTY}}})"
    links = ((TO_DEVICES, page_url("connectivity=offline&sort=since")),)
    return ranking(frame, Query(expr, Words("{{age}}", "{{age}}")), language, links=links)


def _faults(language: Language) -> Any:
    frame = Frame(
        Words("故障", "Faults"),
        Words(
            "已确认故障的考核设备（台），按故障代码；含义见 docs/faults.md。",
            "Assessed devices with a confirmed fault, by code; docs/faults.md says what each means.",
        ),
        10,
        10,
        COUNT,
        0,
    )
    expr = f"sort_desc(sum by (fault) (vidnet_device_faults{{{COUNTY}}}))"
    links = ((TO_DEVICES, page_url("fault=${__field.labels.fault}")),)
    return ranking(frame, Query(expr, Words("{{fault}}", "{{fault}}")), language, links=links)


def _worst(language: Language) -> Any:
    """Lead to the devices themselves: no series tells of one device, vidnet's own page lists them."""
    lists = (
        (Words("离线最久的设备", "Devices offline longest"), "connectivity=offline&sort=since"),
        (
            Words("离线的一类点设备", "First-class devices offline"),
            "connectivity=offline&point_class=first&sort=since",
        ),
        (Words("故障设备", "Faulty devices"), "condition=faulty&sort=since"),
        (Words("未知设备", "Devices not known now"), "connectivity=unknown&sort=since"),
        (Words("未判定的在线设备", "Devices online, not judged"), "connectivity=online&condition=unknown"),
    )
    lines = [f"- [{words.in_(language)}]({page_url(query)})" for words, query in lists]
    about = Words(
        "打开 vidnet 网页上该区县的设备清单，最差在前。",
        "Opens the county's lists of devices on vidnet's own page, the worst first.",
    )
    title = Words("最差设备（打开网页清单）", "Worst devices (on vidnet's page)")
    return page(title, about, "\n".join(lines), language, height=10, width=6)


def _clocks(language: Language) -> Any:
    frame = Frame(
        Words("各类时钟合格率", "Clocks within the limit by class"),
        Words("限值内的设备 ÷ 读到时钟的在线设备。", "Devices within the limit / online devices whose clock was read."),
        8,
        10,
        SHARE,
        3,
    )
    expr = f"sort(county_class:vidnet_clock:ratio{{{COUNTY},{CLASS}}})"
    return ranking(frame, Query(expr, Words("{{class}}", "{{class}}")), language)


def _trend(language: Language) -> Any:
    frame = Frame(
        Words("区县走势", "The county over time"),
        Words("在线率与完好率；虚线为生效目标。", "Online and intact rate; dashed: the target in force."),
        24,
        10,
        SHARE,
        3,
    )
    queries = (
        Query(f"county:vidnet_online:ratio{{{COUNTY}}}", Words("在线率", "Online rate")),
        Query(f"county:vidnet_intact:ratio{{{COUNTY}}}", Words("完好率", "Intact rate")),
        Query(target("online"), TARGET),
    )
    return trend(frame, queries, language)
