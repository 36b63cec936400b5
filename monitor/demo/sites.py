"""Where points stand: classes, site kinds, and the words and places of their names.

Shares are ours, roughly those of a mid-size city; site kinds are the plan's. Roads are names that every Chinese city
has; coordinates are scattered around the county's seat and mean nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.point import PointClass

CLASS_SHARES: dict[PointClass, float] = {
    PointClass.FIRST: 0.15,
    PointClass.SECOND: 0.25,
    PointClass.THIRD: 0.45,
    PointClass.INTERNAL: 0.06,
    PointClass.OTHER: 0.09,
}


@dataclass(frozen=True, slots=True)
class Site:
    """A kind of site.

    Attributes:
        kind: its name in the inventory.
        point_class: class of its points.
        share: weight within the class.
        noun: the Chinese word that ends a point's name.
        industry: digits 9-10 of a device's id (GB/T 28181 industry code).
        owner: which organisation owns the devices, a key of `organisations.OWNERS`.
        checkpoint_share: part of its devices that are checkpoint units.
        on_ring: part of its points that are crossings of a ring.
        coastal: whether only counties at the sea have it.
    """

    kind: str
    point_class: PointClass
    share: float
    noun: str
    industry: str
    owner: str
    checkpoint_share: float = 0.02
    on_ring: float = 0.0
    coastal: bool = False


SITES: tuple[Site, ...] = (
    Site("junction", PointClass.FIRST, 0.40, "路口", "00", "police", checkpoint_share=0.38),
    Site("road", PointClass.FIRST, 0.22, "路段", "04", "police", checkpoint_share=0.45, on_ring=0.35),
    Site("motorway", PointClass.FIRST, 0.08, "高速卡点", "05", "police", checkpoint_share=0.75, on_ring=0.6),
    Site("entrance", PointClass.FIRST, 0.14, "出入口", "05", "police", checkpoint_share=0.75, on_ring=0.8),
    Site("square", PointClass.FIRST, 0.08, "广场", "00", "police"),
    Site("station", PointClass.FIRST, 0.06, "客运站", "04", "transport", checkpoint_share=0.15),
    Site("port", PointClass.FIRST, 0.02, "港区", "14", "transport", checkpoint_share=0.2, coastal=True),
    Site("school", PointClass.SECOND, 0.38, "学校周边", "11", "education"),
    Site("hospital", PointClass.SECOND, 0.18, "医院周边", "09", "health"),
    Site("market", PointClass.SECOND, 0.26, "商场周边", "45", "commerce"),
    Site("park", PointClass.SECOND, 0.18, "公园", "08", "urban"),
    Site("community", PointClass.THIRD, 0.62, "小区", "01", "town", checkpoint_share=0.03),
    Site("street", PointClass.THIRD, 0.38, "沿街", "03", "town"),
    Site("office", PointClass.INTERNAL, 1.0, "办公区", "02", "police", checkpoint_share=0.0),
    Site("other", PointClass.OTHER, 1.0, "点位", "03", "town", checkpoint_share=0.0),
)
COASTAL_COUNTIES: frozenset[str] = frozenset({"370772", "370783", "370786"})

_ROADS = "人民、解放、建设、文化、新华、中山、健康、胜利、和平、前进、青年、工业、北海、泰山、黄河、长江、东风、民主"
ROADS: tuple[str, ...] = tuple(_ROADS.split("、"))
DIRECTIONS: tuple[str, ...] = ("东向", "西向", "南向", "北向", "东南向", "东北向", "西南向", "西北向")

SEATS: dict[str, tuple[float, float]] = {
    "370702": (119.02, 36.73),
    "370703": (119.21, 36.77),
    "370704": (119.17, 36.65),
    "370705": (119.13, 36.71),
    "370724": (118.54, 36.51),
    "370725": (118.83, 36.71),
    "370772": (119.05, 37.05),
    "370781": (118.48, 36.68),
    "370782": (119.41, 35.99),
    "370783": (118.79, 36.86),
    "370784": (119.22, 36.48),
    "370785": (119.76, 36.38),
    "370786": (119.40, 36.86),
}
"""Rough longitude and latitude (WGS-84) of the county seats."""

CITY_CENTRE: tuple[float, float] = (119.12, 36.71)


def sites_of(point_class: PointClass, *, county: str) -> list[Site]:
    """Give the kinds of sites of a class that a county has."""
    return [
        site for site in SITES if site.point_class is point_class and (not site.coastal or county in COASTAL_COUNTIES)
    ]
