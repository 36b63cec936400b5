"""Metrics of the page and its API: what was refused, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

REASONS = (
    "busy",
    "changed",
    "csrf",
    "forbidden",
    "host",
    "http",
    "invalid",
    "login",
    "media-type",
    "not-allowed",
    "not-found",
    "not-polled",
    "origin",
    "refused",
    "slow",
    "store",
    "throttled",
    "token",
    "too-large",
    "under-way",
    "vault",
)
"""Every reason that a request is refused for; each is shown from the start, so that its first time is an increase."""


class WebCollector(Collector):
    """The metrics of the page and its API.

    Args:
        refused: gives how many requests were refused so far, by reason.
    """

    def __init__(self, refused: Callable[[], Mapping[str, int]]) -> None:
        self._refused = refused

    def describe(self) -> Iterable[Metric]:
        """Give nothing, so that registering reads nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Give every family."""
        family = CounterMetricFamily(
            "vidnet_http_refused", "Requests to the page's API refused, by why.", labels=["reason"]
        )
        counts = self._refused()
        for reason in sorted({*REASONS, *counts}):
            family.add_metric([reason], counts.get(reason, 0))
        yield family
