"""Points and coverage 点位与覆盖: classes, rings, site kinds, communities, by county."""

from __future__ import annotations

from typing import Any

from grafana.frame import COUNTY_ROW_URL, COUNTY_URL, TO_COUNTY, board, row
from grafana.panels import COUNT, SHARE, TARGET, Frame, Query, big_number, listing, ranking, trend, verdict
from grafana.queries import met, named_county, target
from grafana.words import Language, Words

CLASSES = (("first", Words("一类点", "First class")), ("second", Words("二类点", "Second class")))


def build(language: Language) -> Any:
    """Build the board."""
    title = Words("vidnet 点位与覆盖", "vidnet points and coverage")
    about = Words(
        "一、二类点联网率与有效率，三道防控圈，场所类别，社区，按区县；档案完整率。",
        "Networked and effective coverage of first- and second-class points, rings, site kinds, communities; records.",
    )
    made = board("points", title, about, language, hours=24 * 7)
    made = row(made, Words("全市", "The city"), language)
    for name, words in CLASSES:
        for panel in _of_class(name, words, language):
            made = made.with_panel(panel)
    made = row(made, Words("防控圈、场所、社区与卡口车道", "Rings, sites, communities and lanes"), language)
    made = made.with_panel(_rings(language)).with_panel(_sites(language)).with_panel(_communities(language))
    made = made.with_panel(_lanes(language))
    made = row(made, Words("区县与走势", "Counties and trend"), language)
    made = made.with_panel(_counties(language)).with_panel(_trend(language))
    made = row(made, Words("档案（一机一档）", "Records of devices"), language)
    return made.with_panel(_archive_by_class(language)).with_panel(_archive_by_county(language))


def _of_class(name: str, words: Words, language: Language) -> list[Any]:
    networked = f'city_class:vidnet_networked:ratio{{class="{name}"}}'
    effective = f'city_class:vidnet_effective:ratio{{class="{name}"}}'
    missing = f'sum(vidnet_points{{class="{name}",basis="networked",coverage="uncovered"}})'
    return [
        big_number(
            Frame(
                Words(f"{words.zh}联网率", f"{words.en}: networked"),
                Words(
                    "近 30 天有设备在线的点 ÷ 应联网的点。",
                    "Points with a device online within 30 days / those required.",
                ),
                4,
                5,
                SHARE,
                3,
            ),
            Query(networked),
            language,
        ),
        verdict(
            Frame(
                Words(f"{words.zh}对照目标", f"{words.en}: target"),
                Words("与生效目标比较。", "Held against the target in force."),
                3,
                5,
            ),
            Query(met(networked, target("networked", name)), Words("现在", "now")),
            language,
            against=target("networked", name),
        ),
        big_number(
            Frame(
                Words(f"{words.zh}有效率", f"{words.en}: effective"),
                Words(
                    "现在有足够设备在线的点 ÷ 应联网的点。", "Points with enough devices online now / those required."
                ),
                3,
                5,
                SHARE,
                3,
            ),
            Query(effective),
            language,
        ),
        big_number(
            Frame(
                Words("缺（点）", "Points missing"),
                Words("应联网而 30 天内无设备在线的点。", "Required points without a device online in 30 days."),
                2,
                5,
                COUNT,
                0,
            ),
            Query(missing),
            language,
        ),
    ]


def _rings(language: Language) -> Any:
    frame = Frame(
        Words("三道防控圈联网率", "Rings: networked"),
        Words("城市、县区、乡镇三道圈上的点。", "Points on the rings around city, county and town."),
        6,
        8,
        SHARE,
        3,
    )
    return ranking(frame, Query("city_ring:vidnet_networked:ratio", Words("{{ring}}", "{{ring}}")), language)


