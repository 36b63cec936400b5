"""Rows of sheets of points and of regions: every problem of a row at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from monitor.domain.device import DeviceKind
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.profile import FIELDS, Profile
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.weeks import midnight
from monitor.services.importing.cells import BadValueError, read_count, read_date, text_of
from monitor.services.importing.codes import Words
from monitor.services.importing.layout import Layout
from monitor.services.importing.problems import Problem
from monitor.services.importing.regions_of import RegionFinder
from monitor.services.importing.sheet import Row

_LONGEST = 256
_MOST_DEVICES = 1_000
_LEVEL_OF_DIGITS = {4: RegionLevel.CITY, 6: RegionLevel.COUNTY, 9: RegionLevel.TOWN, 12: RegionLevel.COMMUNITY}


class PlainRows:
    """Reads the texts of one sheet's rows, each by its reader.

    Args:
        layout: where the sheet's fields are.
        profile: how it is written.
        readers: by field, what makes the text to keep of a cell's, or raises `BadValueError`.
    """

    def __init__(self, layout: Layout, profile: Profile, readers: Mapping[str, Callable[[str], str]]) -> None:
        self._layout = layout
        self._profile = profile
        self._readers = readers
        self._lines: dict[str, int] = {}

    @property
    def lines(self) -> Mapping[str, int]:
        """Give the line of every id that the sheet names, whether or not its row was taken."""
        return self._lines

    def texts(self, row: Row) -> tuple[dict[str, str], list[Problem]]:
        """Give the texts of a row's fields, "" for those that are missing or wrong, and its problems."""
        line, cells = row
        problems: list[Problem] = []
        values = dict.fromkeys(FIELDS[self._profile.kind], "")
        for name, at in self._layout.columns.items():
            text = text_of(cells[at]).removeprefix("'") if at < len(cells) else ""
            expected = ""
            if len(text) > _LONGEST:
                expected = f"不超过 {_LONGEST} 字 · at most {_LONGEST} characters"
            elif text.startswith("="):
                expected = "数值，不是公式 · a value, not a formula"
            elif text and name in self._readers:
                try:
                    text = self._readers[name](text)
                except BadValueError as error:
                    expected = str(error)
            elif not text and name in self._profile.required:
                expected = "必填 · a value: it is required"
            if expected:
                problems.append(self.problem(line, name, text, expected))
            else:
                values[name] = text
        if any(text_of(cell) for cell in cells[len(self._layout.headings) :]):
            problems.append(Problem(line, "", "", "列数多于表头 · no more values than the headings have columns"))
        return values, problems

    def first(self, row: Row, name: str, value: str) -> list[Problem]:
        """Note the id of a row, and give the problem where another row has it."""
        first = self._lines.setdefault(value, row[0]) if value else row[0]
        if first == row[0]:
            return []
        return [
            self.problem(row[0], name, value, f"唯一，第 {first} 行已有 · one of its own; line {first} has it already")
        ]

    def problem(self, line: int, name: str, value: str, expected: str, *, is_error: bool = True) -> Problem:
        """Give a problem of a field."""
        return Problem(line, self._layout.heading(name), value, expected, is_error)


class PointRows:
    """Reads the rows of a sheet of points.

    Args:
        layout: where its fields are.
        profile: how it is written.
        tree: the regions.
        zone: the city's zone.
        required_from: from when a point is required whose row does not say.
    """

    def __init__(self, layout: Layout, profile: Profile, *, tree: RegionTree, zone: tzinfo, required_from: int) -> None:
        codes = {name: profile.codes.get(name, {}) for name in FIELDS[profile.kind]}
        self.words = {
            "point_class": Words(codes["point_class"], allowed=tuple(PointClass)),
            "ring": Words(codes["ring"], allowed=tuple(Ring)),
            "status": Words(codes["status"], allowed=tuple(PointStatus)),
            "to_be_networked": Words(codes["to_be_networked"], allowed=("yes", "no")),
            "required_kinds": Words(codes["required_kinds"], allowed=tuple(DeviceKind), separators="/,;、 "),
            "site_kind": Words(codes["site_kind"]),
        }
        readers: dict[str, Callable[[str], str]] = {name: words.read for name, words in self.words.items()}
        readers |= {
            "count": lambda text: str(read_count(text, most=_MOST_DEVICES)),
            "required_from": lambda text: str(midnight(read_date(text), zone)),
        }
        self._rows = PlainRows(layout, profile, readers)
        self._regions = RegionFinder(tree)
        self._required_from = required_from

    @property
    def lines(self) -> Mapping[str, int]:
        """Give the line of every id that the sheet names."""
        return self._rows.lines

    def read(self, row: Row) -> tuple[Point | None, list[Problem]]:
        """Give the point of a row, None where errors are among its problems."""
        values, problems = self._rows.texts(row)
        problems += self._rows.first(row, "id", values["id"])
        region = self._regions.find(values["region"])
        if values["region"] and region is None:
            problems.append(
                self._rows.problem(row[0], "region", values["region"], "清单中没有此区划 · a region that is recorded")
            )
        if region is None or any(problem.is_error for problem in problems):
            return None, problems
        return Point(
            id=values["id"],
            region=region,
            point_class=PointClass(values["point_class"]),
            name=values["name"],
            site_kind=values["site_kind"],
            ring=Ring(values["ring"]) if values["ring"] else None,
            required_kinds=tuple(values["required_kinds"].split("/")) if values["required_kinds"] else (),
            count=int(values["count"] or 1),
            required_from=int(values["required_from"] or self._required_from),
            status=PointStatus(values["status"] or PointStatus.ACTIVE),
            to_be_networked=values["to_be_networked"] == "yes",
        ), problems


