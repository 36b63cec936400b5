"""Metrics of alerts, incidents and of what waits to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class ReceiverFigures:
    """One receiver: messages sent, tries failed, messages waiting, and whether its last try failed."""

    sent: int
    failures: int
    waiting: int
    is_up: bool


@dataclass(frozen=True, slots=True)
class AlertMetrics:
    """What the metrics show: raised alerts by severity, open incidents by (kind, party) with the devices down in them.

    Attributes:
        raised: alerts raised now, by severity.
        happened: alerts that were raised or cleared since the start, by (what, severity).
        incidents: open incidents by (kind, party).
        incident_devices: devices down in them, by (kind, party).
        orders: open work orders.
        rounds: rounds of rules since the start.
        errors: rounds that ended in an error of ours.
        store_ok: whether the last round was stored.
        receivers: by name.
    """

    raised: Mapping[str, int]
    happened: Mapping[tuple[str, str], int]
    incidents: Mapping[tuple[str, str], int]
    incident_devices: Mapping[tuple[str, str], int]
    orders: int
    rounds: int
    errors: int
    store_ok: bool
    receivers: Mapping[str, ReceiverFigures]


class AlertCollector(Collector):
    """The metrics of alerts.

    Args:
        read: gives the figures of this instant.
    """

    def __init__(self, read: Callable[[], AlertMetrics]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Give nothing, so that registering reads nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give every family."""
        figures = self._read()
        raised = GaugeMetricFamily("vidnet_alerts_raised", "Alerts raised now.", labels=["severity"])
        for severity, count in figures.raised.items():
            raised.add_metric([severity], count)
        yield raised
        happened = CounterMetricFamily(
            "vidnet_alerts", "Alerts raised and cleared since the start.", labels=["event", "severity"]
        )
        for labels, count in figures.happened.items():
            happened.add_metric(labels, count)
        yield happened
        incidents = GaugeMetricFamily("vidnet_incidents_open", "Open incidents.", labels=["kind", "party"])
        devices = GaugeMetricFamily(
            "vidnet_incident_devices", "Devices down in open incidents.", labels=["kind", "party"]
        )
        for labels, count in figures.incidents.items():
            incidents.add_metric(labels, count)
            devices.add_metric(labels, figures.incident_devices[labels])
        yield incidents
        yield devices
        yield GaugeMetricFamily("vidnet_work_orders_open", "Work orders that are not closed.", value=figures.orders)
        yield CounterMetricFamily("vidnet_alert_rounds", "Rounds of alert rules.", value=figures.rounds)
        yield CounterMetricFamily("vidnet_alert_errors", "Rounds that ended in an error of ours.", value=figures.errors)
        yield GaugeMetricFamily(
            "vidnet_alert_store_up", "Whether the last round of rules was stored (1).", value=figures.store_ok
        )
        yield from _of_receivers(figures.receivers)


def _of_receivers(receivers: Mapping[str, ReceiverFigures]) -> Iterable[Metric]:
    sent = CounterMetricFamily("vidnet_notifications_sent", "Messages that a receiver took.", labels=["receiver"])
    failed = CounterMetricFamily("vidnet_notification_failures", "Tries that failed.", labels=["receiver"])
    waiting = GaugeMetricFamily("vidnet_outbox_waiting", "Messages that wait for a receiver.", labels=["receiver"])
    is_up = GaugeMetricFamily("vidnet_receiver_up", "Whether the last try succeeded (1).", labels=["receiver"])
    for name, figures in receivers.items():
        sent.add_metric([name], figures.sent)
        failed.add_metric([name], figures.failures)
        waiting.add_metric([name], figures.waiting)
        is_up.add_metric([name], figures.is_up)
    return sent, failed, waiting, is_up
