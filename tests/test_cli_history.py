"""`vidnet import history`: fills what is unknown, twice changes nothing, and never contradicts what was measured."""

from __future__ import annotations

import csv
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.period import last_week
from monitor.domain.weeks import week_of
from tests.cli_city import DAY_S, CliCity

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def city(tmp_path: Path) -> CliCity:
    return CliCity.make(tmp_path)


def iso(at: int) -> str:
    return datetime.fromtimestamp(at, ZONE).isoformat()


def write(city: CliCity, *lines: tuple[str, str, int, str, str]) -> Path:
    path = city.config.parent / "history.csv"
    rows = [",".join((device, axis, iso(at), state, cause)) for device, axis, at, state, cause in lines]
    path.write_text("\n".join(["device_id,axis,at,state,cause", *rows]) + "\n", encoding="utf-8")
    return path


def test_a_past_fills_the_unknown_and_is_idempotent(city: CliCity) -> None:
    week = last_week(int(time.time()), ZONE)
    path = write(
        city,
        ("370702-0", "condition", week.start, "intact", ""),
        ("370702-0", "condition", week.start + DAY_S, "faulty", "fault"),
        ("370702-0", "condition", week.start + 2 * DAY_S, "intact", ""),
        ("370702-0", "condition", week.end, "unknown", ""),
        ("370702-0", "connectivity", week.start, "online", ""),  # known, and the same
    )

    first, second = city.json("import", "history", str(path)), city.json("import", "history", str(path))

    assert (first["devices"], first["corrections"], first["seconds"]) == (1, 3, 7 * DAY_S)
    assert (second["corrections"], second["seconds"]) == (0, 0)
    folder = Path(city.json("report", "weekly")["folder"])
    with (folder / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        whole = next(csv.DictReader(file))
    assert (whole["intact_s"], whole["faulty_s"]) == (str(6 * DAY_S), str(DAY_S))


def test_a_past_before_the_first_look_makes_last_month_known(city: CliCity) -> None:
    before = week_of(city.begun_at, ZONE).shifted(-1)
    start, end = before.bounds(ZONE)
    path = write(city, ("370702-1", "connectivity", start, "online", ""))

    done = city.json("import", "history", str(path))

    assert done["seconds"] == city.begun_at - start
    assert end <= city.begun_at


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("370702-0", "connectivity", 0, "offline", ""), "矛盾"),
        (("370702-8", "connectivity", 86_400 * 400, "online", ""), "未来"),
        (("nobody", "connectivity", 0, "online", ""), "没有设备"),
        (("370702-0", "condition", 0, "online", ""), "state"),
        (("370702-0", "weather", 0, "online", ""), "axis"),
        (("370702-0", "connectivity", 0, "online", "magic"), "cause"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_recorded(city: CliCity, line: tuple, message: str) -> None:
    device, axis, offset, state, cause = line
    right = ("370702-0", "condition", int(time.time()) - DAY_S, "intact", "")
    path = write(city, right, (device, axis, int(time.time()) - DAY_S + offset, state, cause))

    said = city.refused("import", "history", str(path))

    assert message in said
    assert "history.csv:3" in said
    assert city.json("import", "history", str(write(city, right)))["corrections"] == 1


def test_a_file_that_is_none_is_named(city: CliCity) -> None:
    path = city.config.parent / "other.csv"
    path.write_text("a,b\n1,2\n")

    assert "device_id,axis,at,state,cause" in city.refused("import", "history", str(path))
    assert "不能读取" in city.refused("import", "history", str(path.with_name("missing.csv")))
