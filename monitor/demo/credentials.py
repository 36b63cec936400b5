"""Which of the simulated devices need a credential of their own kind: those that understand plain text only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.demo.behaviour import Behaviour, assign_behaviours
from monitor.demo.layout import plan_layout
from monitor.demo.persona import Scheme, persona_of
from monitor.domain.device import Device
from monitor.domain.region import Region


def plain_text_devices(
    devices: Iterable[Device], *, count: int, seed: int, regions: Sequence[Region]
) -> frozenset[str]:
    """Give the ids of those devices.

    Args:
        devices: the city's devices.
        count: how many of them are polled.
        seed: the city's seed.
        regions: the region tree.
    """
    layout = plan_layout(devices=count, seed=seed, regions=regions)
    codes = assign_behaviours(layout, seed=seed).codes
    plain = {
        block.address(index)
        for block in layout.blocks
        for index in range(block.first, block.first + block.count)
        if persona_of(seed, index, Behaviour(codes[index])).scheme is Scheme.TEXT
    }
    return frozenset(
        device.id for device in devices if device.endpoint is not None and _host(device.endpoint.address) in plain
    )


def _host(address: str) -> str:
    return address.partition("://")[2].partition(":")[0]
