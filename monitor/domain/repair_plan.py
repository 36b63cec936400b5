"""Plans: the shortest list of repairs that brings a region to its target by the end of the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from monitor.domain.values import dataclass

GROUP_FROM = 3
"""Offline devices behind one parent are one repair from so many on, if they are at least half of those behind it."""


@dataclass(frozen=True, slots=True)
class OfflineDevice:
    """A device that is offline now: its parent by path ("" for none), its maintainer, and since when it is offline."""

    device_id: str
    parent: str
    maintainer: str
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair: a device, or a parent with all that is offline behind it; `gain_s` is what it regains in the week."""

    target: str
    devices: tuple[str, ...]
    maintainer: str
    gain_s: int

    @property
    def is_group(self) -> bool:
        """Whether it mends several devices at once."""
        return len(self.devices) > 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done and what it brings.

    Attributes:
        now: the rate of the week so far.
        without: the rate at the week's end if nothing is repaired and nothing else fails.
        repairs: the shortest list, the most device-seconds first.
        reached: the rate at the week's end after each of them.
        best: the rate if all that is offline were repaired.
        target: what is to be reached; None for no target.
    """

    now: Fraction | None
    without: Fraction | None
    repairs: tuple[Repair, ...]
    reached: tuple[Fraction, ...]
    best: Fraction | None
    target: Fraction | None

    @property
    def suffices(self) -> bool:
        """Whether the target is reached with the repairs listed."""
        rate = self.reached[-1] if self.reached else self.without
        return self.target is None or (rate is not None and rate >= self.target)


def make_plan(
    *,
    online_s: int,
    assessed_s: int,
    online_now: int,
    offline: Sequence[OfflineDevice],
    behind: Mapping[str, int],
    target: Fraction | None,
    left_s: int,
    mended_in_s: int,
) -> Plan:
    """Choose repairs, the greatest first, until the target is reached.

    Args:
        online_s: online seconds of the week so far.
        assessed_s: assessed seconds likewise.
        online_now: devices that are online now, and taken to stay so.
        offline: devices that are offline now, and stay so unless repaired.
        behind: by parent, how many devices lie behind it in all.
        target: the rate to be reached.
        left_s: seconds until the week's end.
        mended_in_s: seconds until a repair takes effect.
    """
    gain = max(0, left_s - mended_in_s)
    final_online = online_s + online_now * left_s
    final_assessed = assessed_s + (online_now + len(offline)) * left_s
    without = _rate(final_online, final_assessed)
    repairs, reached = [], []
    for repair in possible_repairs(offline, behind=behind, gain_s=gain):
        if target is None or final_assessed == 0 or Fraction(final_online, final_assessed) >= target or not gain:
            break
        final_online += repair.gain_s
        repairs.append(repair)
        reached.append(Fraction(final_online, final_assessed))
    return Plan(
        now=_rate(online_s, assessed_s),
        without=without,
        repairs=tuple(repairs),
        reached=tuple(reached),
        best=_rate(online_s + online_now * left_s + len(offline) * gain, final_assessed),
        target=target,
    )


def possible_repairs(offline: Sequence[OfflineDevice], *, behind: Mapping[str, int], gain_s: int) -> list[Repair]:
    """Give every repair, the most device-seconds first; of single devices those that failed last come first."""
    groups: dict[str, list[OfflineDevice]] = {}
    for device in offline:
        if device.parent:
            groups.setdefault(device.parent, []).append(device)
    one_cause = {
        parent: found
        for parent, found in groups.items()
        if len(found) >= GROUP_FROM and 2 * len(found) >= behind.get(parent, len(found))
    }
    repairs = [
        Repair(parent, tuple(each.device_id for each in found), _common(found), gain_s * len(found))
        for parent, found in one_cause.items()
    ]
    # What failed last is most likely still easy to reach and to mend.
    singles = sorted(
        (each for each in offline if each.parent not in one_cause),
        key=lambda each: (-(each.since or 0), each.device_id),
    )
    repairs.sort(key=lambda repair: (-repair.gain_s, repair.target))
    return repairs + [Repair(each.device_id, (each.device_id,), each.maintainer, gain_s) for each in singles]


def _common(found: Sequence[OfflineDevice]) -> str:
    counts: dict[str, int] = {}
    for each in found:
        counts[each.maintainer] = counts.get(each.maintainer, 0) + 1
    return max(sorted(counts), key=lambda name: counts[name])


def _rate(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
