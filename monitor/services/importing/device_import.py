"""One sheet of devices held against the inventory: the reading half of its import, which records nothing yet."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.device import Device, DeviceRecord, ParentRole
from monitor.domain.request import RequestKind
from monitor.ports import InventoryBatch
from monitor.services.importing.codes import Words
from monitor.services.importing.derived_points import DerivedPoints
from monitor.services.importing.device_rows import City, DeviceRows
from monitor.services.importing.difference import MISSING, DeviceDifference, path_circle
from monitor.services.importing.problems import Problem
from monitor.services.importing.sheet import SheetError
from monitor.services.importing.work import Scope, Work, refuse_most


class DeviceImport:
    """Reads one sheet of devices.

    Args:
        work: the import under way.
        city: what its rows are held against.
        stored: devices that are recorded, by id; it is emptied of those that the sheet names.
        records: their records, likewise.
        scope: the part of the city that the sheet is of.
        points: makes points for devices that have none, None where it is not to.
    """

    def __init__(
        self,
        work: Work,
        city: City,
        *,
        stored: dict[str, Device],
        records: dict[str, DeviceRecord],
        scope: Scope,
        points: DerivedPoints | None,
    ) -> None:
        self._work = work
        self._stored = stored
        self._scope = scope
        self._points = points
        self._has_parents = "parent" in work.layout.columns
        self._known = set(stored) if self._has_parents else set()
        self._above = _above(stored) if self._has_parents else {}
        self._asked: dict[str, str] = {}
        self._kinds = set(HEADLINE_KINDS)
        self._count = dict.fromkeys({device.kind for device in stored.values()}, 0)
        for device in stored.values():
            self._count[device.kind] += device.lifecycle.retired_at is None
        owners = {each.endpoint.address: each.id for each in stored.values() if each.endpoint}
        owners |= {each.mac: each.device_id for each in records.values() if each.mac}
        self._reader = DeviceRows(work.layout, work.profile, city, owners=owners)
        self.difference = DeviceDifference(
            stored,
            records,
            layout=work.layout,
            points=points,
            repair_days=work.profile.repair_days,
            **work.terms(),
        )

    @property
    def words(self) -> Mapping[str, Words]:
        """Give the code lists with what they did not know."""
        return self._reader.words

    def read(self) -> InventoryBatch:
        """Go through all rows, then look at what the sheet leaves out, and give what is to be recorded.

        Raises:
            SheetError: the sheet cannot be used as a whole.
        """
        work = self._work
        for row in work.rows:
            said, problems = self._reader.read(row)
            if said is not None:
                problems += self._scope.problems(row, said.device.region, work.layout)
            if not work.judge(row, problems) or said is None:
                continue
            device = said.device
            self._kinds.add(device.kind)
            if self._has_parents:
                self._known.add(device.id)
                if device.parents:
                    self._asked[device.id] = device.parents[0].device_id
            self.difference.take(said)
        self._judge_parents()
        self._miss()
        self._note()
        difference = self.difference
        return InventoryBatch(
            points=list(self._points.made.values()) if self._points else (),
            devices=difference.devices,
            records=difference.records,
            changes=difference.changes,
        )

    def _judge_parents(self) -> None:
        """Warn of parents that are nowhere, and refuse a sheet by which devices would be reached through themselves."""
        work, lines = self._work, self._reader.lines
        for device_id, parent in self._asked.items():
            if parent not in self._known:
                expected = "清单中已有的设备 · a device that is recorded"
                column = work.layout.heading("parent")
                work.judgement.warn(Problem(lines[device_id], column, parent, expected, is_error=False))
        circle = path_circle(self._above | {device_id: (parent,) for device_id, parent in self._asked.items()})
        if circle:
            where = ", ".join(f"{device_id} ({lines.get(device_id, '–')})" for device_id in circle[:5])
            raise SheetError(
                f"{work.sheet.head.name}: 上级设备成环，未导入 · parents run in a circle, nothing was imported: {where}"
            )

    def _miss(self) -> None:
        """Count what the sheet leaves out, and ask for its retirement where that is wanted.

        Recorders, gateways and platforms are missed only by a sheet that lists some of their kind.
        """
        work, lines = self._work, self._reader.lines
        missing = [
            device
            for device in self._stored.values()
            if device.lifecycle.retired_at is None
            and device.kind in self._kinds
            and device.id not in lines
            and self._scope.holds(device.region)
        ]
        work.missing = len(missing)
        if work.options.retire_missing:
            living = sum(number for kind, number in self._count.items() if kind in self._kinds)
            if not work.options.region:
                refuse_most(len(missing), of=living, sheet=work.sheet)
            for device in missing:
                work.proposals.ask(RequestKind.RETIRE, device, why=MISSING)

    def _note(self) -> None:
        retired, placeless = self.difference.retired_listed, self._points.without_place if self._points else 0
        if retired:
            self._work.notes.append(
                f"表中有 {retired} 台已退出使用的设备，恢复须申请 · "
                f"the sheet lists {retired} devices that are retired: ask for their return"
            )
        if placeless:
            self._work.notes.append(
                f"{placeless} 台无立杆、坐标或地址，未生成点位 · "
                f"{placeless} devices have neither pole, coordinates nor place: no point was made for them"
            )


def _above(devices: Mapping[str, Device]) -> dict[str, tuple[str, ...]]:
    found = {
        each.id: tuple(parent.device_id for parent in each.parents if parent.role is ParentRole.PATH)
        for each in devices.values()
        if each.parents
    }
    return {device_id: parents for device_id, parents in found.items() if parents}
