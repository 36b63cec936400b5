"""County 区县: its figures, its towns, classes and kinds, and since when its devices are offline."""

from __future__ import annotations

from typing import Any

from grafana.frame import board, row
from grafana.panels import COUNT, SHARE, Frame, Query, big_number, listing, ranking, trend, verdict
from grafana.queries import CLASS, COUNTY, TOWN, devices, met, named_town, target
from grafana.words import Language, Words


def build(language: Language) -> Any:
    """Build the board."""
    title = Words("vidnet 区县", "vidnet county")
    about = Words(
        "一个区县：对照目标、镇街排名、类别与种类、离线时长、故障。",
        "One county: its figures, towns ranked, classes and kinds, how long devices are offline, faults.",
    )
    made = board("county", title, about, language, variables=("county", "town", "class"))
    made = row(made, Words("现在", "Now"), language)
    for panel in _figures(language):
        made = made.with_panel(panel)
    made = row(made, Words("镇街", "Towns"), language)
    made = made.with_panel(_towns(language)).with_panel(_town_table(language))
    made = row(made, Words("类别、种类与走势", "Classes, kinds and trend"), language)
    for panel in (_classes(language), _kinds(language), _ages(language), _faults(language), _trend(language)):
        made = made.with_panel(panel)
    return made


def _figures(language: Language) -> list[Any]:
    online = f"county:vidnet_online:ratio{{{COUNTY}}}"
    intact = f"county:vidnet_intact:ratio{{{COUNTY}}}"
    here = Words("所选区县的瞬时值。", "Of the county chosen, at this instant.")

    def share(title: Words) -> Frame:
        return Frame(title, here, 4, 5, SHARE, 3)

    return [
        big_number(share(Words("在线率", "Online rate")), Query(online), language),
        verdict(
            Frame(Words("在线率对照目标", "Online: target"), here, 4, 5), Query(met(online, target("online"))), language
        ),
        big_number(
            Frame(Words("差额（台）", "Devices short"), here, 4, 5, COUNT, 0),
            Query(f"county:vidnet_online_short:sum{{{COUNTY}}}"),
            language,
        ),
        big_number(share(Words("完好率", "Intact rate")), Query(intact), language),
        big_number(
            share(Words("实测占比", "Measured share")),
            Query(f"county:vidnet_measured:ratio{{{COUNTY}}}"),
            language,
        ),
        big_number(
            share(Words("判定占比", "Judged share")),
            Query(f"county:vidnet_judged:ratio{{{COUNTY}}}"),
            language,
        ),
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
    return listing(frame, queries, language, columns=columns, joined_by="town")


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
    return ranking(frame, Query(expr, Words("{{age}}", "{{age}}")), language)


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
    return ranking(frame, Query(expr, Words("{{fault}}", "{{fault}}")), language)


def _trend(language: Language) -> Any:
    frame = Frame(
        Words("区县走势", "The county over time"),
        Words("在线率与完好率；虚线为生效目标。", "Online and intact rate; dashed: the target in force."),
        14,
        10,
        SHARE,
        3,
    )
    queries = (
        Query(f"county:vidnet_online:ratio{{{COUNTY}}}", Words("在线率", "Online rate")),
        Query(f"county:vidnet_intact:ratio{{{COUNTY}}}", Words("完好率", "Intact rate")),
        Query(target("online"), Words("目标", "target")),
    )
    return trend(frame, queries, language)
