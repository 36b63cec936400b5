"""`vidnet import` on a small city: what counties hand in, what is recorded of it, and what stays as it was."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from monitor.adapters.db.queries import SqlQueries
from monitor.domain.device import Device, DeviceKind, DeviceRecord
from monitor.domain.facts import ExemptionState, InventoryChange
from monitor.domain.point import PointClass
from monitor.domain.request import AT_EFFECT, RequestKind
from tests.cli_city import CliCity
from tests.sheets import HEADINGS, row, write_csv, write_xls, write_xlsx

ID = "37070200001321000001"


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def devices(city: CliCity, file: Path, *more: str) -> Any:
    return city.json("import", "devices", str(file), "--profile", "archive-27", "--as", "张三", *more)


def stored(city: CliCity, device_id: str = ID) -> tuple[Device, DeviceRecord] | None:
    async def work(inventory: Any, _: Any) -> Any:
        return await inventory.device(device_id)

    found: tuple[Device, DeviceRecord] | None = city.read(work)
    return found


def everything(city: CliCity) -> Any:
    """Give all that an import may touch."""

    async def work(inventory: Any, database: Any) -> Any:
        return (
            await inventory.revision(),
            await inventory.regions(),
            await inventory.points(),
            await inventory.devices(),
            await inventory.records(),
            await inventory.requests(),
            await inventory.exemption_versions(),
            await SqlQueries(database).inventory_changes(),
        )

    return city.read(work)


def changes(city: CliCity) -> list[InventoryChange]:
    return list(everything(city)[-1])


def counts(result: Any) -> tuple[int, ...]:
    names = ("rows", "accepted", "rejected", "warned", "added", "changed", "unchanged", "missing", "proposals")
    return tuple(result[name] for name in names)


@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig", "gb18030", "xlsx", "xls"])
def test_every_form_of_the_sheet_gives_the_same_devices(city: CliCity, tmp_path: Path, form: str) -> None:
    rows = [row(1), row(2, 行政区域="370703", 摄像机功能类型="1/3", 监控点位类型="2")]
    file = tmp_path / f"archive.{form if form.startswith('xls') else 'csv'}"
    if form == "xlsx":
        write_xlsx(file, rows)
    elif form == "xls":
        write_xls(file, rows)
    else:
        write_csv(file, rows, encoding=form)
    result = devices(city, file)
    assert counts(result) == (2, 2, 0, 0, 2, 0, 0, 20, 0)
    assert result["columns_left_out"] == ["管理单位联系方式"]
    assert result["rejected_file"] is None

    found = stored(city)
    assert found is not None
    device, record = found
    assert (device.kind, device.point_class, device.region) == (DeviceKind.CAMERA, PointClass.FIRST, "370702")
    assert device.endpoint is not None
    assert device.endpoint.address == "http://10.1.0.2:80/onvif/device_service"
    assert device.organisations.owner_unit == "潍城公安分局"
    assert device.organisations.police_station == "370702010000"
    assert record == DeviceRecord(
        ID,
        name="月河路口1号枪机",
        vendor="海康",
        model="DS-2CD3T45",
        longitude="119.106300",
        latitude="36.710700",
        common_name="月河路口",
        ip="10.1.0.2",
        mac="00-1A-2B-00-00-01",
        camera_type="固定枪机",
        function_type="普通监控",
        supply_light="红外",
        encoding="H.264",
        place="东风西街与月河路口东北角",
        position_type="交通干线/校园周边",
        direction="东",
        networked="yes",
        installed_on="2019-05-01",
        retention_days="30",
        department="公安机关",
    )
    other = stored(city, "37070300001321000002")
    assert other is not None
    assert (other[0].kind, other[1].function_type) == (DeviceKind.CHECKPOINT, "车辆卡口/微卡口")


def test_one_import_is_one_recorded_change_with_author_and_hash(city: CliCity, tmp_path: Path) -> None:
    before = everything(city)[0]
    result = devices(city, write_csv(tmp_path / "a.csv", [row(1), row(2)]))
    [entry] = changes(city)
    assert (entry.entity, entry.entity_id, entry.author) == ("import", "devices", "as:张三")
    assert entry.document == f"sha256:{result['sha256']}"
    assert everything(city)[0] == before + 1


def test_importing_again_is_a_difference(city: CliCity, tmp_path: Path) -> None:
    devices(city, write_csv(tmp_path / "a.csv", [row(1), row(2), row(3)]))
    again = devices(city, tmp_path / "a.csv")
    assert counts(again) == (3, 3, 0, 0, 0, 0, 3, 20, 0)
    assert not again["recorded"]
    assert len(changes(city)) == 1

    moved = row(2, 监控点位类型="3", 设备名称="新名", 管理单位="", IPV4地址="10.9.9.9")
    result = devices(city, write_csv(tmp_path / "b.csv", [row(1), moved]))
    assert counts(result) == (2, 2, 0, 0, 0, 1, 1, 21, 1)
    found = stored(city, "37070200001321000002")
    assert found is not None
    device, record = found
    assert device.point_class is PointClass.FIRST  # a denominator moves by approval only
    assert (record.name, record.ip, device.organisations.owner_unit) == ("新名", "10.9.9.9", "")
    assert device.endpoint is not None
    assert device.endpoint.address == "http://10.9.9.9:80/onvif/device_service"
    assert {(each.field, each.old, each.new) for each in changes(city)[2:]} == {
        ("name", "月河路口2号枪机", "新名"),
        ("ip", "10.1.0.3", "10.9.9.9"),
        ("owner_unit", "潍城公安分局", ""),
        (
            "endpoint",
            "onvif http://10.1.0.3:80/onvif/device_service",
            "onvif http://10.9.9.9:80/onvif/device_service",
        ),
    }
    [request] = everything(city)[5]
    assert (request.id, request.kind) == (result["proposal_ids"][0], RequestKind.RECLASSIFY)
    assert [(each.field, each.old, each.new) for each in request.changes] == [("point_class", "first", "third")]
    assert counts(devices(city, tmp_path / "b.csv"))[-1] == 0  # it waits already


def test_missing_devices_are_only_asked_to_retire(city: CliCity, tmp_path: Path) -> None:
    devices(city, write_csv(tmp_path / "a.csv", [row(1), row(2), row(3)]))
    file = write_csv(tmp_path / "b.csv", [row(1), row(2, 设备名称="")])  # a row that is rejected is not missing
    result = devices(city, file, "--region", "370702", "--retire-missing")
    assert (result["rejected"], result["missing"], result["proposals"]) == (1, 11, 11)
    requests = everything(city)[5]
    assert {request.kind for request in requests} == {RequestKind.RETIRE}
    assert "37070200001321000003" in {request.entity_id for request in requests}
    assert all(request.changes[0].new == AT_EFFECT for request in requests)
    found = stored(city, "37070200001321000003")
    assert found is not None
    assert found[0].lifecycle.retired_at is None
    assert devices(city, file, "--region", "370702", "--retire-missing")["proposals"] == 0


def test_repair_and_dismantling_are_proposals(city: CliCity, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [row(1, 设备状态="2"), row(2, 设备状态="3")])
    result = devices(city, file)
    assert (result["added"], result["proposals"]) == (2, 2)
    _, _, _, _, _, [request], [exemption], _ = everything(city)
    assert (request.kind, request.entity_id) == (RequestKind.RETIRE, "37070200001321000002")
    assert (exemption.scope_id, exemption.state) == (ID, ExemptionState.SUBMITTED)
    assert (exemption.reason, exemption.proposer) == ("repair", "as:张三")
    assert exemption.end - exemption.start == 7 * 86_400
    assert devices(city, file)["proposals"] == 0


BAD = {
    "设备编码": [
        ("3707020000132100001", "20 位数字"),
        ("3.7070200001321E+19", "已损坏"),
        ("37070200009991000001", "11-13 位"),
        ("", "必填"),
    ],
    "行政区域": [("370703", "设备编码前 6 位"), ("999999", "没有此区划"), ("", "必填")],
    "监控点位类型": [("7", "one of: 1 first"), ("", "必填")],
    "经度": [("36.710700", "市范围"), ("东经", "degrees"), ("", "degrees")],
    "IPV4地址": [("10.1.2.300", "IPv4"), ("224.0.0.1", "IPv4")],
    "MAC地址": [("00-1A-2B", "MAC"), ("00-00-00-00-00-00", "MAC")],
    "安装时间": [("2019-02-30", "存在的日期"), ("去年", "日期")],
    "录像保存天数": [("九十", "天数"), ("0", "天数")],
    "设备名称": [("", "必填"), ("=1+1", "公式"), ("长" * 300, "256")],
}


def test_a_bad_cell_keeps_its_row_out(city: CliCity, tmp_path: Path) -> None:
    cases = [(column, value, expected) for column, each in BAD.items() for value, expected in each]
    ids = [f"3707020000132100{n:04d}" for n in range(1, len(cases) + 1)]
    rows = [
        row(n, **({"设备编码": ids[n - 1]} | {column: value})) for n, (column, value, _) in enumerate(cases, start=1)
    ]
    result = devices(city, write_csv(tmp_path / "a.csv", [*rows, row(999)]))
    assert (result["accepted"], result["rejected"], result["added"]) == (1, len(cases), 1)
    for line, (column, value, expected) in enumerate(cases, start=2):
        errors = [each for each in result["problems"] if each["line"] == line and each["severity"] == "error"]
        assert any(expected in each["expected"] for each in errors), (column, value, errors)
    assert all(stored(city, device_id) is None for device_id in ids)


WARNINGS = {
    "录像保存天数": ("15天", "至少 30"),
    "安装时间": ("2099-01-01", "不晚于今天"),
    "所属辖区公安机关": ("潍城", "12 位"),
    "设备名称": ("月河路口 13812345678", "电话"),
    "IPV4地址": ("10.1.0.3", "唯一"),
    "MAC地址": ("001a.2b00.0002", "唯一"),
}


def test_a_warning_lets_the_row_in(city: CliCity, tmp_path: Path) -> None:
    rows = [row(n, **{column: value}) for n, (column, (value, _)) in enumerate(WARNINGS.items(), start=10)]
    result = devices(city, write_csv(tmp_path / "a.csv", [row(2), *rows]))
    number = len(WARNINGS)
    assert counts(result)[:5] == (number + 1, number + 1, 0, number, number + 1)
    for problem, (line, (_, expected)) in zip(result["problems"], enumerate(WARNINGS.values(), start=3), strict=True):
        assert (problem["line"], problem["severity"]) == (line, "warning")
        assert expected in problem["expected"]


def test_an_id_of_the_citys_own_stands_in_any_county(city: CliCity, tmp_path: Path) -> None:
    rows = [row(1, 设备编码="37070000005031900001"), row(2, 设备编码="37080000005031900001")]
    result = devices(city, write_csv(tmp_path / "a.csv", rows))
    assert [each["line"] for each in result["problems"]] == [3]


def test_every_problem_of_a_row_is_told_at_once(city: CliCity, tmp_path: Path) -> None:
    bad = row(
        1, 设备编码="123", 行政区域="370702", 监控点位类型="8", 经度="0", MAC地址="x", 安装时间="x", 录像保存天数="x"
    )
    result = devices(city, write_csv(tmp_path / "a.csv", [bad]))
    columns = {each["column"] for each in result["problems"]}
    assert columns == {"设备编码", "监控点位类型", "经度", "MAC地址", "安装时间", "录像保存天数"}
    assert {each["value"] for each in result["problems"]} >= {"123", "8", "x", "0, 36.710700"}


def test_a_second_row_of_an_id_is_rejected_and_named(city: CliCity, tmp_path: Path) -> None:
    result = devices(city, write_csv(tmp_path / "a.csv", [row(1), row(2), row(1, IPV4地址="10.7.7.7", MAC地址="")]))
    [problem] = result["problems"]
    assert (problem["line"], problem["column"]) == (4, "设备编码")
    assert "第 2 行已有" in problem["expected"]
    assert counts(result)[:5] == (3, 2, 1, 0, 2)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_rejected_rows_come_back_in_the_same_shape_and_are_imported_once_corrected(
    city: CliCity, tmp_path: Path, form: str
) -> None:
    write = write_csv if form == "csv" else write_xlsx
    result = devices(city, write(tmp_path / f"a.{form}", [row(1, 监控点位类型="7"), row(2)]))
    rejected = Path(result["rejected_file"])
    assert rejected == tmp_path / f"a.rejected.{form}"
    head, back = lines_of(rejected)
    assert head == [*HEADINGS, "原因 reason"]
    assert back[0] == ID
    assert "监控点位类型 '7'" in back[-1]
    assert "13812345678" not in "".join(back)

    corrected = write(tmp_path / f"a.rejected.{form}", [[*back[:4], "1", *back[5:]]], headings=head)
    again = devices(city, corrected)
    assert (again["added"], again["rejected"], again["columns_unknown"]) == (1, 0, [])
    assert stored(city) is not None
    write(tmp_path / f"a.{form}", [row(3, 设备名称="")])
    assert devices(city, tmp_path / f"a.{form}")["rejected_file"].endswith(f"a.rejected-2.{form}")


def lines_of(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))
    book = openpyxl.load_workbook(path)
    return [[cell or "" for cell in cells] for cells in book.active.iter_rows(values_only=True)]


def test_an_id_stored_as_a_number_is_damaged_and_never_repaired(city: CliCity, tmp_path: Path) -> None:
    result = devices(city, write_xlsx(tmp_path / "a.xlsx", [row(1, 设备编码=37070200001321000001)]))
    assert "存为数字" in result["problems"][0]["expected"]
    assert (result["rejected"], result["added"]) == (1, 0)


def test_dates_and_numbers_of_a_workbook(city: CliCity, tmp_path: Path) -> None:
    cells = {"安装时间": dt.date(2019, 5, 1), "经度": 119.1063, "纬度": 36.7107, "录像保存天数": 30, "监控点位类型": 1}
    result = devices(city, write_xlsx(tmp_path / "a.xlsx", [row(1, **cells)]))
    assert counts(result)[:5] == (1, 1, 0, 0, 1)
    found = stored(city)
    assert found is not None
    assert (found[1].installed_on, found[1].longitude) == ("2019-05-01", "119.106300")


def test_unknown_codes_are_kept_raw_and_listed(city: CliCity, tmp_path: Path) -> None:
    rows = [row(1, 设备厂商="77", 摄像机位置类型="10/104"), row(2, 设备厂商="77", 联网属性="2", 设备状态="8")]
    result = devices(city, write_csv(tmp_path / "a.csv", rows))
    assert result["codes_unknown"] == {
        "设备厂商": {"77": 2},
        "摄像机位置类型": {"10/104": 1},
        "联网属性": {"2": 1},
        "设备状态": {"8": 1},
    }
    assert (result["accepted"], result["proposals"]) == (2, 0)
    found = stored(city)
    assert found is not None
    assert (found[1].vendor, found[1].position_type) == ("77", "交通干线/104")


def test_persons_phones_and_passwords_are_left_out_and_named(city: CliCity, tmp_path: Path) -> None:
    headings = [*HEADINGS, "管理员姓名", "管理员电话", "设备用户名", "设备口令", "镜头类型"]
    file = write_csv(
        tmp_path / "a.csv", [[*row(1), "李雷", "13900001111", "admin", "hik12345", "变焦"]], headings=headings
    )
    result = devices(city, file)
    left_out = ["管理单位联系方式", "管理员姓名", "管理员电话", "设备用户名", "设备口令"]
    assert (result["columns_left_out"], result["columns_unknown"]) == (left_out, ["镜头类型"])
    database = b"".join(path.read_bytes() for path in tmp_path.glob("city.db*"))
    assert "月河路口".encode() in database
    for secret in ("李雷", "13900001111", "hik12345", "王五", "13812345678"):
        assert secret.encode() not in database


def test_the_meaning_of_networked_must_be_stated(city: CliCity, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [row(1, 联网属性="0")])
    local = tmp_path / "profiles" / "unstated.toml"
    local.parent.mkdir()
    local.write_text('extends = "archive-27"\n[codes.networked]\n', encoding="utf-8")
    message = city.refused("import", "devices", str(file), "--profile", "unstated")
    assert "联网属性" in message
    assert "codes.networked" in message
    assert stored(city) is None
    city.json("import", "devices", str(file), "--profile", "archive-27-local")
    found = stored(city)
    assert found is not None
    assert found[1].networked == "yes"  # the local variant means the opposite
    assert found[1].longitude != "119.106300"  # and has map coordinates
    assert abs(float(found[1].longitude) - 119.1063) < 0.01


def test_a_profile_is_found_by_the_headings(city: CliCity, tmp_path: Path) -> None:
    assert city.json("import", "devices", str(write_csv(tmp_path / "a.csv", [row(1)])))["profile"] == "archive-27"
    english = tmp_path / "b.csv"
    english.write_text("id,kind,class,region,protocol,address\nC-1,camera,first,370702,onvif,http://10.0.0.1/\n")
    assert city.json("import", "devices", str(english))["profile"] == "minimal-en"
    english.write_text("id,what\nC-1,camera\n")
    assert "minimal-en: id, kind, class" in city.refused("import", "devices", str(english))
    assert "known are archive-27" in city.refused("import", "devices", str(english), "--profile", "none")
    assert "is for points" in city.refused("import", "devices", str(english), "--profile", "points")


def test_points_are_derived_from_class_place_and_pole(city: CliCity, tmp_path: Path) -> None:
    rows = [row(1), row(2), row(3, 监控点位类型="2"), row(4, 经度="119.200000"), row(5, 经度="", 纬度="")]
    file = write_csv(tmp_path / "a.csv", rows)
    result = devices(city, file, "--derive-points")
    assert (result["added"], result["points_added"]) == (5, 4)
    found = [stored(city, f"3707020000132100000{n}") for n in range(1, 6)]
    points = [each[0].point for each in found if each]
    assert points[0] == points[1]
    assert len(set(points)) == 4
    derived = {point.id: point for point in everything(city)[2]}
    assert derived[points[2]].point_class is PointClass.SECOND
    assert derived[points[0]].name == "月河路口"
    assert counts(devices(city, file, "--derive-points"))[4:7] == (0, 0, 5)


def test_a_device_without_a_point_gets_the_one_that_is_derived(city: CliCity, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [row(1)])
    devices(city, file)
    result = devices(city, file, "--derive-points")
    assert (result["changed"], result["points_added"], result["proposals"]) == (1, 1, 0)
    assert changes(city)[-1].field == "point"


def test_a_dry_run_and_a_strict_import_with_a_bad_row_record_nothing(city: CliCity, tmp_path: Path) -> None:
    before = everything(city)
    file = write_csv(tmp_path / "a.csv", [row(1), row(2, 设备名称="")])
    assert counts(devices(city, file, "--dry-run"))[:5] == (2, 1, 1, 0, 1)
    strict = city.run("import", "devices", str(file), "--strict", "--json")
    assert strict.exit_code == 2
    assert '"recorded": false' in strict.stdout
    assert everything(city) == before
    table = city.run("import", "devices", str(file)).stdout
    assert "新增 added 1" in table
    assert "管理单位联系方式" in table


def test_a_city_is_not_retired_by_one_countys_sheet(city: CliCity, tmp_path: Path) -> None:
    devices(city, write_csv(tmp_path / "a.csv", [row(n) for n in range(150)]))
    message = city.refused("import", "devices", str(write_csv(tmp_path / "b.csv", [row(1)])), "--retire-missing")
    assert "--region" in message
    assert everything(city)[5] == []
    other = devices(city, write_csv(tmp_path / "c.csv", [row(1)]), "--region", "370703")
    assert "within 370703" in other["problems"][0]["expected"]
