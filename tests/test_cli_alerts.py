"""`vidnet alerts`, `incidents`, `orders` and `notify` as people type them."""

from __future__ import annotations

import asyncio
import csv
import getpass
import io
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.adapters.db.alerts import SqlAlertStore, SqlOutbox
from monitor.adapters.db.engine import Database
from monitor.cli import app
from monitor.domain.alert import Happening
from monitor.domain.facts import Party
from monitor.ports import AlertBatch, Delivery
from tests.adapters.test_alert_store import ALERT, INCIDENT, MEMBERS, ORDER, waiting
from tests.cli_city import CliCity
from tests.sinks import HttpSink, http_sink

NOW = int(time.time())


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    """A city with one raised alert, its incident and its order, and a receiver that did not take a message."""
    city = CliCity.make(tmp_path)

    async def work(_: Any, database: Database) -> None:
        await SqlAlertStore(database).save(
            AlertBatch(
                alerts=[replace(ALERT, since=NOW - 900, raised_at=NOW - 600, told_at=NOW - 600)],
                incidents=[replace(INCIDENT, began_at=NOW - 900, opened_at=NOW - 800, costed_at=NOW)],
                members=[replace(MEMBERS[0], device_id="370702-9", joined_at=NOW - 900)],
                orders=[replace(ORDER, opened_at=NOW - 600)],
                happenings=[Happening("A1", NOW - 600, "raised"), Happening("I1", NOW - 800, "opened")],
                outbox=[waiting(1)],
            )
        )
        await SqlOutbox(database).note([Delivery("A1:raised:1:duty", 4, next_try_at=NOW + 60, error="answered 500")])

    city.read(work)
    return city


def test_the_list_shows_alerts_silences_and_what_a_receiver_did_not_take(city: CliCity) -> None:
    found = city.json("alerts", "list")
    [alert] = found["alerts"]
    assert (alert["id"], alert["state"], alert["severity"], alert["county"]) == ("A1", "raised", "warning", "370783")
    assert found["receivers"] == [
        {
            "receiver": "duty",
            "waiting": 1,
            "handed_over": 0,
            "oldest_at": found["receivers"][0]["oldest_at"],
            "tries": 4,
            "error": "answered 500",
        }
    ]
    text = city.run("alerts", "list").stdout
    assert "寿光市" in text
    assert "answered 500" in text


def test_an_acknowledgement_is_kept_with_who_and_when_and_only_once(city: CliCity) -> None:
    assert city.json("alerts", "ack", "A1", "--as", "张三", "--note", "已派单") == {"acknowledged": ["A1"]}
    assert city.run("alerts", "ack", "A1", "--as", "李四").exit_code == 1
    [alert] = city.json("alerts", "list")["alerts"]
    assert (alert["state"], alert["acknowledged_by"]) == ("acknowledged", "as:张三")
    timeline = city.json("alerts", "show", "A1")["timeline"]
    assert [(each["kind"], each["author"], each["note"]) for each in timeline] == [
        ("raised", "", ""),
        ("acknowledged", "as:张三", "已派单"),
    ]
    assert city.refused("alerts", "show", "A9") == "没有告警 A9 · there is no alert A9\n"


def test_without_a_command_it_lists_and_without_a_name_the_login_name_is_kept(city: CliCity) -> None:
    listed = CliRunner().invoke(app, ["alerts", "-c", str(city.config), "--json"])
    assert json.loads(listed.stdout) == city.json("alerts", "list")
    assert CliRunner().invoke(app, ["alerts"], env={"VIDNET_CONFIG": ""}).exit_code == 2
    assert city.run("alerts", "ack", "A1").exit_code == 0
    assert city.json("alerts", "list")["alerts"][0]["acknowledged_by"] == f"as:{getpass.getuser()}"


def test_a_silence_has_a_scope_an_end_and_an_author(city: CliCity) -> None:
    terms = (
        "--region",
        "370783",
        "--for",
        "4",
        "--reason",
        "光缆割接",
        "--as",
        "张三",
        "--hours",
        "Mon-Sun 00:00-24:00",
    )
    made = city.json("alerts", "silence", *terms)
    assert (made["id"], made["region"], made["author"]) == ("S1", "370783", "as:张三")
    assert [each["id"] for each in city.json("alerts", "list")["silences"]] == ["S1"]
    assert city.run("alerts", "unsilence", "S1", "--as", "李四").exit_code == 0
    assert city.run("alerts", "unsilence", "S1", "--as", "李四").exit_code == 1
    assert city.json("alerts", "list")["silences"] == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--for", "4"), "narrow it with"),
        (("--region", "1"), "give its end"),
        (("--region", "1", "--for", "4", "--to", "2030-01-01"), "give its end"),
        (("--region", "1", "--to", "2020-01-01"), "its end must lie ahead"),
        (("--region", "1", "--for", "4", "--hours", "always"), "hours such as"),
    ],
)
def test_a_silence_without_an_end_or_a_scope_is_refused(city: CliCity, arguments: tuple[str, ...], why: str) -> None:
    assert why in city.refused("alerts", "silence", *arguments, "--reason", "x", "--as", "张三")


