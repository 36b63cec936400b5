"""The simulated city's inventory: built whole from a seed, equal for equal arguments."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.demo.behaviour import Behaviours, assign_behaviours
from monitor.demo.devices import DeviceMaker
from monitor.demo.dice import Dice
from monitor.demo.exemptions import plan_exemptions
from monitor.demo.incidents import Script, write_script
from monitor.demo.layout import Block, Layout, plan_layout
from monitor.demo.organisations import APPROVER, organisations_by_town
from monitor.demo.points import PointPlanner
from monitor.demo.records import RecordFiller
from monitor.domain.device import Device, DeviceRecord, Parent
from monitor.domain.facts import Exemption, InventoryChange
from monitor.domain.point import Point
from monitor.domain.policy import DAY_S
from monitor.domain.region import Region, RegionLevel
from monitor.ports import InventoryBatch

CITY_OFFSET_S = 8 * 3_600
"""City time minus UTC: China has one zone and no summer time."""


@dataclass(frozen=True, slots=True)
class City:
    """All that is to know of the simulated city.

    Attributes:
        regions: the region tree as given.
        points: the plan's points, with and without devices.
        devices: first the polled ones, in the order of the layout's indexes, then uplinks and recorders.
        records: the describing part of every device, in the same order.
        exemptions: past, current and future ones.
        layout: addresses and blocks of the polled devices.
        behaviours: how each polled device behaves, by index.
        script: what goes wrong after the fleet's start.
        outage_uplink: id of the uplink that dies in the script, None if there is none.
        seed: the seed it was built from.
        at: the instant it was built for.
    """

    regions: tuple[Region, ...]
    points: tuple[Point, ...]
    devices: tuple[Device, ...]
    records: tuple[DeviceRecord, ...]
    exemptions: tuple[Exemption, ...]
    layout: Layout
    behaviours: Behaviours
    script: Script
    outage_uplink: str | None
    seed: int
    at: int

    def inventory(self) -> InventoryBatch:
        """Give the inventory as one batch to record, with one change that says where it comes from."""
        root = next(region.code for region in self.regions if region.parent is None)
        change = InventoryChange(
            entity="region",
            entity_id=root,
            field="",
            old="",
            new=f"simulated city, {self.layout.devices} polled devices, seed {self.seed}",
            at=self.at,
            author="demo",
            reason="first start of the simulated city",
        )
        return InventoryBatch(
            regions=self.regions,
            points=self.points,
            devices=self.devices,
            records=self.records,
            exemptions=self.exemptions,
            changes=(change,),
        )


def build_city(*, devices: int, seed: int, port: int, regions: Sequence[Region], at: int) -> City:
    """Build the city; equal arguments give an equal city, whatever the clock says.

    Args:
        devices: polled devices (cameras and checkpoint units); uplinks and recorders come on top.
        seed: what all choices follow from.
        port: the port that the fleet listens on.
        regions: the region tree; devices stand in its towns.
        at: the instant of the first start, kept by the caller; all dates in the inventory are derived from its day.

    Raises:
        ValueError: there is no device, no town, or no room for so many on loopback.
    """
    layout = plan_layout(devices=devices, seed=seed, regions=regions)
    behaviours = assign_behaviours(layout, seed=seed)
    script = write_script(layout, behaviours, seed=seed)
    midnight = (at + CITY_OFFSET_S) // DAY_S * DAY_S - CITY_OFFSET_S
    builder = _Builder(regions=regions, seed=seed, port=port, midnight=midnight)
    with _collector_paused():
        for block in layout.blocks:
            builder.add(block)
    all_devices = (*builder.devices, *builder.devices_beside)
    city_name = next((region.name for region in regions if region.level is RegionLevel.CITY), "")
    exemptions = plan_exemptions(
        all_devices,
        rng=Dice(seed, "exemptions"),
        midnight=midnight,
        spared=script.outage.town if script.outage else None,
        approver=f"{city_name}{APPROVER}",
    )
    return City(
        regions=tuple(regions),
        points=tuple(builder.points),
        devices=all_devices,
        records=(*builder.records, *builder.records_beside),
        exemptions=tuple(exemptions),
        layout=layout,
        behaviours=behaviours,
        script=script,
        outage_uplink=builder.uplinks.get(script.outage.network) if script.outage else None,
        seed=seed,
        at=at,
    )


class _Builder:
    """Collects points and devices, block by block."""

    def __init__(self, *, regions: Sequence[Region], seed: int, port: int, midnight: int) -> None:
        rng = Dice(seed, "inventory")
        self._names = {region.code: region.name for region in regions}
        self._planner = PointPlanner(rng, midnight=midnight)
        self._filler = RecordFiller(Dice(seed, "records"))
        self._maker = DeviceMaker(rng, port=port, midnight=midnight, organisations=organisations_by_town(regions))
        self.points: list[Point] = []
        self.devices: list[Device] = []
        self.records: list[DeviceRecord] = []
        self.devices_beside: list[Device] = []
        self.records_beside: list[DeviceRecord] = []
        self.uplinks: dict[int, str] = {}

    def add(self, block: Block) -> None:
        """Add a block's uplink, recorders, points and devices."""
        town_name = self._names[block.town]
        direct: tuple[Parent, ...] = ()
        if block.has_uplink:
            uplink = self._add_beside(self._maker.uplink(block, town_name=town_name))
            self.uplinks[block.network] = uplink.id
            direct = (Parent(uplink.id),)
        recorders = []
        for number in range(block.recorders):
            made = self._maker.recorder(block, number, town_name=town_name, parents=direct)
            recorders.append((Parent(self._add_beside(made).id),))
        index = block.first
        for placed in self._planner.plan(block, town_name=town_name):
            self.points.append(placed.point)
            for position in range(placed.devices):
                recorder_number = block.recorder_of(index)
                parents = direct if recorder_number is None else recorders[recorder_number]
                device, record = self._maker.polled(block, index, placed, position=position, parents=parents)
                self.devices.append(device)
                address = block.address(index)
                self.records.append(self._filler.filled(record, device, placed.point, index=index, address=address))
                index += 1

    def _add_beside(self, made: tuple[Device, DeviceRecord]) -> Device:
        device, record = made
        self.devices_beside.append(device)
        self.records_beside.append(record)
        return device


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking a growing inventory that holds no garbage: a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
