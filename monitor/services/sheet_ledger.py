"""The sheets about what changed: exemptions and the denominator with their effects, and the waterfall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from fractions import Fraction

from monitor.domain.device import Device
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import ExemptionScope, InventoryChange
from monitor.domain.history import DevicePast, DeviceVersion, as_before, versions_of
from monitor.domain.period_counting import WIDTH, PeriodCounter, assessed_s, online_s
from monitor.domain.period_seconds import Buckets, SlotKey, period_seconds
from monitor.domain.printing import DECIMALS
from monitor.domain.region import RegionLevel
from monitor.domain.spans import FROM_EVER
from monitor.domain.waterfall import Reason, Step, fall, online_pair, reason_of
from monitor.services.ledger_words import entity_word, field_word, value_word
from monitor.services.report_material import Material, Previous
from monitor.services.report_table import (
    MACHINE_PLACES,
    Cell,
    Column,
    Digits,
    Kind,
    Sheet,
    Word,
    exact,
    points,
    shared_out,
)
from monitor.services.report_words import NO, PARTIES, SCOPES, STEPS, YES, reason_word, region_word

SHARE, COUNT, WORD, INSTANT, ID, POINTS = (
    Kind.SHARE,
    Kind.COUNT,
    Kind.WORD,
    Kind.INSTANT,
    Kind.ID,
    Kind.POINTS,
)
EXEMPTION_COLUMNS = (
    Column("exemption_id", "报备编号", "exemption id", ID),
    Column("scope", "范围", "scope", WORD),
    Column("scope_id", "对象编码", "covers", ID),
    Column("start", "开始", "from", INSTANT),
    Column("end", "结束", "to", INSTANT),
    Column("reason", "事由", "reason", WORD),
    Column("planned", "计划内", "planned", WORD),
    Column("party", "责任方", "responsible", WORD),
    Column("approver", "批准人", "approver"),
    Column("document", "文号", "document"),
    Column("devices", "涉及设备", "devices", COUNT),
    Column("exempt_s", "报备秒数", "exempt, s", COUNT),
    Column("exempt_offline_s", "其中离线秒数", "of these offline, s", COUNT),
    Column("effect", "对在线率影响(百分点)", "effect on the online rate, points", POINTS),
)
DENOMINATOR_COLUMNS = (
    Column("at", "生效时间", "effective", INSTANT),
    Column("recorded_at", "登记时间", "recorded", INSTANT),
    Column("back_dated", "追溯", "back-dated", WORD),
    Column("entity", "对象", "entity", WORD),
    Column("entity_id", "对象编码", "entity id", ID),
    Column("region_code", "区划代码", "region code", ID),
    Column("field", "字段", "field", WORD),
    Column("old", "原值", "old", WORD),
    Column("new", "新值", "new", WORD),
    Column("author", "登记人", "author"),
    Column("approved_by", "批准人", "approved by"),
    Column("document", "文号", "document"),
    Column("reason", "原因", "reason"),
    Column("effect", "对在线率影响(百分点)", "effect on the online rate, points", POINTS),
)
WATERFALL_COLUMNS = (
    Column("region_code", "区划代码", "region code", ID),
    Column("region_name", "行政区划", "region", WORD, machine=False),
    Column("step", "步骤", "step", WORD),
    Column("party", "责任方", "responsible", WORD),
    Column("devices", "设备数", "devices", COUNT),
    Column("value", "在线率或变化(百分点)", "online rate or change, points", POINTS),
)
_BEFORE, _AFTER = Word("before", "上期在线率", "last period's rate"), Word("after", "本期在线率", "this period's rate")
_NO_PARTY = Word("", "", "")


def ledger_sheets(material: Material) -> list[Sheet]:
    """Give exemptions, denominator and waterfall."""
    return [
        Sheet("exemptions", "报备及影响", "Exemptions", EXEMPTION_COLUMNS, _exemptions(material)),
        Sheet("denominator", "考核基数变动", "Denominator", DENOMINATOR_COLUMNS, _denominator(material)),
        Sheet("waterfall", "在线率变化分解", "Waterfall", WATERFALL_COLUMNS, _waterfall(material)),
    ]


def correction_effect(material: Material, device_id: str, *, reason: str) -> Fraction | None:
    """Give what a correction, known by its device and reason, did to the root's online rate; None without one."""
    counter = material.counter
    facts = counter.facts
    rest = [each for each in facts.corrections if (each.device_id, each.reason) != (device_id, reason)]
    index = next((number for number, device in enumerate(facts.devices) if device.id == device_id), None)
    if index is None or len(rest) == len(facts.corrections):
        return None
    others = PeriodCounter(replace(facts, corrections=rest), start=counter.start, end=counter.end, rules=counter.rules)
    total = _total(material)
    one = online_pair(_under_root(material, counter.of_device(index)))
    other = online_pair(_under_root(material, others.of_device(index)))
    return _effect(total, (total[0] - one[0] + other[0], total[1] - one[1] + other[1]))


