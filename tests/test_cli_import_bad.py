"""Sheets that are wrong as a whole: each is refused with a message that says what to do, and nothing changes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli_city import CliCity
from tests.sheets import HEADINGS, row, write_csv, write_xlsx
from tests.test_cli_import import counts, devices, everything, stored

LINKED = ("设备编码", "设备名称", "行政区域", "监控点位类型", "父设备")


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def workbook(path: Path, change: Callable[[Any], None]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for cells in (HEADINGS, row(1), row(2)):
        sheet.append(list(cells))
    change(sheet)
    book.save(path)
    return path


def with_title(sheet: Any) -> None:
    sheet.insert_rows(1)
    sheet["A1"] = "潍坊市一机一档"


def with_formula(sheet: Any) -> None:
    sheet["B3"] = '=CONCATENATE(A3,"号")'


def with_merged_cells(sheet: Any) -> None:
    sheet.merge_cells("D2:D3")


def with_merged_headings(sheet: Any) -> None:
    sheet.merge_cells("A1:B1")


def with_second_headings(sheet: Any) -> None:
    sheet.insert_rows(2)
    for at, heading in enumerate(HEADINGS, 1):
        sheet.cell(2, at, heading + "*")


def with_two_columns_of_a_name(sheet: Any) -> None:
    sheet["F1"] = "设备名称"


def without_a_column(sheet: Any) -> None:
    sheet.delete_cols(5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_title, "header_line = 2"),
        (with_formula, "B3"),
        (with_merged_cells, "D2"),
        (with_merged_headings, "merged cells (A1"),
        (with_second_headings, "two lines of headings"),
        (with_two_columns_of_a_name, "two columns for name"),
        (without_a_column, "监控点位类型"),
    ],
)
def test_a_workbook_that_is_laid_out_wrongly(
    city: CliCity, tmp_path: Path, change: Callable[[Any], None], message: str
) -> None:
    before = everything(city)
    file = workbook(tmp_path / "a.xlsx", change)
    refused = city.refused("import", "devices", str(file), "--profile", "archive-27")
    assert message in refused
    assert refused.startswith("a.xlsx:")
    assert everything(city) == before


def test_headings_below_a_title_are_read_where_the_profile_says_so(city: CliCity, tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx", with_title)
    (tmp_path / "profiles").mkdir()
    local = tmp_path / "profiles" / "titled.toml"
    local.write_text('extends = "archive-27"\nheader_line = 2\n', encoding="utf-8")
    assert city.json("import", "devices", str(file), "--profile", "titled")["added"] == 2


def test_formulas_and_merged_cells_elsewhere_do_no_harm(city: CliCity, tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet["AB1"] = "序号"
        sheet["AB2"] = "=ROW()-1"
        sheet.merge_cells("AB2:AB3")

    assert devices(city, workbook(tmp_path / "a.xlsx", change))["added"] == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("设备编码,设备名称\n".encode("utf-16"), "CSV UTF-8"),
        (b"\xff\xfe\xfa\xff\n", "CSV UTF-8"),
        (b"", "缺少列"),
        (b"PK\x03\x04 no zip", "XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no book", "workbook"),
        (b'\xef\xbb\xbf"' + b"x" * 300_000, "引号"),
    ],
)
def test_a_file_that_is_no_sheet(city: CliCity, tmp_path: Path, content: bytes, message: str) -> None:
    before = everything(city)
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    assert message in city.refused("import", "devices", str(file), "--profile", "archive-27")
    assert everything(city) == before


def test_a_file_that_is_not_there(city: CliCity, tmp_path: Path) -> None:
    assert "cannot be read" in city.refused("import", "devices", str(tmp_path / "none.csv"))
    text = tmp_path / "text.xlsx"
    text.write_text("id", encoding="utf-8")
    assert "is none" in city.refused("import", "devices", str(text))


def bomb(path: Path, *, said: int) -> Path:
    """Make a workbook of 3 MB whose worksheet unfolds into 3 GB, whatever it says of itself."""
    begin = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    begin += b'<row r="1"><c r="A1" t="inlineStr"><is><t>'
    deflate = zlib.compressobj(wbits=-15)
    block = deflate.compress(b"A" * (1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    again = deflate.compress(b"A" * (1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    head = zlib.compressobj(wbits=-15)
    folded = head.compress(begin) + head.flush(zlib.Z_FULL_FLUSH) + block + again * 3_000
    good = io.BytesIO()
    openpyxl.Workbook().save(good)
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            is_sheet = entry.filename == "xl/worksheets/sheet1.xml"
            target.writestr(entry.filename, folded if is_sheet else source.read(entry))
            if is_sheet:  # what the directory at the end says of it, which is what readers go by
                target.filelist[-1].compress_type = zipfile.ZIP_DEFLATED
                target.filelist[-1].file_size = said
    return path


@pytest.mark.parametrize(
    ("said", "message"),
    [(3_001 << 20, "unfolds into"), (1_900 << 20, "1,200 MB"), (1_000, "no valid workbook")],
)
def test_a_zip_bomb_is_stopped(city: CliCity, tmp_path: Path, said: int, message: str) -> None:
    before = everything(city)
    assert message in city.refused("import", "devices", str(bomb(tmp_path / "a.xlsx", said=said)))
    assert everything(city) == before


def test_a_sheet_of_one_cell_at_the_very_end_is_stopped(city: CliCity, tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx", lambda sheet: sheet.cell(1_048_576, 16_384, "x"))
    assert "1,200 MB" in city.refused("import", "devices", str(file))


def test_parents_in_a_circle(city: CliCity, tmp_path: Path) -> None:
    ids = [f"3707020000132100000{n}" for n in range(1, 4)]
    above = [ids[1], ids[2], ids[0]]
    rows = [[one, "名", "370702", "1", up] for one, up in zip(ids, above, strict=True)]
    before = everything(city)
    file = write_csv(tmp_path / "a.csv", rows, headings=LINKED)
    assert "circle" in city.refused("import", "devices", str(file))
    assert everything(city) == before
    rows[2][4] = "37070200001180000009"
    result = devices(city, write_csv(tmp_path / "a.csv", rows, headings=LINKED))
    assert counts(result)[:5] == (3, 3, 0, 1, 3)  # a parent that is nowhere is warned of
    rows[2][4] = ids[0]  # and a circle through what is recorded is refused as well
    assert "circle" in city.refused("import", "devices", str(write_csv(tmp_path / "a.csv", rows[2:], headings=LINKED)))


def test_many_bad_rows_are_counted_and_given_back_and_the_rest_is_imported(city: CliCity, tmp_path: Path) -> None:
    rows = [row(n + 1, 监控点位类型="7" if n % 30 == 0 else "2") for n in range(3_000)]
    result = devices(city, write_xlsx(tmp_path / "a.xlsx", rows))
    assert counts(result)[:5] == (3_000, 2_900, 100, 0, 2_900)
    assert len(openpyxl.load_workbook(result["rejected_file"]).active["A"]) == 101
    assert result["problem_count"] == 100
    assert stored(city, "37070200001321000031") is None


def test_there_must_be_regions_first(tmp_path: Path) -> None:
    config = tmp_path / "vidnet.toml"
    config.write_text('[store]\nurl = "sqlite:///new.db"\n', encoding="utf-8")
    city = CliCity(config, f"sqlite+aiosqlite:///{tmp_path / 'new.db'}", 0)
    assert "import regions" in city.refused("import", "devices", str(write_csv(tmp_path / "a.csv", [row(1)])))


def test_a_profile_that_is_wrong_is_told_with_every_mistake(city: CliCity, tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "wrong.toml").write_text(
        'kind = "devices"\nrequired = ["id", "place"]\ndatum = "bd09"\n[columns]\nid = "编码"\nwhat = ["x"]\n'
        '[codes.name]\n1 = "a"\n[codes.networked]\n1 = "maybe"\n[endpoints.moon]\nport = 1\n',
        encoding="utf-8",
    )
    (tmp_path / "profiles" / "odd.toml").write_text('extends = "odd"\nfoo = 1\n', encoding="utf-8")
    file = str(write_csv(tmp_path / "a.csv", [row(1)]))
    message = city.refused("import", "devices", file, "--profile", "wrong")
    for part in ("lacks point_class", "required: place", "datum", "columns.id", "columns.what", "codes.name"):
        assert part in message
    assert "codes.networked" in message
    assert "endpoints.moon" in message
    assert "foo" in city.refused("import", "devices", file, "--profile", "odd")
    (tmp_path / "profiles" / "odd.toml").write_text('extends = "odd"\n', encoding="utf-8")
    assert "in a circle" in city.refused("import", "devices", file, "--profile", "odd")
