"""The command line as people and scripts use it: output, `--json`, exit codes, messages."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest
import structlog
import typer
from typer.testing import CliRunner, Result

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.files.regions import read_regions
from monitor.app.demo import prepare_demo
from monitor.cli import app
from monitor.demo.behaviour import Behaviour, assign_behaviours
from monitor.demo.fleet import FleetConfig
from monitor.demo.launch import start_fleet
from monitor.demo.layout import plan_layout
from monitor.domain.state import Cause, Condition, Connectivity, initial_state
from monitor.ports import Batch
from tests.servers import free_port

CONFIG = Path(__file__).parents[1] / "config"
REGIONS = CONFIG / "weifang-regions.csv"
DONE, FAILED, MISUSED, SILENT = 0, 1, 2, 3


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("VIDNET_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _process_as_it_was():
    """A command sets up its whole process: its logs, and how often it looks for garbage."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    structlog.reset_defaults()


def vidnet(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)


def settings(folder: Path, text: str = "") -> Path:
    path = folder / "vidnet.toml"
    path.write_text(text, encoding="utf-8")
    return path


# -- help ----------------------------------------------------------------------


def commands() -> list[list[str]]:
    found = []

    def walk(command: click.Command, path: list[str]) -> None:
        children = getattr(command, "commands", None)
        if children is None:
            found.append(path)
        for name, child in (children or {}).items():
            walk(child, [*path, name])

    walk(typer.main.get_command(app), [])
    return found


def test_the_commands_are_those_of_the_readme():
    assert {" ".join(path) for path in commands()} >= {
        "run",
        "demo",
        "probe",
        "sweep",
        "rates",
        "collectors",
        "check-config",
        "db upgrade",
    }


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_commands_help_has_an_example_and_both_languages(path):
    result = vidnet(*path, "--help")
    assert result.exit_code == DONE
    text = " ".join(result.stdout.replace("│", " ").split())
    assert f"Example: vidnet {' '.join(path)}" in text
    assert " · " in text
    assert any("\u4e00" <= char <= "\u9fff" for char in text)


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "collectors", "--json"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (DONE, "")
    (onvif,) = [each for each in json.loads(done.stdout) if each["protocol"] == "onvif"]
    assert set(onvif) == {"protocol", "zh", "en"}


def test_the_collectors_are_shown_as_a_table():
    result = vidnet("collectors")
    assert result.exit_code == DONE
    assert "onvif" in result.stdout
    assert "ONVIF" in result.stdout


def test_without_a_command_the_help_is_shown():
    assert "check-config" in CliRunner().invoke(app, []).output


# -- check-config ----------------------------------------------------------------------


def test_the_shipped_configuration_has_no_mistakes():
    result = vidnet("check-config", CONFIG / "vidnet.toml")
    assert (result.exit_code, result.stderr) == (DONE, "")
    assert result.stdout == f"{CONFIG / 'vidnet.toml'}: 没有错误 · no mistakes\n"
    as_json = vidnet("check-config", CONFIG / "vidnet.toml", "--json")
    assert json.loads(as_json.stdout) == {"file": str(CONFIG / "vidnet.toml"), "problems": []}


def test_every_mistake_of_a_configuration_has_a_line_of_its_own(tmp_path):
    path = settings(tmp_path, "[collector]\nspeed = 9\nconcurrency = 0\n[web]\nport = 99999\n")
    result = vidnet("check-config", path)
    assert (result.exit_code, result.stdout) == (MISUSED, "")
    assert result.stderr.splitlines() == [
        f"{path}: collector.concurrency: input should be greater than or equal to 1 (found 0)",
        f"{path}: collector.speed: no such key",
        f"{path}: web.port: input should be less than or equal to 65535 (found 99999)",
    ]
    as_json = vidnet("check-config", path, "--json")
    assert as_json.exit_code == MISUSED
    assert len(json.loads(as_json.stdout)["problems"]) == 3


