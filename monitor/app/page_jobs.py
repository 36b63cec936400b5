"""What the page does with sheets and reports: uploads that wait for their confirmation, and the folder of reports."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.adapters.reports.folder import ReportFolder, ReportFolderError, Revision, problems_of
from monitor.adapters.web.parts import JobRefusedError, JobsBusyError, ReportRevision, Upload
from monitor.app.page_worker import REFUSED
from monitor.app.report_diff import diff_of
from monitor.app.reporting import reports_root
from monitor.settings import Settings

UPLOADS_KEPT_S = 3_600
MOST_UPLOADS = 20
_SUFFIX = re.compile(r"\.(csv|xlsx|xls)", re.IGNORECASE)


class Worker:
    """Runs one long thing at a time in a process of its own.

    Args:
        settings: of the service.
        folder: what relative paths in them are relative to.
    """

    def __init__(self, settings: Settings, *, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._busy = False

    async def run(self, task: str, order: Mapping[str, Any]) -> dict[str, Any]:
        """Do a task and give its answer.

        Raises:
            JobsBusyError: another one runs.
            JobRefusedError: it cannot be done; the reasons.
        """
        if self._busy:
            raise JobsBusyError
        self._busy = True
        try:
            return await self._run({"task": task, **order})
        finally:
            self._busy = False

    async def _run(self, order: dict[str, Any]) -> dict[str, Any]:
        order |= {"settings": self._settings.model_dump(mode="json"), "folder": str(self._folder)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor.app.page_worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, errors = await process.communicate(json.dumps(order).encode())
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode == REFUSED:
            raise JobRefusedError(out.decode(errors="replace").strip().splitlines())
        if process.returncode:
            raise JobRefusedError([errors.decode(errors="replace").strip().splitlines()[-1:][0] or "?"])
        answer: dict[str, Any] = json.loads(out)
        return answer


@dataclass(slots=True)
class _Kept:
    upload: Upload
    file: Path
    rejected: Path | None


class Imports:
    """`parts.Imports`: a sheet is uploaded, judged and compared; then the same bytes are confirmed, or forgotten.

    Args:
        worker: does the work.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._kept: dict[str, _Kept] = {}

    async def judge(self, content: bytes, upload: Upload, *, at: int) -> tuple[str, dict[str, Any]]:
        """Judge a sheet and compare it with what is recorded; nothing is recorded.

        Raises:
            JobsBusyError, JobRefusedError: as for `Worker.run`.
        """
        self._forget(at)
        suffix = _SUFFIX.search(upload.name[-6:])
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="vidnet-import-"))
        file = folder / f"sheet{suffix[0].lower() if suffix else '.csv'}"
        try:
            await asyncio.to_thread(file.write_bytes, content)
            found = await self._work(file, upload, dry_run=True)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        upload_id = secrets.token_urlsafe(12)
        rejected = Path(found["rejected_file"]) if found["rejected_file"] else None
        self._kept[upload_id] = _Kept(upload, file, rejected)
        return upload_id, found

    async def confirm(self, upload_id: str) -> dict[str, Any]:
        """Import a judged sheet, and forget it.

        Raises:
            KeyError: there is no such upload any more.
            JobsBusyError, JobRefusedError: as for `Worker.run`.
        """
        kept = self._kept[upload_id]
        found = await self._work(kept.file, kept.upload, dry_run=False)
        self._drop(upload_id)
        return found

    def upload(self, upload_id: str) -> Upload | None:
        """Give what was uploaded, None where it is forgotten."""
        kept = self._kept.get(upload_id)
        return None if kept is None else kept.upload

    async def rejected(self, upload_id: str) -> tuple[str, bytes] | None:
        """Give the file of rejected rows, None for none."""
        kept = self._kept.get(upload_id)
        if kept is None or kept.rejected is None:
            return None
        return f"rejected{kept.rejected.suffix}", await asyncio.to_thread(kept.rejected.read_bytes)

    async def _work(self, file: Path, upload: Upload, *, dry_run: bool) -> dict[str, Any]:
        options = {
            "author": upload.author,
            "dry_run": dry_run,
            "strict": upload.strict,
            "retire_missing": upload.retire_missing,
            "region": upload.region,
        }
        order = {"file": str(file), "kind": upload.kind, "profile": upload.profile, "options": options}
        found = await self._worker.run("import", order)
        return found | {"file": upload.name}

    def _forget(self, at: int) -> None:
        old = [each for each, kept in self._kept.items() if at - kept.upload.at > UPLOADS_KEPT_S]
        for upload_id in [*old, *list(self._kept)[: max(0, len(self._kept) - len(old) - MOST_UPLOADS + 1)]]:
            self._drop(upload_id)

    def _drop(self, upload_id: str) -> None:
        kept = self._kept.pop(upload_id, None)
        if kept is not None:
            shutil.rmtree(kept.file.parent, ignore_errors=True)

    def close(self) -> None:
        """Take all uploads away."""
        for upload_id in list(self._kept):
            self._drop(upload_id)


class Reports:
    """`parts.Reports`: the published revisions; only what their manifests name is ever read.

    Args:
        settings: of the service.
        folder: what relative paths in them are relative to.
        worker: makes reports.
    """

    def __init__(self, settings: Settings, *, folder: Path, worker: Worker) -> None:
        self._folder = ReportFolder(reports_root(settings, folder=folder))
        self._worker = worker

    async def revisions(self) -> list[ReportRevision]:
        """Give all revisions."""
        return [_out(each) for each in await asyncio.to_thread(self._folder.revisions)]

    async def read(self, folder: str, revision: int, name: str) -> bytes | None:
        """Give a file of a revision; None where its manifest does not name it."""
        found = await self._one(folder, revision)
        if found is None or name not in found.manifest.files:
            return None
        return await asyncio.to_thread((found.path / name).read_bytes)

    async def problems(self, folder: str, revision: int) -> list[str] | None:
        """Hold a revision's files against their sums; None where there is no such revision."""
        found = await self._one(folder, revision)
        return None if found is None else await asyncio.to_thread(problems_of, found.path)

    async def differences(self, folder: str, earlier: int, later: int) -> list[dict[str, str]] | None:
        """Give what two revisions say differently; None where one is missing."""
        one, other = await self._one(folder, earlier), await self._one(folder, later)
        if one is None or other is None:
            return None
        try:
            return await asyncio.to_thread(diff_of, one.path, other.path)
        except ReportFolderError as error:
            raise JobRefusedError(str(error).splitlines()) from error

    async def draft(self, period: str, region: str | None) -> dict[str, Any]:
        """Make a draft of a period."""
        return await self._worker.run("draft", {"period": period, "region": region})

    async def final(self, period: str, *, early: bool, author: str) -> dict[str, Any]:
        """Make the final report of a period."""
        return await self._worker.run("final", {"period": period, "early": early, "author": author})

    async def _one(self, folder: str, revision: int) -> Revision | None:
        for each in await asyncio.to_thread(self._folder.revisions):
            if each.path.parent.name == folder and each.manifest.revision == revision:
                return each
        return None


def _out(each: Revision) -> ReportRevision:
    manifest = each.manifest
    return ReportRevision(
        folder=each.path.parent.name,
        revision=manifest.revision,
        period=manifest.period,
        status=manifest.status,
        region=manifest.region,
        method=manifest.method,
        as_of=manifest.as_of,
        start=manifest.start,
        end=manifest.end,
        seq=manifest.seq,
        files=tuple(sorted(manifest.files)),
    )
