"""The report on a period, from its inputs to its sheets.

`ReportInputs` is all that goes in beside the facts; it is published with the report, so that anybody can make the same
report again: same inputs, same seq K, same program version, same bytes.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

import msgspec

from monitor.domain.assessment import Validity
from monitor.domain.compliance import Method
from monitor.domain.device import DeviceKind
from monitor.domain.indicator import Indicator
from monitor.domain.objecting import Objection, ObjectionState
from monitor.domain.period import SNAPSHOT_TIMES, Period, parse_period
from monitor.domain.period_counting import WIDTH, CountingRules
from monitor.domain.period_facts import PeriodFacts
from monitor.domain.point import PointClass, Ring
from monitor.domain.scope import DIMENSIONS, Scope
from monitor.domain.tally import BUCKETS
from monitor.domain.target import Target
from monitor.ports import Beside, ReportFacts
from monitor.services.incident_losses import IncidentInput
from monitor.services.report_material import (
    Entry,
    Material,
    Previous,
    ReportRules,
    gather,
    look_up,
    one_after_the_other,
)
from monitor.services.report_table import Column, Kind, Sheet, Word
from monitor.services.sheet_clocks import ClockSum, clock_sheet
from monitor.services.sheet_devices import device_sheets, listed_ids, with_names
from monitor.services.sheet_ledger import correction_effect, ledger_sheets
from monitor.services.sheet_method import method_sheet
from monitor.services.sheet_summary import summary_sheets

DRAFT = Word("draft", "草稿（可提出异议）", "draft, open to objections")
FINAL = Word("final", "正式", "final")
INTERIM = Word("interim", "截至目前（考核期未结束）", "so far: the period is not over")
STATUSES = {word.code: word for word in (DRAFT, FINAL, INTERIM)}

DECISION_COLUMNS = (
    Column("objection_id", "异议编号", "objection", Kind.ID),
    Column("device_id", "设备编码", "device id", Kind.ID),
    Column("axis", "指标", "axis"),
    Column("start", "开始", "from", Kind.INSTANT),
    Column("end", "结束", "to", Kind.INSTANT),
    Column("claimed", "主张", "claimed"),
    Column("reason", "理由", "reason"),
    Column("document", "文号", "document"),
    Column("proposer", "提出人", "proposer"),
    Column("decision", "处理", "decision", Kind.WORD),
    Column("approver", "处理人", "decided by"),
    Column("note", "处理意见", "note"),
    Column("effect", "对在线率影响(百分点)", "effect on the online rate, points", Kind.POINTS),
)
DECISIONS = {
    "submitted": Word("submitted", "待处理", "waiting"),
    "accepted": Word("accepted", "采纳", "accepted"),
    "refused": Word("refused", "驳回", "refused"),
}


class TargetInput(msgspec.Struct, frozen=True):
    """A target as it is written into the inputs."""

    indicator: str
    value: str
    effective_from: int
    source: str
    withdrawn_on: int | None
    scope: dict[str, str]


class DecisionInput(msgspec.Struct, frozen=True):
    """An objection with its decision, as it is written into the inputs; `effect` is an exact fraction."""

    id: str
    device: str
    axis: str
    start: int
    end: int
    claimed: str
    reason: str
    document: str
    proposer: str
    state: str
    approver: str
    note: str
    effect: str = ""


class ReportInputs(msgspec.Struct, frozen=True):
    """All that a report is made from beside the facts.

    Attributes:
        period: its name.
        region: the code of the region that it is about; None for the whole city.
        method: time-weighted or snapshot.
        status: draft, final or interim.
        as_of: when it is made; where the period is not over, its seconds end here.
        seq: the seq K; None before the facts were read.
        zone: the city's zone.
        settle_s: how long after its end a period's looks may still be coming in (RULES §0).
        targets: all targets.
        previous: the folder of the revision of the period before, below the root; None: counted from the facts.
        previous_sha256: of its seconds by device.
        names: of the devices that are listed; None before they were looked up.
        author: who made it final; "" for a draft.
        decisions: the objections to the period.
        program_version: of the program that makes it.
        incidents: those of the period, each with its devices.
        orders: by device the id of its work order.
        clocks: by region its clocks over the period.
    """

    period: str
    region: str | None
    method: str
    status: str
    as_of: int
    seq: int | None
    zone: str
    commissioning_days: int
    min_measured: str
    min_judged: str
    snapshot_times: tuple[int, ...]
    small_sample: int
    repair_from_s: int
    listed: int
    interval_s: int
    settle_s: int
    targets: tuple[TargetInput, ...]
    previous: str | None
    previous_sha256: str
    names: dict[str, str] | None
    author: str
    decisions: tuple[DecisionInput, ...]
    program_version: str
    incidents: tuple[IncidentInput, ...] = ()
    orders: dict[str, str] = {}
    clocks: dict[str, ClockSum] = {}

    @property
    def span(self) -> Period:
        """The period."""
        return parse_period(self.period, ZoneInfo(self.zone))

    def rules(self) -> ReportRules:
        """Give the settings in it."""
        return ReportRules(
            counting=CountingRules(
                ZoneInfo(self.zone), self.commissioning_days, snapshot_times=self.snapshot_times or SNAPSHOT_TIMES
            ),
            validity=Validity(Fraction(self.min_measured), Fraction(self.min_judged)),
            small_sample=self.small_sample,
            repair_from_s=self.repair_from_s,
            listed=self.listed,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """A report before it is files: its inputs, complete now, the digest of its facts, its sheets and its material."""

    inputs: ReportInputs
    facts_sha256: str
    sheets: list[Sheet]
    material: Material


async def build_report(
    store: ReportFacts,
    inputs: ReportInputs,
    previous: Previous | None,
    *,
    beside: Beside = one_after_the_other,
    on_step: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Report:
    """Make a report.

    Args:
        store: the facts.
        inputs: all that goes in; where seq and names are in it already, the same report comes out again.
        previous: the period before, read from the revision that the inputs name.
        beside: how work is done on another core.
        on_step: told what is done: the step, and how much of how much.

    Raises:
        ReportError: the period has not begun, or the inventory has no such region.
        StoreError: the facts cannot be read.
    """
    material = await gather(
        store,
        inputs.span,
        root=inputs.region,
        rules=inputs.rules(),
        targets=[target_of(each) for each in inputs.targets],
        method=Method(inputs.method),
        as_of=inputs.as_of,
        upto=inputs.seq,
        previous=previous,
        incidents=inputs.incidents,
        orders=inputs.orders,
        beside=beside,
        on_step=on_step,
    )
    # The ledger needs nothing but what was counted, and takes as long as all that must be looked up.
    with beside(lambda: ledger_sheets(material)) as ledger:
        await look_up(store, material, on_step=on_step)
        on_step("sheets", 0, 1)
        sheets = [*summary_sheets(material), *device_sheets(material), *ledger()]
    names = inputs.names
    if names is None:
        names = await store.names(listed_ids(sheets))
    settled = inputs.as_of >= material.period.end + inputs.settle_s
    status = inputs.status if settled else INTERIM.code
    inputs = msgspec.structs.replace(
        inputs,
        seq=material.counter.facts.upto,
        region=material.root,
        names=dict(sorted(names.items())),
        status=status,
    )
    inputs = msgspec.structs.replace(inputs, decisions=with_effects(material, inputs.decisions))
    sheets = [with_names(sheet, names) for sheet in sheets]
    sheets += [_decisions(inputs), clock_sheet(material, inputs.clocks)]
    sheets.append(
        method_sheet(
            material,
            version=inputs.program_version,
            status=STATUSES[status],
            author=inputs.author,
            decisions=sum(each.state != "submitted" for each in inputs.decisions),
            interval_s=inputs.interval_s,
        )
    )
    on_step("sheets", 1, 1)
    return Report(inputs, facts_digest(material.counter.facts), sheets, material)


def decision_input(objection: Objection) -> DecisionInput:
    """Write an objection into the inputs."""
    return DecisionInput(
        id=objection.id,
        device=objection.device_id,
        axis=objection.axis.value,
        start=objection.start,
        end=objection.end,
        claimed=objection.claimed,
        reason=objection.reason,
        document=objection.document,
        proposer=objection.proposer,
        state=objection.state.value,
        approver=objection.approver,
        note=objection.note,
    )


def with_effects(material: Material, decisions: Sequence[DecisionInput]) -> tuple[DecisionInput, ...]:
    """Give the decisions, each accepted one with what it did to the root region's online rate."""
    found = []
    for each in decisions:
        effect = None
        if each.state == ObjectionState.ACCEPTED:
            effect = correction_effect(material, each.device, reason=f"{each.id}: {each.reason}")
        found.append(each if effect is None else msgspec.structs.replace(each, effect=str(effect)))
    return tuple(found)


