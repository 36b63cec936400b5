"""What came and went in the inventory between two instants, and what it did to the online rate, region by region."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from fractions import Fraction

from monitor.domain.coverage import HEADLINE_KINDS, is_required
from monitor.domain.device import Device
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Axis, Exemption, ExemptionScope, InventoryChange
from monitor.domain.fields import Entity, id_of, name_of
from monitor.domain.history import DeviceVersion, as_before, versions_of
from monitor.domain.ledger import (
    NOTHING,
    Count,
    Membership,
    Step,
    counted,
    difference,
    effects,
    step_of,
)
from monitor.domain.period_facts import Pasts, PeriodFacts
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionTree
from monitor.domain.service_time import ServiceRules, window_spans
from monitor.domain.standing import Standings
from monitor.services.path_ancestors import PathAncestors


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger.

    Attributes:
        change: who changed what, when, from what to what, why, and who approved it; an exemption is one of the entity
            "exemption", a new device one whose field is "".
        region: where its entity stands, "" for nowhere.
        effect: what it did to the rate of the region asked for; on the first entry of an entity, for all of them.
    """

    change: InventoryChange
    region: str
    effect: Fraction | None = None


@dataclass(slots=True)
class RegionDiff:
    """One region of the diff.

    Attributes:
        at_start: its devices by the earlier inventory with the states of then.
        unchanged: the same devices with the states of the later instant: the rate had nothing been changed.
        at_end: its devices by the later inventory with the states of then.
        devices: devices that count in service, exempt ones too, by the earlier and by the later inventory.
        points: required points by the earlier and by the later inventory.
        moved: what every step exchanged.
        stepped: how many devices made every step.
    """

    region: Region
    at_start: Count = NOTHING
    unchanged: Count = NOTHING
    at_end: Count = NOTHING
    devices: list[int] = field(default_factory=lambda: [0, 0])
    points: list[int] = field(default_factory=lambda: [0, 0])
    moved: dict[Step, Count] = field(default_factory=dict)
    stepped: dict[Step, int] = field(default_factory=dict)

    @property
    def effect(self) -> Fraction | None:
        """What all changes of the inventory did to the rate, None where there is no rate."""
        return difference(self.unchanged.rate, self.at_end.rate)

    @property
    def steps(self) -> dict[Step, Fraction | None]:
        """What every step did; they add up to the effect."""
        return effects(self.unchanged, self.moved)


@dataclass(frozen=True, slots=True)
class InventoryDiff:
    """The diff of a region and of the regions right below it, and the entries of the ledger behind it."""

    start: int
    end: int
    rows: tuple[RegionDiff, ...]
    entries: tuple[Entry, ...]


def inventory_diff(
    facts: PeriodFacts,
    exemptions: Sequence[Exemption],
    *,
    start: int,
    end: int,
    zone: tzinfo,
    commissioning_days: int = 0,
    region: str | None = None,
    point_class: PointClass | None = None,
) -> InventoryDiff:
    """Compare the inventory as it was, and was known, at one instant with that of another.

    A change counts where it was recorded or took effect in between: none is hidden by back-dating or by asking ahead.

    Args:
        facts: all facts of the time from `start` on, as known now.
        exemptions: all versions of all exemptions, in seq order.
        start: the earlier instant, epoch seconds.
        end: the later one; what was recorded after it is left out.
        zone: the city's zone.
        commissioning_days: as in the settings.
        region: the region asked for; None for the root.
        point_class: only devices of this class; None for all.

    Raises:
        KeyError: the tree of the later instant has no such region, or no region at all.
    """
    sides = [
        _Side(facts, exemptions, at=at, zone=zone, commissioning_days=commissioning_days, clock_at=end)
        for at in (start, end)
    ]
    return _Comparison(facts, sides[0], sides[1], region=region, point_class=point_class).diff()


