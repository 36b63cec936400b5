"""The child process that reads one sheet: `python -m monitor.adapters.files.sheet_child FILE SHEET`.

A workbook is a zip of what somebody else made: 30 MB may unfold into anything. So it is unfolded here, under a limit of
memory that ends this process and nothing else. Frames go to stdout: four bytes of length, then msgpack of
`["head", {...}]`, `["rows", done, [[line, [cell, ...]], ...]]`, and at last `["end"]` or `["error", text]`.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

MEMORY_LIMIT: Final = 1_200 * 1024 * 1024
"""Bytes of address space: 250,000 rows of 27 columns take 780 MB."""

_CPU_LIMIT_S: Final = 600
_UNFOLDED_LIMIT: Final = 2 << 30
_ROWS_A_FRAME: Final = 500
_BLOCK: Final = 1 << 20
_MAX_FORMULAS: Final = 10_000
_FORMULA = re.compile(rb"<f[ >/]")
_CELL = re.compile(rb'<c [^>]*?r="([A-Z]+)([0-9]+)"')
_ENCODINGS: Final = (("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"))


class UnreadableError(Exception):
    """The file is no sheet that can be read; the message says why and what to do."""


def main() -> None:
    """Read the file named on the command line and write its frames."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_LIMIT_S, _CPU_LIMIT_S))
    out = sys.stdout.buffer
    try:
        for frame in frames(Path(sys.argv[1]), sys.argv[2]):
            _write(out, frame)
        _write(out, ["end"])
    except UnreadableError as error:
        _write(out, ["error", str(error)])
    except OSError as error:
        _write(out, ["error", f"不能读取 · cannot be read: {error.strerror or error}"])
    out.flush()


def frames(path: Path, sheet: str) -> Iterator[list[Any]]:
    """Give the frames of a file, whatever its name ends with: its first bytes tell what it is."""
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"PK\x03\x04"):
        _refuse_unfolding(path)
        return _workbook(path, sheet, is_zip=True)
    if magic == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _workbook(path, sheet, is_zip=False)
    if path.suffix.lower() in (".xlsx", ".xls"):
        raise UnreadableError("文件名为 Excel，内容不是 · is named like a workbook and is none")
    return _text(path)


def _write(out: BinaryIO, frame: list[Any]) -> None:
    written = msgspec.msgpack.encode(frame)
    out.write(len(written).to_bytes(4, "big") + written)


def _refuse_unfolding(path: Path) -> None:
    """Refuse at once what says itself that it unfolds into too much; what lies about it meets the limit."""
    try:
        with zipfile.ZipFile(path) as archive:
            unfolded = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise UnreadableError(f"不是有效的 XLSX · is no valid XLSX: {error}") from error
    if unfolded > _UNFOLDED_LIMIT:
        raise UnreadableError(
            f"解压后 {unfolded >> 20:,} MB，超过 {_UNFOLDED_LIMIT >> 20:,} MB，不予读取 · unfolds into "
            f"{unfolded >> 20:,} MB, more than {_UNFOLDED_LIMIT >> 20:,} MB: not read"
        )


def _workbook(path: Path, sheet: str, *, is_zip: bool) -> Iterator[list[Any]]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
        name = _sheet_name(book, sheet)
        found = book.get_sheet_by_name(name)
    except calamine.PasswordError as error:
        raise UnreadableError("有密码保护 · is protected by a password: save it without one") from error
    except (calamine.CalamineError, calamine.ZipError, calamine.XmlError, ValueError) as error:
        raise UnreadableError(f"不是有效的工作簿 · is no valid workbook: {error}") from error
    first_row, first_column = found.start or (0, 0)
    head = {
        "format": "xlsx" if is_zip else "xls",
        "encoding": "",
        "sheet": name,
        "total": found.total_height,
        "merged": [[top + 1, left, bottom + 1, right] for (top, left), (bottom, right) in _merged(found)],
        "formulas": _formulas(path, book.sheet_names.index(name)) if is_zip else [],
    }
    yield ["head", head]
    before: list[Any] = [""] * first_column
    rows: list[list[Any]] = []
    for line, cells in enumerate(found.iter_rows(), first_row + 1):
        rows.append([line, before + cells if before else cells])
        if len(rows) == _ROWS_A_FRAME:
            yield ["rows", line, rows]
            rows = []
    yield ["rows", head["total"], rows]


