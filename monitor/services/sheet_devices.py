"""The sheets that name devices: what explains a gap, who is offline, what was repaired, what maintainers earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import nlargest

from monitor.domain.assessment import Verdict
from monitor.domain.compliance import RowKey
from monitor.domain.device import ParentRole
from monitor.domain.exemption import exempt_spans
from monitor.domain.facts import Party
from monitor.domain.indicator import Indicator
from monitor.domain.outages import Outage
from monitor.domain.period_counting import WIDTH
from monitor.domain.region import RegionLevel
from monitor.services.incident_losses import IncidentInput
from monitor.services.report_material import HOUR_S, Material
from monitor.services.report_table import Cell, Column, Kind, Share, Sheet, Word
from monitor.services.report_words import (
    AGES,
    ALL,
    CLASSES,
    INDICATORS,
    NO,
    PARTIES,
    YES,
    cause_word,
    device_cells,
    region_word,
)

SHARE, COUNT, WORD, INSTANT, ID = Kind.SHARE, Kind.COUNT, Kind.WORD, Kind.INSTANT, Kind.ID

DEVICE_ITEM, GROUP_ITEM = Word("device", "设备", "device"), Word("incident", "事件", "incident")
GROUP_FROM = 3
"""So many devices behind one parent, each offline for an hour or more, are named as one incident."""

BELOW_COLUMNS = (
    Column("region_code", "区划代码", "region code", ID),
    Column("region_name", "行政区划", "region", WORD, machine=False),
    Column("point_class", "点位类别", "class", WORD),
    Column("indicator", "指标", "indicator", WORD),
    Column("rate", "比率", "rate", SHARE),
    Column("target", "目标", "target", SHARE),
    Column("devices_short", "差额台数", "devices short", COUNT),
    Column("lost_total_s", "失分秒数合计", "all seconds lost", COUNT),
    Column("item", "项目", "item", WORD),
    Column("item_id", "项目编号", "item id", ID),
    Column("item_name", "项目名称", "item name"),
    Column("devices", "设备数", "devices", COUNT),
    Column("lost_s", "失分秒数", "seconds lost", COUNT),
    Column("lost_share", "占失分", "share of the loss", SHARE),
    Column("explained_share", "累计占失分", "explained so far", SHARE),
    Column("party", "责任方", "responsible", WORD),
    Column("maintainer", "维护单位", "maintainer"),
)
OFFLINE_COLUMNS = (
    Column("county_code", "县市区代码", "county code", ID),
    Column("county_name", "县市区", "county", WORD, machine=False),
    Column("region_code", "区划代码", "region code", ID),
    Column("region_name", "行政区划", "region", WORD, machine=False),
    Column("device_id", "设备编码", "device id", ID),
    Column("device_name", "设备名称", "device name"),
    Column("point_class", "点位类别", "class", WORD),
    Column("device_kind", "设备类型", "kind", WORD),
    Column("age", "离线时长", "offline for", WORD),
    Column("offline_since", "离线起始", "offline since", INSTANT),
    Column("offline_h", "离线小时数", "hours offline", COUNT),
    Column("cause", "原因", "cause", WORD),
    Column("party", "责任方", "responsible", WORD),
    Column("exempt", "报备中", "exempt", WORD),
    Column("owner_unit", "建设单位", "owner unit"),
    Column("maintainer", "维护单位", "maintainer"),
    Column("contract", "合同", "contract"),
    Column("work_order", "工单", "work order"),
)
REPAIR_COLUMNS = (
    Column("county_code", "县市区代码", "county code", ID),
    Column("county_name", "县市区", "county", WORD, machine=False),
    Column("region_code", "区划代码", "region code", ID),
    Column("region_name", "行政区划", "region", WORD, machine=False),
    Column("device_id", "设备编码", "device id", ID),
    Column("device_name", "设备名称", "device name"),
    Column("point_class", "点位类别", "class", WORD),
    Column("device_kind", "设备类型", "kind", WORD),
    Column("offline_since", "离线起始", "offline since", INSTANT),
    Column("online_again", "恢复时间", "online again", INSTANT),
    Column("duration_s", "中断秒数", "duration, s", COUNT),
    Column("cause", "原因", "cause", WORD),
    Column("party", "责任方", "responsible", WORD),
    Column("maintainer", "维护单位", "maintainer"),
    Column("contract", "合同", "contract"),
)
SETTLEMENT_COLUMNS = (
    Column("maintainer", "维护单位", "maintainer"),
    Column("contract", "合同", "contract"),
    Column("devices", "设备数", "devices", COUNT),
    Column("in_service_s", "应考核秒数", "in service, s", COUNT),
    Column("assessed_s", "考核秒数", "assessed, s", COUNT),
    Column("online_s", "在线秒数", "online, s", COUNT),
    Column("offline_s", "离线秒数", "offline, s", COUNT),
    Column("exempt_s", "报备秒数", "exempt, s", COUNT),
    Column("online_rate", "在线率", "online rate", SHARE),
    Column("intact_rate", "完好率", "intact rate", SHARE),
    Column("repairs", "修复次数", "repairs", COUNT),
    Column("mean_repair_s", "平均修复秒数", "mean time to repair, s", COUNT),
    Column("offline_gt24h", "离线超24小时", "offline > 24 h", COUNT),
    Column("offline_gt72h", "离线超72小时", "offline > 72 h", COUNT),
    Column("offline_gt7d", "离线超7天", "offline > 7 d", COUNT),
)


@dataclass(slots=True)
class _Loss:
    """What one row lost: (seconds, device index, the incident in which it lost them, None outside of any)."""

    total: int
    by_device: list[tuple[int, int, IncidentInput | None]]


def device_sheets(material: Material) -> list[Sheet]:
    """Give below-target, offline-devices, repairs and settlement."""
    return [
        Sheet("below-target", "未达标原因", "Below target", BELOW_COLUMNS, _below(material)),
        Sheet("offline-devices", "长时间离线设备", "Offline devices", OFFLINE_COLUMNS, _offline(material)),
        Sheet("repairs", "修复记录", "Repairs", REPAIR_COLUMNS, _repairs(material)),
        Sheet("settlement", "维护结算", "Settlement", SETTLEMENT_COLUMNS, _settlement(material)),
    ]


def listed_ids(sheets: Sequence[Sheet]) -> list[str]:
    """Give the ids of all devices that the sheets name."""
    found: set[str] = set()
    for sheet in sheets:
        for number, column in enumerate(sheet.columns):
            if column.code in ("device_id", "item_id"):
                found.update(str(row[number]) for row in sheet.rows)
    return sorted(found)


def with_names(sheet: Sheet, names: dict[str, str]) -> Sheet:
    """Give the sheet with the devices' names in it."""
    codes = [column.code for column in sheet.columns]
    for one, other in (("device_id", "device_name"), ("item_id", "item_name")):
        if one in codes and other in codes:
            source, target = codes.index(one), codes.index(other)
            rows = [
                (*row[:target], names.get(str(row[source]), "") or row[target], *row[target + 1 :])
                for row in sheet.rows
            ]
            return Sheet(sheet.name, sheet.zh, sheet.en, sheet.columns, rows, sheet.people)
    return sheet


