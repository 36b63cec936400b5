"""Reports as files: text that no spreadsheet runs, revisions whole or not there, a page that prints on A4."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.reports import folder as folders
from monitor.adapters.reports.csv_files import guarded, machine_csv, people_csv
from monitor.adapters.reports.folder import Manifest, ReportFolder, ReportFolderError, problems_of, sha256
from monitor.services.report_table import Column, Digits, Kind, Lang, Share, Sheet, Word, exact, points, shared_out

ZONE = ZoneInfo("Asia/Shanghai")
FILES = {"summary.csv": b"one", "inputs.json": b"{}"}


def manifest(files: dict[str, bytes]) -> Manifest:
    digests = {name: sha256(content) for name, content in files.items()}
    return Manifest("2026-W47", 0, "draft", "3707", "time-weighted", 0, 1, 2, 3, "1", "", "", digests)


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "=HYPERLINK(0)"]
)
def test_text_that_a_spreadsheet_would_run_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["潍城区", "a=b", "-12", "+3.5", "37070200001320000001", "95.00%", "", "–"])
def test_other_text_is_left_alone(text: str) -> None:
    assert guarded(text) == text


def test_a_sheet_is_guarded_in_text_and_never_in_numbers() -> None:
    columns = (
        Column("name", "名称", "name"),
        Column("change", "变化", "change", Kind.POINTS),
        Column("rate", "比率", "rate", Kind.SHARE),
        Column("at", "时间", "at", Kind.INSTANT),
    )
    row = ("=cmd()", Fraction(-1, 300), Share(Fraction(94_999, 100_000), Fraction(95, 100)), 1_795_573_327)
    sheet = Sheet("x", "表", "sheet", columns, [row])

    machine = machine_csv(sheet, zone=ZONE).decode("utf-8-sig").splitlines()
    people = people_csv(sheet, Lang.ZH, zone=ZONE).decode("utf-8-sig").splitlines()

    assert machine == ["name,change,rate,at", "'=cmd(),-0.003333333,0.949990000,2026-11-25T10:22:07+08:00"]
    assert people == ["名称,变化,比率,时间", "'=cmd(),-0.33,94.999%,2026-11-25 10:22:07"]


def test_decimals_are_exact_and_rounded_half_up() -> None:
    assert exact(Fraction(1, 3)) == "0.333333333"
    assert exact(Fraction(2, 3)) == "0.666666667"
    assert exact(Fraction(-1, 10**12)) == "0.000000000"
    assert points(Fraction(1, 8), places=1) == "+12.5"
    assert points(Fraction(-5, 10_000)) == "-0.05"


@pytest.mark.parametrize("total", [-7, 0, 3, 100])
def test_rounded_parts_add_up(total: int) -> None:
    parts = [Fraction(1, 3), Fraction(-2, 7), Fraction(5, 11), Fraction(0)]
    unit = 100
    assert sum(shared_out(parts, total, unit=unit)) == total
    near = sum(shared_out(parts, (sum(parts) * unit).__round__(), unit=unit))
    assert abs(near - sum(parts) * unit) <= 1


def test_words_and_digits_have_both_forms() -> None:
    sheet = Sheet(
        "x",
        "表",
        "sheet",
        (Column("word", "词", "word", Kind.WORD), Column("value", "值", "value", Kind.POINTS)),
        [(Word("met", "达标", "met"), Digits("0.1", "+10.00"))],
    )
    assert machine_csv(sheet, zone=ZONE).decode("utf-8-sig").splitlines()[1] == "met,0.1"
    assert people_csv(sheet, Lang.EN, zone=ZONE).decode("utf-8-sig").splitlines()[1] == "met,+10.00"


def test_two_runs_at_once_get_two_numbers(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    published: list[int] = []

    def publish() -> None:
        published.append(folder.publish("2026-W47", FILES, manifest(FILES)).manifest.revision)

    threads = [threading.Thread(target=publish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(published) == list(range(1, 9))
    assert [each.manifest.revision for each in folder.revisions()] == list(range(1, 9))
    assert all(problems_of(each.path) == [] for each in folder.revisions())
    assert not list(tmp_path.glob("*/.writing-*"))


def test_a_full_disk_publishes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == "summary.csv":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.write_bytes(content)

    monkeypatch.setattr(folders, "_write", full)
    folder = ReportFolder(tmp_path)

    with pytest.raises(ReportFolderError, match="磁盘已满"):
        folder.publish("2026-W47", FILES, manifest(FILES))

    assert folder.revisions() == []
    assert not list(tmp_path.glob("*/.writing-*"))


def test_a_run_killed_halfway_is_never_listed_and_swept_away_later(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from monitor.adapters.reports import folder
        from tests.adapters.test_report_files import FILES, manifest
        folder._sync = lambda path: os.kill(os.getpid(), signal.SIGKILL)
        folder.ReportFolder(Path(sys.argv[1])).publish("2026-W47", FILES, manifest(FILES))
    """)
    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=Path(__file__).parents[2], check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    left = list(tmp_path.glob("*/.writing-*"))
    assert len(left) == 1
    folder = ReportFolder(tmp_path)
    assert folder.revisions() == []

    os.utime(left[0], (0, 0))
    assert folder.publish("2026-W47", FILES, manifest(FILES)).manifest.revision == 1
    assert not left[0].exists()


def test_a_final_revision_goes_before_drafts(tmp_path: Path) -> None:
    import msgspec

    folder = ReportFolder(tmp_path)
    for status in ("draft", "final", "draft"):
        folder.publish("2026-W47", FILES, msgspec.structs.replace(manifest(FILES), status=status))

    newest = folder.newest("2026-W47")
    assert newest is not None
    assert newest.manifest.revision == 2
    assert folder.newest("2026-W48") is None


def test_the_page_prints_on_a4(tmp_path: Path) -> None:
    from tests.cli_city import CliCity

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed (apt-get install chromium)")
        pytest.skip("chromium is not installed")
    page = Path(CliCity.make(tmp_path).json("report", "weekly")["folder"]) / "report.zh.html"
    pdf = tmp_path / "report.pdf"
    options = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--user-data-dir={tmp_path}/c",
    )

    subprocess.run(
        [chromium, *options, f"--print-to-pdf={pdf}", page.as_uri()], check=True, capture_output=True, timeout=120
    )

    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    boxes = [tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", content)]
    assert boxes
    assert all((round(box[2]), round(box[3])) == (595, 842) for box in boxes)
