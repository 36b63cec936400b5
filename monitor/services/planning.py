"""What to repair: the shortest list that brings a region to its target by the end of the week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.device import ParentRole
from monitor.domain.facts import Axis
from monitor.domain.indicator import Indicator
from monitor.domain.packed import CONDITION_BIT, FAULTY, INTACT, OFFLINE, ONLINE, STATE_MASK, STATES
from monitor.domain.period import Period
from monitor.domain.period_counting import PeriodCounter, assessed_s
from monitor.domain.period_seconds import period_seconds
from monitor.domain.repair_plan import FailedDevice, Plan, make_plan
from monitor.domain.spans import FROM_EVER
from monitor.ports import ReportFacts
from monitor.services.counted_region import INDICATORS, Basis, CountedRegion, count_region, judged_of


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """Plans with what is needed to read them.

    Attributes:
        period: the week.
        at: now.
        mended_at: by when repairs take effect.
        plans: by indicator, those asked for.
        names: by repair's target, where it has one.
        faults: by device that is to be mended for a fault, the fault's code.
    """

    region: str
    period: Period
    at: int
    mended_at: int
    plans: dict[Indicator, Plan]
    names: dict[str, str]
    faults: dict[str, str]


async def plan_region(
    store: ReportFacts,
    period: Period,
    *,
    region: str | None,
    basis: Basis,
    mended_in_s: int,
    indicators: Sequence[Indicator] = INDICATORS,
) -> RegionPlan:
    """Plan how a region reaches its targets by the end of a week that runs.

    What is online stays so, and what is offline or faulty too unless it is repaired. A device that comes back is taken
    to be intact unless a confirmed fault of it stands.

    Raises:
        ReportError: there is no such region, or nothing of it is in service.
        StoreError: the facts cannot be read.
    """
    at = basis.as_of
    counted = await count_region(store, period, region=region, basis=basis)
    now = _Now(counted)
    tally = counted.row.sums.seconds
    so_far = {Indicator.ONLINE: (tally.online, tally.assessed), Indicator.INTACT: (tally.intact, tally.judged)}
    plans = {}
    for indicator in indicators:
        good_now, failed = now.standing(indicator)
        target = judged_of(counted.row, indicator).target
        good_s, whole_s = so_far[indicator]
        plans[indicator] = make_plan(
            good_s=good_s,
            whole_s=whole_s,
            good_now=good_now,
            failed=failed,
            behind=now.behind,
            target=None if target is None else target.value,
            left_s=max(0, period.end - at),
            mended_in_s=mended_in_s,
        )
    repairs = [repair for made in plans.values() for repair in made.repairs]
    faulty = sorted({repair.target for repair in repairs if repair.is_faulty})
    return RegionPlan(
        counted.code,
        period,
        at,
        at + mended_in_s,
        plans,
        names=await store.names(sorted({repair.target for repair in repairs})),
        faults=await _faults(store, faulty, upto=counted.counter.facts.upto),
    )


class _Now:
    """How the devices of a region stand at the end of what was counted.

    Attributes:
        behind: by parent, how many devices lie behind it.
    """

    def __init__(self, counted: CountedRegion) -> None:
        self._counted = counted
        self.behind: dict[str, int] = {}
        slots, sums = counted.slots(), counted.sums
        mine = {index for index, slot in zip(sums.entry_devices, sums.entry_slots, strict=True) if slot in slots}
        self._parents: dict[int, str] = {}
        self._mine: list[int] = []
        for index, device in enumerate(counted.counter.facts.devices):
            parent = next((each.device_id for each in device.parents if each.role is ParentRole.PATH), "")
            if parent:
                self.behind[parent] = self.behind.get(parent, 0) + 1
                self._parents[index] = parent
            if index in mine and not _is_exempt_now(counted.counter, index):
                self._mine.append(index)

    def standing(self, indicator: Indicator) -> tuple[int, list[FailedDevice]]:
        """Give how many devices are good for an indicator, and those that have failed for it."""
        good, failed = 0, []
        counter, at_end = self._counted.counter, self._counted.sums.at_end
        for index in self._mine:
            connectivity = at_end[index]
            if connectivity not in (ONLINE, OFFLINE):
                continue
            condition = INTACT if indicator is Indicator.ONLINE else _condition_now(counter, index)
            is_offline, is_faulty = connectivity == OFFLINE, condition == FAULTY
            good += not is_offline and condition == INTACT
            if not is_offline and not is_faulty:
                continue
            since = _since(counter, index, Axis.CONNECTIVITY if is_offline else Axis.CONDITION)
            device = counter.facts.devices[index]
            failed.append(
                FailedDevice(
                    device.id,
                    self._parents.get(index, ""),
                    device.organisations.maintainer,
                    since,
                    is_offline=is_offline,
                    is_faulty=is_faulty,
                )
            )
        return good, failed


def _condition_now(counter: PeriodCounter, index: int) -> int:
    """Give the code of a device's condition at the end, past a timeline wherever its changes are in order."""
    facts = counter.facts
    device, key, changes = facts.devices[index], facts.keys[index], facts.changes
    if key in changes.irregular or device.id in counter.pasts.corrections:
        return STATES.index(counter.pasts.timeline(device.id, key, Axis.CONDITION).state_at(counter.end - 1))
    for change in reversed(changes.of(key)):
        if change & CONDITION_BIT:
            return change & STATE_MASK
    return changes.condition[key]


def _since(counter: PeriodCounter, index: int, axis: Axis) -> int | None:
    """Give since when a device has stood as it stands on an axis at the end, None from before the facts."""
    facts = counter.facts
    line = counter.pasts.timeline(facts.devices[index].id, facts.keys[index], axis)
    since = next(start for start in reversed(line.starts) if start < counter.end)
    return None if since == FROM_EVER else since


def _is_exempt_now(counter: PeriodCounter, index: int) -> bool:
    if counter.is_plain(counter.facts.devices[index], counter.facts.keys[index]):
        return False
    last = counter.end - 1
    past = counter.pasts.past(index)
    rules = counter.service_rules()
    found = period_seconds(past, rules=rules, exemptions=counter.book, start=last, end=counter.end)
    return not any(assessed_s(seconds) for seconds, _ in found.values())


async def _faults(store: ReportFacts, device_ids: list[str], *, upto: int) -> dict[str, str]:
    """Give the fault that each device became faulty with, as far as one is known."""
    changes = await store.changes_of(device_ids, upto=upto)
    found = {}
    for device_id, mine in changes.items():
        faults = [change.fault for change in mine if change.axis is Axis.CONDITION and change.fault]
        if faults:
            found[device_id] = faults[-1]
    return found
