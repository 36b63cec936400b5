"""Which column of a sheet is what: headings against a profile, and what is left out because persons are no devices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from monitor.domain.profile import Profile
from monitor.services.importing.cells import text_of
from monitor.services.importing.sheet import Cell, Row, Sheet, SheetError

REASON = "原因 reason"
"""The heading of the column that a file of rejected rows has more than the sheet."""

_PERSONAL = re.compile(
    r"姓名|联系|电话|手机|负责人|管理员|责任人|责任民警|经办人|用户名|账号|帐号|口令|密码|身份证|邮箱|微信"
    r"|phone|mobile|contact|person|user|account|passw|pwd|credential|email|e-mail|\btel\b",
    re.IGNORECASE,
)
_IN_PARENTHESES = re.compile(r"[(\[].*?[)\]]")
_LINES_SEARCHED = 10


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a sheet's fields are.

    Attributes:
        columns: field to column, from 0.
        headings: the headings as the sheet writes them, by column.
        above: the lines down to the headings, as they are.
        left_out: headings of columns that hold persons, phones or logins: never read.
        unknown: headings of columns that the profile does not know: not read.
    """

    columns: Mapping[str, int]
    headings: tuple[str, ...]
    above: tuple[Row, ...]
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]

    def heading(self, field: str) -> str:
        """Give the heading of a field's column, or the field's own name where the sheet has none."""
        return self.headings[self.columns[field]] if field in self.columns else field


def is_personal(heading: str) -> bool:
    """Tell whether a column of this heading holds persons, their phones, or what devices are logged in to with."""
    return _PERSONAL.search(heading) is not None


def find_layout(sheet: Sheet, rows: Iterator[Row], profile: Profile) -> Layout:
    """Read the rows down to the headings, and find the profile's columns in them.

    Raises:
        SheetError: the headings are not where the profile says, stand twice, or leave out a column that is required;
            or the meaning of 联网属性 is not stated; or formulas or merged cells stand where values are read.
    """
    above: list[Row] = []
    for row in rows:
        above.append(row)
        if row[0] >= profile.header_line:
            break
    known = {_plain(heading): field for field, headings in profile.columns.items() for heading in headings}
    headings = tuple(text_of(cell) for cell in above[-1][1]) if above else ()
    columns, problems = _columns(headings, known)
    missing = [field for field in profile.required if field not in columns]
    if missing:
        names = ", ".join(profile.columns[field][0] for field in missing)
        problems.append(f"缺少列 · column missing: {names}{_elsewhere(above, rows, known, profile)}")
    if "networked" in columns and not profile.codes.get("networked"):
        problems.append(
            f"模板 {profile.name} 未说明“{headings[columns['networked']]}”中 0 和 1 的含义（各地模板含义相反），请在 "
            "codes.networked 中写明 · the profile does not state what 0 and 1 mean there; two templates in use mean "
            "the opposite: state it in codes.networked"
        )
    problems += _covered(sheet, set(columns.values()), headings, profile.header_line)
    if problems:
        raise SheetError("\n".join(f"{sheet.head.name}:{profile.header_line}: {problem}" for problem in problems))
    mapped = set(columns.values())
    others = [heading for at, heading in enumerate(headings) if heading and at not in mapped]
    return Layout(
        columns=columns,
        headings=headings,
        above=tuple(above),
        left_out=tuple(heading for heading in others if is_personal(heading)),
        unknown=tuple(each for each in others if not is_personal(each) and _plain(each) != _plain(REASON)),
    )


def looks_like_headings(cells: Sequence[Cell], layout: Layout, profile: Profile) -> bool:
    """Tell whether most of a row's cells are headings that the profile knows, as a second line of them is."""
    known = {_plain(heading) for names in profile.columns.values() for heading in names}
    found = sum(_plain(text_of(cell)) in known for cell in cells)
    return found * 2 > len(layout.columns)


def matched(headings: Sequence[str], profile: Profile) -> int:
    """Give how many columns of a profile a line of headings has; -1 where a required one is missing."""
    known = {_plain(heading): field for field, names in profile.columns.items() for heading in names}
    found = {known[_plain(heading)] for heading in headings if _plain(heading) in known}
    return len(found) if set(profile.required) <= found else -1


def _columns(headings: Sequence[str], known: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    columns: dict[str, int] = {}
    problems = []
    for at, heading in enumerate(headings):
        field = known.get(_plain(heading))
        if field is None or is_personal(heading):
            continue
        if field in columns:
            problems.append(
                f"列重复 · two columns for {field}: {headings[columns[field]]!r} ({column_name(columns[field])}), "
                f"{heading!r} ({column_name(at)})"
            )
        columns.setdefault(field, at)
    return columns, problems


def _elsewhere(above: Sequence[Row], rows: Iterator[Row], known: Mapping[str, str], profile: Profile) -> str:
    """Say on which other line headings seem to stand, as where there is a title or a second line of headings."""
    for line, cells in chain(above, rows):
        if line > _LINES_SEARCHED:
            break
        found = {known.get(_plain(text_of(cell))) for cell in cells} - {None}
        if line != profile.header_line and set(profile.required) <= found:
            return (
                f"；表头似在第 {line} 行：请删去其上各行，或在模板中写 header_line = {line} · the headings seem to be "
                f"on line {line}: delete the lines above, or say header_line = {line} in the profile"
            )
    return ""


def _covered(sheet: Sheet, mapped: set[int], headings: Sequence[str], header_line: int) -> Iterator[str]:
    """Name formulas and merged cells in the columns that are read, from the headings down."""
    formulas = [(line, at) for line, at in sheet.head.formulas if line >= header_line and at in mapped]
    if formulas:
        yield (
            f"含公式（{_cells(formulas)}），请粘贴为数值 · holds formulas ({_cells(formulas)}): paste them as values"
        )
    merged = [
        (max(top, header_line), left)
        for top, left, bottom, right in sheet.head.merged
        if bottom >= header_line and mapped & set(range(left, min(right, len(headings)) + 1))
    ]
    if merged:
        yield (
            f"含合并单元格（{_cells(merged)}），请取消合并并填满 · holds merged cells ({_cells(merged)}): "
            "unmerge them and fill in each"
        )


def _cells(places: Sequence[tuple[int, int]]) -> str:
    more = "…" if len(places) > 5 else ""
    return ", ".join(f"{column_name(at)}{line}" for line, at in places[:5]) + more


def column_name(at: int) -> str:
    """Give the letters of a column, from 0: A, B, … Z, AA."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _plain(heading: str) -> str:
    """Give a heading without what sheets write around it: blanks, line ends, asterisks, what is in parentheses."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    text = _IN_PARENTHESES.sub("", text)
    return "".join(text.replace("*", "").split())