def test_mistakes_of_the_targets_file_are_found_with_their_lines(tmp_path):
    (tmp_path / "mine.toml").write_text('[[target]]\nindicator = "online"\nvalue = "2"\n', encoding="utf-8")
    result = vidnet("check-config", settings(tmp_path, '[city]\ntargets = "mine.toml"\n'))
    assert result.exit_code == MISUSED
    assert result.stderr.splitlines() == [
        f"{tmp_path / 'mine.toml'}:1: effective_from is missing",
        f"{tmp_path / 'mine.toml'}:1: source is missing",
    ]


def test_mistakes_of_alert_rules_targets_and_receivers_are_found_at_once(tmp_path):
    (tmp_path / "rules.toml").write_text(
        '[[rule]]\nid = "a"\nmeasure = "online"\nseverity = "warning"\nreceivers = ["boss"]\n', encoding="utf-8"
    )
    (tmp_path / "mine.toml").write_text('[[target]]\nindicator = "online"\n', encoding="utf-8")
    text = (
        '[city]\ntargets = "mine.toml"\n[alerting]\nrules = "rules.toml"\n'
        '[receivers.duty]\nkind = "apprise"\nurl = "pigeon://token"\n'
    )
    result = vidnet("check-config", settings(tmp_path, text))
    assert result.exit_code == MISUSED
    assert result.stderr.splitlines() == [
        "receivers.duty.url: apprise knows no such address",
        f"{tmp_path / 'mine.toml'}:1: value is missing",
        f"{tmp_path / 'mine.toml'}:1: effective_from is missing",
        f"{tmp_path / 'mine.toml'}:1: source is missing",
        f"{tmp_path / 'rules.toml'}:5: receivers: no such receiver: boss; the settings have duty",
    ]


@pytest.mark.parametrize("command", [["run"], ["rates"], ["db", "upgrade"], ["probe", "37070200001320000001"]])
def test_every_command_refuses_a_configuration_with_mistakes(tmp_path, command):
    path = settings(tmp_path, "[web]\nport = -1\n[log]\nlevel = 3\n")
    result = vidnet(*command, "-c", path)
    assert result.exit_code == MISUSED
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["web.port", "log.level"]
    missing = vidnet(*command, "-c", tmp_path / "none.toml")
    assert (missing.exit_code, missing.stderr) == (
        MISUSED,
        f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory\n",
    )


# -- probe ----------------------------------------------------------------------


def clock_answer(offset_s: int = 0) -> bytes:
    now = time.gmtime(time.time() + offset_s)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body>'
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone>"
        f"<tt:UTCDateTime><tt:Time><tt:Hour>{now.tm_hour}</tt:Hour><tt:Minute>{now.tm_min}</tt:Minute>"
        f"<tt:Second>{now.tm_sec}</tt:Second></tt:Time><tt:Date><tt:Year>{now.tm_year}</tt:Year>"
        f"<tt:Month>{now.tm_mon}</tt:Month><tt:Day>{now.tm_mday}</tt:Day></tt:Date></tt:UTCDateTime>"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse></s:Body></s:Envelope>"
    ).encode()


