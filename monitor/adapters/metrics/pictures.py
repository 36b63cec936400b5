"""Metrics of picture looks: how many, how they ended, what they found, and the workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.adapters.metrics.service import Durations


@dataclass(frozen=True, slots=True)
class PictureMetrics:
    """What the metrics show of picture looks; durations in seconds.

    Attributes:
        looks: looks done by how they ended.
        found: faults shown, by code.
        workers: worker processes now.
        workers_killed: workers ended because they were not done in time.
    """

    looks: Mapping[str, int]
    found: Mapping[str, int]
    look_errors: int
    durations: Durations
    under_way: int
    lag_s: float
    out_of_turn: int
    workers: int
    workers_killed: int


class PictureCollector(Collector):
    """The metrics of picture looks.

    Args:
        read: gives the figures of this instant.
    """

    def __init__(self, read: Callable[[], PictureMetrics]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Give nothing, so that registering reads nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give every family."""
        figures = self._read()
        looks = CounterMetricFamily("vidnet_picture_looks", "Picture looks done, by how they ended.", labels=["result"])
        for result, count in sorted(figures.looks.items()):
            looks.add_metric([result], count)
        yield looks
        found = CounterMetricFamily("vidnet_picture_faults", "Faults that pictures showed.", labels=["fault"])
        for fault, count in sorted(figures.found.items()):
            found.add_metric([fault], count)
        yield found
        yield figures.durations.family("vidnet_picture_look_duration_seconds", "How long picture looks took.")
        counters: tuple[tuple[str, str, float], ...] = (
            ("vidnet_picture_look_errors", "Picture looks that ended in an error of ours.", figures.look_errors),
            ("vidnet_picture_workers_killed", "Picture workers not done in time.", figures.workers_killed),
        )
        for name, documentation, value in counters:
            yield CounterMetricFamily(name, documentation, value=value)
        gauges: tuple[tuple[str, str, float], ...] = (
            ("vidnet_picture_looks_under_way", "Picture looks under way now.", figures.under_way),
            ("vidnet_picture_queue_lag_seconds", "How long the most overdue picture look waits.", figures.lag_s),
            ("vidnet_picture_looks_out_of_turn", "Devices that wait for a look out of turn.", figures.out_of_turn),
            ("vidnet_picture_workers", "Processes that judge pictures.", figures.workers),
        )
        for name, documentation, value in gauges:
            yield GaugeMetricFamily(name, documentation, value=value)