def _below(material: Material) -> list[tuple[Cell, ...]]:
    found: list[tuple[Cell, ...]] = []
    for indicator, buckets in ((Indicator.ONLINE, (4,)), (Indicator.INTACT, (4, 6))):
        missed = {
            row.key: row
            for row in material.rows
            if row.key.kind is None
            and row.key.organisation is None
            and (row.online if indicator is Indicator.ONLINE else row.intact).verdict is Verdict.MISSED
        }
        losses = _losses(material, missed.keys(), buckets)
        for key, row in missed.items():
            judged = row.online if indicator is Indicator.ONLINE else row.intact
            target = judged.target.value if judged.target else None
            loss = losses.get(key, _Loss(0, []))
            head: tuple[Cell, ...] = (
                key.region,
                region_word(material.tree.get(key.region), key.region),
                ALL if key.point_class is None else CLASSES[key.point_class],
                INDICATORS[indicator],
                Share(judged.rate.value, target, met=False),
                Share(target),
                judged.short,
                loss.total,
            )
            found += [(*head, *item) for item in _items(material, loss)]
    return found


def _losses(material: Material, keys: Iterable[RowKey], buckets: tuple[int, ...]) -> dict[RowKey, _Loss]:
    wanted = set(keys)
    of_slot = [[key for key in found if key in wanted] for found in material.row_counter.keys_of_slot]
    losses: dict[RowKey, _Loss] = {}
    sums = material.sums
    for number, slot in enumerate(sums.entry_slots):
        mine = of_slot[slot]
        if mine:
            first = number * WIDTH
            lost = sum(sums.entry_seconds[first + bucket] for bucket in buckets)
            if lost:
                parts = _by_incident(material, number, lost, buckets)
                for key in mine:
                    loss = losses.get(key)
                    if loss is None:
                        loss = losses[key] = _Loss(0, [])
                    loss.total += lost
                    loss.by_device += parts
    return losses


