"""Seconds: every second of a device in exactly one bucket, under the scope that held then (RULES §5)."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.device import Device, DeviceKind, Organisations
from monitor.domain.exemption import ExemptionBook, exempt_spans
from monitor.domain.history import DevicePast
from monitor.domain.point import PointClass
from monitor.domain.service_time import ServiceRules, service_spans
from monitor.domain.spans import Spans, intersect, seconds_in, subtract
from monitor.domain.state import Condition, Connectivity
from monitor.domain.tally import BUCKETS, Tally
from monitor.domain.values import dataclass

_EXEMPT = {
    state.value: BUCKETS.index(name)
    for state, name in (
        (Connectivity.ONLINE, "exempt_online"),
        (Connectivity.OFFLINE, "exempt_offline"),
        (Connectivity.UNKNOWN, "exempt_unknown"),
    )
}
_ASSESSED = {
    state.value: BUCKETS.index(name)
    for state, name in ((Connectivity.OFFLINE, "offline"), (Connectivity.UNKNOWN, "unknown"))
}
_ONLINE = {
    condition.value: BUCKETS.index(name)
    for condition, name in (
        (Condition.INTACT, "intact"),
        (Condition.FAULTY, "faulty"),
        (Condition.UNKNOWN, "condition_unknown"),
    )
}


@dataclass(frozen=True, slots=True)
class ScopeKey:
    """What seconds are counted under; a device in service always has a region."""

    region: str
    point_class: PointClass
    kind: DeviceKind
    organisations: Organisations


@dataclass(frozen=True, slots=True)
class DeviceSeconds:
    """One device over one period: seconds by bucket and scope, and those not in service; together the whole period."""

    by_scope: Mapping[ScopeKey, Tally]
    not_in_service_s: int


def device_seconds(
    past: DevicePast, *, rules: ServiceRules, exemptions: ExemptionBook, start: int, end: int
) -> DeviceSeconds:
    """Count every second of [start, end) of one device.

    Region, class, kind, organisations, point and paths are those that held at each second; the region tree is that of
    the rules. Results of neighbouring periods add up.
    """
    by_scope: dict[ScopeKey, Tally] = {}
    in_service_s = 0
    for since, until, version in past.pieces(start, end):
        service = service_spans(version.device, rules, start=since, end=until)
        if service:
            in_service_s += seconds_in(service)
            exempt = exempt_spans(version, exemptions, rules.tree, start=since, end=until)
            tally, key = _tally(past, service, exempt), _key(version.device)
            # Most periods have one version, and adding tallies is dear.
            by_scope[key] = by_scope[key] + tally if key in by_scope else tally
    return DeviceSeconds(by_scope, max(0, end - start) - in_service_s)


def _tally(past: DevicePast, service: Spans, exempt: Spans) -> Tally:
    buckets = [0] * len(BUCKETS)
    if exempt:
        _count_exempt(buckets, past, intersect(service, exempt))
        service = subtract(service, exempt)
    _count_assessed(buckets, past, service)
    return Tally(*buckets)


def _key(device: Device) -> ScopeKey:
    if device.region is None:
        raise ValueError(f"device {device.id} is in service without a region")
    return ScopeKey(device.region, device.point_class, device.kind, device.organisations)


def _count_exempt(buckets: list[int], past: DevicePast, spans: Spans) -> None:
    for start, end in spans:
        for since, until, state in past.connectivity.spans(start, end):
            buckets[_EXEMPT[state]] += until - since


def _count_assessed(buckets: list[int], past: DevicePast, spans: Spans) -> None:
    for start, end in spans:
        for since, until, state in past.connectivity.spans(start, end):
            # Condition matters while online only: an intact second is an online second.
            if state == Connectivity.ONLINE:
                for first, last, condition in past.condition.spans(since, until):
                    buckets[_ONLINE[condition]] += last - first
            else:
                buckets[_ASSESSED[state]] += until - since