def _sheet_name(book: Any, wanted: str) -> str:
    if wanted and wanted not in book.sheet_names:
        raise UnreadableError(
            f"没有工作表 {wanted} · has no worksheet {wanted}; there are {', '.join(book.sheet_names)}"
        )
    visible = [each.name for each in book.sheets_metadata if str(each.visible).endswith("Visible.Visible")]
    names = [wanted] if wanted else visible or book.sheet_names
    if not names:
        raise UnreadableError("没有工作表 · has no worksheet")
    return str(names[0])


def _merged(sheet: Any) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return list(sheet.merged_cell_ranges or ())[:_MAX_FORMULAS]


def _formulas(path: Path, index: int) -> list[list[int]]:
    """Give line and column (from 0) of cells with a formula, of which the reader gives only the last result."""
    found: list[list[int]] = []
    with zipfile.ZipFile(path) as archive:
        name = _sheet_file(archive, index)
        with archive.open(name) as file:
            tail = b""
            while block := file.read(_BLOCK):
                text = tail + block
                cut = text.rfind(b"<c ")
                cut = len(text) if cut < 0 else cut
                tail = text[cut:][-_BLOCK:]
                for formula in _FORMULA.finditer(text, 0, cut):
                    start = text.rfind(b"<c ", 0, formula.start())
                    cell = _CELL.match(text, start) if start >= 0 else None
                    if cell:
                        found.append([int(cell[2]), _column(cell[1])])
                    if len(found) == _MAX_FORMULAS:
                        return found
            for formula in _FORMULA.finditer(tail):
                cell = _CELL.match(tail)
                if cell and formula:
                    found.append([int(cell[2]), _column(cell[1])])
    return found


def _sheet_file(archive: zipfile.ZipFile, index: int) -> str:
    """Give the file of a worksheet: the workbook names its sheets in order, its relations where they are."""
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
        relations = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    except (KeyError, etree.XMLSyntaxError) as error:
        raise UnreadableError(f"不是有效的 XLSX · is no valid XLSX: {error}") from error
    targets = {each.get("Id"): each.get("Target", "") for each in relations}
    sheet = book.findall(".//{*}sheet")[index]
    relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
    target = str(targets.get(relation, "")).lstrip("/")
    name = target if target.startswith("xl/") else f"xl/{target}"
    if name not in archive.namelist():
        raise UnreadableError("不是有效的 XLSX：缺工作表 · is no valid XLSX: a worksheet is missing")
    return name


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _text(path: Path) -> Iterator[list[Any]]:
    encoding, shown = _encoding(path)
    size = path.stat().st_size
    with path.open("rb") as raw:
        file = io.TextIOWrapper(raw, encoding=encoding, newline="")
        start = file.readline()
        file.seek(0)
        delimiter = max(",\t;", key=start.count)
        reader = csv.reader(file, delimiter=delimiter, strict=False)
        head = {"format": "csv", "encoding": shown, "sheet": "", "total": size, "merged": [], "formulas": []}
        yield ["head", head]
        rows: list[list[Any]] = []
        line = 1
        try:
            for cells in reader:
                rows.append([line, cells])
                line = reader.line_num + 1
                if len(rows) == _ROWS_A_FRAME:
                    yield ["rows", raw.tell(), rows]
                    rows = []
        except csv.Error as error:
            raise UnreadableError(
                f"第 {line} 行：引号不成对？ · line {line}: is a quote not closed? ({error})"
            ) from error
        yield ["rows", size, rows]


def _encoding(path: Path) -> tuple[str, str]:
    """Give the encoding that the whole file has, and its name; a text in neither, or with zeros in it, is none."""
    for encoding, shown in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    if b"\0" in block:
                        raise UnreadableError(_NO_CSV)
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding, shown
    raise UnreadableError(_NO_CSV)


_NO_CSV = "不是 UTF-8 或 GB18030 编码的 CSV，请另存为“CSV UTF-8” · is no CSV in UTF-8 or GB18030: save it as CSV UTF-8"


if __name__ == "__main__":
    main()
