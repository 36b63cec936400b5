"""The seconds and the snapshots of one device in a period, in one walk over its changes (RULES §5).

Nearly every device of a city has one version, serves the whole period and is not exempt in it: its packed changes are
walked as they are. Every other device is cut into spans of one bucket and one scope first. Both give the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from monitor.domain.device import Device, DeviceKind, Organisations
from monitor.domain.exemption import ExemptionBook, exempt_spans
from monitor.domain.history import DevicePast
from monitor.domain.packed import AT_MASK, CONDITION_BIT, INTACT, LOW_BITS, OFFLINE, ONLINE, STATE_MASK, STATES
from monitor.domain.point import PointClass
from monitor.domain.service_time import ServiceRules, service_spans
from monitor.domain.spans import intersect, subtract
from monitor.domain.tally import BUCKETS
from monitor.domain.values import dataclass

Buckets = list[int]
"""Seconds or instants by bucket, in the order of `tally.BUCKETS`."""

SlotKey = tuple[str, PointClass, DeviceKind, Organisations]
"""What seconds are counted under: the device's own region, its class, kind and organisations."""

_WIDTH = len(STATES)


def _bucket(connectivity: int, condition: int) -> int:
    if connectivity == ONLINE:
        name = {INTACT: "intact", 4: "faulty"}.get(condition, "condition_unknown")
    else:
        name = "offline" if connectivity == OFFLINE else "unknown"
    return BUCKETS.index(name)


BUCKET_OF: tuple[int, ...] = tuple(_bucket(i // _WIDTH, i % _WIDTH) for i in range(_WIDTH * _WIDTH))
"""The bucket of a second that is not exempt, by connectivity code × 5 + condition code."""

_EXEMPT_OF = tuple(BUCKETS.index(f"exempt_{state}") for state in STATES[:3])


@dataclass(frozen=True, slots=True)
class Walk:
    """What a device's changes are walked over, in seconds after the base of the packed changes.

    Attributes:
        start: first second.
        end: second after the last.
        instants: of the snapshots, in order.
    """

    start: int
    end: int
    instants: tuple[int, ...]


def plain_seconds(
    changes: Sequence[int], *, connectivity: int, condition: int, walk: Walk
) -> tuple[Buckets, Buckets, int]:
    """Count a device that serves the whole period under one scope and is never exempt.

    Args:
        changes: packed, ordered by instant, none replacing a later one.
        connectivity: the state's code before the first of them.
        condition: likewise.
        walk: the period.

    Returns:
        Seconds by bucket, snapshots by bucket, and the connectivity's code at the end.
    """
    seconds, shots = [0] * len(BUCKETS), [0] * len(BUCKETS)
    since, end, instants = walk.start, walk.end, walk.instants
    bucket = BUCKET_OF[connectivity * _WIDTH + condition]
    shot, all_shots = 0, len(instants)
    next_shot = instants[0] if instants else end
    for change in changes:
        at = change >> LOW_BITS & AT_MASK
        if at > since:
            if at >= end:
                break
            seconds[bucket] += at - since
            if next_shot < at:
                passed = bisect_left(instants, at, shot)
                shots[bucket] += passed - shot
                shot = passed
                next_shot = instants[shot] if shot < all_shots else end
            since = at
        if change & CONDITION_BIT:
            condition = change & STATE_MASK
        else:
            connectivity = change & STATE_MASK
        bucket = BUCKET_OF[connectivity * _WIDTH + condition]
    seconds[bucket] += end - since
    shots[bucket] += all_shots - shot
    return seconds, shots, connectivity


def bucket_spans(
    past: DevicePast, *, rules: ServiceRules, exemptions: ExemptionBook, start: int, end: int
) -> Iterator[tuple[int, int, Device, int]]:
    """Cut the seconds of [start, end) in which a device is in service into (from, to, device as it was, bucket).

    The spans come in no order, but do not overlap.
    """
    for since, until, version in past.pieces(start, end):
        service = service_spans(version.device, rules, start=since, end=until)
        exempt = exempt_spans(version, exemptions, rules.tree, start=since, end=until) if service else ()
        for a, b in intersect(service, exempt) if exempt else ():
            for first, last, state in past.connectivity.spans(a, b):
                yield first, last, version.device, _EXEMPT_OF[STATES.index(state)]
        for a, b in subtract(service, exempt):
            for first, last, state in past.connectivity.spans(a, b):
                connectivity = STATES.index(state)
                if connectivity != ONLINE:
                    yield first, last, version.device, BUCKET_OF[connectivity * _WIDTH]
                    continue
                for c, d, condition in past.condition.spans(first, last):
                    yield c, d, version.device, BUCKET_OF[ONLINE * _WIDTH + STATES.index(condition)]


def period_seconds(
    past: DevicePast,
    *,
    rules: ServiceRules,
    exemptions: ExemptionBook,
    start: int,
    end: int,
    instants: Sequence[int] = (),
) -> dict[SlotKey, tuple[Buckets, Buckets]]:
    """Count any device: seconds and snapshots by bucket, under every scope that it had while in service.

    Args:
        past: its versions and timelines.
        rules: what decides over service; a caller whose tree changed in the period cuts the period there.
        exemptions: those known.
        start: first second.
        end: second after the last.
        instants: of the snapshots, in order.
    """
    found: dict[SlotKey, tuple[Buckets, Buckets]] = {}
    for since, until, device, bucket in bucket_spans(past, rules=rules, exemptions=exemptions, start=start, end=end):
        key = slot_key(device)
        if key not in found:
            found[key] = [0] * len(BUCKETS), [0] * len(BUCKETS)
        seconds, shots = found[key]
        seconds[bucket] += until - since
        shots[bucket] += bisect_left(instants, until) - bisect_left(instants, since)
    return found


def slot_key(device: Device) -> SlotKey:
    """Give what a device's seconds are counted under while it is as it is.

    Raises:
        ValueError: it has no region, so that it cannot be in service.
    """
    if device.region is None:
        raise ValueError(f"device {device.id} is in service without a region")
    return device.region, device.point_class, device.kind, device.organisations
