"""Organisations of the simulated city: owner units, maintainers, contracts and police stations; never persons.

Companies, contracts and station codes are invented.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.domain.device import Organisations
from monitor.domain.region import Region, RegionLevel

OWNERS: dict[str, str] = {
    "police": "公安局",
    "transport": "交通运输局",
    "education": "教育和体育局",
    "health": "卫生健康局",
    "commerce": "商务局",
    "urban": "综合行政执法局",
    "town": "",
}
"""What follows the county's name in an owner unit's; the town itself owns the rest."""

APPROVER = "视频图像信息管理中心"
"""The city's unit that approves exemptions, after the city's name."""

_MAINTAINERS = ("鸢都视联运维公司", "海岱智安运维公司", "渤海湾信通运维公司", "齐鲁众安运维公司")


def organisations_by_town(regions: Sequence[Region]) -> dict[str, dict[str, Organisations]]:
    """Give for each town the organisations of each owner (a key of `OWNERS`), as values shared by all devices.

    A county has one maintainer and one contract for its police devices, and another for all others. A police station
    has a 12-digit code: six digits of the county, four of the station within it, two zeros.
    """
    counties = [region for region in regions if region.level is RegionLevel.COUNTY]
    rank = {county.code: position for position, county in enumerate(counties)}
    names = {region.code: region.name for region in regions}
    stations: dict[str | None, int] = {}
    result = {}
    for town in regions:
        if town.level is not RegionLevel.TOWN:
            continue
        stations[town.parent] = stations.get(town.parent, 0) + 1
        station = f"{town.code[:6]}{5000 + stations[town.parent] * 10:04d}00"
        county = names.get(town.parent or "", "")
        position = rank.get(town.parent or "", 0)
        result[town.code] = {
            owner: Organisations(
                owner_unit=f"{county}{suffix}" if suffix else f"{county}{town.name}",
                maintainer=_MAINTAINERS[(position + (owner != "police")) % len(_MAINTAINERS)],
                contract=f"DEMO-{town.code[:6]}-{'01' if owner == 'police' else '02'}",
                police_station=station,
            )
            for owner, suffix in OWNERS.items()
        }
    return result
