"""The oracle for a period's rows (RULES §5): seconds and snapshots by brute force, nothing of the product.

Every second and every snapshot instant of every device is put into its bucket one by one and counted for its region
and all above it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.oracle_seconds import Change, City, Correction, Device, Exemption, Key, at_second, buckets, overlay, sums

Facts = tuple[Iterable[Change], Iterable[Correction]]


def daily_instants(times: Sequence[int], *, begin: int, end: int, offset_s: int) -> list[int]:
    """All seconds of [begin, end) whose time of day in a fixed zone is one of the times."""
    return [t for t in range(begin, end) if (t + offset_s) % 86_400 in times]


def rows(
    device: Device,
    connectivity: Facts,
    condition: Facts,
    *,
    begin: int,
    end: int,
    city: City,
    exemptions: list[Exemption],
    times: Sequence[int] = (),
) -> tuple[dict[Key, Counter[str]], dict[Key, Counter[str]]]:
    """Seconds and snapshots by (region with all below it, class, kind, organisation) and bucket."""
    line = buckets(
        device,
        overlay(*connectivity, begin=begin, end=end),
        overlay(*condition, begin=begin, end=end),
        begin=begin,
        end=end,
        city=city,
        exemptions=exemptions,
    )
    shots: dict[Key, Counter[str]] = {}
    for t in daily_instants(times, begin=begin, end=end, offset_s=city.zone_offset_s):
        for key, counts in sums([(device, [line[t - begin]])], begin=t, city=city).items():
            shots.setdefault(key, Counter()).update(counts)
    return sums([(device, line)], begin=begin, city=city), shots


def value_at(steps: tuple[tuple[int, object], ...], t: int) -> object:
    """The value of an inventory's step function at a second."""
    return at_second(steps, t)
