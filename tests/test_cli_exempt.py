"""`vidnet exempt` on a small city: what people type, what is stored, and that a refused step stores nothing."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter

from tests.cli_city import DAY_S, CliCity

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def written(offset_s: int) -> str:
    return datetime.fromtimestamp(time.time() + offset_s, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def propose(city: CliCity, *more: str, start: int = -600, end: int = DAY_S, device: str = "370702-9") -> Any:
    window = ("--from", written(start), "--to", written(end), "--reason", "repair")
    return city.json("exempt", "propose", "--device", device, *window, "--as", "张三", *more)["exemptions"][0]


def counting(city: CliCity) -> list[Any]:
    async def work(inventory: Any, _: Any) -> Any:
        return await inventory.exemptions()

    return list(city.read(work))


def stored(city: CliCity) -> int:
    async def work(inventory: Any, _: Any) -> Any:
        return len(await inventory.exemption_versions())

    return int(city.read(work))


def test_only_an_approved_exemption_takes_a_device_out_of_the_rate(city: CliCity, tmp_path: Path) -> None:
    paper = tmp_path / "函.pdf"
    paper.write_bytes(b"paper")
    version = propose(city, "--document", "潍公〔2026〕1号", "--attachment", str(paper), "--party", "carrier")
    assert version["id"] == f"E{datetime.now(ZONE).year}-00001"
    assert (version["state"], version["proposer"], version["party"]) == ("submitted", "as:张三", "carrier")
    assert version["attachment"] == hashlib.sha256(b"paper").hexdigest()
    assert counting(city) == []

    city.json("exempt", "approve", version["id"], "--as", "李四")
    [holding] = counting(city)
    assert (holding.approver, holding.scope_id, holding.document) == ("as:李四", "370702-9", "潍公〔2026〕1号")
    rows = city.json("exempt", "list")
    assert [(row["id"], row["state"], row["approver"]) for row in rows] == [(version["id"], "approved", "as:李四")]
    assert len(city.json("exempt", "list", "--id", version["id"])) == 2


def test_the_proposer_approves_nothing_and_nothing_changes(city: CliCity) -> None:
    version = propose(city)
    for command in (("approve",), ("refuse", "--note", "x")):
        message = city.refused("exempt", command[0], version["id"], "--as", " 张三 ", *command[1:])
        assert "申报人不能审批自己的报备" in message
    assert stored(city) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--device", "370702-9", "--from", "2026-11-25", "--to", "2026-11-24"), "ends before it begins"),
        (("--device", "nobody", "--from", "2099-11-24", "--to", "2099-11-25"), "no such device"),
        (("--point", "P-9", "--from", "2099-11-24", "--to", "2099-11-25"), "no such point"),
        (("--region", "999999", "--from", "2099-11-24", "--to", "2099-11-25"), "no such region"),
        (("--device", "370702-9", "--from", "yesterday", "--to", "2099-11-25"), "an instant is written as"),
        (("--device", "370702-9", "--from", "2099-01-01", "--to", "2099-12-31"), "30 days at most"),
        (("--device", "370702-9", "--from", "2020-01-01", "--to", "2020-01-02"), "within 24 h"),
        (("--from", "2020-01-01", "--to", "2020-01-02"), "needs one of --device"),
        (("--device", "370702-9", "--from", "2099-11-24", "--to", "2099-11-25", "--as", " "), "--as"),
    ],
)
def test_bad_proposals_are_refused_and_store_nothing(city: CliCity, arguments: tuple[str, ...], message: str) -> None:
    assert message in city.refused("exempt", "propose", "--reason", "repair", "--as", "张三", *arguments)
    assert stored(city) == 0


def test_an_exemption_is_extended_while_the_approved_one_holds_and_ended_early(city: CliCity) -> None:
    first = propose(city, end=DAY_S)["id"]
    city.json("exempt", "approve", first, "--as", "李四")
    [before] = counting(city)
    city.json("exempt", "propose", "--change", first, "--to", written(3 * DAY_S), "--as", "张三")
    assert counting(city) == [before]
    city.json("exempt", "refuse", first, "--as", "李四", "--note", "已恢复")
    assert counting(city) == [before]

    [ended] = city.json("exempt", "end", first, "--as", "张三", "--note", "设备恢复")["exemptions"]
    assert ended["state"] == "ended"
    assert counting(city)[0].end <= time.time()
    assert "not approved" in city.refused("exempt", "end", first, "--as", "张三")


def test_a_sheet_is_proposed_whole_or_not_at_all(city: CliCity, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    head = "对象类型,对象编码,开始时间,结束时间,原因,计划,责任方,文号\n"
    good = "device,370702-1,2099-01-01 08:00,2099-01-02,construction,是,carrier,甲\n"
    bad = "device,nobody,2099-01-03,2099-01-02,construction,是,carrier,乙\nzone,x,soon,2099-01-02,repair,maybe,us,\n"
    sheet.write_text(head + good + bad, encoding="gb18030")
    message = city.refused("exempt", "import", str(sheet), "--as", "张三")
    assert f"{sheet}:4: from" in message
    assert "scope: 应为" in message
    assert "planned: 应为" in message
    assert "party: 应为" in message
    sheet.write_text(head + good + bad.splitlines()[0] + "\n", encoding="utf-8")
    message = city.refused("exempt", "import", str(sheet), "--as", "张三")
    assert f"{sheet}:3: 清单中没有 device nobody" in message
    assert f"{sheet}:3: 结束时间不晚于开始时间" in message
    assert stored(city) == 0

    sheet.write_text("\ufeff" + head + good + good.replace("-1,", "-2,"), encoding="utf-8")
    versions = city.json("exempt", "import", str(sheet), "--as", "张三")["exemptions"]
    assert [(each["scope_id"], each["planned"], each["document"]) for each in versions] == [
        ("370702-1", True, "甲"),
        ("370702-2", True, "甲"),
    ]
    ids = [each["id"] for each in versions]
    assert len(set(ids)) == 2
    assert "nothing waits" in city.refused("exempt", "approve", ids[0], "E0", "--as", "李四")
    assert [row["state"] for row in city.json("exempt", "list")] == ["submitted", "submitted"]
    city.json("exempt", "approve", *ids, "--as", "李四")


@pytest.mark.parametrize("written_as", [b"scope,id\n", b"\xff\xff\xff", "scope,id".encode("utf-16")])
def test_a_sheet_that_is_none(city: CliCity, tmp_path: Path, written_as: bytes) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(written_as)
    assert "sheet.csv" in city.refused("exempt", "import", str(sheet), "--as", "张三")
    assert stored(city) == 0


def test_a_county_with_too_much_exempted_is_warned_of(city: CliCity) -> None:
    window = ("--from", written(-60), "--to", written(DAY_S), "--reason", "power", "--as", "张三")
    one = city.json("exempt", "propose", "--region", "370702", *window)
    assert "370702 同时报备 10 台，超过限额 0 台（共 10 台）" in one["warnings"][0]
    assert len(one["warnings"]) == 1


def test_what_is_overdue_is_listed(city: CliCity) -> None:
    waiting = propose(city)["id"]
    over = propose(city, "--back-date", start=-3 * DAY_S, end=-DAY_S, device="370703-9")["id"]
    back = propose(city, "--back-date", start=-3 * DAY_S, end=-DAY_S, device="370703-1")["id"]
    city.json("exempt", "approve", over, back, "--as", "李四")

    marks = {row["id"]: row["mark"] for row in city.json("exempt", "list", "--overdue")}
    assert marks == {waiting: "undecided", over: "not_back"}
    table = city.run("exempt", "list", "--overdue").output
    assert "逾期未恢复" in table
    assert "unverified" in table


def test_what_waits_is_shown_beside_the_rates(city: CliCity) -> None:
    assert city.json("rates")["pending_exemptions"] == 0
    version = propose(city)
    assert city.json("rates")["pending_exemptions"] == 1
    assert "待批报备" in city.run("rates").output
    city.json("exempt", "approve", version["id"], "--as", "李四")
    assert city.json("rates")["pending_exemptions"] == 0


def test_the_quota_is_told_to_the_approver_too(city: CliCity) -> None:
    version = propose(city)
    assert "370702 同时报备 1 台" in city.json("exempt", "approve", version["id"], "--as", "李四")["warnings"][0]


def test_exemptions_whose_device_is_back_are_listed_and_ended_together(city: CliCity) -> None:
    long_ago = {"start": -40 * DAY_S, "end": -11 * DAY_S}
    back, away, over = (
        propose(city, "--back-date", device=device, **window)["id"]
        for device, window in (("370702-1", long_ago), ("370702-9", long_ago), ("370702-2", long_ago))
    )
    city.json("exempt", "approve", back, away, over, "--as", "李四")
    for each in (back, away):
        city.json("exempt", "propose", "--change", each, "--to", written(DAY_S), "--back-date", "--as", "张三")
    city.json("exempt", "approve", back, away, "--as", "李四")
    assert [(row["id"], row["mark"]) for row in city.json("exempt", "list", "--back")] == [(back, "back")]
    [ended] = city.json("exempt", "end", "--back", "--as", "张三", "--note", "设备恢复")["exemptions"]
    assert (ended["id"], ended["state"]) == (back, "ended")
    assert city.json("exempt", "end", "--back", "--as", "张三")["exemptions"] == []
    assert "name exemption ids" in city.refused("exempt", "end", "--as", "张三")


def test_a_workbook_is_read_and_an_id_stored_as_a_number_refused(city: CliCity, tmp_path: Path) -> None:
    start, end = datetime.fromisoformat("2099-01-01 08:00"), datetime.fromisoformat("2099-01-02")
    rows: list[list[Any]] = [
        ["对象类型", "对象编码", "开始时间", "结束时间", "原因", "计划"],
        ["device", "370702-1", start, end, "construction", "是"],
        ["device", 37070200001320000001, start, end, "construction", "是"],
    ]
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    for path, kept in ((good, rows[:2]), (bad, rows)):
        book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet()
        for line, cells in enumerate(kept):
            sheet.write_row(line, 0, cells)
        book.close()
    assert f"{bad}:3: id: 编码以数字存储" in city.refused("exempt", "import", str(bad), "--as", "张三")
    assert stored(city) == 0
    [version] = city.json("exempt", "import", str(good), "--as", "张三")["exemptions"]
    assert (version["scope_id"], version["start"]) == ("370702-1", "2099-01-01 08:00")


def test_the_past_is_changed_by_versions_only(city: CliCity) -> None:
    first = propose(city, start=-7_200)["id"]
    city.json("exempt", "approve", first, "--as", "李四")
    changed = ("exempt", "propose", "--change", first, "--from", written(-3_600), "--as", "张三")
    assert "have passed" in city.refused(*changed)
    city.json(*changed, "--back-date")
    city.json("exempt", "approve", first, "--as", "李四")
    states = [row["state"] for row in city.json("exempt", "list", "--id", first)]
    assert states == ["submitted", "approved", "submitted", "approved"]


def test_what_is_decided_here_is_in_the_audit_log_too(city: CliCity) -> None:
    version = propose(city)
    city.json("exempt", "approve", version["id"], "--as", "李四")
    city.json("exempt", "list")
    told = [
        (each["action"], each["who"], each["via"], each["target"])
        for each in city.json("audit", "list")
        if each["action"].startswith("exemption.")
    ]
    assert told == [
        ("exemption.approve", "as:李四", "cli", version["id"]),
        ("exemption.propose", "as:张三", "cli", version["id"]),
    ]
    assert city.json("audit", "verify")["broken"] is None
