"""Plans: the shortest list of repairs that brings a region to its target by the end of the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from monitor.domain.values import dataclass

GROUP_FROM = 3
"""Offline devices behind one parent are one repair from so many on, if they are at least half of those behind it."""


@dataclass(frozen=True, slots=True)
class FailedDevice:
    """A device that costs the rate something now.

    Attributes:
        parent: its parent by path, "" for none.
        since: since when it has failed, None where that is not known.
        is_offline: whether mending its parent may bring it back.
        is_faulty: whether it is faulty for the rate that is planned for: no parent mends that, only a visit to it.
    """

    device_id: str
    parent: str
    maintainer: str
    since: int | None = None
    is_offline: bool = True
    is_faulty: bool = False


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair: a device, or a parent with all that is offline behind it; `gain_s` is what it regains in the week."""

    target: str
    devices: tuple[str, ...]
    maintainer: str
    gain_s: int
    is_group: bool = False
    is_faulty: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done and what it brings.

    Attributes:
        now: the rate of the week so far.
        without: the rate at the week's end if nothing is repaired and nothing else fails.
        repairs: the shortest list, the most device-seconds first.
        reached: the rate at the week's end after each of them.
        best: the rate if all that has failed were repaired.
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
    good_s: int,
    whole_s: int,
    good_now: int,
    failed: Sequence[FailedDevice],
    behind: Mapping[str, int],
    target: Fraction | None,
    left_s: int,
    mended_in_s: int,
) -> Plan:
    """Choose repairs, the greatest first, until the target is reached.

    Args:
        good_s: the rate's numerator in the week so far, in device-seconds: online or intact ones.
        whole_s: its denominator likewise: assessed or judged ones.
        good_now: devices that are online, or intact, now, and taken to stay so.
        failed: devices that are offline, or faulty, now, and stay so unless repaired.
        behind: by parent, how many devices lie behind it in all.
        target: the rate to be reached.
        left_s: seconds until the week's end.
        mended_in_s: seconds until a repair takes effect.
    """
    gain = max(0, left_s - mended_in_s)
    final_good = good_s + good_now * left_s
    final_whole = whole_s + (good_now + len(failed)) * left_s
    without = _rate(final_good, final_whole)
    repairs, reached = [], []
    for repair in possible_repairs(failed, behind=behind, gain_s=gain):
        if target is None or final_whole == 0 or Fraction(final_good, final_whole) >= target or not gain:
            break
        final_good += repair.gain_s
        repairs.append(repair)
        reached.append(Fraction(final_good, final_whole))
    return Plan(
        now=_rate(good_s, whole_s),
        without=without,
        repairs=tuple(repairs),
        reached=tuple(reached),
        best=_rate(good_s + good_now * left_s + len(failed) * gain, final_whole),
        target=target,
    )


def possible_repairs(failed: Sequence[FailedDevice], *, behind: Mapping[str, int], gain_s: int) -> list[Repair]:
    """Give every repair, the most device-seconds first; of single devices those that failed last come first."""
    groups: dict[str, list[FailedDevice]] = {}
    for device in failed:
        if device.parent and device.is_offline:
            groups.setdefault(device.parent, []).append(device)
    one_cause = {
        parent: found
        for parent, found in groups.items()
        if len(found) >= GROUP_FROM and 2 * len(found) >= behind.get(parent, len(found))
    }
    repairs = [
        Repair(parent, tuple(each.device_id for each in back), _common(back), gain_s * len(back), is_group=True)
        for parent, found in one_cause.items()
        if (back := [each for each in found if not each.is_faulty])
    ]
    # What failed last is most likely still easy to reach and to mend.
    singles = sorted(
        (each for each in failed if each.is_faulty or each.parent not in one_cause or not each.is_offline),
        key=lambda each: (-(each.since or 0), each.device_id),
    )
    repairs.sort(key=lambda repair: (-repair.gain_s, repair.target))
    return repairs + [
        Repair(each.device_id, (each.device_id,), each.maintainer, gain_s, is_faulty=each.is_faulty) for each in singles
    ]


def _common(found: Sequence[FailedDevice]) -> str:
    counts: dict[str, int] = {}
    for each in found:
        counts[each.maintainer] = counts.get(each.maintainer, 0) + 1
    return max(sorted(counts), key=lambda name: counts[name])


def _rate(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
