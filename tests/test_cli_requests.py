"""`vidnet requests` and `vidnet correct` on a small city: what is stored, and that a refused step stores nothing."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.db.queries import SqlQueries
from monitor.domain.device import Device
from tests.cli_city import DAY_S, CliCity

ZONE = ZoneInfo("Asia/Shanghai")
WHY = ("--reason", "拆迁", "--as", "张三")


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def written(offset_s: int) -> str:
    return datetime.fromtimestamp(time.time() + offset_s, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def ask(city: CliCity, *arguments: str) -> Any:
    return city.json("requests", *arguments, *WHY)["requests"]


def device(city: CliCity, device_id: str = "370702-9") -> Device:
    async def work(inventory: Any, _: Any) -> Any:
        return (await inventory.device(device_id))[0]

    found: Device = city.read(work)
    return found


def ledger(city: CliCity) -> list[Any]:
    async def work(_: Any, database: Any) -> Any:
        return await SqlQueries(database).inventory_changes()

    return list(city.read(work))


def test_a_retirement_waits_for_somebody_else_and_changes_the_rate_at_approval(city: CliCity, tmp_path: Path) -> None:
    paper = tmp_path / "函.pdf"
    paper.write_bytes(b"paper")
    [asked] = ask(city, "retire", "370702-9", "--document", "潍公〔2026〕1号", "--attachment", str(paper))
    assert (asked["id"], asked["state"], asked["proposer"]) == (
        f"R{datetime.now(ZONE).year}-00001",
        "submitted",
        "as:张三",
    )
    assert asked["attachment"] == hashlib.sha256(b"paper").hexdigest()
    before = city.json("rates")["whole"]["devices"]
    assert (before["online"], before["offline"]) == (18, 2)
    assert "申请人不能审批自己的申请" in city.refused("requests", "approve", asked["id"], "--as", " 张三 ")
    assert ledger(city) == []

    [approved] = city.json("requests", "approve", asked["id"], "--as", "李四")["requests"]
    assert (approved["state"], approved["approver"]) == ("approved", "as:李四")
    after = city.json("rates")["whole"]["devices"]
    assert (after["online"], after["offline"]) == (18, 1)
    [entry] = ledger(city)
    assert (entry.entity_id, entry.field, entry.author, entry.approved_by) == (
        "370702-9",
        "retired_at",
        "as:张三",
        "as:李四",
    )
    assert (entry.document, entry.request, entry.reason) == ("潍公〔2026〕1号", asked["id"], "拆迁")


def test_every_kind_of_request_is_asked_and_takes_effect(city: CliCity) -> None:
    year = datetime.now(ZONE).year
    ids = [
        each["id"]
        for arguments in (
            ("reclassify", "370702-1", "--class", "second", "--from", written(-DAY_S)),
            ("move", "370703-1", "--point", "P-1"),
            ("back-date", "370702-2", "--in-service", f"{year}-01-02"),
            ("hours", "370702-3", "--hours", "08:00-18:00", "--hours", "22:00-06:00"),
            ("parents", "370702-4", "--parent", "path:370702-0", "--parent", "reporter!:370702-5"),
            ("point", "P-1", "--count", "2", "--site-kind", "road", "--ring", "city", "--kind", "camera"),
            ("region", "370703", "--rank-group", "zone", "--assessed-from", f"{year}-01-02"),
            ("suspend", "370702-6", "370702-7"),
        )
        for each in ask(city, *arguments)
    ]
    assert len(ids) == 9
    marks = {row["kind"]: row["back_dated"] for row in city.json("requests", "list")}
    assert (marks["reclassify"], marks["move"], marks["back_date"]) == (True, False, True)
    city.json("requests", "approve", *ids, "--as", "李四")
    assert device(city, "370702-1").point_class == "second"
    assert (device(city, "370703-1").point, device(city, "370703-1").region) == ("P-1", "370702")
    assert device(city, "370702-2").lifecycle.in_service_from == datetime(year, 1, 2, tzinfo=ZONE).timestamp()
    assert device(city, "370702-3").lifecycle.service_windows == ((28_800, 64_800), (79_200, 21_600))
    assert [(each.device_id, each.role, each.ours) for each in device(city, "370702-4").parents] == [
        ("370702-0", "path", False),
        ("370702-5", "reporter", True),
    ]

    async def entities(inventory: Any, _: Any) -> Any:
        return (await inventory.points())[0], (await inventory.regions())[2]

    point, region = city.read(entities)
    assert (point.count, point.site_kind, point.ring, point.required_kinds) == (2, "road", "city", ("camera",))
    assert (region.rank_group, region.assessed_from is not None) == ("zone", True)

    [back] = ask(city, "return", "370702-6")
    city.json("requests", "approve", back["id"], "--as", "李四")
    assert device(city, "370702-6").lifecycle.retired_at is None
    assert device(city, "370702-7").lifecycle.retired_at is not None
    assert len(ledger(city)) == 15
    table = city.run("requests", "list").output
    for word in ("改类", "追溯", "unverified"):
        assert word in table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("retire", "nobody"), "no device nobody"),
        (("reclassify", "370702-1", "--class", "first"), "nothing would change"),
        (("reclassify", "370702-1"), "nothing is named"),
        (("move", "370702-1", "--region", "999999"), "no region 999999"),
        (("move", "370702-1", "--point", "P-9"), "no point P-9"),
        (("move", "370702-1", "--region", "370703", "--from", "2099-01-01"), "ahead of time"),
        (("parents", "370702-1", "--parent", "path:370702-1"), "run in a circle"),
        (("hours", "370702-1", "--hours", "8-18"), "hours are written like"),
        (("region", "3707", "--parent", "370702"), "would be no tree"),
        (("retire", "370702-1", "--from", "soon"), "an instant is written as"),
    ],
)
def test_bad_requests_are_refused_and_store_nothing(city: CliCity, arguments: tuple[str, ...], message: str) -> None:
    assert message in city.refused("requests", *arguments, *WHY)
    assert city.json("requests", "list") == []


def test_a_class_that_does_not_exist_is_refused(city: CliCity) -> None:
    result = city.run("requests", "reclassify", "370702-1", "--class", "fifth", *WHY)
    assert result.exit_code == 2
    assert "fifth" in result.output + result.stderr
    assert city.json("requests", "list") == []


def test_a_request_is_refused_with_a_reason_or_taken_back_by_who_asked(city: CliCity) -> None:
    first, second = ask(city, "retire", "370702-8", "370702-9")
    [refused] = city.json("requests", "refuse", first["id"], "--as", "李四", "--note", "仍在用")["requests"]
    assert (refused["state"], refused["note"]) == ("refused", "仍在用")
    assert "who asked" in city.refused("requests", "withdraw", second["id"], "--as", "李四")
    city.json("requests", "withdraw", second["id"], "--as", "张三")
    states = [row["state"] for row in city.json("requests", "list", "--id", second["id"])]
    assert states == ["submitted", "withdrawn"]
    assert [row["id"] for row in city.json("requests", "list", "--state", "refused")] == [first["id"]]
    assert [row["id"] for row in city.json("requests", "list", "--of", "370702-9")] == [second["id"]]
    assert ledger(city) == []


def test_an_interval_is_corrected_by_a_request_and_the_correction_withdrawn_by_another(city: CliCity) -> None:
    edges = ("--from", written(-7_200), "--to", written(-3_600))
    [asked] = city.json(
        *("correct", "propose", "--device", "370702-9", *edges, "--party", "carrier", "--reason", "断纤"),
        *("--as", "张三", "--document", "函1"),
    )["requests"]
    assert asked["correction"]["state"] == "offline"
    assert city.json("correct", "list") == []
    assert "申请人不能审批" in city.refused("requests", "approve", asked["id"], "--as", "张三")
    city.json("requests", "approve", asked["id"], "--as", "李四")
    [made] = city.json("correct", "list", "--device", "370702-9")
    assert (made["party"], made["author"], made["approved_by"], made["by_person"]) == (
        "carrier",
        "as:张三",
        "as:李四",
        True,
    )

    [again] = city.json("correct", "withdraw", str(made["seq"]), "--reason", "查明为设备故障", "--as", "张三")[
        "requests"
    ]
    city.json("requests", "approve", again["id"], "--as", "李四")
    assert city.json("correct", "list")[0]["withdrawn"] is True
    assert "已撤销" in city.run("correct", "list").output
    message = city.refused("correct", "withdraw", str(made["seq"]), "--reason", "x", "--as", "张三")
    assert "withdrawn already" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "2026-01-02", "--to", "2026-01-01", "--state", "online"), "ends before it begins"),
        (("--from", "2026-01-02", "--to", "2099-01-01", "--state", "online"), "only time that has passed"),
        (("--from", "2026-01-01", "--to", "2026-01-02", "--state", "broken"), "must be one of"),
        (("--from", "2026-01-01", "--to", "2026-01-02"), "name the state or the party"),
    ],
)
def test_bad_corrections_are_refused_and_store_nothing(city: CliCity, arguments: tuple[str, ...], message: str) -> None:
    assert message in city.refused("correct", "propose", "--device", "370702-9", *arguments, *WHY)
    assert city.json("requests", "list") == []
