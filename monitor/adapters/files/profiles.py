"""Profiles from TOML files: beside the settings file, or shipped; every mistake of one is named."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.domain.coordinates import Datum
from monitor.domain.device import DeviceKind
from monitor.domain.profile import CODED, FIELDS, EndpointForm, Profile, SheetKind

_KEYS = {
    "title": str,
    "kind": str,
    "extends": str,
    "example": bool,
    "header_line": int,
    "sheet": str,
    "national_ids": bool,
    "datum": str,
    "repair_days": int,
    "required": list,
    "template": list,
    "checkpoints": list,
    "columns": dict,
    "codes": dict,
    "endpoints": dict,
}
_TABLES = ("columns", "codes", "endpoints")


class ProfileError(ValueError):
    """A profile that is missing or cannot be used; the message has a line for each problem, with its file."""


def read_profile(name: str, *, folders: Sequence[Path]) -> Profile:
    """Read the profile of a name: `NAME.toml` in the first folder that has it, or the file itself.

    Raises:
        ProfileError: there is none, or it holds mistakes: all of them.
    """
    path = _path(name, folders)
    content, problems = _with_what_it_extends(path, folders, ())
    problems += [f"{path}: {problem}" for problem in _problems(content)]
    if problems:
        raise ProfileError("\n".join(problems))
    return _profile(path.stem, content)


def profiles_for(kind: SheetKind, *, folders: Sequence[Path]) -> list[Profile]:
    """Read all profiles for a kind of sheet, by name, those of an earlier folder over those of a later one.

    Raises:
        ProfileError: one of them holds mistakes.
    """
    names = {path.stem for folder in folders for path in folder.glob("*.toml")}
    found = [read_profile(name, folders=folders) for name in sorted(names)]
    return [profile for profile in found if profile.kind is kind]


def _path(name: str, folders: Sequence[Path]) -> Path:
    if name.endswith(".toml"):
        return Path(name)
    for folder in folders:
        if (folder / f"{name}.toml").is_file():
            return folder / f"{name}.toml"
    known = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
    raise ProfileError(f"没有导入模板 {name} · there is no profile {name}; known are {', '.join(known)}")


def _with_what_it_extends(
    path: Path, folders: Sequence[Path], seen: tuple[Path, ...]
) -> tuple[dict[str, Any], list[str]]:
    """Give the content over that of the profile which it extends: columns and code lists are replaced one by one."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ProfileError(f"{path}: 不能读取 · cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: 不是 TOML · is not TOML: {error}") from error
    problems = [f"{path}: {problem}" for problem in _shape_problems(content)]
    base_name = content.get("extends", "")
    if problems or not base_name:
        return content, problems
    if path in seen:
        return content, [f"{path}: extends 成环 · profiles extend each other in a circle"]
    base, problems = _with_what_it_extends(_path(base_name, folders), folders, (*seen, path))
    merged = {"example": False} | {key: value for key, value in base.items() if key != "example"} | content
    for table in _TABLES:
        merged[table] = {**base.get(table, {}), **content.get(table, {})}
    return merged, problems


def _shape_problems(content: Mapping[str, Any]) -> Iterator[str]:
    for key, value in content.items():
        if key not in _KEYS:
            yield f"{key}: 没有此项 · no such key; known are {', '.join(_KEYS)}"
        elif type(value) is not _KEYS[key]:
            yield f"{key}: 应为 · must be {_KEYS[key].__name__}, not {value!r}"


def _problems(content: Mapping[str, Any]) -> Iterator[str]:
    if content.get("kind") not in list(SheetKind):
        yield f"kind: 应为 · must be one of {', '.join(SheetKind)}"
        return
    kind = SheetKind(content["kind"])
    fields = FIELDS[kind]
    columns, codes = content.get("columns", {}), content.get("codes", {})
    for field, headings in columns.items():
        if field not in fields:
            yield f"columns.{field}: 没有此字段 · no such field; known are {', '.join(fields)}"
        if not _is_texts(headings) or not headings:
            yield f"columns.{field}: 应为表头列表 · must be a list of headings"
    for field, words in codes.items():
        if field not in CODED[kind]:
            yield f"codes.{field}: 此字段无代码表 · has no codes; those that have are {', '.join(sorted(CODED[kind]))}"
        elif not isinstance(words, dict) or not _is_texts(list(words.values())):
            yield f"codes.{field}: 应为 代码 = 含义 · must be code = word"
        elif field == "networked" and set(words.values()) - {"yes", "no"}:
            yield 'codes.networked: 含义只能是 · words must be "yes" or "no"'
    lacking = [field for field in _ALWAYS[kind] if field not in content.get("required", [])]
    if lacking:
        yield f"required: 缺少 · lacks {', '.join(lacking)}"
    for field in content.get("required", []):
        if field not in columns:
            yield f"required: {field} 没有列 · has no column"
    for key in ("required", "template", "checkpoints"):
        if not _is_texts(content.get(key, [])):
            yield f"{key}: 应为文本列表 · must be a list of texts"
    if content.get("datum", "wgs84") not in list(Datum):
        yield f"datum: 应为 · must be one of {', '.join(Datum)}"
    if content.get("header_line", 1) < 1 or content.get("repair_days", 1) < 1:
        yield "header_line, repair_days: 至少为 1 · must be at least 1"
    for kind_name, form in content.get("endpoints", {}).items():
        if kind_name not in list(DeviceKind) or not isinstance(form, dict) or set(form) != {*_ENDPOINT}:
            yield f"endpoints.{kind_name}: 应为设备类型及 · must be a device kind with {', '.join(_ENDPOINT)}"
        elif any(type(form[key]) is not of for key, of in _ENDPOINT.items()):
            yield f"endpoints.{kind_name}: protocol, address 为文本，port 为整数 · texts, and port a whole number"


_ALWAYS = {
    SheetKind.REGIONS: ("code", "name"),
    SheetKind.POINTS: ("id", "region", "point_class"),
    SheetKind.DEVICES: ("id", "point_class"),
}
_ENDPOINT = {"protocol": str, "address": str, "port": int}


def _is_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) and value for value in values)


def _profile(name: str, content: Mapping[str, Any]) -> Profile:
    return Profile(
        name=name,
        title=content.get("title", name),
        kind=SheetKind(content["kind"]),
        columns={field: tuple(headings) for field, headings in content.get("columns", {}).items()},
        required=tuple(content.get("required", ())),
        template=tuple(content.get("template", ())),
        codes=content.get("codes", {}),
        header_line=content.get("header_line", 1),
        sheet=content.get("sheet", ""),
        national_ids=content.get("national_ids", True),
        datum=Datum(content.get("datum", Datum.WGS84)),
        endpoints={kind: EndpointForm(**form) for kind, form in content.get("endpoints", {}).items()},
        checkpoints=frozenset(content.get("checkpoints", ())),
        repair_days=content.get("repair_days", 7),
        is_example=content.get("example", False),
    )
