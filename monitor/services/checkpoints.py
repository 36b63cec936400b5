"""Checkpoints in the running service: what platforms tell of tollgates and lanes, and who falls silent.

A unit that is online and makes far fewer records than it usually does shows the fault `silent`. Of the records only
their number in an hour is known here.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from collectors.pushed import Crossing, Records
from collectors.pushed import Tollgate as Told
from monitor.domain.checkpoint import (
    CITY_PASS_OF,
    HOUR_S,
    KEPT_HOURS,
    CityPass,
    Lane,
    SilenceRule,
    Tollgate,
    is_silent,
    lane_coverage,
    usual_count,
)
from monitor.domain.state import DeviceState
from monitor.ports import CheckpointStore

SILENT = frozenset({"silent"})
_NONE = -1


class Checkpoints:
    """All tollgates, their lanes, and the counts of the last 14 days: 1.4 KB a unit that makes records.

    Args:
        store: where they are kept.
        rule: when a unit is silent.
    """

    def __init__(self, store: CheckpointStore, *, rule: SilenceRule) -> None:
        self._store = store
        self._rule = rule
        self._tollgates: dict[str, Tollgate] = {}
        self._lanes: dict[str, tuple[Lane, ...]] = {}
        self._new_gates: dict[str, Tollgate] = {}
        self._new_lanes: dict[str, tuple[Lane, ...]] = {}
        self._counts: dict[str, array[int]] = {}
        self._newest: dict[str, int] = {}
        self._waiting: dict[tuple[str, int], int] = {}

    async def begin(self, *, at: int) -> None:
        """Load what is stored.

        Raises:
            StoreError: the store cannot be read.
        """
        self._tollgates = {gate.id: gate for gate in await self._store.tollgates()}
        self._lanes = _by_tollgate(await self._store.lanes())
        for device_id, hour_at, count in await self._store.counts(since=at - KEPT_HOURS * HOUR_S):
            self._put(device_id, hour_at, count)

    async def take(self, reporter: str, told: Sequence[Told], crossings: Sequence[Crossing]) -> None:
        """Take in what a platform says of its tollgates and lanes; what is the same as before costs no write.

        A lane of a tollgate that nobody told of is kept with one of which no more is known.

        Raises:
            StoreBusyError: nothing was stored; it is tried again with the next answer, of whatever platform.
            StoreRefusedError: the store cannot be used as it is.
        """
        gates = {
            one.id: Tollgate(one.id, one.name, reporter, one.status, one.category, one.usage, one.lanes, one.place_code)
            for one in told
        }
        lanes = _by_tollgate(
            Lane(one.tollgate, one.number, one.direction, CITY_PASS_OF.get(one.city_pass, CityPass.UNSAID), one.device)
            for one in crossings
        )
        for gate_id in lanes:
            if gate_id not in gates and gate_id not in self._tollgates:
                gates[gate_id] = Tollgate(gate_id, reporter=reporter)
        self._new_gates |= {gate.id: gate for gate in gates.values() if self._tollgates.get(gate.id) != gate}
        self._new_lanes |= {gate_id: found for gate_id, found in lanes.items() if self._lanes.get(gate_id) != found}
        self._tollgates |= gates
        self._lanes |= lanes
        if not self._new_gates and not self._new_lanes:
            return
        new_gates, new_lanes = dict(self._new_gates), dict(self._new_lanes)
        await self._store.put(list(new_gates.values()), [lane for found in new_lanes.values() for lane in found])
        self._new_gates = {key: gate for key, gate in self._new_gates.items() if new_gates.get(key) != gate}
        self._new_lanes = {key: found for key, found in self._new_lanes.items() if new_lanes.get(key) != found}

    def judge(self, device_id: str, records: Records, *, now: int) -> tuple[frozenset[str], frozenset[str]]:
        """Take in how many records a unit made in an hour, and give (faults shown, faults it could have shown).

        Only a full hour counts, and only the newest is judged: an older one tells nothing of now.
        """
        hour_at, count = records.hour, records.count
        oldest = now - KEPT_HOURS * HOUR_S
        if hour_at % HOUR_S or hour_at + HOUR_S > now or hour_at <= oldest:
            return frozenset(), frozenset()
        newest = self._newest.get(device_id, 0)
        usual = usual_count(self._earlier(device_id), hour_at=hour_at) if hour_at >= newest else None
        if self._put(device_id, hour_at, count):
            self._waiting[device_id, hour_at] = count
        if usual is None:
            return frozenset(), frozenset()
        return (SILENT if is_silent(count, usual, self._rule) else frozenset()), SILENT

    async def store_counts(self, *, now: int) -> None:
        """Store the counts that wait.

        Raises:
            StoreBusyError: nothing was stored; they go on waiting.
            StoreRefusedError: the store cannot be used as it is.
        """
        if not self._waiting:
            return
        waiting = list(self._waiting.items())
        counts = [(device_id, hour_at, count) for (device_id, hour_at), count in waiting]
        await self._store.keep_counts(counts, forget_before=now - KEPT_HOURS * HOUR_S)
        for key, count in waiting:
            if self._waiting.get(key) == count:
                del self._waiting[key]

    def lane_counts(self, states: Mapping[str, DeviceState]) -> Counter[tuple[str, str]]:
        """Count lanes by (city pass, covered, unknown or uncovered) as things stand now."""
        connectivity = {
            lane.device: states[lane.device].connectivity
            for found in self._lanes.values()
            for lane in found
            if lane.device in states
        }
        counts: Counter[tuple[str, str]] = Counter()
        for city_pass in CityPass:
            lanes = [lane for found in self._lanes.values() for lane in found if lane.city_pass is city_pass]
            if lanes:
                coverage = lane_coverage(lanes, connectivity)
                counts[city_pass, "covered"] = coverage.covered
                counts[city_pass, "unknown"] = coverage.unknown
                counts[city_pass, "uncovered"] = coverage.uncovered
        return counts

    def _put(self, device_id: str, hour_at: int, count: int) -> bool:
        """Put a count in its place; say whether that is news."""
        ring = self._counts.get(device_id)
        newest = self._newest.get(device_id, 0)
        if ring is None:
            ring = self._counts[device_id] = array("i", [_NONE]) * KEPT_HOURS
        if hour_at > newest:
            for skipped in range(max(newest + HOUR_S, hour_at - (KEPT_HOURS - 1) * HOUR_S), hour_at, HOUR_S):
                ring[skipped // HOUR_S % KEPT_HOURS] = _NONE
            ring[hour_at // HOUR_S % KEPT_HOURS] = _NONE
            self._newest[device_id] = hour_at
        elif hour_at <= newest - KEPT_HOURS * HOUR_S:
            return False
        place = hour_at // HOUR_S % KEPT_HOURS
        is_news = ring[place] != count
        ring[place] = count
        return is_news

    def _earlier(self, device_id: str) -> dict[int, int]:
        """Give the counts that are known of a unit, by their hours."""
        ring = self._counts.get(device_id)
        if ring is None:
            return {}
        newest = self._newest[device_id]
        hours = range(newest - (KEPT_HOURS - 1) * HOUR_S, newest + 1, HOUR_S)
        counts = ((hour_at, ring[hour_at // HOUR_S % KEPT_HOURS]) for hour_at in hours)
        return {hour_at: count for hour_at, count in counts if count != _NONE}


def _by_tollgate(lanes: Iterable[Lane]) -> dict[str, tuple[Lane, ...]]:
    found: dict[str, dict[tuple[int, str], Lane]] = {}
    for lane in lanes:
        found.setdefault(lane.tollgate, {})[lane.number, lane.direction] = lane
    return {gate_id: tuple(one for _, one in sorted(each.items())) for gate_id, each in found.items()}
