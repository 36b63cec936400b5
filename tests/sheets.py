"""Sheets for tests: rows of the 27 columns, written as CSV, XLSX or XLS."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import xlwt

HEADINGS = (
    *("设备编码", "设备名称", "设备厂商", "行政区域", "监控点位类型", "设备型号", "点位俗称", "IPV4地址", "IPV6地址"),
    *("MAC地址", "摄像机类型", "摄像机功能类型", "补光属性", "摄像机编码格式", "安装地址", "经度", "纬度"),
    *("摄像机位置类型", "监视方位", "联网属性", "所属辖区公安机关", "安装时间", "管理单位", "管理单位联系方式"),
    *("录像保存天数", "设备状态", "所属部门"),
)


def row(number: int, **changes: object) -> list[object]:
    """Give a good row; changes are by heading."""
    county = changes.get("行政区域", "370702")
    values: dict[str, object] = {
        "设备编码": f"{str(county)[:6]}0000132100{number:04d}",
        "设备名称": f"月河路口{number}号枪机",
        "设备厂商": "1",
        "行政区域": county,
        "监控点位类型": "1",
        "设备型号": "DS-2CD3T45",
        "点位俗称": "月河路口",
        "IPV4地址": f"10.1.{number // 250}.{number % 250 + 1}",
        "IPV6地址": "",
        "MAC地址": f"00-1A-2B-00-{number // 256:02X}-{number % 256:02X}",
        "摄像机类型": "3",
        "摄像机功能类型": "5",
        "补光属性": "2",
        "摄像机编码格式": "2",
        "安装地址": "东风西街与月河路口东北角",
        "经度": "119.106300",
        "纬度": "36.710700",
        "摄像机位置类型": "10/8",
        "监视方位": "1",
        "联网属性": "1",
        "所属辖区公安机关": f"{str(county)[:6]}010000",
        "安装时间": "2019-05-01",
        "管理单位": "潍城公安分局",
        "管理单位联系方式": "王五 13812345678",
        "录像保存天数": "30",
        "设备状态": "1",
        "所属部门": "1",
    }
    assert changes.keys() <= values.keys()
    return list((values | changes).values())


def write_csv(
    path: Path, rows: Sequence[Sequence[object]], *, headings: Sequence[str] = HEADINGS, encoding: str = "utf-8"
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def write_xlsx(path: Path, rows: Sequence[Sequence[object]], *, headings: Sequence[str] = HEADINGS) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("档案")
    for cells in (headings, *rows):
        sheet.append(list(cells))
    book.save(path)
    return path


def write_xls(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("档案")
    for line, cells in enumerate((HEADINGS, *rows)):
        for at, cell in enumerate(cells):
            sheet.write(line, at, cell)
    book.save(str(path))
    return path
