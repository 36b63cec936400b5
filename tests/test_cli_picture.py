"""`vidnet picture FILE`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import app
from tests.collectors.pictures import clean, faulty, jpeg

runner = CliRunner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "look.jpg"


def test_an_intact_picture_is_said_to_be_so(file: Path) -> None:
    file.write_bytes(jpeg(clean()))

    result = runner.invoke(app, ["picture", str(file)])

    assert result.exit_code == 0
    assert "画面完好 · intact" in result.stdout
    assert "清晰度" in result.stdout


def test_a_fault_is_told_with_reason_limit_and_what_to_do(file: Path) -> None:
    file.write_bytes(jpeg(faulty("blur")))

    result = runner.invoke(app, ["picture", str(file)])

    assert result.exit_code == 0
    for words in ("画面模糊", "picture is blurred", "限 0.28", "limit 0.28", "清洁镜头"):
        assert words in result.stdout


def test_as_json_everything_is_there(file: Path) -> None:
    file.write_bytes(jpeg(faulty("black")))

    said = json.loads(runner.invoke(app, ["picture", str(file), "--json"]).stdout)

    assert said["intact"] is False
    assert [fault["code"] for fault in said["faults"]] == ["picture_black"]
    assert set(said["faults"][0]) == {
        *("code", "score", "limit", "text_zh", "text_en", "reason_zh", "reason_en"),
    }
    assert set(said["limits"]) <= set(said["scores"])
    assert (said["width"], said["height"]) == (960, 540)


def test_a_picture_that_is_cut_off_is_a_named_fault(file: Path) -> None:
    file.write_bytes(jpeg(clean())[:5_000])

    result = runner.invoke(app, ["picture", str(file), "--json"])

    assert result.exit_code == 0
    assert [fault["code"] for fault in json.loads(result.stdout)["faults"]] == ["picture_corrupt"]


def test_a_huge_picture_and_no_picture_are_named_outcomes(file: Path) -> None:
    header = b"\xff\xd8\xff\xc0\x00\x11\x08\x4e\x20\x4e\x20\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x08"
    for data, outcome in ((header + bytes(6), "too_large"), (b"GIF89a", "not_a_picture")):
        file.write_bytes(data)

        result = runner.invoke(app, ["picture", str(file), "--json"])

        assert result.exit_code == 2
        assert json.loads(result.stdout)["outcome"] == outcome
        assert json.loads(result.stdout)["intact"] is None


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    result = runner.invoke(app, ["picture", str(tmp_path / "none.jpg")])

    assert result.exit_code == 2
    assert "没有此文件" in result.stderr
