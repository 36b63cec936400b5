"""The folders of reports: `<root>/<period>/rev<N>/`, each whole or not there, never changed, listed and checked.

A revision is written beside its place under a name that no listing takes for one, synced, and renamed. A crash or a
full disk leaves nothing that is ever listed; what a dead run left is swept away by the next.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

MANIFEST = "manifest.json"
_REVISION = re.compile(r"rev([1-9][0-9]*)")
_TRIES = 100
_LEFT_OVER_AFTER_S = 3_600


class ReportFolderError(Exception):
    """A revision cannot be written or read; the message says why and what to do."""


class Manifest(msgspec.Struct, frozen=True):
    """What a revision says of itself: `manifest.json`.

    Attributes:
        period: its name.
        revision: its number.
        status: draft, final or interim (the period was not over).
        region: the code of the region that it is about.
        method: time-weighted or snapshot.
        start, end: the seconds that it covers.
        as_of: when it was made.
        seq: the seq K.
        program_version: of the program that made it.
        inputs: the sha256 of `inputs.json`, all that beside the facts went in.
        facts: the sha256 of the facts that were read.
        files: by name the sha256 of every other file.
    """

    period: str
    revision: int
    status: str
    region: str
    method: str
    start: int
    end: int
    as_of: int
    seq: int
    program_version: str
    inputs: str
    facts: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Revision:
    """A published revision: its folder and its manifest."""

    path: Path
    manifest: Manifest


class ReportFolder:
    """All published revisions below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def revisions(self, folder: str | None = None) -> list[Revision]:
        """Give the revisions of one folder or of all, by folder and number; what cannot be read is left out."""
        found = []
        folders = [self.root / folder] if folder is not None else _sorted_folders(self.root)
        for each in folders:
            for path in _sorted_folders(each):
                if _REVISION.fullmatch(path.name):
                    with contextlib.suppress(ReportFolderError):
                        found.append(Revision(path, read_manifest(path)))
        return sorted(found, key=lambda one: (one.path.parent.name, one.manifest.revision))

    def newest(self, folder: str) -> Revision | None:
        """Give the newest revision of a folder; a final one goes before drafts."""
        revisions = self.revisions(folder)
        final = [each for each in revisions if each.manifest.status == "final"]
        return (final or revisions or [None])[-1]  # type: ignore[list-item]

    def newest_at(self) -> int:
        """Give when the newest revision of all was published, epoch seconds; 0 where there is none."""
        return int(max((each.stat().st_mtime for each in self.root.glob(f"*/rev*/{MANIFEST}")), default=0))

    def publish(self, folder: str, files: Mapping[str, bytes], manifest: Manifest) -> Revision:
        """Write a new revision: all of it or nothing.

        Args:
            folder: of the period.
            files: by name.
            manifest: with any number; the next free one is put in.

        Raises:
            ReportFolderError: the disk is full or the folder cannot be written.
        """
        parent = self.root / folder
        written = parent / f".writing-{os.getpid()}-{time.time_ns()}"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            _sweep(parent)
            written.mkdir()
            for name, content in files.items():
                _write(written / name, content)
            for _ in range(_TRIES):
                number = _next_number(parent)
                manifest = msgspec.structs.replace(manifest, revision=number)
                _write(written / MANIFEST, _encoded(manifest))
                _sync(written)
                target = parent / f"rev{number}"
                if _moved(written, target):
                    _sync(parent)
                    return Revision(target, manifest)
            raise ReportFolderError(f"无法为报表编号 · no free revision number in {parent}")
        except OSError as error:
            reason = "磁盘已满 · the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
            raise ReportFolderError(
                f"报表未写入 {parent}: {reason}；未发布任何文件\n"
                f"the report was not written to {parent}: {reason}; nothing was published"
            ) from error
        finally:
            shutil.rmtree(written, ignore_errors=True)


def read_manifest(path: Path) -> Manifest:
    """Read the manifest of a revision.

    Raises:
        ReportFolderError: it is missing or spoiled.
    """
    try:
        return msgspec.json.decode((path / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise ReportFolderError(f"{path} 不是报表版本 · {path} is no revision of a report: {error}") from error


def problems_of(path: Path) -> list[str]:
    """Hold every file of a revision against its sha256; give what does not agree.

    Raises:
        ReportFolderError: the manifest is missing or spoiled.
    """
    manifest = read_manifest(path)
    found = []
    for name, wanted in sorted(manifest.files.items()):
        try:
            digest = sha256((path / name).read_bytes())
        except OSError as error:
            found.append(f"{name}: 缺失 · missing ({error.strerror})")
            continue
        if digest != wanted:
            found.append(f"{name}: 已被修改 · changed")
    strange = sorted(each.name for each in path.iterdir() if each.name != MANIFEST and each.name not in manifest.files)
    return found + [f"{name}: 多余文件 · not part of it" for name in strange]


def sha256(content: bytes) -> str:
    """Give the sha256 of some bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _encoded(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def _sorted_folders(parent: Path) -> list[Path]:
    try:
        return sorted(each for each in parent.iterdir() if each.is_dir() and not each.name.startswith("."))
    except OSError:
        return []


def _next_number(parent: Path) -> int:
    numbers = [int(found[1]) for each in _sorted_folders(parent) if (found := _REVISION.fullmatch(each.name))]
    return max(numbers, default=0) + 1


def _moved(source: Path, target: Path) -> bool:
    """Rename a folder into its place, unless another run was quicker."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(parent: Path) -> None:
    """Remove what a run that died left behind."""
    for each in _hidden(parent):
        with contextlib.suppress(OSError):
            if time.time() - each.stat().st_mtime > _LEFT_OVER_AFTER_S:
                shutil.rmtree(each, ignore_errors=True)


def _hidden(parent: Path) -> Iterable[Path]:
    return parent.glob(".writing-*")
