"""Targets from a TOML file: decimal strings, dates and sources; every mistake is named with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, tzinfo
from pathlib import Path

from monitor.domain.device import DeviceKind
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass, Ring
from monitor.domain.scope import Scope
from monitor.domain.target import Target, read_target, target_value

_REQUIRED = ("indicator", "value", "effective_from", "source")
_OPTIONAL = ("withdrawn_on", "note", "enabled")
_DIMENSIONS = {
    "region": ("region", str),
    "class": ("point_class", PointClass),
    "kind": ("kind", DeviceKind),
    "owner_unit": ("owner_unit", str),
    "maintainer": ("maintainer", str),
    "contract": ("contract", str),
    "police_station": ("police_station", str),
    "ring": ("ring", Ring),
    "site_kind": ("site_kind", str),
}
_KEYS = (*_REQUIRED, *_DIMENSIONS, *_OPTIONAL)
_HEADER = re.compile(r"^\s*\[\[\s*target\s*\]\]")


class TargetsFileError(ValueError):
    """The file cannot be used; the message has a line for each problem, with file and line number."""


def read_targets(path: Path, *, zone: tzinfo) -> list[Target]:
    """Read all targets that are enabled.

    Args:
        path: a TOML file of `[[target]]` tables.
        zone: the city's zone, in which its dates begin.

    Raises:
        TargetsFileError: the file cannot be read, is not TOML, or holds mistakes: all of them, with their lines.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        tables = tomllib.loads(text)
    except OSError as error:
        raise TargetsFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetsFileError(f"{path}: is not TOML: {error}") from error
    strange = sorted(set(tables) - {"target"})
    problems = [f"{path}:{_line_of_key(text, key)}: {key}: no such key; only [[target]]" for key in strange]
    entries = tables.get("target", [])
    blocks = _blocks(text)
    if not isinstance(entries, list) or len(entries) != len(blocks):
        problems.append(f"{path}:{_line_of_key(text, 'target')}: target: must be written as tables headed [[target]]")
        raise TargetsFileError("\n".join(problems))
    targets = []
    for entry, lines in zip(entries, blocks, strict=True):
        found = _problems(entry)
        if not found and entry.get("enabled", True):
            try:
                targets.append(_target(entry, zone))
            except ValueError as error:
                found = [("", str(error))]
        problems += [f"{path}:{lines.get(key, lines[''])}: {problem}" for key, problem in found]
    if problems:
        raise TargetsFileError("\n".join(problems))
    return targets


def _problems(entry: Mapping[str, object]) -> list[tuple[str, str]]:
    """Give (key, what is wrong with it) for everything wrong with one table."""
    found = [("", f"{key} is missing") for key in _REQUIRED if key not in entry]
    for key, value in entry.items():
        if key not in _KEYS:
            found.append((key, f"{key}: no such key; known are {', '.join(_KEYS)}"))
        elif key in ("effective_from", "withdrawn_on"):
            if not isinstance(value, str) or not _is_date(value):
                found.append((key, f'{key}: must be a date such as "2019-12-31", not {value!r}'))
        elif key == "enabled":
            if not isinstance(value, bool):
                found.append((key, f"{key}: must be true or false, not {value!r}"))
        elif not isinstance(value, str) or not value:
            found.append((key, f"{key}: must be a text, not {value!r}"))
        elif problem := _choice_problem(key, value) or _value_problem(key, value):
            found.append((key, problem))
    return found


def _value_problem(key: str, value: str) -> str:
    if key == "value":
        try:
            target_value(value)
        except ValueError as error:
            return f"value: {error}"
    return ""


def _choice_problem(key: str, value: str) -> str:
    choices: type[Indicator | PointClass | DeviceKind | Ring] | None = None
    if key == "indicator":
        choices = Indicator
    elif key in _DIMENSIONS and _DIMENSIONS[key][1] is not str:
        choices = _DIMENSIONS[key][1]
    if choices is None or value in [choice.value for choice in choices]:
        return ""
    return f"{key}: must be one of {', '.join(choice.value for choice in choices)}, not {value!r}"


def _target(entry: Mapping[str, str], zone: tzinfo) -> Target:
    dimensions = {name: make(entry[key]) for key, (name, make) in _DIMENSIONS.items() if key in entry}
    withdrawn_on = entry.get("withdrawn_on")
    return read_target(
        Indicator(entry["indicator"]),
        entry["value"],
        effective_on=date.fromisoformat(entry["effective_from"]),
        source=entry["source"],
        zone=zone,
        scope=Scope(**dimensions),
        withdrawn_on=None if withdrawn_on is None else date.fromisoformat(withdrawn_on),
    )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _blocks(text: str) -> list[dict[str, int]]:
    """Give, for every [[target]] table, the line of its header under "" and of each of its keys."""
    blocks: list[dict[str, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            blocks.append({"": number})
        elif blocks and "=" in line:
            blocks[-1].setdefault(line.partition("=")[0].strip().strip('"'), number)
    return blocks


def _line_of_key(text: str, key: str) -> int:
    pattern = re.compile(rf"^\s*(\[+\s*)?\"?{re.escape(key)}\b")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return number
    return 1
