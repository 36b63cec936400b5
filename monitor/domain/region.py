"""Regions 行政区划: the tree of city, counties, towns and communities, by code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from monitor.domain.values import dataclass


class RegionLevel(StrEnum):
    """Depth of a region in the tree; a functional zone stands at county level with a code of its own."""

    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    COMMUNITY = "community"


@dataclass(frozen=True, slots=True)
class Region:
    """One node of the region tree, identified by its code (GB/T 2260, statistics or a site's own).

    `assessed_from` is the instant before which none of its devices is in service (RULES §5).
    """

    code: str
    name: str
    level: RegionLevel
    parent: str | None = None
    name_en: str = ""
    rank_group: str = "county"
    assessed_from: int | None = None


class RegionTree:
    """All regions of a city, with the questions that rates ask: ancestors, children, the county of a town.

    Raises:
        ValueError: a parent is missing, a code stands twice, or the parents run in a circle; all problems
            are named in one message.
    """

    def __init__(self, regions: Iterable[Region]) -> None:
        self._by_code: dict[str, Region] = {}
        problems = []
        for region in regions:
            if region.code in self._by_code:
                problems.append(f"region {region.code} stands twice")
            self._by_code[region.code] = region
        self._lineage: dict[str, tuple[str, ...]] = {}
        for code in self._by_code:
            lineage, problem = _lineage(code, self._by_code)
            if problem:
                problems.append(problem)
            self._lineage[code] = lineage
        if problems:
            raise ValueError("; ".join(problems))
        self._children: dict[str | None, list[Region]] = {}
        for region in self._by_code.values():
            self._children.setdefault(region.parent, []).append(region)

    def __iter__(self) -> Iterator[Region]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Region:
        return self._by_code[code]

    def get(self, code: str) -> Region | None:
        """Give the region of a code, or None."""
        return self._by_code.get(code)

    def lineage(self, code: str) -> tuple[str, ...]:
        """Give the code itself and its ancestors, nearest first; empty for a code that is not in the tree."""
        return self._lineage.get(code, ())

    def children(self, code: str | None) -> list[Region]:
        """Give the regions directly below a code (None: the roots), in the order they were given."""
        return self._children.get(code, [])

    def at_level(self, level: RegionLevel) -> list[Region]:
        """Give all regions of a level, in the order they were given."""
        return [region for region in self._by_code.values() if region.level is level]

    def ancestor_at(self, code: str, level: RegionLevel) -> str:
        """Give the code of the ancestor (or the region itself) at a level; "" where there is none."""
        for ancestor in self.lineage(code):
            if self._by_code[ancestor].level is level:
                return ancestor
        return ""


def _lineage(code: str, by_code: Mapping[str, Region]) -> tuple[tuple[str, ...], str]:
    lineage: list[str] = []
    current: str | None = code
    while current is not None:
        if current in lineage:
            return tuple(lineage), f"the parents of region {code} run in a circle"
        region = by_code.get(current)
        if region is None:
            return tuple(lineage), f"region {lineage[-1]} has an unknown parent {current}"
        lineage.append(current)
        current = region.parent
    return tuple(lineage), ""
