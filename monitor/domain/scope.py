"""Scopes: which part of the city a figure or a target is about (RULES §7)."""

from __future__ import annotations

from dataclasses import fields

from monitor.domain.device import DeviceKind
from monitor.domain.point import PointClass, Ring
from monitor.domain.region import RegionTree
from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the city, by what it names; None in a dimension means all of it.

    `region` names the whole subtree below a code.
    """

    region: str | None = None
    point_class: PointClass | None = None
    kind: DeviceKind | None = None
    owner_unit: str | None = None
    maintainer: str | None = None
    contract: str | None = None
    police_station: str | None = None
    ring: Ring | None = None
    site_kind: str | None = None

    @property
    def named(self) -> frozenset[str]:
        """The dimensions that it names."""
        return frozenset(name for name in DIMENSIONS if getattr(self, name) is not None)

    def contains(self, other: Scope, tree: RegionTree) -> bool:
        """Tell whether everything in the other scope lies in this one."""
        if self.region is not None and (other.region is None or self.region not in tree.lineage(other.region)):
            return False
        return all(getattr(self, name) == getattr(other, name) for name in self.named if name != "region")


DIMENSIONS: tuple[str, ...] = tuple(field.name for field in fields(Scope))
EVERYTHING = Scope()