class RegionRows:
    """Reads the rows of a sheet of regions; where parent or level are not told, the code tells them.

    Args:
        layout: where its fields are.
        profile: how it is written.
        stored: the regions that are recorded, by code.
        codes: all codes that the sheet names.
        zone: the city's zone.
    """

    def __init__(
        self, layout: Layout, profile: Profile, *, stored: Mapping[str, Region], codes: frozenset[str], zone: tzinfo
    ) -> None:
        words = {name: profile.codes.get(name, {}) for name in FIELDS[profile.kind]}
        self.words = {
            "level": Words(words["level"], allowed=tuple(RegionLevel)),
            "rank_group": Words(words["rank_group"]),
        }
        readers: dict[str, Callable[[str], str]] = {name: words.read for name, words in self.words.items()}
        readers |= {"code": _code, "parent": _code, "assessed_from": lambda text: str(midnight(read_date(text), zone))}
        self._rows = PlainRows(layout, profile, readers)
        self._stored = stored
        self._codes = codes | stored.keys()

    @property
    def lines(self) -> Mapping[str, int]:
        """Give the line of every code that the sheet names."""
        return self._rows.lines

    def read(self, row: Row) -> tuple[Region | None, list[Problem]]:
        """Give the region of a row, None where errors are among its problems."""
        values, problems = self._rows.texts(row)
        code, line = values["code"], row[0]
        problems += self._rows.first(row, "code", code)
        stored = self._stored.get(code)
        level = RegionLevel(values["level"]) if values["level"] else None
        level = level or (stored.level if stored else _level_of(code))
        if code and level is None:
            levels = ", ".join(RegionLevel)
            problems.append(
                self._rows.problem(
                    line, "level", "", f"级别，编码看不出 · a level, which the code does not tell: {levels}"
                )
            )
        if stored is not None and level is not stored.level:
            expected = f"级别不能由表更改，现为 {stored.level} · the level as recorded: a sheet cannot change it"
            problems.append(self._rows.problem(line, "level", values["level"], expected))
        parent = values["parent"] or (stored.parent if stored else self._parent_of(code))
        if parent and parent not in self._codes:
            expected = "表或清单中已有的区划 · a region of this sheet or one that is recorded"
            problems.append(self._rows.problem(line, "parent", parent, expected))
        if level is None or any(problem.is_error for problem in problems):
            return None, problems
        return Region(
            code=code,
            name=values["name"],
            level=level,
            parent=parent,
            name_en=values["name_en"],
            rank_group=values["rank_group"] or (stored.rank_group if stored else "county"),
            assessed_from=int(values["assessed_from"]) if values["assessed_from"] else None,
        ), problems

    def _parent_of(self, code: str) -> str | None:
        """Give the nearest region above by the digits of a code: community, town, county, city."""
        if not (code.isascii() and code.isdigit()):
            return None
        above = [code[:9], code[:6], f"{code[:4]}00", code[:4], f"{code[:2]}0000", code[:2]]
        return next((each for each in above if each != code and len(each) <= len(code) and each in self._codes), None)


def _code(text: str) -> str:
    if not (text.isascii() and text.isalnum() and len(text) <= 32):
        raise BadValueError("数字或字母组成的编码 · a code of digits or letters")
    return text


def _level_of(code: str) -> RegionLevel | None:
    if not (code.isascii() and code.isdigit()):
        return None
    if len(code) == 6 and code.endswith("00"):
        return RegionLevel.CITY
    return _LEVEL_OF_DIGITS.get(len(code))
