"""The desk where exemptions 报备 are proposed and decided: read, judge by the rules, record in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from fractions import Fraction
from itertools import accumulate

from monitor.domain import exempting
from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.decision_id import numbered_on
from monitor.domain.device import Device
from monitor.domain.exempting import ExemptionRules, NotAllowedError
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Exemption, ExemptionScope, ExemptionState
from monitor.domain.history import DeviceVersion
from monitor.domain.region import RegionLevel, RegionTree
from monitor.domain.spans import FROM_EVER, clip
from monitor.domain.state import Connectivity, DeviceState
from monitor.ports import Inventory, InventoryBatch
from monitor.services.path_ancestors import PathAncestors

Step = Callable[[Sequence[Exemption]], Exemption]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a step became: the versions as stored but for their seq, and what the user should know."""

    versions: tuple[Exemption, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overdue:
    """An exemption that somebody should look after: undecided though it has begun, or over and the device not back."""

    exemption: Exemption
    why: str


class ExemptionDesk:
    """Proposes, decides and lists.

    Args:
        inventory: where exemptions are kept.
        rules: what the site allows.
        zone: the city's zone; ids begin with its year.
        quota: the share of a county's devices that may be exempt at once before a warning.
    """

    def __init__(self, inventory: Inventory, *, rules: ExemptionRules, zone: tzinfo, quota: Fraction) -> None:
        self._inventory = inventory
        self._rules = rules
        self._zone = zone
        self._quota = quota

    async def propose(
        self,
        terms: Sequence[Exemption],
        *,
        at: int,
        draft: bool = False,
        back_dated: bool = False,
        names: Sequence[str] = (),
    ) -> Recorded:
        """Propose exemptions, all or none; those with an id "" are new and get one.

        Args:
            terms: what is asked for.
            at: now, epoch seconds.
            draft: keep them drafts.
            back_dated: they are known to be late.
            names: what to call each in messages (file and line); empty for a single one.

        Raises:
            NotAllowedError: one or more may not be proposed; every problem of each.
            StoreError: nothing was stored.
        """
        made_at = await self._inventory.revision()
        stored = await self._inventory.exemption_versions()
        histories = _histories(stored)
        devices = await self._inventory.devices()
        known = await self._known(devices)
        new_id = numbered_on("E", histories, year=datetime.fromtimestamp(at, self._zone).year)
        versions: list[Exemption] = []
        problems: list[str] = []
        for each, name in zip(terms, names or [""] * len(terms), strict=True):
            found: list[str] = []
            if each.scope_id not in known[each.scope]:
                found.append(f"清单中没有 {each.scope} {each.scope_id} · the inventory has no such {each.scope}")
            if each.id and each.id not in histories:
                found.append(f"没有报备 {each.id} · there is no exemption {each.id}")
            each = each if each.id else replace(each, id=new_id())
            try:
                versions.append(
                    exempting.propose(
                        each,
                        histories.get(each.id, ()),
                        at=at,
                        rules=self._rules,
                        draft=draft,
                        back_dated=back_dated,
                    )
                )
            except NotAllowedError as error:
                found += error.problems
            problems += [f"{name}: {problem}" if name else problem for problem in found]
        if problems:
            raise NotAllowedError(problems)
        warnings = await self._quota_warnings(devices, stored, versions) if versions else []
        await self._inventory.record(InventoryBatch(exemptions=versions, made_at=made_at))
        return Recorded(tuple(versions), tuple(warnings))

    async def approve(self, ids: Sequence[str], *, approver: str, at: int, note: str = "") -> Recorded:
        """Approve what waits, all or none.

        Raises:
            NotAllowedError: nothing waits, or the approver proposed it.
            StoreError: nothing was stored.
        """
        done = await self._step(ids, lambda versions: exempting.approve(versions, approver=approver, at=at, note=note))
        stored = await self._inventory.exemption_versions()
        warnings = await self._quota_warnings(await self._inventory.devices(), stored, done.versions)
        return replace(done, warnings=tuple(warnings))

    async def refuse(self, ids: Sequence[str], *, approver: str, at: int, note: str) -> Recorded:
        """Refuse what waits, all or none.

        Raises:
            NotAllowedError: nothing waits, or whoever refuses proposed it.
            StoreError: nothing was stored.
        """
        return await self._step(ids, lambda versions: exempting.refuse(versions, approver=approver, at=at, note=note))

    async def end(self, ids: Sequence[str], *, ends_at: int, author: str, at: int, note: str = "") -> Recorded:
        """End what is approved early, all or none.

        Raises:
            NotAllowedError: it is not approved, or would not end earlier.
            StoreError: nothing was stored.
        """
        return await self._step(
            ids, lambda versions: exempting.end(versions, ends_at=ends_at, author=author, at=at, note=note)
        )

    async def back(self, states: Iterable[DeviceState], *, at: int) -> list[Exemption]:
        """Give approved exemptions under way whose device has come back online since they began."""
        online_since = {
            state.device_id: state.connectivity_since for state in states if state.connectivity is Connectivity.ONLINE
        }
        return [
            each
            for each in await self._inventory.exemptions()
            if each.state is ExemptionState.APPROVED
            and each.start <= at < each.end
            and each.scope in (ExemptionScope.DEVICE, ExemptionScope.PATH)
            and each.start < online_since.get(each.scope_id, each.start)
        ]

    async def overdue(self, states: Iterable[DeviceState], *, at: int) -> list[Overdue]:
        """Give exemptions that begun undecided, and those that are over while their device is not back."""
        not_back = {state.device_id for state in states if state.connectivity is not Connectivity.ONLINE}
        versions = await self._inventory.exemption_versions()
        found = [
            Overdue(each, "undecided")
            for each in exempting.newest(versions).values()
            if each.state is ExemptionState.SUBMITTED and each.start <= at
        ]
        holding = await self._inventory.exemptions()
        covered = {(each.scope, each.scope_id) for each in holding if each.start <= at < each.end}
        found += [
            Overdue(each, "not_back")
            for each in holding
            if each.start < each.end <= at
            and each.scope in (ExemptionScope.DEVICE, ExemptionScope.PATH)
            and each.scope_id in not_back
            and (each.scope, each.scope_id) not in covered
        ]
        return sorted(found, key=lambda one: (one.why, one.exemption.end, one.exemption.id))

    async def _step(self, ids: Sequence[str], step: Step) -> Recorded:
        made_at = await self._inventory.revision()
        versions: list[Exemption] = []
        problems: list[str] = []
        for exemption_id in dict.fromkeys(ids):
            history = await self._inventory.exemption_versions(exemption_id=exemption_id)
            try:
                versions.append(step(history))
            except NotAllowedError as error:
                problems += [f"{exemption_id}: {problem}" for problem in error.problems]
        if problems:
            raise NotAllowedError(problems)
        await self._inventory.record(InventoryBatch(exemptions=versions, made_at=made_at))
        return Recorded(tuple(versions))

    async def _known(self, devices: Sequence[Device]) -> Mapping[ExemptionScope, set[str]]:
        ids = {device.id for device in devices}
        return {
            ExemptionScope.DEVICE: ids,
            ExemptionScope.PATH: ids,
            ExemptionScope.POINT: {point.id for point in await self._inventory.points()},
            ExemptionScope.REGION: {region.code for region in await self._inventory.regions()},
        }

    async def _quota_warnings(
        self, devices: Sequence[Device], stored: Sequence[Exemption], proposed: Sequence[Exemption]
    ) -> list[str]:
        """Name the counties in which more devices than the quota would be exempt or waiting at the same time."""
        tree = RegionTree(await self._inventory.regions())
        newest = exempting.newest([*stored, *proposed]).values()
        book = ExemptionBook(
            each for each in newest if each.state not in (ExemptionState.DRAFT, ExemptionState.REFUSED)
        )
        start, until = min(each.start for each in proposed), max(each.end for each in proposed)
        ancestors = PathAncestors(devices)
        whole: Counter[str] = Counter()
        edges: dict[str, Counter[int]] = {}
        for device in devices:
            if device.kind not in HEADLINE_KINDS or device.region is None or device.lifecycle.retired_at is not None:
                continue
            county = tree.ancestor_at(device.region, RegionLevel.COUNTY) or device.region
            whole[county] += 1
            covering = book.covering(DeviceVersion(FROM_EVER, device, ancestors.of(device)), tree)
            for since, to in clip(covering, start=start, end=until):
                steps = edges.setdefault(county, Counter())
                steps[since] += 1
                steps[to] -= 1
        peaks = {county: max(accumulate(steps[at] for at in sorted(steps))) for county, steps in edges.items()}
        return [
            f"{county} 同时报备 {peak} 台，超过限额 {int(self._quota * whole[county])} 台（共 {whole[county]} 台）· "
            f"{county}: {peak} of {whole[county]} devices would be exempt at once, over the quota"
            for county, peak in sorted(peaks.items())
            if peak > self._quota * whole[county]
        ]


def _histories(versions: Iterable[Exemption]) -> dict[str, list[Exemption]]:
    found: dict[str, list[Exemption]] = {}
    for version in versions:
        found.setdefault(version.id, []).append(version)
    return found