class _Side:
    """The inventory as it was, and was known, at one instant."""

    def __init__(
        self,
        facts: PeriodFacts,
        exemptions: Sequence[Exemption],
        *,
        at: int,
        zone: tzinfo,
        commissioning_days: int,
        clock_at: int,
    ) -> None:
        self.at = at
        self._changes = _by_entity(facts.inventory_changes)
        self.tree = RegionTree(self._as_of(each) for each in facts.regions)
        self.devices = [self._as_of(each) for each in facts.devices]
        self.points = [self._as_of(each) for each in facts.points]
        counting = {each.id: each for each in exemptions if each.state.counts and each.at <= at}
        self.exemptions = list(counting.values())
        self.book = ExemptionBook(self.exemptions)
        self.rules = ServiceRules(self.tree, zone, commissioning_days)
        self._ancestors = PathAncestors(self.devices)
        self._standings = Standings(self.rules, self.book)
        self._clock_at = clock_at

    def version(self, index: int) -> DeviceVersion:
        """Give a device with its path ancestors."""
        device = self.devices[index]
        return DeviceVersion(self.at, device, self._ancestors.of(device))

    def membership(self, index: int, *, point_class: PointClass | None) -> Membership | None:
        """Give how a device counts, None where it does not exist or is out of service.

        Daily hours are those of the later instant's time of day on both sides, so that night takes nothing away.
        """
        device = self.devices[index]
        if device.lifecycle.created_at > self.at:
            return None
        standing = self._standings.of(self.version(index), at=self.at)
        if not standing.alive or not self._is_open(device):
            return None
        counts = device.kind in HEADLINE_KINDS and point_class in (None, device.point_class)
        return Membership(device.region or "", device.point_class, device.kind, counts, standing.exempt)

    def _is_open(self, device: Device) -> bool:
        windows, at = device.lifecycle.service_windows, self._clock_at
        return not windows or bool(window_spans(windows, self.rules.zone, start=at, end=at + 1))

    def _as_of(self, entity: Entity) -> Entity:
        changes = self._changes.get((name_of(entity), id_of(entity)))
        if changes is None:
            return entity
        entity = as_before(entity, [each for each in changes if _recorded(each) > self.at])
        versions = versions_of(entity, [each for each in changes if _recorded(each) <= self.at])
        return next(version for since, version in reversed(versions) if since <= self.at)