def device_lines(material: Material) -> list[str]:
    """Give the seconds of every device under every scope that it had, as CSV lines in the order of keys."""
    sums = material.sums
    heads = [f",{key[0]},{key[1].value},{key[2].value}," for _, key in sums.slots]
    devices = material.counter.facts.devices
    lines = [",".join(("device_id", "region_code", "point_class", "device_kind", *(f"{each}_s" for each in BUCKETS)))]
    seconds = sums.entry_seconds
    for number, (index, slot) in enumerate(zip(sums.entry_devices, sums.entry_slots, strict=True)):
        found = seconds[number * WIDTH : (number + 1) * WIDTH]
        lines.append(_quoted(devices[index].id) + heads[slot] + ",".join(map(str, found)))
    return lines


def read_device_lines(lines: Iterable[str]) -> Iterator[Entry]:
    """Take the lines of `device_lines` back, one after the other.

    Raises:
        ValueError: a line is spoiled.
    """
    found = csv.reader(lines)
    next(found, None)
    for line in found:
        if len(line) != WIDTH + 4:
            raise ValueError(f"not seconds by device: {line!r}")
        yield line[0], line[1], line[2], line[3], list(map(int, line[4:]))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def facts_digest(facts: PeriodFacts) -> str:
    """Give the sha256 of the facts that a report was made from: changes, corrections, exemptions, the ledger."""
    digest = hashlib.sha256()
    digest.update(memoryview(facts.changes.values))  # type: ignore[arg-type]
    digest.update(facts.changes.connectivity)
    digest.update(facts.changes.condition)
    for part in (facts.corrections, facts.exemptions, facts.inventory_changes, facts.regions):
        digest.update(repr(list(part)).encode())
    return digest.hexdigest()


