"""Sheets as files: CSV in UTF-8 or GB18030, XLSX and XLS, read in a child process under a limit of memory."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import msgspec

from monitor.adapters.files.sheet_child import MEMORY_LIMIT
from monitor.services.importing.sheet import Row, SheetError, SheetHead

Progress = Callable[[int, int], None]
"""Called with what is done and the whole, in the sheet's own measure."""

_CHILD = "monitor.adapters.files.sheet_child"
_STOPPED_WITHIN_S = 10.0


class SheetFile:
    """One file as a `Sheet`; made by `open_sheet`."""

    def __init__(self, path: Path, frames: Iterator[list[Any]], *, sha256: str, progress: Progress) -> None:
        self._path = path
        self._frames = frames
        self._progress = progress
        kind, fields = next(frames)
        if kind != "head":
            raise SheetError(f"{path}: {fields}")
        merged = [tuple(each) for each in fields.pop("merged")]
        formulas = [tuple(each) for each in fields.pop("formulas")]
        self.head = SheetHead(name=path.name, sha256=sha256, merged=merged, formulas=formulas, **fields)
        self._rows = self._read()

    def first(self, count: int) -> list[Row]:
        """Give the first rows; `rows` gives them again.

        Raises:
            SheetError: the file cannot be read.
        """
        found = list(islice(self._rows, count))
        self._rows = chain(found, self._rows)
        return found

    def rows(self) -> Iterator[Row]:
        """Give the rows once, in order.

        Raises:
            SheetError: the file cannot be read to its end.
        """
        return self._rows

    def _read(self) -> Iterator[Row]:
        for frame in self._frames:
            if frame[0] == "error":
                raise SheetError(f"{self._path}: {frame[1]}")
            if frame[0] == "end":
                return
            _, done, rows = frame
            yield from rows
            self._progress(done, self.head.total)


@contextmanager
def open_sheet(path: Path, *, sheet: str = "", progress: Progress = lambda done, total: None) -> Iterator[SheetFile]:
    """Open a sheet, and end the child that reads it with the context.

    Args:
        path: the file.
        sheet: the name of a worksheet, "" for the first that is not hidden.
        progress: told how far it is.

    Raises:
        SheetError: the file is missing or no sheet.
    """
    sha256 = _sha256(path)
    with tempfile.TemporaryFile() as said:
        command = [sys.executable, "-P", "-m", _CHILD, str(path.absolute()), sheet]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said) as child:  # noqa: S603
            try:
                yield SheetFile(path, _frames(path, child, said), sha256=sha256, progress=progress)
            finally:
                child.kill()
                child.wait(_STOPPED_WITHIN_S)


def _frames(path: Path, child: subprocess.Popen[bytes], said: IO[bytes]) -> Iterator[list[Any]]:
    out = child.stdout
    decode = msgspec.msgpack.Decoder(list[Any]).decode
    while out is not None:
        size = out.read(4)
        written = out.read(int.from_bytes(size, "big")) if len(size) == 4 else b""
        if not written:
            raise SheetError(f"{path}: {_why(child, said)}")
        frame = decode(written)
        yield frame
        if frame[0] in ("end", "error"):
            return


def _why(child: subprocess.Popen[bytes], said: IO[bytes]) -> str:
    """Say why the child ended before it was done: nearly always because memory or time ran out."""
    code = child.wait(_STOPPED_WITHIN_S)
    said.seek(0)
    last = said.read().decode(errors="replace").strip().splitlines()[-1:]
    if code < 0 or "MemoryError" in "".join(last):
        return (
            f"读取时超出内存 {MEMORY_LIMIT >> 20:,} MB 或时间限制，已停止：文件过大或为压缩炸弹 · stopped while "
            f"reading: it needs more than {MEMORY_LIMIT >> 20:,} MB or too much time; it is too large, or made to be"
        )
    return f"读取失败 · could not be read (exit code {code}): {' '.join(last)}"


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SheetError(f"{path}: 不能读取 · cannot be read: {error.strerror}") from error