class _Comparison:
    """Two sides held against each other."""

    def __init__(
        self,
        facts: PeriodFacts,
        before: _Side,
        after: _Side,
        *,
        region: str | None,
        point_class: PointClass | None,
    ) -> None:
        self._facts = facts
        self._pasts = Pasts(facts)
        self._before = before
        self._after = after
        self._class = point_class
        self._root = after.tree[region] if region is not None else _root_of(after.tree)
        shown = (self._root, *after.tree.children(self._root.code))
        self._rows = {each.code: RegionDiff(each) for each in shown}
        self._own: dict[int, Count] = {}
        self._exempt: list[int] = []

    def diff(self) -> InventoryDiff:
        """Give the diff."""
        for index in range(len(self._facts.devices)):
            self._compare(index)
        for number, side in enumerate((self._before, self._after)):
            for point in side.points:
                if is_required(point, at=side.at):
                    for code in side.tree.lineage(point.region):
                        if code in self._rows:
                            self._rows[code].points[number] += 1
        entries = sorted(self._entries(), key=lambda each: (each.change.recorded_at, each.change.seq))
        return InventoryDiff(self._before.at, self._after.at, tuple(self._rows.values()), tuple(entries))

    def _compare(self, index: int) -> None:
        before = self._before.membership(index, point_class=self._class)
        after = self._after.membership(index, point_class=self._class)
        if before is None and after is None:
            return
        line = self._pasts.timeline(self._facts.devices[index].id, self._facts.keys[index], Axis.CONNECTIVITY)
        then, now = line.state_at(self._before.at), line.state_at(self._after.at)
        is_new = self._facts.devices[index].lifecycle.created_at > self._before.at
        if after is not None and after.exempt:
            self._exempt.append(index)
        was_in = () if before is None else self._before.tree.lineage(before.region)
        is_in = () if after is None else self._after.tree.lineage(after.region)
        for code in was_in if was_in == is_in else dict.fromkeys((*was_in, *is_in)):
            row = self._rows.get(code)
            if row is None:
                continue
            old = before if code in was_in else None
            new = after if code in is_in else None
            row.at_start += counted(old, then)
            one, other = counted(old, now), counted(new, now)
            row.unchanged += one
            row.at_end += other
            row.devices[0] += old is not None and old.counts
            row.devices[1] += new is not None and new.counts
            step = step_of(old, new, is_new=is_new, stays=before is not None and after is not None)
            if step is not None and ((old is not None and old.counts) or (new is not None and new.counts)):
                row.moved[step] = row.moved.get(step, NOTHING) + (other - one)
                row.stepped[step] = row.stepped.get(step, 0) + 1
            if row.region is self._root and other != one:
                self._own[index] = other - one

    def _entries(self) -> Iterator[Entry]:
        index_of = {device.id: index for index, device in enumerate(self._facts.devices)}
        region_of = {point.id: point.region for point in self._after.points}
        told: set[int] = set()
        for index, device in enumerate(self._facts.devices):
            created = device.lifecycle.created_at
            if self._is_between(created) and self._is_here(device.region or ""):
                told.add(index)
                added = InventoryChange("device", device.id, "", "", "added", created, recorded_at=created)
                yield Entry(added, device.region or "", self._effect_of(index))
        for change in self._facts.inventory_changes:
            if _recorded(change) > self._after.at or not (
                self._is_between(_recorded(change)) or self._is_between(change.at)
            ):
                continue
            region, effect = "", None
            if change.entity == "device" and change.entity_id in index_of:
                index = index_of[change.entity_id]
                region = self._facts.devices[index].region or ""
                if index not in told:
                    told.add(index)
                    effect = self._effect_of(index)
            elif change.entity == "point":
                region = region_of.get(change.entity_id, "")
            elif change.entity == "region":
                region = change.entity_id
            if not region or self._is_here(region) or change.old == self._root.code:
                yield Entry(change, region, effect)
        yield from self._exemption_entries(region_of, index_of)

    def _exemption_entries(self, region_of: Mapping[str, str], index_of: Mapping[str, int]) -> Iterator[Entry]:
        """Give exemptions that were decided, began or ended in between, with what each does by itself."""
        before = {each.id: each for each in self._before.exemptions}
        for each in self._after.exemptions:
            old = before.get(each.id)
            crossed = self._is_between(each.start) or self._is_between(each.end)
            if old == each and not crossed:
                continue
            region = self._region_of(each, region_of, index_of)
            effect = self._effect_of_exemption(each)
            if effect is None and not self._is_here(region):
                continue
            change = InventoryChange(
                entity="exemption",
                entity_id=each.id,
                field=each.scope.value,
                old="" if old is None else f"{old.start}-{old.end}",
                new=f"{each.start}-{each.end}",
                at=each.start,
                author=each.proposer or each.author,
                reason=each.reason,
                approved_by=each.approver,
                recorded_at=each.at,
                document=each.document,
                seq=each.seq,
            )
            yield Entry(change, region, effect)

    def _region_of(self, exemption: Exemption, region_of: Mapping[str, str], index_of: Mapping[str, int]) -> str:
        """Give the region that an exemption is about: for a path that of the device through which it leads."""
        if exemption.scope is ExemptionScope.REGION:
            return exemption.scope_id
        if exemption.scope is ExemptionScope.POINT:
            return region_of.get(exemption.scope_id, "")
        index = index_of.get(exemption.scope_id)
        return "" if index is None else self._facts.devices[index].region or ""

    def _effect_of(self, index: int) -> Fraction | None:
        """Give what one device's changes did to the rate of the region asked for."""
        row = self._rows[self._root.code]
        return difference((row.at_end - self._own.get(index, NOTHING)).rate, row.at_end.rate)

    def _effect_of_exemption(self, exemption: Exemption) -> Fraction | None:
        """Give what an exemption does to the rate of the region asked for, as it is and as it was before."""
        row = self._rows[self._root.code]
        change = NOTHING
        alone = ExemptionBook([exemption])
        rest = ExemptionBook([each for each in self._after.exemptions if each.id != exemption.id])
        for index in self._exempt:
            version = self._after.version(index)
            if not alone.covering(version, self._after.tree):
                continue
            after = self._after.membership(index, point_class=self._class)
            if after is None or self._root.code not in self._after.tree.lineage(after.region):
                continue
            otherwise = _covers(rest.covering(version, self._after.tree), self._after.at)
            if otherwise or self._was_exempt_by(exemption.id, index):
                continue
            line = self._pasts.timeline(version.device.id, self._facts.keys[index], Axis.CONNECTIVITY)
            state = line.state_at(self._after.at)
            plain = Membership(after.region, after.point_class, after.kind, after.counts, exempt=False)
            change += counted(after, state) - counted(plain, state)
        if change == NOTHING:
            return None
        return difference((row.at_end - change).rate, row.at_end.rate)

    def _was_exempt_by(self, exemption_id: str, index: int) -> bool:
        """Tell whether a device was exempt by the same exemption before, so that this is nothing new."""
        same = [each for each in self._before.exemptions if each.id == exemption_id]
        covering = ExemptionBook(same).covering(self._before.version(index), self._before.tree)
        return _covers(covering, self._before.at)

    def _is_between(self, at: int) -> bool:
        return self._before.at < at <= self._after.at

    def _is_here(self, region: str) -> bool:
        return any(self._root.code in side.tree.lineage(region) for side in (self._before, self._after))


def _covers(spans: Iterable[tuple[int, int]], at: int) -> bool:
    return any(start <= at < end for start, end in spans)


def _recorded(change: InventoryChange) -> int:
    return change.recorded_at or change.at


def _by_entity(changes: Iterable[InventoryChange]) -> dict[tuple[str, str], list[InventoryChange]]:
    found: dict[tuple[str, str], list[InventoryChange]] = {}
    for change in changes:
        found.setdefault((change.entity, change.entity_id), []).append(change)
    return found


def _root_of(tree: RegionTree) -> Region:
    roots = tree.children(None)
    if not roots:
        raise KeyError("the inventory has no region")
    return roots[0]
