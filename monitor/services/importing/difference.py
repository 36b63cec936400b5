"""What a sheet changes of what is recorded: added, changed field by field, unchanged, missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Generic, TypeVar

from monitor.domain import requesting
from monitor.domain.device import Device, DeviceRecord, Endpoint, Parent, ParentRole
from monitor.domain.facts import InventoryChange
from monitor.domain.fields import FIELDS, id_of, name_of, text_of, with_field
from monitor.domain.point import Point
from monitor.domain.profile import FIELDS as SHEET_FIELDS
from monitor.domain.profile import SheetKind
from monitor.domain.region import Region
from monitor.domain.request import RequestKind
from monitor.services.importing.derived_points import DerivedPoints
from monitor.services.importing.device_rows import DeviceRow
from monitor.services.importing.device_texts import DISMANTLED, REPAIR
from monitor.services.importing.layout import Layout
from monitor.services.importing.proposals import Proposals

Entity = TypeVar("Entity", Device, Point, Region)

MISSING = "清单导入中缺失 · missing from the sheet"
"""Why the retirement of what a sheet leaves out is asked for."""

_IN_SHEET = "与清单不同 · the sheet says otherwise"
_AT_RETIREMENT = "设备状态为拆除 · the sheet calls it dismantled"
_RECORD_FIELDS = [name for name in SHEET_FIELDS[SheetKind.DEVICES] if name in DeviceRecord.__slots__]
_CLEARED = frozenset({"owner_unit", "maintainer", "contract", "police_station"})
"""Fields of a device that an empty cell clears; of the others it says nothing."""


class Counted:
    """How many entities a sheet adds, changes and leaves as they are."""

    def __init__(self) -> None:
        self.added = 0
        self.changed = 0
        self.unchanged = 0

    def count(self, *, changed: bool) -> None:
        """Count an entity that is recorded."""
        if changed:
            self.changed += 1
        else:
            self.unchanged += 1


class PlainDifference(Counted, Generic[Entity]):
    """The difference for points and regions: what moves a rate is asked for, the rest holds at once.

    Args:
        stored: what is recorded, by id or code.
        fields: the fields that the sheet has a column for.
        plain: those of the fields that move no rate.
        proposals: takes what is only asked for.
        at: now, epoch seconds.
        author: who imports.
        reason: what the ledger says.
    """

    def __init__(
        self,
        stored: Mapping[str, Entity],
        *,
        fields: Collection[str],
        plain: Collection[str],
        proposals: Proposals,
        at: int,
        author: str,
        reason: str,
    ) -> None:
        super().__init__()
        self._stored: Mapping[str, Entity] = stored
        self._fields = fields
        self._plain = [name for name in plain if name in fields]
        self._proposals = proposals
        self._change = _Changes(at=at, author=author, reason=reason)
        self.written: list[Entity] = []

    @property
    def changes(self) -> list[InventoryChange]:
        """Give the entries of the ledger for what holds at once."""
        return self._change.made

    def take(self, entity: Entity) -> None:
        """Take what one row says."""
        old = self._stored.get(id_of(entity))
        if old is None:
            self.added += 1
            self.written.append(entity)
            return
        new, moved = old, []
        for name in self._plain:
            before, after = getattr(old, name), getattr(entity, name)
            if before != after and after:
                new = replace(new, **{name: after})
                self._change(old, name, before, after)
        for name in FIELDS[name_of(old)]:
            if name in self._fields and text_of(entity, name) not in ("", text_of(old, name)):
                moved.append((name, text_of(entity, name)))
        if moved:
            kind = requesting.kind_for(name_of(old), moved[0][0])
            if kind is not None:
                self._proposals.ask(kind, old, moved, why=_IN_SHEET)
        if new != old:
            self.written.append(new)
        self.count(changed=new != old or bool(moved))


class DeviceDifference(Counted):
    """The difference for devices.

    Args:
        stored: devices that are recorded, by id; those that the sheet names are taken out, so that memory is freed.
        records: their records, likewise.
        layout: where the sheet's fields are; a field without a column stays as it is.
        points: makes points, None where none are to be made.
        proposals: takes what is only asked for.
        repair_days: how long an exemption for a repair is proposed.
        at: now, epoch seconds.
        author: who imports.
        reason: what the ledger says.
    """

    def __init__(
        self,
        stored: dict[str, Device],
        records: dict[str, DeviceRecord],
        *,
        layout: Layout,
        points: DerivedPoints | None,
        proposals: Proposals,
        repair_days: int,
        at: int,
        author: str,
        reason: str,
    ) -> None:
        super().__init__()
        self._stored = stored
        self._records = records
        columns = layout.columns
        self._fields = [name for name in ("point_class", "region", "point") if name in columns]
        self._fields += [name for name in _CLEARED if name in columns]
        self._fields += ["kind"] if "kind" in columns or "function_type" in columns else []
        self._fields += ["in_service_from"] if "in_service_on" in columns else []
        self._fields += ["parents"] if "parent" in columns else []
        self._names_kinds = "kind" in columns
        self._names_endpoints = "address" in columns or "port" in columns
        self._described = [name for name in _RECORD_FIELDS if name in columns]
        self._texts = _texts_of(self._described)
        self._points = points
        self._proposals = proposals
        self._repair_days = repair_days
        self._change = _Changes(at=at, author=author, reason=reason)
        self.devices: list[Device] = []
        self.records: list[DeviceRecord] = []
        self.retired_listed = 0

    @property
    def changes(self) -> list[InventoryChange]:
        """Give the entries of the ledger for what holds at once."""
        return self._change.made

    def take(self, row: DeviceRow) -> None:
        """Take what one row says."""
        old = self._stored.pop(row.device.id, None)
        if old is None:
            self.added += 1
            self.devices.append(self._pointed(row.device, row.record))
            self.records.append(row.record)
            self._propose(row, row.device)
            return
        old_record = self._records.pop(old.id, None) or DeviceRecord(old.id)
        device, moved = self._changed(old, old_record, row)
        record = self._described_as(old_record, row.record)
        if self._points is not None and device.point is None and "point" not in {name for name, _ in moved}:
            pointed = self._pointed(device, record or old_record)
            if pointed is not device:
                self._change(old, "point", "", pointed.point or "")
                device = pointed
        if device is not old:
            self.devices.append(device)
        if record is not None:
            self.records.append(record)
        for kind, changes in _by_kind(moved).items():
            self._proposals.ask(kind, old, changes, why=_IN_SHEET)
        self.count(changed=device is not old or record is not None or bool(moved))
        self.retired_listed += old.lifecycle.retired_at is not None and row.status != DISMANTLED
        self._propose(row, old)

    def _changed(self, old: Device, old_record: DeviceRecord, row: DeviceRow) -> tuple[Device, list[tuple[str, str]]]:
        """Give the device with what holds at once, and the fields, with their new texts, that are only asked for."""
        device, moved = old, []
        said = replace(row.device, parents=_parents(old, row.device))
        for name in self._fields:
            if name == "kind" and not (self._names_kinds or row.record.function_type):
                continue  # the id's type alone overrules nothing that is recorded
            before, after = text_of(old, name), text_of(said, name)
            if before == after or (not after and name not in _CLEARED):
                continue
            if requesting.kind_for("device", name) is None:
                device = with_field(device, name, after)
                self._change(old, name, before, after)
            else:
                moved.append((name, after))
        endpoint = self._endpoint(old, old_record, row)
        if endpoint is not None and endpoint != old.endpoint:
            device = replace(device, endpoint=endpoint)
            self._change(old, "endpoint", _written(old.endpoint), _written(endpoint))
        return device, moved

    def _endpoint(self, old: Device, old_record: DeviceRecord, row: DeviceRow) -> Endpoint | None:
        """Give the endpoint by the sheet, None where it says nothing of it.

        A sheet that names an IP address only moves an endpoint to another address: its protocol, port and path were
        found out otherwise and stay.
        """
        said, known = row.device.endpoint, old.endpoint
        if said is None or known is None:
            return said
        if not self._names_endpoints:
            before, after = old_record.ip, row.record.ip
            if before == after:
                return None
            if before and before in known.address:
                return replace(known, address=known.address.replace(before, after, 1))
        return replace(said, credential=known.credential)

    def _described_as(self, old: DeviceRecord, said: DeviceRecord) -> DeviceRecord | None:
        """Give the record with what the sheet describes otherwise, None where it describes nothing so."""
        before, after = self._texts(old), self._texts(said)
        if before == after:
            return None
        different = [
            (name, one, other) for name, one, other in zip(self._described, before, after, strict=True) if one != other
        ]
        for name, one, other in different:
            self._change.of("device", old.device_id, name, one, other)
        return replace(old, **{name: other for name, _, other in different})

    def _pointed(self, device: Device, record: DeviceRecord) -> Device:
        """Give the device at a point made for it, where points are to be made and it has none."""
        if self._points is None or device.point is not None:
            return device
        point = self._points.point_for(device, record)
        return device if point is None else replace(device, point=point)

    def _propose(self, row: DeviceRow, device: Device) -> None:
        if row.status == REPAIR:
            self._proposals.exempt_for_repair(device.id, days=self._repair_days)
        elif row.status == DISMANTLED and device.lifecycle.retired_at is None:
            self._proposals.ask(RequestKind.RETIRE, device, why=_AT_RETIREMENT)


class _Changes:
    """Makes entries of the ledger."""

    def __init__(self, *, at: int, author: str, reason: str) -> None:
        self._at = at
        self._author = author
        self._reason = reason
        self.made: list[InventoryChange] = []

    def __call__(self, entity: Device | Point | Region, field: str, old: str, new: str) -> None:
        self.of(name_of(entity), id_of(entity), field, old, new)

    def of(self, name: str, entity_id: str, field: str, old: str, new: str) -> None:
        """Make one entry."""
        self.made.append(
            InventoryChange(
                name, entity_id, field, old, new, self._at, self._author, self._reason, recorded_at=self._at
            )
        )


def path_circle(above: Mapping[str, Sequence[str]]) -> list[str]:
    """Give ids of devices that would be reached through themselves, in order; empty where none would.

    Args:
        above: path parents by device, of those that have any.
    """
    done: set[str] = set()
    for start in above:
        trail: list[str] = []
        on_trail: set[str] = set()
        ahead = [(start, False)]
        while ahead:
            device_id, left = ahead.pop()
            if left:
                on_trail.discard(trail.pop())
                done.add(device_id)
            elif device_id in on_trail:
                return trail[trail.index(device_id) :]
            elif device_id not in done and device_id in above:
                trail.append(device_id)
                on_trail.add(device_id)
                ahead.append((device_id, True))
                ahead += [(parent, False) for parent in above[device_id]]
    return []


def _texts_of(names: Sequence[str]) -> Any:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _by_kind(moved: Iterable[tuple[str, str]]) -> dict[RequestKind, list[tuple[str, str]]]:
    found: dict[RequestKind, list[tuple[str, str]]] = {}
    for name, new in moved:
        kind = requesting.kind_for("device", name)
        if kind is not None:
            found.setdefault(kind, []).append((name, new))
    return found


def _parents(old: Device, said: Device) -> tuple[Parent, ...]:
    """Give the parents by the sheet, which names one path: who else reports of the device stays."""
    paths = {parent.device_id for parent in old.parents if parent.role is ParentRole.PATH}
    if paths.issuperset(parent.device_id for parent in said.parents):
        return old.parents
    return (*said.parents, *(parent for parent in old.parents if parent.role is not ParentRole.PATH))


def _written(endpoint: Endpoint | None) -> str:
    return f"{endpoint.protocol} {endpoint.address}" if endpoint else ""
