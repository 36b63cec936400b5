from __future__ import annotations

import io
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from monitor.adapters.files.regions import read_regions
from monitor.adapters.files.targets import read_targets
from monitor.adapters.terminal import overview_table, overview_values
from monitor.domain.coverage import Coverage
from monitor.domain.device import DeviceKind
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.scope import Scope
from monitor.domain.tally import Tally
from monitor.domain.target import Target
from monitor.services.evaluation import Evaluator, Overview
from monitor.services.live_counts import CellKey

CONFIG = Path(__file__).parents[2] / "config"
SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = 1_767_225_600
WEIFANG = RegionTree(read_regions(CONFIG / "weifang-regions.csv"))
TARGETS = read_targets(CONFIG / "targets.toml", zone=SHANGHAI)
CAMERA, FIRST, SECOND = DeviceKind.CAMERA, PointClass.FIRST, PointClass.SECOND


def city_of(online: int, offline: int, **more: int) -> Overview:
    """An overview of the city alone."""
    cells = [(CellKey("370702001", FIRST, CAMERA), Tally(intact=online, offline=offline, **more))]
    return Evaluator(WEIFANG, TARGETS).overview(cells, {}, at=AT)


def big_city(by: str = "region", region: str | None = None) -> Overview:
    """An overview of 250,000 devices at 100,000 points, in every county and state."""
    towns = [each.code for each in WEIFANG.at_level(RegionLevel.TOWN)]
    cells = [
        (CellKey(town, each, kind), Tally(5, 4, 3, 14, 6, 119, 43, 9))
        for town in towns
        for each in PointClass
        for kind in (CAMERA, DeviceKind.CHECKPOINT, DeviceKind.RECORDER)
    ]
    coverage = {(town, each): Coverage(406, 405, 380, 9) for town in towns for each in (FIRST, SECOND)}
    return Evaluator(WEIFANG, TARGETS).overview(cells, coverage, at=AT, by=by, region=region)


def row_of(text: str) -> str:
    """The line of the whole city."""
    return next(line for line in text.splitlines() if line.startswith("潍坊市") and "截至" not in line)


def printed(overview: Overview, *, width: int, notes: tuple[str, ...] = ()) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, color_system=None)
    console.print(overview_table(overview, zone=SHANGHAI, width=width, notes=notes))
    return out.getvalue()


