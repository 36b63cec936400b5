"""`vidnet inventory check` and `export`: what is wrong with the records, and the sheet that they come from, again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitor.adapters.db.deep_looks import SqlDeepStore
from monitor.adapters.db.intake import SqlIntakeStore
from monitor.domain.deep import Identity, Said
from monitor.ports import DeepBatch, Stranger
from tests.cli_city import CliCity
from tests.sheets import HEADINGS, row, write_csv
from tests.test_cli_import import counts, devices, everything, lines_of

TARGET = """
[[target]]
indicator = "archive"
value = "1"
effective_from = "2015-01-01"
source = "台账"
"""


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    city = CliCity.make(tmp_path)
    (tmp_path / "targets.toml").write_text(TARGET, encoding="utf-8")
    return city


def test_records_are_checked_against_what_their_class_requires(city: CliCity, tmp_path: Path) -> None:
    second = row(2, 监控点位类型="2", 安装时间="", 录像保存天数="", IPV4地址="10.1.0.2", MAC地址="00-1A-2B-00-00-01")
    devices(city, write_csv(tmp_path / "a.csv", [row(1), second, row(3, 安装时间="", 经度="", 纬度="")]))
    found = city.json("inventory", "check", "--region", "370702")
    # Ten cameras of the city have nothing but a region and an endpoint, of 21 fields wanted of each.
    assert found["archived"] == {"numerator": 3, "denominator": 13, "rate": "23.08 %"}
    complete = found["complete"]
    assert (complete["numerator"], complete["denominator"]) == (21 + 19 + 18 + 10 * 2, 21 + 19 + 21 + 10 * 21)
    assert (complete["target"], complete["verdict"]) == ("100.00 %", "missed")
    assert [(each["class"], each["complete"]["denominator"]) for each in found["classes"]] == [
        ("first", 21 + 21 + 10 * 21),
        ("second", 19),
    ]
    by_device: dict[str, set[tuple[str, str]]] = {}
    for each in found["findings"]:
        by_device.setdefault(each["device"], set()).add((each["kind"], each["field"]))
    assert "37070200001321000001" not in by_device
    assert by_device["37070200001321000002"] == {("duplicate_address", "address"), ("duplicate_mac", "mac")}
    assert by_device["37070200001321000003"] == {("missing_field", "installed_on"), ("no_coordinates", "")}
    assert ("not_archived", "") in by_device["370702-1"]
    assert found["counts"]["duplicate_mac"] == 1
    [duplicate] = [each for each in found["findings"] if each["kind"] == "duplicate_mac"]
    assert (duplicate["recorded"], duplicate["found"]) == ("00-1A-2B-00-00-01", "37070200001321000001")


def test_the_city_counts_what_others_report_and_it_does_not_know(city: CliCity) -> None:
    async def note(_: Any, database: Any) -> None:
        strangers = [Stranger("37070200001321009999", "mqtt", "gateway", "unknown", 1, 2, 3)]
        strangers.append(Stranger("370702-1", "mqtt", "gateway", "not_yours", 1, 2, 3))
        await SqlIntakeStore(database).note(strangers, [])

    city.read(note)
    found = city.json("inventory", "check", "--kind", "stranger")
    assert [each["device"] for each in found["findings"]] == ["37070200001321009999"]
    assert found["archived"]["denominator"] == 21
    assert [part["archived"]["denominator"] for part in found["parts"]] == [10, 10]


def test_what_a_device_says_of_itself_is_held_against_its_record(city: CliCity, tmp_path: Path) -> None:
    devices(city, write_csv(tmp_path / "a.csv", [row(1), row(2)]))

    async def keep(_: Any, database: Any) -> None:
        other = Said(1, "Dahua", "IPC-HFW1230", macs=("00:1A:2B:00:00:09",))
        same = Said(1, "HIKVISION", "DS-2CD3T45-I5", serial="X1", macs=("00:1A:2B:00:00:02",))
        said = [("37070200001321000001", Identity(), other), ("37070200001321000002", Identity(), same)]
        await SqlDeepStore(database).keep(DeepBatch(said=said))

    city.read(keep)
    found = city.json("inventory", "check", "--kind", "conflict")["findings"]
    assert {each["device"] for each in found} == {"37070200001321000001"}
    assert {(each["field"], each["recorded"], each["found"]) for each in found} == {
        ("vendor", "海康", "Dahua"),
        ("model", "DS-2CD3T45", "IPC-HFW1230"),
        ("mac", "00-1A-2B-00-00-01", "00:1A:2B:00:00:09"),
    }


def test_the_list_to_work_through_is_written_out(city: CliCity, tmp_path: Path) -> None:
    out = tmp_path / "问题.xlsx"
    result = city.run("inventory", "check", "--out", str(out))
    assert "未建档" in result.stdout
    assert "✘ " in result.stdout
    lines = lines_of(out)
    assert lines[0][0] == "设备编码 device"
    assert len(lines) > 20
    assert "exists already" in city.refused("inventory", "check", "--out", str(out))
    assert "no region 999" in city.refused("inventory", "check", "--region", "999")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_exported_is_what_was_imported(city: CliCity, tmp_path: Path, form: str) -> None:
    rows = [
        row(1, 设备名称="-1 号，枪机", 设备厂商="77", 摄像机功能类型="1/3/104"),
        row(2, 行政区域="370703", 联网属性="0", 设备状态="1", IPV6地址="fd00::1"),
    ]
    devices(city, write_csv(tmp_path / "a.csv", rows))
    file = tmp_path / f"out.{form}"
    assert city.json("inventory", "export", str(file))["rows"] == 22
    head, *back = lines_of(file)
    assert head == list(HEADINGS)
    by_id = {line[0]: [*line, *[""] * (len(HEADINGS) - len(line))] for line in back}
    contact = HEADINGS.index("管理单位联系方式")
    for each in rows:
        expected = [str(cell) for cell in each]
        expected[contact] = ""
        got = by_id[expected[0]]
        got[1] = got[1].removeprefix("'")
        assert got == expected
    before = everything(city)
    kept = write_csv(tmp_path / "back.csv", [by_id[str(each[0])] for each in rows])
    assert counts(devices(city, kept))[:7] == (2, 2, 0, 0, 0, 0, 2)
    assert everything(city) == before


def test_towns_and_map_coordinates_come_back_as_they_were(city: CliCity, tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text("code,name\n370702001,城关街道\n", encoding="utf-8")
    city.json("import", "regions", str(tmp_path / "towns.csv"))
    sheet = str(write_csv(tmp_path / "a.csv", [row(1, 行政区域="37070201", 设备编码="37070201001321000001")]))
    city.json("import", "devices", sheet, "--profile", "archive-27-local")
    file = tmp_path / "out.csv"
    city.json("inventory", "export", str(file), "--profile", "archive-27-local", "--region", "370702001")
    _, line = lines_of(file)
    assert line[3] == "37070201"
    assert line[15].startswith("119.106300")
    again = city.json("import", "devices", str(file), "--profile", "archive-27-local")
    assert counts(again)[4:7] == (0, 0, 1)


def test_an_endpoint_that_was_found_out_otherwise_only_follows_its_address(city: CliCity, tmp_path: Path) -> None:
    text = (
        "id,kind,class,region,protocol,address,ip\n37070200001321000001,camera,first,370702,tcp,tcp://10.1.0.2:37777,"
    )
    (tmp_path / "a.csv").write_text(text + "10.1.0.2\n", encoding="utf-8")
    city.json("import", "devices", str(tmp_path / "a.csv"))
    devices(city, write_csv(tmp_path / "b.csv", [row(1)]))
    assert endpoint(city) == ("tcp", "tcp://10.1.0.2:37777")
    devices(city, write_csv(tmp_path / "b.csv", [row(1, IPV4地址="10.9.9.9")]))
    assert endpoint(city) == ("tcp", "tcp://10.9.9.9:37777")


def endpoint(city: CliCity) -> tuple[str, str]:
    [found] = [each.endpoint for each in everything(city)[3] if each.id == "37070200001321000001"]
    return (found.protocol, found.address)
