"""News of the inventory: what has been written since a revision, found by a process that keeps running beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.device import Device
from monitor.domain.facts import Exemption
from monitor.domain.point import Point
from monitor.domain.region import Region
from monitor.domain.target import TargetSet
from monitor.ports import Inventory


@dataclass(frozen=True, slots=True)
class InventoryNews:
    """What is new since a revision.

    Attributes:
        revision: the revision that is known with it.
        devices: new and changed ones, retired ones too.
        points: new and changed ones.
        regions: all regions, by code.
        exemptions: all that count, by seq.
        target_set: the newest imported set of targets, None where none ever was.
    """

    revision: int
    devices: Sequence[Device]
    points: Sequence[Point]
    regions: Sequence[Region]
    exemptions: Sequence[Exemption]
    target_set: TargetSet | None


async def news_since(inventory: Inventory, revision: int) -> InventoryNews | None:
    """Give what was written to the inventory after a revision, None where nothing was.

    What is written while this reads may be in it already and will then be found once more: it is read by state, not by
    step.

    Raises:
        StoreError: the inventory cannot be read.
    """
    newest = await inventory.revision()
    if newest == revision:
        return None
    sets = await inventory.target_sets()
    return InventoryNews(
        revision=newest,
        devices=await inventory.devices(since=revision),
        points=await inventory.points(since=revision),
        regions=await inventory.regions(),
        exemptions=await inventory.exemptions(),
        target_set=sets[-1] if sets else None,
    )
