"""What the page of a device shows beside its state: faults, changes, exemptions, looks, work orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from monitor.adapters.web.route import Call
from monitor.domain.baseline import Baseline, LightClass
from monitor.domain.deep import DeepSummary, Known
from monitor.domain.device import Device
from monitor.domain.facts import ExemptionScope
from monitor.domain.fault import FAULTS
from monitor.domain.login import MAX_REFUSALS, LoginRecord
from monitor.domain.picture_look import PictureLook
from monitor.domain.state import DeviceState
from monitor.domain.work_order import WorkOrder

ORDERS_S = 90 * 86_400


class FaultOut(msgspec.Struct, frozen=True):
    """A fault that a device shows, what it means and what to do first."""

    code: str
    since: int
    confirmed: bool
    counts: bool
    text: str
    first: str


class ChangeOut(msgspec.Struct, frozen=True):
    """One change of a device's state; `author` is who decided it, "" where looks did."""

    seq: int
    axis: str
    old: str
    new: str
    at: int
    cause: str
    fault: str
    author: str


class CorrectionOut(msgspec.Struct, frozen=True):
    """One correction of a device's past."""

    seq: int
    axis: str
    start: int
    end: int
    state: str
    cause: str
    by_person: bool
    withdrawn: bool
    author: str
    reason: str


class CoveringOut(msgspec.Struct, frozen=True):
    """An exemption that covers a device, now or lately."""

    id: str
    start: int
    end: int
    reason: str
    document: str
    approver: str


class DeepLookOut(msgspec.Struct, frozen=True):
    """One deep look in a few words; `clock_offset_s` is the device's clock minus ours."""

    at: int
    outcome: str
    login: str
    duration_ms: int
    clock_offset_s: float | None
    retention_days: int | None
    faults: list[str]
    notes: list[str]


class SaidOut(msgspec.Struct, frozen=True):
    """What a device said of itself when it was last asked, and who it is known as."""

    at: int
    maker: str
    model: str
    firmware: str
    serial: str
    hardware: str
    macs: list[str]
    known_serial: str
    known_macs: list[str]
    services: list[str]
    profiles: list[str]
    snapshot_uri: str
    stream_uri: str


class PictureOut(msgspec.Struct, frozen=True):
    """The last picture look in numbers; the picture itself is kept nowhere."""

    at: int
    outcome: str
    detail: str
    way: str
    light: str
    faults: list[str]
    reasons: list[str]
    scores: dict[str, float]
    width: int
    height: int
    duration_ms: int


class BaselineOut(msgspec.Struct, frozen=True):
    """How well a device's usual view is known in one kind of light; covered and moved are judged once it is ready."""

    light: str
    looks: int
    ready: bool


class LoginOut(msgspec.Struct, frozen=True):
    """How logging in to a device stands: which group and version, never what the secret is.

    `held`: it has refused so often that nothing logs in until the version changes or an operator says so.
    """

    group: str
    version: int
    refusals: int
    held: bool
    accepted_group: str
    accepted_version: int


class DeviceOrderOut(msgspec.Struct, frozen=True):
    """A work order that a device is part of."""

    id: str
    state: str
    title_zh: str
    title_en: str
    opened_at: int
    closed_at: int | None
    result: str


def faults_of(call: Call, state: DeviceState | None) -> list[FaultOut]:
    """Give the faults of a state, with what they mean and what to do first."""
    found = []
    for fault in () if state is None else state.faults:
        known = FAULTS.get(fault.code)
        found.append(
            FaultOut(
                code=fault.code,
                since=fault.first_at,
                confirmed=fault.confirmed,
                counts=fault.code in call.parts.policy.counting_faults,
                text=fault.code if known is None else f"{known.text_zh} · {known.text_en}",
                first="" if known is None else f"{known.first_zh} · {known.first_en}",
            )
        )
    return found


async def exemptions_of(call: Call, device: Device) -> list[CoveringOut]:
    """Give the newest 20 exemptions that cover a device, whatever their scope."""
    above = call.parts.counts().above(device)
    lineage = call.tree.lineage(device.region or "")

    covering: dict[ExemptionScope, Collection[str | None]] = {
        ExemptionScope.DEVICE: (device.id,),
        ExemptionScope.POINT: (device.point,),
        ExemptionScope.REGION: lineage,
        ExemptionScope.PATH: above,
    }
    found = [
        each for each in await call.parts.exemptions_known.all(at=call.at) if each.scope_id in covering[each.scope]
    ]
    return [
        CoveringOut(each.id, each.start, each.end, each.reason, each.document, each.approver)
        for each in sorted(found, key=lambda each: -each.start)[:20]
    ]


def deep_out(look: DeepSummary) -> DeepLookOut:
    """Give a deep look in a few words."""
    return DeepLookOut(
        at=look.at,
        outcome=look.outcome,
        login=look.login.value,
        duration_ms=look.duration_ms,
        clock_offset_s=None if look.clock_offset is None else look.clock_offset / 10,
        retention_days=look.retention_days,
        faults=list(look.faults),
        notes=[f"{note.step}: {note.ending} {note.detail}".strip() for note in look.notes],
    )


def said_out(known: Known) -> SaidOut | None:
    """Give what a device said of itself, and who it is known as; None before the first time."""
    said, identity = known.said, known.identity
    if said is None:
        return None
    return SaidOut(
        at=said.at,
        maker=said.maker,
        model=said.model,
        firmware=said.firmware,
        serial=said.serial,
        hardware=said.hardware,
        macs=list(said.macs),
        known_serial=identity.serial,
        known_macs=list(identity.macs),
        services=list(said.services),
        profiles=[f"{each.name or each.token} {each.encoding} {each.width}×{each.height}" for each in said.profiles],
        snapshot_uri=said.snapshot_uri,
        stream_uri=said.stream_uri,
    )


def baselines_out(baselines: Mapping[LightClass, Baseline]) -> list[BaselineOut]:
    """Give how well a device's usual view is known, by light."""
    return [BaselineOut(light.value, each.looks, each.is_ready) for light, each in sorted(baselines.items())]


def login_out(login: LoginRecord | None) -> LoginOut | None:
    """Give how logging in to a device stands; None before the first time."""
    if login is None:
        return None
    return LoginOut(
        group=login.group,
        version=login.version,
        refusals=login.refusals,
        held=login.refusals >= MAX_REFUSALS,
        accepted_group=login.accepted_group,
        accepted_version=login.accepted_version,
    )


def picture_out(look: PictureLook | None) -> PictureOut | None:
    """Give the last picture look as numbers, None for none yet."""
    if look is None:
        return None
    return PictureOut(
        at=look.at,
        outcome=look.outcome,
        detail=look.detail,
        way=look.way,
        light="" if look.light is None else look.light.value,
        faults=list(look.faults),
        reasons=list(look.reasons),
        scores={name: round(value, 4) for name, value in sorted((look.scores or {}).items())},
        width=look.width,
        height=look.height,
        duration_ms=look.duration_ms,
    )


def order_out(order: WorkOrder) -> DeviceOrderOut:
    """Give a work order in a line."""
    return DeviceOrderOut(
        order.id, order.state.value, order.title_zh, order.title_en, order.opened_at, order.closed_at, order.result
    )
