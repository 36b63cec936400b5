"""One of every entity and fact, with every field set, and random histories of a few devices."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

from monitor.domain.device import (
    Device,
    DeviceKind,
    DeviceRecord,
    Endpoint,
    Lifecycle,
    Organisations,
    Parent,
    ParentRole,
    Route,
)
from monitor.domain.facts import (
    Axis,
    Correction,
    Exemption,
    ExemptionScope,
    ExemptionState,
    InventoryChange,
    Party,
    StateChange,
    Withdrawal,
)
from monitor.domain.indicator import Indicator
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.region import Region, RegionLevel
from monitor.domain.request import AT_EFFECT, FieldChange, Request, RequestKind, RequestState
from monitor.domain.scope import Scope
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState, FaultRecord, initial_state
from monitor.domain.target import Target, TargetSet
from monitor.ports import Batch

T0 = 1_767_225_600

REGION = Region("370702", "潍城区", RegionLevel.COUNTY, "370700", "Weicheng", "zone", T0)
POINT = Point(
    id="P-1",
    region="370702",
    point_class=PointClass.THIRD,
    name="东风西街与月河路口",
    site_kind="crossing",
    ring=Ring.COUNTY,
    required_kinds=("camera", "checkpoint"),
    count=2,
    required_from=T0,
    status=PointStatus.PLANNED,
    to_be_networked=True,
)
DEVICE = Device(
    id="37070200001320000001",
    kind=DeviceKind.CHECKPOINT,
    point_class=PointClass.SECOND,
    region="370702",
    lifecycle=Lifecycle(T0, T0 + 1, T0 + 2, ((0, 3_600), (79_200, 21_600))),
    point="P-1",
    endpoint=Endpoint("onvif", "http://192.0.2.10/onvif/device_service", "default"),
    route=Route.RECORDER,
    parents=(Parent("上联-1", ParentRole.PATH, ours=True), Parent("平台-1", ParentRole.REPORTER)),
    organisations=Organisations("市公安局", "维护公司", "合同 2026-1", "城关派出所"),
)
RECORD = DeviceRecord(
    DEVICE.id,
    name="月河路口东向",
    vendor="海康威视",
    model="DS-2CD",
    longitude="119.106300",
    latitude="36.710700",
    common_name="月河路口",
    ip="10.1.2.3",
    ipv6="fd00::1",
    mac="00-1A-2B-3C-4D-5E",
    serial="DS-2CD0001",
    camera_type="固定枪机",
    function_type="车辆卡口/微卡口",
    supply_light="红外",
    encoding="H.265",
    place="东风西街与月河路口东北角",
    position_type="交通干线",
    direction="东",
    networked="yes",
    installed_on="2019-05-01",
    retention_days="30",
    department="公安机关",
    pole="WC-0001",
)
EXEMPTION = Exemption(
    id="E-1",
    scope=ExemptionScope.PATH,
    scope_id=DEVICE.id,
    start=T0,
    end=T0 + 3_600,
    reason="construction",
    approver="王批准",
    document="潍公〔2026〕1号",
    state=ExemptionState.ENDED,
    planned=True,
    party=Party.CARRIER,
    attachment="0f" * 32,
    proposer="as:李申报",
    author="as:王批准",
    note="提前恢复",
    at=T0 + 1_800,
)
STATE = DeviceState(
    device_id=DEVICE.id,
    connectivity=Connectivity.OFFLINE,
    connectivity_since=T0 + 10,
    connectivity_cause=Cause.SILENT,
    condition=Condition.FAULTY,
    condition_since=T0 + 20,
    condition_cause=Cause.FAULT,
    last_evidence_at=T0 + 30,
    interval_s=300,
    answered_at=T0 + 5,
    silent_at=(T0 + 40, T0 + 70),
    identity_at=T0 + 6,
    realm="网络摄像机 'a\"b",
    last_online_until=T0 + 10,
    age_stopped_at=T0 + 11,
    parent_down=True,
    faults=(FaultRecord("clock_off", T0 + 1, 3, confirmed=True), FaultRecord("tls", T0 + 2, 1, confirmed=False)),
    clock_offset=-4_321,
    evidence=(("deep", T0 + 3), ("picture", T0 + 4)),
)
CHANGE = StateChange(
    device_id=DEVICE.id,
    axis=Axis.CONNECTIVITY,
    old="offline",
    new="unknown",
    at=T0 + 100,
    cause=Cause.COLLECTOR_PAUSE,
    looks=(T0 + 40, T0 + 70, T0 + 100),
    fault="clock_off",
    kept=STATE,
    author="值班员",
)
CORRECTION = Correction(
    device_id=DEVICE.id,
    axis=Axis.CONDITION,
    start=T0,
    end=T0 + 60,
    state="intact",
    cause=Cause.DECISION,
    by_person=True,
    withdrawn=True,
    author="值班员",
    reason="误报 'x'; --",
    party=Party.CARRIER,
    document="潍公〔2026〕2号",
    approved_by="王批准",
)
WITHDRAWAL = Withdrawal(4, T0 + 90, "值班员", "王批准", "查明为设备故障", "潍公〔2026〕3号")
INVENTORY_CHANGE = InventoryChange(
    "device",
    DEVICE.id,
    "region",
    "370702",
    "370703",
    T0,
    "导入",
    "区划调整",
    "李批准",
    T0 + 9,
    "潍公〔2026〕4号",
    "R-1",
)
TARGETS = TargetSet(
    targets=(
        Target(
            Indicator.INTACT,
            Scope(region="370702", point_class=PointClass.FIRST, kind=DeviceKind.CHECKPOINT, maintainer="维护公司"),
            Fraction("0.985"),
            T0,
            "潍公〔2026〕6号",
            T0 + 86_400,
        ),
        Target(Indicator.NETWORKED, Scope(ring=Ring.CITY, site_kind="road"), Fraction(1, 3), T0, "示例"),
        Target(Indicator.CONNECTED, Scope(), Fraction(250_000), T0, "方案"),
    ),
    at=T0,
    author="as:李申报",
    file="targets.toml",
    sha256="a1" * 32,
)
REQUEST = Request(
    id="R-1",
    kind=RequestKind.CORRECTION,
    entity="device",
    entity_id=DEVICE.id,
    reason="运营商断纤",
    proposer="as:李申报",
    changes=(FieldChange("retired_at", "", AT_EFFECT), FieldChange("region", "370702", "370703")),
    effective_at=T0,
    correction=Correction(
        DEVICE.id, Axis.CONNECTIVITY, T0, T0 + 9, "online", Cause.DECISION, by_person=True, party=Party.CARRIER
    ),
    document="潍公〔2026〕5号",
    attachment="f0" * 32,
    state=RequestState.REFUSED,
    approver="王批准",
    author="王批准",
    note="证据不足",
    at=T0 + 99,
)


def plain_device(device_id: str) -> Device:
    """Give a device with nothing set that need not be."""
    return Device(device_id, DeviceKind.CAMERA, PointClass.FIRST, None, Lifecycle(T0))


def random_history(seed: int, device_ids: list[str], *, batches: int) -> list[Batch]:
    """Give batches whose changes lead to their states, as the ingest makes them."""
    random = Random(seed)
    states = {device_id: initial_state(device_id, created_at=T0) for device_id in device_ids}
    history, at = [], T0
    for _ in range(batches):
        changes: list[StateChange] = []
        touched: dict[str, DeviceState] = {}
        for _ in range(random.randint(0, 12)):
            at += random.randint(0, 300)
            state, change = _step(random, states[random.choice(device_ids)], at)
            states[state.device_id] = touched[state.device_id] = state
            changes.append(change)
        history.append(Batch(states=list(touched.values()), changes=changes))
    return history


def _step(random: Random, state: DeviceState, at: int) -> tuple[DeviceState, StateChange]:
    cause = random.choice(list(Cause))
    if random.random() < 0.7:
        new = random.choice(list(Connectivity))
        kept = state if new is Connectivity.UNKNOWN else None
        change = StateChange(
            state.device_id, Axis.CONNECTIVITY, state.connectivity.value, new.value, at, cause, kept=kept
        )
        return replace(state, connectivity=new, connectivity_since=at, connectivity_cause=cause), change
    condition = random.choice(list(Condition))
    change = StateChange(state.device_id, Axis.CONDITION, state.condition.value, condition.value, at, cause)
    return replace(state, condition=condition, condition_since=at, condition_cause=cause), change
