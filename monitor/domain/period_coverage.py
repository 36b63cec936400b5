"""Networked coverage at a period's end, from the period's facts and, for few devices, those of the window before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.domain.coverage import NETWORKED_WINDOW_S, Coverage, PointCounts, coverage_of, point_counts_at, suits
from monitor.domain.device import Device
from monitor.domain.facts import Axis, StateChange
from monitor.domain.history import DevicePast, versions_of
from monitor.domain.period_counting import WIDTH, PeriodCounter, PeriodSums
from monitor.domain.point import Point, PointClass
from monitor.domain.region import RegionTree
from monitor.domain.service_time import service_life
from monitor.domain.timeline import build_timeline


class PeriodCoverage:
    """Counts required points of the first and second class as the period ends.

    Nearly every point has a device that was online in the period while it stood there; only the others need the facts
    of the whole window, which the caller reads for `needed`.
    """

    def __init__(self, counter: PeriodCounter, sums: PeriodSums) -> None:
        self._counter = counter
        self._rules = counter.service_rules()
        end = counter.end
        changed = {change.entity_id for change in counter.facts.inventory_changes if change.entity == "point"}
        self._points = {
            point.id: point
            for each in counter.facts.points
            for point in (self._point(each) if each.id in changed else each,)
            if point.point_class in (PointClass.FIRST, PointClass.SECOND)
        }
        self._seen: dict[str, int] = {}
        self._unsure: dict[str, list[int]] = {}
        headline = counter.rules.headline_kinds
        was_online = _were_online(sums)
        steady_points, pasts = self._points.keys(), counter.pasts
        for index, device in enumerate(counter.facts.devices):
            is_steady = device.id not in pasts.changed and device.id not in pasts.corrections
            if is_steady and device.point not in steady_points:
                continue
            point = self._points.get(device.point or "")
            key = counter.facts.keys[index]
            if not is_steady:
                point = self._points.get(self._version(index).point or "")
                if point is not None:
                    self._unsure.setdefault(point.id, []).append(index)
            elif point is not None and suits(device, point, headline_kinds=headline):
                life = service_life(device, self._rules)
                if life is None or not life[0] <= end < life[1]:
                    continue
                if index in was_online and key not in counter.facts.changes.irregular:
                    self._seen[point.id] = self._seen.get(point.id, 0) + 1
                else:
                    self._unsure.setdefault(point.id, []).append(index)
        self._unsure = {
            point: found
            for point, found in self._unsure.items()
            if self._seen.get(point, 0) < self._points[point].count
        }

    @property
    def needed(self) -> list[str]:
        """The ids of the devices of which all changes are needed, as known at the facts' seq."""
        devices = self._counter.facts.devices
        return sorted(devices[index].id for found in self._unsure.values() for index in found)

    def of(
        self, changes: Mapping[str, Sequence[StateChange]], *, tree: RegionTree
    ) -> dict[tuple[str, PointClass], Coverage]:
        """Give the coverage by (region with all below it, class).

        Args:
            changes: all changes of the devices in `needed`.
            tree: the tree at the end.
        """
        end = self._counter.end
        found: dict[tuple[str, PointClass], Coverage] = {}
        for point in self._points.values():
            count = self._seen.get(point.id, 0)
            if point.id in self._unsure:
                pasts = [self._past(index, changes) for index in self._unsure[point.id]]
                count += point_counts_at(point, pasts, self._rules, at=end, window_s=NETWORKED_WINDOW_S).recently
            part = coverage_of([(point, PointCounts(recently=count))], at=end)
            for code in tree.lineage(point.region):
                key = code, point.point_class
                found[key] = found.get(key, Coverage()) + part
        return found

    def _version(self, index: int) -> Device:
        return self._counter.pasts.past(index).version_at(self._counter.end).device

    def _point(self, point: Point) -> Point:
        ledger = self._counter.facts.inventory_changes
        held = [each for since, each in versions_of(point, ledger) if since <= self._counter.end]
        return held[-1]

    def _past(self, index: int, changes: Mapping[str, Sequence[StateChange]]) -> DevicePast:
        """Give a device's past over the whole window."""
        pasts = self._counter.pasts
        known = pasts.past(index)
        device_id = self._counter.facts.devices[index].id
        corrections = pasts.corrections.get(device_id, ())
        connectivity = build_timeline(Axis.CONNECTIVITY, changes.get(device_id, ()), corrections)
        return DevicePast(known.versions, connectivity, known.condition)


def _were_online(sums: PeriodSums) -> set[int]:
    """Give the devices with online seconds, exempt ones too, in the period."""
    seconds = sums.entry_seconds
    return {
        sums.entry_devices[number]
        for number, first in enumerate(range(0, len(seconds), WIDTH))
        if seconds[first] or seconds[first + 5] or seconds[first + 6] or seconds[first + 7]
    }
