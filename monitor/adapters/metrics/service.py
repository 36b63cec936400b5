"""Metrics of the service itself: looks, failures, lag, store; with the client library."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

LOOK_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Durations:
    """How long looks took, as the counts of a histogram; cheap enough to be told of every look."""

    def __init__(self, limits_s: tuple[float, ...] = LOOK_BUCKETS_S) -> None:
        self._limits = limits_s
        self._counts = [0] * (len(limits_s) + 1)
        self._sum = 0.0

    def add(self, duration_s: float) -> None:
        """Count one duration, seconds."""
        self._counts[bisect_left(self._limits, duration_s)] += 1
        self._sum += duration_s

    def family(self, name: str, documentation: str) -> HistogramMetricFamily:
        """Give the histogram as Prometheus reads it."""
        bounds = [*(str(limit) for limit in self._limits), "+Inf"]
        buckets = list(zip(bounds, accumulate(self._counts), strict=True))
        return HistogramMetricFamily(name, documentation, buckets=buckets, sum_value=self._sum)


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """What the metrics show of the service itself; instants in epoch seconds, durations in seconds."""

    version: str
    looks: Mapping[tuple[str, str], int]
    look_errors: int
    look_durations: Durations
    write_durations: Durations
    looks_under_way: int
    queue_lag_s: float
    loop_lag_s: float
    last_look_at: float
    changes: int
    waiting_devices: int
    store_ok: bool
    clock_behind_s: float
    own_clock_trusted: bool
    own_network_up: bool = True
    held_devices: int = 0
    looks_set_aside: int = 0
    last_backup_at: float = 0.0
    last_report_at: float = 0.0


class ServiceCollector(Collector):
    """The metrics of the service itself.

    Args:
        read: gives the service's figures of this instant.
    """

    def __init__(self, read: Callable[[], ServiceMetrics]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Give nothing, so that registering reads nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give every family of the service."""
        service = self._read()
        looks = CounterMetricFamily("vidnet_looks", "Looks done, by how they ended.", labels=["protocol", "result"])
        for labels, count in service.looks.items():
            looks.add_metric(labels, count)
        yield looks
        yield service.look_durations.family("vidnet_look_duration_seconds", "How long looks took.")
        yield service.write_durations.family("vidnet_store_write_seconds", "How long write transactions took.")
        yield InfoMetricFamily("vidnet_build", "The program's version.", value={"version": service.version})
        counters = (
            ("vidnet_look_errors", "Looks that ended in an error of ours.", service.look_errors),
            ("vidnet_state_changes", "State changes committed since the start.", service.changes),
            ("vidnet_looks_set_aside", "Silent looks that did not count: our own network.", service.looks_set_aside),
        )
        for name, documentation, value in counters:
            yield CounterMetricFamily(name, documentation, value=value)
        gauges: tuple[tuple[str, str, float], ...] = (
            ("vidnet_looks_under_way", "Looks under way now.", service.looks_under_way),
            ("vidnet_queue_lag_seconds", "How long the most overdue look has been waiting.", service.queue_lag_s),
            ("vidnet_event_loop_lag_seconds", "How late the event loop's last tick was.", service.loop_lag_s),
            ("vidnet_last_look_timestamp_seconds", "When the last look finished.", service.last_look_at),
            ("vidnet_store_waiting_devices", "Devices whose change waits to be committed.", service.waiting_devices),
            ("vidnet_store_up", "Whether the last write was committed (1) or is tried again (0).", service.store_ok),
            (
                "vidnet_clock_behind_seconds",
                "How far our steady time is behind the wall clock.",
                service.clock_behind_s,
            ),
            (
                "vidnet_own_clock_trusted",
                "Whether our clock is known to be right (1), so that it may judge others.",
                service.own_clock_trusted,
            ),
            (
                "vidnet_own_network_up",
                "Whether the sentinels say that our own network works (1).",
                service.own_network_up,
            ),
            (
                "vidnet_last_backup_timestamp_seconds",
                "When the newest backup in our folder was made, 0 for none.",
                service.last_backup_at,
            ),
            (
                "vidnet_last_report_timestamp_seconds",
                "When the newest compliance report was published, 0 for none.",
                service.last_report_at,
            ),
            ("vidnet_held_devices", "Devices whose decision is held in a mass failure.", service.held_devices),
        )
        for name, documentation, level in gauges:
            yield GaugeMetricFamily(name, documentation, value=level)
