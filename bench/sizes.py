"""How much is measured: as the issue asks, or little, to see that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of one run.

    Attributes:
        rounds: pairs of rounds of us and of the peer.
        looks: devices of the whole journey's measured pass, and looks of the lean lane, a round.
        probes: probes of the peer a round.
        sweep: addresses of the sweep.
        city: polled devices of the city.
        report_changes: state changes in the week that is reported on.
        fill_interval_s: the interval at which the city is looked at once.
        settle_s: how long the steady state is waited for.
        window_s: how long it is watched; a multiple of the flush.
        flush_s: how often last looks are flushed.
        scrapes: scrapes of /metrics.
        sheet, sheet_bad: rows of the sheet that is imported, and how many of them are bad.
        step_devices, step_calls: devices and calls of the step profile.
        boards_devices: devices of the demo whose series fill Prometheus (2,500 make 6,200 with what is recorded).
        boards_days: days of them; 18-hour blocks, or two-hour ones below a day.
        boards_settle_s: how long the demo runs until its series are taken.
        pushed: devices behind gateways.
        told: devices of a platform.
        keepalives: keepalives over GA/T 1400.
        deep: devices that are looked at deeply.
    """

    rounds: int = 3
    looks: int = 40_000
    probes: int = 5_000
    sweep: int = 250_000
    city: int = 250_000
    report_changes: int = 3_500_000
    fill_interval_s: int = 150
    settle_s: float = 90.0
    window_s: float = 120.0
    flush_s: int = 60
    scrapes: int = 20
    sheet: int = 250_000
    sheet_bad: int = 10_000
    step_devices: int = 20_000
    step_calls: int = 100_000
    boards_devices: int = 2_500
    boards_days: float = 30
    boards_settle_s: int = 40
    pushed: int = 50_000
    told: int = 10_000
    keepalives: int = 15_000
    deep: int = 1_000
    picture_scenes: int = 63
    picture_looks: int = 60


QUICK = Sizes(
    picture_scenes=1,
    picture_looks=6,
    rounds=1,
    deep=100,
    looks=2_000,
    probes=300,
    sweep=4_000,
    city=5_000,
    report_changes=70_000,
    fill_interval_s=6,
    settle_s=3.0,
    window_s=10.0,
    flush_s=5,
    scrapes=3,
    sheet=2_000,
    sheet_bad=80,
    step_devices=2_000,
    step_calls=4_000,
    boards_devices=400,
    boards_days=0.25,
    boards_settle_s=10,
    pushed=2_000,
    told=1_000,
    keepalives=1_000,
)
CONCURRENCY = 200
"""Looks or probes under way at once, where we and the peer are compared."""
