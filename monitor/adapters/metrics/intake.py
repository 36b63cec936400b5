"""Metrics of what is pushed to us."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class IntakeMetrics:
    """What the metrics show of it: reports by (protocol, result), lanes of checkpoints by (city pass, coverage).

    `mqtt_up` is None where MQTT is off.
    """

    reports: Mapping[tuple[str, str], int]
    late_corrections: int = 0
    mqtt_up: bool | None = None
    lanes: Mapping[tuple[str, str], int] = field(default_factory=dict)


class IntakeCollector(Collector):
    """The metrics of what is pushed to us.

    Args:
        read: gives the figures of this instant.
    """

    def __init__(self, read: Callable[[], IntakeMetrics]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Give nothing, so that registering reads nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give every family."""
        figures = self._read()
        reports = CounterMetricFamily(
            "vidnet_reports", "What others reported of devices, by what became of it.", labels=["protocol", "result"]
        )
        for labels, count in figures.reports.items():
            reports.add_metric(labels, count)
        yield reports
        yield CounterMetricFamily(
            "vidnet_late_corrections", "Corrections made by late evidence.", value=figures.late_corrections
        )
        lanes = GaugeMetricFamily(
            "vidnet_lanes", "Lanes of checkpoints, by whether a unit serves them now.", labels=["city_pass", "coverage"]
        )
        for labels, count in figures.lanes.items():
            lanes.add_metric(labels, count)
        yield lanes
        if figures.mqtt_up is not None:
            yield GaugeMetricFamily(
                "vidnet_mqtt_up", "Whether the MQTT broker is connected (1).", value=figures.mqtt_up
            )
