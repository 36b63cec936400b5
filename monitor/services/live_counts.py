"""Live counts: how many devices stand in which bucket, kept up with every commit.

Only snapshot counts are incremental; seconds are computed from the facts. Everything here is as of the last commit, so
nothing is shown that a kill -9 could take back.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.domain.coverage import NETWORKED_WINDOW_S, Coverage, online_within, suits
from monitor.domain.device import Device, DeviceKind
from monitor.domain.exemption import ExemptionBook
from monitor.domain.history import DeviceVersion
from monitor.domain.point import Point, PointClass
from monitor.domain.region import RegionLevel
from monitor.domain.service_time import ServiceRules
from monitor.domain.standing import Standings
from monitor.domain.state import Condition, Connectivity, DeviceState
from monitor.domain.tally import BUCKETS, Tally
from monitor.services.live_points import LivePoints, PointKey
from monitor.services.path_ancestors import PathAncestors

_ASSESSED, _EXEMPT, _OUT = range(3)
_NOT_IN_SERVICE = len(BUCKETS)
_NO_POINT = -1
_CODES = {(one, other): number for number, (one, other) in enumerate((a, b) for a in Connectivity for b in Condition)}
"""A device's two states as one small number."""

_UNKNOWN_CODE = _CODES[Connectivity.UNKNOWN, Condition.UNKNOWN]
_IS_ONLINE = bytes(connectivity is Connectivity.ONLINE for connectivity, _ in _CODES)
_IS_OFFLINE = bytes(connectivity is Connectivity.OFFLINE for connectivity, _ in _CODES)
_IS_UNKNOWN = bytes(connectivity is Connectivity.UNKNOWN for connectivity, _ in _CODES)


def _bucket(standing: int, connectivity: Connectivity, condition: Condition) -> int:
    if standing == _OUT:
        return _NOT_IN_SERVICE
    if standing == _EXEMPT:
        return BUCKETS.index(f"exempt_{connectivity}")
    if connectivity is not Connectivity.ONLINE:
        return BUCKETS.index(connectivity)
    return BUCKETS.index("condition_unknown" if condition is Condition.UNKNOWN else condition)


_BUCKETS = tuple(bytes(_bucket(standing, *states) for states in _CODES) for standing in (_ASSESSED, _EXEMPT, _OUT))
"""The bucket of every standing and code."""


@dataclass(frozen=True, slots=True)
class CellKey:
    """What a cell of the counts is about: a town (or the nearest region a device has), a class and a kind."""

    region: str
    point_class: PointClass
    kind: DeviceKind


