from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.files.targets import TargetsFileError, read_targets
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass, Ring
from monitor.domain.region import RegionTree
from monitor.domain.scope import Scope
from monitor.domain.target import target_in_force

SHIPPED = Path(__file__).parents[2] / "config" / "targets.toml"
SHANGHAI = ZoneInfo("Asia/Shanghai")
GOOD = '[[target]]\nindicator = "online"\nvalue = "0.95"\neffective_from = "2019-12-31"\nsource = "plan"\n'


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "targets.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    path = write(tmp_path, text)
    with pytest.raises(TargetsFileError) as caught:
        read_targets(path, zone=SHANGHAI)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
    return [line.removeprefix(str(path)) for line in lines]


def in_force(indicator: Indicator, day: str, scope: Scope | None = None) -> Fraction | None:
    at = int(datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=SHANGHAI).timestamp())
    target = target_in_force(
        read_targets(SHIPPED, zone=SHANGHAI), indicator, scope or Scope(), at=at, tree=RegionTree([])
    )
    return None if target is None else target.value


@pytest.mark.parametrize(
    ("indicator", "scope", "day", "value"),
    [
        (Indicator.ONLINE, Scope(), "2019-12-30", None),
        (Indicator.ONLINE, Scope(), "2019-12-31", "0.95"),
        (Indicator.INTACT, Scope(), "2026-01-01", "0.95"),
        (Indicator.CONNECTED, Scope(), "2026-01-01", "250000"),
        (Indicator.NETWORKED, Scope(point_class=PointClass.FIRST), "2019-12-31", "1"),
        (Indicator.NETWORKED, Scope(point_class=PointClass.SECOND), "2020-12-30", None),
        (Indicator.NETWORKED, Scope(point_class=PointClass.SECOND), "2020-12-31", "1"),
        (Indicator.COMMUNITIES, Scope(), "2020-01-01", "0.7"),
        (Indicator.COMMUNITIES, Scope(), "2021-01-01", "0.9"),
        (Indicator.COMMUNITIES, Scope(), "2022-01-01", "1"),
    ],
)
def test_the_shipped_file_holds_the_plans_figures(indicator, scope, day, value):
    assert in_force(indicator, day, scope) == (None if value is None else Fraction(value))


def test_the_national_example_is_switched_off():
    assert "发改高技〔2015〕996号" in SHIPPED.read_text(encoding="utf-8")
    assert all("996" not in target.source for target in read_targets(SHIPPED, zone=SHANGHAI))
    assert in_force(Indicator.INTACT, "2026-01-01", Scope(point_class=PointClass.FIRST)) == Fraction("0.95")


def test_everything_that_may_be_written_is_read(tmp_path):
    text = GOOD + (
        'region = "370724"\nclass = "first"\nkind = "camera"\nowner_unit = "a"\nmaintainer = "b"\ncontract = "c"\n'
        'police_station = "d"\nwithdrawn_on = "2021-01-01"\nnote = "for a year"\nenabled = true\n'
        '[[target]] # 联网\nindicator = "networked"\nvalue = "1.00"\neffective_from = "2020-12-31"\nsource = "plan"\n'
        'ring = "county"\nsite_kind = "crossing"\n'
    )
    online, networked = read_targets(write(tmp_path, text), zone=SHANGHAI)
    assert online.value == Fraction(19, 20)
    assert online.scope == Scope("370724", PointClass.FIRST, "camera", "a", "b", "c", "d")
    assert online.withdrawn_on == int(datetime(2021, 1, 1, tzinfo=SHANGHAI).timestamp())
    assert networked.scope == Scope(ring=Ring.COUNTY, site_kind="crossing")


def test_an_empty_file_and_one_of_an_editor_that_writes_a_byte_order_mark_are_fine(tmp_path):
    assert read_targets(write(tmp_path, ""), zone=SHANGHAI) == []
    (target,) = read_targets(write(tmp_path, b"\xef\xbb\xbf" + GOOD.encode()), zone=SHANGHAI)
    assert target.value == Fraction(19, 20)


@pytest.mark.parametrize(
    ("line", "with_line", "expected"),
    [
        ('value = "0.95"', "value = 0.95", ":3: value: must be a text, not 0.95"),
        ('value = "0.95"', 'value = "95 %"', ":3: value: a target is a decimal string such as \"0.95\", not '95 %'"),
        ('value = "0.95"', 'value = "95"', ":1: a target is a share between 0 and 1, not 95"),
        ('value = "0.95"', 'value = ""', ":3: value: must be a text, not ''"),
        ('indicator = "online"', 'indicator = "onlin"', ":2: indicator: must be one of online, intact, "),
        ('indicator = "online"\n', "", ":1: indicator is missing"),
        (
            'effective_from = "2019-12-31"',
            'effective_from = "31.12.2019"',
            ":4: effective_from: must be a date such as \"2019-12-31\", not '31.12.2019'",
        ),
        ('effective_from = "2019-12-31"', "effective_from = 2019-12-31", ":4: effective_from: must be a date such as"),
        ('source = "plan"', 'sauce = "plan"', ":5: sauce: no such key; known are indicator, value, "),
        ('source = "plan"', 'source = "plan"\nclass = "1st"', ":6: class: must be one of first, second, third, "),
        ('source = "plan"', 'source = "plan"\nkind = "cam"', ":6: kind: must be one of camera, checkpoint, "),
        ('source = "plan"', 'source = "plan"\nring = "inner"', ":6: ring: must be one of city, county, town, "),
        ('source = "plan"', 'source = "plan"\nring = "city"', ":1: a target for online cannot name ring"),
        ('source = "plan"', 'source = "plan"\nregion = 370724', ":6: region: must be a text, not 370724"),
        ('source = "plan"', 'source = "plan"\nenabled = "no"', ":6: enabled: must be true or false, not 'no'"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, line, with_line, expected):
    assert line in GOOD
    assert any(problem.startswith(expected) for problem in problems(tmp_path, GOOD.replace(line, with_line)))


def test_all_mistakes_are_named_at_once(tmp_path):
    text = 'title = "x"\n' + GOOD + GOOD.replace('"0.95"', "0.95").replace('"online"', '"x"') + "[[target]]\n[extra]\n"
    found = problems(tmp_path, text)
    assert [problem.split(":")[1] for problem in found] == ["13", "1", "8", "9", "12", "12", "12", "12"]
    assert found[0] == ":13: extra: no such key; only [[target]]"
    assert found[-1] == ":12: source is missing"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("target = 5\n", 1),
        ('\n[target]\nindicator = "online"\n', 2),
        ("target = [1, 2]\n", 1),
        ('target = [{ indicator = "online" }]\n', 1),
        (GOOD + '["target"]\n', 1),
    ],
)
def test_targets_that_are_not_tables_are_refused_with_their_line(tmp_path, text, line):
    (problem,) = problems(tmp_path, text)
    assert problem.startswith((f":{line}: target: must be written as tables headed [[target]]", ": is not TOML"))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"[[target]\n", ": is not TOML: "), (b"value = \xff\n", ": is not TOML: "), (None, ": cannot be read: No such")],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, content, message):
    path = tmp_path / "targets.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TargetsFileError, match=message):
        read_targets(path, zone=SHANGHAI)