def _total(material: Material) -> tuple[int, int]:
    """Give online and assessed seconds of the root."""
    whole = next((row for row in material.rows if row.key.is_region and row.key.region == material.root), None)
    return (0, 0) if whole is None else (whole.sums.seconds.online, whole.sums.seconds.assessed)


def _effect(total: tuple[int, int], without: tuple[int, int]) -> Fraction | None:
    """Give what a thing adds to the rate: the rate as it is less that without it."""
    if not total[1] or not without[1]:
        return None
    return Fraction(*total) - Fraction(*without)


def _under_root(material: Material, found: dict[tuple[int, SlotKey], Buckets]) -> Buckets:
    """Add up what of a device counts in the root's headline row."""
    total = [0] * WIDTH
    for (number, (region, _, kind, _)), seconds in found.items():
        tree = material.counter.trees[number][2]
        if kind in material.rules.counting.headline_kinds and material.root in tree.lineage(region):
            total = [one + other for one, other in zip(total, seconds, strict=True)]
    return total


def _exemptions(material: Material) -> list[tuple[Cell, ...]]:
    counter = material.counter
    covered = _covered(material)
    singles = {each.id: ExemptionBook([each]) for each in counter.current}
    total = _total(material)
    rows: list[tuple[Cell, ...]] = []
    for exemption in sorted(counter.current, key=lambda each: (each.start, each.id)):
        rest = ExemptionBook([each for each in counter.current if each.id != exemption.id])
        alone = singles[exemption.id]
        devices, exempt_s, offline_s = 0, 0, 0
        online, assessed = total
        for index in covered[exemption.id]:
            with_it = _under_root(material, counter.of_device(index))
            without = _under_root(material, counter.of_device(index, book=rest))
            mine = _under_root(material, counter.of_device(index, book=alone))
            devices += sum(mine[:3]) > 0
            exempt_s += sum(mine[:3])
            offline_s += mine[1]
            one, other = online_pair(with_it), online_pair(without)
            online, assessed = online - one[0] + other[0], assessed - one[1] + other[1]
        if not devices:
            continue
        rows.append(
            (
                exemption.id,
                SCOPES[exemption.scope],
                exemption.scope_id,
                exemption.start,
                exemption.end,
                reason_word(exemption.reason),
                YES if exemption.planned else NO,
                PARTIES[exemption.party],
                exemption.approver,
                exemption.document,
                devices,
                exempt_s,
                offline_s,
                _effect(total, (online, assessed)),
            )
        )
    return rows


def _covered(material: Material) -> dict[str, list[int]]:
    """Give by exemption the indices of the devices that it covered in one of their versions."""
    counter = material.counter
    found: dict[str, list[int]] = {each.id: [] for each in counter.current}
    by_scope: dict[tuple[ExemptionScope, str], list[str]] = {}
    for exemption in counter.current:
        by_scope.setdefault((exemption.scope, exemption.scope_id), []).append(exemption.id)
    for index, device in enumerate(counter.facts.devices):
        if counter.is_plain(device, counter.facts.keys[index]):
            continue
        names = {
            name
            for version in counter.pasts.past(index).versions
            for scope in (
                (ExemptionScope.DEVICE, device.id),
                (ExemptionScope.POINT, version.device.point or ""),
                *((ExemptionScope.REGION, code) for code in material.tree.lineage(version.device.region or "")),
                *((ExemptionScope.PATH, ancestor) for ancestor in version.path_ancestors),
            )
            for name in by_scope.get(scope, ())
        }
        for name in names:
            found[name].append(index)
    return found


