"""What one correction does to the city's online rate in a period, without making the whole report."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from fractions import Fraction

from monitor.domain.facts import Correction
from monitor.domain.period import Period
from monitor.domain.period_counting import CountingRules, PeriodCounter
from monitor.domain.tally import BUCKETS
from monitor.domain.waterfall import Pair, online_pair
from monitor.ports import ReportFacts


async def effect_alone(
    store: ReportFacts,
    period: Period,
    correction: Correction,
    *,
    as_of: int,
    zone: tzinfo,
    commissioning_days: int,
) -> Fraction | None:
    """Give the city's online rate with a correction that is recorded already less that without it.

    Raises:
        StoreError: the facts cannot be read.
    """
    facts = await store.read(start=period.start, as_of=as_of)
    index = next((number for number, each in enumerate(facts.devices) if each.id == correction.device_id), None)
    end = min(period.end, as_of)
    if index is None or end <= period.start:
        return None
    rules = CountingRules(zone, commissioning_days)
    counter = PeriodCounter(facts, start=period.start, end=end, rules=rules)
    sums = counter.count()
    total = [0] * len(BUCKETS)
    for (_, (_, _, kind, _)), seconds in zip(sums.slots, sums.seconds, strict=True):
        if kind in rules.headline_kinds:
            total = [one + other for one, other in zip(total, seconds, strict=True)]
    this = correction.device_id, correction.reason
    rest = [each for each in facts.corrections if (each.device_id, each.reason) != this]
    without = PeriodCounter(replace(facts, corrections=rest), start=period.start, end=end, rules=rules)
    whole, one, other = online_pair(total), _of(counter, index), _of(without, index)
    changed = whole[0] - one[0] + other[0], whole[1] - one[1] + other[1]
    return Fraction(*whole) - Fraction(*changed) if whole[1] and changed[1] else None


def _of(counter: PeriodCounter, index: int) -> Pair:
    total = [0] * len(BUCKETS)
    for (_, (_, _, kind, _)), seconds in counter.of_device(index).items():
        if kind in counter.rules.headline_kinds:
            total = [one + other for one, other in zip(total, seconds, strict=True)]
    return online_pair(total)
