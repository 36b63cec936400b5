"""Rows: CPU per look, whole journey and lean lane, in turn with the peer and the floor; and the step profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.children import BenchError, work
from bench.fleet import Fleet, cameras
from bench.peer import configuration, exporter
from bench.report import Row
from bench.sizes import CONCURRENCY, Sizes

Say = Callable[[str], None]
JOURNEY_MUST_US, JOURNEY_AIM_US = 100, 65
LEAN_MUST_US, LEAN_AIM_US = 50, 38
FLOOR_US = 20
STEPS_OF_A_LOOK = ("observe", "advance", "ingest", "schedule", "live counts", "store")


def look_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Measure in turn: journey, peer, lean lane, peer, and so on; each is held against the peer's round beside it."""
    rounds: list[dict[str, Any]] = []
    say("peer's configuration:\n" + configuration())
    with cameras(folder / "fleet") as fleet, exporter(folder / "peer") as peer:
        for number in range(sizes.rounds):
            journey = _counted(fleet, "journey", {"devices": sizes.looks, "passes": 1})
            probe_us = _probed(fleet, peer, sizes.probes)
            lean = _counted(fleet, "lean", {"looks": sizes.looks})
            floor = _counted(fleet, "floor", {"looks": sizes.looks})
            rounds.append({"journey": journey, "peer_us": probe_us, "lean": lean, "floor": floor})
            say(
                f"round {number + 1}: journey {journey['us']:.1f} µs, peer {probe_us:.0f} µs, "
                f"lean {lean['us']:.1f} µs, floor {floor['us']:.1f} µs"
            )
    journey_us = median(each["journey"]["us"] for each in rounds)
    first_us = median(each["journey"]["first_us"] for each in rounds)
    peer_us = median(each["peer_us"] for each in rounds)
    lean_us = median(each["lean"]["us"] for each in rounds)
    ratio = median(each["journey"]["us"] / each["peer_us"] for each in rounds)
    lean_ratio = median(each["lean"]["us"] / each["peer_us"] for each in rounds)
    journey_ratio = median(each["journey"]["us"] / each["floor"]["us"] for each in rounds)
    floor_us = median(each["floor"]["us"] for each in rounds)
    floor_ratio = median(each["lean"]["us"] / each["floor"]["us"] for each in rounds)
    looks = sum(each[work]["looks"] for each in rounds for work in ("journey", "lean", "floor"))
    note = (
        f"median of {sizes.rounds} rounds of {sizes.looks:,} answers again, each committed; first looks {first_us:.0f}"
    )
    rows = [
        Row("CPU per look, whole journey", "µs", round(journey_us, 1), JOURNEY_MUST_US, JOURNEY_AIM_US, note),
        Row("… against blackbox_exporter in the same run", "×", round(ratio, 3), 0.25, None, f"{peer_us:.0f} µs"),
        # The musts in µs were set where the floor is 20: the same musts, whatever this machine's kernel costs.
        Row(
            "… against the machine's floor in the same run",
            "×",
            round(journey_ratio, 2),
            JOURNEY_MUST_US / FLOOR_US,
            JOURNEY_AIM_US / FLOOR_US,
            f"a bare epoll loop in Python: {floor_us:.1f} µs here, {FLOOR_US} where the musts were set",
        ),
        Row(
            "CPU per look, lean lane alone",
            "µs",
            round(lean_us, 1),
            LEAN_MUST_US,
            LEAN_AIM_US,
            f"{lean_ratio:.3f} × blackbox_exporter",
        ),
        Row(
            "… against the machine's floor",
            "×",
            round(floor_ratio, 2),
            LEAN_MUST_US / FLOOR_US,
            LEAN_AIM_US / FLOOR_US,
        ),
        Row("requests that nginx counted less looks reported", "", 0, 0, 0, f"{looks:,} looks, each one clean"),
    ]
    return rows, {"looks": rounds}


def step_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Measure every step of the journey by itself, and the lean lane in the same fleet."""
    with cameras(folder / "fleet") as fleet:
        spec = {"devices": sizes.step_devices, "calls": sizes.step_calls, "port": fleet.port}
        found = work("steps", spec)
        lean = _counted(fleet, "lean", {"looks": sizes.step_calls})
    say("steps done")
    parts = {"poll": round(lean["us"], 1)} | {name: found[name] for name in STEPS_OF_A_LOOK}
    inside = {name: us for name, us in found.items() if name not in parts}
    rows = [Row(f"step: {name}", "µs", us) for name, us in parts.items()]
    rows += [
        Row(f"  {name}", "µs", us, note="part of poll" if name.startswith("poll") else "")
        for name, us in inside.items()
    ]
    rows.append(Row("steps together", "µs", round(sum(parts.values()), 1)))
    # The machine's own speed cancels out: facts of other machines can be held against this.
    ratio = round(lean["us"] / found["bare connection"], 2)
    rows.append(Row("lean lane against a bare connection by uvloop", "×", ratio, note="in the same run"))
    return rows, {"steps": parts | inside}


def _counted(fleet: Fleet, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Do a piece of work and hold its looks against nginx's own count.

    Raises:
        BenchError: they differ, or an answer was not clean.
    """
    before = fleet.requests()
    found = work(name, spec | {"port": fleet.port, "concurrency": CONCURRENCY})
    counted = fleet.requests() - before
    if not counted == found["looks"] == found["clean"]:
        raise BenchError(f"{name}: {found['looks']} looks, {found['clean']} clean, but nginx counted {counted}")
    return found


def _probed(fleet: Fleet, peer: Any, probes: int) -> float:
    before = fleet.requests()
    used_us: float = peer.round(fleet_port=fleet.port, probes=probes, concurrency=CONCURRENCY)
    counted = fleet.requests() - before
    if counted != probes:
        raise BenchError(f"blackbox_exporter: {probes} probes, but nginx counted {counted}")
    return used_us