def _denominator(material: Material) -> list[tuple[Cell, ...]]:
    """Give the ledger of the period, each device's changes with what they did to the rate together."""
    counter, total = material.counter, _total(material)
    facts = counter.facts
    index_of = {device.id: index for index, device in enumerate(facts.devices)}
    region_of_point = {point.id: point.region for point in facts.points}
    # While a period runs, what is written down in this very second is known already.
    latest = min(material.period.end - 1, material.as_of)
    rows: list[tuple[Cell, ...]] = []
    told: set[int] = set()
    for index, device in enumerate(facts.devices):
        created = device.lifecycle.created_at
        if counter.start <= created <= latest and _is_here(material, device.region or ""):
            told.add(index)
            one = online_pair(_under_root(material, counter.of_device(index)))
            without = (total[0] - one[0], total[1] - one[1])
            added = InventoryChange("device", device.id, "", "", "added", created, recorded_at=created)
            rows.append(_ledger_row(added, device.region or "", _effect(total, without), counter.rules.zone))
    for change in facts.inventory_changes:
        if not any(counter.start <= at <= latest for at in (change.at, _recorded(change))):
            continue
        effect: Fraction | None = None
        regions: tuple[str, ...] = ()
        if change.entity == "device" and change.entity_id in index_of:
            index = index_of[change.entity_id]
            # Whoever left the region in the period is in its ledger, too.
            once = (version.device.region or "" for version in counter.pasts.past(index).versions)
            regions = (material.device(index).region or "", *once)
            if index not in told and any(_is_here(material, region) for region in regions):
                told.add(index)
                effect = _effect_of_changes(material, index, total)
        elif change.entity == "point":
            regions = (region_of_point.get(change.entity_id, ""),)
        elif change.entity == "region":
            regions = (change.entity_id,)
        if not any(regions) or any(_is_here(material, region) for region in regions):
            rows.append(_ledger_row(change, regions[0] if regions else "", effect, counter.rules.zone))
    return sorted(rows, key=lambda row: (row[0], str(row[4]), _code(row[6])))


def _code(cell: Cell) -> str:
    return cell.code if isinstance(cell, Word) else str(cell)


def _is_here(material: Material, region: str) -> bool:
    return material.root in material.tree.lineage(region)


def _recorded(change: InventoryChange) -> int:
    return change.recorded_at or change.at


def _ledger_row(change: InventoryChange, region: str, effect: Fraction | None, zone: tzinfo) -> tuple[Cell, ...]:
    recorded = _recorded(change)
    return (
        change.at,
        recorded,
        YES if recorded > change.at else NO,
        entity_word(change.entity),
        change.entity_id,
        region,
        field_word(change.field),
        value_word(change.field, change.old, zone=zone),
        value_word(change.field, change.new, zone=zone),
        change.author,
        change.approved_by,
        change.document,
        change.reason,
        effect,
    )


def _effect_of_changes(material: Material, index: int, total: tuple[int, int]) -> Fraction | None:
    """Compare with the device as it was, and was known, just before the period: back-dating hides no effect."""
    counter = material.counter
    past = counter.pasts.past(index)
    ancestors = past.version_at(counter.start).path_ancestors
    before = _known_before(counter, index)
    unchanged = DevicePast((DeviceVersion(FROM_EVER, before, ancestors),), past.connectivity, past.condition)
    found = {
        (number, key): seconds
        for number, (since, until, _) in enumerate(counter.trees)
        for key, (seconds, _) in period_seconds(
            unchanged,
            rules=counter.service_rules(number),
            exemptions=counter.book,
            start=since,
            end=until,
        ).items()
    }
    one = online_pair(_under_root(material, counter.of_device(index)))
    other = online_pair(_under_root(material, found))
    return _effect(total, (total[0] - one[0] + other[0], total[1] - one[1] + other[1]))


def _known_before(counter: PeriodCounter, index: int) -> Device:
    """Give a device by what was recorded before the period, as it stood at the last second before it."""
    device, start = counter.facts.devices[index], counter.start
    changes = counter.pasts.changed.get(device.id, ())
    device = as_before(device, [change for change in changes if _recorded(change) >= start])
    versions = versions_of(device, [change for change in changes if _recorded(change) < start])
    return next(version for since, version in reversed(versions) if since < start)


