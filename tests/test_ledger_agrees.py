"""The report's denominator and `vidnet inventory diff` say the same of a week: entries, and effects where they can."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.weeks import week_of
from monitor.ports import InventoryBatch
from tests.cli_city import DAY_S, CliCity, camera

ZONE = ZoneInfo("Asia/Shanghai")
WHY = ("--reason", "拆迁", "--document", "潍公〔2026〕1号", "--as", "张三")
Line = tuple[str, ...]


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def written(at: float) -> str:
    return datetime.fromtimestamp(at, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def done(city: CliCity, *arguments: str) -> None:
    for asked in city.json("requests", *arguments, *WHY)["requests"]:
        city.json("requests", "approve", asked["id"], "--as", "李四")


def monday() -> float:
    today = datetime.fromtimestamp(time.time(), ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=today.weekday())).timestamp()


def reported(city: CliCity, *more: str) -> tuple[set[Line], dict[str, str]]:
    week = week_of(int(time.time()), ZONE).name
    folder = Path(city.json("report", "weekly", "--week", week, *more)["folder"])
    text = (folder / "denominator.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    same = ("entity", "entity_id", "region_code", "field", "author", "approved_by", "document", "reason")
    lines = {(_second(each["at"]), _second(each["recorded_at"]), *(each[name] for name in same)) for each in rows}
    return lines, {each["entity_id"]: each["effect"] for each in rows if each["effect"]}


def diffed(city: CliCity, *more: str) -> tuple[set[Line], dict[str, str]]:
    found = city.json("inventory", "diff", "--from", written(monday() - 1), *more)
    entries: Iterable[dict[str, Any]] = [each for each in found["entries"] if each["what"] != "exemption"]
    same = ("what", "id", "region", "field", "who", "approved_by", "document", "why")
    lines = {(_second(each["when"]), _second(each["recorded"]), *(each[name] for name in same)) for each in entries}
    return lines, {each["id"]: each["effect_points"] for each in found["entries"] if each["effect_points"]}


def _second(instant: str) -> str:
    """Give an instant of either as text that can be compared: the diff leaves out seconds that are 0."""
    return datetime.fromisoformat(instant).strftime("%Y-%m-%d %H:%M:%S")


def test_the_same_entries_whatever_was_changed(city: CliCity) -> None:
    done(city, "retire", "370702-9")
    done(city, "retire", "370703-9", "--from", written(time.time() - 9 * DAY_S))
    done(city, "move", "370702-1", "--region", "370703")
    done(city, "reclassify", "370703-1", "--class", "second")
    city.read(lambda inventory, _: inventory.record(InventoryBatch(devices=[camera("370703", 10, int(time.time()))])))
    # A report so far ends before its own second: what was changed in that very second is not in it yet.
    time.sleep(1.1)

    ours, _ = reported(city)
    theirs, _ = diffed(city)

    assert len(ours) == 5
    assert ours == theirs
    assert reported(city, "--region", "370703")[0] == diffed(city, "--region", "370703")[0]


def test_the_same_effect_of_what_was_back_dated_before_the_week(city: CliCity) -> None:
    done(city, "retire", "370702-9", "--from", written(monday() - 2 * DAY_S))

    _, ours = reported(city)
    _, theirs = diffed(city)

    # 18/19 less 18/20: retiring the dead one raises the rate, whichever way it is counted.
    assert ours == {"370702-9": "0.047368421"}
    assert theirs == {"370702-9": "+4.74"}


def test_what_left_a_region_is_in_its_ledger(city: CliCity) -> None:
    done(city, "move", "370702-9", "--region", "370703", "--from", written(monday()))

    ours, effects = reported(city, "--region", "370702")

    assert {line[3] for line in ours} == {"370702-9"}
    assert effects["370702-9"] == "0.100000000"


def test_people_read_the_ledger_in_words_and_see_small_effects(city: CliCity) -> None:
    done(city, "retire", "370702-9", "--from", written(monday() - DAY_S))
    done(city, "reclassify", "370703-1", "--class", "second")
    week = week_of(int(time.time()), ZONE).name
    folder = Path(city.json("report", "weekly", "--week", week)["folder"])

    text = (folder / "denominator.zh.csv").read_text(encoding="utf-8-sig")
    rows = {each["对象编码"]: each for each in csv.DictReader(io.StringIO(text, newline=""))}

    gone, moved = rows["370702-9"], rows["370703-1"]
    assert (gone["对象"], gone["字段"], gone["新值"]) == ("设备", "退出时间", written(monday() - DAY_S))
    assert (moved["字段"], moved["原值"], moved["新值"]) == ("点位类别", "一类", "二类")
    assert gone["对在线率影响(百分点)"] == "+4.74"
