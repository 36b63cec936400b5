"""Counting a whole period: every device's seconds and snapshots, kept by device and summed by scope (RULES §5)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from datetime import tzinfo
from operator import add, or_

from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.device import Device
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import ExemptionScope
from monitor.domain.packed import STATES
from monitor.domain.period import SNAPSHOT_TIMES, snapshot_instants
from monitor.domain.period_facts import Pasts, PeriodFacts, trees_of
from monitor.domain.period_seconds import BUCKET_OF, Buckets, SlotKey, Walk, period_seconds, plain_seconds, slot_key
from monitor.domain.region import RegionTree
from monitor.domain.service_time import ServiceRules, service_spans
from monitor.domain.tally import BUCKETS
from monitor.domain.values import dataclass

WIDTH = len(BUCKETS)
PROGRESS_EVERY = 10_000


@dataclass(frozen=True, slots=True)
class CountingRules:
    """The settings that decide over seconds.

    Attributes:
        zone: the city's zone.
        commissioning_days: whole days between the first day of a device and its service.
        snapshot_times: seconds after midnight of the snapshots.
        headline_kinds: kinds of devices that make a headline figure.
    """

    zone: tzinfo
    commissioning_days: int = 0
    snapshot_times: tuple[int, ...] = SNAPSHOT_TIMES
    headline_kinds: frozenset[str] = HEADLINE_KINDS


class PeriodSums:
    """What was counted: entries, one a device and scope that it had, and their sums.

    Attributes:
        trees: (from, to, tree) of every stretch in which one region tree held; a slot belongs to one of them.
        slots: (number of its tree, what is counted under) of every slot.
        seconds: by slot, by bucket.
        shots: snapshots likewise.
        entry_devices: by entry, the device's index in the facts.
        entry_slots: by entry, the slot.
        entry_seconds: by entry, all buckets in a row.
        at_end: by device index, its connectivity's code at the end; 0 where it is not in service then.
    """

    def __init__(self, trees: Sequence[tuple[int, int, RegionTree]], devices: int) -> None:
        self.trees = trees
        self.slots: list[tuple[int, SlotKey]] = []
        self.seconds: list[Buckets] = []
        self.shots: list[Buckets] = []
        self.entry_devices = array("l")
        self.entry_slots = array("l")
        self.entry_seconds = array("q")
        self.at_end = bytearray(devices)
        self._numbers: dict[tuple[int, SlotKey], int] = {}

    def slot(self, tree: int, key: SlotKey) -> int:
        """Give the number of a slot, a new one where it is new."""
        number = self._numbers.get((tree, key))
        if number is None:
            number = self._numbers[tree, key] = len(self.slots)
            self.slots.append((tree, key))
            self.seconds.append([0] * WIDTH)
            self.shots.append([0] * WIDTH)
        return number

    def add(self, index: int, slot: int, seconds: Buckets, shots: Buckets) -> None:
        """Add what a device has under one slot."""
        self.entry_devices.append(index)
        self.entry_slots.append(slot)
        self.entry_seconds.extend(seconds)
        self.seconds[slot] = list(map(add, self.seconds[slot], seconds))
        self.shots[slot] = list(map(add, self.shots[slot], shots))

    def join(self, other: PeriodSums) -> None:
        """Add what was counted apart of devices that come after all of these in the facts."""
        numbers = [self.slot(tree, key) for tree, key in other.slots]
        for number, seconds, shots in zip(numbers, other.seconds, other.shots, strict=True):
            self.seconds[number] = list(map(add, self.seconds[number], seconds))
            self.shots[number] = list(map(add, self.shots[number], shots))
        self.entry_devices.extend(other.entry_devices)
        self.entry_slots.extend(array("l", (numbers[slot] for slot in other.entry_slots)))
        self.entry_seconds.extend(other.entry_seconds)
        # Neither has anything but 0 where the other counted.
        self.at_end = bytearray(map(or_, self.at_end, other.at_end))

    def entry(self, number: int) -> Sequence[int]:
        """Give the seconds by bucket of an entry."""
        return self.entry_seconds[number * WIDTH : (number + 1) * WIDTH]


class PeriodCounter:
    """Counts the devices of a period's facts.

    Args:
        facts: as known at some seq.
        start: first second of the period.
        end: second after its last, or the instant up to which it is known.
        rules: the settings.
        pasts: of these facts, where the caller has them already.
    """

    def __init__(
        self, facts: PeriodFacts, *, start: int, end: int, rules: CountingRules, pasts: Pasts | None = None
    ) -> None:
        self.facts, self.start, self.end, self.rules = facts, start, end, rules
        self.pasts = pasts or Pasts(facts)
        self.trees = trees_of(facts, start=start, end=end)
        self.instants = snapshot_instants((start, end), rules.snapshot_times, rules.zone)
        self.current = [each for each in facts.exemptions if each.start < end and each.end > start]
        self.book = ExemptionBook(self.current)
        self._service: dict[tuple[int, str | None], bool] = {}
        self._unusual = self._unusual_ids()
        self._exempt_points = {each.scope_id for each in self.current if each.scope is ExemptionScope.POINT}
        self._exempt_regions = self._regions_below(
            {each.scope_id for each in self.current if each.scope is ExemptionScope.REGION}
        )

    def service_rules(self, tree: int = -1) -> ServiceRules:
        """Give what decides over service under one of the trees, the last by default."""
        return ServiceRules(self.trees[tree][2], self.rules.zone, self.rules.commissioning_days)

    def count(
        self, *, devices: range | None = None, on_progress: Callable[[int], None] = lambda done: None
    ) -> PeriodSums:
        """Count devices.

        Args:
            devices: the indices of those that are counted; None for all.
            on_progress: told now and then how many are done.
        """
        facts = self.facts
        wanted = range(len(facts.devices)) if devices is None else devices
        sums = PeriodSums(self.trees, len(facts.devices))
        changes, base = facts.changes, facts.changes.base
        walk = Walk(self.start - base, self.end - base, tuple(at - base for at in self.instants))
        length, shots = self.end - self.start, len(self.instants)
        unchanged = [_one_bucket(bucket, length) for bucket in range(WIDTH)]
        unchanged_shots = [_one_bucket(bucket, shots) for bucket in range(WIDTH)]
        for index in wanted:
            if not index % PROGRESS_EVERY:
                on_progress(index - wanted.start)
            device, key = facts.devices[index], facts.keys[index]
            if not self.is_plain(device, key):
                self._add_unusual(sums, index)
                continue
            packed = changes.of(key)
            connectivity, condition = changes.connectivity[key], changes.condition[key]
            if len(packed):
                found, shot, connectivity = plain_seconds(
                    packed, connectivity=connectivity, condition=condition, walk=walk
                )
            else:
                bucket = BUCKET_OF[connectivity * len(STATES) + condition]
                found, shot = unchanged[bucket], unchanged_shots[bucket]
            sums.at_end[index] = connectivity
            sums.add(index, sums.slot(0, slot_key(device)), found, shot)
        on_progress(len(wanted))
        return sums

    def of_device(self, index: int, *, book: ExemptionBook | None = None) -> dict[tuple[int, SlotKey], Buckets]:
        """Count one device again, under other exemptions where a book is given: (tree, scope) → seconds by bucket."""
        return {
            (number, key): seconds
            for number, key, seconds, _ in self._counted(index, self.book if book is None else book)
        }

    def is_plain(self, device: Device, key: int) -> bool:
        """Tell whether a device serves the whole period under one scope, never exempt, and nothing was corrected."""
        if len(self.trees) > 1 or device.id in self._unusual or key in self.facts.changes.irregular:
            return False
        if device.point in self._exempt_points or device.region in self._exempt_regions:
            return False
        life = (id(device.lifecycle), device.region)
        serves = self._service.get(life)
        if serves is None:
            spans = service_spans(device, self.service_rules(), start=self.start, end=self.end)
            serves = self._service[life] = spans == ((self.start, self.end),)
        return serves

    def _add_unusual(self, sums: PeriodSums, index: int) -> None:
        past = self.pasts.past(index)
        for number, key, seconds, shots in self._counted(index, self.book):
            sums.add(index, sums.slot(number, key), seconds, shots)
        last = past.version_at(self.end - 1).device
        if service_spans(last, self.service_rules(), start=self.end - 1, end=self.end):
            sums.at_end[index] = STATES.index(past.connectivity.state_at(self.end - 1))

    def _counted(self, index: int, book: ExemptionBook) -> list[tuple[int, SlotKey, Buckets, Buckets]]:
        past = self.pasts.past(index)
        return [
            (number, key, seconds, shots)
            for number, (since, until, _) in enumerate(self.trees)
            for key, (seconds, shots) in period_seconds(
                past,
                rules=self.service_rules(number),
                exemptions=book,
                start=since,
                end=until,
                instants=self.instants,
            ).items()
        ]

    def _unusual_ids(self) -> set[str]:
        exempt = {each.scope_id for each in self.current if each.scope is ExemptionScope.DEVICE}
        corrected = {
            device_id
            for device_id, found in self.pasts.corrections.items()
            if any(each.start < self.end and each.end > self.start for each in found)
        }
        return exempt | corrected | set(self.pasts.changed) | self.pasts.behind

    def _regions_below(self, codes: set[str]) -> set[str]:
        if not codes:
            return set()
        trees = [tree for _, _, tree in self.trees]
        return {region.code for tree in trees for region in tree if codes & set(tree.lineage(region.code))}


def in_service_s(seconds: Sequence[int]) -> int:
    """Give the seconds in service of an entry."""
    return sum(seconds)


def online_s(seconds: Sequence[int]) -> int:
    """Give the online seconds of an entry, not exempt."""
    return seconds[5] + seconds[6] + seconds[7]


def assessed_s(seconds: Sequence[int]) -> int:
    """Give the assessed seconds of an entry."""
    return seconds[4] + seconds[5] + seconds[6] + seconds[7]


def _one_bucket(bucket: int, count: int) -> Buckets:
    buckets = [0] * WIDTH
    buckets[bucket] = count
    return buckets