def _sites(language: Language) -> Any:
    frame = Frame(
        Words("场所类别联网率（低到高）", "Site kinds: networked, lowest first"),
        Words("路口、道路、出入口、车站等。", "Junctions, roads, entrances, stations and the rest."),
        6,
        8,
        SHARE,
        3,
    )
    expr = "sort(city_site_kind:vidnet_networked:ratio)"
    return ranking(frame, Query(expr, Words("{{site_kind}}", "{{site_kind}}")), language)


def _communities(language: Language) -> Any:
    frame = Frame(
        Words("社区联网率", "Communities networked"),
        Words("至少有一个联网点的社区 ÷ 全部社区。", "Communities with a networked point / all communities."),
        6,
        8,
        SHARE,
        3,
    )
    query = Query(named_county("county:vidnet_communities:ratio"), Words("{{name}}", "{{name_en}}"))
    return ranking(frame, query, language)


def _lanes(language: Language) -> Any:
    frame = Frame(
        Words("卡口车道", "Lanes of checkpoints"),
        Words("按进出城方向与覆盖状态（车道）。", "By direction through the city and by coverage, in lanes."),
        6,
        8,
        COUNT,
        0,
    )
    expr = "sum by (city_pass, coverage) (vidnet_lanes)"
    legend = "{{city_pass}} {{coverage}}"
    return ranking(frame, Query(expr, Words(legend, legend)), language)


def _counties(language: Language) -> Any:
    frame = Frame(
        Words("区县联网率", "Counties: networked"),
        Words(
            "一类点与二类点联网率、缺点数。",
            "Networked coverage of first- and second-class points, and points missing.",
        ),
        12,
        12,
    )
    missing = 'sum by (county) (vidnet_points{basis="networked",coverage="uncovered"})'
    first, second = (f'sum by (county) (county_class:vidnet_networked:ratio{{class="{name}"}})' for name, _ in CLASSES)
    queries = (Query(named_county(first)), Query(second), Query(missing))
    name = Words("name", "name_en").in_(language)
    columns = (
        ("county", Words("编码", "Code"), ""),
        (name, Words("区县", "County"), ""),
        ("Value #A", Words("一类点", "First class"), SHARE),
        ("Value #B", Words("二类点", "Second class"), SHARE),
        ("Value #C", Words("缺（点）", "Missing"), COUNT),
    )
    return listing(frame, queries, language, columns=columns, links=((TO_COUNTY, COUNTY_ROW_URL),), joined_by="county")


def _trend(language: Language) -> Any:
    frame = Frame(
        Words("联网率走势", "Networked coverage over time"),
        Words(
            "一类点与二类点；虚线为一类点生效目标。",
            "First and second class; dashed: the first class's target in force.",
        ),
        12,
        12,
        SHARE,
        3,
    )
    queries = [Query(f'city_class:vidnet_networked:ratio{{class="{name}"}}', words) for name, words in CLASSES]
    return trend(frame, [*queries, Query(target("networked", "first"), TARGET)], language)


def _archive_by_class(language: Language) -> Any:
    frame = Frame(
        Words("各类档案完整率", "Archive completeness by class"),
        Words("已填必填项 ÷ 应填必填项，全市。", "Required fields that are filled / required, in the whole city."),
        12,
        12,
        SHARE,
        3,
    )
    return ranking(frame, Query("sort(city_class:vidnet_archive:ratio)", Words("{{class}}", "{{class}}")), language)


def _archive_by_county(language: Language) -> Any:
    frame = Frame(
        Words("区县档案完整率（低到高）", "Archive completeness by county, lowest first"),
        Words(
            "已填必填项 ÷ 应填必填项；缺项明细见 vidnet inventory check。点击进入区县。",
            "Filled / required fields; vidnet inventory check names what is missing. Click for the county.",
        ),
        12,
        12,
        SHARE,
        3,
    )
    query = Query(f"sort({named_county('county:vidnet_archive:ratio')})", Words("{{name}}", "{{name_en}}"))
    return ranking(frame, query, language, links=((TO_COUNTY, COUNTY_URL),))