def test_incidents_with_devices_cost_and_party(city: CliCity) -> None:
    [incident] = city.json("incidents", "list")
    assert (incident["id"], incident["shared"], incident["value"]) == ("I1", "subnet", "10.1.2.0/24")
    assert (incident["party"], incident["points"], incident["devices"]) == ("undecided", 2.6, 2)
    assert city.run("incidents", "party", "I1", "carrier", "--as", "张三", "--note", "光缆被挖断").exit_code == 0
    shown = city.json("incidents", "show", "I1")
    assert shown["party"] == Party.CARRIER.value
    assert [each["device"] for each in shown["members"]] == ["370702-9"]
    assert shown["timeline"][-1]["note"] == "carrier 光缆被挖断"
    assert "10.1.2.0/24" in city.run("incidents", "list").stdout
    assert "370702-9" in city.run("incidents", "show", "I1").stdout
    assert "there is no incident" in city.refused("incidents", "party", "I7", "city", "--as", "张三")


def test_orders_go_out_as_csv_and_come_back(city: CliCity, tmp_path: Path) -> None:
    sheet = tmp_path / "orders.csv"
    assert city.run("orders", "export", str(sheet)).exit_code == 0
    raw = sheet.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == 2
    [row] = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert (row["id"], row["state"], row["maintainer"], row["device_ids"]) == ("W-I1", "open", "甲公司", "a b")
    row |= {"acked_at": "2026-01-01 08:00", "result": "=换光模块", "external": "GD-7"}
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, row)
    writer.writeheader()
    writer.writerow(row)
    sheet.write_text(written.getvalue(), encoding="utf-8-sig")
    assert city.json("orders", "import", str(sheet), "--as", "张三") == {"changed": ["W-I1"]}
    assert city.json("orders", "import", str(sheet), "--as", "张三") == {"changed": []}
    [order] = city.json("orders", "list")
    assert (order["state"], order["result"], order["external"]) == ("acknowledged", "=换光模块", "GD-7")
    assert city.run("orders", "export").stdout.count("'=换光模块") == 1


def test_a_sheet_with_mistakes_changes_nothing(city: CliCity, tmp_path: Path) -> None:
    sheet = tmp_path / "orders.csv"
    sheet.write_text("id,acked_at,result\nW-I1,soon,x\n,2026-01-01,y\nW-I1,,z\n", encoding="utf-8")
    said = city.refused("orders", "import", str(sheet), "--as", "张三")
    assert len(said.splitlines()) == 3
    sheet.write_text("id,repaired_at,result\nW-I1,2001-01-01,x\nW-I9,,y\n", encoding="utf-8")
    said = city.refused("orders", "import", str(sheet), "--as", "张三")
    assert "there is no work order W-I9" in said
    assert "repaired before it was opened" in said
    sheet.write_text("order\nW-I1\n", encoding="utf-8")
    assert "the column id is missing" in city.refused("orders", "import", str(sheet), "--as", "张三")
    [order] = city.json("orders", "list")
    assert (order["result"], order["state"]) == ("", "open")


def test_an_order_is_made_once_of_an_alert_or_an_incident(city: CliCity) -> None:
    assert "W-I1" in city.run("orders", "make", "I1", "--as", "张三").stdout
    assert "W-I1" in city.run("orders", "make", "A1", "--as", "张三").stdout  # the incident's
    assert "there is no alert or incident A9" in city.refused("orders", "make", "A9", "--as", "张三")
    [times] = city.json("orders", "times", "--by", "maintainer")
    assert (times["name"], times["orders"], times["open"]) == ("甲公司", 1, 1)


def test_a_receiver_is_tested_and_a_failure_is_named(city: CliCity) -> None:
    async def work(status: int) -> tuple[Any, HttpSink]:
        async with http_sink() as sink:
            sink.status = status
            text = city.config.read_text(encoding="utf-8").partition("[receivers")[0]
            hook = f'[receivers.duty]\nkind = "webhook"\nurl = "{sink.url}"\n'
            city.config.write_text(text + hook, encoding="utf-8")
            return await asyncio.to_thread(city.run, "notify", "test", "duty"), sink

    done, sink = asyncio.run(work(200))
    assert (done.exit_code, len(sink.bodies)) == (0, 1)
    assert json.loads(sink.bodies[0])["title"] == "【测试】vidnet 通知测试"
    done, _ = asyncio.run(work(503))
    assert (done.exit_code, done.stderr) == (1, "duty: 未送达 not delivered: answered 503\n")
    assert "the settings have no receiver boss, but duty" in city.refused("notify", "test", "boss")