def target_input(target: Target) -> TargetInput:
    """Write a target into the inputs."""
    scope = {name: str(value) for name in DIMENSIONS if (value := getattr(target.scope, name)) is not None}
    return TargetInput(
        target.indicator.value, str(target.value), target.effective_from, target.source, target.withdrawn_on, scope
    )


def target_of(written: TargetInput) -> Target:
    """Read a target out of the inputs."""
    scope = written.scope
    return Target(
        indicator=Indicator(written.indicator),
        scope=Scope(
            region=scope.get("region"),
            point_class=PointClass(scope["point_class"]) if "point_class" in scope else None,
            kind=DeviceKind(scope["kind"]) if "kind" in scope else None,
            owner_unit=scope.get("owner_unit"),
            maintainer=scope.get("maintainer"),
            contract=scope.get("contract"),
            police_station=scope.get("police_station"),
            ring=Ring(scope["ring"]) if "ring" in scope else None,
            site_kind=scope.get("site_kind"),
        ),
        value=Fraction(written.value),
        effective_from=written.effective_from,
        source=written.source,
        withdrawn_on=written.withdrawn_on,
    )


def _decisions(inputs: ReportInputs) -> Sheet:
    rows = [
        (
            each.id,
            each.device,
            each.axis,
            each.start,
            each.end,
            each.claimed,
            each.reason,
            each.document,
            each.proposer,
            DECISIONS[each.state],
            each.approver,
            each.note,
            Fraction(each.effect) if each.effect else None,
        )
        for each in inputs.decisions
    ]
    return Sheet("objections", "异议与处理", "Objections", DECISION_COLUMNS, rows)
