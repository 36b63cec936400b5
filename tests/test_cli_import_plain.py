"""`vidnet import regions` and `points`: trees by code, zones, what only an approval changes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.region import Region, RegionLevel
from monitor.domain.request import RequestKind
from tests.cli_city import CliCity
from tests.test_cli_import import counts, everything

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def regions(city: CliCity) -> dict[str, Region]:
    return {region.code: region for region in everything(city)[1]}


def points(city: CliCity) -> dict[str, Point]:
    return {point.id: point for point in everything(city)[2]}


def at(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=ZONE).timestamp())


def test_codes_tell_level_and_parent_and_zones_have_codes_of_their_own(city: CliCity, tmp_path: Path) -> None:
    text = (
        "行政区划代码,名称,上级代码,级别,英文名称,排名组,考核起始\n"
        "370704,坊子区,,,Fangzi,,2026-01-01\n"
        "370704001,凤凰街道,,,,,\n"
        "370704001001,一社区,,,,,\n"
        "WFGX,高新区,3707,县,Gaoxin,功能区,\n"
    )
    file = write(tmp_path / "regions.csv", text)
    assert counts(city.json("import", "regions", file))[:5] == (4, 4, 0, 0, 4)
    found = regions(city)
    assert found["370704"] == Region("370704", "坊子区", RegionLevel.COUNTY, "3707", "Fangzi", "county", at(2026, 1, 1))
    assert (found["370704001"].level, found["370704001"].parent) == (RegionLevel.TOWN, "370704")
    assert (found["370704001001"].level, found["370704001001"].parent) == (RegionLevel.COMMUNITY, "370704001")
    assert (found["WFGX"].level, found["WFGX"].rank_group) == (RegionLevel.COUNTY, "zone")


def test_names_hold_at_once_and_what_moves_a_rate_is_asked_for(city: CliCity, tmp_path: Path) -> None:
    text = "code,name,parent,level,assessed_from\n370702,潍城区（新）,3707,county,2027-01-01\n"
    result = city.json("import", "regions", write(tmp_path / "r.csv", text), "--as", "张三")
    assert counts(result)[4:] == (0, 1, 0, 2, 1)
    assert (regions(city)["370702"].name, regions(city)["370702"].assessed_from) == ("潍城区（新）", None)
    [request] = everything(city)[5]
    assert (request.kind, request.entity_id) == (RequestKind.REGION, "370702")
    assert [(each.field, each.new) for each in request.changes] == [("assessed_from", str(at(2027, 1, 1)))]


@pytest.mark.parametrize(
    "text",
    [
        "370704,甲,370705,county\n370705,乙,370704,county\n",
        "370704,甲,370704,county\n",
    ],
)
def test_a_circle_of_regions_is_refused_whole(city: CliCity, tmp_path: Path, text: str) -> None:
    before = everything(city)
    file = write(tmp_path / "r.csv", "code,name,parent,level\n370709,好区,3707,county\n" + text)
    assert "circle" in city.refused("import", "regions", file)
    assert everything(city) == before


def test_wrong_regions_are_kept_out(city: CliCity, tmp_path: Path) -> None:
    text = (
        "code,name,parent,level\n370709,好区,3707,\n37-x,坏,3707,county\n370710,,3707,county\n"
        "370711,甲,999999,county\n370712,甲,3707,village\n12345,甲,3707,\n370702,甲,3707,town\n370709,再,3707,county\n"
    )
    result = city.json("import", "regions", write(tmp_path / "r.csv", text))
    assert counts(result)[:5] == (8, 1, 7, 0, 1)
    assert [each["line"] for each in result["problems"]] == [3, 4, 5, 6, 7, 8, 9]


def test_points_are_imported_with_all_that_the_plan_says(city: CliCity, tmp_path: Path) -> None:
    text = (
        "点位编码,点位名称,行政区划,点位类型,部位类型,防控圈,设备要求,设备数量,要求时间,状态,需联网\n"
        "P-2,月河路口,370702,一类点,0101,环市,摄像机、checkpoint,2,2026-01-01,规划,\n"
        "P-3,某小区,370703,3,,,,,,,是\n"
    )
    result = city.json("import", "points", write(tmp_path / "p.csv", text))
    assert counts(result)[4:8] == (2, 0, 0, 1)
    assert result["codes_unknown"] == {"部位类型": {"0101": 1}}
    found = points(city)
    assert found["P-2"] == Point(
        id="P-2",
        region="370702",
        point_class=PointClass.FIRST,
        name="月河路口",
        site_kind="0101",
        ring=Ring.CITY,
        required_kinds=("camera", "checkpoint"),
        count=2,
        required_from=at(2026, 1, 1),
        status=PointStatus.PLANNED,
        to_be_networked=False,
    )
    assert (found["P-3"].to_be_networked, found["P-3"].point_class) == (True, PointClass.THIRD)


def test_points_that_are_missing_or_moved_are_only_asked_for(city: CliCity, tmp_path: Path) -> None:
    head = "id,region,class,name\n"
    city.json("import", "points", write(tmp_path / "p.csv", head + "P-2,370702,second,乙\n"))
    result = city.json(
        *("import", "points", write(tmp_path / "p.csv", head + "P-2,370703,second,丙\n")),
        *("--retire-missing", "--as", "张三"),
    )
    assert counts(result)[4:] == (0, 1, 0, 1, 2)
    assert (points(city)["P-2"].name, points(city)["P-2"].region) == ("丙", "370702")
    asked: Any = {
        request.entity_id: [(each.field, each.new) for each in request.changes] for request in everything(city)[5]
    }
    assert asked == {"P-2": [("region", "370703")], "P-1": [("status", "retired")]}


def test_wrong_points_are_kept_out_with_every_problem(city: CliCity, tmp_path: Path) -> None:
    text = (
        "id,region,class,ring,required_kinds,count,required_from,status\n"
        "P-2,999999,zeroth,moon,camera/cat,0,soon,gone\n"
    )
    result = city.json("import", "points", write(tmp_path / "p.csv", text))
    columns = ["class", "ring", "required_kinds", "count", "required_from", "status", "region"]
    assert sorted(each["column"] for each in result["problems"]) == sorted(columns)
    assert result["added"] == 0
