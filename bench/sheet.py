"""A sheet of the 27 columns as large as a city, written as CSV and as XLSX."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

_COUNTIES = ("370702", "370703", "370704", "370705", "370724", "370725", "370781", "370782", "370783", "370784")
_HEADINGS = (
    *("设备编码", "设备名称", "设备厂商", "行政区域", "监控点位类型", "设备型号", "点位俗称", "IPV4地址", "IPV6地址"),
    *("MAC地址", "摄像机类型", "摄像机功能类型", "补光属性", "摄像机编码格式", "安装地址", "经度", "纬度"),
    *("摄像机位置类型", "监视方位", "联网属性", "所属辖区公安机关", "安装时间", "管理单位", "管理单位联系方式"),
    *("录像保存天数", "设备状态", "所属部门"),
)


def write_sheets(folder: Path, *, rows: int, bad: int = 0) -> tuple[Path, Path]:
    """Write the same rows as `sheet.csv` and `sheet.xlsx`; of `bad` of them the class does not exist."""
    as_csv, as_xlsx = folder / "sheet.csv", folder / "sheet.xlsx"
    with as_csv.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_HEADINGS, *_rows(rows, bad)])
    with xlsxwriter.Workbook(str(as_xlsx), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for line, cells in enumerate([_HEADINGS, *_rows(rows, bad)]):
            sheet.write_row(line, 0, cells)
    return as_csv, as_xlsx


def _rows(count: int, bad: int) -> Iterator[tuple[str, ...]]:
    for number in range(1, count + 1):
        yield _row(number, "7" if number <= bad else str(1 + number % 3))


def _row(number: int, point_class: str) -> tuple[str, ...]:
    county = _COUNTIES[number % len(_COUNTIES)]
    high, middle, low = number >> 16, number >> 8 & 255, number & 255
    return (
        f"{county}0000132{1 + number % 2}{number:06d}",
        f"东风街与月河路口{number}号枪机东向",
        str(1 + number % 15),
        county,
        point_class,
        f"DS-2CD3T{number % 40}",
        f"月河路口{number // 4}",
        f"10.{high}.{middle}.{low}",
        "",
        f"00-1A-00-{high:02X}-{middle:02X}-{low:02X}",
        *(str(1 + number % 4), str(1 + number % 6), "2", "2"),
        f"东风西街{number // 4}号月河路口北侧",
        f"{119 + number % 1000 / 2000:.6f}",
        f"{36.5 + number // 1000 / 2000:.6f}",
        *(str(1 + number % 15), str(1 + number % 9), "1", f"{county}010000"),
        f"20{10 + number % 14}-05-{1 + number % 28:02d}",
        f"{county}公安分局",
        f"1380000{number % 10_000:04d}",
        *("30", "1", "1"),
    )
