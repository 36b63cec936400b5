"""From the draft to the final report: objections are made in time, decided by somebody else, and named in the final."""

from __future__ import annotations

import csv
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.period import last_week, week_period
from monitor.domain.weeks import week_of
from tests.cli_city import DAY_S, CliCity

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    city = CliCity.make(tmp_path)
    text = city.config.read_text(encoding="utf-8")
    city.config.write_text(f"{text}[report]\nobjections_within_s = 604800\n", encoding="utf-8")
    return city


def written(at: int) -> str:
    return datetime.fromtimestamp(at, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def arguments(**changed: str) -> list[str]:
    week = last_week(int(time.time()), ZONE)
    given = {
        "week": week.name,
        "device": "370702-9",
        "from": written(week.start),
        "to": written(week.start + DAY_S),
        "reason": "光缆被市政施工挖断",
        "document": "潍电〔2026〕8号",
        "party": "carrier",
        "as": "潍城分局",
    } | changed
    return [part for name, value in given.items() for part in (f"--{name}", value)]


def rows(folder: str, name: str) -> list[dict[str, str]]:
    with (Path(folder) / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_an_accepted_objection_corrects_the_facts_and_the_final_names_it(city: CliCity) -> None:
    week = last_week(int(time.time()), ZONE)
    draft = city.json("report", "weekly")
    accepted = city.json("report", "object", *arguments())
    refused = city.json("report", "object", *arguments(device="370703-9", reason="停电"))
    assert [each["state"] for each in city.json("report", "objections")] == ["submitted"] * 2
    assert "异议未处理" in city.refused("report", "finalise", "--week", week.name, "--early", "--as", "市局")

    done = city.json("report", "decide", accepted["id"], "--accept", "--note", "属实", "--as", "市局")
    city.json("report", "decide", refused["id"], "--refuse", "--note", "无证据", "--as", "市局")
    final = city.json("report", "finalise", "--week", week.name, "--early", "--as", "市局")

    assert done["state"] == "accepted"
    assert done["effect"] == "0.007142857"  # one of 140 device-days
    assert (final["status"], final["revision"]) == ("final", 2)
    whole = next(each for each in rows(final["folder"], "summary.csv"))
    assert int(whole["offline_s"]) == 13 * DAY_S
    named = {each["objection_id"]: each for each in rows(final["folder"], "objections.csv")}
    assert named[accepted["id"]]["decision"] == "accepted"
    assert named[accepted["id"]]["effect"] == done["effect"]
    assert (named[refused["id"]]["decision"], named[refused["id"]]["note"]) == ("refused", "无证据")
    assert {each["item"]: each["value"] for each in rows(final["folder"], "method.csv")}["decisions"] == "2"
    assert city.json("report", "verify", final["folder"])["ok"]
    assert city.json("report", "verify", draft["folder"])["ok"]
    assert "正式" in city.refused("report", "object", *arguments())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"device": "nobody"}, "没有设备"),
        ({"document": " "}, "文号"),
        ({"state": "intact"}, "主张"),
        ({"to": "2020-01-01", "from": "2019-01-01"}, "不在考核期内"),
        ({"to": "2019-01-01"}, "晚于"),
    ],
)
def test_an_objection_needs_its_particulars(city: CliCity, changed: dict[str, Any], message: str) -> None:
    assert "还没有报表草稿" in city.refused("report", "object", *arguments())
    city.json("report", "weekly")

    assert message in city.refused("report", "object", *arguments(**changed))
    assert city.json("report", "objections") == []


def test_an_objection_after_the_deadline_is_refused(city: CliCity) -> None:
    late = week_period(week_of(int(time.time()), ZONE).shifted(-2), ZONE)
    city.json("report", "weekly", "--week", late.name)
    window = {"from": written(late.start), "to": written(late.start + 60)}

    assert "异议期已过" in city.refused("report", "object", *arguments(week=late.name, **window))


def test_a_decision_is_made_once_by_somebody_else_with_a_reason(city: CliCity) -> None:
    city.json("report", "weekly")
    made = city.json("report", "object", *arguments())["id"]

    assert "提出人不能处理" in city.refused("report", "decide", made, "--accept", "--note", "x", "--as", "潍城分局")
    assert "处理理由" in city.refused("report", "decide", made, "--accept", "--note", " ", "--as", "市局")
    assert "--accept" in city.refused("report", "decide", made, "--note", "x", "--as", "市局")
    assert "没有异议" in city.refused("report", "decide", "O1", "--accept", "--note", "x", "--as", "市局")
    city.json("report", "decide", made, "--refuse", "--note", "x", "--as", "市局")
    assert "已处理" in city.refused("report", "decide", made, "--accept", "--note", "x", "--as", "市局")


def test_a_final_waits_for_the_end_of_the_time_for_objections(city: CliCity) -> None:
    week = last_week(int(time.time()), ZONE)
    city.json("report", "weekly")

    assert "--early" in city.refused("report", "finalise", "--week", week.name, "--as", "市局")
