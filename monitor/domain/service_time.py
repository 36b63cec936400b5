"""When a device is in service: the seconds that count at all (RULES §5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from monitor.domain.device import Device
from monitor.domain.policy import DAY_S
from monitor.domain.region import RegionTree
from monitor.domain.spans import EVER_AFTER, Span, Spans, clip, intersect, union
from monitor.domain.values import dataclass
from monitor.domain.weeks import local_date, midnight


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """What decides over service beside the device itself.

    Attributes:
        tree: the regions, with their `assessed_from`; a caller whose tree changed in a period cuts the period there.
        zone: the city's zone.
        commissioning_days: whole days of the city between the first day of a device and its service.
    """

    tree: RegionTree
    zone: tzinfo
    commissioning_days: int = 0


def service_life(device: Device, rules: ServiceRules) -> Span | None:
    """Give [from, until) in which a device is in service, its daily hours aside; None for never.

    From 00:00 of the later of the in-service day and the record's own, plus the commissioning days, and not before the
    latest `assessed_from` of its region and those above; until retirement takes effect (`EVER_AFTER` without one). A
    device without a region, or with one that the tree does not know, is never in service.
    """
    if device.region is None:
        return None
    lineage = rules.tree.lineage(device.region)
    if not lineage:
        return None
    life = device.lifecycle
    begun = life.created_at if life.in_service_from is None else max(life.created_at, life.in_service_from)
    first_day = local_date(begun, rules.zone) + timedelta(days=rules.commissioning_days)
    start = midnight(first_day, rules.zone)
    for code in lineage:
        start = max(start, rules.tree[code].assessed_from or start)
    until = EVER_AFTER if life.retired_at is None else life.retired_at
    return (start, until) if start < until else None


def service_spans(device: Device, rules: ServiceRules, *, start: int, end: int) -> Spans:
    """Give the seconds of [start, end) in which a device, as it is in this version, is in service."""
    if start < end and _has_long_begun(device, rules, start=start, end=end):
        alive: Spans = ((start, end),)
    else:
        life = service_life(device, rules)
        alive = () if life is None else clip((life,), start=start, end=end)
    windows = device.lifecycle.service_windows
    if not windows or not alive:
        return alive
    return intersect(alive, window_spans(windows, rules.zone, start=start, end=end))


def _has_long_begun(device: Device, rules: ServiceRules, *, start: int, end: int) -> bool:
    """Tell without a calendar that a device's life spans [start, end): true for nearly all devices of a city.

    A service that begins less than a day before `start` is left to `service_life`, which knows the city's midnights.
    """
    lineage = () if device.region is None else rules.tree.lineage(device.region)
    life = device.lifecycle
    begun = start - (rules.commissioning_days + 1) * DAY_S
    if not lineage or life.created_at > begun or (life.in_service_from or begun) > begun:
        return False
    if life.retired_at is not None and life.retired_at < end:
        return False
    return all((rules.tree[code].assessed_from or start) <= start for code in lineage)


def window_spans(windows: tuple[Span, ...], zone: tzinfo, *, start: int, end: int) -> Spans:
    """Give the seconds of [start, end) whose time of day on the city's clock lies in one of the daily windows.

    Args:
        windows: (from, to) in seconds after midnight; one whose `to` is not after its `from` runs over midnight.
        zone: the city's zone; hours that a clock change repeats count twice, skipped ones never.
        start: first second.
        end: second after the last.
    """
    found: list[Span] = []
    for since, until, offset in _of_one_offset(start, end, zone):
        # The clock reads `at + offset`; a window that began the evening before may still be open.
        days = range((since + offset) // DAY_S - 1, (until - 1 + offset) // DAY_S + 1)
        daily = (_opened(day, window, offset) for day in days for window in windows)
        found.extend(clip(union(daily), start=since, end=until))
    return union(found)


def _opened(day: int, window: Span, offset: int) -> Span:
    opens, closes = window
    length = closes - opens if closes > opens else closes - opens + DAY_S
    start = day * DAY_S + opens - offset
    return start, start + length


def _of_one_offset(start: int, end: int, zone: tzinfo) -> Iterator[tuple[int, int, int]]:
    """Cut [start, end) wherever the clock changes and give (from, to, seconds ahead of UTC)."""
    while start < end:
        offset, until = _offset(start, zone), min(end, start + DAY_S)
        if _offset(until, zone) != offset:
            until = _change_between(start, until, zone)
        yield start, until, offset
        start = until


def _change_between(before: int, after: int, zone: tzinfo) -> int:
    """Give the first instant of the offset in force at `after`; a clock changes at most once a day."""
    offset = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(at: int, zone: tzinfo) -> int:
    ahead = datetime.fromtimestamp(at, zone).utcoffset()
    return 0 if ahead is None else int(ahead.total_seconds())
