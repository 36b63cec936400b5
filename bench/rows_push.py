"""Rows: what is pushed and told, through the commit (issue on checkpoints and pushed status)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.children import work
from bench.report import Row
from bench.sizes import Sizes

KEEPALIVES_A_SECOND = 1_500


def push_rows(_folder: Path, sizes: Sizes, say: Callable[[str], None]) -> tuple[list[Row], dict[str, Any]]:
    """Measure batches, single messages, a platform's answer and keepalives, each in a process of its own."""
    found: dict[str, list[dict[str, Any]]] = {"batches": [], "singles": [], "platform": [], "keepalives": []}
    for number in range(sizes.rounds):
        found["batches"].append(work("batches", {"devices": sizes.pushed, "rounds": 3}))
        found["singles"].append(work("singles", {"messages": sizes.pushed // 2}))
        found["platform"].append(work("platform", {"devices": sizes.told, "rounds": 2}))
        found["keepalives"].append(work("keepalives", {"messages": sizes.keepalives, "connections": 300}))
        say(f"round {number + 1}: " + ", ".join(f"{name} {each[-1]}" for name, each in found.items()))

    def middle(name: str, key: str) -> float:
        return median(each[key] for each in found[name])

    batch_us, single_us, keep_us = middle("batches", "us"), middle("singles", "us"), middle("keepalives", "us")
    rows = [
        Row(
            "CPU per pushed observation, batches of 500",
            "µs",
            round(batch_us, 1),
            20,
            10,
            f"{1e6 / batch_us:,.0f} a CPU-second, 95 % unchanged, each state stored",
        ),
        Row(
            "CPU per single status message over MQTT",
            "µs",
            round(single_us, 1),
            200,
            None,
            f"{1e6 / single_us:,.0f} a CPU-second, acknowledged after the commit",
        ),
        Row(
            f"CPU per answer of a platform of {sizes.told:,}",
            "s",
            round(middle("platform", "s"), 3),
            0.5,
            None,
            f"asked, taken and committed; the first answer {middle('platform', 'first_s'):.2f}",
        ),
        Row(
            f"one core at {KEEPALIVES_A_SECOND:,} keepalives a second",
            "%",
            round(keep_us * KEEPALIVES_A_SECOND / 1e4, 1),
            50,
            None,
            f"{keep_us:.0f} µs each on kept connections, stored before it is answered",
        ),
    ]
    return rows, {"push": found}
