"""A small city and ways to write a device's past in a line, for the tests of seconds, coverage and exemptions."""

from __future__ import annotations

from datetime import UTC, date, tzinfo
from zoneinfo import ZoneInfo

from monitor.domain.device import Device, DeviceKind, Lifecycle, Organisations, Parent
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.history import DevicePast, DeviceVersion
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.domain.timeline import Timeline, timeline_of
from monitor.domain.weeks import IsoWeek, midnight

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = IsoWeek(2026, 47)
START, END = WEEK.bounds(SHANGHAI)
HOUR = 3600
DAY = 86_400

REGIONS = (
    Region("3707", "潍坊市", RegionLevel.CITY),
    Region("370724", "临朐县", RegionLevel.COUNTY, "3707"),
    Region("370725", "昌乐县", RegionLevel.COUNTY, "3707"),
    Region("370724100", "城关", RegionLevel.TOWN, "370724"),
    Region("370724100001", "一社区", RegionLevel.COMMUNITY, "370724100"),
    Region("370724100002", "二社区", RegionLevel.COMMUNITY, "370724100"),
    Region("370725100", "宝都", RegionLevel.TOWN, "370725"),
    Region("370725100001", "三社区", RegionLevel.COMMUNITY, "370725100"),
)
TREE = RegionTree(REGIONS)
LONG_AGO = midnight(date(2025, 1, 1), SHANGHAI)


def rules(*, zone: tzinfo = SHANGHAI, tree: RegionTree = TREE, commissioning_days: int = 0) -> ServiceRules:
    return ServiceRules(tree, zone, commissioning_days)


UTC_RULES = rules(zone=UTC)


def device(
    *,
    id: str = "cam-1",
    region: str | None = "370724100",
    point: str | None = "p-1",
    kind: DeviceKind = DeviceKind.CAMERA,
    point_class: PointClass = PointClass.FIRST,
    created_at: int = LONG_AGO,
    in_service_from: int | None = None,
    retired_at: int | None = None,
    windows: tuple[tuple[int, int], ...] = (),
    parents: tuple[Parent, ...] = (),
    organisations: Organisations | None = None,
) -> Device:
    return Device(
        id=id,
        kind=kind,
        point_class=point_class,
        region=region,
        lifecycle=Lifecycle(created_at, in_service_from, retired_at, windows),
        point=point,
        parents=parents,
        organisations=organisations or Organisations(),
    )


def past(
    *versions: tuple[int, Device] | tuple[int, Device, frozenset[str]],
    connectivity: Timeline | list[tuple[int, str]] | None = None,
    condition: Timeline | list[tuple[int, str]] | None = None,
) -> DevicePast:
    return DevicePast(
        versions=tuple(DeviceVersion(*version) for version in versions),
        connectivity=_timeline(connectivity),
        condition=_timeline(condition),
    )


def _timeline(given: Timeline | list[tuple[int, str]] | None) -> Timeline:
    return given if isinstance(given, Timeline) else timeline_of(given or [])


def exemption(scope: ExemptionScope, scope_id: str, start: int, end: int) -> Exemption:
    return Exemption(f"{scope}-{scope_id}-{start}", scope, scope_id, start, end, "repair", "city")
