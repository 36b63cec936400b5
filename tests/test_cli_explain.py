"""`vidnet explain` and `vidnet plan` on a small city: figures that agree with the report, down to the looks."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.db.engine import Database
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.facts import Axis, StateChange
from monitor.domain.period import last_week
from monitor.domain.state import Cause, Condition
from monitor.ports import Batch
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
    assert (story["intervals"][0]["state"], story["intervals"][0]["cause"]) == ("offline", "silent")
    text = city.run("explain").output
    assert "90.00 %" in text
    assert "潍城区 370702 90.00 %" in text
    assert "离线 offline: 1,209,600 s" in text
    assert "370703-9" in text


def judge_all(city: CliCity, faulty: dict[str, str]) -> None:
    """Judge every device intact since the city began, and some faulty since ten days ago."""
    begun, later = city.begun_at, int(time.time()) - 10 * DAY_S

    async def store(_: Any, database: Database) -> None:
        states = SqlStateStore(database)
        stored = {state.device_id: state for state in await states.load_states()}
        changes = [
            StateChange(each, Axis.CONDITION, "unknown", "intact", begun, Cause.NO_FAULT) for each in sorted(stored)
        ]
        changes += [
            StateChange(each, Axis.CONDITION, "intact", "faulty", later, Cause.FAULT, (later, later + 600), fault)
            for each, fault in faulty.items()
        ]
        now = [
            replace(state, condition=Condition.FAULTY if each in faulty else Condition.INTACT)
            for each, state in stored.items()
        ]
        await states.apply(Batch(states=now, changes=changes))

    city.read(store)


def test_the_intact_rate_is_explained_by_outages_and_faults(city: CliCity) -> None:
    judge_all(city, {"370702-0": "clock_off", "370702-9": "not_itself"})

    both = city.json("explain", "--region", "370702")
    found = city.json("explain", "--region", "370702", "--indicator", "intact")

    assert both["indicator"] == "online"
    assert both["intact"] == {key: found[key] for key in both["intact"]}
    assert (found["printed"], found["intact_rate"]) == ("80.00 %", "0.800000000")
    assert (found["intact_s"], found["judged_s"]) == (8 * WEEK_S, 10 * WEEK_S)
    assert (found["verdict"], found["devices_short"], found["lost_s"]) == ("missed", 2, 2 * WEEK_S)
    clock, dead = sorted(found["devices"], key=lambda each: each["device_id"])
    interval = clock["intervals"][0]
    assert (interval["state"], interval["fault"], len(interval["looks"])) == ("faulty", "clock_off", 2)
    assert [each["state"] for each in dead["intervals"]] == ["offline", "faulty"]
    assert dead["lost_s"] == WEEK_S  # a second that is offline is not lost twice
    text = city.run("explain", "--indicator", "intact", "--region", "370702").output
    assert "80.00 %" in text
    assert "时钟偏差超限" in text
    assert "在线率" not in text


def test_a_plan_for_the_intact_rate_mends_faults_too(city: CliCity) -> None:
    judge_all(city, {"370702-0": "clock_off"})

    found = city.json("plan", "--region", "370702", "--within", "0", "--indicator", "intact")
    both = city.json("plan", "--region", "370702", "--within", "0")

    # What failed last comes first; no week can be saved here by one repair alone.
    assert found["rate_now"] == "0.800000000"
    assert both["intact"]["rate_now"] == found["rate_now"]
    assert both["rate_now"] == "0.900000000"
    assert [each["fault"] for each in found["repairs"]][:2] == ["clock_off", "offline"]
    assert found["repairs"][0]["target"] == "370702-0"
    assert "时钟偏差超限" in city.run("plan", "--region", "370702", "--within", "0", "--indicator", "intact").output


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
