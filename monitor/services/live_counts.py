"""Live counts: how many devices stand in which bucket, kept up with every commit.

Only snapshot counts are incremental; seconds are computed from the facts. Everything here is as of the last commit, so
nothing is shown that a kill -9 could take back.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.domain.coverage import HEADLINE_KINDS, NETWORKED_WINDOW_S, Coverage, online_within
from monitor.domain.device import Device, DeviceKind
from monitor.domain.exemption import ExemptionBook
from monitor.domain.history import DeviceVersion
from monitor.domain.point import Point, PointClass
from monitor.domain.region import RegionLevel
from monitor.domain.service_time import ServiceRules
from monitor.domain.standing import Standings
from monitor.domain.state import Condition, Connectivity, DeviceState
from monitor.domain.tally import Tally
from monitor.services.live_buckets import (
    ASSESSED,
    BUCKET,
    CODES,
    CONNECTIVITY_OF,
    EXEMPT,
    IS_OFFLINE,
    IS_ONLINE,
    IS_UNKNOWN,
    NOT_IN_SERVICE,
    OUT,
    UNKNOWN_CODE,
)
from monitor.services.live_points import LivePoints, PointColumns, PointKey
from monitor.services.path_ancestors import PathAncestors

_NO_POINT = -1
UNREAD = -(2**31)
"""The clock of a device that was never read."""


@dataclass(frozen=True, slots=True)
class CellKey:
    """What a cell of the counts is about: a town (or the nearest region a device has), a class and a kind."""

    region: str
    point_class: PointClass
    kind: DeviceKind


@dataclass(frozen=True, slots=True)
class DeviceColumns:
    """What is known of every device now, column by column, for searches; views that nobody writes to.

    Attributes:
        devices: all devices; the number of each is its place in every column.
        cells: what a cell is about.
        cell: the cell of each device.
        state: the place in `STATES` of each device's two states.
        standing: of each device: 0 assessed, 1 exempt, 2 out of service.
        since: of each device's connectivity, epoch seconds.
        faults: the confirmed faults of those that have any, by number.
        clock_offset: of each device's clock, tenths of a second; `UNREAD` for none.
    """

    devices: Sequence[Device]
    cells: Sequence[CellKey]
    cell: array[int]
    state: bytearray
    standing: bytearray
    since: array[int]
    faults: Mapping[int, tuple[str, ...]]
    clock_offset: array[int]


STATES: tuple[tuple[Connectivity, Condition], ...] = tuple(CODES)
"""A device's two states by the small number that stands for them."""


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
        self._devices = list(devices)
        self._index = {device.id: number for number, device in enumerate(devices)}
        self._judge_by(rules, book)
        self._code = bytearray([UNKNOWN_CODE]) * count
        self._standing = bytearray([OUT]) * count
        self._alive = bytearray(count)
        self._recent = bytearray(count)
        self._since = array("q", bytes(8 * count))
        self._clock_offset = array("i", [UNREAD]) * count
        self._offline: set[int] = set()
        self._faults: dict[int, tuple[str, ...]] = {}
        self._boundaries: list[tuple[int, int]] = []
        self._boundary_at: dict[int, int] = {}
        self._forgets: list[tuple[int, int]] = []
        self._forget_at: dict[int, int] = {}
        self._points = LivePoints(points)
        self._point_index = _indexed(points, devices)
        self._point = array("i", map(self._point_of, devices))
        self._keys: list[CellKey] = []
        self._cells: list[list[int]] = []
        self._connected: list[int] = []
        self._cell_numbers: dict[tuple[str | None, PointClass, DeviceKind], int] = {}
        self._cell = array("I", map(self._cell_of, devices))
        for cell in self._cell:
            self._cells[cell][NOT_IN_SERVICE] += 1
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
            if state.clock_offset is not None:
                self._clock_offset[number] = state.clock_offset
            code = CODES[state.connectivity, state.condition]
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
            boundary_at, number = heapq.heappop(self._boundaries)
            if self._boundary_at.get(number) == boundary_at:
                del self._boundary_at[number]
                self._stand(number, at=at)
        while self._forgets and self._forgets[0][0] <= at:
            forget_at, number = heapq.heappop(self._forgets)
            if self._forget_at.get(number) == forget_at:
                del self._forget_at[number]
                self._at_point(number, alive=self._alive[number], code=self._code[number], recent=False, at=at)
        self._points.pass_time(at)

    def put_devices(self, devices: Iterable[Device], states: Mapping[str, DeviceState], *, at: int) -> bool:
        """Take in devices that are new or have changed; what they were counts no longer.

        Args:
            devices: as they are now, each once; their points are taken in already.
            states: their states as committed.
            at: now.

        Returns:
            Whether what is reached through what may have changed, so that others may stand otherwise (`stand_anew`).
        """
        paths_changed = False
        numbers = []
        for device in devices:
            number = self._index.get(device.id)
            if number is None:
                number = self._append(device)
                paths_changed = True
            else:
                paths_changed |= self._devices[number].parents != device.parents
                self._take_out(number, at=at)
                self._devices[number] = device
            numbers.append(number)
        if paths_changed:
            self._ancestors = PathAncestors(self._devices, self._index)
        for number in numbers:
            self._put_in(number, states[self._devices[number].id], at=at)
        return paths_changed

    def put_points(self, points: Iterable[Point], *, at: int) -> None:
        """Take in points that are new or have changed, and count the devices at them anew."""
        needs_changed: set[str] = set()
        for point in points:
            number = self._point_index.get(point.id)
            if number is None:
                self._point_index[point.id] = self._points.append(point, at=at)
                needs_changed.add(point.id)
            elif self._points.change(number, point, at=at):
                needs_changed.add(point.id)
        if needs_changed:
            for number, device in enumerate(self._devices):
                if device.point in needs_changed:
                    alive, recent, code = self._alive[number], self._recent[number], self._code[number]
                    self._at_point(number, alive=False, code=code, recent=False, at=at)
                    self._point[number] = self._point_of(device)
                    self._at_point(number, alive=alive, code=code, recent=bool(recent), at=at)

    def judge_by(self, rules: ServiceRules, book: ExemptionBook) -> None:
        """Take other rules or other exemptions; what stands otherwise by them is found by `stand_anew`, part by part.

        After another region tree all devices are to be put anew (`put_devices`).
        """
        tree_changed = rules.tree is not self._rules.tree
        self._judge_by(rules, book)
        if tree_changed:
            self._cell_numbers = {(key.region, key.point_class, key.kind): n for n, key in enumerate(self._keys)}

    def stand_anew(self, first: int, count: int, *, at: int, within: ExemptionBook | None = None) -> bool:
        """Find anew how devices stand, `count` of them from the number `first` on; give whether there are more.

        Args:
            first: the number of the first one.
            count: how many.
            at: now.
            within: only devices that one of these exemptions covers, whenever.
        """
        for number in range(first, min(first + count, len(self._devices))):
            device = self._devices[number]
            version = DeviceVersion(at, device, self._ancestors.of(device))
            if within is None or within.covering(version, self._rules.tree):
                self._stand(number, at=at)
        return first + count < len(self._devices)

    def devices(self, first: int, count: int) -> list[Device]:
        """Give devices as they are now, `count` of them from the number `first` on."""
        return self._devices[first : first + count]

    def cells(self) -> list[tuple[CellKey, Tally]]:
        """Give the tally of every combination of region, class and kind that exists."""
        return [
            (key, Tally(*counts[:NOT_IN_SERVICE]))
            for key, counts in zip(self._keys, self._cells, strict=True)
            if any(counts)
        ]

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
        cells = zip(self._keys, self._connected, self._cells, strict=True)
        return [(key, connected) for key, connected, counts in cells if any(counts)]

    def assessed_devices(self, point_class: PointClass) -> Iterator[tuple[Device, Connectivity]]:
        """Give the devices of headline kinds and a class that are assessed now, each with its connectivity."""
        for number, device in enumerate(self._devices):
            if (
                self._standing[number] == ASSESSED
                and device.point_class is point_class
                and device.kind in HEADLINE_KINDS
            ):
                yield device, CONNECTIVITY_OF[self._code[number]]

    def offline_ages(self, *, at: int, limits_s: Sequence[int]) -> Counter[tuple[str, int]]:
        """Count assessed offline devices by county and how many of the limits (ascending) their age has reached."""
        found: Counter[tuple[int, int]] = Counter()
        edges = [at - limit_s for limit_s in limits_s]
        for number in self._offline:
            if self._standing[number] == ASSESSED:
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

    def number(self, device_id: str) -> int | None:
        """Give the number of a device, which it keeps; None for one that is not known."""
        return self._index.get(device_id)

    def device(self, number: int) -> Device:
        """Give the device of a number, as it is now."""
        return self._devices[number]

    def connectivity(self, device_id: str) -> Connectivity | None:
        """Give the committed connectivity of a device, None for one that is not known."""
        number = self._index.get(device_id)
        return None if number is None else CONNECTIVITY_OF[self._code[number]]

    def is_assessed(self, device_id: str) -> bool:
        """Tell whether a device is in service and not exempt."""
        number = self._index.get(device_id)
        return number is not None and self._standing[number] == ASSESSED

    def is_exempt(self, device_id: str) -> bool:
        """Tell whether a device is in service and exempt."""
        number = self._index.get(device_id)
        return number is not None and self._standing[number] == EXEMPT

    def stands_dark(self, device_id: str) -> bool:
        """Tell whether a device stands at a point where no device is online, and none could be."""
        number = self._index.get(device_id)
        if number is None or self._point[number] == _NO_POINT:
            return False
        return self._points.is_dark(self._point[number])

    def offline(self) -> Iterator[tuple[Device, int]]:
        """Give the assessed offline devices, each with the instant since which it is offline."""
        for number in self._offline:
            if self._standing[number] == ASSESSED:
                yield self._devices[number], self._since[number]

    def all_offline(self) -> Iterator[tuple[Device, int]]:
        """Give all offline devices, exempt and out of service ones too, each with its since."""
        for number in self._offline:
            yield self._devices[number], self._since[number]

    def faults(self) -> Counter[tuple[str, str]]:
        """Count assessed devices by county and confirmed fault."""
        found: Counter[tuple[int, str]] = Counter()
        for number, codes in self._faults.items():
            if self._standing[number] == ASSESSED:
                for code in codes:
                    found[self._cell[number], code] += 1
        faults: Counter[tuple[str, str]] = Counter()
        for (cell, code), count in found.items():
            faults[self._county(cell), code] += count
        return faults

    def columns(self) -> DeviceColumns:
        """Give what is known of every device now, for a search; not to be kept beyond it."""
        return DeviceColumns(
            self._devices,
            self._keys,
            self._cell,
            self._code,
            self._standing,
            self._since,
            self._faults,
            self._clock_offset,
        )

    def points(self) -> PointColumns:
        """Give what is known of every point now, for a search; not to be kept beyond it."""
        return self._points.columns(list(self._point_index))

    def above(self, device: Device) -> frozenset[str]:
        """Give the ids of all devices that a device is reached through, near and far."""
        return self._ancestors.of(device)

    def number_of(self, device_id: str) -> int | None:
        """Give the number of a device in the columns, None where there is no such device."""
        return self._index.get(device_id)

    def _judge_by(self, rules: ServiceRules, book: ExemptionBook) -> None:
        self._rules = rules
        self._standings = Standings(rules, book)
        self._ancestors = PathAncestors(self._devices, self._index)

    def _append(self, device: Device) -> int:
        """Make room for a new device, as one that has left every count."""
        number = self._index[device.id] = len(self._devices)
        self._devices.append(device)
        self._code.append(UNKNOWN_CODE)
        self._standing.append(OUT)
        self._alive.append(0)
        self._recent.append(0)
        self._since.append(0)
        self._clock_offset.append(UNREAD)
        self._point.append(_NO_POINT)
        self._cell.append(0)
        return number

    def _take_out(self, number: int, *, at: int) -> None:
        """Let a device leave every count."""
        self._at_point(number, alive=False, code=self._code[number], recent=False, at=at)
        self._move(number, standing=OUT, code=UNKNOWN_CODE)
        self._cells[self._cell[number]][NOT_IN_SERVICE] -= 1
        self._since[number] = 0
        self._faults.pop(number, None)
        self._forget_at.pop(number, None)
        self._boundary_at.pop(number, None)

    def _put_in(self, number: int, state: DeviceState, *, at: int) -> None:
        """Count a device that has left every count."""
        device = self._devices[number]
        cell = self._cell[number] = self._cell_of(device)
        self._cells[cell][NOT_IN_SERVICE] += 1
        self._point[number] = self._point_of(device)
        self._stand(number, at=at)
        self.take((state,), at=at)

    def _point_of(self, device: Device) -> int:
        """Give the number of the point that a device stands at and suits."""
        point = self._point_index.get(device.point) if device.point is not None else None
        return point if point is not None and self._points.suits(point, device.kind) else _NO_POINT

    def _cell_of(self, device: Device) -> int:
        """Give the cell of a device's town, or of the region it has where that lies above the towns."""
        known = (device.region, device.point_class, device.kind)
        cell = self._cell_numbers.get(known)
        if cell is None:
            code = device.region or ""
            region = self._rules.tree.ancestor_at(code, RegionLevel.TOWN) or code
            key = (region, device.point_class, device.kind)
            cell = self._cell_numbers.get(key)
            if cell is None:
                cell = self._cell_numbers[key] = len(self._cells)
                self._keys.append(CellKey(*key))
                self._cells.append([0] * (NOT_IN_SERVICE + 1))
                self._connected.append(0)
            self._cell_numbers[known] = cell
        return cell

    def _stand(self, number: int, *, at: int) -> None:
        """Find anew how a device stands, and when that may change next."""
        device = self._devices[number]
        now = self._standings.of(DeviceVersion(at, device, self._ancestors.of(device)), at=at)
        if now.next_boundary_at is None:
            self._boundary_at.pop(number, None)
        elif now.next_boundary_at != self._boundary_at.get(number):
            self._boundary_at[number] = now.next_boundary_at
            heapq.heappush(self._boundaries, (now.next_boundary_at, number))
        standing = OUT if not now.in_service else EXEMPT if now.exempt else ASSESSED
        code = self._code[number]
        if now.alive != self._alive[number]:
            # What it did before its service does not count; from now on it does.
            recent = bool(IS_ONLINE[code]) if now.alive else bool(self._recent[number])
            self._at_point(number, alive=now.alive, code=code, recent=recent, at=at)
        self._move(number, standing=standing, code=code)

    def _move(self, number: int, *, standing: int, code: int) -> None:
        """Move a device to the bucket where it belongs now."""
        before_code = self._code[number]
        before = BUCKET[self._standing[number]][before_code]
        after = BUCKET[standing][code]
        self._standing[number] = standing
        if code != before_code:
            self._code[number] = code
            if IS_OFFLINE[code]:
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
                    online=IS_ONLINE[before],
                    unknown=IS_UNKNOWN[before],
                    at=at,
                )
            if alive:
                self._points.count(point, 1, recent=recent, online=IS_ONLINE[code], unknown=IS_UNKNOWN[code], at=at)
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


def _indexed(points: Sequence[Point], devices: Sequence[Device]) -> dict[str, int]:
    """Give the points' numbers by id; an id that devices name is their object: a city has 100,000 of them."""
    shared = {device.point: device.point for device in devices if device.point is not None}
    return {shared.get(point.id, point.id): number for number, point in enumerate(points)}
