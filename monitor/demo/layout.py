"""Where the city's devices are: how many a town has, behind which uplink, at which loopback address.

Device `i` (0 … devices - 1) is the i-th polled device. The layout is small enough for the fleet's process, which needs
no inventory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.demo.dice import Dice
from monitor.domain.region import Region, RegionLevel, RegionTree

RECORDER_CHANNELS = 16
"""Cameras behind one recorder."""

_MIN_BLOCK, _MAX_BLOCK = 80, 200  # devices behind one uplink, where a town has that many
_MIN_RECORDED = 24  # devices in a block for each recorder it may have
_NO_UPLINK_SHARE = 0.06  # blocks whose uplink nobody has recorded
_FIRST_NETWORK = 1 << 8  # 127.1.0.0/24: keeps clear of 127.0.0.x, which other programs listen on
_MAX_NETWORKS = (1 << 16) - _FIRST_NETWORK
_COUNTY_CHARS = 6


@dataclass(frozen=True, slots=True)
class Block:
    """Devices of one town that share an uplink and a /24 of loopback addresses.

    Attributes:
        town: the town's region code.
        county: the code of its county.
        first: index of the first device.
        count: number of devices, 1 … 200.
        network: the two middle octets of 127.x.y.0/24.
        has_uplink: whether the inventory knows the uplink.
        recorders: recorders in the block; the last `recorders` × 16 devices are reached through them.
    """

    town: str
    county: str
    first: int
    count: int
    network: int
    has_uplink: bool
    recorders: int

    @property
    def prefix(self) -> str:
        """The first three octets of its addresses, `127.x.y`."""
        return f"127.{self.network >> 8}.{self.network & 255}"

    def address(self, index: int) -> str:
        """Give the address of one of its devices."""
        return f"{self.prefix}.{index - self.first + 1}"

    def recorder_of(self, index: int) -> int | None:
        """Give which of the block's recorders a device is behind, or None."""
        from_end = self.first + self.count - 1 - index
        recorder = from_end // RECORDER_CHANNELS
        return recorder if recorder < self.recorders else None


@dataclass(frozen=True, slots=True)
class Layout:
    """All blocks of a city, in order of their devices."""

    devices: int
    blocks: tuple[Block, ...]

    def addresses(self) -> Iterator[str]:
        """Give the address of every device, in order."""
        for block in self.blocks:
            for index in range(block.first, block.first + block.count):
                yield block.address(index)

    def counties(self) -> dict[str, list[Block]]:
        """Give the blocks of every county."""
        counties: dict[str, list[Block]] = {}
        for block in self.blocks:
            counties.setdefault(block.county, []).append(block)
        return counties


def plan_layout(*, devices: int, seed: int, regions: Sequence[Region]) -> Layout:
    """Spread devices over the towns of a region tree; equal arguments give an equal layout.

    Raises:
        ValueError: there is no device, no town, or more devices than loopback has room for.
    """
    towns = RegionTree(regions).at_level(RegionLevel.TOWN)
    if devices < 1:
        raise ValueError(f"a city needs at least 1 device, not {devices}")
    if not towns:
        raise ValueError("the region tree has no town: devices stand in towns")
    rng = Dice(seed, "layout")
    blocks: list[Block] = []
    first = 0
    for town, count in zip(towns, _town_counts(towns, devices, rng), strict=True):
        for size in _block_sizes(count, rng):
            blocks.append(
                Block(
                    town=town.code,
                    county=town.parent or town.code[:_COUNTY_CHARS],
                    first=first,
                    count=size,
                    network=_FIRST_NETWORK + len(blocks),
                    has_uplink=rng.random() >= _NO_UPLINK_SHARE,
                    recorders=rng.randint(0, size // _MIN_RECORDED),
                )
            )
            first += size
    if len(blocks) > _MAX_NETWORKS:
        raise ValueError(f"{devices} devices need {len(blocks)} networks; loopback has {_MAX_NETWORKS}")
    return Layout(devices=devices, blocks=tuple(blocks))


def _town_counts(towns: Sequence[Region], devices: int, rng: Dice) -> list[int]:
    county_weights: dict[str | None, float] = {}
    weights = []
    for town in towns:
        county = county_weights.setdefault(town.parent, rng.uniform(0.7, 1.4))
        urban = 2.2 if town.name.endswith("街道") else 1.0
        weights.append(county * urban * rng.lognormvariate(0, 0.45))
    total = sum(weights)
    shares = [devices * weight / total for weight in weights]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(len(towns)), key=lambda i: (counts[i] - shares[i], i))
    for i in by_remainder[: devices - sum(counts)]:
        counts[i] += 1
    return counts


def _block_sizes(count: int, rng: Dice) -> Iterator[int]:
    while count > _MAX_BLOCK:
        size = rng.randint(_MIN_BLOCK, min(_MAX_BLOCK, count - _MIN_BLOCK))
        yield size
        count -= size
    if count:
        yield count
