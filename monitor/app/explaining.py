"""`vidnet explain` and `vidnet plan`: from a percentage down to looks, and up again to the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import nlargest
from pathlib import Path

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.db.period_facts import SqlReportFacts
from monitor.adapters.reports.folder import ReportFolder
from monitor.app.reporting import folder_name, reports_root
from monitor.app.wiring import holding_targets
from monitor.domain.assessment import Validity
from monitor.domain.compliance import ComplianceRow, Judging, Method, RowCounter, compliance_rows
from monitor.domain.device import Device, ParentRole
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Axis, Correction, Exemption, StateChange
from monitor.domain.outages import outages
from monitor.domain.packed import OFFLINE, ONLINE
from monitor.domain.period import Period, week_period
from monitor.domain.period_counting import WIDTH, CountingRules, PeriodCounter, PeriodSums, assessed_s
from monitor.domain.period_facts import PeriodFacts
from monitor.domain.period_seconds import Buckets, period_seconds
from monitor.domain.repair_plan import OfflineDevice, Plan, make_plan
from monitor.domain.state import Connectivity
from monitor.domain.target import Target
from monitor.domain.weeks import days_between, week_of
from monitor.services.report_material import ReportError
from monitor.settings import Settings

LISTED = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch in which a device was offline: from, to (at most the period's end), why, the confirming looks."""

    start: int
    end: int
    cause: str
    looks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DeviceStory:
    """One device in a period: what it lost, when and why, day by day, and what was decided about it."""

    device: Device
    name: str
    lost_s: int
    lost_share: Fraction
    seconds: Sequence[int]
    days: Sequence[tuple[int, Buckets]]
    intervals: Sequence[Interval]
    exemptions: Sequence[Exemption]
    corrections: Sequence[Correction]


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why a region's rate is what it is.

    Attributes:
        revision: the published revision whose facts these are, "" for those known now.
        row: the region's own row.
        parts: the rows right below it.
        classes: its rows by class.
        stories: the devices that lost most, or the one asked for.
        offline_devices: how many devices lost anything.
    """

    period: Period
    end: int
    seq: int
    revision: str
    row: ComplianceRow
    parts: Sequence[ComplianceRow]
    classes: Sequence[ComplianceRow]
    stories: Sequence[DeviceStory]
    offline_devices: int


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """A plan with what is needed to read it: the week, until when, by when repairs take effect, names of targets."""

    region: str
    period: Period
    at: int
    mended_at: int
    plan: Plan
    names: dict[str, str]


async def explain(
    settings: Settings,
    database: Database,
    *,
    folder: Path,
    period: Period,
    region: str | None,
    device_id: str | None,
    at: int,
) -> Explanation:
    """Explain a region's online rate, as published where it is, else as known now.

    Raises:
        ReportError: the period has not begun, or there is no such region, or the device lost nothing to explain there.
        StoreError: the facts cannot be read.
    """
    await require_current(database)
    root = ReportFolder(reports_root(settings, folder=folder))
    newest = root.newest(folder_name(period.name, region=None, method=Method.TIME_WEIGHTED))
    seq = None if newest is None else newest.manifest.seq
    as_of = at if newest is None else newest.manifest.as_of
    store = SqlReportFacts(database)
    facts, counter, sums, code = await _counted(settings, store, period, region=region, as_of=as_of, upto=seq)
    tree = counter.trees[-1][2]
    targets, _ = await holding_targets(SqlInventory(database), settings, folder=folder, upto_seq=facts.upto)
    rows, row_counter = _rows(settings, targets, counter, sums, code, period)
    row = next((each for each in rows if each.key.is_region and each.key.region == code), None)
    if row is None:
        raise ReportError(f"{code} 没有应考核的设备 · no device of {code} is in service")
    losses = _losses(sums, row_counter, code)
    if device_id is not None:
        chosen = [(losses.get(index, 0), index) for index, each in enumerate(facts.devices) if each.id == device_id]
        if not chosen:
            raise ReportError(f"没有设备 {device_id} · there is no device {device_id}")
    else:
        found = [(lost, index) for index, lost in losses.items()]
        chosen = nlargest(LISTED, found, key=lambda each: (each[0], -each[1]))
    ids = [facts.devices[index].id for _, index in chosen]
    changes = await store.changes_of(ids, upto=facts.upto)
    names = await store.names(ids)
    total = sum(losses.values())
    children = {each.code for each in tree.children(code)}
    return Explanation(
        period=period,
        end=counter.end,
        seq=facts.upto,
        revision="" if newest is None else f"{newest.path.parent.name}/{newest.path.name}",
        row=row,
        parts=[each for each in rows if each.key.is_region and each.key.region in children],
        classes=[each for each in rows if each.key.region == code and each.key.point_class is not None],
        stories=[
            _story(counter, index, lost, total, changes[facts.devices[index].id], names) for lost, index in chosen
        ],
        offline_devices=len(losses),
    )


async def plan(
    settings: Settings, database: Database, *, folder: Path, region: str | None, mended_in_s: int, at: int
) -> RegionPlan:
    """Plan how a region reaches its target by the end of this week.

    Raises:
        ReportError: there is no such region, or nothing of it is in service.
        StoreError: the facts cannot be read.
    """
    await require_current(database)
    zone = settings.zone()
    period = week_period(week_of(at, zone), zone)
    store = SqlReportFacts(database)
    facts, counter, sums, code = await _counted(settings, store, period, region=region, as_of=at, upto=None)
    targets, _ = await holding_targets(SqlInventory(database), settings, folder=folder, upto_seq=facts.upto)
    rows, row_counter = _rows(settings, targets, counter, sums, code, period)
    row = next((each for each in rows if each.key.is_region and each.key.region == code), None)
    if row is None:
        raise ReportError(f"{code} 没有应考核的设备 · no device of {code} is in service")
    counted = _headline_slots(row_counter, code)
    mine = {index for index, slot in zip(sums.entry_devices, sums.entry_slots, strict=True) if slot in counted}
    offline, online_now, behind = [], 0, dict[str, int]()
    for index, device in enumerate(facts.devices):
        parent = next((each.device_id for each in device.parents if each.role is ParentRole.PATH), "")
        if parent:
            behind[parent] = behind.get(parent, 0) + 1
        if index not in mine or _is_exempt_now(counter, index):
            continue
        state = sums.at_end[index]
        online_now += state == ONLINE
        if state == OFFLINE:
            last = outages(counter.pasts, index, end=counter.end)[-1]
            offline.append(OfflineDevice(device.id, parent, device.organisations.maintainer, last.since))
    target = row.online.target.value if row.online.target else None
    seconds = row.sums.seconds
    made = make_plan(
        online_s=seconds.online,
        assessed_s=seconds.assessed,
        online_now=online_now,
        offline=offline,
        behind=behind,
        target=target,
        left_s=period.end - at,
        mended_in_s=mended_in_s,
    )
    names = await store.names([repair.target for repair in made.repairs])
    return RegionPlan(code, period, at, at + mended_in_s, made, names)


async def _counted(
    settings: Settings, store: SqlReportFacts, period: Period, *, region: str | None, as_of: int, upto: int | None
) -> tuple[PeriodFacts, PeriodCounter, PeriodSums, str]:
    end = min(period.end, as_of)
    if end <= period.start:
        raise ReportError(f"{period.name} 尚未开始 · {period.name} has not begun yet")
    facts = await store.read(start=period.start, upto=upto, as_of=as_of)
    if not facts.regions:
        raise ReportError("清单为空，没有可考核的设备 · the inventory is empty: there is nothing to assess")
    rules = CountingRules(settings.zone(), settings.rules.commissioning_days)
    counter = PeriodCounter(facts, start=period.start, end=end, rules=rules)
    tree = counter.trees[-1][2]
    code = region if region is not None else tree.children(None)[0].code
    if code not in tree:
        raise ReportError(f"清单中没有区划 {code} · the inventory has no region {code}")
    return facts, counter, counter.count(), code


def _rows(
    settings: Settings,
    targets: Sequence[Target],
    counter: PeriodCounter,
    sums: PeriodSums,
    code: str,
    period: Period,
) -> tuple[list[ComplianceRow], RowCounter]:
    row_counter = RowCounter(sums, root=code)
    rules = settings.rules
    validity = Validity(Fraction(rules.min_measured), Fraction(rules.min_judged))
    judging = Judging(counter.trees[-1][2], targets, period.start, validity)
    return compliance_rows(row_counter.rows(), judging), row_counter


def _headline_slots(row_counter: RowCounter, code: str) -> set[int]:
    return {
        slot
        for slot, keys in enumerate(row_counter.keys_of_slot)
        if any(key.is_region and key.region == code for key in keys)
    }


def _losses(sums: PeriodSums, row_counter: RowCounter, code: str) -> dict[int, int]:
    """Give the offline seconds of every device that lost any under the region."""
    counted = _headline_slots(row_counter, code)
    found: dict[int, int] = {}
    for number, slot in enumerate(sums.entry_slots):
        lost = sums.entry_seconds[number * WIDTH + 4]
        if lost and slot in counted:
            index = sums.entry_devices[number]
            found[index] = found.get(index, 0) + lost
    return found


def _story(
    counter: PeriodCounter, index: int, lost: int, total: int, changes: Sequence[StateChange], names: dict[str, str]
) -> DeviceStory:
    past, device = counter.pasts.past(index), counter.facts.devices[index]
    seconds = [0] * WIDTH
    for found in counter.of_device(index).values():
        seconds = [one + other for one, other in zip(seconds, found, strict=True)]
    days = []
    for start, end in days_between(counter.start, counter.end, counter.rules.zone):
        day = [0] * WIDTH
        rules = counter.service_rules()
        for part, _ in period_seconds(past, rules=rules, exemptions=counter.book, start=start, end=end).values():
            day = [one + other for one, other in zip(day, part, strict=True)]
        days.append((start, day))
    confirmed = {
        change.at: change
        for change in changes
        if change.axis is Axis.CONNECTIVITY and change.new == Connectivity.OFFLINE
    }
    intervals = []
    for outage in outages(counter.pasts, index, end=counter.end):
        until = counter.end if outage.until is None else outage.until
        if until <= counter.start:
            continue
        last = [at for at in confirmed if at <= counter.start]
        begun = outage.since if outage.since is not None else (max(last) if last else None)
        change = None if begun is None else confirmed.get(begun)
        cause = (change.cause if change else outage.cause) or ""
        start = counter.start if begun is None else begun
        intervals.append(Interval(start, until, str(cause), change.looks if change else ()))
    return DeviceStory(
        device=device,
        name=names.get(device.id, ""),
        lost_s=lost,
        lost_share=Fraction(lost, total) if total else Fraction(0),
        seconds=seconds,
        days=days,
        intervals=intervals,
        exemptions=_exemptions(counter, index),
        corrections=[
            each
            for each in counter.pasts.corrections.get(device.id, ())
            if each.start < counter.end and each.end > counter.start
        ],
    )


def _exemptions(counter: PeriodCounter, index: int) -> list[Exemption]:
    tree = counter.trees[-1][2]
    versions = counter.pasts.past(index).versions
    return [
        each for each in counter.current if any(ExemptionBook([each]).covering(version, tree) for version in versions)
    ]


def _is_exempt_now(counter: PeriodCounter, index: int) -> bool:
    if counter.is_plain(counter.facts.devices[index], counter.facts.keys[index]):
        return False
    last = counter.end - 1
    past = counter.pasts.past(index)
    rules = counter.service_rules()
    found = period_seconds(past, rules=rules, exemptions=counter.book, start=last, end=counter.end)
    return not any(assessed_s(seconds) for seconds, _ in found.values())
