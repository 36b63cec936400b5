from __future__ import annotations

from pathlib import Path

import pytest

from monitor.adapters.files.regions import RegionsFileError, read_regions
from monitor.domain.region import RegionLevel, RegionTree

WEIFANG = Path(__file__).parents[2] / "config" / "weifang-regions.csv"


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "regions.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_weifang_is_read_whole():
    regions = read_regions(WEIFANG)
    tree = RegionTree(regions)
    assert [len(tree.at_level(level)) for level in RegionLevel] == [1, 13, 122, 0]
    assert tree["370705"].name_en == "Kuiwen"
    assert all(tree[code].name_en for code in ("370700", "370772", "370786"))
    assert {region.code for region in regions if region.rank_group == "zone"} == {"370772"}
    assert tree.ancestor_at("370705001", RegionLevel.COUNTY) == "370705"


def test_a_byte_order_mark_and_missing_optional_columns_are_fine(tmp_path):
    path = write(tmp_path, "code,name,parent,level\r\n1,市,,city\r\n2,县,1,county\r\n", "utf-8-sig")
    city, county = read_regions(path)
    assert (city.parent, city.name_en, city.rank_group) == (None, "", "county")
    assert (county.parent, county.level) == ("1", RegionLevel.COUNTY)


def test_every_problem_is_named_with_its_line(tmp_path):
    path = write(
        tmp_path,
        "code,name,parent,level\n1,市,,city\n1,市,,city\n2,,1,county\n3,县,9,county\n4,县,1,shire\n5-6,镇,1,town\n7,a,b,town,x\n",
    )
    with pytest.raises(RegionsFileError) as caught:
        read_regions(path)
    assert str(caught.value).splitlines() == [
        f"{path}:3: code 1 stands twice, first in line 2",
        f"{path}:4: region 2 has no name",
        f"{path}:5: parent 9 of region 3 is not in the file",
        f"{path}:6: level 'shire' is not one of city, county, town, community",
        f"{path}:7: code '5-6' must be digits or letters",
        f"{path}:8: has more fields than the header: put a text with a comma in quotes",
        f"{path}:8: parent b of region 7 is not in the file",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column code, name, parent, level is missing"),
        ("code,name,level\n", "column parent is missing"),
        ("code,name,parent,level,phone\n", "unknown column 'phone'"),
        ("code,name,parent,level\n", "holds no region"),
        ("code,name,parent,level\n1,a,2,city\n2,b,1,county\n", "run in a circle"),
    ],
)
def test_a_file_that_is_no_region_tree_says_why(tmp_path, text, message):
    with pytest.raises(RegionsFileError, match=message):
        read_regions(write(tmp_path, text))


def test_a_missing_or_foreign_file_says_so(tmp_path):
    with pytest.raises(RegionsFileError, match="cannot be read: No such file"):
        read_regions(tmp_path / "none.csv")
    with pytest.raises(RegionsFileError, match="is not UTF-8"):
        read_regions(write(tmp_path, "code,name,parent,level\n1,潍坊市,,city\n", "gb18030"))
