"""`vidnet coverage` and `vidnet targets` on a small city, as people type them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitor.domain.point import Point, PointClass, Ring
from monitor.ports import InventoryBatch
from tests.cli_city import CliCity


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    city = CliCity.make(tmp_path)
    points = [
        Point("P-2", "370703", PointClass.FIRST, name="东风西街与月河路口", site_kind="junction", ring=Ring.CITY),
        Point("P-3", "370703", PointClass.SECOND, site_kind="station"),
    ]

    async def work(inventory: Any, _: Any) -> None:
        await inventory.record(InventoryBatch(points=points))

    city.read(work)
    return city


def test_coverage_is_shown_with_the_points_that_lack_something_and_why(city: CliCity) -> None:
    shown = city.json("coverage")
    first = next(each for each in shown["indicators"] if each["scope"] == {"class": "first"})
    assert (first["indicator"], first["numerator"], first["denominator"], first["verdict"], first["short"]) == (
        "networked",
        1,
        2,
        "missed",
        1,
    )
    scopes = [each["scope"] for each in shown["indicators"]]
    assert {"ring": "city"} in scopes
    assert {"site_kind": "station"} in scopes
    connected = shown["indicators"][-1]
    assert (connected["indicator"], connected["devices"], connected["target"]) == ("connected", 18, 250_000)
    assert [(each["point"], each["why"], each["last_seen"], each["now"]) for each in shown["uncovered"]] == [
        ("P-2", "no_device", None, "uncovered"),
        ("P-3", "no_device", None, "uncovered"),
    ]
    assert [each["region"] for each in shown["parts"]] == ["370702", "370703"]

    table = city.run("coverage").output
    for words in ("东风西街与月河路口", "无设备 no device", "环市防控圈", "路口 junction", "✘ 50.00%", "联网设备"):
        assert words in table


def test_coverage_of_a_part_and_of_some_points(city: CliCity) -> None:
    assert [each["point"] for each in city.json("coverage", "--region", "370702")["uncovered"]] == []
    assert [each["point"] for each in city.json("coverage", "--class", "second")["uncovered"]] == ["P-3"]
    assert [each["point"] for each in city.json("coverage", "--ring", "city")["uncovered"]] == ["P-2"]
    assert "no region 999" in city.refused("coverage", "--region", "999")


def test_targets_are_listed_with_their_documents_and_the_one_that_judges_is_marked(city: CliCity) -> None:
    shown = city.json("targets")
    assert {each["state"] for each in shown["targets"]} == {"in_force"}
    online = next(each for each in shown["targets"] if each["indicator"] == "online")
    assert (online["value"], online["effective_from"], online["scope"]) == ("0.95", "2019-12-31", {})
    assert shown["imported"] is None
    communities = [each for each in city.json("targets", "--all")["targets"] if each["indicator"] == "communities"]
    assert [each["state"] for each in communities] == ["superseded", "superseded", "in_force"]

    early = city.json("targets", "--indicator", "networked", "--class", "second", "--at", "2020-06-01")
    assert early["judging"] == []
    later = city.json("targets", "--indicator", "networked", "--class", "second", "--at", "2021-06-01")
    assert [each["scope"] for each in later["judging"]] == [{"class": "second"}]
    assert "★" in city.run("targets").output
    assert city.run("targets", "--at", "someday").exit_code == 2


def test_imported_targets_hold_in_place_of_the_file(city: CliCity, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    entry = (
        '[[target]]\nindicator = "online"\nvalue = "{}"\neffective_from = "2020-01-01"\nsource = "潍公〔2026〕9号"\n'
    )
    file.write_text(entry.format("0.80"), encoding="utf-8")
    before = city.json("rates")["whole"]["online_rate"]
    assert (before["verdict"], before["target"]) == ("missed", "0.95")
    assert city.json("targets", "import", str(file), "--as", "李四")["targets"] == 1
    after = city.json("rates")["whole"]["online_rate"]
    assert (after["verdict"], after["target"]) == ("met", "0.8")
    shown = city.json("targets")
    assert (shown["file"], shown["imported"]["author"], len(shown["targets"])) == (None, "as:李四", 1)

    file.write_text(entry.format("80 %") + entry.format("0.9") + 'region = "999"\n', encoding="utf-8")
    assert "decimal string" in city.refused("targets", "import", str(file), "--as", "李四")
    assert city.json("targets")["targets"] == shown["targets"]
    file.write_text(entry.format("0.9") + 'region = "999"\n', encoding="utf-8")
    assert "no region 999" in city.json("targets", "import", str(file), "--as", "李四")["warnings"][0]
