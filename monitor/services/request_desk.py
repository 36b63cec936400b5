"""The desk of requests: asked, decided, and what they asked for recorded in the transaction of the approval."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from monitor.domain import requesting
from monitor.domain.decision_id import numbered_on
from monitor.domain.device import Device, ParentRole
from monitor.domain.exempting import NotAllowedError
from monitor.domain.facts import Correction, InventoryChange, Withdrawal
from monitor.domain.fields import AnyEntity
from monitor.domain.point import Point
from monitor.domain.region import Region, RegionTree
from monitor.domain.request import FieldChange, Request, RequestKind
from monitor.ports import Inventory, InventoryBatch, Queries, States

_OF_FAULTS = (RequestKind.CLEAR_FAULT, RequestKind.CONFIRM_FAULT)
FEW = 50
"""Up to so many devices are read one by one; more are read with all others."""


class RequestDesk:
    """Takes requests in and has them decided.

    Args:
        inventory: where requests and what they are about are kept.
        queries: where corrections are read.
        states: where the faults of devices are read.
        zone: the city's zone; ids begin with its year.
    """

    def __init__(self, inventory: Inventory, queries: Queries, states: States, *, zone: tzinfo) -> None:
        self._inventory = inventory
        self._queries = queries
        self._states = states
        self._zone = zone

    async def propose(self, asked: Sequence[Request], *, at: int, names: Sequence[str] = ()) -> tuple[Request, ...]:
        """Take requests in, all or none.

        Args:
            asked: kind, entity id, changes (field and new), effective_at, correction, reason, document, attachment and
                the author; ids and old values are given here. A move to a point moves to its region too.
            at: now, epoch seconds.
            names: what to call each in messages (file and line); its entity's id where empty.

        Raises:
            NotAllowedError: one or more may not be asked; every problem of each.
            StoreError: nothing was stored.
        """
        made_at = await self._inventory.revision()
        known = {each.id for each in await self._inventory.requests()}
        new_id = numbered_on("R", known, year=datetime.fromtimestamp(at, self._zone).year)
        stock = _Stock(self._inventory, devices=len({each.entity_id for each in asked}))
        versions: list[Request] = []
        problems: list[str] = []
        for terms, name in zip(asked, names or [each.entity_id for each in asked], strict=True):
            try:
                version = await self._ask(terms, stock, at=at)
                versions.append(replace(version, id=new_id()))
            except NotAllowedError as error:
                problems += [f"{name}: {problem}" if name else problem for problem in error.problems]
        if problems:
            raise NotAllowedError(problems)
        await self._inventory.record(InventoryBatch(requests=versions, made_at=made_at))
        return tuple(versions)

    async def approve(self, ids: Sequence[str], *, approver: str, at: int, note: str = "") -> tuple[Request, ...]:
        """Approve what waits, all or none, and record what it asked for.

        Raises:
            NotAllowedError: nothing waits, the approver asked for it, or what it is about has changed meanwhile.
            StoreError: nothing was stored.
        """
        made_at = await self._inventory.revision()
        stock = _Stock(self._inventory, devices=len(ids))
        effects = _Effects()

        async def step(history: Sequence[Request]) -> Request:
            request = requesting.approve(history, approver=approver, at=at, note=note)
            await self._apply(request, stock, effects)
            return request

        versions = await self._each(ids, step)
        if problem := await stock.tree_problem():
            raise NotAllowedError([problem])
        await self._inventory.record(
            InventoryBatch(
                regions=list(stock.changed_regions.values()),
                points=list(stock.changed_points.values()),
                devices=list(stock.changed_devices.values()),
                changes=effects.changes,
                requests=versions,
                corrections=effects.corrections,
                withdrawals=effects.withdrawals,
                made_at=made_at,
            )
        )
        return versions

    async def refuse(self, ids: Sequence[str], *, approver: str, at: int, note: str) -> tuple[Request, ...]:
        """Refuse what waits, all or none.

        Raises:
            NotAllowedError: nothing waits, or whoever refuses asked for it.
            StoreError: nothing was stored.
        """

        async def step(history: Sequence[Request]) -> Request:
            return requesting.refuse(history, approver=approver, at=at, note=note)

        return await self._decide(ids, step)

    async def withdraw(self, ids: Sequence[str], *, author: str, at: int, note: str = "") -> tuple[Request, ...]:
        """Take back what waits, all or none.

        Raises:
            NotAllowedError: nothing waits, or somebody else asked for it.
            StoreError: nothing was stored.
        """

        async def step(history: Sequence[Request]) -> Request:
            return requesting.withdraw(history, author=author, at=at, note=note)

        return await self._decide(ids, step)

    async def _decide(
        self, ids: Sequence[str], step: Callable[[Sequence[Request]], Awaitable[Request]]
    ) -> tuple[Request, ...]:
        made_at = await self._inventory.revision()
        versions = await self._each(ids, step)
        await self._inventory.record(InventoryBatch(requests=versions, made_at=made_at))
        return versions

    async def _each(
        self, ids: Sequence[str], step: Callable[[Sequence[Request]], Awaitable[Request]]
    ) -> tuple[Request, ...]:
        wanted = list(dict.fromkeys(ids))
        histories: dict[str, list[Request]] = {}
        if len(wanted) > FEW:
            for each in await self._inventory.requests():
                histories.setdefault(each.id, []).append(each)
        versions: list[Request] = []
        problems: list[str] = []
        for request_id in wanted:
            history = histories.get(request_id) or await self._inventory.requests(request_id=request_id)
            try:
                versions.append(await step(history))
            except NotAllowedError as error:
                problems += [f"{request_id}: {problem}" for problem in error.problems]
        if problems:
            raise NotAllowedError(problems)
        return tuple(versions)

    async def _ask(self, terms: Request, stock: _Stock, *, at: int) -> Request:
        if terms.kind is RequestKind.CORRECTION:
            request = requesting.ask_correction(terms, at=at)
            await stock.entity("device", request.entity_id)
            return request
        if terms.kind is RequestKind.WITHDRAWAL:
            return requesting.ask_withdrawal(terms, await self._correction(terms.entity_id), at=at)
        if terms.kind in _OF_FAULTS:
            await stock.entity("device", terms.entity_id)
            return requesting.ask_fault(terms, await self._states.state(terms.entity_id), at=at)
        entity = await stock.entity(terms.entity, terms.entity_id)
        if terms.kind is RequestKind.MOVE:
            terms = replace(terms, changes=await _with_region(terms.changes, stock))
        request = requesting.ask(terms, entity, at=at)
        changed, _ = requesting.applied(request, entity)
        if problem := await stock.problem_of(changed):
            raise NotAllowedError([problem])
        return request

    async def _apply(self, request: Request, stock: _Stock, effects: _Effects) -> None:
        """Do what an approved request asks for."""
        if request.kind is RequestKind.CORRECTION:
            effects.corrections.append(requesting.correction_of(request))
        elif request.kind is RequestKind.WITHDRAWAL:
            effects.withdraw(requesting.withdrawal_of(request, await self._correction(request.entity_id)))
        elif request.kind in _OF_FAULTS:
            state = await self._states.state(request.entity_id)
            effects.changes.append(requesting.fault_decision_of(request, state))
        else:
            entity = await stock.entity(request.entity, request.entity_id)
            changed, entries = requesting.applied(request, entity)
            if problem := await stock.problem_of(changed):
                raise NotAllowedError([problem])
            stock.put(changed)
            effects.changes += entries

    async def _correction(self, seq: str) -> Correction | None:
        return await self._queries.correction(int(seq)) if seq.isascii() and seq.isdecimal() else None


class _Effects:
    """The facts that approvals of one transaction make."""

    def __init__(self) -> None:
        self.changes: list[InventoryChange] = []
        self.corrections: list[Correction] = []
        self.withdrawals: list[Withdrawal] = []

    def withdraw(self, withdrawal: Withdrawal) -> None:
        if any(each.correction == withdrawal.correction for each in self.withdrawals):
            seq = withdrawal.correction
            raise NotAllowedError([f"更正 {seq} 同时被撤销两次 · correction {seq} would be withdrawn twice"])
        self.withdrawals.append(withdrawal)


class _Stock:
    """The inventory as far as requests touch it, with what they have changed of it so far.

    Args:
        inventory: where it is read.
        devices: about how many devices will be asked for.
    """

    def __init__(self, inventory: Inventory, *, devices: int) -> None:
        self._inventory = inventory
        self._one_by_one = devices <= FEW
        self._devices: dict[str, Device] = {}
        self._points: dict[str, Point] | None = None
        self._regions: dict[str, Region] | None = None
        self.changed_devices: dict[str, Device] = {}
        self.changed_points: dict[str, Point] = {}
        self.changed_regions: dict[str, Region] = {}

    async def entity(self, name: str, entity_id: str) -> AnyEntity:
        """Give an entity as it is now.

        Raises:
            NotAllowedError: there is none of that id.
        """
        found: AnyEntity | None
        if name == "device":
            found = await self.device(entity_id)
        elif name == "point":
            found = (await self.points()).get(entity_id)
        elif name == "region":
            found = (await self.regions()).get(entity_id)
        else:
            found = None
        if found is None:
            raise NotAllowedError([f"清单中没有 {name} {entity_id} · the inventory has no {name} {entity_id}"])
        return found

    async def device(self, device_id: str) -> Device | None:
        """Give a device as it is now, or None."""
        if not self._one_by_one and not self._devices:
            self._devices = {each.id: each for each in await self._inventory.devices()}
        if self._one_by_one and device_id not in self._devices:
            stored = await self._inventory.device(device_id)
            if stored is not None:
                self._devices[device_id] = stored[0]
        return self._devices.get(device_id)

    async def points(self) -> dict[str, Point]:
        """Give all points by id."""
        if self._points is None:
            self._points = {each.id: each for each in await self._inventory.points()}
        return self._points

    async def regions(self) -> dict[str, Region]:
        """Give all regions by code."""
        if self._regions is None:
            self._regions = {each.code: each for each in await self._inventory.regions()}
        return self._regions

    def put(self, entity: AnyEntity) -> None:
        """Let an entity that was read be another one from now on."""
        if isinstance(entity, Device):
            self._devices[entity.id] = self.changed_devices[entity.id] = entity
        elif isinstance(entity, Point):
            self.changed_points[entity.id] = entity
            if self._points is not None:
                self._points[entity.id] = entity
        else:
            self.changed_regions[entity.code] = entity
            if self._regions is not None:
                self._regions[entity.code] = entity

    async def problem_of(self, entity: AnyEntity) -> str:
        """Say what an entity names that is not there, or that it would be reached through itself; "" for nothing."""
        regions = await self.regions()
        if isinstance(entity, Region):
            return await self.tree_problem(entity)
        if entity.region is not None and entity.region not in regions:
            return f"清单中没有区划 {entity.region} · the inventory has no region {entity.region}"
        if isinstance(entity, Point):
            return ""
        if entity.point is not None and entity.point not in await self.points():
            return f"清单中没有点位 {entity.point} · the inventory has no point {entity.point}"
        return await self._problem_of_parents(entity)

    async def tree_problem(self, changed: Region | None = None) -> str:
        """Say why the regions, with one of them changed, make no tree; "" where they do."""
        regions = dict(await self.regions())
        if changed is not None:
            regions[changed.code] = changed
        try:
            RegionTree(regions.values())
        except ValueError as error:
            return f"区划不成树 · the regions would be no tree: {error}"
        return ""

    async def _problem_of_parents(self, device: Device) -> str:
        for parent in device.parents:
            if await self.device(parent.device_id) is None:
                return f"清单中没有设备 {parent.device_id} · the inventory has no device {parent.device_id}"
        seen: set[str] = set()
        ahead = _paths(device)
        while ahead:
            device_id = ahead.pop()
            if device_id == device.id:
                return f"{device.id} 的上联成环 · the parents of {device.id} would run in a circle"
            if device_id not in seen:
                seen.add(device_id)
                above = await self.device(device_id)
                ahead += _paths(above) if above is not None else []
        return ""


def _paths(device: Device) -> list[str]:
    return [parent.device_id for parent in device.parents if parent.role is ParentRole.PATH]


async def _with_region(changes: Sequence[FieldChange], stock: _Stock) -> tuple[FieldChange, ...]:
    """Let a move to a point be one to its region too, unless another region is asked for."""
    new: Mapping[str, str] = {each.field: each.new for each in changes}
    point = (await stock.points()).get(new.get("point", ""))
    if point is None or "region" in new:
        return tuple(changes)
    return (*changes, FieldChange("region", "", point.region))