class _Regions:
    """Which rows of the waterfall a region's seconds belong to: the root, and its county."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._found: dict[str, tuple[str, ...]] = {}

    def of(self, region: str) -> tuple[str, ...]:
        found = self._found.get(region)
        if found is None:
            tree, root = self._material.tree, self._material.root
            lineage = tree.lineage(region)
            inside = lineage[: lineage.index(root) + 1] if root in lineage else ()
            found = tuple(code for code in inside if code == root or tree[code].level is RegionLevel.COUNTY)
            self._found[region] = found
        return found


def _waterfall(material: Material) -> list[tuple[Cell, ...]]:
    previous = material.previous
    if previous is None:
        return []
    regions, headline = _Regions(material), material.rules.counting.headline_kinds
    lengths = previous.length, material.end - material.counter.start
    before: dict[str, list[int]] = {}
    deltas: dict[str, dict[Step, list[int]]] = {}
    earlier = _Earlier(previous)
    sums = material.sums
    number, entries = 0, len(sums.entry_devices)
    counted = [region if kind in headline else "" for _, (region, _, kind, _) in sums.slots]
    for index, device in enumerate(material.counter.facts.devices):
        then = [(region, seconds) for region, kind, seconds in earlier.of(device.id) if kind in headline]
        now: list[tuple[str, Sequence[int]]] = []
        while number < entries and sums.entry_devices[number] == index:
            region = counted[sums.entry_slots[number]]
            if region:
                now.append((region, sums.entry(number)))
            number += 1
        if len(then) == 1 and len(now) == 1 and then[0][0] == now[0][0]:
            found = [(regions.of(now[0][0]), then[0][1], now[0][1])]
        else:
            found = _by_row(regions, then, now)
        for codes, one, other in found:
            change = _exchange(material, index, one, other, lengths)
            for code in codes:
                total = before.setdefault(code, [0, 0])
                total[0] += change[0][0]
                total[1] += change[0][1]
                if change[1] is not None:
                    delta = deltas.setdefault(code, {}).setdefault(change[1], [0, 0, 0])
                    delta[0] += change[2][0]
                    delta[1] += change[2][1]
                    delta[2] += 1
    order = [material.root, *sorted(code for code in before if code != material.root)]
    return [
        row
        for code in order
        if code in before
        for row in _fall_rows(material, code, before[code], deltas.get(code, {}))
    ]


def _by_row(
    regions: _Regions, then: list[tuple[str, Sequence[int]]], now: list[tuple[str, Sequence[int]]]
) -> list[tuple[tuple[str, ...], Sequence[int], Sequence[int]]]:
    """Give (row, seconds before, seconds now) of a device that moved or came or went."""
    mine: dict[str, list[list[int]]] = {}
    for which, entries in enumerate((then, now)):
        for region, seconds in entries:
            for code in regions.of(region):
                found = mine.setdefault(code, [[0] * WIDTH, [0] * WIDTH])
                found[which] = [one + other for one, other in zip(found[which], seconds, strict=True)]
    return [((code,), one, other) for code, (one, other) in mine.items()]


def _exchange(
    material: Material, index: int, then: Sequence[int], now: Sequence[int], lengths: tuple[int, int]
) -> tuple[tuple[int, int], Step | None, tuple[int, int]]:
    """Give what a device had before, the step that it belongs to, and what it changes there."""
    before = online_s(then), assessed_s(then)
    reason = reason_of(then, now, lengths=lengths)
    if reason is None:
        return before, None, (0, 0)
    party = material.main_party(index, offline_s=now[4]) if reason is Reason.FAILURES else None
    return before, (reason, party), (online_s(now) - before[0], assessed_s(now) - before[1])


class _Earlier:
    """The period before, entry by entry, in step with the devices of the facts: both are in the order of keys."""

    def __init__(self, previous: Previous) -> None:
        self._entries = iter(previous.entries())
        self._next = next(self._entries, None)

    def of(self, device_id: str) -> list[tuple[str, str, Sequence[int]]]:
        found = []
        while self._next is not None and self._next[0] == device_id:
            found.append((self._next[1], self._next[3], self._next[4]))
            self._next = next(self._entries, None)
        return found


def _fall_rows(
    material: Material, code: str, before: list[int], deltas: dict[Step, list[int]]
) -> list[tuple[Cell, ...]]:
    found = fall((before[0], before[1]), {step: (delta[0], delta[1]) for step, delta in deltas.items()})
    name = region_word(material.tree.get(code), code)
    rows: list[tuple[Cell, ...]] = []
    parts = [part for _, part in found.steps]
    machine, text = [_rounded(found.before, found.after, parts, places) for places in (MACHINE_PLACES, DECIMALS + 2)]
    if found.before is not None:
        rows.append((code, name, _BEFORE, _NO_PARTY, None, _rate_digits(found.before)))
    for (step, _), one, other in zip(found.steps, machine, text, strict=True):
        reason, party = step
        digits = Digits(exact(Fraction(one, 10**MACHINE_PLACES)), points(Fraction(other, 10 ** (DECIMALS + 2))))
        party_word = _NO_PARTY if party is None else PARTIES[party]
        rows.append((code, name, STEPS[reason], party_word, deltas[step][2], digits))
    if found.after is not None:
        rows.append((code, name, _AFTER, _NO_PARTY, None, _rate_digits(found.after)))
    return rows


def _rounded(before: Fraction | None, after: Fraction | None, parts: list[Fraction], places: int) -> list[int]:
    """Round the steps so that the printed ones add up to the printed difference, to the last digit."""
    unit = 10**places
    if before is None or after is None or not parts:
        return shared_out(parts, sum(round(part * unit) for part in parts), unit=unit)
    total = (after * unit + Fraction(1, 2)).__floor__() - (before * unit + Fraction(1, 2)).__floor__()
    return shared_out(parts, total, unit=unit)


def _rate_digits(rate: Fraction) -> Digits:
    return Digits(exact(rate), f"{exact(rate * 100, places=DECIMALS)}%")