def _by_incident(
    material: Material, entry: int, lost: int, buckets: tuple[int, ...]
) -> list[tuple[int, int, IncidentInput | None]]:
    """Cut what a device lost under one scope into what it lost in incidents, and the rest."""
    sums = material.sums
    index, slot = sums.entry_devices[entry], sums.slots[sums.entry_slots[entry]]
    parts: list[tuple[int, int, IncidentInput | None]] = []
    for incident, seconds in material.incidents.of(index).get(slot, ()):
        within = sum(seconds[bucket] for bucket in buckets)
        if within:
            parts.append((within, index, incident))
            lost -= within
    return [*parts, (lost, index, None)] if lost else parts


def _items(material: Material, loss: _Loss) -> list[tuple[Cell, ...]]:
    """Give the incidents and single devices that lost most, at most `listed` of them, the greatest loss first."""
    devices = material.counter.facts.devices
    groups: dict[str, list[tuple[int, int]]] = {}
    alone: list[tuple[int, int]] = []
    incidents: dict[str, IncidentInput] = {}
    for lost, index, incident in loss.by_device:
        if incident is not None:
            incidents[incident.id] = incident
        group = incident.id if incident is not None else (_path(material, index) if lost >= HOUR_S else "")
        if group:
            groups.setdefault(group, []).append((lost, index))
        else:
            alone.append((lost, index))
    items: list[tuple[int, str, int, int]] = []
    for group, members in groups.items():
        if group in incidents or len(members) >= GROUP_FROM:
            count = len({index for _, index in members})
            items.append((sum(lost for lost, _ in members), group, count, members[0][1]))
        else:
            alone += members
    chosen = nlargest(material.rules.listed, alone, key=lambda each: (each[0], -each[1]))
    items += [(lost, "", 1, index) for lost, index in chosen]
    items = sorted(items, key=lambda each: (-each[0], each[1], each[3]))[: material.rules.listed]
    so_far, found = 0, []
    for lost, group, count, index in items:
        so_far += lost
        device = material.device(index)
        known = incidents.get(group)
        party = known.party if known else Party.UNDECIDED if group else material.party_alone(index)
        cells: tuple[Cell, ...] = (
            GROUP_ITEM if group else DEVICE_ITEM,
            group or devices[index].id,
            "" if known is None else Word(known.zh, known.zh, known.en),
            count,
            lost,
            Share(Fraction(lost, loss.total)),
            Share(Fraction(so_far, loss.total)),
            PARTIES[party],
            device.organisations.maintainer,
        )
        found.append(cells)
    return found


def _path(material: Material, index: int) -> str:
    parents = material.counter.facts.devices[index].parents
    return next((each.device_id for each in parents if each.role is ParentRole.PATH), "")


def _place(material: Material, index: int) -> tuple[Cell, ...]:
    device = material.device(index)
    region = device.region or ""
    county = material.tree.ancestor_at(region, RegionLevel.COUNTY) or material.root
    tree = material.tree
    return county, region_word(tree.get(county), county), region, region_word(tree.get(region), region)


def _party(material: Material, outage: Outage) -> Party:
    """Give who is responsible for an outage, by what was decided of the part of it that lies in the period."""
    since = material.counter.start if outage.since is None else max(outage.since, material.counter.start)
    until = material.end if outage.until is None else min(outage.until, material.end)
    return material.party(outage.index, start=since, end=until)


