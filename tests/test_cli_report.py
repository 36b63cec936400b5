"""`vidnet report` on a small city: the files and their figures, revisions, verification, and what is refused."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from typer.testing import CliRunner

from monitor.adapters.db.alerts import SqlAlertStore
from monitor.adapters.db.trend import SqlTrend
from monitor.adapters.reports import folder as folder_module
from monitor.adapters.reports.folder import sha256
from monitor.app import reporting
from monitor.cli import app
from monitor.domain.facts import Axis, Correction, Party
from monitor.domain.incident import Incident, IncidentKind, Member, Shared
from monitor.domain.period import last_week
from monitor.domain.state import Cause
from monitor.domain.weeks import parse_week, week_of
from monitor.domain.work_order import WorkOrder
from monitor.ports import AlertBatch, InventoryBatch, TrendPoint
from tests.cli_city import DAY_S, CliCity

ZONE = ZoneInfo("Asia/Shanghai")
SUMMARY = (
    "region_code,level,point_class,device_kind,organisation,in_service_s,exempt_online_s,exempt_offline_s,"
    "exempt_unknown_s,unknown_s,offline_s,intact_s,faulty_s,condition_unknown_s,online_rate,intact_rate,"
    "raw_online_rate,raw_intact_rate,measured_share,judged_share,target_online,target_intact,online_met,intact_met,"
    "devices_short,rank"
)
SHEETS = (
    *("summary", "below-target", "offline-devices", "repairs", "settlement"),
    *("exemptions", "denominator", "waterfall", "method", "objections", "clocks"),
)
WEEK_S = 7 * DAY_S


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def rows(folder: str, name: str) -> list[dict[str, str]]:
    content = (Path(folder) / name).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def row(folder: str, region: str, **parts: str) -> dict[str, str]:
    wanted = {"region_code": region, "point_class": "any", "device_kind": "any", "organisation": "any"} | parts
    found = [each for each in rows(folder, "summary.csv") if wanted.items() <= each.items()]
    assert len(found) == 1, wanted
    return found[0]


def test_a_weeks_report_has_every_file_and_its_exact_figures(city: CliCity) -> None:
    made = city.json("report", "weekly")

    folder = made["folder"]
    name = last_week(int(time.time()), ZONE).name
    assert Path(folder) == city.config.parent / "reports" / name / "rev1"
    wanted = {f"{sheet}{lang}.csv" for sheet in SHEETS for lang in ("", ".zh", ".en")}
    wanted |= {"report.zh.html", "report.en.html", "report.xlsx", "summary-details.csv"}
    wanted |= {"inputs.json", "rows.json", "device-seconds.csv.gz"}
    assert set(made["files"]) == wanted
    assert {each.name for each in Path(folder).iterdir()} == wanted | {"manifest.json"}
    assert (Path(folder) / "summary.csv").read_text(encoding="utf-8-sig").splitlines()[0] == SUMMARY
    whole = row(folder, "3707")
    assert whole == made["rows"][0]
    assert (int(whole["in_service_s"]), int(whole["offline_s"])) == (20 * WEEK_S, 2 * WEEK_S)
    assert whole["online_rate"] == "0.900000000"
    assert whole["raw_online_rate"] == "0.900000000"
    assert whole["measured_share"] == "1.000000000"
    assert (whole["target_online"], whole["online_met"], whole["devices_short"]) == ("0.950000000", "missed", "1")
    assert [row(folder, code)["rank"] for code in ("370702", "370703", "3707")] == ["1", "1", ""]
    details = rows(folder, "summary-details.csv")[0]
    assert (details["snapshot_rate"], details["weeks_below"], details["small_sample"]) == ("0.900000000", "2", "no")


def test_the_lists_name_who_lost_what(city: CliCity) -> None:
    folder = city.json("report", "weekly")["folder"]

    offline = rows(folder, "offline-devices.csv")
    assert [(each["device_id"], each["age"], each["cause"]) for each in offline] == [
        ("370702-9", "gt7d", "silent"),
        ("370703-9", "gt7d", "silent"),
    ]
    below = [each for each in rows(folder, "below-target.csv") if each["region_code"] == "370702"]
    assert below[0]["item_id"] == "370702-9"
    assert (below[0]["lost_s"], below[0]["explained_share"]) == (str(WEEK_S), "1.000000000")
    falls = [each for each in rows(folder, "waterfall.csv") if each["region_code"] == "3707"]
    assert [(each["step"], each["value"]) for each in falls] == [("before", "0.900000000"), ("after", "0.900000000")]
    method = {each["item"]: each["value"] for each in rows(folder, "method.csv")}
    assert method["status"] == "draft"
    assert method["fact_seq"].isdigit()


def test_incidents_and_work_orders_are_named(city: CliCity) -> None:
    week = last_week(int(time.time()), ZONE)
    incident = Incident(
        *("I7", IncidentKind.PARENT, "switch-1", "城关交换机", week.start + 60, week.start + 120),
        shared=Shared.PARENT,
        party=Party.POWER,
    )
    batch = AlertBatch(
        incidents=[incident],
        members=[Member("I7", "370702-9", week.start + 60)],
        orders=[WorkOrder("W-I7", "fault", "I7", "修复交换机", "mend it", week.start, devices=("370702-9",))],
    )

    async def store(_: Any, database: Any) -> None:
        await SqlAlertStore(database).save(batch)

    city.read(store)
    folder = city.json("report", "weekly")["folder"]

    offline = {each["device_id"]: each for each in rows(folder, "offline-devices.csv")}
    assert (offline["370702-9"]["party"], offline["370702-9"]["work_order"]) == ("power", "W-I7")
    assert (offline["370703-9"]["party"], offline["370703-9"]["work_order"]) == ("undecided", "")
    below = next(each for each in rows(folder, "below-target.csv") if each["region_code"] == "370702")
    assert (below["item"], below["item_id"], below["party"]) == ("incident", "I7", "power")
    assert below["item_name"] == "上联 城关交换机 中断"
    assert city.json("report", "verify", folder)["ok"]


def test_an_incident_answers_for_its_own_seconds_only(city: CliCity) -> None:
    week = last_week(int(time.time()), ZONE)
    begun, ended = week.start + DAY_S, week.start + 2 * DAY_S
    incident = Incident(
        *("I8", IncidentKind.PARENT, "switch-1", "城关交换机", begun, begun + 60),
        closed_at=ended,
        shared=Shared.PARENT,
        party=Party.POWER,
    )
    batch = AlertBatch(incidents=[incident], members=[Member("I8", "370702-9", begun, ended)])

    async def store(_: Any, database: Any) -> None:
        await SqlAlertStore(database).save(batch)

    city.read(store)
    folder = city.json("report", "weekly")["folder"]

    below = [
        (each["item_id"], each["lost_s"], each["party"], each["explained_share"])
        for each in rows(folder, "below-target.csv")
        if (each["region_code"], each["indicator"], each["point_class"]) == ("370702", "online", "any")
    ]
    # It was dead before the switch failed and after it was back: six of seven days are not the power's.
    assert below == [
        ("370702-9", str(6 * DAY_S), "undecided", "0.857142857"),
        ("I8", str(DAY_S), "power", "1.000000000"),
    ]
    assert city.json("report", "verify", folder)["ok"]


def test_people_read_it_in_their_language(city: CliCity) -> None:
    folder = city.json("report", "weekly")["folder"]

    chinese, english = rows(folder, "summary.zh.csv")[0], rows(folder, "summary.en.csv")[0]
    assert (chinese["行政区划"], chinese["在线率"], chinese["在线率考核"]) == ("潍坊市", "90.00%", "✘ 未达标")
    assert (english["online rate"], english["online verdict"]) == ("90.00%", "✘ missed")
    book = openpyxl.load_workbook(Path(folder) / "report.xlsx")
    assert book.sheetnames[:2] == ["考核汇总 Summary", "未达标原因 Below target"]
    page = book["长时间离线设备 Offline devices"]
    assert page["E2"].value == "370702-9"
    assert page["E2"].data_type == "s"
    html = (Path(folder) / "report.zh.html").read_text(encoding="utf-8")
    assert "90.00%" in html
    assert "http" not in html.replace("http-equiv", "")


def test_the_page_ranks_counties_and_puts_what_is_not_valid_behind(city: CliCity) -> None:
    week = last_week(int(time.time()), ZONE)

    async def doubt(inventory: Any, _: Any) -> None:
        unknown = [
            Correction(
                f"370702-{n}", Axis.CONNECTIVITY, week.start, week.end, "unknown", Cause.DECISION, by_person=True
            )
            for n in range(5)
        ]
        await inventory.record(InventoryBatch(corrections=unknown))

    city.read(doubt)
    made = city.json("report", "weekly")

    html = (Path(made["folder"]) / "report.zh.html").read_text(encoding="utf-8")
    assert 0 < html.index(">寒亭区<") < html.index(">潍城区<"), "the first county of the tree is not valid"
    assert '<span class="bounds">0.00%–80.00%</span>' in html  # nobody judged those that answered
    assert 'fill="#b9bec5"' in html
    assert "每项只列前 5 位" in html
    below = {row["region_code"]: row["weeks_below"] for row in reversed(rows(made["folder"], "summary-details.csv"))}
    # The weeks before were missed; one that cannot be judged neither adds to them nor ends them.
    assert (below["370702"], below["370703"]) == ("1", "2")


def test_a_revision_is_never_changed_and_comes_out_the_same_again(city: CliCity) -> None:
    first = city.json("report", "weekly")["folder"]
    before = {each.name: each.read_bytes() for each in Path(first).iterdir()}
    week = last_week(int(time.time()), ZONE)

    async def correct(inventory: Any, _: Any) -> None:
        right = Correction(
            *("370702-9", Axis.CONNECTIVITY, week.start, week.start + DAY_S, "online", Cause.DECISION),
            by_person=True,
            party=Party.CARRIER,
        )
        await inventory.record(InventoryBatch(corrections=[right]))

    city.read(correct)
    second = city.json("report", "weekly")["folder"]

    assert Path(second).name == "rev2"
    assert {each.name: each.read_bytes() for each in Path(first).iterdir()} == before
    assert row(second, "370702")["offline_s"] == str(6 * DAY_S)
    for folder in (first, second):
        assert city.json("report", "verify", folder)["ok"], folder
    changed = json.loads(CliRunner().invoke(app, ["report", "diff", first, second, "--json"]).stdout)
    rate = [each for each in changed if each["region_code"] == "370702" and each["column"] == "online_rate"]
    assert rate[0]["old"] == "0.900000000"
    listed = city.json("report", "list")
    assert [(each["revision"], each["status"]) for each in listed] == [(1, "draft"), (2, "draft")]
    (Path(first) / "summary.csv").write_text("spoiled")
    (Path(first) / "more.txt").write_text("not part of it")
    spoiled = CliRunner().invoke(app, ["report", "verify", first, "--json"])
    assert spoiled.exit_code == 1
    assert len(json.loads(spoiled.stdout)["problems"]) == 2


def test_another_program_version_gives_the_same_machine_csv(city: CliCity, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Path(city.json("report", "weekly")["folder"])
    monkeypatch.setattr(reporting, "version", lambda _name: "9.9.9")

    again = city.json("report", "weekly")

    assert again["program_version"] == "9.9.9" != json.loads((first / "manifest.json").read_text())["program_version"]
    machine = {name for name in again["files"] if name.endswith(".csv") and not name.endswith((".zh.csv", ".en.csv"))}
    assert {"summary.csv", "summary-details.csv", "waterfall.csv"} < machine
    for name in machine - {"method.csv"}:  # which names the version
        assert (first / name).read_bytes() == (Path(again["folder"]) / name).read_bytes(), name
    assert "9.9.9" in (Path(again["folder"]) / "method.csv").read_text(encoding="utf-8-sig")
    # Made again at its K by the other version, the first one holds.
    assert city.json("report", "verify", str(first))["ok"]
    manifest = json.loads((first / "manifest.json").read_text())
    (first / "summary.csv").write_bytes((first / "summary.csv").read_bytes().replace(b"0.900000000", b"0.990000000"))
    manifest["files"]["summary.csv"] = sha256((first / "summary.csv").read_bytes())
    (first / "manifest.json").write_text(json.dumps(manifest))
    forged = city.run("report", "verify", str(first), "--json")
    assert json.loads(forged.stdout)["problems"] == ["summary.csv: 重算结果不同 · comes out differently"]


def test_the_next_week_starts_from_what_was_published(city: CliCity) -> None:
    week = week_of(int(time.time()), ZONE)
    earlier, later = week.shifted(-2).name, week.shifted(-1).name
    published = city.json("report", "weekly", "--week", earlier)["folder"]

    made = city.json("report", "weekly", "--week", later)

    inputs = json.loads((Path(made["folder"]) / "inputs.json").read_text())
    assert inputs["previous"] == f"{earlier}/{Path(published).name}"
    assert rows(made["folder"], "summary-details.csv")[0]["weeks_below"] == "3"
    assert city.json("report", "verify", made["folder"])["ok"]


def test_a_week_that_runs_is_stamped_so_far(city: CliCity) -> None:
    now = int(time.time())
    week = week_of(now, ZONE)

    made = city.json("report", "weekly", "--week", week.name)

    assert made["status"] == "interim"
    assert made["end"] <= now + 60
    start, _ = week.bounds(ZONE)
    assert row(made["folder"], "3707")["in_service_s"] == str(20 * (made["end"] - start))
    assert "截至目前" in (Path(made["folder"]) / "report.zh.html").read_text(encoding="utf-8")


def test_region_method_language_and_any_days(city: CliCity, tmp_path: Path) -> None:
    one = city.json("report", "weekly", "--region", "370703", "--lang", "zh", "--method", "snapshot")
    folder = Path(one["folder"])
    assert folder.parent.name.endswith("-370703-snapshot")
    assert {each["region_code"] for each in rows(str(folder), "summary.csv")} == {"370703"}
    assert (folder / "summary.zh.csv").exists()
    assert not (folder / "summary.en.csv").exists()
    today = datetime.fromtimestamp(time.time(), ZONE).date()
    month = f"{today:%Y-%m}"
    assert city.json("report", "monthly", "--month", month, "--out", str(tmp_path / "o"))["period"] == month
    days = city.json("report", "range", "--from", f"{today}", "--to", f"{today}")
    assert days["period"] == f"{today}_{today}"


def test_what_cannot_be_made_is_refused_and_leaves_nothing(city: CliCity) -> None:
    following = week_of(int(time.time()), ZONE).shifted(2).name

    assert "2026-W99" in city.refused("report", "weekly", "--week", "2026-W99")
    assert "没有区划" in city.refused("report", "weekly", "--region", "999999")
    assert "尚未开始" in city.refused("report", "weekly", "--week", following)
    assert "不是周" in city.refused("report", "weekly", "--week", "2026-11")
    assert not (city.config.parent / "reports").exists()
    assert city.json("report", "list") == []
    assert parse_week(following)


def test_a_clock_that_went_back_is_noticed(city: CliCity, monkeypatch: pytest.MonkeyPatch) -> None:
    city.json("report", "weekly")
    week = last_week(int(time.time()), ZONE).name
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3_600)

    assert "时钟倒退" in city.refused("report", "weekly", "--week", week)


def test_the_clocks_of_a_week_are_added_up_by_region_and_come_out_again(city: CliCity) -> None:
    week = last_week(int(time.time()), ZONE)
    read = {"370702": ((3, 4), (4, 4)), "3707": ((9, 10), (10, 10)), "370703": ((0, 0), (0, 0))}

    def counted(code: str, hour: int, within: int, clocks: int) -> TrendPoint:
        at = week.start + hour * 3_600
        return TrendPoint(code, at, *[0] * 10, clock_within=within, clock_read=clocks)

    points = [counted(code, hour, *pair) for code, pairs in read.items() for hour, pair in enumerate(pairs)]
    city.read(lambda _, database: SqlTrend(database).keep(points, forget_before=0))
    made = city.json("report", "weekly")
    assert rows(made["folder"], "clocks.csv") == [
        {
            "region_code": code,
            "level": level,
            "counts": "2",
            "clock_within": within,
            "clock_read": clocks,
            "clock_rate": rate,
            "target_clock": "",
            "clock_met": "",
        }
        for code, level, within, clocks, rate in (
            ("3707", "city", "19", "20", "0.950000000"),
            ("370702", "county", "7", "8", "0.875000000"),
        )
    ]
    assert city.json("report", "verify", made["folder"])["ok"]


def test_a_full_disk_is_said_and_leaves_nothing(city: CliCity, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == "report.xlsx":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.write_bytes(content)

    monkeypatch.setattr(folder_module, "_write", full)

    result = city.run("report", "weekly")

    assert result.exit_code != 0
    assert "磁盘已满" in result.stderr
    assert "disk is full" in result.stderr
    assert "Traceback" not in result.output + result.stderr
    assert city.json("report", "list") == []
    assert not list(city.config.parent.glob("reports/*/.writing-*"))
