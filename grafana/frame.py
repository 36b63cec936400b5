"""What every board has: its address, its variables, its zone, its links to the others."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from grafana.panels import SOURCE
from grafana.words import Language, Words

ZONE = "Asia/Shanghai"
TAG = "vidnet"
REFRESH = "30s"

COUNTY_URL = (
    "/d/vidnet-county-{lang}?var-county=${__field.labels.county}&var-datasource=${datasource}&${__url_time_range}"
)
COUNTY_ROW_URL = (
    "/d/vidnet-county-{lang}?var-county=${__data.fields.county}&var-datasource=${datasource}&${__url_time_range}"
)
PAGE = "http://vidnet.example"
"""Stands for where the site's vidnet serves its own page; `vidnet grafana export` puts the address in."""

TO_DEVICES = Words("打开网页上的设备清单", "List these devices on vidnet's page")
TO_COUNTY = Words("查看该区县", "Open this county")


def page_url(query: str, *, region: str = "${county}") -> str:
    """Give the address of a list of devices on vidnet's own page."""
    return f"${{page:raw}}/#/devices?region={region}&{query}"


def board(
    name: str, title: Words, description: Words, language: Language, *, variables: tuple[str, ...] = (), hours: int = 24
) -> builders.Dashboard:
    """Begin a board: `vidnet-<name>-<language>` is its uid, which links and bookmarks keep."""
    made = (
        builders.Dashboard(title.in_(language))
        .uid(f"vidnet-{name}-{language}")
        .description(description.in_(language))
        .tags([TAG, language])
        .timezone(ZONE)
        .refresh(REFRESH)
        .time(f"now-{hours}h", "now")
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(_source(language))
        .link(_others(language))
    )
    for each in variables:
        made = made.with_variable(_VARIABLES[each](language))
    return made


def row(made: builders.Dashboard, title: Words, language: Language) -> builders.Dashboard:
    """Begin a row of panels under a heading."""
    return made.with_row(builders.Row(title.in_(language)))


def _source(language: Language) -> Any:
    label = Words("数据源", "Data source").in_(language)
    return builders.DatasourceVariable("datasource").label(label).type("prometheus")


def _others(language: Language) -> Any:
    title = Words("其他看板", "Other boards").in_(language)
    link = builders.DashboardLink(title).type(models.DashboardLinkType.DASHBOARDS).tags([TAG, language])
    return link.as_dropdown(True).include_vars(True).keep_time(True)


def _query(name: str, label: Words, query: str, language: Language) -> Any:
    """Make a variable whose choices a query gives."""
    return (
        builders.QueryVariable(name)
        .label(label.in_(language))
        .datasource(SOURCE)
        .query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )


def _county(language: Language) -> Any:
    """The counties: their names to choose from, their codes to ask with."""
    query = 'query_result(max by (county, name, name_en) (vidnet_region_info{town=""}))'
    return _query("county", Words("区县", "County"), query, language).regex(_names("county", language))


def _town(language: Language) -> Any:
    query = 'query_result(max by (town, name, name_en) (vidnet_region_info{town!="",county=~"$county"}))'
    made = _query("town", Words("镇街", "Town"), query, language).regex(_names("town", language))
    return made.include_all(True).all_value(".*").multi(True)


def _class(language: Language) -> Any:
    made = _query("class", Words("点位类别", "Class"), "label_values(vidnet_devices, class)", language)
    return made.include_all(True).all_value(".*").multi(True)


def _page(language: Language) -> Any:
    label = Words("vidnet 网页", "vidnet's page").in_(language)
    return builders.TextBoxVariable("page").label(label).default_value(PAGE)


def _names(code: str, language: Language) -> str:
    """Take the value from the code and the text from the name; labels stand in the order of the alphabet."""
    name = Words("name", "name_en").in_(language)
    if code == "county":
        return f'/county="(?<value>[^"]+)".*[,{{]{name}="(?<text>[^"]+)"/'
    return f'/[,{{]{name}="(?<text>[^"]+)".*town="(?<value>[^"]+)"/'


_VARIABLES = {"county": _county, "town": _town, "class": _class, "page": _page}