def _offline(material: Material) -> list[tuple[Cell, ...]]:
    found: list[tuple[tuple[str, int, str], tuple[Cell, ...]]] = []
    for outage in material.offline:
        age = _age(material, outage)
        if age is None:
            continue
        device = material.device(outage.index)
        organisations = device.organisations
        hours = None if outage.since is None else (material.end - outage.since) // HOUR_S
        place = _place(material, outage.index)
        cells: tuple[Cell, ...] = (
            *place,
            *device_cells(device, ""),
            age,
            outage.since,
            hours,
            cause_word(outage.cause),
            PARTIES[_party(material, outage)],
            YES if _is_exempt(material, outage.index) else NO,
            organisations.owner_unit,
            organisations.maintainer,
            organisations.contract,
            material.orders.get(device.id, ""),
        )
        found.append(((str(place[0]), outage.since or 0, device.id), cells))
    return [cells for _, cells in sorted(found, key=lambda each: each[0])]


def _repairs(material: Material) -> list[tuple[Cell, ...]]:
    found = []
    for outage in material.repairs:
        device = material.device(outage.index)
        duration = None if outage.since is None or outage.until is None else outage.until - outage.since
        found.append(
            (
                *_place(material, outage.index),
                *device_cells(device, ""),
                outage.since,
                outage.until,
                duration,
                cause_word(outage.cause),
                PARTIES[_party(material, outage)],
                device.organisations.maintainer,
                device.organisations.contract,
            )
        )
    return sorted(found, key=lambda row: (str(row[0]), row[9] or 0, str(row[4])))


def _settlement(material: Material) -> list[tuple[Cell, ...]]:
    groups: dict[tuple[str, str], list[int]] = {}
    seen: dict[tuple[str, str], set[int]] = {}
    sums = material.sums
    for slot, keys in enumerate(material.row_counter.keys_of_slot):
        organisations, kind = sums.slots[slot][1][3], sums.slots[slot][1][2]
        if (
            keys
            and kind in material.rules.counting.headline_kinds
            and (organisations.maintainer or organisations.contract)
        ):
            group = organisations.maintainer, organisations.contract
            total = groups.setdefault(group, [0] * WIDTH)
            groups[group] = [one + other for one, other in zip(total, sums.seconds[slot], strict=True)]
    for index, slot in zip(sums.entry_devices, sums.entry_slots, strict=True):
        organisations = sums.slots[slot][1][3]
        group = organisations.maintainer, organisations.contract
        if group in groups and material.row_counter.keys_of_slot[slot]:
            seen.setdefault(group, set()).add(index)
    repairs = _by_group(material, material.repairs, lambda outage: outage.since is not None)
    lasting = _by_group(material, material.offline, lambda outage: _age(material, outage) is not None)
    found: list[tuple[Cell, ...]] = []
    for group in sorted(groups):
        seconds = groups[group]
        online, offline = sum(seconds[5:]), seconds[4]
        judged = seconds[4] + seconds[5] + seconds[6]
        times = [each.until - each.since for each in repairs.get(group, []) if each.since and each.until]
        ages = Counter(age.code for each in lasting.get(group, []) if (age := _age(material, each)) is not None)
        longer = ages["gt7d"], ages["gt7d"] + ages["gt72h"], sum(ages.values())
        found.append(
            (
                *group,
                len(seen.get(group, ())),
                sum(seconds),
                online + offline,
                online,
                offline,
                sum(seconds[:3]),
                Share(Fraction(online, online + offline) if online + offline else None),
                Share(Fraction(seconds[5], judged) if judged else None),
                len(times),
                sum(times) // len(times) if times else None,
                longer[2],
                longer[1],
                longer[0],
            )
        )
    return found


def _by_group(
    material: Material, found: Sequence[Outage], chosen: Callable[[Outage], bool]
) -> dict[tuple[str, str], list[Outage]]:
    groups: dict[tuple[str, str], list[Outage]] = {}
    for outage in found:
        if chosen(outage):
            organisations = material.device(outage.index).organisations
            groups.setdefault((organisations.maintainer, organisations.contract), []).append(outage)
    return groups


def _age(material: Material, outage: Outage) -> Word | None:
    if outage.since is None:
        return AGES[0][1]
    return next((word for limit, word in AGES if material.end - outage.since > limit), None)


def _is_exempt(material: Material, index: int) -> bool:
    counter = material.counter
    if counter.is_plain(counter.facts.devices[index], counter.facts.keys[index]):
        return False
    version = counter.pasts.past(index).version_at(material.end - 1)
    return bool(exempt_spans(version, counter.book, material.tree, start=material.end - 1, end=material.end))