@pytest.mark.parametrize("by", ["region", "class", "kind"])
@pytest.mark.parametrize("width", [50, 80, 100, 118, 130, 140, 200])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(width, by):
    text = printed(big_city(by=by), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    rows = [line for line in text.splitlines() if re.search(r"\d%", line) and "≥" not in line and "judged" not in line]
    parts = len(big_city(by=by).parts)
    assert len(rows) == 1 + parts, "a line for each row, none folded"


def test_eighty_columns_show_the_rates_the_coverage_and_what_is_missing():
    text = printed(big_city(), width=80)
    for word in ("在线率", "online", "差额(台)", "short", "未知", "unknown", "完好率", "intact", "一类点", "二类点"):
        assert word in text
    assert "measured" not in text.splitlines()[2]
    wide = printed(big_city(), width=140)
    for word in ("实测", "报备", "联网/应联", "Weicheng"):
        assert word in wide


def test_every_county_has_its_line_below_the_city():
    lines = printed(big_city(), width=140).splitlines()
    names = [region.name for region in WEIFANG.children("370700")]
    found = [name for line in lines for name in ["潍坊市", *names] if line.startswith(name) and "截至" not in line]
    assert found == ["潍坊市", *names]


def test_the_instant_is_the_citys():
    assert printed(city_of(1, 0), width=140).startswith("潍坊市 · 截至 as of 2026-01-01 08:00:00 CST")


@pytest.mark.parametrize(
    ("online", "offline", "shown"),
    [
        (95, 5, "✔ 95.00%"),
        (94_999, 5_001, "✘ 94.999%"),
        (949_996, 50_004, "✘ 94.9996%"),
        (9_499_999_999, 500_000_001, "✘ 94.99999999%"),
        (950_001, 49_999, "✔ 95.0001%"),
        (100, 0, "✔ 100.00%"),
        (0, 100, "✘ 0.00%"),
        (0, 0, "– –"),
    ],
)
def test_a_missed_figure_never_reads_like_a_met_one(online, offline, shown):
    line = row_of(printed(city_of(online, offline), width=140))
    assert f" {shown} " in line
    value = re.search(r"([\d.]+)%", line)
    if value:
        met = Fraction(value[1]) >= 95
        assert met == ("✔" in line.split("%")[0])


def test_too_little_measured_is_marked_as_not_valid_and_in_words():
    text = printed(city_of(50, 1, unknown=49), width=140)
    line = row_of(text)
    assert " ? 98.04% " in line
    assert "✔ 达标 met  ✘ 未达标 missed  ? 实测不足，无效 not valid  – 无数据 no data" in text


def test_the_targets_stand_below_their_headings():
    heading = next(line for line in printed(big_city(), width=140).splitlines() if "≥" in line)
    assert re.findall(r"≥[\d.]+%", heading) == ["≥95.00%", "≥95.00%", "≥100.00%", "≥100.00%"]


def test_a_figure_without_a_target_has_no_mark():
    overview = Evaluator(WEIFANG, []).overview([(CellKey("370702001", FIRST, CAMERA), Tally(intact=1))], {}, at=AT)
    text = printed(overview, width=140)
    assert " 100.00% " in text
    assert "✔" not in text.splitlines()[5]


def test_communities_and_connected_devices_stand_below_the_table():
    tree = RegionTree([*WEIFANG, Region("370702001001", "一社区", RegionLevel.COMMUNITY, "370702001")])
    connected = [(CellKey("370702001", FIRST, CAMERA), 249_999)]
    overview = Evaluator(tree, TARGETS).overview([], {}, at=AT, networked_regions=["370702001001"], connected=connected)
    for width in (60, 140):
        text = printed(overview, width=width)
        assert "社区联网率 networked communities ✔ 100.00% 1/1 (≥100.00%)" in text
        assert "联网设备 connected devices ✘ 249,999 (≥250,000)" in text
    values = overview_values(overview, zone=SHANGHAI)
    assert values["whole"]["connected"] == {
        "devices": 249_999,
        "target": 250_000,
        "verdict": "missed",
        "short": 1,
    }
    assert values["whole"]["communities"]["percent"] == "100.00 %"
    assert values["parts"][0]["connected"] == {"devices": 249_999, "target": None, "verdict": None, "short": 0}
    without = Evaluator(WEIFANG, []).overview([], {}, at=AT, networked_regions=[], connected=connected)
    assert "联网设备 connected devices 249,999\n" in printed(without, width=140)
    assert "社区" not in printed(without, width=140), "the tree has no communities"


def test_names_are_shown_as_they_are_written():
    tree = RegionTree([Region("1", "东区[/bold] [red]", RegionLevel.CITY)])
    overview = Evaluator(tree, []).overview([], {}, at=AT)
    for width in (80, 140):
        text = printed(overview, width=width, notes=("[/x] note",))
        assert text.startswith("东区[/bold] [red] · ")
        assert "[/x] note" in text


def test_the_values_are_exact_beside_their_print():
    target = Target(Indicator.ONLINE, Scope(), Fraction("0.9999999"), 0, "strict")
    cells = [(CellKey("370702001", FIRST, CAMERA), Tally(intact=9, offline=1, unknown=1, exempt_online=2))]
    overview = Evaluator(WEIFANG, [*TARGETS, target]).overview(cells, {}, at=AT)
    values = overview_values(overview, zone=SHANGHAI)
    assert values["as_of"] == "2026-01-01T08:00:00+08:00"
    whole = values["whole"]
    assert whole["devices"] == {
        "in_service": 13,
        "online": 9,
        "offline": 1,
        "unknown": 1,
        "exempt": 2,
        "intact": 9,
        "faulty": 0,
        "condition_unknown": 0,
    }
    assert whole["measured_share"] == {"numerator": 10, "denominator": 11, "percent": "90.91 %"}
    assert whole["intact_rate"]["target"] == "0.95"
    assert whole["online_rate"] == {
        "numerator": 9,
        "denominator": 10,
        "percent": "90.00 %",
        "target": "0.95",
        "verdict": "not_valid",
        "short": 1,
    }
    strict = overview_values(Evaluator(WEIFANG, [target]).overview(cells, {}, at=AT), zone=SHANGHAI)
    assert strict["whole"]["online_rate"]["target"] == "0.9999999"
    assert strict["whole"]["intact_rate"]["target"] is None
    assert strict["whole"]["intact_rate"]["verdict"] is None
    assert [part["region"] for part in values["parts"]] == [each.code for each in WEIFANG.children("370700")]
    empty = replace(overview, parts=())
    assert overview_values(empty, zone=SHANGHAI)["parts"] == []
