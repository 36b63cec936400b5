"""Metrics of deep looks: how many, how they ended, what became of logging in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.adapters.metrics.service import Durations
from monitor.domain.login import Login


@dataclass(frozen=True, slots=True)
class DeepMetrics:
    """What the metrics show of deep looks; durations in seconds.

    Attributes:
        looks: looks done by (protocol, how the first question ended).
        logins: looks by what became of logging in.
        held: devices by group that are not logged in to because they refused its present version twice.
        broken: groups whose present version is refused by many.
        readable: whether the credentials can be read.
    """

    looks: Mapping[tuple[str, str], int]
    look_errors: int
    durations: Durations
    under_way: int
    lag_s: float
    out_of_turn: int
    logins: Mapping[Login, int]
    held: Mapping[str, int]
    broken: Sequence[str]
    readable: bool
    waiting: int


class DeepCollector(Collector):
    """The metrics of deep looks.

    Args:
        read: gives the figures of this instant.
    """

    def __init__(self, read: Callable[[], DeepMetrics]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Give nothing, so that registering reads nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give every family."""
        deep = self._read()
        looks = CounterMetricFamily(
            "vidnet_deep_looks", "Deep looks done, by how they ended.", labels=["protocol", "result"]
        )
        for labels, count in deep.looks.items():
            looks.add_metric(labels, count)
        yield looks
        yield deep.durations.family("vidnet_deep_look_duration_seconds", "How long deep looks took.")
        yield CounterMetricFamily(
            "vidnet_deep_look_errors", "Deep looks that ended in an error of ours.", value=deep.look_errors
        )
        logins = CounterMetricFamily("vidnet_logins", "Deep looks, by what became of logging in.", labels=["result"])
        for login in Login:
            logins.add_metric([login.value], deep.logins.get(login, 0))
        yield logins
        held = GaugeMetricFamily(
            "vidnet_logins_held_devices", "Devices not logged in to: they refused twice.", labels=["group"]
        )
        broken = GaugeMetricFamily(
            "vidnet_credential_broken", "Whether many devices refuse a group's present version.", labels=["group"]
        )
        for group, count in sorted(deep.held.items()):
            held.add_metric([group], count)
            broken.add_metric([group], int(group in deep.broken))
        yield held
        yield broken
        gauges: tuple[tuple[str, str, float], ...] = (
            ("vidnet_deep_looks_under_way", "Deep looks under way now.", deep.under_way),
            ("vidnet_deep_queue_lag_seconds", "How long the most overdue deep look has been waiting.", deep.lag_s),
            ("vidnet_deep_looks_out_of_turn", "Devices that wait for a deep look out of turn.", deep.out_of_turn),
            ("vidnet_deep_waiting", "Summaries, sayings and logins that wait to be stored.", deep.waiting),
            ("vidnet_credentials_readable", "Whether the credentials can be read.", int(deep.readable)),
        )
        for name, documentation, value in gauges:
            yield GaugeMetricFamily(name, documentation, value=value)
