"""`vidnet explain` and `vidnet plan` on a small city: figures that agree with the report, down to the looks."""

from __future__ import annotations

import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.period import last_week
from tests.cli_city import DAY_S, CliCity

ZONE = ZoneInfo("Asia/Shanghai")
WEEK_S = 7 * DAY_S


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def test_a_rate_is_explained_down_to_its_devices(city: CliCity) -> None:
    found = city.json("explain", "--region", "370702")

    assert (found["printed"], found["online_rate"]) == ("90.00 %", "0.900000000")
    assert (found["online_s"], found["assessed_s"]) == (9 * WEEK_S, 10 * WEEK_S)
    assert (found["verdict"], found["devices_short"]) == ("missed", 1)
    assert sum(found["seconds"].values()) == 10 * WEEK_S
    assert [each["device_id"] for each in found["devices"]] == ["370702-9"]
    story = found["devices"][0]
    assert (story["lost_s"], story["lost_share"]) == (WEEK_S, "1.000000000")
    assert [day["offline"] for day in story["days"]] == [DAY_S] * 7
    assert story["intervals"][0]["cause"] == "silent"
    text = city.run("explain").output
    assert "90.00 %" in text
    assert "370703-9" in text


def test_a_published_rate_is_explained_as_it_was_published(city: CliCity) -> None:
    made = city.json("report", "weekly")

    found = city.json("explain", "--device", "370702-0")

    assert found["revision"] == f"{last_week(int(time.time()), ZONE).name}/rev1"
    assert found["seq"] == made["seq"]
    assert [(each["device_id"], each["lost_s"]) for each in found["devices"]] == [("370702-0", 0)]


def test_imported_targets_judge_here_too(city: CliCity, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    entry = 'indicator = "online"\nvalue = "0.80"\neffective_from = "2020-01-01"\nsource = "潍公〔2026〕9号"\n'
    file.write_text(f"[[target]]\n{entry}", encoding="utf-8")
    city.json("targets", "import", str(file), "--as", "李四")

    assert city.json("explain", "--region", "370702")["verdict"] == "met"
    assert city.json("plan", "--region", "370702", "--within", "0")["target"] == "0.800000000"


def test_what_cannot_be_explained_is_said(city: CliCity) -> None:
    assert "没有区划" in city.refused("explain", "--region", "999999")
    assert "没有设备" in city.refused("explain", "--device", "nobody")
    assert "2026-W60" in city.refused("explain", "--week", "2026-W60")


def test_a_plan_names_the_fewest_repairs(city: CliCity) -> None:
    found = city.json("plan", "--region", "370702", "--within", "0")

    assert found["target"] == "0.950000000"
    assert found["rate_now"] == "0.900000000"
    assert len(found["repairs"]) <= 1
    assert found["suffices"] == (found["rate_with_all_repairs"] >= "0.95")
    assert city.run("plan", "--region", "370702").exit_code == 0
    assert "没有区划" in city.refused("plan", "--region", "999999")
