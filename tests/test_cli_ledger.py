"""`vidnet inventory diff` on a small city: each kind of change, its effect in exact points, and who did it."""

from __future__ import annotations

import time
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.db.states import SqlStateStore
from monitor.domain.point import Point, PointClass
from monitor.ports import InventoryBatch
from tests.cli_city import DAY_S, CliCity, camera, first_states

ZONE = ZoneInfo("Asia/Shanghai")
WHY = ("--reason", "拆迁", "--as", "张三")


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def written(offset_s: int) -> str:
    return datetime.fromtimestamp(time.time() + offset_s, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def done(city: CliCity, *arguments: str) -> None:
    for asked in city.json("requests", *arguments, *WHY)["requests"]:
        city.json("requests", "approve", asked["id"], "--as", "李四")


def diff(city: CliCity, *more: str) -> tuple[dict[str, Any], list[Any]]:
    found = city.json("inventory", "diff", "--from", written(-DAY_S), *more)
    return {row["region"]: row for row in found["regions"]}, found["entries"]


def steps(row: dict[str, Any]) -> dict[str, tuple[int, str | None]]:
    return {each["step"]: (each["devices"], each["effect_points"]) for each in row["steps"]}


def test_nothing_happened(city: CliCity) -> None:
    rows, entries = diff(city)
    assert list(rows) == ["3707", "370702", "370703"]
    assert (rows["3707"]["effect_points"], rows["3707"]["online_rate_to"]["percent"]) == ("0.00", "90.00 %")
    assert (steps(rows["3707"]), entries) == ({}, [])


def test_retiring_a_dead_camera_raises_the_rate_and_the_ledger_says_by_how_much_and_who(city: CliCity) -> None:
    done(city, "retire", "370702-9", "--document", "潍公〔2026〕1号")
    rows, entries = diff(city)
    county, whole = rows["370702"], rows["3707"]
    assert county["online_rate_from"] == {"numerator": 9, "denominator": 10, "percent": "90.00 %"}
    assert county["online_rate_to"] == {"numerator": 9, "denominator": 9, "percent": "100.00 %"}
    assert (county["effect_points"], county["effect"], steps(county)) == ("+10.00", "1/10", {"left": (1, "+10.00")})
    assert (whole["effect_points"], whole["effect"]) == ("+4.74", str(Fraction(18, 19) - Fraction(18, 20)))
    assert (county["devices_from"], county["devices_to"], rows["370703"]["effect"]) == (10, 9, "0")
    [entry] = entries
    assert (entry["who"], entry["approved_by"], entry["why"], entry["document"]) == (
        "as:张三",
        "as:李四",
        "拆迁",
        "潍公〔2026〕1号",
    )
    assert (entry["what"], entry["id"], entry["field"], entry["from"]) == ("device", "370702-9", "retired_at", "")
    assert entry["to"] == entry["when"]
    assert (entry["region"], entry["effect_points"], entry["back_dated"]) == ("370702", "+4.74", False)
    table = city.run("inventory", "diff", "--from", written(-DAY_S)).output
    for words in ("+10.00", "+4.74", "退出", "张三 (未核实", "unverified"):
        assert words in table


def test_what_is_back_dated_is_not_hidden_from_the_days_after_it(city: CliCity) -> None:
    done(city, "retire", "370702-9", "--from", written(-9 * DAY_S))
    rows, [entry] = diff(city)
    assert steps(rows["370702"]) == {"left": (1, "+10.00")}
    assert (entry["back_dated"], entry["effect_points"]) == (True, "+4.74")
    early = city.json("inventory", "diff", "--from", written(-10 * DAY_S), "--to", written(-8 * DAY_S))
    assert early["regions"][0]["effect_points"] == "0.00", "nobody knew it then"


def test_every_kind_of_change_has_its_step_and_they_add_up(city: CliCity) -> None:
    done(city, "move", "370702-9", "--region", "370703")
    done(city, "suspend", "370702-0", "370702-1")
    done(city, "reclassify", "370702-2", "--class", "third")
    done(city, "point", "P-1", "--status", "retired")
    window = ("--from", written(-600), "--to", written(DAY_S), "--reason", "repair", "--as", "张三")
    exemption = city.json("exempt", "propose", "--device", "370703-9", *window)["exemptions"][0]["id"]
    city.json("exempt", "approve", exemption, "--as", "李四")
    new = [camera("370703", number, int(time.time())) for number in (19, 20)]

    async def add(inventory: Any, database: Any) -> None:
        await inventory.record(InventoryBatch(devices=new, points=[Point("P-2", "370703", PointClass.SECOND)]))
        await SqlStateStore(database).apply(first_states(new, at=int(time.time())))

    city.read(add)
    time.sleep(1.1)  # what is of this very second is not past yet
    rows, entries = diff(city)
    assert steps(rows["370702"]).keys() == {"moved_out", "left", "reclassified"}
    assert {step: count for step, (count, _) in steps(rows["370703"]).items()} == {
        "added": 2,
        "moved_in": 1,
        "exempted": 1,
    }
    assert {step: count for step, (count, _) in steps(rows["3707"]).items()} == {
        "added": 2,
        "left": 2,
        "reclassified": 1,
        "exempted": 1,
    }
    for row in rows.values():
        one, other = (
            Fraction(row[name]["numerator"], row[name]["denominator"])
            for name in ("online_rate_unchanged", "online_rate_to")
        )
        assert sum(Fraction(each["effect"]) for each in row["steps"]) == other - one == Fraction(row["effect"])
        shown = city.json("rates", "--region", row["region"])["whole"]["online_rate"]
        assert (shown["numerator"], shown["denominator"]) == (
            row["online_rate_to"]["numerator"],
            row["online_rate_to"]["denominator"],
        )
    assert (rows["370702"]["points_from"], rows["370702"]["points_to"]) == (1, 0)
    assert {(entry["what"], entry["id"]) for entry in entries} == {
        ("device", "370702-9"),
        ("device", "370702-0"),
        ("device", "370702-1"),
        ("device", "370702-2"),
        ("device", "370703-19"),
        ("device", "370703-20"),
        ("point", "P-1"),
        ("exemption", exemption),
    }
    effect = next(entry["effect"] for entry in entries if entry["what"] == "exemption")
    end = rows["3707"]["online_rate_to"]
    online, assessed = end["numerator"], end["denominator"]
    assert effect == str(Fraction(online, assessed) - Fraction(online, assessed + 1))

    third, _ = diff(city, "--class", "third")
    assert steps(third["370702"]) == {"reclassified": (1, None)}
    inside, few = diff(city, "--region", "370703")
    assert list(inside) == ["370703"]
    assert {entry["id"] for entry in few} == {"370702-9", "370703-19", "370703-20", exemption}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "2026-01-02", "--to", "2026-01-01"), "must be later than"),
        (("--from", "2099-01-01"), "must have passed"),
        (("--from", "2026-01-01", "--region", "999"), "no region 999"),
        (("--from", "soon"), "an instant is written as"),
    ],
)
def test_what_cannot_be_compared(city: CliCity, arguments: tuple[str, ...], message: str) -> None:
    assert message in city.refused("inventory", "diff", *arguments)
