"""The sheets of a report before they are files: typed cells, and the one way in which each is written.

A sheet is written three times: for machines (codes, exact decimals, instants with their offset), in Chinese and in
English. What a cell says in each is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from monitor.domain.printing import DECIMALS, NO_VALUE, percent_digits

MACHINE_PLACES = 9
ANY = "any"
_MOST_POINT_PLACES = 6


class Lang(StrEnum):
    """The languages of a report; BOTH is for a workbook that holds Chinese and English side by side."""

    ZH = "zh"
    EN = "en"
    BOTH = "zh-en"


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    ID = "id"
    WORD = "word"
    COUNT = "count"
    SHARE = "share"
    POINTS = "points"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Word:
    """A word with a code for machines and a text in each language."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Share:
    """A share, and the target that its print must stand to as the exact value does (RULES §7).

    `met` is None where nothing is to be said, False where the target is missed.
    """

    value: Fraction | None
    target: Fraction | None = None
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Digits:
    """A figure whose digits were decided elsewhere, so that columns of them add up."""

    machine: str
    text: str


Cell = str | int | None | Word | Share | Fraction | Digits


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        code: its name for machines.
        zh: its heading in Chinese.
        en: its heading in English.
        kind: what its cells are.
        machine: whether the machine twin has it.
        people: whether the Chinese and English files have it.
    """

    code: str
    zh: str
    en: str
    kind: Kind = Kind.TEXT
    machine: bool = True
    people: bool = True


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name in files, its titles, its columns and its rows, each with a cell a column."""

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    people: bool = True


def machine_rows(sheet: Sheet, *, zone: tzinfo) -> Iterable[list[str]]:
    """Give the header and the rows for machines."""
    chosen = [(number, column.kind) for number, column in enumerate(sheet.columns) if column.machine]
    yield [sheet.columns[number].code for number, _ in chosen]
    for row in sheet.rows:
        yield [
            cell if type(cell := row[number]) is str else machine_text(cell, kind, zone=zone) for number, kind in chosen
        ]


def people_rows(sheet: Sheet, lang: Lang, *, zone: tzinfo) -> Iterable[list[str]]:
    """Give the headings and the rows in a language."""
    chosen = [(number, column.kind) for number, column in enumerate(sheet.columns) if column.people]
    yield [heading(sheet.columns[number], lang) for number, _ in chosen]
    for row in sheet.rows:
        yield [
            cell if type(cell := row[number]) is str else people_text(cell, kind, lang, zone=zone)
            for number, kind in chosen
        ]


def heading(column: Column, lang: Lang) -> str:
    """Give a column's heading."""
    return in_language(column.zh, column.en, lang)


def in_language(zh: str, en: str, lang: Lang) -> str:
    """Give a text in a language; equal texts are not repeated."""
    if lang is Lang.BOTH:
        return zh if zh == en else f"{zh} {en}"
    return zh if lang is Lang.ZH else en


def machine_text(cell: Cell, kind: Kind, *, zone: tzinfo) -> str:
    """Write a cell for machines; "" for no value."""
    if cell is None:
        return ""
    if isinstance(cell, Share):
        return "" if cell.value is None else exact(cell.value)
    if isinstance(cell, Fraction):
        return exact(cell)
    if isinstance(cell, Digits):
        return cell.machine
    if isinstance(cell, Word):
        return cell.code
    if kind is Kind.INSTANT:
        return datetime.fromtimestamp(int(cell), zone).isoformat()
    return str(cell)


def people_text(cell: Cell, kind: Kind, lang: Lang, *, zone: tzinfo) -> str:
    """Write a cell for people."""
    if isinstance(cell, Share):
        return NO_VALUE if cell.value is None else f"{_percent(cell)}%"
    if cell is None:
        return NO_VALUE if kind in (Kind.SHARE, Kind.POINTS) else ""
    if isinstance(cell, Fraction):
        return points(cell)
    if isinstance(cell, Digits):
        return cell.text
    if isinstance(cell, Word):
        return in_language(cell.zh, cell.en, lang)
    if kind is Kind.INSTANT:
        return datetime.fromtimestamp(int(cell), zone).strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


def exact(value: Fraction, *, places: int = MACHINE_PLACES, scale: int = 1) -> str:
    """Write a fraction, times a scale, as a decimal of so many places, rounded half up, without a float on the way."""
    unit = 10**places * scale
    # Half up in integers: fractions of this size cost ten times as much.
    scaled = (2 * abs(value.numerator) * unit + value.denominator) // (2 * value.denominator)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{scaled // 10**places}.{scaled % 10**places:0{places}d}"


def _percent(share: Share) -> str:
    if share.value is None:
        return NO_VALUE
    if share.target is None:
        return exact(share.value, places=DECIMALS, scale=100)
    return _digits_against(share.value, share.target)


@lru_cache(maxsize=1_024)
def _digits_against(value: Fraction, target: Fraction) -> str:
    """Print a share; a row's figure stands in several files and beside every item that explains it."""
    return percent_digits(value, target)


def points(value: Fraction, *, places: int = 2) -> str:
    """Write a difference of shares in percentage points, with its sign.

    What one camera does to a city is far below a hundredth of a point: it gets as many places more, up to six in all,
    as it takes to be told from nothing.
    """
    while places < _MOST_POINT_PLACES and 0 < abs(value) * 10 ** (places + 2) < Fraction(1, 2):
        places += 1
    text = exact(value, places=places, scale=100)
    return text if text.startswith("-") else f"+{text}"


def shared_out(parts: Sequence[Fraction], total: int, *, unit: int) -> list[int]:
    """Round parts to whole units so that they add up to a total: the largest remainders are rounded up.

    Args:
        parts: exact values.
        total: what the rounded parts must add up to, in units.
        unit: units in one.
    """
    floors = [(part * unit).__floor__() for part in parts]
    rest = total - sum(floors)
    order = sorted(range(len(parts)), key=lambda number: (floors[number] - parts[number] * unit, number))
    for turn in range(abs(rest)):
        chosen = order[turn % len(order)] if rest > 0 else order[-1 - turn % len(order)]
        floors[chosen] += 1 if rest > 0 else -1
    return floors
