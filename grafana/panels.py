"""The few kinds of panels that the boards are made of, each with its title, description and unit in one language.

Colours are Grafana's own blue and orange: people who cannot tell red from green can tell these, and a word or a sign
stands beside each (facts of the duty room: a wall is read from afar, by many).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, text, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common as models
from grafana_foundation_sdk.models import dashboard as dashboards
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from grafana.queries import MISSED_SIGN
from grafana.words import Language, Words

MET, MISSED, NEUTRAL = "blue", "orange", "text"
NO_LEGEND = Words("", "")
SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")

SHARE, COUNT, SECONDS = "percentunit", "none", "s"

VERDICT = Words("✔ 达标", "✔ met"), Words("✘ 未达标", "✘ missed")
TARGET = Words("目标", "target")
NO_DATA = Words("– 无数据", "– no data")


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel: its PromQL, and what its series are called (a legend template) in each language."""

    expr: str
    legend: Words = NO_LEGEND


@dataclass(frozen=True, slots=True)
class Frame:
    """What every panel has: its words, its size in grid units (24 a row), and its unit."""

    title: Words
    description: Words
    width: int
    height: int
    unit: str = COUNT
    decimals: int | None = None


def big_number(
    frame: Frame,
    query: Query,
    language: Language,
    *,
    steps: Sequence[tuple[float | None, str]] = (),
    value_size: int = 40,
) -> Any:
    """Give a panel that shows one number, large enough for a wall."""
    panel = _framed(stat.Panel(), frame, language)
    return (
        panel.with_target(_target(query, language, instant=True))
        .text(common.VizTextDisplayOptions().value_size(value_size).title_size(18))
        .graph_mode(models.BigValueGraphMode.NONE)
        .color_mode(models.BigValueColorMode.VALUE)
        .no_value(NO_DATA.in_(language))
        .thresholds(_steps(steps))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def verdict(frame: Frame, query: Query, language: Language, *, against: str = "", unit: str = SHARE) -> Any:
    """Give a panel that says met or missed in words; the query gives 1 or 0.

    Args:
        frame: the panel's words and size.
        query: gives 1 or 0.
        language: which words.
        against: gives the target, which is then shown beneath.
        unit: of the target.
    """
    met, missed = (each.in_(language) for each in VERDICT)
    mapping = dashboards.ValueMap(
        options={
            "1": dashboards.ValueMappingResult(text=met, color=MET, index=0),
            "0": dashboards.ValueMappingResult(text=missed, color=MISSED, index=1),
        }
    )
    if not against:
        return big_number(frame, query, language).mappings([mapping])
    # Only the first query's 1 means met: a target may be 1, too.
    return (
        big_number(frame, query, language, value_size=28)
        .with_target(_target(Query(against, TARGET), language, ref="B", instant=True))
        .override_by_query("A", [dashboards.DynamicConfigValue("mappings", [mapping])])
        .override_by_query("B", [dashboards.DynamicConfigValue("unit", unit)])
    )


def ranking(frame: Frame, query: Query, language: Language, *, links: Sequence[tuple[Words, str]] = ()) -> Any:
    """Give horizontal bars, one a series, with its name at its left; a name that begins with ✘ is below its target."""
    # Left to itself, Grafana begins the bars at the smallest value: the last of a ranking would look like nothing.
    panel = _framed(bargauge.Panel(), frame, language).min(0)
    if frame.unit == SHARE:
        panel = panel.max(1)
    return (
        panel.with_target(_target(query, language, instant=True))
        .orientation(models.VizOrientation.HORIZONTAL)
        .name_placement(models.BarGaugeNamePlacement.LEFT)
        .display_mode(models.BarGaugeDisplayMode.BASIC)
        .text(common.VizTextDisplayOptions().value_size(16).title_size(16))
        .no_value(NO_DATA.in_(language))
        .thresholds(_steps(((None, MET),)))
        .override_by_regexp(
            f"/^{MISSED_SIGN}/", [dashboards.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": MISSED})]
        )
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .data_links(_links(links, language))
    )


def trend(frame: Frame, queries: Sequence[Query], language: Language, *, stacked: bool = False) -> Any:
    """Give lines over time; a query whose legend ends in 目标 or target is drawn as a dashed line."""
    panel = _framed(timeseries.Panel(), frame, language)
    for number, query in enumerate(queries):
        panel = panel.with_target(_target(query, language, ref=chr(ord("A") + number)))
    panel = (
        panel.line_width(2)
        .fill_opacity(20 if stacked else 0)
        .show_points(models.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(models.LegendDisplayMode.LIST)
            .placement(models.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .no_value(NO_DATA.in_(language))
        .tooltip(common.VizTooltipOptions().mode(models.TooltipDisplayMode.MULTI).sort(models.SortOrder.DESCENDING))
        .thresholds(_steps(((None, MET),)))
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(models.StackingMode.NORMAL))
    targets = [query.legend.in_(language) for query in queries if query.legend.en.endswith("target")]
    for name in targets:
        dashed = {"fill": "dash", "dash": [10, 10]}
        panel = panel.override_by_name(
            name,
            [
                dashboards.DynamicConfigValue("custom.lineStyle", dashed),
                dashboards.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": MISSED}),
            ],
        )
    return panel


def listing(
    frame: Frame,
    queries: Sequence[Query],
    language: Language,
    *,
    columns: Sequence[tuple[str, Words, str]],
    links: Sequence[tuple[Words, str]] = (),
    joined_by: str = "",
) -> Any:
    """Give a table: instant queries joined by a label, their labels and values renamed to the columns.

    Args:
        frame: the panel's words and size.
        queries: one a value column, in the order of the columns `Value #A`, `Value #B`, …
        language: which words.
        columns: (label or value, heading, unit) in the order in which they are shown; what is not named is left out.
        links: where a click on a cell leads.
        joined_by: the label that the queries have in common, where there are several.
    """
    panel = _framed(table.Panel(), frame, language).no_value(NO_DATA.in_(language)).thresholds(_steps(((None, MET),)))
    for number, query in enumerate(queries):
        panel = panel.with_target(_target(query, language, ref=chr(ord("A") + number), instant=True, as_table=True))
    if len(queries) > 1:
        panel = panel.with_transformation(
            dashboards.DataTransformerConfig(id_val="joinByField", options={"byField": joined_by, "mode": "outer"})
        )
    shown = [name for name, _, _ in columns]
    panel = panel.with_transformation(
        dashboards.DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": shown}})
    ).with_transformation(
        dashboards.DataTransformerConfig(
            id_val="organize",
            options={
                "indexByName": {name: index for index, name in enumerate(shown)},
                "renameByName": {name: heading.in_(language) for name, heading, _ in columns},
                "excludeByName": {},
            },
        )
    )
    for _, heading, unit in columns:
        if unit:
            panel = panel.override_by_name(heading.in_(language), [dashboards.DynamicConfigValue("unit", unit)])
    return panel.data_links(_links(links, language))


def page(title: Words, description: Words, content: str, language: Language, *, height: int, width: int = 24) -> Any:
    """Give a panel of text."""
    panel = text.Panel().title(title.in_(language)).description(description.in_(language))
    return panel.mode(TextMode.MARKDOWN).content(content).span(width).height(height)


def _framed(panel: Any, frame: Frame, language: Language) -> Any:
    panel = (
        panel.title(frame.title.in_(language))
        .description(frame.description.in_(language))
        .datasource(SOURCE)
        .unit(frame.unit)
        .span(frame.width)
        .height(frame.height)
    )
    return panel if frame.decimals is None else panel.decimals(frame.decimals)


def _target(query: Query, language: Language, *, ref: str = "A", instant: bool = False, as_table: bool = False) -> Any:
    target = (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .expr(query.expr)
        .legend_format(query.legend.in_(language))
        .ref_id(ref)
        .format(PromQueryFormat.TABLE if as_table else PromQueryFormat.TIME_SERIES)
    )
    return target.instant() if instant else target.range()


def _steps(steps: Sequence[tuple[float | None, str]]) -> builders.ThresholdsConfig:
    found = [dashboards.Threshold(value=value, color=color) for value, color in steps or ((None, NEUTRAL),)]
    return builders.ThresholdsConfig().mode(dashboards.ThresholdsMode.ABSOLUTE).steps(found)


def _links(links: Sequence[tuple[Words, str]], language: Language) -> list[Any]:
    return [
        builders.DashboardLink(title.in_(language)).url(url.replace("{lang}", language)).target_blank(False)
        for title, url in links
    ]