@contextmanager
def camera(*, offset_s: int = 0, status: int = 200, body: bytes | None = None, **headers: str) -> Iterator[str]:
    """A real HTTP server on loopback that answers every request alike; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = clock_answer(offset_s) if body is None else body
            self.send_response(status)
            self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(answer)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/onvif/device_service"
        finally:
            server.shutdown()
            thread.join()


def test_a_probe_shows_every_fact_and_the_judgement():
    with camera() as url:
        result = vidnet("probe", url, "--trust-clock", "--json")
    assert result.exit_code == DONE
    facts = json.loads(result.stdout)
    assert facts.pop("duration_ms") > 0
    assert abs(facts.pop("clock_offset_s")) <= 2
    assert facts.pop("device_utc").endswith(" UTC")
    assert facts == {
        "address": url,
        "outcome": "clean",
        "proof": "protocol",
        "detail": "",
        "lane": "lean",
        "device_zone": "CST-8",
        "clock_source": "NTP",
        "own_clock_trusted": True,
        "realm": "",
        "evidence": "answered",
        "faults": [],
    }


def test_a_probe_names_a_wrong_clock_in_both_languages():
    with camera(offset_s=8 * 3_600) as url:
        result = vidnet("probe", url, "--trust-clock")
    assert result.exit_code == DONE
    assert "clock_zone 时区设置错误 time zone is wrong" in result.stdout
    assert "answered" in result.stdout


def test_what_a_device_writes_is_shown_as_text():
    with camera(status=401, body=b"", WWW_Authenticate='Digest realm="[/red] [bold]", nonce="1"') as url:
        result = vidnet("probe", url)
    assert result.exit_code == DONE
    assert "[/red] [bold]" in result.stdout


def test_a_host_that_is_down_ends_with_three():
    port = free_port()
    result = vidnet("probe", f"http://127.0.0.1:{port}/onvif/device_service", "--json")
    assert result.exit_code == SILENT
    facts = json.loads(result.stdout)
    assert (facts["outcome"], facts["evidence"], facts["proof"]) == ("refused", "silent", "nothing")


def test_something_else_at_the_address_ends_with_three_too():
    with camera(body=b"<html><body>It works!</body></html>") as url:
        result = vidnet("probe", url)
    assert result.exit_code == SILENT
    assert "foreign" in result.stdout


def test_a_device_id_needs_a_configuration():
    result = vidnet("probe", "37070200001320000001")
    assert result.exit_code == MISUSED
    assert "-c FILE" in result.stderr


# -- sweep ----------------------------------------------------------------------

SWEEP_KEYS = [
    "devices",
    "online",
    "offline",
    "unknown",
    "failures",
    "wall_s",
    "cpu_s",
    "looks_per_cpu_s",
    "max_rss_mb",
]
FLEET = FleetConfig(devices=1_500, seed=3, port=0, regions=REGIONS)
FAILURE_OF = {
    Behaviour.AUTH_401: "auth",
    Behaviour.AUTH_400: "auth",
    Behaviour.SOAP_FAULT: "fault",
    Behaviour.SILENT: "timeout",
    Behaviour.CLOSES: "reset",
    Behaviour.RESETS: "reset",
    Behaviour.HTML: "foreign",
    Behaviour.EMPTY: "foreign",
    Behaviour.STALLS: "stalled",
    Behaviour.HUGE: "too_large",
}


def test_a_sweep_of_a_fleet_finds_what_its_devices_do(tmp_path):
    layout = plan_layout(devices=FLEET.devices, seed=FLEET.seed, regions=read_regions(REGIONS))
    behaviours = [Behaviour(code) for code in assign_behaviours(layout, seed=FLEET.seed).codes]
    dead = {Behaviour.SILENT, Behaviour.CLOSES, Behaviour.RESETS, Behaviour.HTML, Behaviour.EMPTY}
    failures: dict[str, int] = {}
    for behaviour in behaviours:
        if behaviour in FAILURE_OF:
            failures[FAILURE_OF[behaviour]] = failures.get(FAILURE_OF[behaviour], 0) + 1
    targets = tmp_path / "cameras.txt"

    async def course() -> Result:
        async with start_fleet(FLEET) as fleet:
            lines = [f"http://{address}:{fleet.port}/onvif/device_service\n" for address in layout.addresses()]
            targets.write_text("\ufeff# a fleet\n\n" + "".join(lines), encoding="utf-8")
            arguments = ("sweep", "--targets", targets, "--concurrency", 500, "--timeout", 3.5, "--json")
            return await asyncio.to_thread(vidnet, *arguments)

    result = asyncio.run(course())
    assert result.exit_code == DONE
    found = json.loads(result.stdout)
    assert list(found) == SWEEP_KEYS
    offline = sum(behaviour in dead for behaviour in behaviours)
    assert (found["devices"], found["online"], found["offline"], found["unknown"]) == (
        1_500,
        1_500 - offline,
        offline,
        0,
    )
    assert found["failures"] == failures
    assert found["cpu_s"] > 0
    assert 3 < found["wall_s"] < 30
    assert found["looks_per_cpu_s"] == pytest.approx(1_500 / found["cpu_s"], rel=0.05)
    assert found["max_rss_mb"] > 10


def test_a_sweep_prints_a_table(tmp_path):
    targets = tmp_path / "cameras.txt"
    with camera() as url:
        targets.write_text(f"{url}\nhttp://127.0.0.1:{free_port()}/\n", encoding="utf-8")
        result = vidnet("sweep", "--targets", targets)
    assert result.exit_code == DONE
    text = " ".join(result.stdout.replace("│", " ").split())
    for words in ("设备 devices 2", "在线 online 1", "离线 offline 1", "未知 unknown 0", "其中 of these: refused 1"):
        assert words in text


def test_bad_lines_of_a_sweep_are_named(tmp_path):
    targets = tmp_path / "cameras.txt"
    targets.write_text(
        "http://192.0.2.1/\n192.0.2.2\nftp://192.0.2.3/\nhttp://192.0.2.1/\nhttp://:80/\nhttp://h:0/\n",
        encoding="utf-8",
    )
    result = vidnet("sweep", "--targets", targets, "--json")
    assert (result.exit_code, result.stdout) == (MISUSED, "")
    assert result.stderr.splitlines() == [
        f"{targets}:2: not an http:// or https:// URL: '192.0.2.2'",
        f"{targets}:3: not an http:// or https:// URL: 'ftp://192.0.2.3/'",
        f"{targets}:4: 'http://192.0.2.1/' stands on line 1 already",
        f"{targets}:5: not an http:// or https:// URL: 'http://:80/'",
        f"{targets}:6: not an http:// or https:// URL: 'http://h:0/'",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "holds no address"), (b"# none\n\n", "holds no address"), (b"\xff\xfe", "cannot be read"), (None, "read")],
)
def test_a_targets_file_that_cannot_be_used_says_why(tmp_path, content, message):
    targets = tmp_path / "cameras.txt"
    if content is not None:
        targets.write_bytes(content)
    result = vidnet("sweep", "--targets", targets)
    assert result.exit_code == MISUSED
    assert result.stderr.startswith(f"{targets}: ")
    assert message in result.stderr


# -- rates, and what else needs a database ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    """The settings file of a prepared demo: every tenth device offline, every hundredth unknown, the rest intact."""
    folder = tmp_path_factory.mktemp("city")

    async def prepare() -> None:
        prepared = await prepare_demo(folder, devices=400, seed=7, fleet_port=free_port(), web_port=0, told=False)
        now = int(time.time())
        states = []
        polled = [each for each in await SqlInventory(prepared.database).devices() if each.endpoint is not None]
        for number, device in enumerate(polled):
            state = replace(
                initial_state(device.id, created_at=now - 1_000),
                connectivity=Connectivity.OFFLINE if number % 10 == 0 else Connectivity.ONLINE,
                connectivity_since=now - 900,
                connectivity_cause=Cause.ANSWERED,
                condition=Condition.INTACT,
                condition_since=now - 900,
                last_evidence_at=now - 10,
                answered_at=now - 10,
                interval_s=30,
            )
            if number % 100 == 1:
                state = initial_state(device.id, created_at=now - 1_000)
            states.append(state)
        await SqlStateStore(prepared.database).apply(Batch(states=states))
        await prepared.database.close()

    asyncio.run(prepare())
    return folder / "vidnet.toml"


def test_rates_as_values(city):
    result = vidnet("rates", "-c", city, "--json")
    assert (result.exit_code, result.stderr) == (DONE, "")
    values = json.loads(result.stdout)
    whole = values["whole"]
    devices = whole["devices"]
    assert (whole["region"], whole["name"], whole["name_en"]) == ("370700", "潍坊市", "Weifang")
    assert devices["in_service"] == sum(devices[each] for each in ("online", "offline", "unknown", "exempt"))
    assert 380 <= devices["in_service"] <= 400
    assert whole["online_rate"]["denominator"] == devices["online"] + devices["offline"]
    assert whole["online_rate"]["verdict"] == "missed"
    assert whole["online_rate"]["short"] > 0
    assert set(whole["networked"]) == {"first", "second"}
    assert [part["region"] for part in values["parts"]] == [
        region.code for region in read_regions(REGIONS) if region.parent == "370700"
    ]
    for name in ("in_service", "online", "offline", "unknown", "exempt"):
        assert sum(part["devices"][name] for part in values["parts"]) == devices[name]
    for name, figure in whole["networked"].items():
        assert sum(part["networked"][name]["denominator"] for part in values["parts"]) == figure["denominator"]


@pytest.mark.parametrize("by", ["county", "class", "kind"])
def test_rates_as_a_table(city, by):
    result = vidnet("rates", "-c", city, "--by", by)
    assert result.exit_code == DONE
    assert "潍坊市 · 截至 as of " in result.stdout
    assert {"county": "临朐县", "class": "二类点", "kind": "卡口"}[by] in result.stdout


def test_rates_of_a_county_are_cut_by_its_towns_or_by_class(city):
    towns = json.loads(vidnet("rates", "-c", city, "--region", "370783", "--json").stdout)
    classes = json.loads(vidnet("rates", "-c", city, "--region", "370783", "--by", "class", "--json").stdout)
    assert towns["whole"]["region"] == classes["whole"]["region"] == "370783"
    assert towns["whole"]["devices"] == classes["whole"]["devices"]
    assert all(part["region"].startswith("370783") for part in towns["parts"])
    assert [part["class"] for part in classes["parts"]] == ["first", "second", "third", "internal", "other"]


def test_a_region_that_is_not_there_is_wrong_use(city):
    result = vidnet("rates", "-c", city, "--region", "999999")
    assert (result.exit_code, result.stdout) == (MISUSED, "")
    assert "999999" in result.stderr
    assert "the inventory has no region" in result.stderr
    assert vidnet("rates", "-c", city, "--by", "colour").exit_code == MISUSED


def test_rates_of_an_empty_inventory_say_what_to_do(tmp_path):
    path = settings(tmp_path)
    assert vidnet("db", "upgrade", "-c", path).exit_code == DONE
    result = vidnet("rates", "-c", path)
    assert result.exit_code == MISUSED
    assert "the inventory is empty" in result.stderr
    assert "清单为空" in result.stderr


def test_rates_of_a_database_without_a_schema_say_what_to_do(tmp_path):
    result = vidnet("rates", "-c", settings(tmp_path))
    assert result.exit_code == FAILED
    assert "Run `vidnet db upgrade`" in result.stderr


def test_a_device_of_the_inventory_is_probed_by_its_id(city):
    database = Database(f"sqlite+aiosqlite:///{city.parent / 'vidnet.db'}")

    async def device_ids() -> tuple[str, str]:
        try:
            devices = await SqlInventory(database).devices()
        finally:
            await database.close()
        with_address = next(each.id for each in devices if each.endpoint is not None)
        return with_address, next(each.id for each in devices if each.endpoint is None)

    polled, uplink = asyncio.run(device_ids())
    result = vidnet("probe", polled, "-c", city, "--json")
    assert result.exit_code == SILENT, "the fleet does not run"
    assert json.loads(result.stdout)["outcome"] == "refused"
    assert json.loads(result.stdout)["own_clock_trusted"] is True
    no_address = vidnet("probe", uplink, "-c", city)
    assert (no_address.exit_code, "has no address to look at" in no_address.stderr) == (MISUSED, True)
    unknown = vidnet("probe", "no-such-device", "-c", city)
    assert (unknown.exit_code, "has no device no-such-device" in unknown.stderr) == (MISUSED, True)


def test_a_demos_folder_keeps_its_city(city, tmp_path):
    result = vidnet("demo", "--dir", city.parent, "--devices", 999)
    assert result.exit_code == MISUSED
    assert "holds a city of 400 devices" in result.stderr
    taken = tmp_path / "file"
    taken.write_text("")
    result = vidnet("demo", "--dir", taken)
    assert result.exit_code == MISUSED
    assert "cannot be used" in result.stderr
    (tmp_path / "city.json").write_text("{")
    assert "cannot be used" in vidnet("demo", "--dir", tmp_path).stderr


# -- db ----------------------------------------------------------------------


def test_an_upgrade_makes_the_schema_and_does_no_harm_twice(tmp_path):
    path = settings(tmp_path)
    first, second = vidnet("db", "upgrade", "-c", path), vidnet("db", "upgrade", "-c", path)
    assert (first.exit_code, second.exit_code) == (DONE, DONE)
    assert first.stdout == second.stdout
    assert first.stdout.startswith("数据库已是最新 · the database is at revision ")


def test_a_database_of_a_newer_program_is_left_alone(tmp_path):
    path = settings(tmp_path)
    assert vidnet("db", "upgrade", "-c", path).exit_code == DONE
    with sqlite3.connect(tmp_path / "vidnet.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (["db", "upgrade"], ["rates"], ["run"]):
        result = vidnet(*command, "-c", path)
        assert result.exit_code == FAILED
        chinese, english = [line for line in result.stderr.splitlines() if not line.startswith("{")]
        assert chinese.startswith("数据库结构比本程序新: ")
        assert english.startswith(f"The database is newer than the program: {tmp_path / 'vidnet.db'}.")


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = settings(tmp_path)
    (tmp_path / "vidnet.db").write_bytes(b"These are not the bytes of a database. " * 100)
    result = vidnet("db", "upgrade", "-c", path)
    assert result.exit_code == FAILED
    assert "not a database" in result.stderr


def test_a_database_in_a_folder_that_is_not_there_is_named(tmp_path):
    path = settings(tmp_path, '[store]\nurl = "sqlite:///none/vidnet.db"\n')
    result = vidnet("db", "upgrade", "-c", path)
    assert result.exit_code == FAILED
    assert "cannot be opened" in result.stderr
    assert str(tmp_path / "none" / "vidnet.db") in result.stderr


# -- run ----------------------------------------------------------------------


def test_a_run_names_the_mistakes_of_its_inventory_files(tmp_path):
    path = settings(tmp_path, f'[city]\nregions = "{REGIONS}"\ndevices = "devices.csv"\n')
    (tmp_path / "devices.csv").write_text(
        "id,kind,class,region,protocol,address\n1,cam,first,370702,onvif,http://192.0.2.1/\n", encoding="utf-8"
    )
    result = vidnet("run", "-c", path)
    assert result.exit_code == MISUSED
    assert f"{tmp_path / 'devices.csv'}:2: kind 'cam': 代码之一 · one of: camera, " in result.stderr


def test_a_run_whose_port_is_taken_ends_with_a_message(tmp_path):
    with camera() as url:
        port = int(url.split(":")[2].split("/")[0])
        result = vidnet("run", "-c", settings(tmp_path, f"[web]\nport = {port}\n"))
    assert result.exit_code == FAILED
    assert f"127.0.0.1:{port}: cannot listen" in result.stderr


def test_a_demo_wants_a_port_that_its_inventory_can_name():
    done = CliRunner().invoke(app, ["demo", "--fleet-port", "0"])

    assert done.exit_code == 2
    assert "fleet-port" in done.output