class LiveCounts:
    """The counts of all devices and points.

    Args:
        devices: all devices.
        points: all points.
        rules: what decides over service.
        book: approved exemptions.
        at: the instant from which time passes.
        states: the states of the devices, as committed; one that has none counts as unknown.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        points: Sequence[Point],
        *,
        rules: ServiceRules,
        book: ExemptionBook,
        at: int,
        states: Iterable[DeviceState] = (),
    ) -> None:
        count = len(devices)
        self._devices = devices
        self._rules = rules
        self._standings = Standings(rules, book)
        self._index = {device.id: number for number, device in enumerate(devices)}
        self._ancestors = PathAncestors(devices, self._index)
        self._code = bytearray([_UNKNOWN_CODE]) * count
        self._standing = bytearray([_OUT]) * count
        self._alive = bytearray(count)
        self._recent = bytearray(count)
        self._since = array("q", bytes(8 * count))
        self._offline: set[int] = set()
        self._faults: dict[int, tuple[str, ...]] = {}
        self._boundaries: list[tuple[int, int]] = []
        self._forgets: list[tuple[int, int]] = []
        self._forget_at: dict[int, int] = {}
        self._points = LivePoints(points)
        self._point = _point_numbers(devices, points)
        self._make_cells()
        for number in range(count):
            self._stand(number, at=at)
        self.take(states, at=at)
        self._points.begin(at=at)

    def take(self, states: Iterable[DeviceState], *, at: int) -> None:
        """Take in committed states."""
        for state in states:
            number = self._index.get(state.device_id)
            if number is None:
                continue
            code = _CODES[state.connectivity, state.condition]
            if code == self._code[number] and state.connectivity_since == self._since[number]:
                if state.faults or number in self._faults:
                    self._take_faults(number, state)
                continue  # most states only were looked at again
            life = self._standings.life(self._devices[number])
            # The second of the change itself counts, so that an answer makes a point networked at once.
            recent = life is not None and online_within(state, since=life[0], at=at + 1)
            self._at_point(number, alive=self._alive[number], code=code, recent=recent, at=at)
            self._remember_until(number, state)
            self._move(number, standing=self._standing[number], code=code)
            self._since[number] = state.connectivity_since
            if state.faults or number in self._faults:
                self._take_faults(number, state)

    def pass_time(self, at: int) -> None:
        """Let time alone change what it may: service, exemptions, and what was online too long ago."""
        while self._boundaries and self._boundaries[0][0] <= at:
            self._stand(heapq.heappop(self._boundaries)[1], at=at)
        while self._forgets and self._forgets[0][0] <= at:
            forget_at, number = heapq.heappop(self._forgets)
            if self._forget_at.get(number) == forget_at:
                del self._forget_at[number]
                self._at_point(number, alive=self._alive[number], code=self._code[number], recent=False, at=at)
        self._points.pass_time(at)

    def cells(self) -> list[tuple[CellKey, Tally]]:
        """Give the tally of every combination of region, class and kind that exists."""
        return [(key, Tally(*counts[:_NOT_IN_SERVICE])) for key, counts in zip(self._keys, self._cells, strict=True)]

    def coverage(self) -> dict[tuple[str, PointClass], Coverage]:
        """Give the coverage of required points by (region of the points, class)."""
        return self._points.coverage()

    def point_cells(self) -> list[tuple[PointKey, Coverage]]:
        """Give the coverage of required points by everything that it is asked by."""
        return self._points.cells()

    def networked_regions(self) -> frozenset[str]:
        """Give the regions in which a networked point stands, required or not."""
        return self._points.networked_regions()

    def connected(self) -> list[tuple[CellKey, int]]:
        """Give the connected devices of every cell: in their service life, and online in it within the window."""
        return list(zip(self._keys, self._connected, strict=True))

    def offline_ages(self, *, at: int, limits_s: Sequence[int]) -> Counter[tuple[str, int]]:
        """Count assessed offline devices by county and how many of the limits (ascending) their age has reached."""
        found: Counter[tuple[int, int]] = Counter()
        edges = [at - limit_s for limit_s in limits_s]
        for number in self._offline:
            if self._standing[number] == _ASSESSED:
                since = self._since[number]
                reached = 0
                for edge in edges:
                    if since > edge:
                        break
                    reached += 1
                found[self._cell[number], reached] += 1
        ages: Counter[tuple[str, int]] = Counter()
        for (cell, reached), count in found.items():
            ages[self._county(cell), reached] += count
        return ages

    def faults(self) -> Counter[tuple[str, str]]:
        """Count assessed devices by county and confirmed fault."""
        found: Counter[tuple[int, str]] = Counter()
        for number, codes in self._faults.items():
            if self._standing[number] == _ASSESSED:
                for code in codes:
                    found[self._cell[number], code] += 1
        faults: Counter[tuple[str, str]] = Counter()
        for (cell, code), count in found.items():
            faults[self._county(cell), code] += count
        return faults

    def _make_cells(self) -> None:
        self._keys: list[CellKey] = []
        self._cells: list[list[int]] = []
        self._cell = array("I", bytes(4 * len(self._devices)))
        numbers: dict[tuple[str | None, PointClass, DeviceKind], int] = {}
        for number, device in enumerate(self._devices):
            key = (device.region, device.point_class, device.kind)
            cell = numbers.get(key)
            if cell is None:
                cell = numbers[key] = self._cell_of(device, numbers)
            self._cell[number] = cell
            self._cells[cell][_NOT_IN_SERVICE] += 1
        self._connected = [0] * len(self._cells)

    def _cell_of(self, device: Device, numbers: dict[tuple[str | None, PointClass, DeviceKind], int]) -> int:
        """Give the cell of a device's town, or of the region it has where that lies above the towns."""
        code = device.region or ""
        region = self._rules.tree.ancestor_at(code, RegionLevel.TOWN) or code
        key = (region, device.point_class, device.kind)
        if key in numbers:
            return numbers[key]
        self._keys.append(CellKey(region, device.point_class, device.kind))
        self._cells.append([0] * (_NOT_IN_SERVICE + 1))
        numbers[key] = len(self._cells) - 1
        return numbers[key]

    def _stand(self, number: int, *, at: int) -> None:
        """Find anew how a device stands, and when that may change next."""
        device = self._devices[number]
        now = self._standings.of(DeviceVersion(at, device, self._ancestors.of(device)), at=at)
        if now.next_boundary_at is not None:
            heapq.heappush(self._boundaries, (now.next_boundary_at, number))
        standing = _OUT if not now.in_service else _EXEMPT if now.exempt else _ASSESSED
        code = self._code[number]
        if now.alive != self._alive[number]:
            # What it did before its service does not count; from now on it does.
            recent = bool(_IS_ONLINE[code]) if now.alive else bool(self._recent[number])
            self._at_point(number, alive=now.alive, code=code, recent=recent, at=at)
        self._move(number, standing=standing, code=code)

    def _move(self, number: int, *, standing: int, code: int) -> None:
        """Move a device to the bucket where it belongs now."""
        before_code = self._code[number]
        before = _BUCKETS[self._standing[number]][before_code]
        after = _BUCKETS[standing][code]
        self._standing[number] = standing
        if code != before_code:
            self._code[number] = code
            if _IS_OFFLINE[code]:
                self._offline.add(number)
            else:
                self._offline.discard(number)
        if before != after:
            counts = self._cells[self._cell[number]]
            counts[before] -= 1
            counts[after] += 1

    def _at_point(self, number: int, *, alive: int, code: int, recent: bool, at: int) -> None:
        """Count a device anew as connected and at its point: as it was recorded before, and as it is from now on.

        The code itself is recorded by `_move`, which follows.
        """
        connected = (alive and recent) - (self._alive[number] and self._recent[number])
        if connected:
            self._connected[self._cell[number]] += connected
        point = self._point[number]
        if point != _NO_POINT:
            before = self._code[number]
            if self._alive[number]:
                self._points.count(
                    point,
                    -1,
                    recent=self._recent[number],
                    online=_IS_ONLINE[before],
                    unknown=_IS_UNKNOWN[before],
                    at=at,
                )
            if alive:
                self._points.count(point, 1, recent=recent, online=_IS_ONLINE[code], unknown=_IS_UNKNOWN[code], at=at)
        self._alive[number] = alive
        self._recent[number] = recent

    def _remember_until(self, number: int, state: DeviceState) -> None:
        """Note when a device that is no longer online will have been online too long ago."""
        if self._recent[number] and state.last_online_until is not None:
            forget_at = state.last_online_until + NETWORKED_WINDOW_S
            # An offline device is taken in after each of its looks: one entry is enough for all of them.
            if self._forget_at.get(number) != forget_at:
                self._forget_at[number] = forget_at
                heapq.heappush(self._forgets, (forget_at, number))
        else:
            self._forget_at.pop(number, None)

    def _take_faults(self, number: int, state: DeviceState) -> None:
        codes = tuple(fault.code for fault in state.faults if fault.confirmed)
        if codes:
            self._faults[number] = codes
        else:
            self._faults.pop(number, None)

    def _county(self, cell: int) -> str:
        return self._rules.tree.ancestor_at(self._keys[cell].region, RegionLevel.COUNTY)


def _point_numbers(devices: Sequence[Device], points: Sequence[Point]) -> array[int]:
    """Give for every device the number of the point that it stands at and suits."""
    by_id = {point.id: number for number, point in enumerate(points)}
    numbers = array("i", [_NO_POINT]) * len(devices)
    for number, device in enumerate(devices):
        point = by_id.get(device.point) if device.point is not None else None
        if point is not None and suits(device, points[point]):
            numbers[number] = point
    return numbers
