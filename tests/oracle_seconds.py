"""The oracle for RULES §4 (timelines) and §5 (seconds): arrays of seconds, brute force, nothing of the product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

DAY = 86_400
Steps = tuple[tuple[int, Any], ...]  # (from instant, value), in order; before the first: None

BUCKETS = (
    "not_in_service",
    "exempt_online",
    "exempt_offline",
    "exempt_unknown",
    "unknown",
    "offline",
    "intact",
    "faulty",
    "condition_unknown",
)


@dataclass(frozen=True)
class Change:
    """A StateChange on one axis of one device."""

    seq: int
    at: int
    state: str


@dataclass(frozen=True)
class Correction:
    """A Correction of [begin, end); ``withdrawn_seq`` is the seq of its withdrawal, if any."""

    seq: int
    begin: int
    end: int
    state: str
    by_person: bool = False
    withdrawn_seq: int | None = None


def overlay(
    changes: Iterable[Change],
    corrections: Iterable[Correction] = (),
    *,
    begin: int,
    end: int,
    initial: str = "unknown",
    known_at: int | None = None,
) -> list[str]:
    """§4: the states of [begin, end) from the facts with seq <= known_at (None: all).

    First all changes in seq order, each from its at to the end; then all corrections in seq order, an automatic
    one leaving out the seconds a person's standing correction covers. A correction thus also survives changes
    with a later seq.
    """

    def known(seq: int) -> bool:
        return known_at is None or seq <= known_at

    states = [initial] * (end - begin)
    for change in sorted((c for c in changes if known(c.seq)), key=lambda c: c.seq):
        for t in range(max(begin, change.at), end):
            states[t - begin] = change.state
    by_person = [False] * (end - begin)
    for correction in sorted((c for c in corrections if known(c.seq)), key=lambda c: c.seq):
        if correction.withdrawn_seq is not None and known(correction.withdrawn_seq):
            continue
        for t in range(max(begin, correction.begin), min(end, correction.end)):
            if correction.by_person or not by_person[t - begin]:
                states[t - begin] = correction.state
                by_person[t - begin] = by_person[t - begin] or correction.by_person
    return states


@dataclass(frozen=True)
class Exemption:
    """An approved exemption of a "device", "point" or "region" (its whole subtree), for [begin, end)."""

    scope: str
    ident: str
    begin: int
    end: int


@dataclass(frozen=True)
class Device:
    """What §5 asks about one device. Steps hold what was true from an instant on."""

    ident: str
    created_at: int
    in_service_from: int | None = None  # in_service_on at 00:00 city time; None: no date given, creation decides
    commissioning_days: int = 0
    retired_at: int | None = None
    hours: tuple[tuple[int, int], ...] = ()  # daily [from, to) in seconds of the city's day; from > to: over midnight
    region: Steps = ((0, "city"),)
    point: Steps = ()
    path_ancestors: Steps = ()  # values: the idents of all path ancestors
    dimensions: Mapping[str, Steps] = field(default_factory=dict)  # "class", "kind", "organisation"


@dataclass(frozen=True)
class City:
    """The city's zone (a fixed offset), its region tree over time (region -> parent or None) and assessed_from.

    ``assessed_from`` is looked up for the device's region and for those above it: a new county is measured for a while
    before it is judged, and its towns with it. ``creation_at_midnight``: the record counts from
    00:00 city time of the day of its creation (the reading of "(00:00 city time)" taken here), else from its
    very second.
    """

    zone_offset_s: int = 8 * 3600
    tree: Steps = ((0, {"city": None}),)
    assessed_from: Mapping[str, int] = field(default_factory=dict)
    creation_at_midnight: bool = True


def at_second(steps: Steps, t: int) -> Any:
    """The value that held at t."""
    value = None
    for since, what in steps:
        if since <= t:
            value = what
    return value


def region_and_above(city: City, region: str | None, t: int) -> list[str]:
    """The region and all regions above it, in the tree that held at t."""
    tree = at_second(city.tree, t) or {}
    chain: list[str] = []
    while region is not None:
        chain.append(region)
        region = tree.get(region)
    return chain


def in_service(device: Device, city: City, t: int) -> bool:
    """§5, 'In service', for one second."""
    region = at_second(device.region, t)
    if region is None:
        return False
    start = device.created_at
    if city.creation_at_midnight:
        start -= (device.created_at + city.zone_offset_s) % DAY
    if device.in_service_from is not None:
        start = max(start, device.in_service_from)
    start += device.commissioning_days * DAY
    if t < start or any(t < city.assessed_from.get(each, t) for each in region_and_above(city, region, t)):
        return False
    if device.retired_at is not None and t >= device.retired_at:
        return False
    if not device.hours:
        return True
    second_of_day = (t + city.zone_offset_s) % DAY
    return any(
        begin <= second_of_day < end if begin < end else second_of_day >= begin or second_of_day < end
        for begin, end in device.hours
    )


def exempt(device: Device, city: City, exemptions: Iterable[Exemption], t: int) -> bool:
    """§5, 'Exempt', for one second: an exemption of the device, its point, its region or above, or a path ancestor."""
    covered = {("device", device.ident)}
    covered |= {("device", ancestor) for ancestor in at_second(device.path_ancestors, t) or ()}
    covered |= {("region", region) for region in region_and_above(city, at_second(device.region, t), t)}
    point = at_second(device.point, t)
    if point is not None:
        covered.add(("point", point))
    return any((e.scope, e.ident) in covered and e.begin <= t < e.end for e in exemptions)


def buckets(
    device: Device,
    connectivity: Sequence[str],
    condition: Sequence[str],
    *,
    begin: int,
    end: int,
    city: City | None = None,
    exemptions: Iterable[Exemption] = (),
) -> list[str]:
    """§5: the bucket of every second of [begin, end). Both state lists are indexed by t - begin."""
    city = city or City()
    exemptions = list(exemptions)
    result: list[str] = []
    for t in range(begin, end):
        state, fitness = connectivity[t - begin], condition[t - begin]
        if not in_service(device, city, t):
            result.append("not_in_service")
        elif exempt(device, city, exemptions, t):
            result.append("exempt_" + state)
        elif state != "online":
            result.append(state)
        else:
            result.append({"intact": "intact", "faulty": "faulty", "unknown": "condition_unknown"}[fitness])
    return result


Key = tuple[str | None, str | None, str | None, str | None]  # region, class, kind, organisation


def sums(
    parts: Iterable[tuple[Device, Sequence[str]]], *, begin: int, city: City | None = None, subtree: bool = True
) -> dict[Key, Counter[str]]:
    """Integer sums of the buckets per (region, class, kind, organisation) that held at each second.

    With ``subtree`` a second counts for its region and for every region above it, else for its own region only.
    ``parts`` are (device, its buckets indexed by t - begin).
    """
    city = city or City()
    total: dict[Key, Counter[str]] = {}
    for device, row in parts:
        for number, bucket in enumerate(row):
            t = begin + number
            own = at_second(device.region, t)
            names = ("class", "kind", "organisation")
            cls, kind, organisation = (at_second(device.dimensions.get(name, ()), t) for name in names)
            for region in (region_and_above(city, own, t) if subtree else []) or [own]:
                total.setdefault((region, cls, kind, organisation), Counter())[bucket] += 1
    return total


def _rate(numerator: int, denominator: int) -> Fraction | None:
    return Fraction(numerator, denominator) if denominator else None


def figures(n: Mapping[str, int]) -> dict[str, Fraction | None]:
    """The rates of §5, exact; None is "no data"."""
    n = {bucket: n.get(bucket, 0) for bucket in BUCKETS}
    online = n["intact"] + n["faulty"] + n["condition_unknown"]
    assessed = online + n["offline"]
    judged = n["intact"] + n["faulty"] + n["offline"]
    all_exempt = n["exempt_online"] + n["exempt_offline"] + n["exempt_unknown"]
    service = assessed + n["unknown"] + all_exempt
    return {
        "online": _rate(online, assessed),
        "raw_online": _rate(online + n["exempt_online"], service),
        "judged_share": _rate(judged, assessed),
        "intact": _rate(n["intact"], judged),
        "raw_intact": _rate(n["intact"], service - all_exempt),
        "intact_low": _rate(n["intact"], assessed),
        "intact_high": _rate(n["intact"] + n["condition_unknown"], assessed),
        "measured_share": _rate(assessed, service - all_exempt),
    }
